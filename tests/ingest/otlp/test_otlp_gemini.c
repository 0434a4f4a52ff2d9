/* Gemini's spans and logs of tools have no id in common: those of one call are joined, whatever the
   order and how often they are sent. Its thoughts are no part of its output. */
#include "core/query/metrics.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/records.h"

#include <math.h>

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 2000, PIECES = 8 };

static const char trace_id[] = "0000000000000000000000000000aaaa";

/* A span or a log. Times are ms; a log's begin follows from its end and its duration. */
struct piece {
    bool span;
    const char *id;     /* of the span; of a log: the span in which it lies, NULL: none */
    const char *parent; /* of a span */
    const char *prompt; /* of a log */
    const char *call;   /* of a span */
    int end_ms, took_ms;
};

static const struct group_row {
    const char *what;
    int calls;
    struct piece pieces[PIECES];
} rows[] = {
    {"a group whose calls end 5 s apart, and are logged together",
     2,
     {{true, "000000000000000a", "0000000000000009", NULL, "117d#0-0", 1000, 100},
      {true, "000000000000000b", "0000000000000009", NULL, "117d#0-1", 6000, 5100},
      {false, "0000000000000009", NULL, "117d#0", NULL, 6010, 180},
      {false, "0000000000000009", NULL, "117d#0", NULL, 6011, 5190}}},
    {"calls of two groups that end together",
     2,
     {{true, "000000000000000a", "0000000000000009", NULL, "117d#0-0", 1000, 100},
      {true, "000000000000000b", "0000000000000008", NULL, "227d#0-0", 1001, 100},
      {false, "0000000000000008", NULL, "227d#0", NULL, 1002, 101},
      {false, "0000000000000009", NULL, "117d#0", NULL, 1003, 101}}},
    {"a log within the span of its call",
     1,
     {{true, "000000000000000a", "0000000000000009", NULL, "call", 1000, 100},
      {false, "000000000000000a", NULL, "s########1", NULL, 1001, 100}}},
    {"logs without a span",
     2,
     {{true, "000000000000000a", NULL, NULL, "one", 1000, 100},
      {true, "000000000000000b", NULL, NULL, "two", 9000, 100},
      {false, NULL, NULL, "s", NULL, 1001, 100},
      {false, NULL, NULL, "s", NULL, 9001, 100}}},
    {"logs alone",
     2,
     {{false, NULL, NULL, "s", NULL, 1001, 100}, {false, NULL, NULL, "117d#3", NULL, 1002, 100}}},
};

static void take(struct otlp_rig *otlp, const struct piece *piece)
{
    char body[BODY_BYTES], ids[200] = "", prompt[100] = "";
    if (piece->id != NULL) {
        snprintf(ids, sizeof ids, "'traceId':'%s','spanId':'%s',", trace_id, piece->id);
    }
    if (piece->prompt != NULL) {
        snprintf(prompt, sizeof prompt, "{'key':'prompt_id','value':{'stringValue':'%s'}},",
                 piece->prompt);
    }
    static const char head[] = "{'%s':[{'resource':{'attributes':[{'key':'service.name','value':"
                               "{'stringValue':'gemini-cli'}}]},'%s':[{'%s':[{%s";
    int len = snprintf(body, sizeof body, head, piece->span ? "resourceSpans" : "resourceLogs",
                       piece->span ? "scopeSpans" : "scopeLogs",
                       piece->span ? "spans" : "logRecords", ids);
    long long end_ms = 1795903200000 + piece->end_ms;
    if (piece->span) {
        snprintf(body + len, sizeof body - (size_t)len,
                 "'parentSpanId':'%s','name':'tool_call','startTimeUnixNano':'%lld000000',"
                 "'endTimeUnixNano':'%lld000000','attributes':[{'key':'gen_ai.operation.name',"
                 "'value':{'stringValue':'tool_call'}},{'key':'gen_ai.tool.name','value':"
                 "{'stringValue':'read_file'}},{'key':'gen_ai.tool.call_id','value':"
                 "{'stringValue':'%s'}},{'key':'session.id','value':{'stringValue':'s'}}]}]}]}]}",
                 piece->parent == NULL ? "" : piece->parent, end_ms - piece->took_ms, end_ms,
                 piece->call);
    } else {
        snprintf(body + len, sizeof body - (size_t)len,
                 "'timeUnixNano':'%lld000000','attributes':[{'key':'event.name','value':"
                 "{'stringValue':'gemini_cli.tool_call'}},{'key':'function_name','value':"
                 "{'stringValue':'read_file'}},%s{'key':'session.id','value':{'stringValue':'s'}},"
                 "{'key':'duration_ms','value':{'intValue':%d}}]}]}]}]}",
                 end_ms, prompt, piece->took_ms);
    }
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    otlp_rig_take(otlp, piece->span ? OTLP_TRACES : OTLP_LOGS, OTLP_JSON, body, strlen(body));
}

/* Takes the pieces in the order of that number, of all that there are. */
static void take_order(struct otlp_rig *otlp, const struct group_row *row, int count, int order)
{
    int left[PIECES];
    for (int i = 0; i < count; i++) {
        left[i] = i;
    }
    for (int n = count; n > 0; n--) {
        int at = order % n;
        order /= n;
        take(otlp, &row->pieces[left[at]]);
        memmove(left + at, left + at + 1, (size_t)(n - at - 1) * sizeof *left);
    }
}

TEST(a_call_of_gemini_is_one_in_whatever_order_its_span_and_log_come)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int count = 0, orders = 1;
        for (; count < PIECES && rows[i].pieces[count].took_ms > 0; count++) {
            orders *= count + 1;
        }
        for (int order = 0; order < orders; order++) {
            struct otlp_rig otlp;
            otlp_rig_init(&otlp);
            take_order(&otlp, &rows[i], count, order);
            take_order(&otlp, &rows[i], count, orders - 1 - order);
            json_t *reading = otlp_reading(&otlp.rig);
            if ((int)json_array_size(json_object_get(reading, "tools")) != rows[i].calls) {
                char *text = json_dumps(json_object_get(reading, "tools"), JSON_INDENT(1));
                fail_msg("%s, order %d: %s", rows[i].what, order, text);
            }
            json_decref(reading);
            otlp_rig_release(&otlp);
        }
    }
}

/* A span of 1.2 s, its first token after 0.2 s, and the log of the same request. */
#define THINKING_SPAN                                                                               \
    "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':{'stringValue':"    \
    "'%s'}}]},'scopeSpans':[{'spans':[{'traceId':'0000000000000000000000000000aaaa','spanId':"      \
    "'0000000000000001','name':'llm_call','startTimeUnixNano':'1795903200000000000',"               \
    "'endTimeUnixNano':'1795903201200000000','attributes':[{'key':'gen_ai.operation.name','value':" \
    "{'stringValue':'chat'}},{'key':'session.id','value':{'stringValue':'s'}},{'key':"              \
    "'gen_ai.response.time_to_first_chunk','value':{'doubleValue':0.2}},{'key':"                    \
    "'gen_ai.usage.output_tokens','value':{'intValue':20}}%s]}]}]}]}"
#define THINKING_LOG                                                                                 \
    "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':{'stringValue':"      \
    "'%s'}}]},'scopeLogs':[{'logRecords':[{'traceId':'0000000000000000000000000000aaaa','spanId':"   \
    "'0000000000000001','timeUnixNano':'1795903201200000000','attributes':[{'key':'event.name',"     \
    "'value':{'stringValue':'gemini_cli.api_response'}},{'key':'session.id','value':{'stringValue':" \
    "'s'}},{'key':'output_token_count','value':{'intValue':20}},{'key':'duration_ms','value':"       \
    "{'intValue':1200}}%s]}]}]}]}"

/* Takes one of them; `of` is an attribute of it. */
static void take_thinking(struct otlp_rig *otlp, int which, const char *service, const char *of)
{
    char body[BODY_BYTES];
    if (which == 0) {
        snprintf(body, sizeof body, THINKING_SPAN, service, of);
    } else {
        snprintf(body, sizeof body, THINKING_LOG, service, of);
    }
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    otlp_rig_take(otlp, which == 0 ? OTLP_TRACES : OTLP_LOGS, OTLP_JSON, body, strlen(body));
}

TEST(thoughts_are_sampled_beside_the_output)
{
    static const char thoughts[] = ",{'key':'thoughts_token_count','value':{'intValue':30}}";
    static const struct {
        const char *service, *of_span, *of_log;
        long otps;
    } cases[] = {
        {"gemini-cli", "", "", 20},        {"gemini-cli", thoughts, NULL, 50},
        {"gemini-cli", "", thoughts, 50},  {"gemini-cli", thoughts, thoughts, 50},
        {"qwen-code", thoughts, NULL, 20}, /* part of its output */
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct otlp_rig otlp;
        struct swarm_metrics metrics;
        otlp_rig_init(&otlp);
        for (int k = 0; k < 2; k++) {
            int which = k ^ (int)(i & 1); /* in either order */
            const char *of = which == 0 ? cases[i / 2].of_span : cases[i / 2].of_log;
            if (of != NULL) {
                take_thinking(&otlp, which, cases[i / 2].service, of);
            }
        }
        otlp_settle(&otlp.rig);
        assert_true(metrics_compute(otlp.rig.model.swarm, otlp.rig.now_ns, &metrics));
        assert_int_equal(metrics.totals.requests, 1);
        assert_int_equal(lround(metrics.totals.output_tokens), 20);
        assert_int_equal(lround(metrics.totals.otps.mean), cases[i / 2].otps);
        metrics_release(&metrics);
        otlp_rig_release(&otlp);
    }
}

/* An answer without content is asked for again, which the open request shows: the log lies in its
   span. */
TEST(a_retry_for_content_is_one_of_its_request)
{
    static const char log[] =
        "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name','value':{'stringValue':"
        "'%s'}}]},'scopeLogs':[{'logRecords':[{'traceId':'0000000000000000000000000000aaaa',"
        "'spanId':'0000000000000001','timeUnixNano':'1795903200600000000','attributes':[{'key':"
        "'event.name','value':{'stringValue':'%s.chat.content_retry'}},{'key':'session.id','value':"
        "{'stringValue':'s'}},{'key':'attempt_number','value':{'intValue':1}},{'key':"
        "'retry_delay_ms','value':{'intValue':100}}]}]}]}]}";
    static const char *const clients[][2] = {{"gemini-cli", "gemini_cli"},
                                             {"qwen-code", "qwen-code"}};
    for (size_t i = 0; i < 2; i++) {
        struct otlp_rig otlp;
        char body[BODY_BYTES];
        otlp_rig_init(&otlp);
        snprintf(body, sizeof body, log, clients[i][0], clients[i][1]);
        for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
            *quote = '"';
        }
        otlp_rig_take(&otlp, OTLP_LOGS, OTLP_JSON, body, strlen(body));
        take_thinking(&otlp, 0, clients[i][0], "");
        struct retry retry;
        assert_true(correlator_flush(otlp.rig.model.correlator));
        const struct record *request = records_find(
            &otlp.rig.model, CALL_REQUEST, "0000000000000001/0000000000000000000000000000aaaa", 0);
        assert_non_null(request);
        assert_true(facts_retry(&request->facts, &retry));
        assert_int_equal(lround(retry.attempt), 1);
        assert_int_equal(lround(retry.in_ms), 100);
        otlp_rig_release(&otlp);
    }
}
