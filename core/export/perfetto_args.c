/* Args as debug annotations. Integers that 64 bits hold stay exact; a number beyond a double, and
   what is nested deeper than readers like, becomes a text. Texts are interned, since most occur
   again: once in the begin, once in the end. */
#include "core/export/perfetto_trace.h"

#include "core/base/json_unique.h"
#include "core/base/protobuf_put.h"
#include "core/export/perfetto_fields.h"

#include <math.h>
#include <string.h>

/* An end with more args than are compared is no call of an agent. */
enum { DEPTH_MAX = 32, INTERNED_MAX = 128, COMPARED_MAX = 64 };

static void put_value(struct perfetto_trace *trace, struct json_value value, unsigned depth);

static void put_text(struct perfetto_trace *trace, const char *text, size_t len)
{
    if (len > INTERNED_MAX) {
        protobuf_put_text(&trace->fields, ARG_TEXT, text, len);
        return;
    }
    uint64_t iid = perfetto_text_iid(trace, PERFETTO_ARG_TEXTS, (struct slice){text, len});
    protobuf_put_uint(&trace->fields, ARG_INTERNED_TEXT, iid);
}

/* Returns whether the number is an integer that 64 bits hold; *size is it without the sign. */
static bool read_integer(struct json_value number, uint64_t *size)
{
    size_t at = number.raw[0] == '-';
    *size = 0;
    for (; at < number.len; at++) {
        unsigned digit = (unsigned)(unsigned char)number.raw[at] - '0';
        if (digit > 9 || *size > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *size = *size * 10 + digit;
    }
    return true;
}

static void put_number(struct perfetto_trace *trace, struct json_value number)
{
    struct strbuf *out = &trace->fields;
    bool negative = number.raw[0] == '-';
    uint64_t size;
    double value = json_get_number(number);
    if (read_integer(number, &size) && (!negative || (size > 0 && size <= INT64_MAX))) {
        if (negative) {
            protobuf_put_int(out, ARG_INT, -(int64_t)size);
        } else {
            protobuf_put_uint(out, size <= INT64_MAX ? ARG_INT : ARG_UINT, size);
        }
    } else if (isfinite(value)) {
        protobuf_put_double(out, ARG_DOUBLE, value);
    } else {
        put_text(trace, number.raw, number.len);
    }
}

static void put_string(struct perfetto_trace *trace, struct json_value string)
{
    strbuf_clear(&trace->key);
    json_get_string(string, &trace->key);
    put_text(trace, trace->key.len > 0 ? trace->key.data : "", trace->key.len);
}

static void put_member(struct perfetto_trace *trace, const struct json_member *member,
                       uint32_t field, unsigned depth)
{
    strbuf_clear(&trace->key);
    json_get_string(member->key, &trace->key);
    size_t message = protobuf_begin_message(&trace->fields, field);
    uint64_t iid = perfetto_text_iid(trace, PERFETTO_ARG_NAMES,
                                     (struct slice){trace->key.data, trace->key.len});
    protobuf_put_uint(&trace->fields, ARG_NAME, iid);
    put_value(trace, member->value, depth);
    protobuf_end_message(&trace->fields, message);
}

static void put_container(struct perfetto_trace *trace, struct json_value value, unsigned depth)
{
    struct json_walk walk = json_walk(value);
    struct json_member member;
    struct json_value item;
    if (depth >= DEPTH_MAX) {
        protobuf_put_text(&trace->fields, ARG_TEXT, value.raw, value.len);
    } else if (value.type == JSON_TYPE_OBJECT) {
        while (json_next_member(&walk, &member) && perfetto_trace_good(trace)) {
            put_member(trace, &member, ARG_MEMBER, depth + 1);
        }
    } else {
        while (json_next_item(&walk, &item) && perfetto_trace_good(trace)) {
            size_t message = protobuf_begin_message(&trace->fields, ARG_ITEM);
            put_value(trace, item, depth + 1);
            protobuf_end_message(&trace->fields, message);
        }
    }
}

static void put_value(struct perfetto_trace *trace, struct json_value value, unsigned depth)
{
    if (value.type == JSON_TYPE_STRING) {
        put_string(trace, value);
    } else if (value.type == JSON_TYPE_NUMBER) {
        put_number(trace, value);
    } else if (value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_FALSE) {
        protobuf_put_uint(&trace->fields, ARG_BOOL, value.type == JSON_TYPE_TRUE);
    } else if (value.type == JSON_TYPE_NULL) {
        put_text(trace, "null", 4);
    } else if (value.type != JSON_TYPE_NONE) {
        put_container(trace, value, depth);
    }
}

static void put_all(struct perfetto_trace *trace, struct json_value args)
{
    struct json_walk walk = json_walk(args);
    struct json_member member = {{JSON_TYPE_STRING, "\"args\"", 6}, args};
    if (args.type != JSON_TYPE_OBJECT) {
        put_member(trace, &member, EVENT_ARG, 0);
        return;
    }
    while (json_next_member(&walk, &member) && perfetto_trace_good(trace)) {
        put_member(trace, &member, EVENT_ARG, 0);
    }
}

void perfetto_put_args(struct perfetto_trace *trace, struct slice args)
{
    struct strbuf unique;
    if (args.len == 0) {
        return;
    }
    strbuf_init(&unique, trace->mem, 0);
    if (json_has_twins(args.bytes, args.len)) {
        json_add_unique(&unique, args.bytes, args.len);
        trace->failed |= unique.failed;
    }
    if (!unique.failed) { /* else the text ends within a value */
        put_all(trace, unique.len > 0 ? json_value_of(unique.data, unique.len)
                                      : json_value_of(args.bytes, args.len));
    }
    strbuf_release(&unique);
}

/* ---- ends ---- */

/* A field that is an arg; `whole` with its tag and length. */
struct arg_fields {
    const char *at, *end;
    struct slice whole;
};

/* Moves to the next arg of an event's fields. */
static bool next_arg(struct arg_fields *fields)
{
    while (fields->at < fields->end) {
        uint32_t field;
        const char *from = fields->at;
        fields->at = protobuf_skip(fields->at, fields->end, &field);
        fields->whole = (struct slice){from, (size_t)(fields->at - from)};
        if (field == EVENT_ARG) {
            return true;
        }
    }
    return false;
}

static bool has_arg(struct arg_fields fields, struct slice arg)
{
    while (next_arg(&fields)) {
        if (fields.whole.len == arg.len && memcmp(fields.whole.bytes, arg.bytes, arg.len) == 0) {
            return true;
        }
    }
    return false;
}

void perfetto_put_end_args(struct perfetto_trace *trace, span_no span, struct slice args)
{
    uint32_t at = span == NO_SPAN ? U64MAP_NONE : u64map_get(&trace->begin_by_span, span);
    size_t from = trace->fields.len, kept = from;
    perfetto_put_args(trace, args);
    if (at == U64MAP_NONE || !perfetto_trace_good(trace) || trace->fields.len == from) {
        return;
    }
    const struct perfetto_event *begin = &trace->events[at];
    char *data = trace->fields.data;
    struct arg_fields begins = {.at = data + begin->field_at,
                                .end = data + begin->field_at + begin->field_len};
    struct arg_fields ends = {.at = data + from, .end = data + trace->fields.len};
    size_t looked = 0;
    while (next_arg(&ends)) {
        if (looked++ >= COMPARED_MAX || !has_arg(begins, ends.whole)) {
            memmove(data + kept, ends.whole.bytes, ends.whole.len);
            kept += ends.whole.len;
        }
    }
    trace->fields.len = kept;
}
