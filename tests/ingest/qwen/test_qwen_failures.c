/* A request of Qwen Code that failed has a report alone (api_error): the request that its prompt
   began is the same one. */
#include "tests/support/report.h"

#include <string.h>
#include <sys/stat.h>

#define LINE(uuid, s, rest)                                                               \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"s\",\"cwd\":\"/home/dev/api\",\"timestamp\":" \
    "\"2025-10-09T08:53:" s "Z\"," rest "}\n"
#define PROMPT(uuid, s) \
    LINE(uuid, s, "\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}")
#define FAILURE(uuid, s)                                                                         \
    LINE(uuid, s,                                                                                \
         "\"type\":\"system\",\"subtype\":\"ui_telemetry\",\"systemPayload\":{\"uiEvent\":{"     \
         "\"event.name\":\"qwen-code.api_error\",\"event.timestamp\":\"2025-10-09T08:53:" s      \
         "Z\",\"response_id\":\"m" uuid "\",\"model\":\"m\",\"duration_ms\":1500,\"prompt_id\":" \
         "\"s########0\",\"error_message\":\"x\",\"error_type\":\"InvalidStreamError\"}}")

static json_t *report_of_chat(const char *lines)
{
    static const char *const dirs[] = {"projects", "projects/p", "projects/p/chats"};
    const char *dir = support_tmpdir();
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        mkdir(support_path(dir, dirs[i]), 0700);
    }
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), lines, strlen(lines));
    return report_of_source("qwen:", dir);
}

TEST(a_request_that_failed_counts_once)
{
    static const struct {
        const char *lines;
        json_int_t requests;
    } rows[] = {
        {PROMPT("1", "10.000") FAILURE("2", "12.000"), 1},
        {PROMPT("1", "10.000") FAILURE("2", "12.000") PROMPT("3", "20.000") FAILURE("4", "22.000"),
         2},
        {FAILURE("2", "12.000"), 1}, /* without the line that it answers */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *report = report_of_chat(rows[i].lines);
        const json_t *totals = json_object_get(report, "totals");
        print_message("  %zu\n", i);
        assert_int_equal(report_number(totals, "requests"), rows[i].requests);
        assert_int_equal(report_number(totals, "failed"), rows[i].requests);
        json_decref(report);
    }
}
