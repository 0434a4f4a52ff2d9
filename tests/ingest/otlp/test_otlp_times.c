/* Spans of which a time is missing, or cannot be. */
#include "tests/support/otlp_encode.h"
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 1000 };

#define ZERO  "0"
#define HUGE  "18446744073709551615"
#define EARLY "1795903200000000000"
#define LATE  "1795903201000000000"

static void make_json(char body[BODY_BYTES], const char *start, const char *end)
{
    snprintf(body, BODY_BYTES,
             "{'resourceSpans':[{'scopeSpans':[{'spans':[{'traceId':"
             "'0000000000000000000000000000aaaa','spanId':'0000000000000001','name':'chat',"
             "'startTimeUnixNano':'%s','endTimeUnixNano':'%s','attributes':[{'key':"
             "'gen_ai.operation.name','value':{'stringValue':'chat'}}]}]}]}]}",
             start, end);
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
}

/* Decodes a span of these times, in either encoding. */
static void decode(struct otlp_batch *batch, enum otlp_encoding encoding, const char *start,
                   const char *end, struct strbuf *room)
{
    char body[BODY_BYTES];
    make_json(body, encoding == OTLP_JSON ? start : EARLY, encoding == OTLP_JSON ? end : LATE);
    assert_null(otlp_decode(batch, OTLP_TRACES, OTLP_JSON, (struct slice){body, strlen(body)}));
    if (encoding == OTLP_PROTOBUF) { /* the encoder takes any times */
        batch->spans[0].start_ns = strtoull(start, NULL, 10);
        batch->spans[0].end_ns = strtoull(end, NULL, 10);
        otlp_encode(batch, OTLP_TRACES, room);
        otlp_batch_clear(batch);
        assert_null(
            otlp_decode(batch, OTLP_TRACES, OTLP_PROTOBUF, (struct slice){room->data, room->len}));
    }
    otlp_check_times(batch);
}

TEST(a_span_has_one_valid_time_at_least)
{
    static const struct {
        const char *start, *end, *taken_start, *taken_end; /* NULL: it is rejected */
    } rows[] = {
        {EARLY, LATE, EARLY, LATE},  {ZERO, LATE, LATE, LATE},    {HUGE, LATE, LATE, LATE},
        {EARLY, ZERO, EARLY, EARLY}, {EARLY, HUGE, EARLY, EARLY}, {ZERO, ZERO, NULL, NULL},
        {ZERO, HUGE, NULL, NULL},    {HUGE, HUGE, NULL, NULL},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        enum otlp_encoding encoding = i % 2 == 0 ? OTLP_JSON : OTLP_PROTOBUF;
        bool taken = rows[i / 2].taken_start != NULL;
        struct otlp_batch batch;
        struct strbuf room;
        otlp_batch_init(&batch, &mem_libc);
        strbuf_init(&room, &mem_libc, 0);
        decode(&batch, encoding, rows[i / 2].start, rows[i / 2].end, &room);
        assert_int_equal(batch.span_count, taken ? 1 : 0);
        assert_int_equal(batch.rejected, taken ? 0 : 1);
        if (taken) {
            assert_true(batch.spans[0].start_ns == strtoull(rows[i / 2].taken_start, NULL, 10));
            assert_true(batch.spans[0].end_ns == strtoull(rows[i / 2].taken_end, NULL, 10));
        } else {
            assert_string_equal(batch.why, "a span has no valid time");
        }
        strbuf_release(&room);
        otlp_batch_release(&batch);
    }
}

/* A call with one time is drawn there, and runs no more. */
TEST(a_span_without_a_begin_or_an_end_is_shown)
{
    static const char *const times[][2] = {{ZERO, LATE}, {HUGE, LATE}, {LATE, ZERO}, {LATE, EARLY}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct otlp_rig otlp;
        char body[BODY_BYTES];
        otlp_rig_init(&otlp);
        make_json(body, times[i][0], times[i][1]);
        otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, body, strlen(body));
        json_t *reading = otlp_reading(&otlp.rig);
        const json_t *request = json_array_get(json_object_get(reading, "requests"), 0);
        assert_non_null(request);
        assert_int_equal(json_number_value(json_object_get(request, "start_ms")), 1000);
        assert_int_equal(json_integer_value(json_object_get(reading, "open")), 0);
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
}
