/* OTLP in protobuf. protobuf-c unpacks the request into structs that it makes of otlp.proto; these
   are then copied into a batch. Its allocator is the batch's memory, so nothing is freed piece by
   piece, and a body cannot take more than OTLP_BATCH_BYTES_MAX. Spans are bytes to it, and are read
   by hand (otlp_protobuf_span.c).

   The unpacker recurses for messages in messages. The schema has no message that contains itself:
   arrays and maps of values are bytes there, and are unpacked here, down to OTLP_DEPTH_MAX. */
#include "ingest/otlp/otlp_private.h"

#ifdef HAVE_PROTOBUF

#include "ingest/otlp/otlp_protobuf_private.h"

#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

static void *allocate(void *ctx, size_t size)
{
    return otlp_alloc(ctx, size);
}

static void keep(void *ctx, void *memory)
{
    (void)ctx, (void)memory;
}

/* ---- values ---- */

/* Returns a copy of the text with U+FFFD for each byte that is no part of a character. */
static struct slice repaired(struct otlp_batch *batch, struct slice text)
{
    char *copy = otlp_alloc(batch, text.len * 3);
    if (copy == NULL) {
        return (struct slice){0};
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t cp;
        i += utf8_next(text.bytes + i, text.len - i, &cp);
        len += utf8_put(copy + len, cp);
    }
    return (struct slice){copy, len};
}

struct slice otlp_protobuf_text(struct otlp_protobuf *r, const ProtobufCBinaryData *data)
{
    struct slice text = {(const char *)data->data, data->len};
    if (text.len == 0) {
        return (struct slice){"", 0};
    }
    return utf8_valid(text.bytes, text.len) ? text : repaired(r->batch, text);
}

void otlp_protobuf_id(uint8_t *id, size_t len, const ProtobufCBinaryData *data)
{
    memset(id, 0, len); /* of the same field the last counts */
    if (data->len == len) {
        memcpy(id, data->data, len);
    }
}

static struct otlp_value read_value(struct otlp_protobuf *r, const Wire__AnyValue *from,
                                    unsigned depth);

struct otlp_attributes otlp_protobuf_attributes(struct otlp_protobuf *r,
                                                Wire__KeyValue *const *from, size_t count,
                                                unsigned depth)
{
    struct otlp_attribute *items = count == 0 ? NULL : otlp_alloc(r->batch, count * sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        if (depth == 0) {
            r->too_deep = false;
        }
        items[i].key = otlp_protobuf_text(r, &from[i]->key);
        items[i].value = read_value(r, from[i]->value, depth);
        if (depth == 0 && r->too_deep) {
            items[i].value = (struct otlp_value){0};
        }
    }
    return (struct otlp_attributes){items, items == NULL ? 0 : count};
}

/* False: the value has more arrays and maps in each other than are read, or is broken. */
static bool is_nested_well(struct otlp_protobuf *r, const void *unpacked, unsigned depth)
{
    r->too_deep |= depth == OTLP_DEPTH_MAX || unpacked == NULL;
    return !r->too_deep;
}

struct otlp_value otlp_protobuf_array(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                                      unsigned depth)
{
    const Wire__ArrayValue *from =
        depth == OTLP_DEPTH_MAX ? NULL
                                : wire__array_value__unpack(&r->allocator, data->len, data->data);
    struct otlp_value value = {0};
    if (!is_nested_well(r, from, depth)) {
        return value;
    }
    value.type = OTLP_ARRAY;
    size_t count = from->n_values;
    struct otlp_value *items = count == 0 ? NULL : otlp_alloc(r->batch, count * sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        items[i] = read_value(r, from->values[i], depth + 1);
    }
    value.array.items = items;
    value.array.count = items == NULL ? 0 : count;
    return value;
}

struct otlp_value otlp_protobuf_map(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                                    unsigned depth)
{
    const Wire__KeyValueList *from =
        depth == OTLP_DEPTH_MAX
            ? NULL
            : wire__key_value_list__unpack(&r->allocator, data->len, data->data);
    struct otlp_value value = {0};
    if (is_nested_well(r, from, depth)) {
        value.type = OTLP_MAP;
        value.map = otlp_protobuf_attributes(r, from->values, from->n_values, depth + 1);
    }
    return value;
}

/* `from` may be NULL. `depth`: the arrays and maps that enclose it. */
static struct otlp_value read_value(struct otlp_protobuf *r, const Wire__AnyValue *from,
                                    unsigned depth)
{
    struct otlp_value value = {0};
    switch (from == NULL ? WIRE__ANY_VALUE__VALUE__NOT_SET : from->value_case) {
    case WIRE__ANY_VALUE__VALUE_STRING_VALUE:
        value.type = OTLP_TEXT;
        value.text = otlp_protobuf_text(r, &from->string_value);
        break;
    case WIRE__ANY_VALUE__VALUE_BOOL_VALUE:
        value.type = OTLP_BOOL;
        value.truth = from->bool_value != 0;
        break;
    case WIRE__ANY_VALUE__VALUE_INT_VALUE:
        value.type = OTLP_INT;
        value.integer = from->int_value;
        break;
    case WIRE__ANY_VALUE__VALUE_DOUBLE_VALUE:
        value.type = OTLP_DOUBLE;
        value.number = from->double_value;
        break;
    case WIRE__ANY_VALUE__VALUE_ARRAY_VALUE:
        return otlp_protobuf_array(r, &from->array_value, depth);
    case WIRE__ANY_VALUE__VALUE_KVLIST_VALUE:
        return otlp_protobuf_map(r, &from->kvlist_value, depth);
    case WIRE__ANY_VALUE__VALUE_BYTES_VALUE:
        value.type = OTLP_BYTES;
        value.text = (struct slice){(const char *)from->bytes_value.data, from->bytes_value.len};
        break;
    case WIRE__ANY_VALUE__VALUE__NOT_SET:
    case _WIRE__ANY_VALUE__VALUE__CASE_IS_INT_SIZE:
    default: break;
    }
    return value;
}

#define READ_ATTRIBUTES(r, from) \
    otlp_protobuf_attributes(r, (from)->attributes, (from)->n_attributes, 0)

/* ---- resources and scopes ---- */

static struct otlp_attributes read_resource(struct otlp_protobuf *r, const Wire__Resource *from)
{
    return from == NULL ? (struct otlp_attributes){0} : READ_ATTRIBUTES(r, from);
}

/* False: the batch has failed. */
static bool read_scope(struct otlp_protobuf *r, const struct otlp_attributes *resource,
                       const Wire__Scope *from)
{
    struct otlp_scope *scope = otlp_alloc(r->batch, sizeof *scope);
    r->scope = scope;
    if (scope == NULL) {
        return false;
    }
    *scope = (struct otlp_scope){.resource = *resource};
    if (from != NULL) {
        scope->name = otlp_protobuf_text(r, &from->name);
        scope->version = otlp_protobuf_text(r, &from->version);
        scope->attributes = READ_ATTRIBUTES(r, from);
    }
    return !otlp_failed(r->batch);
}

/* ---- spans ---- */

static bool read_resource_spans(struct otlp_protobuf *r, const Wire__ResourceSpans *from)
{
    struct otlp_attributes resource = read_resource(r, from->resource);
    for (size_t i = 0; i < from->n_scope_spans; i++) {
        const Wire__ScopeSpans *scope = from->scope_spans[i];
        if (!read_scope(r, &resource, scope->scope)) {
            return false;
        }
        for (size_t k = 0; k < scope->n_spans; k++) {
            if (!otlp_protobuf_span(r, &scope->spans[k])) {
                return false;
            }
        }
    }
    return true;
}

/* ---- logs ---- */

static bool read_log(struct otlp_protobuf *r, const Wire__LogRecord *from)
{
    struct otlp_log *log = otlp_add_log(r->batch);
    if (log == NULL) {
        return false;
    }
    log->scope = r->scope;
    log->time_ns = from->time_unix_nano;
    log->observed_ns = from->observed_time_unix_nano;
    log->severity = from->severity_number;
    log->name = otlp_protobuf_text(r, &from->event_name);
    r->too_deep = false;
    log->body = read_value(r, from->body, 0);
    if (r->too_deep) {
        log->body = (struct otlp_value){0};
    }
    log->attributes = READ_ATTRIBUTES(r, from);
    otlp_protobuf_id(log->span.trace, OTLP_TRACE_ID_BYTES, &from->trace_id);
    otlp_protobuf_id(log->span.span, OTLP_SPAN_ID_BYTES, &from->span_id);
    return !otlp_failed(r->batch);
}

static bool read_resource_logs(struct otlp_protobuf *r, const Wire__ResourceLogs *from)
{
    struct otlp_attributes resource = read_resource(r, from->resource);
    for (size_t i = 0; i < from->n_scope_logs; i++) {
        const Wire__ScopeLogs *scope = from->scope_logs[i];
        if (!read_scope(r, &resource, scope->scope)) {
            return false;
        }
        for (size_t k = 0; k < scope->n_log_records; k++) {
            if (!read_log(r, scope->log_records[k])) {
                return false;
            }
        }
    }
    return true;
}

/* ---- metrics ---- */

static bool add_point(struct otlp_protobuf *r, uint64_t time_ns, double value, double count,
                      uint32_t flags, struct otlp_attributes attributes)
{
    struct otlp_point *point = otlp_add_point(r->batch);
    if (point == NULL) {
        return false;
    }
    bool empty = (flags & OTLP_POINT_EMPTY) != 0;
    point->scope = r->scope;
    point->time_ns = time_ns;
    point->value = empty ? NAN : value;
    point->count = empty ? NAN : count;
    point->attributes = attributes;
    return !otlp_failed(r->batch);
}

static bool read_numbers(struct otlp_protobuf *r, const Wire__Numbers *from)
{
    for (size_t i = 0; i < from->n_data_points; i++) {
        const Wire__NumberPoint *p = from->data_points[i];
        double value = p->value_case == WIRE__NUMBER_POINT__VALUE_AS_DOUBLE ? p->as_double
                       : p->value_case == WIRE__NUMBER_POINT__VALUE_AS_INT  ? (double)p->as_int
                                                                            : NAN;
        if (!add_point(r, p->time_unix_nano, value, NAN, p->flags, READ_ATTRIBUTES(r, p))) {
            return false;
        }
    }
    return true;
}

static bool read_histogram(struct otlp_protobuf *r, const Wire__Histogram *from)
{
    for (size_t i = 0; i < from->n_data_points; i++) {
        const Wire__HistogramPoint *p = from->data_points[i];
        double sum = p->has_sum_case == WIRE__HISTOGRAM_POINT__HAS_SUM_SUM ? p->sum : NAN;
        if (!add_point(r, p->time_unix_nano, sum, (double)p->count, p->flags,
                       READ_ATTRIBUTES(r, p))) {
            return false;
        }
    }
    return true;
}

static bool read_exponential(struct otlp_protobuf *r, const Wire__ExponentialHistogram *from)
{
    for (size_t i = 0; i < from->n_data_points; i++) {
        const Wire__ExponentialPoint *p = from->data_points[i];
        double sum = p->has_sum_case == WIRE__EXPONENTIAL_POINT__HAS_SUM_SUM ? p->sum : NAN;
        if (!add_point(r, p->time_unix_nano, sum, (double)p->count, p->flags,
                       READ_ATTRIBUTES(r, p))) {
            return false;
        }
    }
    return true;
}

static bool read_summary(struct otlp_protobuf *r, const Wire__Summary *from)
{
    for (size_t i = 0; i < from->n_data_points; i++) {
        const Wire__SummaryPoint *p = from->data_points[i];
        if (!add_point(r, p->time_unix_nano, p->sum, (double)p->count, p->flags,
                       READ_ATTRIBUTES(r, p))) {
            return false;
        }
    }
    return true;
}

static bool read_metric(struct otlp_protobuf *r, const Wire__Metric *from)
{
    size_t first = r->batch->point_count;
    enum otlp_metric_kind kind = OTLP_HISTOGRAM;
    int temporality = 0;
    bool monotonic = false, good = true;
    switch (from->data_case) {
    case WIRE__METRIC__DATA_GAUGE:
        kind = OTLP_GAUGE;
        good = read_numbers(r, from->gauge);
        break;
    case WIRE__METRIC__DATA_SUM:
        kind = OTLP_SUM_CUMULATIVE;
        temporality = from->sum->aggregation_temporality;
        monotonic = from->sum->is_monotonic != 0;
        good = read_numbers(r, from->sum);
        break;
    case WIRE__METRIC__DATA_HISTOGRAM:
        temporality = from->histogram->aggregation_temporality;
        good = read_histogram(r, from->histogram);
        break;
    case WIRE__METRIC__DATA_EXPONENTIAL_HISTOGRAM:
        temporality = from->exponential_histogram->aggregation_temporality;
        good = read_exponential(r, from->exponential_histogram);
        break;
    case WIRE__METRIC__DATA_SUMMARY: good = read_summary(r, from->summary); break;
    case WIRE__METRIC__DATA__NOT_SET:
    case _WIRE__METRIC__DATA__CASE_IS_INT_SIZE:
    default: break;
    }
    struct slice name = otlp_protobuf_text(r, &from->name),
                 unit = otlp_protobuf_text(r, &from->unit);
    for (size_t i = first; i < r->batch->point_count; i++) {
        otlp_describe_point(&r->batch->points[i], name, unit, kind, temporality, monotonic);
    }
    return good;
}

static bool read_resource_metrics(struct otlp_protobuf *r, const Wire__ResourceMetrics *from)
{
    struct otlp_attributes resource = read_resource(r, from->resource);
    for (size_t i = 0; i < from->n_scope_metrics; i++) {
        const Wire__ScopeMetrics *scope = from->scope_metrics[i];
        if (!read_scope(r, &resource, scope->scope)) {
            return false;
        }
        for (size_t k = 0; k < scope->n_metrics; k++) {
            if (!read_metric(r, scope->metrics[k])) {
                return false;
            }
        }
    }
    return true;
}

/* ---- requests ---- */

/* Each returns false if the body is no such message, or if the batch has failed. */

static bool decode_traces(struct otlp_protobuf *r, size_t len, const uint8_t *body)
{
    const Wire__TracesRequest *request = wire__traces_request__unpack(&r->allocator, len, body);
    bool good = request != NULL;
    for (size_t i = 0; good && i < request->n_resource_spans; i++) {
        good = read_resource_spans(r, request->resource_spans[i]);
    }
    return good;
}

static bool decode_logs(struct otlp_protobuf *r, size_t len, const uint8_t *body)
{
    const Wire__LogsRequest *request = wire__logs_request__unpack(&r->allocator, len, body);
    bool good = request != NULL;
    for (size_t i = 0; good && i < request->n_resource_logs; i++) {
        good = read_resource_logs(r, request->resource_logs[i]);
    }
    return good;
}

static bool decode_metrics(struct otlp_protobuf *r, size_t len, const uint8_t *body)
{
    const Wire__MetricsRequest *request = wire__metrics_request__unpack(&r->allocator, len, body);
    bool good = request != NULL;
    for (size_t i = 0; good && i < request->n_resource_metrics; i++) {
        good = read_resource_metrics(r, request->resource_metrics[i]);
    }
    return good;
}

const char *otlp_protobuf_decode(struct otlp_batch *batch, enum otlp_signal signal,
                                 struct slice body)
{
    static bool (*const decoders[OTLP_SIGNALS])(struct otlp_protobuf *, size_t, const uint8_t *) = {
        [OTLP_TRACES] = decode_traces, [OTLP_LOGS] = decode_logs, [OTLP_METRICS] = decode_metrics};
    struct otlp_protobuf reader = {
        .batch = batch, .allocator = {.alloc = allocate, .free = keep, .allocator_data = batch}};
    const uint8_t *bytes = (const uint8_t *)(body.len == 0 ? "" : body.bytes);
    return decoders[signal](&reader, body.len, bytes) ? NULL : "no valid protobuf";
}

#else

const char *otlp_protobuf_decode(struct otlp_batch *batch, enum otlp_signal signal,
                                 struct slice body)
{
    (void)batch, (void)signal, (void)body;
    return "protobuf is not in this build: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json";
}

#endif
