/* OTLP/JSON: a table for each place of a body, from JSON to what the batch then has (otlp_dump.h). */
#include "ingest/otlp/otlp.h"
#include "tests/support/failing_mem.h"
#include "tests/support/otlp_dump.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define IDS          "\"traceId\":\"0000000000000000000000000000000a\",\"spanId\":\"000000000000000b\""
#define SPANS(spans) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" spans "]}]}]}"

struct row {
    const char *json, *expected;
};

static void assert_dump_of_bytes(enum otlp_signal signal, struct slice body, const char *expected)
{
    struct otlp_batch batch;
    struct strbuf text;
    otlp_batch_init(&batch, &mem_libc);
    strbuf_init(&text, &mem_libc, 0);
    /* A copy of just these bytes, so that ASan sees who reads beyond them. */
    char *copy = malloc(body.len + 1);
    memcpy(copy, body.bytes, body.len);
    copy = realloc(copy, body.len > 0 ? body.len : 1);
    const char *why = otlp_decode(&batch, signal, OTLP_JSON, (struct slice){copy, body.len});
    if (why != NULL) {
        strbuf_addf(&text, "refused: %s\n", why);
    }
    otlp_dump(&batch, &text);
    if (text.len > 0) {
        text.data[text.len - 1] = '\0';
    }
    if (strcmp(text.data != NULL ? text.data : "", expected) != 0) {
        fail_msg("%.*s\n  gives    %s\n  expected %s", (int)body.len, body.bytes, text.data,
                 expected);
    }
    strbuf_release(&text);
    otlp_batch_release(&batch);
    free(copy);
}

static void assert_dump(enum otlp_signal signal, const char *json, const char *expected)
{
    assert_dump_of_bytes(signal, (struct slice){json, strlen(json)}, expected);
}

/* Rows are what comes between `before` and `after`, in the body as in the dump. */
static void assert_rows(enum otlp_signal signal, const struct row *rows, size_t count,
                        const char *const json_around[2], const char *const dump_around[2])
{
    for (size_t i = 0; i < count; i++) {
        char json[4096], expected[4096];
        snprintf(json, sizeof json, "%s%s%s", json_around[0], rows[i].json, json_around[1]);
        snprintf(expected, sizeof expected, "%s%s%s", dump_around[0], rows[i].expected,
                 dump_around[1]);
        assert_dump(signal, json, expected);
    }
}

TEST(attribute_values_have_their_types)
{
    static const struct row rows[] = {
        {"{\"stringValue\":\"x\"}", "'x'"},
        {"{\"stringValue\":\"\"}", "''"},
        {"{\"stringValue\":\"a\\n\\u00e9\\\"\"}", "'a\n\u00e9\"'"},
        {"{\"stringValue\":\"\\ud83d\\ude00\"}", "'\U0001F600'"},
        {"{\"stringValue\":\"<\\ud83d>\"}", "'<\xed\xa0\xbd>'"},
        {"{\"intValue\":\"42\"}", "42"},
        {"{\"intValue\":42}", "42"},
        {"{\"intValue\":-1}", "-1"},
        {"{\"intValue\":\"9223372036854775807\"}", "9223372036854775807"},
        {"{\"intValue\":9007199254740993}", "9007199254740993"},
        {"{\"intValue\":\"-9223372036854775808\"}", "-9223372036854775808"},
        {"{\"intValue\":\"18446744073709551615\"}", "1.8446744073709552e+19"},
        {"{\"intValue\":1e3}", "1000"},
        {"{\"intValue\":5.0}", "5"},
        {"{\"intValue\":1.5}", "1.5"},
        {"{\"intValue\":\"many\"}", "-"},
        {"{\"intValue\":\"\"}", "-"},
        {"{\"intValue\":true}", "-"},
        {"{\"doubleValue\":1.5}", "1.5"},
        {"{\"doubleValue\":1}", "1.0"},
        {"{\"doubleValue\":\"2.5\"}", "2.5"},
        {"{\"doubleValue\":\"NaN\"}", "nan"},
        {"{\"doubleValue\":\"Infinity\"}", "inf"},
        {"{\"doubleValue\":\"-Infinity\"}", "-inf"},
        {"{\"doubleValue\":\"much\"}", "-"},
        {"{\"boolValue\":true}", "true"},
        {"{\"boolValue\":false}", "false"},
        {"{\"bytesValue\":\"AP8=\"}", "x00ff"},
        {"{\"bytesValue\":\"AP8\"}", "x00ff"},
        {"{\"bytesValue\":\"-_-_\"}", "xfbffbf"},
        {"{\"bytesValue\":\"\"}", "x"},
        {"{\"bytesValue\":\"A\"}", "-"},
        {"{\"bytesValue\":\"%%%%\"}", "-"},
        {"{\"arrayValue\":{\"values\":[{\"intValue\":1},{},{\"stringValue\":\"b\"},null]}}",
         "[1,-,'b',-]"},
        {"{\"arrayValue\":{\"values\":[]}}", "[]"},
        {"{\"arrayValue\":{}}", "[]"},
        {"{\"arrayValue\":{\"values\":[{\"arrayValue\":{\"values\":[{\"intValue\":1}]}},"
         "{\"intValue\":2}]}}",
         "[[1],2]"},
        {"{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{\"intValue\":1}},"
         "{\"key\":\"b\"}]}}",
         "{a=1,b=-}"},
        {"{\"kvlistValue\":{}}", "{}"},
        {"{}", "-"},
        {"null", "-"},
        {"\"plain\"", "-"},
        {"[1]", "-"},
        {"{\"stringValue\":null}", "-"},
        {"{\"stringValue\":\"a\",\"intValue\":null}", "'a'"},
        {"{\"stringValue\":\"a\",\"intValue\":5}", "5"},
        {"{\"stringValue\":\"a\",\"stringValue\":\"b\"}", "'b'"},
        {"{\"string_value\":\"a\"}", "-"},
        {"{\"newValue\":{\"x\":[1,{\"y\":\"]}\"}]},\"intValue\":5}", "5"},
        {"{\"\\u0069ntValue\":5}", "5"},
        {" { \"intValue\" : \"5\" } ", "5"},
    };
    static const char *const json[] = {
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
        ",\"attributes\":[{\"key\":\"k\",\"value\":",
        "},{\"key\":\"last\",\"value\":{\"intValue\":\"7\"}}],\"name\":\"n\"}]}]}]}"};
    static const char *const dump[] = {"span 0a/0b \"n\" {k=", ",last=7}"};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), json, dump);
}

TEST(members_of_a_span_are_read)
{
    static const struct row rows[] = {
        {"\"name\":\"a b\"", " \"a b\""},
        {"\"name\":null", ""},
        {"\"name\":5", ""},
        {"\"name\":\"a\",\"name\":\"b\"", " \"b\""},
        {"\"parentSpanId\":\"\"", ""},
        {"\"parentSpanId\":null", ""},
        {"\"parentSpanId\":\"00000000000000FF\"", " parent ff"},
        {"\"parentSpanId\":\"abc\"", ""},
        {"\"parent_span_id\":\"00000000000000FF\"", ""},
        {"\"kind\":3", " kind 3"},
        {"\"kind\":\"3\"", " kind 3"},
        {"\"kind\":\"SPAN_KIND_CLIENT\"", " kind 3"},
        {"\"kind\":\"SPAN_KIND_UNSPECIFIED\"", ""},
        {"\"kind\":\"NO_KIND\"", ""},
        {"\"kind\":{}", ""},
        {"\"kind\":99", " kind 99"},
        {"\"startTimeUnixNano\":\"1795903200000000001\"", " 1795903200000000001..0"},
        {"\"startTimeUnixNano\":1795903200000000001", " 1795903200000000001..0"},
        {"\"startTimeUnixNano\":1.7959032e18", " 1795903200000000000..0"},
        {"\"startTimeUnixNano\":\"18446744073709551615\"", " 18446744073709551615..0"},
        {"\"startTimeUnixNano\":\"18446744073709551616\"", ""},
        {"\"startTimeUnixNano\":-5,\"endTimeUnixNano\":\"soon\"", ""},
        {"\"endTimeUnixNano\":\"20\",\"startTimeUnixNano\":\"10\"", " 10..20"},
        {"\"status\":{}", ""},
        {"\"status\":{\"code\":2,\"message\":\"m\"}", " status 2 \"m\""},
        {"\"status\":{\"message\":\"m\",\"code\":\"STATUS_CODE_ERROR\"}", " status 2 \"m\""},
        {"\"status\":{\"code\":2,\"message\":\"m\"},\"status\":{\"code\":1}", " status 1"},
        {"\"attributes\":{}", ""},
        {"\"attributes\":[{\"key\":\"a\"},7,null,{\"key\":\"b\",\"value\":{\"intValue\":1}}]",
         " {a=-,b=1}"},
        {"\"attributes\":[{\"key\":\"a\"}],\"attributes\":[{\"key\":\"b\"}]", " {b=-}"},
        {"\"attributes\":[{\"value\":{\"intValue\":1},\"key\":\"a\"}]", " {a=1}"},
        {"\"events\":[{\"timeUnixNano\":\"5\",\"name\":\"e\",\"attributes\":[{\"key\":\"k\"}],"
         "\"droppedAttributesCount\":1},{\"name\":\"f\"}]",
         " event 5 \"e\" {k=-} event \"f\""},
        {"\"events\":[{\"name\":\"e\"}],\"events\":[]", ""},
        {"\"links\":[{\"traceId\":\"000000000000000000000000000000AA\",\"spanId\":"
         "\"00000000000000bb\",\"flags\":1,\"attributes\":[{\"key\":\"k\"}]}]",
         " link aa/bb {k=-}"},
        {"\"links\":null,\"events\":null,\"status\":null,\"attributes\":null,\"kind\":null", ""},
        {"\"flags\":257,\"traceState\":\"a=b\",\"droppedLinksCount\":0,\"future\":[{\"a\":{}}]",
         ""},
    };
    static const char *const json[] = {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS ",",
                                       "}]}]}]}"};
    static const char *const dump[] = {"span 0a/0b", ""};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), json, dump);
}

TEST(a_span_without_valid_ids_is_rejected_alone)
{
    static const struct row rows[] = {
        {"{}", "rejected 1: a span has no valid trace id"},
        {"{\"traceId\":\"00000000000000000000000000000000\",\"spanId\":\"000000000000000b\"}",
         "rejected 1: a span has no valid trace id"},
        {"{\"traceId\":\"0a\",\"spanId\":\"000000000000000b\"}",
         "rejected 1: a span has no valid trace id"},
        {"{\"traceId\":\"0000000000000000000000000000000x\",\"spanId\":\"000000000000000b\"}",
         "rejected 1: a span has no valid trace id"},
        {"{\"trace_id\":\"0000000000000000000000000000000a\",\"spanId\":\"000000000000000b\"}",
         "rejected 1: a span has no valid trace id"},
        {"{\"traceId\":\"0000000000000000000000000000000A\",\"spanId\":\"0000000000000000\"}",
         "rejected 1: a span has no valid span id"},
        {"{\"traceId\":\"0000000000000000000000000000000A\",\"spanId\":\"000000000000000b0\"}",
         "rejected 1: a span has no valid span id"},
        {"{\"traceId\":\"0000000000000000000000000000000A\",\"spanId\":12}",
         "rejected 1: a span has no valid span id"},
        {"{\"traceId\":\"0000000000000000000000000000000A\"},{},{}",
         "rejected 3: a span has no valid span id"},
    };
    static const char *const json[] = {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
                                       "},",
                                       ",{\"name\":\"z\",\"spanId\":\"00000000000000FB\","
                                       "\"traceId\":\"F0000000000000000000000000000001\"}]}]}]}"};
    static const char *const dump[] = {
        "span 0a/0b\nspan f0000000000000000000000000000001/fb \"z\"\n", ""};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), json, dump);
}

TEST(resources_and_scopes_belong_to_what_they_enclose_in_any_order)
{
    static const struct row rows[] = {
        {"{}", ""},
        {"{\"resourceSpans\":[]}", ""},
        {"{\"resourceSpans\":null}", ""},
        {"{\"resourceSpans\":{}}", ""},
        {"{\"resourceSpans\":[{},{\"scopeSpans\":[{}]},{\"scopeSpans\":[{\"spans\":[]}]}]}", ""},
        {"{\"resource_spans\":[{\"scope_spans\":[{\"spans\":[{" IDS "}]}]}]}", ""},
        {"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}", ""},
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS "}],\"scope\":{\"version\":\"2\","
         "\"name\":\"s\",\"attributes\":[{\"key\":\"a\"}]},\"schemaUrl\":\"u\"},{\"spans\":[{" IDS
         "}]}],\"resource\":{\"attributes\":[{\"key\":\"r\"}]}},{\"scopeSpans\":[{\"spans\":[{" IDS
         "}]}]}]}",
         "span 0a/0b scope \"s\" \"2\" {a=-} resource {r=-}\nspan 0a/0b resource {r=-}\nspan 0a/0b"},
        /* The last of two members counts, also where it is a list. */
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS ",\"name\":\"a\"},{}],"
         "\"spans\":[{" IDS ",\"name\":\"b\"}]}]}]}",
         "span 0a/0b \"b\""},
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS "}]}]},{\"scopeSpans\":[{"
         "\"spans\":[{" IDS ",\"name\":\"a\"}]}],\"scopeSpans\":[{\"spans\":[{" IDS
         ",\"name\":\"b\"}]}]}]}",
         "span 0a/0b\nspan 0a/0b \"b\""},
        {SPANS("{" IDS "}") " ", "span 0a/0b"},
    };
    static const char *const nothing[] = {"", ""};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), nothing, nothing);
}

TEST(log_records_are_read)
{
    static const struct row rows[] = {
        {"{}", "log /"},
        {"{\"timeUnixNano\":\"5\",\"observedTimeUnixNano\":6,\"severityNumber\":9,"
         "\"severityText\":\"INFO\",\"eventName\":\"e\",\"body\":{\"stringValue\":\"b\"},"
         "\"attributes\":[{\"key\":\"k\",\"value\":{\"intValue\":1}}]," IDS "}",
         "log 0a/0b at 5 observed 6 severity 9 \"e\" body 'b' {k=1}"},
        {"{\"severityNumber\":\"SEVERITY_NUMBER_ERROR\"}", "log / severity 17"},
        {"{\"severityNumber\":\"SEVERITY_NUMBER_INFO3\"}", "log / severity 11"},
        {"{\"severityNumber\":\"SEVERITY_NUMBER_INFO5\"}", "log /"},
        {"{\"traceId\":\"\",\"spanId\":\"\"}", "log /"},
        {"{\"traceId\":\"xx\",\"spanId\":\"000000000000000b\"}", "log /0b"},
        {"{\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{\"boolValue\":true}}]}}}",
         "log / body {a=true}"},
        {"{\"body\":\"text\"}", "log /"},
    };
    static const char *const json[] = {"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[",
                                       "]}]}]}"};
    static const char *const dump[] = {"", ""};
    assert_rows(OTLP_LOGS, rows, COUNT(rows), json, dump);
}

TEST(data_points_have_the_figures_of_their_metric)
{
    static const struct row rows[] = {
        {"{\"name\":\"m\",\"unit\":\"s\",\"gauge\":{\"dataPoints\":[{\"asDouble\":1.5,"
         "\"timeUnixNano\":\"5\"},{\"asInt\":\"7\"},{}]}}",
         "gauge \"m\" \"s\" at 5 value 1.5\ngauge \"m\" \"s\" value 7.0\ngauge \"m\" \"s\" value nan"},
        {"{\"sum\":{\"dataPoints\":[{\"asInt\":3,\"attributes\":[{\"key\":\"k\"}]}],"
         "\"isMonotonic\":true,\"aggregationTemporality\":1},\"name\":\"m\"}",
         "delta sum monotonic \"m\" value 3.0 {k=-}"},
        {"{\"sum\":{\"dataPoints\":[{\"asInt\":3}],\"aggregationTemporality\":2}}",
         "sum value 3.0"},
        {"{\"sum\":{\"dataPoints\":[{\"asInt\":3}],"
         "\"aggregationTemporality\":\"AGGREGATION_TEMPORALITY_DELTA\"}}",
         "delta sum value 3.0"},
        {"{\"histogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"count\":\"4\",\"sum\":2,"
         "\"bucketCounts\":[\"1\",\"3\"],\"explicitBounds\":[1]}]}}",
         "histogram delta value 2.0 count 4.0"},
        {"{\"histogram\":{\"dataPoints\":[{\"count\":4}]}}", "histogram value nan count 4.0"},
        {"{\"exponentialHistogram\":{\"dataPoints\":[{\"count\":4,\"sum\":1}]}}",
         "histogram value 1.0 count 4.0"},
        {"{\"summary\":{\"dataPoints\":[{\"count\":4,\"sum\":1}]}}",
         "histogram value 1.0 count 4.0"},
        {"{\"gauge\":{\"dataPoints\":[{\"asInt\":3,\"flags\":1}]}}", "gauge value nan"},
        {"{\"gauge\":{\"dataPoints\":[{\"asInt\":3}]},\"sum\":{\"dataPoints\":[{\"asInt\":4}]}}",
         "sum value 4.0"},
        {"{\"name\":\"m\"}", ""},
    };
    static const char *const json[] = {"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[",
                                       "]}]}]}"};
    static const char *const dump[] = {"", ""};
    assert_rows(OTLP_METRICS, rows, COUNT(rows), json, dump);
}

TEST(a_body_that_is_no_object_is_refused)
{
    static const struct row rows[] = {
        {"", "refused: unexpected end"},
        {"[]", "refused: no JSON object"},
        {"null", "refused: no JSON object"},
        {"\"\"", "refused: no JSON object"},
        {"5", "refused: no JSON object"},
        {"{", "refused: unexpected end"},
        {"{}x", "refused: more after the value"},
        {"{} {}", "refused: more after the value"},
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS "}]}]}",
         "refused: unexpected end"},
        {"{'resourceSpans':[]}", "refused: key expected"},
        {"\x0a\x05", "refused: value expected"},
    };
    static const char *const nothing[] = {"", ""};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), nothing, nothing);
}

/* Hand-made senders: the text is kept, the byte is replaced. */
TEST(bad_bytes_in_strings_are_replaced)
{
    static const struct row rows[] = {
        {"a\nb", "a\nb"},
        {"a\x01\tb", "a\x01\tb"},
        {"a\xff"
         "b",
         "a\ufffdb"},
        {"\xed\xa0\xbd", "\ufffd"},
        {"\xc3", "\ufffd"},
        {"\xc3\xa9\xf0\x9f\x98\x80\x80", "\u00e9\U0001F600\ufffd"},
        {"\\\"\n\\\\", "\"\n\\"},
    };
    static const char *const json[] = {
        "{ \"resourceSpans\" :\n[{\"scopeSpans\":[{\"spans\":[{" IDS ",\"name\":\"", "\"}]}]}]\n}"};
    static const char *const dump[] = {"span 0a/0b \"", "\""};
    assert_rows(OTLP_TRACES, rows, COUNT(rows), json, dump);
    static const char nul[] = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
                              ",\"kind\":3,\"name\":\"\0\"}]}]}]}";
    assert_dump_of_bytes(OTLP_TRACES, (struct slice){nul, sizeof nul - 1}, "span 0a/0b \"");
}

/* Returns new: a span with an attribute `deep` of that many arrays or maps in each other. */
static char *nested_body(int levels, bool maps)
{
    struct strbuf json;
    strbuf_init(&json, &mem_libc, 0);
    strbuf_adds(&json, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
                       ",\"attributes\":[{\"key\":\"deep\",\"value\":");
    for (int i = 0; i < levels; i++) {
        strbuf_adds(&json, maps ? "{\"kvlistValue\":{\"values\":[{\"key\":\"\",\"value\":"
                                : "{\"arrayValue\":{\"values\":[");
    }
    strbuf_adds(&json, "{\"intValue\":1}");
    for (int i = 0; i < levels; i++) {
        strbuf_adds(&json, maps ? "}]}}" : "]}}");
    }
    strbuf_adds(&json, "},{\"key\":\"k\",\"value\":{\"intValue\":2}}]}]}]}]}");
    return json.data;
}

TEST(a_value_that_is_nested_too_deep_is_empty_and_the_body_good)
{
    static const struct {
        int levels;
        bool maps;
        const char *expected;
    } rows[] = {
        {2, false, "span 0a/0b {deep=[[1]],k=2}"},
        {2, true, "span 0a/0b {deep={={=1}},k=2}"},
        {16, false, "span 0a/0b {deep=[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],k=2}"},
        {17, false, "span 0a/0b {deep=-,k=2}"},
        {17, true, "span 0a/0b {deep=-,k=2}"},
        {250, true, "span 0a/0b {deep=-,k=2}"},
        {300, true, "refused: nested too deep"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *json = nested_body(rows[i].levels, rows[i].maps);
        assert_dump(OTLP_TRACES, json, rows[i].expected);
        free(json);
    }
}

TEST(the_last_attribute_of_a_key_is_found)
{
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    static const char body[] =
        SPANS("{" IDS ",\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":1}},{\"key\":\"b\"},"
              "{\"key\":\"a\",\"value\":{\"intValue\":2}}]}");
    assert_null(otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, (struct slice){body, sizeof body - 1}));
    const struct otlp_attributes *attributes = &batch.spans[0].attributes;
    assert_int_equal(otlp_attribute(attributes, "a")->integer, 2);
    assert_int_equal(otlp_attribute(attributes, "b")->type, OTLP_EMPTY);
    assert_null(otlp_attribute(attributes, "c"));
    otlp_batch_release(&batch);
}

TEST(without_memory_the_batch_is_empty_and_can_be_used_again)
{
    static const char body[] = SPANS(
        "{" IDS ",\"name\":\"a\\nb\",\"events\":[{\"name\":\"e\"}],\"attributes\":[{\"key\":\"a\","
        "\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":1}]}}}]},{}");
    struct slice text = {body, sizeof body - 1};
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct otlp_batch batch;
        otlp_batch_init(&batch, &lack.mem);
        const char *why = otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, text);
        lack.done = why == NULL;
        assert_int_equal(batch.no_memory, why != NULL);
        if (why != NULL) {
            assert_string_equal(why, "out of memory");
            assert_int_equal(batch.span_count + batch.rejected, 0);
            otlp_batch_clear(&batch);
            lack.failing.allow = -1;
            assert_null(otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, text));
        }
        assert_int_equal(batch.span_count, 1);
        assert_int_equal(batch.rejected, 1);
        otlp_batch_release(&batch);
    }
}

TEST(a_batch_keeps_its_memory_for_the_next_request)
{
    struct failing_mem counted = {.allow = -1};
    struct mem mem = failing_mem(&counted);
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem);
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    strbuf_adds(&body, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
    for (int i = 0; i < 2000; i++) {
        strbuf_adds(&body, i == 0 ? "{" : ",{");
        strbuf_adds(&body,
                    IDS ",\"name\":\"a\\n\",\"attributes\":[{\"key\":\"a\"},{\"key\":\"b\"}]}");
    }
    strbuf_adds(&body, "]}]}]}");
    size_t calls = 0;
    for (int i = 0; i < 4; i++) {
        calls = counted.calls;
        assert_null(
            otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, (struct slice){body.data, body.len}));
        assert_int_equal(batch.span_count, 2000);
        otlp_batch_clear(&batch);
    }
    /* The stack of open lists, whatever its size, and no block. */
    assert_true(counted.calls - calls <= 4);
    otlp_batch_release(&batch);
    assert_int_equal(counted.live_blocks, 0);
    strbuf_release(&body);
}

/* Three bytes of an item that needs forty: the limit is on what is decoded. */
TEST(a_body_that_decodes_to_too_much_is_refused)
{
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    strbuf_adds(&body, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{}");
    while (body.len < (size_t)21 << 20) {
        strbuf_adds(&body, ",{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}");
    }
    strbuf_adds(&body, "]}}]}");
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    const char *why =
        otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, (struct slice){body.data, body.len});
    assert_string_equal(why, "too large when decoded");
    assert_true(batch.too_large && !batch.no_memory);
    otlp_batch_clear(&batch);
    assert_false(batch.too_large);
    otlp_batch_release(&batch);
    strbuf_release(&body);
}
