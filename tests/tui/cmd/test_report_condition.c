/* Conditions of --fail-if: what they are, and when they hold. */
#include "tui/cmd/report_condition.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

static const char sample[] =
    "{\"totals\":{\"requests\":19,\"ttft_ms\":{\"count\":19,\"p95\":2310.5},"
    "\"tools\":{\"Bash\":{\"errors\":2},\"a=b\":{\"errors\":7},\"x.y\":{\"p50\":3}}},"
    "\"spans\":{\"open\":4},\"requests\":1,"
    "\"why\":[{\"agent_id\":\"a\",\"what_if\":[{\"what\":\"Bash\",\"saves_ms\":70}]}],"
    "\"models\":[{\"model\":\"claude-opus-4.5\",\"otps\":{\"p50\":40}},"
    "{\"model\":\"haiku\",\"otps\":{\"p50\":90}}],"
    "\"agents\":[{\"session_id\":\"s\",\"agent_id\":\"s\",\"failed\":0},"
    "{\"session_id\":\"s\",\"agent_id\":\"a\",\"name\":\"coder\",\"failed\":3},"
    "{\"session_id\":\"s\",\"agent_id\":\"b\",\"name\":\"a.b\",\"failed\":5}]}";

TEST(a_condition_compares_a_figure)
{
    static const struct {
        const char *text;
        enum condition_result result;
        double value;
    } rows[] = {
        {"ttft_ms.p95>2000", CONDITION_HOLDS, 2310.5},
        {" ttft_ms.p95 >= 2310.5 ", CONDITION_HOLDS, 2310.5},
        {"ttft_ms.p95>2310.5", CONDITION_FAILS, 2310.5},
        {"ttft_ms.p95<=2e3", CONDITION_FAILS, 2310.5},
        {"requests=19", CONDITION_HOLDS, 19}, /* of the totals, not the member at the top */
        {"requests==19", CONDITION_HOLDS, 19},
        {"requests!=19", CONDITION_FAILS, 19},
        {"totals.requests<20", CONDITION_HOLDS, 19},
        {"spans.open>0", CONDITION_HOLDS, 4},
        {"tools.Bash.errors>1", CONDITION_HOLDS, 2},
        {"tools.a=b.errors>6", CONDITION_HOLDS, 7},
        {"tools.x.y.p50<4", CONDITION_HOLDS, 3},
        {"tools.*.errors>6", CONDITION_HOLDS, 7},
        {"models.claude-opus-4.5.otps.p50<50", CONDITION_HOLDS, 40},
        {"models.*.otps.p50>80", CONDITION_HOLDS, 90},
        {"agents.coder.failed>2", CONDITION_HOLDS, 3},
        {"agents.a.failed>2", CONDITION_HOLDS, 3},
        {"agents.*.failed>5", CONDITION_FAILS, 5},
        {"why.*.what_if.Bash.saves_ms>60", CONDITION_HOLDS, 70},
        {"agents.a.b.failed=5", CONDITION_HOLDS, 5},
        {"ttft_ms.p99>0", CONDITION_NO_DATA, 0},
        {"tools.Bas.errors>0", CONDITION_NO_DATA, 0},
    };
    json_t *json = json_loads(sample, 0, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf error;
        double value = 0;
        strbuf_init(&error, &mem_libc, 0);
        if (!report_condition_check(rows[i].text, &error)) {
            fail_msg("%s: %s", rows[i].text, error.data);
        }
        enum condition_result result = report_condition_holds(rows[i].text, json, &value);
        bool same = value >= rows[i].value - 1e-9 && value <= rows[i].value + 1e-9;
        if (result != rows[i].result || !same) {
            fail_msg("%s: %d, %g", rows[i].text, result, value);
        }
        strbuf_release(&error);
    }
    json_decref(json);
}

TEST(what_is_no_condition_is_refused)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "is not FIGURE"},
        {"requests", "is not FIGURE"},
        {">5", "is not FIGURE"},
        {"requests>", "is not FIGURE"},
        {"requests>many", "is not FIGURE"},
        {"requests>0x10", "is not FIGURE"},
        {"requests>inf", "is not FIGURE"},
        {"requests=>5", "is not FIGURE"},
        {"ttft.p95>5", "'ttft' is no figure"},
        {"request>5", "did you mean requests?"},
        {"ttft_ms>0", "is no number of report --json; it has count min mean"},
        {"ttft_ms.p9>0", "did you mean p90?"},
        {"ttft_ms.p95.x>0", "'x' is no figure"},
        {"requests.p50>0", "'p50' is no figure"},
        {"tools>0", "'tools' is a list; name an item, as in tools.NAME.count"},
        {"tools.Bash>0", "'tools.Bash' is a list"},
        {"tools.Bash.error>0", "did you mean errors?"},
        {"models.claude-opus-4.5.ttft.p95>0",
         "'ttft' is no figure of report --json; did you mean ttft_ms?"},
        {"models.claude-opus-4.5.request>0", "did you mean requests?"},
        {"agents.*.tools.x.y.cuont>0", "did you mean count?"},
        {"slower>0", "'slower' is no number of report --json"},
        {"spans.opened>0", "'opened' is no figure"},
        {"..>0", "'' is no figure"},
        {".requests>0", "'' is no figure"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        assert_false(report_condition_check(rows[i].text, &error));
        if (strstr(error.data, rows[i].reason) == NULL) {
            fail_msg("%s: %s", rows[i].text, error.data);
        }
        strbuf_release(&error);
    }
}

/* Requires that a number of a report is found by its path. */
static void check_number(json_t *report, const char *path)
{
    struct strbuf error, text;
    double value;
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    strbuf_addf(&text, "%s>0", path);
    if (!report_condition_check(text.data, &error)) {
        fail_msg("%s: %s", path, error.data);
    }
    if (report_condition_holds(text.data, report, &value) == CONDITION_NO_DATA) {
        fail_msg("%s: not found", path);
    }
    strbuf_release(&error);
    strbuf_release(&text);
}

/* Checks all numbers in a value, where an item of a list is `*`. Returns how many there are. */
static size_t check_numbers(json_t *report, json_t *value, const char *path)
{
    const char *key;
    json_t *inside;
    size_t checked = json_is_number(value);
    char deeper[300];
    if (json_is_number(value)) {
        check_number(report, path);
    }
    json_object_foreach(value, key, inside)
    {
        snprintf(deeper, sizeof deeper, "%s%s%s", path, *path != '\0' ? "." : "", key);
        checked += check_numbers(report, inside, deeper);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        snprintf(deeper, sizeof deeper, "%s.*", path);
        checked += check_numbers(report, json_array_get(value, i), deeper);
    }
    return checked;
}

TEST(each_number_of_a_report_has_conditions)
{
    static const char *const inputs[] = {"golden/swarm.trace.json", "golden/quirks.feed.ndjson",
                                         "samples/claude/swarm-json/joined.feed.ndjson"};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const char *path = support_data(inputs[i]);
        const char *argv[] = {support_program(), "report", "--why", "--json",
                              "--against",       path,     path,    NULL};
        struct support_run run;
        support_run(&run, argv, NULL, 0, 120000);
        json_t *json = json_loads(run.out, 0, NULL);
        assert_true(check_numbers(json, json, "") > 50);
        json_decref(json);
        support_run_release(&run);
    }
}
