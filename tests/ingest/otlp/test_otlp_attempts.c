/* Attempts that have spans of their own are one request, in whatever order these come: OpenCode's
   attempts of one message, and calls by HTTP below any producer's request. */
#include "tests/support/otlp_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPANS = 9, ORDERS = 60, BODY_BYTES = 4096 };

/* Times in ms after the reading's begin. A failed attempt, a good one, and a title of its own. */
static const struct span_row {
    const char *id, *parent, *name;
    int start_ms, end_ms;
    bool failed;
    int output; /* 0: no usage */
} spans[SPANS] = {
    {"11", "10", "LLM.run", 1000, 1005, false, 0},
    {"12", "11", "ai.streamText", 1006, 1200, true, 0},
    {"13", "12", "ai.streamText.doStream", 1010, 1200, true, 0},
    {"21", "10", "LLM.run", 3200, 3205, false, 0},
    {"22", "21", "ai.streamText", 3206, 4300, false, 0},
    {"23", "22", "ai.streamText.doStream", 3210, 4300, false, 26},
    {"31", "30", "LLM.run", 100, 105, false, 0},
    {"32", "31", "ai.streamText", 106, 500, false, 0},
    {"33", "32", "ai.streamText.doStream", 110, 500, false, 7},
};

static void take(struct otlp_rig *otlp, const struct span_row *span)
{
    char body[BODY_BYTES], usage[256] = "";
    if (span->output > 0) {
        snprintf(usage, sizeof usage,
                 ",{'key':'ai.usage.promptTokens','value':{'intValue':100}},"
                 "{'key':'ai.usage.completionTokens','value':{'intValue':%d}}",
                 span->output);
    }
    int len = snprintf(
        body, sizeof body,
        "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':{"
        "'stringValue':'opencode'}}]},'scopeSpans':[{'scope':{'name':'opencode'},'spans':[{"
        "'traceId':'0000000000000000000000000000aaaa','spanId':'00000000000000%s',"
        "'parentSpanId':'00000000000000%s','name':'%s','startTimeUnixNano':'%lld000000',"
        "'endTimeUnixNano':'%lld000000','attributes':["
        "{'key':'session.id','value':{'stringValue':'ses_1'}}%s%s%s%s],'status':{%s}}]}]}]}",
        span->id, span->parent, span->name, 1795903200000LL + span->start_ms,
        1795903200000LL + span->end_ms,
        span->name[0] == 'a' ? ",{'key':'ai.operationId','value':{'stringValue':'" : "",
        span->name[0] == 'a' ? span->name : "", span->name[0] == 'a' ? "'}}" : "", usage,
        span->failed ? "'code':2,'message':'AI_APICallError: overloaded'" : "'code':1");
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
}

/* Takes the spans of that order, but those that `left_out` has. */
static json_t *read_in(const unsigned order[SPANS], const char *left_out)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    for (unsigned i = 0; i < SPANS; i++) {
        if (strstr(left_out, spans[order[i]].id) == NULL) {
            take(&otlp, &spans[order[i]]);
        }
    }
    json_t *reading = otlp_reading(&otlp.rig);
    otlp_rig_release(&otlp);
    return reading;
}

static void is_read_as(const unsigned order[SPANS], const char *left_out, const char *expected)
{
    json_t *reading = read_in(order, left_out), *want = json_loads(expected, 0, NULL);
    assert_non_null(want);
    char *differs = otlp_reading_differs(reading, want);
    json_t *requests = json_object_get(reading, "requests");
    if (differs != NULL ||
        json_array_size(requests) != json_array_size(json_object_get(want, "requests"))) {
        fail_msg("%s\n%s", differs, json_dumps(requests, 0));
    }
    json_decref(want);
    json_decref(reading);
}

static void shuffle(unsigned order[SPANS], unsigned *seed)
{
    for (unsigned i = SPANS - 1; i > 0; i--) {
        *seed = *seed * 1103515245u + 12345u;
        unsigned k = (*seed >> 16) % (i + 1), was = order[i];
        order[i] = order[k];
        order[k] = was;
    }
}

TEST(attempts_of_a_message_are_one_request)
{
    unsigned order[SPANS] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, seed = 7;
    for (int i = 0; i < ORDERS; i++) {
        is_read_as(order, "",
                   "{\"requests\":[{\"output\":7,\"start_ms\":110},"
                   "{\"output\":26,\"retries\":1,\"start_ms\":1010,\"end_ms\":4300}]}");
        shuffle(order, &seed);
    }
}

/* Nothing shows which message an attempt without the spans above it is of. */
TEST(an_attempt_that_is_alone_is_a_failed_request)
{
    unsigned order[SPANS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    is_read_as(
        order, "21,22,23,31,32,33",
        "{\"requests\":[{\"start_ms\":1010,\"end_ms\":1200,\"error\":\"AI_APICallError: overloaded\"}]}");
    is_read_as(order, "11,31,32,33",
               "{\"requests\":[{\"start_ms\":1010,\"error\":\"AI_APICallError: overloaded\"},"
               "{\"output\":26,\"start_ms\":3210}]}");
}

/* ---- calls by HTTP ---- */

enum { HTTP_SPANS = 5 };

static const struct http_span {
    const char *id, *parent, *name, *attributes;
    int kind, start_ms, end_ms;
} http_spans[HTTP_SPANS] = {
    {"02", "01", "chat m",
     "{'key':'gen_ai.operation.name','value':{'stringValue':'chat'}},"
     "{'key':'gen_ai.response.time_to_first_chunk','value':{'doubleValue':1.4}}",
     3, 100, 3000},
    /* It counted tokens: no attempt. */
    {"03", "02", "POST", "{'key':'http.status_code','value':{'intValue':'200'}}", 3, 110, 200},
    {"04", "02", "POST", "{'key':'http.response.status_code','value':{'intValue':'429'}}", 3, 300,
     400},
    {"05", "02", "POST", "{'key':'http.response.status_code','value':{'stringValue':'200'}}", 3,
     1100, 2990},
    /* Not below a request: shown. */
    {"06", "01", "GET /page", "{'key':'http.response.status_code','value':{'intValue':'404'}}", 3,
     3100, 3200},
};

static void take_http_span(struct otlp_rig *otlp, const struct http_span *span)
{
    static const char zeros[] = "0000000000000000";
    char body[BODY_BYTES];
    int len = snprintf(
        body, sizeof body,
        "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':{"
        "'stringValue':'a program'}}]},'scopeSpans':[{'scope':{'name':'x'},'spans':[{"
        "'traceId':'0000000000000000000000000000bbbb','spanId':'%s%s',"
        "'parentSpanId':'00000000000000%s','name':'%s','kind':%d,'startTimeUnixNano':'%lld000000',"
        "'endTimeUnixNano':'%lld000000','attributes':[%s]}]}]}]}",
        zeros + strlen(span->id), span->id, span->parent, span->name, span->kind,
        1795903200000LL + span->start_ms, 1795903200000LL + span->end_ms, span->attributes);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
}

TEST(calls_by_http_are_attempts_from_the_first_that_failed)
{
    static const char expected[] =
        "{\"requests\":[{\"start_ms\":100,\"end_ms\":3000,\"retries\":1,\"setup_ms\":1000,"
        "\"ttft_ms\":400}]}";
    unsigned order[SPANS] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, seed = 7;
    json_t *want = json_loads(expected, 0, NULL);
    for (int i = 0; i < ORDERS; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (unsigned k = 0; k < 2 * SPANS; k++) { /* each twice */
            if (order[k % SPANS] < HTTP_SPANS) {
                take_http_span(&otlp, &http_spans[order[k % SPANS]]);
            }
        }
        json_t *reading = otlp_reading(&otlp.rig);
        char *differs = otlp_reading_differs(reading, want);
        const json_t *other = json_object_get(reading, "other");
        unsigned calls = 0;
        for (size_t k = 0; k < json_array_size(other); k++) {
            calls += strcmp(json_string_value(json_array_get(other, k)), "POST") == 0;
        }
        if (differs != NULL || calls > 0 || json_array_size(other) == 0) {
            fail_msg("%s\n%s", differs, json_dumps(reading, 0));
        }
        json_decref(reading);
        otlp_rig_release(&otlp);
        shuffle(order, &seed);
    }
    json_decref(want);
}

/* The same with a transport's spans between the request and each call. */
TEST(calls_by_http_below_other_spans_of_a_request_are_its_attempts)
{
    static const char expected[] =
        "{\"requests\":[{\"start_ms\":100,\"end_ms\":3000,\"retries\":1,\"setup_ms\":1000,"
        "\"ttft_ms\":400}]}";
    static const struct http_span between[] = {{"a1", "02", "send", "", 1, 100, 2995},
                                               {"a2", "a1", "try", "", 1, 290, 410},
                                               {"a3", "a1", "try", "", 1, 1090, 2991}};
    enum { BETWEEN = sizeof between / sizeof *between, ALL = BETWEEN + 3 };
    struct http_span all[ALL];
    unsigned order[SPANS] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, seed = 7;
    json_t *want = json_loads(expected, 0, NULL);
    memcpy(all, between, sizeof between);
    all[BETWEEN] = http_spans[0];
    all[BETWEEN + 1] = http_spans[2];
    all[BETWEEN + 1].parent = "a2";
    all[BETWEEN + 2] = http_spans[3];
    all[BETWEEN + 2].parent = "a3";
    for (int i = 0; i < ORDERS; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (unsigned k = 0; k < SPANS; k++) {
            if (order[k] < ALL) {
                take_http_span(&otlp, &all[order[k]]);
            }
        }
        json_t *reading = otlp_reading(&otlp.rig);
        char *differs = otlp_reading_differs(reading, want);
        const json_t *other = json_object_get(reading, "other");
        unsigned calls = 0;
        for (size_t k = 0; k < json_array_size(other); k++) {
            calls += strcmp(json_string_value(json_array_get(other, k)), "POST") == 0;
        }
        if (differs != NULL || calls > 0) {
            fail_msg("order %d: %s\n%s", i, differs, json_dumps(reading, 0));
        }
        json_decref(reading);
        otlp_rig_release(&otlp);
        shuffle(order, &seed);
    }
    json_decref(want);
}

/* Takes so many calls by HTTP below the request, all of which began then. */
static void take_calls(struct otlp_rig *otlp, unsigned count, int start_ms)
{
    for (unsigned i = 0; i < count; i++) {
        char id[24];
        struct http_span span = http_spans[1];
        snprintf(id, sizeof id, "%02x%04x", 16, i); /* longer than that of another span */
        span.id = id;
        span.start_ms = start_ms;
        span.end_ms = start_ms + 10;
        take_http_span(otlp, &span);
    }
}

static unsigned posts_of(const json_t *reading)
{
    const json_t *other = json_object_get(reading, "other");
    unsigned posts = 0;
    for (size_t k = 0; k < json_array_size(other); k++) {
        posts += strcmp(json_string_value(json_array_get(other, k)), "POST") == 0;
    }
    return posts;
}

TEST(all_calls_by_http_that_came_before_their_request_are_part_of_it)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_calls(&otlp, 300, 200);
    json_t *reading = otlp_reading(&otlp.rig);
    assert_int_equal(posts_of(reading), 300);
    json_decref(reading);
    take_http_span(&otlp, &http_spans[0]);
    reading = otlp_reading(&otlp.rig);
    assert_int_equal(posts_of(reading), 0);
    json_decref(reading);
    otlp_rig_release(&otlp);
}

/* Else the work for each attempt would grow with all that came before. */
TEST(attempts_before_hundreds_of_other_calls_are_not_looked_for)
{
    for (unsigned calls = 100; calls <= 300; calls += 200) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take_http_span(&otlp, &http_spans[0]);
        take_http_span(&otlp, &http_spans[2]);
        take_calls(&otlp, calls, 2000); /* after the first token */
        take_http_span(&otlp, &http_spans[3]);
        json_t *reading = otlp_reading(&otlp.rig);
        const json_t *request = json_array_get(json_object_get(reading, "requests"), 0);
        assert_int_equal(json_object_get(request, "retries") != NULL, calls == 100);
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
}
