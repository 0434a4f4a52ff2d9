/* Codex CLI's directory, made for a test, and a source that reads it. Errors fail the test. */
#ifndef TESTS_CODEX_HOME_H
#define TESTS_CODEX_HOME_H

#include "tests/support/rig.h"

/* MODEL_START_MS is 2025-10-09T08:53:20Z, and now. */
#define AT(s) "{\"timestamp\":\"2025-10-09T08:53:" s "Z\","
#define META(id)                                          \
    AT("01.000")                                          \
    "\"type\":\"session_meta\",\"payload\":{\"id\":\"" id \
    "\",\"cwd\":\"/home/dev/api\",\"git\":{\"branch\":\"fix\"}}}\n"
#define TURN(s) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t1\"}}\n"
#define PROMPT(s)                                                               \
    AT(s)                                                                       \
    "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":" \
    "{\"type\":\"UserMessage\",\"content\":[{\"text\":\"Do it\"}]}}}\n"
#define USAGE(s, id, total)                                              \
    AT(s)                                                                \
    "\"type\":\"token_usage_record\",\"payload\":{\"response_id\":\"" id \
    "\",\"usage\":{\"input_tokens\":10,\"output_tokens\":2,\"total_tokens\":" total "}}}\n"
#define CALL(s, id)                                                                                 \
    AT(s)                                                                                           \
    "\"type\":\"response_item\",\"payload\":{\"type\":\"function_call\",\"name\":\"exec_command\"," \
    "\"arguments\":\"{\\\"cmd\\\":\\\"make\\\"}\",\"call_id\":\"" id "\"}}\n"
#define OUTPUT(s, id, text)                                                                       \
    AT(s)                                                                                         \
    "\"type\":\"response_item\",\"payload\":{\"type\":\"function_call_output\",\"call_id\":\"" id \
    "\",\"output\":\"" text "\"}}\n"
#define END(s) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_complete\",\"turn_id\":\"t1\"}}\n"

#define ONE "01a00000-0000-7000-8000-000000000001"
#define TWO "01a00000-0000-7000-8000-000000000002"

struct codex_home {
    struct rig rig;
    const char *dir;
    struct source_setting settings[3];
};

int codex_home_setup(void **state);
int codex_home_teardown(void **state);
#define HOME_TEST(name) TEST_WITH(name, codex_home_setup, codex_home_teardown)

/* Makes a directory below another, with those between them. */
void codex_home_make(const char *dir, const char *name);
/* Reads the directory, as a named one or as the default, once or as it grows. */
void codex_home_start(struct codex_home *h, bool follow, bool named);
/* Appends a text to a file of a directory. */
void codex_home_append(const char *dir, const char *name, const char *text);
/* Appends lines to the rollout of a thread. */
void codex_home_put(struct codex_home *h, const char *thread, const char *text);
/* Returns how many sessions there are. */
size_t codex_home_sessions(struct codex_home *h);

#endif
