/* OTLP in protobuf: the same request gives the same batch in both encodings, and broken bodies are
   refused or repaired. */
#include "ingest/otlp/otlp.h"
#include "tests/support/failing_mem.h"
#include "tests/support/otlp_dump.h"
#include "tests/support/otlp_encode.h"
#include "tests/support/otlp_samples.h"
#include "tests/support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Without protobuf-c every body is refused, with one text: then there is nothing to test. */
static bool in_build(void)
{
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    const char *why = otlp_decode(&batch, OTLP_TRACES, OTLP_PROTOBUF, (struct slice){0});
    otlp_batch_release(&batch);
    if (why != NULL) {
        assert_string_equal(
            why, "protobuf is not in this build: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json");
    }
    return why == NULL;
}

/* Returns what the body gives, new; *body is emptied. */
static char *dump(enum otlp_signal signal, enum otlp_encoding encoding, struct slice body)
{
    struct otlp_batch batch;
    struct strbuf text;
    otlp_batch_init(&batch, &mem_libc);
    strbuf_init(&text, &mem_libc, 0);
    /* A copy of just these bytes, so that ASan sees who reads beyond them. */
    char *copy = malloc(body.len > 0 ? body.len : 1);
    memcpy(copy, body.len > 0 ? body.bytes : "", body.len);
    const char *why = otlp_decode(&batch, signal, encoding, (struct slice){copy, body.len});
    strbuf_adds(&text, "");
    if (why != NULL) {
        strbuf_addf(&text, "refused: %s\n", why);
    }
    otlp_dump(&batch, &text);
    otlp_batch_release(&batch);
    free(copy);
    return text.data;
}

static void assert_dump(enum otlp_signal signal, struct strbuf *body, const char *expected)
{
    char *text = dump(signal, OTLP_PROTOBUF, (struct slice){body->data, body->len});
    assert_string_equal(text, expected);
    free(text);
    strbuf_clear(body);
}

/* ---- the same in both encodings ---- */

static void assert_same(const char *name, enum otlp_signal signal, struct slice json)
{
    struct otlp_batch batch;
    struct strbuf protobuf, expected;
    otlp_batch_init(&batch, &mem_libc);
    strbuf_init(&protobuf, &mem_libc, 0);
    strbuf_init(&expected, &mem_libc, 0);
    const char *why = otlp_decode(&batch, signal, OTLP_JSON, json);
    if (why != NULL || batch.rejected > 0) {
        fail_msg("%s: %s", name, why != NULL ? why : batch.why);
    }
    strbuf_adds(&expected, "");
    otlp_dump(&batch, &expected);
    otlp_encode(&batch, signal, &protobuf);
    char *text = dump(signal, OTLP_PROTOBUF, (struct slice){protobuf.data, protobuf.len});
    if (strcmp(text, expected.data) != 0) {
        fail_msg("%s gives in JSON\n%s\nand in protobuf\n%s", name, expected.data, text);
    }
    free(text);
    strbuf_clear(&protobuf);
    otlp_encode_json(&batch, signal, &protobuf);
    text = dump(signal, OTLP_JSON, (struct slice){protobuf.data, protobuf.len});
    assert_string_equal(text, expected.data);
    free(text);
    strbuf_release(&expected);
    strbuf_release(&protobuf);
    otlp_batch_release(&batch);
}

TEST(what_json_can_hold_is_the_same_in_protobuf)
{
    if (!in_build()) {
        skip();
    }
#define IDS   "\"traceId\":\"0000000000000000000000000000000a\",\"spanId\":\"000000000000000b\""
#define SCOPE "\"scope\":{\"name\":\"s\",\"version\":\"1\",\"attributes\":[{\"key\":\"a\"}]}"
#define AROUND(signal, scopes, items, body)                                                       \
    "{\"" signal "\":[{\"resource\":{\"attributes\":[{\"key\":\"r\",\"value\":{\"intValue\":1}}]" \
    "},\"" scopes "\":[{" SCOPE ",\"" items "\":[" body "]}]}]}"
    static const struct {
        enum otlp_signal signal;
        const char *json;
    } rows[] = {
        {OTLP_TRACES,
         AROUND("resourceSpans", "scopeSpans", "spans",
                "{" IDS ",\"parentSpanId\":\"00000000000000ff\",\"name\":\"\\ud83dn\",\"kind\":3,"
                "\"startTimeUnixNano\":\"18446744073709551615\",\"endTimeUnixNano\":\"1\","
                "\"status\":{\"code\":2,\"message\":\"m\"},\"events\":[{\"timeUnixNano\":5,"
                "\"name\":\"e\",\"attributes\":[{\"key\":\"k\"}]},{}],\"links\":[{" IDS
                ",\"attributes\":[{\"key\":\"k\"}]},{}],\"attributes\":["
                "{\"key\":\"s\",\"value\":{\"stringValue\":\"a\\u0000b\"}},"
                "{\"key\":\"e\",\"value\":{\"stringValue\":\"\"}},"
                "{\"key\":\"i\",\"value\":{\"intValue\":\"-9223372036854775808\"}},"
                "{\"key\":\"z\",\"value\":{\"intValue\":0}},"
                "{\"key\":\"d\",\"value\":{\"doubleValue\":\"-Infinity\"}},"
                "{\"key\":\"n\",\"value\":{\"doubleValue\":\"NaN\"}},"
                "{\"key\":\"b\",\"value\":{\"boolValue\":false}},"
                "{\"key\":\"x\",\"value\":{\"bytesValue\":\"AP8=\"}},"
                "{\"key\":\"none\"},"
                "{\"key\":\"ea\",\"value\":{\"arrayValue\":{}}},"
                "{\"key\":\"em\",\"value\":{\"kvlistValue\":{}}},"
                "{\"key\":\"a\",\"value\":{\"arrayValue\":{\"values\":[{},{\"intValue\":1},"
                "{\"kvlistValue\":{\"values\":[{\"key\":\"m\",\"value\":{\"arrayValue\":"
                "{\"values\":[{\"boolValue\":true}]}}}]}}]}}}]}")},
        {OTLP_LOGS, AROUND("resourceLogs", "scopeLogs", "logRecords",
                           "{" IDS ",\"timeUnixNano\":\"5\",\"observedTimeUnixNano\":\"6\","
                           "\"severityNumber\":9,\"eventName\":\"e\",\"body\":{\"kvlistValue\":"
                           "{\"values\":[{\"key\":\"k\"}]}},\"attributes\":[{\"key\":\"k\"}]},{}")},
        {OTLP_METRICS,
         AROUND(
             "resourceMetrics", "scopeMetrics", "metrics",
             "{\"name\":\"g\",\"unit\":\"s\",\"gauge\":{\"dataPoints\":[{\"asDouble\":1.5,"
             "\"timeUnixNano\":5,\"attributes\":[{\"key\":\"k\"}]},{}]}},"
             "{\"name\":\"d\",\"sum\":{\"aggregationTemporality\":1,\"isMonotonic\":true,"
             "\"dataPoints\":[{\"asInt\":\"-3\"}]}},"
             "{\"name\":\"c\",\"sum\":{\"aggregationTemporality\":2,\"dataPoints\":[{\"asInt\":4}]"
             "}},{\"name\":\"h\",\"histogram\":{\"aggregationTemporality\":1,\"dataPoints\":["
             "{\"count\":3,\"sum\":1.5},{\"count\":\"4\"}]}}")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_same("row", rows[i].signal, (struct slice){rows[i].json, strlen(rows[i].json)});
    }
}

static enum otlp_signal signal_of(const char *name)
{
    return strstr(name, "log") != NULL      ? OTLP_LOGS
           : strstr(name, "metric") != NULL ? OTLP_METRICS
                                            : OTLP_TRACES;
}

TEST(each_example_is_the_same_in_protobuf)
{
    if (!in_build()) {
        skip();
    }
    static const char *const directories[] = {"otlp/examples", "samples/genai-sdk/otlp-json"};
    size_t bodies = 0;
    for (size_t i = 0; i < COUNT(directories); i++) {
        char path[512];
        snprintf(path, sizeof path, "data/%s", directories[i]);
        DIR *directory = opendir(support_tests(path));
        assert_non_null(directory);
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            const char *name = entry->d_name;
            size_t len = strlen(name);
            if (len < 5 || strcmp(name + len - 5, ".json") != 0 ||
                strcmp(name, "expected.json") == 0) {
                continue;
            }
            snprintf(path, sizeof path, "%s/%s", directories[i], name);
            char *json = support_read_file(support_data(path), &len);
            assert_same(name, signal_of(name), (struct slice){json, len});
            free(json);
            bodies++;
        }
        closedir(directory);
    }
    assert_true(bodies >= 30);
}

struct counts {
    size_t bodies, items;
};

static void take_sample(void *ctx, const struct otlp_sample *sample)
{
    struct counts *counts = ctx;
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    const char *why = otlp_decode(&batch, sample->signal, sample->encoding, sample->body);
    if (why != NULL) {
        fail_msg("%s", why);
    }
    assert_int_equal(batch.rejected, 0);
    size_t items = batch.span_count + batch.log_count + batch.point_count;
    for (size_t i = 0; i < batch.span_count; i++) {
        const struct otlp_span *span = &batch.spans[i];
        assert_true(span->name.len > 0 && span->start_ns > 0 && span->scope->resource.count > 0);
    }
    assert_true(items > 0);
    counts->bodies++;
    counts->items += items;
    otlp_batch_release(&batch);
    if (sample->encoding == OTLP_JSON) {
        assert_same("sample", sample->signal, sample->body);
    }
}

TEST(each_capture_is_decoded_as_a_whole)
{
    if (!in_build()) {
        skip();
    }
    static const struct {
        const char *file;
        struct counts expected;
    } rows[] = {
        {"samples/claude/solo-json/otlp.jsonl", {31, 163}},
        {"samples/claude/swarm-json/otlp.jsonl", {83, 428}},
        {"samples/claude/tui-perm/otlp.jsonl", {28, 102}},
        {"samples/claude/dead/otlp.jsonl", {18, 111}},
        {"samples/claude/abort/otlp.jsonl", {47, 277}},
        {"samples/claude/concurrent-pb/otlp.jsonl", {154, 747}},
        {"samples/codex/swarm/otlp/logs.jsonl", {155, 155}},
        {"samples/codex/swarm/otlp/traces.jsonl", {207, 207}},
        {"samples/codex/tui/otlp/logs.jsonl", {77, 77}},
        {"samples/gemini/sub/otlp/logs.jsonl", {28, 28}},
        {"samples/gemini/sub/otlp/metrics.jsonl", {13, 32}},
        {"samples/gemini/sub/otlp/traces.jsonl", {12, 12}},
        {"samples/opencode/swarm/otlp/logs.jsonl", {90, 90}},
        {"samples/opencode/swarm/otlp/traces.jsonl", {74, 74}},
        {"samples/qwen/swarm/otlp/logs.jsonl", {41, 41}},
        {"samples/qwen/swarm/otlp/metrics.jsonl", {34, 67}},
        {"samples/qwen/swarm/otlp/traces.jsonl", {51, 51}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct counts counts = {0};
        otlp_samples(rows[i].file, take_sample, &counts);
        if (counts.bodies != rows[i].expected.bodies || counts.items != rows[i].expected.items) {
            fail_msg("%s: {%zu, %zu}", rows[i].file, counts.bodies, counts.items);
        }
    }
}

/* The client sent the same run in both encodings: ids and times differ, the rest does not. */
TEST(a_real_exporter_sends_the_same_in_both_encodings)
{
    if (!in_build()) {
        skip();
    }
    for (int i = 1; i <= 8; i++) {
        struct otlp_batch batches[2];
        char *bodies[2];
        for (int k = 0; k < 2; k++) {
            char path[64];
            size_t len;
            const char *kind = k == 0 ? "json" : "pb";
            snprintf(path, sizeof path, "samples/genai-sdk/otlp-%s/%04d-traces.%s", kind, i, kind);
            bodies[k] = support_read_file(support_data(path), &len);
            otlp_batch_init(&batches[k], &mem_libc);
            assert_null(otlp_decode(&batches[k], OTLP_TRACES, k == 0 ? OTLP_JSON : OTLP_PROTOBUF,
                                    (struct slice){bodies[k], len}));
            assert_int_equal(batches[k].rejected, 0);
            assert_true(batches[k].span_count > 0);
        }
        assert_int_equal(batches[0].span_count, batches[1].span_count);
        for (size_t n = 0; n < batches[0].span_count; n++) {
            const struct otlp_span *a = &batches[0].spans[n], *b = &batches[1].spans[n];
            assert_int_equal(a->name.len, b->name.len);
            assert_memory_equal(a->name.bytes, b->name.bytes, a->name.len);
            assert_int_equal(a->attributes.count, b->attributes.count);
            assert_int_equal(a->event_count, b->event_count);
            assert_int_equal(a->kind, b->kind);
            assert_int_equal(a->scope->resource.count, b->scope->resource.count);
            assert_true(a->start_ns / 1000000000000 == b->start_ns / 1000000000000);
        }
        for (int k = 0; k < 2; k++) {
            otlp_batch_release(&batches[k]);
            free(bodies[k]);
        }
    }
}

/* ---- broken and unusual bodies ---- */

static void put_ids(struct strbuf *out)
{
    otlp_put_bytes(out, 1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\012", 16);
    otlp_put_bytes(out, 2, "\0\0\0\0\0\0\0\013", 8);
}

/* Ends the span, its scope and its resource. */
static void end_span(struct strbuf *out, size_t begin)
{
    otlp_end(out, 2, begin);
    otlp_end(out, 2, begin);
    otlp_end(out, 1, begin);
}

TEST(unusual_spans_are_read)
{
    if (!in_build()) {
        skip();
    }
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    assert_dump(OTLP_TRACES, &body, ""); /* no byte: an empty request */

    /* Unknown fields of all wire types; the last name counts. */
    put_ids(&body);
    otlp_put_int(&body, 100, 5);
    otlp_put_fixed(&body, 101, "12345678");
    otlp_put_bytes(&body, 102, "\xff\xff", 2);
    strbuf_add(&body,
               "\xbd\x06"
               "1234",
               6); /* field 103, 4 bytes */
    otlp_put_bytes(&body, 5, "a", 1);
    otlp_put_bytes(&body, 5, "b", 1);
    otlp_put_int(&body, 6, (uint64_t)-1);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "span 0a/0b \"b\" kind -1\n");

    /* Invalid UTF-8 is replaced, a NUL and a lone surrogate are not. */
    put_ids(&body);
    otlp_put_bytes(&body, 5, "a\xff\xc3z\xe9", 5);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "span 0a/0b \"a\ufffd\ufffdz\ufffd\"\n");
    put_ids(&body);
    otlp_put_bytes(&body, 5, "\xed\xa0\xbd", 3);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "span 0a/0b \"\xed\xa0\xbd\"\n");

    /* Ids of other lengths. */
    otlp_put_bytes(&body, 1, "0123456789abcde", 15);
    otlp_put_bytes(&body, 2, "01234567", 8);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "rejected 1: a span has no valid trace id\n");
    put_ids(&body);
    otlp_put_bytes(&body, 2, "012345678", 9);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "rejected 1: a span has no valid span id\n");

    /* The last of a value's kinds counts. */
    put_ids(&body);
    size_t attribute = otlp_begin(&body);
    otlp_put_bytes(&body, 1, "k", 1);
    size_t value = otlp_begin(&body);
    otlp_put_bytes(&body, 1, "text", 4);
    otlp_put_int(&body, 3, 7);
    otlp_end(&body, 2, value);
    otlp_end(&body, 9, attribute);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "span 0a/0b {k=7}\n");

    /* An array that is no message leaves the attribute empty. */
    put_ids(&body);
    attribute = otlp_begin(&body);
    otlp_put_bytes(&body, 1, "k", 1);
    value = otlp_begin(&body);
    otlp_put_bytes(&body, 5, "\xff", 1);
    otlp_end(&body, 2, value);
    otlp_end(&body, 9, attribute);
    end_span(&body, 0);
    assert_dump(OTLP_TRACES, &body, "span 0a/0b {k=-}\n");
    strbuf_release(&body);
}

TEST(a_body_that_is_no_message_is_refused)
{
    if (!in_build()) {
        skip();
    }
    static const struct slice bodies[] = {
        {"\xff", 1},     /* a tag that does not end */
        {"\x0a", 1},     /* no length */
        {"\x0a\x05", 2}, /* too few bytes */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
        {"\x0b\x0c", 2}, /* groups */
        {"{\"resourceSpans\":[]}", 20},
        {"\x0a\x02\x0a\x05", 4}, /* inside */
        {"\x00\x00", 2},         /* field 0 */
    };
    for (int signal = 0; signal < OTLP_SIGNALS; signal++) {
        for (size_t i = 0; i < COUNT(bodies); i++) {
            char *text = dump((enum otlp_signal)signal, OTLP_PROTOBUF, bodies[i]);
            if (strcmp(text, "refused: no valid protobuf\n") != 0) {
                fail_msg("signal %d, body %zu: %s", signal, i, text);
            }
            free(text);
        }
    }
}

TEST(any_first_part_of_a_body_is_refused_or_complete)
{
    if (!in_build()) {
        skip();
    }
    size_t len;
    char *body = support_read_file(support_data("samples/genai-sdk/otlp-pb/0001-traces.pb"), &len);
    for (size_t cut = 1; cut < len; cut++) {
        char *text = dump(OTLP_TRACES, OTLP_PROTOBUF, (struct slice){body, cut});
        assert_true(strncmp(text, "refused", 7) == 0 || strncmp(text, "span", 4) == 0);
        free(text);
    }
    free(body);
}

/* Nested messages cost one byte of a tag and a few of a length each: a small body can hold very many. */
TEST(nested_values_do_not_exhaust_the_stack)
{
    if (!in_build()) {
        skip();
    }
    static const struct {
        int levels;
        bool maps;
        const char *expected;
    } rows[] = {
        {2, false, "span 0a/0b {deep=[[1]]} event \"e\"\n"},
        {16, false, "span 0a/0b {deep=[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]} event \"e\"\n"},
        {17, false, "span 0a/0b {deep=-} event \"e\"\n"},
        {2, true, "span 0a/0b {deep={={=1}}} event \"e\"\n"},
        {17, true, "span 0a/0b {deep=-} event \"e\"\n"},
        {20000, false, "span 0a/0b {deep=-} event \"e\"\n"},
        {20000, true, "span 0a/0b {deep=-} event \"e\"\n"},
    };
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        otlp_put_int(&body, 3, 1);
        for (int level = 0; level < rows[i].levels; level++) {
            if (rows[i].maps) {
                otlp_end(&body, 2, 0);
            }
            otlp_end(&body, 1, 0);
            otlp_end(&body, rows[i].maps ? 6 : 5, 0);
        }
        otlp_end(&body, 2, 0);
        otlp_put_bytes(&body, 1, "deep", 4);
        otlp_end(&body, 9, 0);
        put_ids(&body);
        otlp_put_bytes(&body, 11,
                       "\x12\x01"
                       "e",
                       3);
        end_span(&body, 0);
        assert_dump(OTLP_TRACES, &body, rows[i].expected);
    }
    strbuf_release(&body);
}

TEST(without_memory_the_batch_is_empty_and_can_be_used_again)
{
    if (!in_build()) {
        skip();
    }
    size_t len;
    char *body = support_read_file(support_data("samples/genai-sdk/otlp-pb/0003-traces.pb"), &len);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct otlp_batch batch;
        otlp_batch_init(&batch, &lack.mem);
        const char *why =
            otlp_decode(&batch, OTLP_TRACES, OTLP_PROTOBUF, (struct slice){body, len});
        lack.done = why == NULL;
        assert_int_equal(batch.no_memory, why != NULL);
        if (why != NULL) {
            assert_string_equal(why, "out of memory");
            assert_int_equal(batch.span_count, 0);
            otlp_batch_clear(&batch);
            lack.failing.allow = -1;
            assert_null(otlp_decode(&batch, OTLP_TRACES, OTLP_PROTOBUF, (struct slice){body, len}));
        }
        assert_true(batch.span_count > 0);
        otlp_batch_release(&batch);
    }
    free(body);
}

/* Two bytes of a body need fifty when they are decoded. */
TEST(a_body_that_decodes_to_too_much_is_refused)
{
    if (!in_build()) {
        skip();
    }
    size_t len = (size_t)24 << 20;
    char *body = calloc(1, len);
    for (size_t i = 0; i < len; i += 2) {
        body[i] = 0x0a;
    }
    char *text = dump(OTLP_TRACES, OTLP_PROTOBUF, (struct slice){body, len});
    assert_string_equal(text, "refused: too large when decoded\n");
    free(text);
    free(body);
}
