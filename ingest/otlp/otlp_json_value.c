/* OTLP/JSON: the values of fields, where it differs from protobuf's own JSON: ids are hexadecimal,
   64-bit integers may be strings, enums are numbers. Hand-made senders deviate, so every field also
   takes what can only mean one thing: an enum by its name, a number in a string. */
#include "ingest/otlp/otlp_json_private.h"

#include <math.h>
#include <string.h>

/* ---- messages and lists ---- */

/* Members mostly come in the table's order: the search begins after the last one found. */
static const struct otlp_json_field *find_field(const struct otlp_json_message *message,
                                                struct json_value key, size_t *next)
{
    size_t at = *next < message->count ? *next : 0, len = key.len - 2;
    for (size_t i = 0; i < message->count; i++) {
        const struct otlp_json_field *field = &message->fields[at];
        at = at + 1 < message->count ? at + 1 : 0;
        if (len == field->key_len && memcmp(key.raw + 1, field->key, len) == 0) {
            *next = at;
            return field;
        }
    }
    if (memchr(key.raw, '\\', key.len) == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < message->count; i++) {
        if (json_string_is(key, message->fields[i].key)) {
            return &message->fields[i];
        }
    }
    return NULL;
}

bool otlp_json_read(struct otlp_json *json, const struct otlp_json_message *message, void *at)
{
    if (json_cursor_type(&json->at) != JSON_TYPE_OBJECT) {
        (void)json_cursor_take(&json->at);
        return true;
    }
    json_cursor_enter(&json->at);
    struct json_value key;
    size_t next = 0;
    while (json_cursor_next_member(&json->at, &key)) {
        const struct otlp_json_field *field = find_field(message, key, &next);
        if (field == NULL || json_cursor_type(&json->at) == JSON_TYPE_NULL) {
            (void)json_cursor_take(&json->at);
        } else if (!field->read(json, at == NULL ? NULL : (char *)at + field->offset)) {
            return false;
        }
    }
    return true;
}

bool otlp_json_enter_list(struct otlp_json *json)
{
    if (json_cursor_type(&json->at) != JSON_TYPE_ARRAY) {
        (void)json_cursor_take(&json->at);
        return false;
    }
    json_cursor_enter(&json->at);
    return true;
}

bool otlp_json_next_object(struct otlp_json *json)
{
    while (json_cursor_next_item(&json->at)) {
        if (json_cursor_type(&json->at) == JSON_TYPE_OBJECT) {
            return true;
        }
        (void)json_cursor_take(&json->at);
    }
    return false;
}

/* ---- scalars ---- */

/* Returns the inside of a string, or the characters of a number. */
static struct slice spelling(struct json_value value)
{
    if (value.type == JSON_TYPE_STRING) {
        return (struct slice){value.raw + 1, value.len - 2};
    }
    return (struct slice){value.raw, value.type == JSON_TYPE_NUMBER ? value.len : 0};
}

bool otlp_json_text(struct otlp_json *json, void *at)
{
    struct slice *text = at;
    struct json_value value = json_cursor_take(&json->at);
    if (value.type != JSON_TYPE_STRING) {
        return true;
    }
    *text = spelling(value);
    if (memchr(text->bytes, '\\', text->len) == NULL) {
        return true;
    }
    char *copy = otlp_alloc(json->batch, value.len);
    if (copy == NULL) {
        return false;
    }
    *text = (struct slice){copy, json_copy_string(value, copy)};
    return true;
}

/* Reads digits alone. False: there is something else, nothing, or more than 64 bits. */
static bool read_digits(struct slice digits, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned)(unsigned char)digits.bytes[i] - '0';
        if (digit > 9 || number > UINT64_MAX / 10 ||
            (number == UINT64_MAX / 10 && digit > UINT64_MAX % 10)) {
            return false;
        }
        number = number * 10 + digit;
    }
    *out = number;
    return digits.len > 0;
}

/* Returns NAN for a value that is not a number. */
static double read_double(struct json_value value)
{
    if (json_string_is(value, "Infinity")) {
        return INFINITY;
    }
    if (json_string_is(value, "-Infinity")) {
        return -INFINITY;
    }
    return json_get_number(json_spelt_number(value));
}

bool otlp_json_digits(struct otlp_json *json, void *at)
{
    uint64_t *time_ns = at;
    struct json_value value = json_cursor_take(&json->at);
    if (!read_digits(spelling(value), time_ns)) {
        /* Such as 1.5e18, or a number that is no time. */
        double number = read_double(value);
        *time_ns = number >= 1 && number < 0x1p64 ? (uint64_t)number : 0;
    }
    return true;
}

bool otlp_json_number(struct otlp_json *json, void *at)
{
    double *number = at;
    *number = read_double(json_cursor_take(&json->at));
    return true;
}

bool otlp_json_bool(struct otlp_json *json, void *at)
{
    bool *truth = at;
    struct json_value value = json_cursor_take(&json->at);
    *truth = value.type == JSON_TYPE_TRUE || json_string_is(value, "true");
    return true;
}

/* ---- enums by name ---- */

static int enum_by_name(struct json_value name)
{
    static const struct {
        const char *name;
        int number;
    } rows[] = {
        {"SPAN_KIND_INTERNAL", 1},
        {"SPAN_KIND_SERVER", 2},
        {"SPAN_KIND_CLIENT", 3},
        {"SPAN_KIND_PRODUCER", 4},
        {"SPAN_KIND_CONSUMER", 5},
        {"STATUS_CODE_OK", 1},
        {"STATUS_CODE_ERROR", 2},
        {"AGGREGATION_TEMPORALITY_DELTA", 1},
        {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
    };
    static const char *const severities[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    static const char prefix[] = "SEVERITY_NUMBER_";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (json_string_is(name, rows[i].name)) {
            return rows[i].number;
        }
    }
    struct slice text = spelling(name);
    if (text.len < sizeof prefix - 1 || memcmp(text.bytes, prefix, sizeof prefix - 1) != 0) {
        return 0;
    }
    text.bytes += sizeof prefix - 1;
    text.len -= sizeof prefix - 1;
    /* Each severity has four numbers: INFO, INFO2, INFO3, INFO4. */
    for (int i = 0; i < (int)(sizeof severities / sizeof *severities); i++) {
        size_t len = strlen(severities[i]);
        if (text.len < len || memcmp(text.bytes, severities[i], len) != 0) {
            continue;
        }
        if (text.len == len) {
            return 4 * i + 1;
        }
        char last = text.bytes[len];
        return text.len == len + 1 && last >= '2' && last <= '4' ? 4 * i + (last - '0') : 0;
    }
    return 0;
}

bool otlp_json_enum(struct otlp_json *json, void *at)
{
    int *out = at;
    struct json_value value = json_cursor_take(&json->at);
    double number = read_double(value);
    if (number >= INT32_MIN && number <= INT32_MAX) {
        *out = (int)number;
    } else {
        *out = value.type == JSON_TYPE_STRING ? enum_by_name(value) : 0;
    }
    return true;
}

/* ---- bytes ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void read_id(struct otlp_json *json, uint8_t *id, size_t len)
{
    struct json_value value = json_cursor_take(&json->at);
    struct slice digits = spelling(value);
    memset(id, 0, len);
    if (value.type != JSON_TYPE_STRING || digits.len != 2 * len) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(digits.bytes[2 * i]), low = hex_digit(digits.bytes[2 * i + 1]);
        if (high < 0 || low < 0) {
            memset(id, 0, len);
            return;
        }
        id[i] = (uint8_t)(high << 4 | low);
    }
}

bool otlp_json_trace_id(struct otlp_json *json, void *at)
{
    read_id(json, at, OTLP_TRACE_ID_BYTES);
    return true;
}

bool otlp_json_span_id(struct otlp_json *json, void *at)
{
    read_id(json, at, OTLP_SPAN_ID_BYTES);
    return true;
}

static int base64_digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

/* Base64, also that of URLs; padding may be absent. Anything else leaves the value empty. */
static bool read_bytes(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    struct slice text = {0};
    *value = (struct otlp_value){0};
    if (!otlp_json_text(json, &text)) {
        return false;
    }
    if (text.bytes == NULL) {
        return true;
    }
    for (int padding = 0; padding < 2 && text.len > 0 && text.bytes[text.len - 1] == '=';) {
        text.len--, padding++;
    }
    uint8_t *bytes = otlp_alloc(json->batch, text.len);
    if (bytes == NULL) {
        return false;
    }
    size_t len = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digit(text.bytes[i]);
        if (digit < 0) {
            return true;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0) {
            bytes[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    if (text.len % 4 == 1) {
        return true;
    }
    *value = (struct otlp_value){.type = OTLP_BYTES, .text = {(const char *)bytes, len}};
    return true;
}

/* ---- AnyValue ---- */

static bool read_text_value(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    struct slice text = {0};
    bool good = otlp_json_text(json, &text);
    *value = (struct otlp_value){0};
    if (text.bytes != NULL) {
        *value = (struct otlp_value){.type = OTLP_TEXT, .text = text};
    }
    return good;
}

static bool read_bool_value(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    *value = (struct otlp_value){.type = OTLP_BOOL};
    return otlp_json_bool(json, &value->truth);
}

/* An integer of more than 64 bits, or with a fraction, is kept as a double. */
static bool read_int_value(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    struct json_value read = json_cursor_take(&json->at);
    struct slice digits = spelling(read);
    bool negative = digits.len > 0 && digits.bytes[0] == '-';
    struct slice unsigned_digits = {digits.bytes + negative, digits.len - negative};
    uint64_t number;
    if (read_digits(unsigned_digits, &number) && number <= (uint64_t)INT64_MAX + negative) {
        int64_t integer = (int64_t)(negative ? 0 - number : number);
        *value = (struct otlp_value){.type = OTLP_INT, .integer = integer};
        return true;
    }
    double inexact = read_double(read);
    *value = (struct otlp_value){0};
    if (fabs(inexact) < 0x1p63 && inexact == floor(inexact)) {
        *value = (struct otlp_value){.type = OTLP_INT, .integer = (int64_t)inexact};
    } else if (!isnan(inexact)) {
        *value = (struct otlp_value){.type = OTLP_DOUBLE, .number = inexact};
    }
    return true;
}

static bool read_double_value(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    struct json_value read = json_cursor_take(&json->at);
    double number = read_double(read);
    *value = (struct otlp_value){0};
    if (!isnan(number) || json_string_is(read, "NaN")) {
        *value = (struct otlp_value){.type = OTLP_DOUBLE, .number = number};
    }
    return true;
}

/* Reads the items of an array into *value. */
static bool read_values(struct otlp_json *json, void *at)
{
    struct otlp_value *value = at;
    size_t mark = json->stack.len, size;
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (json_cursor_next_item(&json->at)) {
        struct otlp_value item = {0};
        if (!otlp_json_value(json, &item) ||
            !otlp_push(json->batch, &json->stack, &item, sizeof item)) {
            return false;
        }
    }
    value->array.items = otlp_pop(json->batch, &json->stack, mark, &size);
    value->array.count = size / sizeof *value->array.items;
    return !otlp_failed(json->batch);
}

/* Reads {"values":[…]} of an array or a map. */
static bool read_container(struct otlp_json *json, const struct otlp_json_message *message,
                           struct otlp_value *value, enum otlp_type type)
{
    *value = (struct otlp_value){0};
    if (json->depth == OTLP_DEPTH_MAX || json_cursor_type(&json->at) != JSON_TYPE_OBJECT) {
        json->too_deep |= json->depth == OTLP_DEPTH_MAX;
        (void)json_cursor_take(&json->at);
        return true;
    }
    value->type = type;
    json->depth++;
    bool good = otlp_json_read(json, message, value);
    json->depth--;
    return good;
}

static bool read_array_value(struct otlp_json *json, void *at)
{
    static const struct otlp_json_field fields[] = {OTLP_JSON_FIELD("values", read_values, 0)};
    static const struct otlp_json_message message = OTLP_JSON_MESSAGE(fields);
    return read_container(json, &message, at, OTLP_ARRAY);
}

static bool read_map_value(struct otlp_json *json, void *at)
{
    static const struct otlp_json_field fields[] = {
        OTLP_JSON_FIELD("values", otlp_json_attributes, offsetof(struct otlp_value, map))};
    static const struct otlp_json_message message = OTLP_JSON_MESSAGE(fields);
    return read_container(json, &message, at, OTLP_MAP);
}

bool otlp_json_value(struct otlp_json *json, void *at)
{
    static const struct otlp_json_field fields[] = {
        OTLP_JSON_FIELD("stringValue", read_text_value, 0),
        OTLP_JSON_FIELD("intValue", read_int_value, 0),
        OTLP_JSON_FIELD("doubleValue", read_double_value, 0),
        OTLP_JSON_FIELD("boolValue", read_bool_value, 0),
        OTLP_JSON_FIELD("arrayValue", read_array_value, 0),
        OTLP_JSON_FIELD("kvlistValue", read_map_value, 0),
        OTLP_JSON_FIELD("bytesValue", read_bytes, 0),
    };
    static const struct otlp_json_message message = OTLP_JSON_MESSAGE(fields);
    struct otlp_value *value = at;
    *value = (struct otlp_value){0};
    if (json->depth == 0) {
        json->too_deep = false;
    }
    bool good = otlp_json_read(json, &message, value);
    if (json->depth == 0 && json->too_deep) {
        *value = (struct otlp_value){0};
    }
    return good;
}

bool otlp_json_attributes(struct otlp_json *json, void *at)
{
    static const struct otlp_json_field fields[] = {
        OTLP_JSON_FIELD("key", otlp_json_text, offsetof(struct otlp_attribute, key)),
        OTLP_JSON_FIELD("value", otlp_json_value, offsetof(struct otlp_attribute, value)),
    };
    static const struct otlp_json_message message = OTLP_JSON_MESSAGE(fields);
    struct otlp_attributes *attributes = at;
    size_t mark = json->stack.len, size;
    if (!otlp_json_enter_list(json)) {
        return true;
    }
    while (otlp_json_next_object(json)) {
        struct otlp_attribute attribute = {0};
        if (!otlp_json_read(json, &message, &attribute) ||
            !otlp_push(json->batch, &json->stack, &attribute, sizeof attribute)) {
            return false;
        }
    }
    attributes->items = otlp_pop(json->batch, &json->stack, mark, &size);
    attributes->count = size / sizeof *attributes->items;
    return !otlp_failed(json->batch);
}
