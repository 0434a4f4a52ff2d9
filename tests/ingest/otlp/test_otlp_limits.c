/* Tables of the reader that are full forget their oldest entries, and the log has how many. */
#include "core/model/event_log.h"
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

enum { OVER = 10, SPANS_A_BODY = 1 << 13 };

static void take(struct otlp_rig *otlp, enum otlp_signal signal, struct strbuf *body)
{
    for (char *quote = body->data; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    otlp_rig_take(otlp, signal, OTLP_JSON, body->data, body->len);
    strbuf_clear(body);
}

/* `count` spans; of traces of their own, or of one. */
static void put_spans(struct strbuf *body, int from, int count, bool of_one, const char *more)
{
    strbuf_adds(body, "{'resourceSpans':[{'resource':{'attributes':[{'key':'session.id','value':"
                      "{'stringValue':'s'}}]},'scopeSpans':[{'spans':[");
    for (int i = from; i < from + count; i++) {
        strbuf_addf(body,
                    "%s{'traceId':'%032x','spanId':'%016x','name':'n','startTimeUnixNano':"
                    "'1795903200000000000','endTimeUnixNano':'1795903201000000000'%s}",
                    i == from ? "" : ",", of_one ? 1 : i + 1, i + 1, more);
    }
    strbuf_adds(body, "]}]}]}");
}

static void take_spans(struct otlp_rig *otlp, int count, bool of_one)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    for (int i = 0; i < count; i += SPANS_A_BODY) {
        put_spans(&body, i, count - i < SPANS_A_BODY ? count - i : SPANS_A_BODY, of_one, "");
        take(otlp, OTLP_TRACES, &body);
    }
    strbuf_release(&body);
}

static void take_links(struct otlp_rig *otlp, int count)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    put_spans(&body, 0, count, false,
              ",'links':[{'traceId':'000000000000000000000000000fffff','spanId':"
              "'00000000000fffff'}],'attributes':[{'key':'gen_ai.operation.name','value':"
              "{'stringValue':'invoke_agent'}}]");
    take(otlp, OTLP_TRACES, &body);
    strbuf_release(&body);
}

/* Spans whose parents have not come. */
static void take_children(struct otlp_rig *otlp, int count)
{
    char more[200];
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    for (int i = 0; i < count; i++) {
        snprintf(more, sizeof more,
                 ",'parentSpanId':'%016x','attributes':[{'key':'gen_ai.operation.name','value':"
                 "{'stringValue':'chat'}}]",
                 0xf0000 + i);
        put_spans(&body, i, 1, false, more);
        take(otlp, OTLP_TRACES, &body);
    }
    strbuf_release(&body);
}

static void take_codex(struct otlp_rig *otlp, int count)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    for (int i = 0; i < count; i++) {
        strbuf_addf(&body,
                    "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':"
                    "{'stringValue':'codex_cli_rs'}}]},'scopeLogs':[{'logRecords':[{'timeUnixNano':"
                    "'1795903200000000000','attributes':[{'key':'event.name','value':{"
                    "'stringValue':'codex.user_prompt'}},{'key':'conversation.id','value':{"
                    "'stringValue':'c%d'}}]}]}]}]}",
                    i);
        take(otlp, OTLP_LOGS, &body);
        otlp_settle(&otlp->rig);
    }
    strbuf_release(&body);
}

static void take_curves(struct otlp_rig *otlp, int count)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    put_spans(&body, 0, 1, true, "");
    take(otlp, OTLP_TRACES, &body);
    strbuf_adds(&body, "{'resourceMetrics':[{'resource':{'attributes':[{'key':'session.id','value':"
                       "{'stringValue':'s'}}]},'scopeMetrics':[{'metrics':[{'name':'m','sum':{"
                       "'aggregationTemporality':1,'dataPoints':[");
    for (int i = 0; i < count; i++) {
        strbuf_addf(&body,
                    "%s{'timeUnixNano':'1795903200000000000','asInt':1,'attributes':[{'key':'k',"
                    "'value':{'stringValue':'v%d'}}]}",
                    i == 0 ? "" : ",", i);
    }
    strbuf_adds(&body, "]}}]}]}]}");
    take(otlp, OTLP_METRICS, &body);
    strbuf_release(&body);
}

static bool has_entry(struct otlp_rig *otlp, const char *text)
{
    const struct event_log *log = otlp->rig.log;
    for (size_t i = 0; i < event_log_count(log); i++) {
        const struct log_entry *entry = event_log_get(log, i);
        if (entry->len >= strlen(text) && memcmp(entry->text, text, strlen(text)) == 0) {
            return true;
        }
    }
    return false;
}

static void take_traces(struct otlp_rig *otlp, int count)
{
    take_spans(otlp, count, false);
}

static void take_long_trace(struct otlp_rig *otlp, int count)
{
    take_spans(otlp, count, true);
}

static void take_early_samples(struct otlp_rig *otlp, int count)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    strbuf_adds(&body, "{'resourceMetrics':[{'resource':{'attributes':[{'key':'session.id','value':"
                       "{'stringValue':'s'}}]},'scopeMetrics':[{'metrics':[{'name':'m','gauge':{"
                       "'dataPoints':[");
    for (int i = 0; i < count; i++) {
        strbuf_addf(&body, "%s{'timeUnixNano':'1795903200%09d','asInt':1}", i == 0 ? "" : ",", i);
    }
    strbuf_adds(&body, "]}}]}]}]}");
    take(otlp, OTLP_METRICS, &body);
    strbuf_release(&body);
}

static const struct limit_row {
    void (*take)(struct otlp_rig *otlp, int count);
    int max;
    const char *text;
} limits[] = {
    {take_long_trace, 1 << 16, "10 spans were forgotten"},
    {take_traces, 1 << 13, "10 traces were forgotten"},
    {take_links, 128, "10 agents were waiting"},
    {take_children, 256, "10 spans that are known by their children"},
    {take_codex, 256, "10 sessions of Codex were forgotten"},
    {take_early_samples, 4096, "10 values of metrics were forgotten"},
    {take_curves, 4096, "1 times all sums of metrics began again"},
};

/* A full table is reported with the tenth entry that it forgets, one that is just full is not. */
TEST(tables_that_are_full_are_in_the_log)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct limit_row *row = &limits[i];
        for (int over = 0; over <= OVER; over += OVER) {
            struct otlp_rig otlp;
            otlp_rig_init(&otlp);
            row->take(&otlp, row->max + over);
            if (has_entry(&otlp, row->text) != (over > 0)) {
                fail_msg("%s: %d more than the maximum", row->text, over);
            }
            otlp_rig_release(&otlp);
        }
    }
}
