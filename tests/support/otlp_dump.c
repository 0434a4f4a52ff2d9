#include "tests/support/otlp_dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_hex(struct strbuf *out, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        strbuf_addf(out, "%02x", ((const unsigned char *)bytes)[i]);
    }
}

static bool is_zero(const uint8_t *id, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (id[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Without the zeros at its begin; nothing if there is nothing else. */
static void put_id(struct strbuf *out, const uint8_t *id, size_t len)
{
    while (len > 0 && *id == 0) {
        id++, len--;
    }
    put_hex(out, id, len);
}

static void put_ids(struct strbuf *out, const char *before, const struct otlp_id *id)
{
    strbuf_adds(out, before);
    put_id(out, id->trace, sizeof id->trace);
    strbuf_addc(out, '/');
    put_id(out, id->span, sizeof id->span);
}

static void put_text(struct strbuf *out, const char *before, struct slice text)
{
    if (text.len > 0) {
        strbuf_addf(out, "%s\"", before);
        strbuf_add(out, text.bytes, text.len);
        strbuf_addc(out, '"');
    }
}

static void put_number(struct strbuf *out, double number)
{
    char text[64];
    snprintf(text, sizeof text, "%.17g", number);
    strbuf_adds(out, text);
    if (strpbrk(text, ".ein") == NULL) {
        strbuf_adds(out, ".0");
    }
}

static void put_map(struct strbuf *out, const struct otlp_attributes *attributes)
{
    strbuf_addc(out, '{');
    for (size_t i = 0; i < attributes->count; i++) {
        const struct otlp_attribute *attribute = &attributes->items[i];
        strbuf_adds(out, i == 0 ? "" : ",");
        strbuf_add(out, attribute->key.bytes != NULL ? attribute->key.bytes : "",
                   attribute->key.len);
        strbuf_addc(out, '=');
        otlp_dump_value(&attribute->value, out);
    }
    strbuf_addc(out, '}');
}

void otlp_dump_value(const struct otlp_value *value, struct strbuf *out)
{
    switch (value->type) {
    case OTLP_TEXT:
        strbuf_addc(out, '\'');
        strbuf_add(out, value->text.bytes, value->text.len);
        strbuf_addc(out, '\'');
        break;
    case OTLP_BOOL: strbuf_adds(out, value->truth ? "true" : "false"); break;
    case OTLP_INT: strbuf_addf(out, "%" PRId64, value->integer); break;
    case OTLP_DOUBLE: put_number(out, value->number); break;
    case OTLP_ARRAY:
        strbuf_addc(out, '[');
        for (size_t i = 0; i < value->array.count; i++) {
            strbuf_adds(out, i == 0 ? "" : ",");
            otlp_dump_value(&value->array.items[i], out);
        }
        strbuf_addc(out, ']');
        break;
    case OTLP_MAP: put_map(out, &value->map); break;
    case OTLP_BYTES:
        strbuf_addc(out, 'x');
        put_hex(out, value->text.bytes, value->text.len);
        break;
    case OTLP_EMPTY:
    default: strbuf_addc(out, '-'); break;
    }
}

static void put_attributes(struct strbuf *out, const struct otlp_attributes *attributes)
{
    if (attributes->count > 0) {
        strbuf_addc(out, ' ');
        put_map(out, attributes);
    }
}

static void put_unsigned(struct strbuf *out, const char *before, uint64_t number)
{
    if (number != 0) {
        strbuf_addf(out, "%s%" PRIu64, before, number);
    }
}

static void put_int(struct strbuf *out, const char *before, int number)
{
    if (number != 0) {
        strbuf_addf(out, "%s%d", before, number);
    }
}

static void end_item(struct strbuf *out, const struct otlp_scope *scope)
{
    if (scope->name.len + scope->version.len + scope->attributes.count > 0) {
        strbuf_adds(out, " scope");
        put_text(out, " ", scope->name);
        put_text(out, " ", scope->version);
        put_attributes(out, &scope->attributes);
    }
    if (scope->resource.count > 0) {
        strbuf_adds(out, " resource");
        put_attributes(out, &scope->resource);
    }
    strbuf_addc(out, '\n');
}

static void dump_span(const struct otlp_span *span, struct strbuf *out)
{
    put_ids(out, "span ", &span->id);
    if (!is_zero(span->parent, sizeof span->parent)) {
        strbuf_adds(out, " parent ");
        put_id(out, span->parent, sizeof span->parent);
    }
    put_text(out, " ", span->name);
    put_int(out, " kind ", span->kind);
    if (span->start_ns != 0 || span->end_ns != 0) {
        strbuf_addf(out, " %" PRIu64 "..%" PRIu64, span->start_ns, span->end_ns);
    }
    put_attributes(out, &span->attributes);
    for (size_t i = 0; i < span->event_count; i++) {
        strbuf_adds(out, " event");
        put_unsigned(out, " ", span->events[i].time_ns);
        put_text(out, " ", span->events[i].name);
        put_attributes(out, &span->events[i].attributes);
    }
    for (size_t i = 0; i < span->link_count; i++) {
        put_ids(out, " link ", &span->links[i].to);
        put_attributes(out, &span->links[i].attributes);
    }
    put_int(out, " status ", span->status);
    put_text(out, " ", span->message);
    end_item(out, span->scope);
}

static void dump_log(const struct otlp_log *log, struct strbuf *out)
{
    put_ids(out, "log ", &log->span);
    put_unsigned(out, " at ", log->time_ns);
    put_unsigned(out, " observed ", log->observed_ns);
    put_int(out, " severity ", log->severity);
    put_text(out, " ", log->name);
    if (log->body.type != OTLP_EMPTY) {
        strbuf_adds(out, " body ");
        otlp_dump_value(&log->body, out);
    }
    put_attributes(out, &log->attributes);
    end_item(out, log->scope);
}

static void dump_point(const struct otlp_point *point, struct strbuf *out)
{
    static const char *const kinds[] = {"gauge", "delta sum", "sum", "histogram"};
    strbuf_adds(out, kinds[point->kind]);
    strbuf_adds(out, point->kind == OTLP_HISTOGRAM && point->delta ? " delta" : "");
    strbuf_adds(out, point->monotonic ? " monotonic" : "");
    put_text(out, " ", point->name);
    put_text(out, " ", point->unit);
    put_unsigned(out, " at ", point->time_ns);
    strbuf_adds(out, " value ");
    put_number(out, point->value);
    if (point->kind == OTLP_HISTOGRAM) {
        strbuf_adds(out, " count ");
        put_number(out, point->count);
    }
    put_attributes(out, &point->attributes);
    end_item(out, point->scope);
}

void otlp_dump(const struct otlp_batch *batch, struct strbuf *out)
{
    for (size_t i = 0; i < batch->span_count; i++) {
        dump_span(&batch->spans[i], out);
    }
    for (size_t i = 0; i < batch->log_count; i++) {
        dump_log(&batch->logs[i], out);
    }
    for (size_t i = 0; i < batch->point_count; i++) {
        dump_point(&batch->points[i], out);
    }
    if (batch->rejected > 0) {
        strbuf_addf(out, "rejected %" PRIu64 ": %s\n", batch->rejected, batch->why);
    }
}
