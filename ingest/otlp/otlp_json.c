/* OTLP/JSON: the messages. Each is a table of its fields, which otlp_json_read walks in one pass
   over the checked text. Members may come in any order: a span points to its scope, which gets its
   name and its resource when these are read, possibly after the span.

   If a member comes twice, the last one counts. So a list first removes the items that an earlier
   one appended to the batch.

   Source: opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding". */
#include "ingest/otlp/otlp_json_private.h"

#include <math.h>
#include <string.h>

/* ---- spans ---- */

static const struct otlp_json_field event_fields[] = {
    OTLP_JSON_FIELD("timeUnixNano", otlp_json_digits, offsetof(struct otlp_event, time_ns)),
    OTLP_JSON_FIELD("name", otlp_json_text, offsetof(struct otlp_event, name)),
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct otlp_event, attributes)),
};
static const struct otlp_json_message event_message = OTLP_JSON_MESSAGE(event_fields);

static bool read_events(struct otlp_json *json, void *at)
{
    struct otlp_span *span = at;
    size_t mark = json->stack.len, size;
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct otlp_event event = {0};
        if (!otlp_json_read(json, &event_message, &event) ||
            !otlp_push(json->batch, &json->stack, &event, sizeof event)) {
            return false;
        }
    }
    span->events = otlp_pop(json->batch, &json->stack, mark, &size);
    span->event_count = size / sizeof *span->events;
    return !otlp_failed(json->batch);
}

static const struct otlp_json_field link_fields[] = {
    OTLP_JSON_FIELD("traceId", otlp_json_trace_id, offsetof(struct otlp_link, to.trace)),
    OTLP_JSON_FIELD("spanId", otlp_json_span_id, offsetof(struct otlp_link, to.span)),
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct otlp_link, attributes)),
};
static const struct otlp_json_message link_message = OTLP_JSON_MESSAGE(link_fields);

static bool read_links(struct otlp_json *json, void *at)
{
    struct otlp_span *span = at;
    size_t mark = json->stack.len, size;
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct otlp_link link = {0};
        if (!otlp_json_read(json, &link_message, &link) ||
            !otlp_push(json->batch, &json->stack, &link, sizeof link)) {
            return false;
        }
    }
    span->links = otlp_pop(json->batch, &json->stack, mark, &size);
    span->link_count = size / sizeof *span->links;
    return !otlp_failed(json->batch);
}

static const struct otlp_json_field status_fields[] = {
    OTLP_JSON_FIELD("code", otlp_json_enum, offsetof(struct otlp_span, status)),
    OTLP_JSON_FIELD("message", otlp_json_text, offsetof(struct otlp_span, message)),
};
static const struct otlp_json_message status_message = OTLP_JSON_MESSAGE(status_fields);

static bool read_status(struct otlp_json *json, void *at)
{
    struct otlp_span *span = at;
    span->status = 0;
    span->message = (struct slice){0};
    return otlp_json_read(json, &status_message, span);
}

static const struct otlp_json_field span_fields[] = {
    OTLP_JSON_FIELD("traceId", otlp_json_trace_id, offsetof(struct otlp_span, id.trace)),
    OTLP_JSON_FIELD("spanId", otlp_json_span_id, offsetof(struct otlp_span, id.span)),
    OTLP_JSON_FIELD("parentSpanId", otlp_json_span_id, offsetof(struct otlp_span, parent)),
    OTLP_JSON_FIELD("name", otlp_json_text, offsetof(struct otlp_span, name)),
    OTLP_JSON_FIELD("kind", otlp_json_enum, offsetof(struct otlp_span, kind)),
    OTLP_JSON_FIELD("startTimeUnixNano", otlp_json_digits, offsetof(struct otlp_span, start_ns)),
    OTLP_JSON_FIELD("endTimeUnixNano", otlp_json_digits, offsetof(struct otlp_span, end_ns)),
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct otlp_span, attributes)),
    OTLP_JSON_FIELD("flags", otlp_json_digits, offsetof(struct otlp_span, flags)),
    OTLP_JSON_FIELD("events", read_events, 0),
    OTLP_JSON_FIELD("status", read_status, 0),
    OTLP_JSON_FIELD("links", read_links, 0),
};
static const struct otlp_json_message span_message = OTLP_JSON_MESSAGE(span_fields);

static bool read_spans(struct otlp_json *json)
{
    while (otlp_json_next_object(json)) {
        struct otlp_span *span = otlp_add_span(json->batch);
        if (span == NULL) {
            return false;
        }
        span->scope = json->scope;
        if (!otlp_json_read(json, &span_message, span)) {
            return false;
        }
        otlp_check_span(json->batch);
    }
    return true;
}

/* ---- logs ---- */

static const struct otlp_json_field log_fields[] = {
    OTLP_JSON_FIELD("timeUnixNano", otlp_json_digits, offsetof(struct otlp_log, time_ns)),
    OTLP_JSON_FIELD("observedTimeUnixNano", otlp_json_digits,
                    offsetof(struct otlp_log, observed_ns)),
    OTLP_JSON_FIELD("severityNumber", otlp_json_enum, offsetof(struct otlp_log, severity)),
    OTLP_JSON_FIELD("body", otlp_json_value, offsetof(struct otlp_log, body)),
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct otlp_log, attributes)),
    OTLP_JSON_FIELD("traceId", otlp_json_trace_id, offsetof(struct otlp_log, span.trace)),
    OTLP_JSON_FIELD("spanId", otlp_json_span_id, offsetof(struct otlp_log, span.span)),
    OTLP_JSON_FIELD("eventName", otlp_json_text, offsetof(struct otlp_log, name)),
};
static const struct otlp_json_message log_message = OTLP_JSON_MESSAGE(log_fields);

static bool read_logs(struct otlp_json *json)
{
    while (otlp_json_next_object(json)) {
        struct otlp_log *log = otlp_add_log(json->batch);
        if (log == NULL) {
            return false;
        }
        log->scope = json->scope;
        if (!otlp_json_read(json, &log_message, log)) {
            return false;
        }
    }
    return true;
}

/* ---- metrics ---- */

struct point {
    uint64_t time_ns;
    double value, sum, count; /* `sum` and `count` are of histograms */
    struct otlp_attributes attributes;
    int flags;
};

static const struct otlp_json_field point_fields[] = {
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct point, attributes)),
    OTLP_JSON_FIELD("timeUnixNano", otlp_json_digits, offsetof(struct point, time_ns)),
    OTLP_JSON_FIELD("asDouble", otlp_json_number, offsetof(struct point, value)),
    OTLP_JSON_FIELD("asInt", otlp_json_number, offsetof(struct point, value)),
    OTLP_JSON_FIELD("count", otlp_json_number, offsetof(struct point, count)),
    OTLP_JSON_FIELD("sum", otlp_json_number, offsetof(struct point, sum)),
    OTLP_JSON_FIELD("flags", otlp_json_enum, offsetof(struct point, flags)),
};
static const struct otlp_json_message point_message = OTLP_JSON_MESSAGE(point_fields);

struct metric {
    struct slice name, unit;
    struct otlp_mark before;
    enum otlp_metric_kind kind;
    int temporality;
    bool monotonic;
};

static bool read_points(struct otlp_json *json, void *at)
{
    const struct metric *metric = at;
    otlp_rewind(json->batch, &metric->before);
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct point read = {.value = NAN, .sum = NAN, .count = NAN};
        if (!otlp_json_read(json, &point_message, &read)) {
            return false;
        }
        struct otlp_point *point = otlp_add_point(json->batch);
        if (point == NULL) {
            return false;
        }
        bool histogram = metric->kind == OTLP_HISTOGRAM;
        bool empty = (read.flags & OTLP_POINT_EMPTY) != 0;
        point->scope = json->scope;
        point->time_ns = read.time_ns;
        point->value = empty ? NAN : histogram ? read.sum : read.value;
        point->count = empty || !histogram ? NAN : read.count;
        point->attributes = read.attributes;
    }
    return true;
}

static const struct otlp_json_field data_fields[] = {
    OTLP_JSON_FIELD("aggregationTemporality", otlp_json_enum, offsetof(struct metric, temporality)),
    OTLP_JSON_FIELD("isMonotonic", otlp_json_bool, offsetof(struct metric, monotonic)),
    OTLP_JSON_FIELD("dataPoints", read_points, 0),
};
static const struct otlp_json_message data_message = OTLP_JSON_MESSAGE(data_fields);

/* The kinds of data exclude each other: the last one counts. */
static bool read_data(struct otlp_json *json, struct metric *metric, enum otlp_metric_kind kind)
{
    otlp_rewind(json->batch, &metric->before);
    metric->kind = kind;
    metric->temporality = 0;
    metric->monotonic = false;
    return otlp_json_read(json, &data_message, metric);
}

static bool read_gauge(struct otlp_json *json, void *at)
{
    return read_data(json, at, OTLP_GAUGE);
}

static bool read_sum(struct otlp_json *json, void *at)
{
    return read_data(json, at, OTLP_SUM_CUMULATIVE);
}

static bool read_histogram(struct otlp_json *json, void *at)
{
    return read_data(json, at, OTLP_HISTOGRAM);
}

static const struct otlp_json_field metric_fields[] = {
    OTLP_JSON_FIELD("name", otlp_json_text, offsetof(struct metric, name)),
    OTLP_JSON_FIELD("unit", otlp_json_text, offsetof(struct metric, unit)),
    OTLP_JSON_FIELD("sum", read_sum, 0),
    OTLP_JSON_FIELD("gauge", read_gauge, 0),
    OTLP_JSON_FIELD("histogram", read_histogram, 0),
    OTLP_JSON_FIELD("exponentialHistogram", read_histogram, 0),
    OTLP_JSON_FIELD("summary", read_histogram, 0),
};
static const struct otlp_json_message metric_message = OTLP_JSON_MESSAGE(metric_fields);

static bool read_metrics(struct otlp_json *json)
{
    struct otlp_batch *batch = json->batch;
    while (otlp_json_next_object(json)) {
        struct metric metric = {.before = otlp_mark(batch)};
        if (!otlp_json_read(json, &metric_message, &metric)) {
            return false;
        }
        for (size_t i = metric.before.points; i < batch->point_count; i++) {
            otlp_describe_point(&batch->points[i], metric.name, metric.unit, metric.kind,
                                metric.temporality, metric.monotonic);
        }
    }
    return true;
}

/* ---- resources and scopes ---- */

/* Scopes of one resource: it may be read after them. */
struct scope_node {
    struct otlp_scope scope;
    struct scope_node *next;
};

struct resource {
    struct otlp_attributes attributes;
    struct scope_node *scopes;
    struct otlp_mark before;
};

static const struct otlp_json_field scope_fields[] = {
    OTLP_JSON_FIELD("name", otlp_json_text, offsetof(struct otlp_scope, name)),
    OTLP_JSON_FIELD("version", otlp_json_text, offsetof(struct otlp_scope, version)),
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, offsetof(struct otlp_scope, attributes)),
};
static const struct otlp_json_message scope_message = OTLP_JSON_MESSAGE(scope_fields);

static bool read_scope(struct otlp_json *json, void *at)
{
    (void)at;
    *json->scope = (struct otlp_scope){0};
    return otlp_json_read(json, &scope_message, json->scope);
}

static bool read_items(struct otlp_json *json, void *at)
{
    static bool (*const readers[OTLP_SIGNALS])(struct otlp_json * json) = {
        [OTLP_TRACES] = read_spans, [OTLP_LOGS] = read_logs, [OTLP_METRICS] = read_metrics};
    const struct otlp_mark *before = at;
    otlp_rewind(json->batch, before);
    return !otlp_json_enter_list(json) || readers[json->signal](json);
}

/* The names of the lists differ by signal: rows are in the order of enum otlp_signal. */
#define SCOPED(items)                                                                  \
    {                                                                                  \
        OTLP_JSON_FIELD("scope", read_scope, 0), OTLP_JSON_FIELD(items, read_items, 0) \
    }
static const struct otlp_json_field scoped_fields[OTLP_SIGNALS][2] = {
    SCOPED("spans"), SCOPED("logRecords"), SCOPED("metrics")};

static bool read_scopes(struct otlp_json *json, void *at)
{
    const struct otlp_json_message message = OTLP_JSON_MESSAGE(scoped_fields[json->signal]);
    struct resource *resource = at;
    otlp_rewind(json->batch, &resource->before);
    resource->scopes = NULL;
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct scope_node *node = otlp_alloc(json->batch, sizeof *node);
        if (node == NULL) {
            return false;
        }
        *node = (struct scope_node){.next = resource->scopes};
        resource->scopes = node;
        json->scope = &node->scope;
        struct otlp_mark before = otlp_mark(json->batch);
        if (!otlp_json_read(json, &message, &before)) {
            return false;
        }
    }
    return true;
}

static const struct otlp_json_field resource_fields[] = {
    OTLP_JSON_FIELD("attributes", otlp_json_attributes, 0),
};
static const struct otlp_json_message resource_message = OTLP_JSON_MESSAGE(resource_fields);

static bool read_resource(struct otlp_json *json, void *at)
{
    struct otlp_attributes *attributes = at;
    *attributes = (struct otlp_attributes){0};
    return otlp_json_read(json, &resource_message, attributes);
}

#define RESOURCE(scopes)                                                                   \
    {                                                                                      \
        OTLP_JSON_FIELD("resource", read_resource, offsetof(struct resource, attributes)), \
            OTLP_JSON_FIELD(scopes, read_scopes, 0)                                        \
    }
static const struct otlp_json_field enveloped_fields[OTLP_SIGNALS][2] = {
    RESOURCE("scopeSpans"), RESOURCE("scopeLogs"), RESOURCE("scopeMetrics")};

static bool read_resources(struct otlp_json *json, void *at)
{
    (void)at;
    const struct otlp_json_message message = OTLP_JSON_MESSAGE(enveloped_fields[json->signal]);
    otlp_rewind(json->batch, &(struct otlp_mark){0});
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct resource resource = {.before = otlp_mark(json->batch)};
        if (!otlp_json_read(json, &message, &resource)) {
            return false;
        }
        for (struct scope_node *node = resource.scopes; node != NULL; node = node->next) {
            node->scope.resource = resource.attributes;
        }
    }
    return true;
}

static const struct otlp_json_field request_fields[OTLP_SIGNALS] = {
    OTLP_JSON_FIELD("resourceSpans", read_resources, 0),
    OTLP_JSON_FIELD("resourceLogs", read_resources, 0),
    OTLP_JSON_FIELD("resourceMetrics", read_resources, 0),
};

/* Sets *out to the value of the body. Returns NULL, or why the body is not JSON. */
static const char *check_body(struct slice body, struct json_value *out)
{
    const char *at = body.bytes, *end = body.len == 0 ? at : at + body.len;
    bool spaced = false;
    if (body.len > 0 && *at == '{') {
        const char *after = json_skip(at, end, &spaced);
        if (after == end) {
            *out = json_value_of(at, body.len);
            return NULL;
        }
    }
    /* Whatever that check leaves open: this one decides, and knows why. */
    struct json_error error;
    return json_check(at, body.len, JSON_DEPTH_LIMIT, out, &error) ? NULL : error.what;
}

const char *otlp_json_decode(struct otlp_batch *batch, enum otlp_signal signal, struct slice body)
{
    struct json_value value;
    const char *why = check_body(body, &value);
    if (why != NULL) {
        struct slice repaired = otlp_json_repair(batch, body);
        if (repaired.len == 0 || check_body(repaired, &value) != NULL) {
            return why;
        }
    }
    if (value.type != JSON_TYPE_OBJECT) {
        return "no JSON object";
    }
    struct otlp_json json = {.batch = batch, .signal = signal, .at = json_cursor_of(value)};
    const struct otlp_json_message message = {&request_fields[signal], 1};
    (void)otlp_json_read(&json, &message, NULL);
    otlp_stack_release(&json.stack, batch->mem);
    return NULL;
}
