/* No hook reports that a person has allowed a command. Telemetry does, if the client exports it: the
   wait ends then, while the command still runs. */
#include "ingest/hook_client.h"
#include "tests/support/otlp_reading.h"
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
