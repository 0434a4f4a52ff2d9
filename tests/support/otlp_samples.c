#include "tests/support/otlp_samples.h"

#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

static void put(struct strbuf *out, const char *before, struct json_value value)
{
    strbuf_adds(out, before);
    strbuf_add(out, value.raw, value.len);
}

/* Makes a request of a line that has one item. False: the line is something else. */
static bool put_request(struct strbuf *out, struct json_value resource, struct json_value line,
                        enum otlp_signal *signal)
{
    static const struct {
        const char *key, *before, *scopes, *items;
    } rows[OTLP_SIGNALS] = {
        [OTLP_TRACES] = {"trace", "{\"resourceSpans\":[", "\"scopeSpans\":[", "\"spans\":["},
        [OTLP_LOGS] = {"log", "{\"resourceLogs\":[", "\"scopeLogs\":[", "\"logRecords\":["},
        [OTLP_METRICS] = {"metric", "{\"resourceMetrics\":[", "\"scopeMetrics\":[",
                          "\"metrics\":["},
    };
    for (int i = 0; i < OTLP_SIGNALS; i++) {
        struct json_value item = json_get(line, rows[i].key);
        if (item.type != JSON_TYPE_OBJECT) {
            continue;
        }
        *signal = (enum otlp_signal)i;
        strbuf_adds(out, rows[i].before);
        put(out, "{\"resource\":", resource);
        strbuf_addf(out, ",%s{", rows[i].scopes);
        put(out, "\"scope\":{\"name\":", json_get(line, "scope"));
        strbuf_addf(out, "},%s", rows[i].items);
        put(out, "", item);
        strbuf_adds(out, "]}]}]}");
        return true;
    }
    return false;
}

static void put_base64(struct strbuf *out, struct json_value string)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    for (size_t i = 1; i + 1 < string.len && string.raw[i] != '='; i++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, string.raw[i]) - digits);
        if (i % 4 != 1) {
            strbuf_addc(out, (char)(bits >> (6 - 2 * ((i - 1) % 4)) & 0xff));
        }
    }
}

/* False: the line is something else. */
static bool put_whole_request(struct strbuf *out, struct json_value line,
                              struct otlp_sample *sample)
{
    struct json_value path = json_get(line, "path"), json = json_get(line, "json"),
                      protobuf = json_get(line, "protobuf");
    sample->signal = json_string_is(path, "/v1/traces") ? OTLP_TRACES
                     : json_string_is(path, "/v1/logs") ? OTLP_LOGS
                                                        : OTLP_METRICS;
    sample->encoding = protobuf.type == JSON_TYPE_STRING ? OTLP_PROTOBUF : OTLP_JSON;
    if (sample->encoding == OTLP_PROTOBUF) {
        put_base64(out, protobuf);
        return true;
    }
    if (json.type == JSON_TYPE_OBJECT) {
        put(out, "", json);
        return true;
    }
    return false;
}

void otlp_samples(const char *rel, void (*take)(void *ctx, const struct otlp_sample *sample),
                  void *ctx)
{
    size_t len;
    char *text = support_read_file(support_data(rel), &len);
    struct json_value resource = {.type = JSON_TYPE_OBJECT, .raw = "{}", .len = 2}, line;
    struct strbuf body;
    strbuf_init(&body, &mem_libc, 0);
    for (char *at = text, *end; at < text + len; at = end + 1) {
        end = memchr(at, '\n', (size_t)(text + len - at));
        assert_non_null(end);
        assert_true(json_check(at, (size_t)(end - at), JSON_DEPTH_LIMIT, &line, NULL));
        struct json_value its_resource = json_get(line, "resource");
        if (its_resource.type == JSON_TYPE_OBJECT) {
            resource = its_resource;
            continue;
        }
        struct otlp_sample sample = {.received_ms =
                                         (int64_t)json_get_number(json_get(line, "received"))};
        strbuf_clear(&body);
        if (!put_whole_request(&body, line, &sample) &&
            !put_request(&body, resource, line, &sample.signal)) {
            fail_msg("%s: a line without a request", rel);
        }
        sample.body = (struct slice){body.data, body.len};
        take(ctx, &sample);
    }
    strbuf_release(&body);
    free(text);
}
