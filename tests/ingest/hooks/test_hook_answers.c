/* No hook reports that a person has allowed a command. Telemetry does, if the client exports it: the
   wait ends then, while the command still runs. Without it the command's process shows that it
   runs. */
#include "ingest/hook_client.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"

#include <stdio.h>
#include <string.h>

#define SESSION "01a00000-0000-7000-8000-000000000001"

/* Times are ms after this moment. */
#define BEGIN_MS 1795903200000.0

static void take_hook(struct rig *rig, const char *client, double ms, const char *event)
{
    char text[400];
    struct json_value payload;
    snprintf(text, sizeof text,
             "{\"session_id\":\"" SESSION "\",\"hook_event_name\":\"%s\",\"tool_name\":\"Bash\","
             "\"tool_use_id\":\"c\",\"tool_input\":{\"command\":\"make\"}}",
             event);
    assert_true(json_check(text, strlen(text), 64, &payload, NULL));
    const struct hook_arrival arrival = {.t_ms = BEGIN_MS + ms, .local_ns = rig->now_ns};
    assert_null(hook_take(&rig->ingest, client, payload, &arrival));
}

static void take_decision(struct otlp_rig *otlp, double ms, const char *decision)
{
    char body[1500];
    int len = snprintf(
        body, sizeof body,
        "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':"
        "{'stringValue':'codex_cli_rs'}}]},'scopeLogs':[{'scope':{'name':'codex_otel.log_only'},"
        "'logRecords':[{'timeUnixNano':'0','observedTimeUnixNano':'%.0f000000','attributes':["
        "{'key':'event.name','value':{'stringValue':'codex.tool_decision'}},"
        "{'key':'conversation.id','value':{'stringValue':'" SESSION "'}},"
        "{'key':'tool_name','value':{'stringValue':'exec_command'}},"
        "{'key':'call_id','value':{'stringValue':'c'}},"
        "{'key':'decision','value':{'stringValue':'%s'}},"
        "{'key':'source','value':{'stringValue':'User'}}]}]}]}]}",
        BEGIN_MS + ms, decision);
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    otlp_rig_take(otlp, OTLP_LOGS, OTLP_JSON, body, (size_t)len);
    assert_true(correlator_flush(otlp->rig.model.correlator));
}

static const struct record *find(struct otlp_rig *otlp, enum call_kind kind, const char *id)
{
    const struct record *found = records_find(&otlp->rig.model, kind, id, 0);
    assert_non_null(found);
    return found;
}

TEST(telemetry_ends_a_wait_that_hooks_have_reported)
{
    static const struct {
        const char *decision, *noted;
        bool runs;
    } rows[] = {{"approved", "accept", true}, {"denied", "reject", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take_hook(&otlp.rig, "codex", 0, "UserPromptSubmit");
        take_hook(&otlp.rig, "codex", 1000, "PreToolUse");
        take_hook(&otlp.rig, "codex", 1100, "PermissionRequest");
        assert_true(correlator_flush(otlp.rig.model.correlator));
        assert_int_equal(find(&otlp, CALL_WAIT, "wait:c")->state, RECORD_OPEN);
        take_decision(&otlp, 6000, rows[i].decision);
        const struct record *wait = find(&otlp, CALL_WAIT, "wait:c");
        struct slice noted = facts_text(&wait->facts, FIELD_DECISION);
        assert_int_equal(wait->state, RECORD_ENDED);
        assert_float_equal(wait->end_ms, BEGIN_MS + 6000, 0);
        assert_int_equal(noted.len, strlen(rows[i].noted));
        assert_memory_equal(noted.bytes, rows[i].noted, noted.len);
        assert_int_equal(find(&otlp, CALL_TOOL, "c")->state == RECORD_OPEN, rows[i].runs);
        otlp_rig_release(&otlp);
    }
}

/* ---- by the command's process ---- */

enum { CLIENT = 10, SHELL = 11, CHILD = 12 };

static void ask(struct rig *rig, const char *client)
{
    static const struct process process = {.pid = CLIENT, .start = "5"};
    const char *const codex[] = {"UserPromptSubmit", "PreToolUse", "PermissionRequest", NULL};
    const char *const gemini[] = {"BeforeAgent", "BeforeTool", "Notification", NULL};
    const char *const *event = strcmp(client, "gemini") == 0 ? gemini : codex;
    const struct slice session = {SESSION, strlen(SESSION)};
    assert_true(client_processes_set(&rig->ingest, session, &process));
    for (double ms = 0; *event != NULL; event++, ms += 100) {
        take_hook(rig, client, ms, *event);
    }
    assert_true(correlator_flush(rig->model.correlator));
}

/* Returns the only wait of the model. */
static const struct record *only_wait(struct rig *rig)
{
    json_t *all = records_of(&rig->model), *wait;
    const char *id;
    const struct record *found = NULL;
    assert_int_equal(json_object_size(json_object_get(all, "waits")), 1);
    json_object_foreach(json_object_get(all, "waits"), id, wait)
    {
        found = records_find(&rig->model, CALL_WAIT, id, 0);
    }
    json_decref(all);
    assert_non_null(found);
    return found;
}

TEST(a_command_that_runs_was_allowed)
{
    /* The command of the question is "make". */
    static const struct {
        const char *client, *runs;
        int start; /* ticks after the machine's, which is the client's */
        bool waits;
    } rows[] = {
        {"codex", "bash -lc make", 3000, false},
        {"gemini", "bash -c shopt;{make;};exit", 3000, false},
        {"codex", "bash -lc cmake", 3000, true},
        {"codex", "swarmtop hook --client codex", 3000, true},
        {"codex", "bash -lc make", 10, true}, /* it ran before the question */
        {"claude", "bash -lc make", 3000, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        char stat[80];
        const char *proc = processes_new();
        int len = snprintf(stat, sizeof stat, "cpu 1\nbtime %.0f\n", BEGIN_MS / 1000 - 20);
        support_write_file(support_path(proc, "stat"), stat, (size_t)len);
        rig_init(&rig);
        rig.ingest.processes.proc = proc;
        rig.now_ns = (int64_t)(BEGIN_MS + 20000) * 1000000;
        processes_start(proc, CLIENT, 1, 5, "node", "node client");
        ask(&rig, rows[i].client);
        assert_true(hook_look(&rig.ingest));
        assert_true(correlator_flush(rig.model.correlator));
        assert_int_equal(only_wait(&rig)->state, RECORD_OPEN);
        processes_start(proc, SHELL, CLIENT, rows[i].start, "sandbox", "sandbox");
        processes_start(proc, CHILD, SHELL, rows[i].start, "bash", rows[i].runs);
        assert_true(hook_look(&rig.ingest));
        assert_true(correlator_flush(rig.model.correlator));
        print_message("  %s: %s\n", rows[i].client, rows[i].runs);
        assert_int_equal(only_wait(&rig)->state == RECORD_OPEN, rows[i].waits);
        if (!rows[i].waits) {
            assert_float_equal(only_wait(&rig)->end_ms, BEGIN_MS + 20000, 0);
        }
        rig_release(&rig);
    }
}
