/* Spans of protobuf. Most of what comes is spans with attributes, so these are read from the bytes:
   protobuf-c needs several structs and copies for each attribute. The first pass over a span checks
   its fields and counts those that repeat, the second one reads them. Texts stay where they are.
   Rare parts (events, links, arrays and maps of values) are protobuf-c's. */
#include "ingest/otlp/otlp_private.h"

#ifdef HAVE_PROTOBUF

#include "ingest/otlp/otlp_protobuf_private.h"

#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
enum { FIELD_MAX = (1 << 29) - 1 };

/* The fields of a message, one after the other. */
struct wire {
    const uint8_t *at, *end;
    uint64_t field;
    enum wire_type type;
    uint64_t number; /* of a varint, or 4 or 8 bytes */
    ProtobufCBinaryData bytes;
    bool broken;
};

static struct wire wire_of(const ProtobufCBinaryData *data)
{
    return (struct wire){.at = data->data,
                         .end = data->len == 0 ? data->data : data->data + data->len};
}

static uint64_t read_varint(struct wire *w)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
        uint8_t byte = *w->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    w->broken = true;
    return 0;
}

/* Returns the next bytes; NULL: there are not so many. */
static const uint8_t *skip(struct wire *w, uint64_t len)
{
    const uint8_t *at = w->at;
    if (len > (uint64_t)(w->end - at)) {
        w->broken = true;
        return NULL;
    }
    w->at += len;
    return at;
}

static void read_fixed(struct wire *w, unsigned len)
{
    const uint8_t *bytes = skip(w, len);
    w->number = 0;
    for (unsigned i = 0; bytes != NULL && i < len; i++) {
        w->number |= (uint64_t)bytes[i] << 8 * i;
    }
}

/* False: no field follows, or the message is broken. */
static bool next_field(struct wire *w)
{
    if (w->at == w->end || w->broken) {
        return false;
    }
    uint64_t tag = read_varint(w);
    w->field = tag >> 3;
    w->broken |= w->field == 0 || w->field > FIELD_MAX;
    w->type = (enum wire_type)(tag & 7);
    switch (w->broken ? 7u : (unsigned)w->type) {
    case WIRE_VARINT: w->number = read_varint(w); break;
    case WIRE_FIXED64: read_fixed(w, 8); break;
    case WIRE_BYTES:
        w->bytes.len = (size_t)read_varint(w);
        w->bytes.data = w->broken ? NULL : (uint8_t *)(uintptr_t)skip(w, w->bytes.len);
        break;
    case WIRE_FIXED32: read_fixed(w, 4); break;
    default: w->broken = true; break; /* a group */
    }
    return !w->broken;
}

/* Whether the field has its type; else the message is broken. */
static bool is_type(struct wire *w, enum wire_type type)
{
    w->broken |= w->type != type;
    return w->type == type;
}

/* ---- attributes ---- */

/* Reads one kind of a value into *value; the last kind counts. */
static void read_kind(struct otlp_protobuf *r, struct wire *w, struct otlp_value *value)
{
    static const uint8_t types[] = {0,          WIRE_BYTES, WIRE_VARINT, WIRE_VARINT, WIRE_FIXED64,
                                    WIRE_BYTES, WIRE_BYTES, WIRE_BYTES};
    if (w->field >= sizeof types || !is_type(w, (enum wire_type)types[w->field])) {
        return; /* unknown, or broken */
    }
    *value = (struct otlp_value){0};
    switch (w->field) {
    case 1:
        value->type = OTLP_TEXT;
        value->text = otlp_protobuf_text(r, &w->bytes);
        break;
    case 2:
        value->type = OTLP_BOOL;
        value->truth = w->number != 0;
        break;
    case 3:
        value->type = OTLP_INT;
        memcpy(&value->integer, &w->number, sizeof value->integer);
        break;
    case 4:
        value->type = OTLP_DOUBLE;
        memcpy(&value->number, &w->number, sizeof value->number);
        break;
    case 5: *value = otlp_protobuf_array(r, &w->bytes, 0); break;
    case 6: *value = otlp_protobuf_map(r, &w->bytes, 0); break;
    default:
        value->type = OTLP_BYTES;
        value->text = (struct slice){(const char *)w->bytes.data, w->bytes.len};
        break;
    }
}

static bool read_value(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                       struct otlp_value *value)
{
    struct wire w = wire_of(data);
    *value = (struct otlp_value){0};
    r->too_deep = false;
    while (next_field(&w)) {
        read_kind(r, &w, value);
    }
    if (r->too_deep) {
        *value = (struct otlp_value){0};
    }
    return !w.broken;
}

/* False: it is no such message. */
static bool read_attribute(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                           struct otlp_attribute *out)
{
    struct wire w = wire_of(data);
    bool good = true;
    *out = (struct otlp_attribute){.key = {"", 0}};
    while (good && next_field(&w)) {
        if (w.field == 1 && is_type(&w, WIRE_BYTES)) {
            out->key = otlp_protobuf_text(r, &w.bytes);
        } else if (w.field == 2 && is_type(&w, WIRE_BYTES)) {
            good = read_value(r, &w.bytes, &out->value);
        }
    }
    return good && !w.broken;
}

/* ---- what is rare ---- */

static bool read_event(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                       struct otlp_event *out)
{
    const Wire__Event *from = wire__event__unpack(&r->allocator, data->len, data->data);
    if (from != NULL) {
        *out = (struct otlp_event){
            .time_ns = from->time_unix_nano,
            .name = otlp_protobuf_text(r, &from->name),
            .attributes = otlp_protobuf_attributes(r, from->attributes, from->n_attributes, 0)};
    }
    return from != NULL;
}

static bool read_link(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                      struct otlp_link *out)
{
    const Wire__Link *from = wire__link__unpack(&r->allocator, data->len, data->data);
    if (from != NULL) {
        *out = (struct otlp_link){
            .attributes = otlp_protobuf_attributes(r, from->attributes, from->n_attributes, 0)};
        otlp_protobuf_id(out->to.trace, OTLP_TRACE_ID_BYTES, &from->trace_id);
        otlp_protobuf_id(out->to.span, OTLP_SPAN_ID_BYTES, &from->span_id);
    }
    return from != NULL;
}

static bool read_status(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                        struct otlp_span *span)
{
    struct wire w = wire_of(data);
    while (next_field(&w)) {
        if (w.field == 2 && is_type(&w, WIRE_BYTES)) {
            span->message = otlp_protobuf_text(r, &w.bytes);
        } else if (w.field == 3 && is_type(&w, WIRE_VARINT)) {
            span->status = (int32_t)(uint32_t)w.number;
        }
    }
    return !w.broken;
}

/* ---- spans ---- */

/* The items of a span's lists. */
struct lists {
    struct otlp_attribute *attributes;
    struct otlp_event *events;
    struct otlp_link *links;
    size_t attribute_count, event_count, link_count;
};

/* Counts the items. False: the bytes are no message. */
static bool count_items(const ProtobufCBinaryData *data, struct lists *lists)
{
    struct wire w = wire_of(data);
    while (next_field(&w)) {
        lists->attribute_count += w.field == 9;
        lists->event_count += w.field == 11;
        lists->link_count += w.field == 13;
    }
    return !w.broken;
}

static void *room_for(struct otlp_protobuf *r, size_t count, size_t size)
{
    return count == 0 ? NULL : otlp_alloc(r->batch, count * size);
}

static bool read_item(struct otlp_protobuf *r, struct wire *w, struct lists *lists,
                      struct otlp_span *span)
{
    if (!is_type(w, WIRE_BYTES)) {
        return false;
    }
    switch (w->field) {
    case 9: return read_attribute(r, &w->bytes, &lists->attributes[lists->attribute_count++]);
    case 11: return read_event(r, &w->bytes, &lists->events[lists->event_count++]);
    case 13: return read_link(r, &w->bytes, &lists->links[lists->link_count++]);
    default: return read_status(r, &w->bytes, span);
    }
}

static bool read_field(struct otlp_protobuf *r, struct wire *w, struct lists *lists,
                       struct otlp_span *span)
{
    switch (w->field) {
    case 1: otlp_protobuf_id(span->id.trace, OTLP_TRACE_ID_BYTES, &w->bytes); break;
    case 2: otlp_protobuf_id(span->id.span, OTLP_SPAN_ID_BYTES, &w->bytes); break;
    case 4: otlp_protobuf_id(span->parent, OTLP_SPAN_ID_BYTES, &w->bytes); break;
    case 5: span->name = otlp_protobuf_text(r, &w->bytes); break;
    case 6: span->kind = (int32_t)(uint32_t)w->number; return is_type(w, WIRE_VARINT);
    case 7: span->start_ns = w->number; return is_type(w, WIRE_FIXED64);
    case 8: span->end_ns = w->number; return is_type(w, WIRE_FIXED64);
    case 9:
    case 11:
    case 13:
    case 15: return read_item(r, w, lists, span);
    case 16: span->flags = w->number; return is_type(w, WIRE_FIXED32);
    default: return true;
    }
    return is_type(w, WIRE_BYTES);
}

bool otlp_protobuf_span(struct otlp_protobuf *r, const ProtobufCBinaryData *data)
{
    struct lists lists = {0};
    if (!count_items(data, &lists)) {
        return false;
    }
    struct otlp_span *span = otlp_add_span(r->batch);
    lists.attributes = room_for(r, lists.attribute_count, sizeof *lists.attributes);
    lists.events = room_for(r, lists.event_count, sizeof *lists.events);
    lists.links = room_for(r, lists.link_count, sizeof *lists.links);
    if (span == NULL || otlp_failed(r->batch)) {
        return false;
    }
    struct wire w = wire_of(data);
    bool good = true;
    lists.attribute_count = lists.event_count = lists.link_count = 0;
    span->scope = r->scope;
    span->name = (struct slice){"", 0};
    while (good && next_field(&w)) {
        good = read_field(r, &w, &lists, span);
    }
    span->attributes = (struct otlp_attributes){lists.attributes, lists.attribute_count};
    span->events = lists.events;
    span->event_count = lists.event_count;
    span->links = lists.links;
    span->link_count = lists.link_count;
    if (good) {
        otlp_check_span(r->batch);
    }
    return good && !w.broken && !otlp_failed(r->batch);
}

#endif
