/* Whether a person was asked about a command of Codex CLI, as files and hooks show it. */
#include "ingest/source.h"
#include "tests/support/codex_home.h"
#include "tests/support/records.h"

#include <stdio.h>
#include <string.h>

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
        codex_home_setup(&own);
        struct codex_home *h = own;
        char text[4096];
        print_message("  %s\n", asked[i].what);
        snprintf(text, sizeof text, "%s%s", META(ONE), asked[i].lines);
        codex_home_put(h, ONE, text);
        codex_home_start(h, false, true);
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
        codex_home_teardown(&own);
    }
}

/* `ms`: after MODEL_START_MS. */
static void take_hook(struct codex_home *h, double ms, const char *members)
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
        codex_home_setup(&own);
        struct codex_home *h = own;
        char text[4096], spec[600];
        print_message("  %s\n", rows[i].what);
        snprintf(text, sizeof text, "%s%s", META(ONE), rows[i].lines);
        codex_home_put(h, ONE, text);
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
        codex_home_teardown(&own);
    }
}
