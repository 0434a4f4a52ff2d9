/* Whether an attribute is kept depends on its meaning: a table has those that are read elsewhere,
   for calls of every kind or of some. */
#include "ingest/otlp/otlp_args.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "core/base/utf8.h"
#include "ingest/tool_args.h"

#include <math.h>
#include <string.h>

enum {
    TEXT_BYTES = 200,
    NAME_BYTES = 64, /* an id, a name, a state is no longer */
    WHOLE_BYTES = 64 << 10,
    ARGS_BYTES = 256 << 10,
    DEPTH_MAX = 16
};

#define IN(kind) (1u << (kind))
#define ALL      UINT16_MAX

/* The kinds whose records have the attribute as a field of their own. */
static const uint16_t read_by[MEANINGS] = {
    [MEANS_KIND_LANGFUSE] = ALL,
    [MEANS_KIND_OPENINFERENCE] = ALL,
    [MEANS_KIND_TRACELOOP] = ALL,
    [MEANS_KIND_LANGSMITH] = ALL,
    [MEANS_KIND_OPERATION] = ALL,
    [MEANS_KIND_AI_OPERATION] = ALL,
    [MEANS_KIND_SPAN_TYPE] = ALL,
    [MEANS_KIND_LLM_REQUEST] = ALL,
    [MEANS_LOGFIRE_TYPE] = ALL,
    [MEANS_EVENT_NAME] = ALL,
    [MEANS_MODEL] = IN(OTLP_REQUEST),
    [MEANS_PROMPT] = IN(OTLP_REQUEST),
    [MEANS_PROMPT_UNCACHED] = IN(OTLP_REQUEST),
    [MEANS_OUTPUT] = IN(OTLP_REQUEST),
    [MEANS_TOTAL] = IN(OTLP_REQUEST),
    [MEANS_CACHE_READ] = IN(OTLP_REQUEST),
    [MEANS_CACHE_CREATION] = IN(OTLP_REQUEST),
    [MEANS_USAGE_JSON] = IN(OTLP_REQUEST),
    [MEANS_TTFT] = IN(OTLP_REQUEST),
    [MEANS_SERVER_TTFT] = IN(OTLP_REQUEST),
    [MEANS_FIRST_TOKEN_AT] = IN(OTLP_REQUEST),
    [MEANS_TTLT] = IN(OTLP_REQUEST),
    [MEANS_DURATION] = ALL,
    [MEANS_SETUP] = IN(OTLP_REQUEST),
    [MEANS_AGENT_NAME] = ALL,
    [MEANS_AGENT_ID] = ALL,
    [MEANS_PARENT_AGENT_ID] = ALL,
    [MEANS_IS_SUBAGENT] = ALL,
    [MEANS_TOOL_NAME] = IN(OTLP_TOOL),
    [MEANS_ERROR_TYPE] = ALL,
    [MEANS_ERROR_CLASS] = ALL,
    [MEANS_ERROR] = ALL,
    [MEANS_SUCCESS] = ALL,
    [MEANS_LEVEL] = ALL,
    [MEANS_LEVEL_NUMBER] = ALL,
    [MEANS_DECISION] = IN(OTLP_WAIT),
    [MEANS_DECISION_SOURCE] = IN(OTLP_WAIT),
    [MEANS_SESSION] = ALL,
    [MEANS_PARENT_SESSION] = ALL,
    [MEANS_SESSION_OF_PROCESS] = ALL,
    [MEANS_SERVICE] = ALL,
    [MEANS_HOST] = ALL,
    [MEANS_TITLE] = ALL,
    [MEANS_PROMPT_ID] = ALL,
    [MEANS_PROMPT_LENGTH] = IN(OTLP_INTERACTION),
    [MEANS_QUERY_SOURCE] = IN(OTLP_REQUEST),
    [MEANS_NOTHING] = ALL,
};

static void put_key(struct strbuf *out, struct slice key)
{
    json_put_string(out, key.bytes, utf8_cut(key.bytes, key.len, TEXT_BYTES));
}

/* Begins the next member, and the object with its first. False: there are too many. */
static bool begin_member(struct strbuf *out, size_t begin, struct slice key)
{
    if (out->len - begin > ARGS_BYTES) {
        return false;
    }
    strbuf_addc(out, out->len > begin ? ',' : '{');
    put_key(out, key);
    strbuf_addc(out, ':');
    return true;
}

static void put_value(struct strbuf *out, const struct otlp_value *value, bool content,
                      unsigned depth)
{
    size_t most = content ? WHOLE_BYTES : TEXT_BYTES;
    switch (depth > DEPTH_MAX || out->len > 2 * ARGS_BYTES ? OTLP_EMPTY : value->type) {
    case OTLP_TEXT:
        json_put_string(out, value->text.bytes, mask_cut(value->text.bytes, value->text.len, most));
        return;
    case OTLP_BOOL: json_put_bool(out, value->truth); return;
    case OTLP_INT: json_put_int(out, value->integer); return;
    case OTLP_DOUBLE: json_put_number(out, value->number); return;
    case OTLP_ARRAY:
        strbuf_addc(out, '[');
        for (size_t i = 0; i < value->array.count && out->len < ARGS_BYTES; i++) {
            if (i > 0) {
                strbuf_addc(out, ',');
            }
            put_value(out, &value->array.items[i], content, depth + 1);
        }
        strbuf_addc(out, ']');
        return;
    case OTLP_MAP:
        strbuf_addc(out, '{');
        for (size_t i = 0; i < value->map.count && out->len < ARGS_BYTES; i++) {
            if (i > 0) {
                strbuf_addc(out, ',');
            }
            put_key(out, value->map.items[i].key);
            strbuf_addc(out, ':');
            put_value(out, &value->map.items[i].value, content, depth + 1);
        }
        strbuf_addc(out, '}');
        return;
    case OTLP_BYTES:
    case OTLP_EMPTY:
    default: strbuf_adds(out, "null"); return;
    }
}

/* Appends the one argument that is kept of a tool's input, or all of them. The input is an object,
   or JSON in a text. Returns the hash of the others. */
static double put_input(const struct otlp_value *value, bool content, struct strbuf *out,
                        size_t begin)
{
    double hash = (double)NAN;
    struct strbuf text;
    struct json_value input;
    struct json_member member;
    strbuf_init(&text, out->mem, 0);
    if (value->type == OTLP_TEXT) {
        strbuf_add(&text, value->text.bytes, value->text.len);
    } else {
        put_value(&text, value, true, 0);
    }
    struct strbuf kept;
    strbuf_init(&kept, out->mem, 0);
    if (!text.failed && text.len > 0 && json_check(text.data, text.len, 64, &input, NULL) &&
        input.type == JSON_TYPE_OBJECT) {
        tool_args(input, content, &kept);
        hash = tool_args_hash(input, content);
        struct json_value args = json_value_of(kept.data, kept.failed ? 0 : kept.len);
        for (struct json_walk walk = json_walk(args); json_next_member(&walk, &member);) {
            struct slice key = {member.key.raw + 1, member.key.len - 2};
            if (begin_member(out, begin, key)) {
                strbuf_add(out, member.value.raw, member.value.len);
            }
        }
    }
    out->failed |= text.failed || kept.failed;
    strbuf_release(&kept);
    strbuf_release(&text);
    return hash;
}

/* An attribute that is not in the list may hold a prompt or a result: a text with blanks, a long
   one, and all that has parts. */
static bool may_be_content(const struct otlp_value *value)
{
    if (value->type != OTLP_TEXT) {
        return value->type == OTLP_MAP || value->type == OTLP_ARRAY;
    }
    bool blanks = false;
    for (size_t i = 0; i < value->text.len && i < NAME_BYTES; i++) {
        blanks |= (unsigned char)value->text.bytes[i] <= ' ';
    }
    return blanks || value->text.len > NAME_BYTES;
}

double otlp_args(const struct otlp_item *item, const struct otlp_attributes *attributes,
                 enum otlp_kind kind, bool content, struct strbuf *out)
{
    size_t begin = out->len;
    double hash = (double)NAN;
    for (size_t i = 0; i < attributes->count; i++) {
        const struct otlp_attribute *attribute = &attributes->items[i];
        const struct otlp_attribute_row *row = otlp_found_row(item->found, attributes, i);
        enum otlp_meaning meaning = row == NULL ? MEANS_ARGS : row->meaning;
        bool again = row != NULL &&
                     item->found->values[row - otlp_attribute_rows] != &attribute->value &&
                     row->key[strlen(row->key) - 1] != '*';
        if (again || attribute->value.type == OTLP_EMPTY || (read_by[meaning] & IN(kind)) != 0 ||
            (meaning == MEANS_CONTENT && !content)) {
            continue;
        }
        if (row == NULL && !content && may_be_content(&attribute->value)) {
            continue;
        }
        if (meaning == MEANS_TOOL_INPUT) {
            double own = put_input(&attribute->value, content, out, begin);
            hash = isnan(own) ? hash : own;
            continue;
        }
        struct slice key = attribute->key;
        if (slice_is(key, "full_command")) { /* as files call it */
            key = (struct slice){"command", 7};
        }
        if (begin_member(out, begin, key)) {
            put_value(out, &attribute->value, content, 0);
        }
    }
    if (out->len > begin) {
        strbuf_addc(out, '}');
    }
    return hash;
}
