#include "tests/support/otlp_encode.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

void otlp_put_varint(struct strbuf *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) {
        strbuf_addc(out, (char)(number | 0x80));
    }
    strbuf_addc(out, (char)number);
}

static void put_tag(struct strbuf *out, unsigned field, enum wire wire)
{
    otlp_put_varint(out, field << 3 | wire);
}

void otlp_put_int(struct strbuf *out, unsigned field, uint64_t number)
{
    put_tag(out, field, VARINT);
    otlp_put_varint(out, number);
}

void otlp_put_fixed(struct strbuf *out, unsigned field, const void *eight_bytes)
{
    uint64_t number;
    memcpy(&number, eight_bytes, sizeof number);
    put_tag(out, field, FIXED64);
    for (int i = 0; i < 8; i++, number >>= 8) {
        strbuf_addc(out, (char)(number & 0xff));
    }
}

void otlp_put_bytes(struct strbuf *out, unsigned field, const void *bytes, size_t len)
{
    put_tag(out, field, BYTES);
    otlp_put_varint(out, len);
    strbuf_add(out, len > 0 ? bytes : "", len);
}

size_t otlp_begin(struct strbuf *out)
{
    return out->len;
}

void otlp_end(struct strbuf *out, unsigned field, size_t begin)
{
    size_t len = out->len - begin;
    put_tag(out, field, BYTES);
    otlp_put_varint(out, len);
    /* The tag and the length go before the message. */
    size_t head_len = out->len - begin - len;
    char head[20];
    assert(head_len <= sizeof head);
    memcpy(head, out->data + begin + len, head_len);
    memmove(out->data + begin + head_len, out->data + begin, len);
    memcpy(out->data + begin, head, head_len);
}

static void put_text(struct strbuf *out, unsigned field, struct slice text)
{
    if (text.len > 0) {
        otlp_put_bytes(out, field, text.bytes, text.len);
    }
}

static void put_time(struct strbuf *out, unsigned field, uint64_t time_ns)
{
    if (time_ns != 0) {
        otlp_put_fixed(out, field, &time_ns);
    }
}

static void put_flags(struct strbuf *out, unsigned field, uint64_t flags)
{
    put_tag(out, field, FIXED32);
    for (int i = 0; i < 4; i++, flags >>= 8) {
        strbuf_addc(out, (char)(flags & 0xff));
    }
}

static void put_number(struct strbuf *out, unsigned field, int number)
{
    if (number != 0) {
        otlp_put_int(out, field, (uint64_t)(int64_t)number);
    }
}

static void put_id(struct strbuf *out, unsigned field, const uint8_t *id, size_t len)
{
    static const uint8_t none[OTLP_TRACE_ID_BYTES];
    if (memcmp(id, none, len) != 0) {
        otlp_put_bytes(out, field, id, len);
    }
}

static void put_attributes(struct strbuf *out, unsigned field,
                           const struct otlp_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        size_t attribute = otlp_begin(out);
        put_text(out, 1, attributes->items[i].key);
        otlp_put_value(out, 2, &attributes->items[i].value);
        otlp_end(out, field, attribute);
    }
}

static void put_array(struct strbuf *out, const struct otlp_value *value)
{
    size_t array = otlp_begin(out);
    for (size_t i = 0; i < value->array.count; i++) {
        otlp_put_value(out, 1, &value->array.items[i]);
    }
    otlp_end(out, 5, array);
}

void otlp_put_value(struct strbuf *out, unsigned field, const struct otlp_value *value)
{
    size_t begin = otlp_begin(out);
    switch (value->type) {
    case OTLP_TEXT: otlp_put_bytes(out, 1, value->text.bytes, value->text.len); break;
    case OTLP_BOOL: otlp_put_int(out, 2, value->truth); break;
    case OTLP_INT: otlp_put_int(out, 3, (uint64_t)value->integer); break;
    case OTLP_DOUBLE: otlp_put_fixed(out, 4, &value->number); break;
    case OTLP_ARRAY: put_array(out, value); break;
    case OTLP_MAP: {
        size_t map = otlp_begin(out);
        put_attributes(out, 1, &value->map);
        otlp_end(out, 6, map);
        break;
    }
    case OTLP_BYTES: otlp_put_bytes(out, 7, value->text.bytes, value->text.len); break;
    case OTLP_EMPTY:
    default: break;
    }
    otlp_end(out, field, begin);
}

static void put_span(struct strbuf *out, const struct otlp_span *span)
{
    size_t begin = otlp_begin(out), part;
    put_id(out, 1, span->id.trace, OTLP_TRACE_ID_BYTES);
    put_id(out, 2, span->id.span, OTLP_SPAN_ID_BYTES);
    put_id(out, 4, span->parent, OTLP_SPAN_ID_BYTES);
    put_text(out, 5, span->name);
    put_number(out, 6, span->kind);
    put_time(out, 7, span->start_ns);
    put_time(out, 8, span->end_ns);
    put_attributes(out, 9, &span->attributes);
    for (size_t i = 0; i < span->event_count; i++) {
        part = otlp_begin(out);
        put_time(out, 1, span->events[i].time_ns);
        put_text(out, 2, span->events[i].name);
        put_attributes(out, 3, &span->events[i].attributes);
        otlp_end(out, 11, part);
    }
    for (size_t i = 0; i < span->link_count; i++) {
        part = otlp_begin(out);
        put_id(out, 1, span->links[i].to.trace, OTLP_TRACE_ID_BYTES);
        put_id(out, 2, span->links[i].to.span, OTLP_SPAN_ID_BYTES);
        put_attributes(out, 4, &span->links[i].attributes);
        otlp_end(out, 13, part);
    }
    part = otlp_begin(out);
    put_text(out, 2, span->message);
    put_number(out, 3, span->status);
    otlp_end(out, 15, part);
    if (span->flags != 0) {
        put_flags(out, 16, span->flags);
    }
    otlp_end(out, 2, begin);
}

static void put_log(struct strbuf *out, const struct otlp_log *log)
{
    size_t begin = otlp_begin(out);
    put_time(out, 1, log->time_ns);
    put_number(out, 2, log->severity);
    otlp_put_value(out, 5, &log->body);
    put_attributes(out, 6, &log->attributes);
    put_id(out, 9, log->span.trace, OTLP_TRACE_ID_BYTES);
    put_id(out, 10, log->span.span, OTLP_SPAN_ID_BYTES);
    put_time(out, 11, log->observed_ns);
    put_text(out, 12, log->name);
    otlp_end(out, 2, begin);
}

/* A metric for each point. */
static void put_point(struct strbuf *out, const struct otlp_point *point)
{
    bool histogram = point->kind == OTLP_HISTOGRAM;
    size_t metric = otlp_begin(out);
    put_text(out, 1, point->name);
    put_text(out, 3, point->unit);
    size_t data = otlp_begin(out), begin = data;
    put_time(out, 3, point->time_ns);
    if (!isnan(point->value)) {
        otlp_put_fixed(out, histogram ? 5 : 4, &point->value);
    }
    if (histogram && !isnan(point->count)) {
        uint64_t count = (uint64_t)point->count;
        otlp_put_fixed(out, 4, &count);
    }
    put_attributes(out, histogram ? 9 : 7, &point->attributes);
    otlp_end(out, 1, begin);
    if (point->kind != OTLP_GAUGE) {
        put_number(out, 2, point->delta ? 1 : 2);
        put_number(out, 3, point->monotonic);
    }
    otlp_end(out, histogram ? 9 : point->kind == OTLP_GAUGE ? 5 : 7, data);
    otlp_end(out, 2, metric);
}

/* Items that follow each other and have the same scope are in one envelope. */
static void put_envelope(struct strbuf *out, const struct otlp_scope *scope, size_t begin)
{
    size_t part = otlp_begin(out);
    put_text(out, 1, scope->name);
    put_text(out, 2, scope->version);
    put_attributes(out, 3, &scope->attributes);
    otlp_end(out, 1, part);
    otlp_end(out, 2, begin);
    part = otlp_begin(out);
    put_attributes(out, 1, &scope->resource);
    otlp_end(out, 1, part);
    otlp_end(out, 1, begin);
}

void otlp_encode(const struct otlp_batch *batch, enum otlp_signal signal, struct strbuf *out)
{
    for (size_t i = 0; signal == OTLP_TRACES && i < batch->span_count;) {
        size_t begin = otlp_begin(out);
        const struct otlp_scope *scope = batch->spans[i].scope;
        while (i < batch->span_count && batch->spans[i].scope == scope) {
            put_span(out, &batch->spans[i++]);
        }
        put_envelope(out, scope, begin);
    }
    for (size_t i = 0; signal == OTLP_LOGS && i < batch->log_count;) {
        size_t begin = otlp_begin(out);
        const struct otlp_scope *scope = batch->logs[i].scope;
        while (i < batch->log_count && batch->logs[i].scope == scope) {
            put_log(out, &batch->logs[i++]);
        }
        put_envelope(out, scope, begin);
    }
    for (size_t i = 0; signal == OTLP_METRICS && i < batch->point_count;) {
        size_t begin = otlp_begin(out);
        const struct otlp_scope *scope = batch->points[i].scope;
        while (i < batch->point_count && batch->points[i].scope == scope) {
            put_point(out, &batch->points[i++]);
        }
        put_envelope(out, scope, begin);
    }
}
