/* What the reader notes is bounded. A note that is still asked for stays, however many others come.
   A log that comes again is noted as the same. */
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

/* LOGS: more than both maps of notes hold. */
enum { LOGS = 3 << 16, LOGS_A_BODY = 1 << 13 };

static void take(struct otlp_rig *otlp, enum otlp_signal signal, char *body)
{
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    otlp_rig_take(otlp, signal, OTLP_JSON, body, strlen(body));
}

/* A root of a process, or a span below it that names the session. */
static void take_span(struct otlp_rig *otlp, int trace, const char *session)
{
    char body[1000], named[100] = "";
    if (session != NULL) {
        snprintf(named, sizeof named, "{'key':'session.id','value':{'stringValue':'%s'}}", session);
    }
    snprintf(body, sizeof body,
             "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.instance.id','value':"
             "{'stringValue':'p1'}}]},'scopeSpans':[{'spans':[{'traceId':'%032x','spanId':'%016x',"
             "'parentSpanId':'%s','name':'t','startTimeUnixNano':'1795903200000000000',"
             "'endTimeUnixNano':'1795903201000000000','attributes':[%s]}]}]}]}",
             trace, session == NULL ? 1 : 2, session == NULL ? "" : "0000000000000001", named);
    take(otlp, OTLP_TRACES, body);
}

/* Logs of which nothing is shown; each is noted, as it may be sent again. */
static void take_logs(struct otlp_rig *otlp, int from, int count)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    strbuf_adds(&body, "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':"
                       "{'stringValue':'codex'}}]},'scopeLogs':[{'logRecords':[");
    for (int i = from; i < from + count; i++) {
        strbuf_addf(&body,
                    "%s{'timeUnixNano':'%lld','attributes':[{'key':'event.name','value':"
                    "{'stringValue':'codex.sse_event'}},{'key':'event.kind','value':"
                    "{'stringValue':'response.created'}}]}",
                    i == from ? "" : ",", 1795903200000000000 + (long long)i);
    }
    strbuf_adds(&body, "]}]}]}");
    take(otlp, OTLP_LOGS, body.data);
    strbuf_release(&body);
}

/* The process is another name of s1, as its first trace was; it is no stand-in of a later trace. */
TEST(a_process_that_lives_long_stands_in_for_no_second_session)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_span(&otlp, 1, NULL);
    take_span(&otlp, 1, "s1");
    int trace = 2;
    for (int i = 0; i < LOGS; i += LOGS_A_BODY) {
        take_logs(&otlp, i, LOGS_A_BODY);
        take_span(&otlp, trace, NULL);
        take_span(&otlp, trace++, "s2");
    }
    json_t *reading = otlp_reading(&otlp.rig);
    json_t *sessions = json_object_get(reading, "sessions");
    bool first = false, second = false;
    for (size_t i = 0; i < json_array_size(sessions); i++) {
        first |= strcmp(json_string_value(json_array_get(sessions, i)), "s1") == 0;
        second |= strcmp(json_string_value(json_array_get(sessions, i)), "s2") == 0;
    }
    if (!first || !second) {
        fail_msg("%s", json_dumps(sessions, 0));
    }
    json_decref(reading);
    otlp_rig_release(&otlp);
}

/* Newer SDKs have the kind of a log beside its attributes, which may be the same then. */
TEST(logs_that_differ_in_their_name_alone_are_two)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    for (int i = 0; i < 4; i++) {
        char body[1000];
        snprintf(body, sizeof body,
                 "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':"
                 "{'stringValue':'codex'}}]},'scopeLogs':[{'logRecords':[{'timeUnixNano':"
                 "'1795903200000000000','eventName':'codex.tool_%s','attributes':[{'key':"
                 "'conversation.id','value':{'stringValue':'c'}},{'key':'tool_name','value':"
                 "{'stringValue':'shell'}},{'key':'call_id','value':{'stringValue':'x'}}]}]}]}]}",
                 i % 2 == 0 ? "decision" : "result");
        take(&otlp, OTLP_LOGS, body);
    }
    json_t *reading = otlp_reading(&otlp.rig);
    assert_int_equal(json_array_size(json_object_get(reading, "tools")), 1);
    assert_true(json_number_value(json_object_get(reading, "open")) < 1);
    json_decref(reading);
    otlp_rig_release(&otlp);
}
