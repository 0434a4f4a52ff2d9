/* A name has the same meaning in each operation, so there is one table of fields, and an
   operation is a set of them. A line is read in two steps. Its members are sorted into the array
   of fields; then the operation's fields are typed, each by its row here. Fields of other
   operations are ignored, as unknown ones are. */
#include "ingest/feed/feed_fields.h"

#include "ingest/ingest_ctx.h"

#include "core/base/json_text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

_Static_assert(FEED_FIELDS <= 64, "a field is a bit of a uint64_t");

const struct feed_field_info feed_fields[FEED_FIELDS] = {
    [OP_OP] = {"op", FEED_TEXT},
    [OP_T] = {"t", FEED_TIME},
    [OP_SESSION_ID] = {"session_id", FEED_TEXT},
    [OP_AGENT_ID] = {"agent_id", FEED_TEXT},
    [OP_NAME] = {"name", FEED_TEXT},
    [OP_PARENT_SESSION_ID] = {"parent_session_id", FEED_TEXT},
    [OP_AGENT_NAME] = {"agent_name", FEED_TEXT},
    [OP_PARENT_AGENT_ID] = {"parent_agent_id", FEED_TEXT},
    [OP_SPAN_ID] = {"span_id", FEED_ID},
    [OP_MODEL] = {"model", FEED_TEXT},
    [OP_TTFT_MS] = {"ttft_ms", FEED_NUMBER},
    [OP_TTLT_MS] = {"ttlt_ms", FEED_NUMBER},
    [OP_PROMPT_TOKENS] = {"prompt_tokens", FEED_NUMBER},
    [OP_OUTPUT_TOKENS] = {"output_tokens", FEED_NUMBER},
    [OP_CACHE_READ_TOKENS] = {"cache_read_tokens", FEED_NUMBER},
    [OP_CACHE_CREATION_TOKENS] = {"cache_creation_tokens", FEED_NUMBER},
    [OP_MESSAGE_ID] = {"message_id", FEED_TEXT},
    [OP_IS_SPECULATIVE] = {"is_speculative", FEED_BOOL},
    [OP_QUERY_SOURCE] = {"query_source", FEED_TEXT},
    [OP_REQUEST_SETUP_MS] = {"request_setup_ms", FEED_NUMBER},
    [OP_ATTEMPT_START_TIMES] = {"attempt_start_times", FEED_NUMBERS},
    [OP_TOOL_NAME] = {"tool_name", FEED_TEXT},
    [OP_CAT] = {"cat", FEED_TEXT},
    [OP_ARGS] = {"args", FEED_OBJECT},
    [OP_VALUES] = {"values", FEED_COUNTERS},
    [OP_CONTEXT] = {"context", FEED_TEXT},
    [OP_DECISION] = {"decision", FEED_TEXT},
    [OP_SOURCE] = {"source", FEED_TEXT},
    [OP_USER_PROMPT_LENGTH] = {"user_prompt_length", FEED_NUMBER},
    [OP_ATTEMPT] = {"attempt", FEED_NUMBER},
    [OP_RETRY_IN_MS] = {"retry_in_ms", FEED_NUMBER},
    [OP_SUCCESS] = {"success", FEED_BOOL},
    [OP_ERROR] = {"error", FEED_TEXT},
    [OP_RESULT_TOKENS] = {"result_tokens", FEED_NUMBER},
    [OP_MESSAGE] = {"message", FEED_TEXT},
    [OP_LEVEL] = {"level", FEED_TEXT},
    [OP_TOKEN] = {"token", FEED_TEXT},
    [OP_PAYLOAD] = {"payload", FEED_OBJECT},
    [OP_CLIENT] = {"client", FEED_TEXT},
    [OP_PROCESS] = {"process", FEED_OBJECT},
    [OP_KIND] = {"kind", FEED_KIND},
    [OP_ID] = {"id", FEED_ID},
    [OP_BY] = {"by", FEED_TEXT},
    [OP_PRECEDENCE] = {"precedence", FEED_PRECEDENCE},
    [OP_EVENT] = {"event", FEED_OBJECT},
    [OP_START_MS] = {"start_ms", FEED_TIME},
    [OP_EXTRA] = {"extra", FEED_OBJECT},
};

const char *feed_type_words(enum feed_type type)
{
    static const char *const words[] = {
        [FEED_TEXT] = "a string",
        [FEED_ID] = "a string or a number",
        [FEED_TIME] = "a time in Unix milliseconds",
        [FEED_NUMBER] = "a number",
        [FEED_BOOL] = "true or false",
        [FEED_NUMBERS] = "an array of numbers",
        [FEED_OBJECT] = "an object",
        [FEED_COUNTERS] = "an object of numbers",
        [FEED_KIND] = "a kind: request, tool, wait, interaction or span",
        [FEED_PRECEDENCE] = "a precedence: 0, 1, 2 or 3",
        [FEED_OUTCOME] = "an outcome",
        [FEED_RETRY] = "an object of attempt, in_ms, at_ms and error",
    };
    return words[type];
}

enum feed_field feed_field_of(const char *name, size_t len)
{
    for (int i = 0; i < FEED_FIELDS; i++) {
        if (strncmp(feed_fields[i].name, name, len) == 0 && feed_fields[i].name[len] == '\0') {
            return (enum feed_field)i;
        }
    }
    return FEED_FIELDS;
}

void feed_values_init(struct feed_values *values, const struct mem *mem)
{
    *values = (struct feed_values){.mem = mem};
    strbuf_init(&values->decoded, mem, 0);
}

void feed_values_release(struct feed_values *values)
{
    strbuf_release(&values->decoded);
    mem_free(values->mem, values->numbers, values->number_cap * sizeof *values->numbers);
    values->numbers = NULL;
    values->number_cap = 0;
}

static enum feed_field field_of_key(struct json_value key)
{
    if (memchr(key.raw, '\\', key.len) == NULL) {
        return feed_field_of(key.raw + 1, key.len - 2);
    }
    for (int i = 0; i < FEED_FIELDS; i++) {
        if (json_string_is(key, feed_fields[i].name)) {
            return (enum feed_field)i;
        }
    }
    return FEED_FIELDS;
}

bool feed_values_read(struct feed_values *values, struct json_value object)
{
    values->present = 0;
    values->number_count = 0;
    strbuf_clear(&values->decoded);
    /* Decoded, a text is never longer than it is in the line; an id that is spelled again may be.
       So no slice of it will move. */
    if (strbuf_room(&values->decoded, object.len + 2 * JSON_NUMBER_MAX) == NULL) {
        return false;
    }
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        enum feed_field field = field_of_key(member.key);
        if (field == FEED_FIELDS) {
            continue;
        }
        values->raw[field] = member.value;
        values->present |= FEED_BIT(field);
        if (member.value.type == JSON_TYPE_NULL) {
            values->present &= ~FEED_BIT(field);
        }
    }
    return true;
}

enum feed_typed feed_read_text(struct json_value value, struct strbuf *decoded, struct slice *out)
{
    if (value.type != JSON_TYPE_STRING) {
        return FEED_WRONG_TYPE;
    }
    *out = (struct slice){.bytes = value.raw + 1, .len = value.len - 2};
    if (memchr(value.raw, '\\', value.len) == NULL) {
        return FEED_TYPED;
    }
    size_t from = decoded->len;
    json_get_string(value, decoded);
    *out = (struct slice){.bytes = decoded->data + from, .len = decoded->len - from};
    return decoded->failed ? FEED_NO_MEMORY : FEED_TYPED;
}

static enum feed_typed type_text(struct feed_values *values, enum feed_field field)
{
    return feed_read_text(values->raw[field], &values->decoded, &values->text[field]);
}

/* 7, 7.0 and "7" are one id; digits beyond a double's are kept. */
static enum feed_typed type_id(struct feed_values *values, enum feed_field field)
{
    struct json_value raw = values->raw[field];
    if (raw.type != JSON_TYPE_NUMBER) {
        return type_text(values, field);
    }
    double number = json_get_number(raw);
    if (!isfinite(number)) {
        return FEED_WRONG_TYPE;
    }
    values->text[field] = (struct slice){.bytes = raw.raw, .len = raw.len};
    bool digits = memchr(raw.raw, '.', raw.len) == NULL && memchr(raw.raw, 'e', raw.len) == NULL &&
                  memchr(raw.raw, 'E', raw.len) == NULL;
    if (digits) {
        return FEED_TYPED;
    }
    size_t from = values->decoded.len;
    json_put_number(&values->decoded, number);
    values->text[field] =
        (struct slice){.bytes = values->decoded.data + from, .len = values->decoded.len - from};
    return values->decoded.failed ? FEED_NO_MEMORY : FEED_TYPED;
}

static enum feed_typed type_kind(struct feed_values *values, enum feed_field field)
{
    enum call_kind kind = CALL_SPAN;
    enum feed_typed typed = type_text(values, field);
    if (typed == FEED_TYPED && !call_kind_read(values->text[field], &kind)) {
        typed = FEED_WRONG_TYPE;
    }
    return typed;
}

static enum feed_typed type_number(struct feed_values *values, enum feed_field field)
{
    double number = json_get_number(values->raw[field]);
    if (!isfinite(number)) {
        return FEED_WRONG_TYPE;
    }
    if (feed_fields[field].type == FEED_TIME && fabs(number) > INGEST_TIME_MAX_MS) {
        return FEED_WRONG_TYPE;
    }
    if (feed_fields[field].type == FEED_PRECEDENCE &&
        (number != floor(number) || number < 0 || number >= PRECEDENCES)) {
        return FEED_WRONG_TYPE;
    }
    values->number[field] = number;
    return FEED_TYPED;
}

static enum feed_typed type_numbers(struct feed_values *values, enum feed_field field)
{
    if (values->raw[field].type != JSON_TYPE_ARRAY) {
        return FEED_WRONG_TYPE;
    }
    values->number_count = 0;
    struct json_walk walk = json_walk(values->raw[field]);
    struct json_value item;
    while (json_next_item(&walk, &item)) {
        double number = json_get_number(item);
        if (!isfinite(number)) {
            return FEED_WRONG_TYPE;
        }
        if (!mem_reserve(values->mem, &values->numbers, &values->number_cap,
                         values->number_count + 1, sizeof *values->numbers)) {
            return FEED_NO_MEMORY;
        }
        values->numbers[values->number_count++] = number;
    }
    return FEED_TYPED;
}

static enum feed_typed type_object(struct feed_values *values, enum feed_field field)
{
    struct json_value raw = values->raw[field];
    if (raw.type != JSON_TYPE_OBJECT) {
        return FEED_WRONG_TYPE;
    }
    values->text[field] = (struct slice){.bytes = raw.raw, .len = raw.len};
    if (feed_fields[field].type != FEED_COUNTERS) {
        return FEED_TYPED;
    }
    struct json_walk walk = json_walk(raw);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (!isfinite(json_get_number(member.value))) {
            return FEED_WRONG_TYPE;
        }
    }
    return FEED_TYPED;
}

enum feed_typed feed_values_type(struct feed_values *values, enum feed_field field)
{
    assert(feed_has(values, field));
    switch (feed_fields[field].type) {
    case FEED_TEXT: return type_text(values, field);
    case FEED_ID: return type_id(values, field);
    case FEED_KIND: return type_kind(values, field);
    case FEED_PRECEDENCE:
    case FEED_TIME:
    case FEED_NUMBER: return type_number(values, field);
    case FEED_NUMBERS: return type_numbers(values, field);
    case FEED_OBJECT:
    case FEED_COUNTERS: return type_object(values, field);
    case FEED_OUTCOME: /* these two are of update fields alone (feed_update.h) */
    case FEED_RETRY:
    case FEED_BOOL: break;
    }
    enum json_type type = values->raw[field].type;
    return type == JSON_TYPE_TRUE || type == JSON_TYPE_FALSE ? FEED_TYPED : FEED_WRONG_TYPE;
}

double feed_number(const struct feed_values *values, enum feed_field field)
{
    return feed_has(values, field) ? values->number[field] : NAN;
}

enum tristate feed_truth(const struct feed_values *values, enum feed_field field)
{
    if (!feed_has(values, field)) {
        return TRI_UNSET;
    }
    return values->raw[field].type == JSON_TYPE_TRUE ? TRI_TRUE : TRI_FALSE;
}
