/* The source codex:DIR, on directories made for it: which rollouts are opened, when their client
   has ended, what a fork repeats, names, and lines of older versions. */
#include "ingest/source.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

struct home {
    struct rig rig;
    const char *dir;
    struct source_setting settings[3];
};

static void make(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *at = path + strlen(dir) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    make(h->dir, "sessions/2025/10/09");
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;
    rig_release(&h->rig);
    free(h);
    return 0;
}

#define HOME_TEST(name) TEST_WITH(name, setup, teardown)

static void start(struct home *h, bool follow, bool named)
{
    char spec[600];
    h->settings[0] = (struct source_setting){"codex:", "dir", h->dir};
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow, .settings = h->settings});
    snprintf(spec, sizeof spec, "codex:%s", named ? h->dir : "");
    rig_add(&h->rig, spec);
    if (!follow) {
        rig_until_finished(&h->rig);
    }
}

static void append(const char *dir, const char *name, const char *text)
{
    int fd = open(support_path(dir, name), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void put_rollout(struct home *h, const char *thread, const char *text)
{
    char name[200];
    snprintf(name, sizeof name, "sessions/2025/10/09/rollout-2025-10-09T08-53-01-%s.jsonl", thread);
    append(h->dir, name, text);
}

static size_t sessions_of(struct home *h)
{
    json_t *all = records_of(&h->rig.model);
    size_t count = json_object_size(json_object_get(all, "sessions"));
    json_decref(all);
    return count;
}

/* ---- which are shown ---- */

HOME_TEST(a_named_directory_is_read_whole_and_of_the_default_one_what_is_recent)
{
    struct home *h = *state;
    put_rollout(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    put_rollout(h, TWO,
                "{\"timestamp\":\"2025-10-09T06:00:00.000Z\",\"type\":\"session_meta\",\"payload\":"
                "{\"id\":\"" TWO "\"}}\n"
                "{\"timestamp\":\"2025-10-09T06:00:01.000Z\",\"type\":\"event_msg\",\"payload\":"
                "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    start(h, false, false);
    assert_int_equal(sessions_of(h), 1);
    assert_non_null(rig_session(&h->rig, ONE));
}

HOME_TEST(a_named_directory_is_read_whole)
{
    struct home *h = *state;
    make(h->dir, "archived_sessions");
    put_rollout(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    append(h->dir, "archived_sessions/rollout-2025-01-01T00-00-00-" TWO ".jsonl",
           "{\"timestamp\":\"2025-01-01T00:00:00.000Z\",\"type\":\"session_meta\",\"payload\":"
           "{\"id\":\"" TWO "\"}}\n"
           "{\"timestamp\":\"2025-01-01T00:00:01.000Z\",\"type\":\"event_msg\",\"payload\":"
           "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    start(h, false, true);
    assert_int_equal(sessions_of(h), 2);
}

HOME_TEST(a_directory_without_rollouts_is_refused)
{
    struct home *h = *state;
    struct strbuf error;
    char spec[600];
    strbuf_init(&error, &mem_libc, 0);
    rig_start_hub(&h->rig, (struct hub_options){0});
    snprintf(spec, sizeof spec, "codex:%s/sessions", h->dir);
    assert_false(hub_add(h->rig.hub, spec, &error));
    assert_non_null(strstr(error.data, "has no sessions"));
    strbuf_release(&error);
}

HOME_TEST(a_link_that_leads_elsewhere_is_named)
{
    struct home *h = *state;
    append(h->dir, "secret.key", "{}");
    assert_int_equal(symlink(support_path(h->dir, "secret.key"),
                             support_path(h->dir, "sessions/2025/10/09/rollout-x-" ONE ".jsonl")),
                     0);
    start(h, false, false);
    assert_non_null(strstr(hub_source(h->rig.hub, 0).unread, ONE ".jsonl: "));
    assert_int_equal(sessions_of(h), 0);
}

HOME_TEST(the_index_names_sessions)
{
    struct home *h = *state;
    put_rollout(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    append(h->dir, "session_index.jsonl",
           "{\"id\":\"" ONE
           "\",\"thread_name\":\"first\",\"updated_at\":\"2025-10-09T08:53:02Z\"}\n"
           "{\"id\":\"" ONE
           "\",\"thread_name\":\"Fix it\",\"updated_at\":\"2025-10-09T08:53:03Z\"}\n");
    start(h, false, true);
    records_check(&h->rig.model, "sessions",
                  "{'" ONE
                  "': {'name': 'Fix it', 'start_ms': -19000, 'end_ms': -17000, 'gone': false}}",
                  NULL);
}

/* ---- lines ---- */

HOME_TEST(a_fork_counts_its_history_once)
{
    struct home *h = *state;
    const char *history = TURN("02.000") PROMPT("02.100") CALL("03.000", "c1")
        USAGE("03.100", "r1", "12") OUTPUT("04.000", "c1", "Process exited with code 2\\n")
            USAGE("05.000", "r2", "14") END("05.100");
    put_rollout(h, ONE, META(ONE));
    put_rollout(h, ONE, history);
    put_rollout(h, TWO,
                AT("06.000") "\"type\":\"session_meta\",\"payload\":{\"id\":\"" TWO
                             "\"}}\n" META(ONE));
    put_rollout(h, TWO, history);
    put_rollout(h, TWO,
                AT("07.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\","
                             "\"turn_id\":\"t2\"}}\n" PROMPT("07.100") USAGE("08.000", "r3", "20"));
    start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "tools")), 1);
    json_t *request;
    const char *id;
    size_t ended = 0;
    json_object_foreach(json_object_get(all, "requests"), id, request)
    {
        ended += json_object_get(request, "output_tokens") != NULL;
    }
    assert_int_equal(ended, 3);
    json_decref(all);
    records_check(
        &h->rig.model, "tools",
        "{'c1': {'of': '" ONE "/', 'name': 'exec_command', 'args': '{\\\"cmd\\\":\\\"make\\\"}', "
        "'start_ms': -17000, 'end_ms': -16000, 'success': false, 'error': 'Exit code 2'}}",
        NULL);
}

#define CHILD(id, session)                                                               \
    AT("02.500")                                                                         \
    "\"type\":\"session_meta\",\"payload\":{\"id\":\"" id "\",\"session_id\":\"" session \
    "\",\"parent_thread_id\":\"" session "\"}}\n"
#define TURN_OF(s, id) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"" id "\"}}\n"

/* Some providers count ids from one in each conversation, and two threads may ask for the same. */
HOME_TEST(equal_ids_of_two_threads_of_a_session_are_two_calls)
{
    struct home *h = *state;
    put_rollout(h, ONE, META(ONE) TURN_OF("02.000", "t1") CALL("03.000", "c1"));
    put_rollout(h, TWO,
                CHILD(TWO, ONE) TURN_OF("02.600", "t2") CALL("03.500", "c1")
                    OUTPUT("04.000", "c1", "Process exited with code 2\\n"));
    start(h, false, true);
    records_check(
        &h->rig.model, "tools",
        "{'c1': {'of': '" ONE "/', 'name': 'exec_command', 'args': "
        "'{\\\"cmd\\\":\\\"make\\\"}', 'start_ms': -17000, 'state': 'incomplete'}, '" TWO
        ":c1': {'of': '" ONE "/" TWO
        "', 'name': 'exec_command', 'args': '{\\\"cmd\\\":\\\"make\\\"}', 'start_ms': -16500, "
        "'end_ms': -16000, 'success': false, 'error': 'Exit code 2'}}",
        NULL);
}

/* A thread that is given its parent's history repeats the calls in it. */
HOME_TEST(a_thread_with_the_history_of_its_parent_counts_it_once)
{
    struct home *h = *state;
    const char *history = TURN_OF("02.000", "t1") CALL("02.100", "c1")
        OUTPUT("02.200", "c1", "Process exited with code 0\\n");
    put_rollout(h, ONE, META(ONE));
    put_rollout(h, ONE, history);
    put_rollout(h, TWO, CHILD(TWO, ONE));
    put_rollout(h, TWO, history);
    put_rollout(h, TWO,
                TURN_OF("03.000", "t2") CALL("03.500", "c1")
                    OUTPUT("04.000", "c1", "Process exited with code 0\\n"));
    start(h, false, true);
    json_t *all = records_of(&h->rig.model), *tools = json_object_get(all, "tools");
    assert_int_equal(json_object_size(tools), 2);
    assert_non_null(json_object_get(tools, TWO ":c1"));
    json_decref(all);
}

#define MESSAGE(s) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"Do it\"}}\n"
#define COUNT(s, total)                                                                             \
    AT(s)                                                                                           \
    "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":" \
    "{\"total_tokens\":" total                                                                      \
    "},\"last_token_usage\":{\"input_tokens\":10,\"output_tokens\":2}}}}\n"

HOME_TEST(messages_of_the_user_split_turns_where_the_version_marks_none)
{
    struct home *h = *state;
    put_rollout(h, ONE,
                META(ONE) MESSAGE("02.000") COUNT("03.000", "12") MESSAGE("09.000")
                    COUNT("10.000", "24") MESSAGE("11.000"));
    put_rollout(h, TWO,
                META(TWO) TURN_OF("02.000", "t1") MESSAGE("02.100") COUNT("03.000", "12")
                    MESSAGE("04.000") COUNT("05.000", "24") END("06.000"));
    start(h, false, true);
    json_t *all = records_of(&h->rig.model), *turns = json_object_get(all, "interactions");
    const json_t *turn;
    const char *id;
    double ends[3] = {0};
    size_t of_one = 0, of_two = 0;
    json_object_foreach(turns, id, turn)
    {
        if (strncmp(id, "turn-", 5) == 0) {
            assert_true(of_one < 3);
            ends[of_one++] = json_number_value(json_object_get(turn, "end_ms"));
        } else {
            of_two++;
        }
    }
    assert_int_equal(of_one, 3);
    assert_int_equal(of_two, 1); /* a message in a turn is part of it */
    assert_int_equal((int)(ends[0] + ends[1] + ends[2]), -17000 - 10000); /* the last one is open */
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 5);
    json_decref(all);
}

HOME_TEST(lines_of_older_versions)
{
    struct home *h = *state;
    put_rollout(
        h, ONE,
        META(ONE) AT(
            "02.000") "\"type\":\"event_msg\",\"payload\":{\"type\":"
                      "\"user_message\",\"message\":\"Do it\"}}\n" AT(
                          "02.010") "\"type\":\"response_item\",\"payload\":{\"type\":\"local_shell_call\","
                                    "\"call_id\":\"c1\",\"action\":{\"type\":\"exec\",\"command\":"
                                    "[\"bash\",\"-lc\",\"ls\"]}}}\n" AT(
                                        "03.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                  "{\"total_token_usage\":{\"total_tokens\":12},\"last_token_usage\":"
                                                  "{\"input_tokens\":10,\"output_tokens\":2},"
                                                  "\"model_context_window\":1000}}}\n" OUTPUT(
                                                      "04.000", "c1", "Exit code: 0\\nfine")
                                                      AT("05.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                                   "{\"total_token_usage\":{\"total_tokens\":12}}}}\n" AT(
                                                                       "06.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                                                 "{\"total_token_usage\":{\"total_tokens\":25},\"last_token_usage\":"
                                                                                 "{\"input_tokens\":11,\"output_tokens\":2}}}}\n" AT(
                                                                                     "07.000") "\"type\":\"ghost_snapshot\",\"payload\":{}}\n"
                                                                                               "{\"type\":\"turn_context\",\"payload\":{}}\n");
    start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 2);
    json_decref(all);
    records_check(&h->rig.model, "tools",
                  "{'c1': {'of': '" ONE
                  "/', 'name': 'local_shell', 'args': '{\\\"command\\\":\\\"ls\\\"}', "
                  "'start_ms': -17990, 'end_ms': -16000, 'success': true}}",
                  NULL);
    assert_non_null(rig_logged(&h->rig, "1 lines of unknown types were ignored, such as "
                                        "'ghost_snapshot'"));
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 1); /* no timestamp */
}

/* A newer version may have lines that are no objects. */
HOME_TEST(lines_that_are_no_objects_are_counted_once_and_none_is_bad)
{
    struct home *h = *state;
    put_rollout(h, ONE, META(ONE) "[1]\nnull\n\"x\"\n7\n" TURN("02.000") "[2,\n" END("03.000"));
    start(h, false, true);
    assert_non_null(
        rig_logged(&h->rig, "4 lines of unknown types were ignored, such as 'an array'"));
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 1); /* the torn one */
    assert_non_null(rig_logged(&h->rig, "not JSON"));
}

/* A turn that nobody ended lasted until its last line, however late the next one begins. */
HOME_TEST(a_turn_that_was_cut_off_ends_with_its_last_line)
{
    struct home *h = *state;
    put_rollout(
        h, ONE,
        META(ONE) TURN("02.000") PROMPT("02.100") CALL(
            "03.000",
            "c1") "{\"timestamp\":\"2025-10-09T18:00:00.000Z\",\"type\":\"event_msg\",\"payload\":"
                  "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    const json_t *turn = json_object_get(json_object_get(all, "interactions"), "t1");
    const json_t *tool = json_object_get(json_object_get(all, "tools"), "c1");
    assert_int_equal(json_integer_value(json_object_get(turn, "end_ms")), -17000);
    assert_int_equal(json_integer_value(json_object_get(tool, "end_ms")), -17000);
    json_decref(all);
}

HOME_TEST(a_request_without_usage_is_no_failure)
{
    struct home *h = *state;
    put_rollout(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") END("05.000"));
    start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    const json_t *request = json_object_get(json_object_get(all, "requests"), "t1:1");
    assert_true(json_is_true(json_object_get(request, "success")));
    json_decref(all);
}

/* Numbers that no client writes: they are no times, and no longer than the texts made of them. */
HOME_TEST(numbers_out_of_range_do_no_harm)
{
    struct home *h = *state;
    put_rollout(
        h, ONE,
        META(
            ONE) "{\"timestamp\":1e300,\"type\":\"compacted\",\"payload\":{}}\n"
                 "{\"timestamp\":1e300,\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\"}}\n" CALL(
                     "03.000", "c1")
                     AT("04.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":{\"type\":"
                                  "\"CommandExecution\",\"id\":\"c1\",\"exit_code\":1e300}}}\n");
    start(h, false, true);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 2);
    json_t *all = records_of(&h->rig.model);
    const json_t *tool = json_object_get(json_object_get(all, "tools"), "c1");
    assert_string_equal(json_string_value(json_object_get(tool, "error")), "error");
    json_decref(all);
}

HOME_TEST(a_rollout_without_its_beginning_is_shown)
{
    struct home *h = *state;
    put_rollout(h, ONE, TURN("02.000") PROMPT("02.100") USAGE("03.000", "r1", "12") END("03.100"));
    start(h, false, true);
    assert_non_null(rig_session(&h->rig, ONE));
}

/* ---- processes ---- */

/* A process that holds the thread's lock. */
static pid_t hold_lock(struct home *h, const char *thread)
{
    char name[100], byte;
    int ready[2];
    make(h->dir, "thread-writer-locks");
    snprintf(name, sizeof name, "thread-writer-locks/%s.lock", thread);
    const char *path = support_path(h->dir, name);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        bool held = fd >= 0 && flock(fd, LOCK_EX) == 0 && write(ready[1], "1", 1) == 1;
        while (held) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static bool is_in(struct rig *rig, void *ctx)
{
    (void)ctx;
    return rig_session(rig, ONE) != NULL;
}

static bool is_gone(struct rig *rig, void *ctx)
{
    const struct agent *agent = records_agent(&rig->model, ONE);
    (void)ctx;
    return agent != NULL && (agent->flags & AGENT_GONE) != 0;
}

static bool has_ended(struct rig *rig, void *ctx)
{
    const struct session *session = rig_session(rig, ONE);
    const struct agent *agent = records_agent(&rig->model, ONE);
    (void)ctx;
    return session != NULL && (session->flags & SESSION_ENDED) != 0 && agent != NULL &&
           (agent->flags & AGENT_GONE) == 0;
}

HOME_TEST(a_killed_client_is_gone_and_nothing_of_it_is_in_flight)
{
    struct home *h = *state;
    pid_t pid = hold_lock(h, ONE);
    put_rollout(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    start(h, true, true);
    rig_until(&h->rig, is_in, NULL);
    const struct session *session = rig_session(&h->rig, ONE);
    assert_int_equal(session->pid, pid);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    rig_until(&h->rig, is_gone, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_client_that_was_killed_before_the_start_is_gone_too)
{
    struct home *h = *state;
    make(h->dir, "thread-writer-locks");
    support_write_file(support_path(h->dir, "thread-writer-locks/" ONE ".lock"), "", 0);
    put_rollout(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    start(h, true, true);
    rig_until(&h->rig, is_gone, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_client_that_removes_its_lock_has_ended_and_may_return)
{
    struct home *h = *state;
    pid_t pid = hold_lock(h, ONE);
    put_rollout(h, ONE,
                META(ONE) TURN("02.000") PROMPT("02.100") USAGE("03.000", "r1", "12")
                    END("03.100"));
    start(h, true, true);
    rig_until(&h->rig, is_in, NULL);
    rig_run_ms(&h->rig, 600);
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    unlink(support_path(h->dir, "thread-writer-locks/" ONE ".lock"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    rig_until(&h->rig, has_ended, NULL);
    h->rig.now_ns += (int64_t)20 * 1000000000;
    put_rollout(h, ONE,
                "{\"timestamp\":\"2025-10-09T08:53:39.000Z\",\"type\":\"event_msg\","
                "\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    pid = hold_lock(h, ONE);
    rig_until_events(&h->rig, 6);
    rig_run_ms(&h->rig, 600);
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A directory that hosts share, whose locks are seen on one of them alone. */
HOME_TEST(a_thread_that_grows_though_nobody_holds_its_lock_is_not_gone)
{
    struct home *h = *state;
    make(h->dir, "thread-writer-locks");
    support_write_file(support_path(h->dir, "thread-writer-locks/" ONE ".lock"), "", 0);
    put_rollout(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    start(h, true, true);
    rig_until(&h->rig, is_gone, NULL);
    h->rig.now_ns += (int64_t)20 * 1000000000;
    put_rollout(h, ONE, OUTPUT("39.000", "c1", "Exit code: 0") CALL("39.100", "c2"));
    rig_until_events(&h->rig, 6);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    assert_int_equal(records_agent(&h->rig.model, ONE)->flags & AGENT_GONE, 0);
}

/* `codex archive` moves a rollout; a copy may be anywhere below the directory. */
HOME_TEST(a_rollout_that_is_archived_or_copied_while_it_is_followed_counts_once)
{
    static const char name[] = "rollout-2025-10-09T08-53-01-" ONE ".jsonl";
    struct home *h = *state;
    char from[700], to[700];
    make(h->dir, "archived_sessions");
    make(h->dir, "sessions/2025/10/10");
    make(h->dir, "thread-writer-locks");
    put_rollout(h, ONE,
                META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1")
                    OUTPUT("04.000", "c1", "Exit code: 0") USAGE("05.000", "r1", "12")
                        END("05.100"));
    start(h, true, true);
    rig_until_events(&h->rig, 7);
    snprintf(from, sizeof from, "%s/sessions/2025/10/09/%s", h->dir, name);
    snprintf(to, sizeof to, "%s/archived_sessions/%s", h->dir, name);
    size_t len;
    char *text = support_read_file(from, &len);
    assert_int_equal(rename(from, to), 0);
    rig_until_events(&h->rig, 14);
    append(h->dir, "sessions/2025/10/10/rollout-2025-10-10T00-00-00-" ONE ".jsonl", text);
    rig_until_events(&h->rig, 21);
    free(text);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "sessions")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "tools")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "interactions")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 1);
    json_decref(all);
    rig_until(&h->rig, has_ended, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

/* ---- whether a person was asked ---- */

#define POLICY(s, policy) \
    AT(s) "\"type\":\"turn_context\",\"payload\":{\"approval_policy\":\"" policy "\"}}\n"
#define CALL_OUTSIDE(s, id)                                                                               \
    AT(s)                                                                                                 \
    "\"type\":\"response_item\",\"payload\":{\"type\":\"function_call\",\"name\":\"exec_command\","       \
    "\"arguments\":\"{\\\"cmd\\\":\\\"make\\\",\\\"sandbox_permissions\\\":\\\"require_escalated\\\"}\"," \
    "\"call_id\":\"" id "\"}}\n"
/* It ran for the two seconds before `ended`. MODEL_START_MS is 1760000000000, at second 20. */
#define ITEM(s, id, called, ended)                                                        \
    AT(s)                                                                                 \
    "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":{\"type\":" \
    "\"CommandExecution\",\"id\":\"" id                                                   \
    "\",\"status\":\"failed\",\"exit_code\":-1,\"duration\":{\"secs\":2,\"nanos\":0}},"   \
    "\"started_at_ms\":17599999" called ",\"completed_at_ms\":17599999" ended "}}\n"
#define ABORT(s) AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"turn_aborted\"}}\n"

static const struct {
    const char *what, *lines, *tool, *wait;
    int wait_ms;
} asked[] = {
    {"a command that may be asked about and never ran was refused",
     POLICY("01.500", "on-request") TURN("02.000") CALL_OUTSIDE("03.000", "c")
         OUTPUT("09.000", "c", "aborted by user") ABORT("09.100"),
     "refused", "reject", 6000},
    {"one that ran until it was stopped was interrupted",
     POLICY("01.500", "on-request") TURN("02.000") CALL_OUTSIDE("03.000", "c") OUTPUT(
         "09.000", "c", "aborted by user") ABORT("09.100") ITEM("10.000", "c", "83100", "90000"),
     "interrupted", "accept", 4900},
    {"one that was allowed before waited for a moment at most",
     POLICY("01.500", "on-request") TURN("02.000") CALL_OUTSIDE("03.000", "c") OUTPUT(
         "05.100", "c", "aborted by user") ABORT("05.200") ITEM("05.300", "c", "83000", "85200"),
     "interrupted", "accept", 200},
    {"where nobody is asked a command is interrupted",
     POLICY("01.500", "never") TURN("02.000") CALL_OUTSIDE("03.000", "c")
         OUTPUT("09.000", "c", "aborted by user") ABORT("09.100"),
     "interrupted", NULL, 0},
    {"so is one inside the sandbox",
     POLICY("01.500", "on-request") TURN("02.000") CALL("03.000", "c")
         OUTPUT("09.000", "c", "aborted by user") ABORT("09.100"),
     "interrupted", NULL, 0},
};

TEST(an_aborted_command_was_refused_if_a_person_may_have_been_asked_and_it_never_ran)
{
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        void *own = NULL;
        setup(&own);
        struct home *h = own;
        char text[4096];
        print_message("  %s\n", asked[i].what);
        snprintf(text, sizeof text, "%s%s", META(ONE), asked[i].lines);
        put_rollout(h, ONE, text);
        start(h, false, true);
        json_t *all = records_of(&h->rig.model);
        const json_t *tool = json_object_get(json_object_get(all, "tools"), "c");
        const json_t *wait = json_object_get(json_object_get(all, "waits"), "wait:c");
        assert_string_equal(json_string_value(json_object_get(tool, "outcome")), asked[i].tool);
        assert_int_equal(wait != NULL, asked[i].wait != NULL);
        if (wait != NULL) {
            assert_string_equal(json_string_value(json_object_get(wait, "decision")),
                                asked[i].wait);
            assert_int_equal((int)(json_number_value(json_object_get(wait, "end_ms")) -
                                   json_number_value(json_object_get(wait, "start_ms"))),
                             asked[i].wait_ms);
        }
        json_decref(all);
        teardown(&own);
    }
}

/* `ms`: after MODEL_START_MS. */
static void take_hook(struct home *h, double ms, const char *members)
{
    char text[1024];
    struct json_value value;
    snprintf(text, sizeof text, "{\"session_id\":\"" ONE "\",\"turn_id\":\"t\",%s}", members);
    assert_true(json_check(text, strlen(text), 64, &value, NULL));
    const struct hook_arrival arrival = {.t_ms = MODEL_START_MS + ms, .local_ns = h->rig.now_ns};
    assert_null(hook_take(hub_ctx(h->rig.hub), "codex", value, &arrival));
}

#define HOOK(event, more)                                                                   \
    "\"hook_event_name\":\"" event "\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":" \
    "\"make\"}" more

/* Files alone do not show that a person was asked about a command inside the sandbox. Hooks do, while files show
   whether it ran, and when. */
TEST(hooks_show_who_was_asked_and_files_whether_the_command_ran)
{
    static const struct {
        const char *what, *lines;
        double last_ms; /* the last hook */
        const char *tool, *wait;
        int wait_ms;
    } rows[] = {
        {"one that was allowed waited until it ran",
         POLICY("01.500", "untrusted") TURN("02.000") CALL("03.000", "c")
             ITEM("10.000", "c", "83000", "90000"),
         -9800, NULL, "accept", 4900},
        {"one that ran until it was stopped was interrupted, however soon",
         POLICY("01.500", "untrusted") TURN("02.000") CALL("03.000", "c")
             OUTPUT("09.000", "c", "aborted by user") ABORT("09.100")
                 ITEM("10.000", "c", "83000", "90000"),
         -10950, "interrupted", "accept", 4900},
        {"one that never ran was refused, however late",
         POLICY("01.500", "untrusted") TURN("02.000") CALL("03.000", "c")
             OUTPUT("59.000", "c", "aborted by user") ABORT("59.100"),
         39050, "refused", "reject", 55950},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *own = NULL;
        setup(&own);
        struct home *h = own;
        char text[4096], spec[600];
        print_message("  %s\n", rows[i].what);
        snprintf(text, sizeof text, "%s%s", META(ONE), rows[i].lines);
        put_rollout(h, ONE, text);
        snprintf(spec, sizeof spec, "codex:%s", h->dir);
        rig_start_hub(&h->rig, (struct hub_options){.settings = h->settings});
        take_hook(h, -17000, HOOK("PreToolUse", ",\"tool_use_id\":\"c\""));
        take_hook(h, -16900, HOOK("PermissionRequest", ""));
        take_hook(h, rows[i].last_ms,
                  rows[i].tool != NULL ? HOOK("Interrupt", "")
                                       : HOOK("PostToolUse", ",\"tool_use_id\":\"c\""));
        rig_add(&h->rig, spec);
        rig_until_finished(&h->rig);
        json_t *all = records_of(&h->rig.model);
        const json_t *tool = json_object_get(json_object_get(all, "tools"), "c");
        const json_t *wait = json_object_get(json_object_get(all, "waits"), "wait:c");
        const char *outcome = json_string_value(json_object_get(tool, "outcome"));
        assert_non_null(wait);
        assert_true((outcome == NULL) == (rows[i].tool == NULL));
        if (outcome != NULL) {
            assert_string_equal(outcome, rows[i].tool);
        }
        assert_string_equal(json_string_value(json_object_get(wait, "decision")), rows[i].wait);
        assert_int_equal((int)(json_number_value(json_object_get(wait, "end_ms")) -
                               json_number_value(json_object_get(wait, "start_ms"))),
                         rows[i].wait_ms);
        json_decref(all);
        teardown(&own);
    }
}
