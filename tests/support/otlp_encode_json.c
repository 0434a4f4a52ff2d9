/* Encodes a decoded batch as OTLP/JSON. Each item has an envelope of its own. */
#include "tests/support/otlp_encode.h"

#include "core/base/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Begins a member, after a comma where one precedes it. */
static void put_key(struct strbuf *out, const char *key)
{
    strbuf_addf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", key);
}

static void put_text(struct strbuf *out, const char *key, struct slice text)
{
    if (text.len > 0) {
        put_key(out, key);
        json_put_string(out, text.bytes, text.len);
    }
}

static void put_time(struct strbuf *out, const char *key, uint64_t time_ns)
{
    if (time_ns != 0) {
        put_key(out, key);
        strbuf_addf(out, "\"%" PRIu64 "\"", time_ns);
    }
}

static void put_number(struct strbuf *out, const char *key, int number)
{
    if (number != 0) {
        put_key(out, key);
        json_put_int(out, number);
    }
}

static void put_double(struct strbuf *out, const char *key, double number)
{
    put_key(out, key);
    if (isfinite(number)) {
        char text[40];
        (void)snprintf(text, sizeof text, "%.17g", number);
        strbuf_adds(out, text);
    } else {
        strbuf_adds(out, isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    }
}

static void put_id(struct strbuf *out, const char *key, const uint8_t *id, size_t len)
{
    static const uint8_t none[OTLP_TRACE_ID_BYTES];
    if (memcmp(id, none, len) == 0) {
        return;
    }
    put_key(out, key);
    strbuf_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        strbuf_addf(out, "%02x", id[i]);
    }
    strbuf_addc(out, '"');
}

static void put_base64(struct strbuf *out, struct slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (k < left ? (unsigned char)bytes.bytes[i + k] : 0);
        }
        for (size_t k = 0; k < 4; k++) {
            strbuf_addc(out, k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=');
        }
    }
}

static void put_attributes(struct strbuf *out, const char *key,
                           const struct otlp_attributes *attributes);

static void put_value(struct strbuf *out, const struct otlp_value *value)
{
    strbuf_addc(out, '{');
    switch (value->type) {
    case OTLP_TEXT:
        put_key(out, "stringValue");
        json_put_string(out, value->text.bytes, value->text.len);
        break;
    case OTLP_BOOL:
        put_key(out, "boolValue");
        json_put_bool(out, value->truth);
        break;
    case OTLP_INT:
        put_key(out, "intValue");
        strbuf_addf(out, "\"%" PRId64 "\"", value->integer);
        break;
    case OTLP_DOUBLE: put_double(out, "doubleValue", value->number); break;
    case OTLP_ARRAY:
        put_key(out, "arrayValue");
        strbuf_adds(out, "{\"values\":[");
        for (size_t i = 0; i < value->array.count; i++) {
            strbuf_adds(out, i > 0 ? "," : "");
            put_value(out, &value->array.items[i]);
        }
        strbuf_adds(out, "]}");
        break;
    case OTLP_MAP:
        put_key(out, "kvlistValue");
        strbuf_addc(out, '{');
        put_attributes(out, "values", &value->map);
        strbuf_addc(out, '}');
        break;
    case OTLP_BYTES:
        put_key(out, "bytesValue");
        strbuf_addc(out, '"');
        put_base64(out, value->text);
        strbuf_addc(out, '"');
        break;
    case OTLP_EMPTY:
    default: break;
    }
    strbuf_addc(out, '}');
}

static void put_attributes(struct strbuf *out, const char *key,
                           const struct otlp_attributes *attributes)
{
    put_key(out, key);
    strbuf_addc(out, '[');
    for (size_t i = 0; i < attributes->count; i++) {
        strbuf_adds(out, i > 0 ? ",{" : "{");
        put_text(out, "key", attributes->items[i].key);
        put_key(out, "value");
        put_value(out, &attributes->items[i].value);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, ']');
}

static void put_events(struct strbuf *out, const struct otlp_span *span)
{
    put_key(out, "events");
    strbuf_addc(out, '[');
    for (size_t i = 0; i < span->event_count; i++) {
        strbuf_adds(out, i > 0 ? ",{" : "{");
        put_time(out, "timeUnixNano", span->events[i].time_ns);
        put_text(out, "name", span->events[i].name);
        put_attributes(out, "attributes", &span->events[i].attributes);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, ']');
}

static void put_links(struct strbuf *out, const struct otlp_span *span)
{
    put_key(out, "links");
    strbuf_addc(out, '[');
    for (size_t i = 0; i < span->link_count; i++) {
        const struct otlp_link *link = &span->links[i];
        strbuf_adds(out, i > 0 ? ",{" : "{");
        put_id(out, "traceId", link->to.trace, OTLP_TRACE_ID_BYTES);
        put_id(out, "spanId", link->to.span, OTLP_SPAN_ID_BYTES);
        put_attributes(out, "attributes", &link->attributes);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, ']');
}

static void put_span(struct strbuf *out, const struct otlp_span *span)
{
    put_id(out, "traceId", span->id.trace, OTLP_TRACE_ID_BYTES);
    put_id(out, "spanId", span->id.span, OTLP_SPAN_ID_BYTES);
    put_id(out, "parentSpanId", span->parent, OTLP_SPAN_ID_BYTES);
    put_text(out, "name", span->name);
    put_number(out, "kind", span->kind);
    put_time(out, "startTimeUnixNano", span->start_ns);
    put_time(out, "endTimeUnixNano", span->end_ns);
    if (span->flags != 0) {
        put_time(out, "flags", span->flags);
    }
    put_attributes(out, "attributes", &span->attributes);
    put_events(out, span);
    put_links(out, span);
    put_key(out, "status");
    strbuf_addc(out, '{');
    put_number(out, "code", span->status);
    put_text(out, "message", span->message);
    strbuf_addc(out, '}');
}

static void put_log(struct strbuf *out, const struct otlp_log *log)
{
    put_time(out, "timeUnixNano", log->time_ns);
    put_time(out, "observedTimeUnixNano", log->observed_ns);
    put_number(out, "severityNumber", log->severity);
    put_text(out, "eventName", log->name);
    put_id(out, "traceId", log->span.trace, OTLP_TRACE_ID_BYTES);
    put_id(out, "spanId", log->span.span, OTLP_SPAN_ID_BYTES);
    put_key(out, "body");
    put_value(out, &log->body);
    put_attributes(out, "attributes", &log->attributes);
}

/* A metric of one point. */
static void put_metric(struct strbuf *out, const struct otlp_point *point)
{
    static const char *const kinds[] = {[OTLP_GAUGE] = "gauge",
                                        [OTLP_SUM_DELTA] = "sum",
                                        [OTLP_SUM_CUMULATIVE] = "sum",
                                        [OTLP_HISTOGRAM] = "histogram"};
    bool histogram = point->kind == OTLP_HISTOGRAM;
    put_text(out, "name", point->name);
    put_text(out, "unit", point->unit);
    put_key(out, kinds[point->kind]);
    strbuf_addc(out, '{');
    if (point->kind != OTLP_GAUGE) {
        put_number(out, "aggregationTemporality", point->delta ? 1 : 2);
    }
    if (point->monotonic) {
        put_key(out, "isMonotonic");
        json_put_bool(out, true);
    }
    put_key(out, "dataPoints");
    strbuf_adds(out, "[{");
    put_time(out, "timeUnixNano", point->time_ns);
    if (!isnan(point->value)) {
        put_double(out, histogram ? "sum" : "asDouble", point->value);
    }
    if (histogram && !isnan(point->count)) {
        put_time(out, "count", (uint64_t)point->count);
    }
    put_attributes(out, "attributes", &point->attributes);
    strbuf_adds(out, "}]}");
}

/* ---- envelopes ---- */

static const struct {
    const char *resources, *scopes, *items;
} names[OTLP_SIGNALS] = {
    [OTLP_TRACES] = {"resourceSpans", "scopeSpans", "spans"},
    [OTLP_LOGS] = {"resourceLogs", "scopeLogs", "logRecords"},
    [OTLP_METRICS] = {"resourceMetrics", "scopeMetrics", "metrics"},
};

static void begin_item(struct strbuf *out, enum otlp_signal signal, const struct otlp_scope *scope)
{
    strbuf_adds(out, out->data[out->len - 1] == '[' ? "{\"resource\":{" : ",{\"resource\":{");
    put_attributes(out, "attributes", &scope->resource);
    strbuf_addf(out, "},\"%s\":[{\"scope\":{", names[signal].scopes);
    put_text(out, "name", scope->name);
    put_text(out, "version", scope->version);
    put_attributes(out, "attributes", &scope->attributes);
    strbuf_addf(out, "},\"%s\":[{", names[signal].items);
}

static void end_item(struct strbuf *out)
{
    strbuf_adds(out, "}]}]}");
}

void otlp_encode_json(const struct otlp_batch *batch, enum otlp_signal signal, struct strbuf *out)
{
    strbuf_addf(out, "{\"%s\":[", names[signal].resources);
    for (size_t i = 0; signal == OTLP_TRACES && i < batch->span_count; i++) {
        begin_item(out, signal, batch->spans[i].scope);
        put_span(out, &batch->spans[i]);
        end_item(out);
    }
    for (size_t i = 0; signal == OTLP_LOGS && i < batch->log_count; i++) {
        begin_item(out, signal, batch->logs[i].scope);
        put_log(out, &batch->logs[i]);
        end_item(out);
    }
    for (size_t i = 0; signal == OTLP_METRICS && i < batch->point_count; i++) {
        begin_item(out, signal, batch->points[i].scope);
        put_metric(out, &batch->points[i]);
        end_item(out);
    }
    strbuf_adds(out, "]}");
}
