/* A checked text needs no parser. A string ends at its next unescaped quote. A container ends where
   the brackets outside strings are balanced. A scalar ends at the next comma, bracket or space. So
   a value is a slice, a walk is two pointers, and skipping unused values is a scan for a few
   characters. */
#include "core/base/json_read.h"

#include "core/base/json_scan.h"
#include "core/base/utf8.h"
#include "core/base/word.h"

#include <assert.h>

/* Reads the inside of a string value one code point at a time. */
struct decoder {
    const char *at, *end;
};

static struct decoder decoder_of(struct json_value string)
{
    return (struct decoder){.at = string.raw + 1, .end = string.raw + string.len - 1};
}

/* Skips from after the opening quote to after the closing one. */
static inline const char *skip_string(const char *at, const char *end)
{
    const char *quote = text_near_quote(at, end);
    if (quote != NULL) {
        return quote + 1;
    }
    for (;;) {
        bool high = false;
        at = text_skip_plain(at, end, &high);
        if (*at == '"') {
            return at + 1;
        }
        at += 2;
    }
}

/* Skips from after the opening bracket to after its closing one. */
static const char *skip_container(const char *at, const char *end)
{
    for (size_t depth = 1;;) {
        at = text_skip_to_structure(at, end);
        char c = *at++;
        if (c == '"') {
            at = skip_string(at, end);
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (--depth == 0) {
            return at;
        }
    }
}

static const char *skip_scalar(const char *at, const char *end)
{
    while (at < end && *at != ',' && *at != ']' && *at != '}' && !ascii_is_space(*at)) {
        at++;
    }
    return at;
}

/* Returns the value at walk->at and moves walk->at after it. */
static inline struct json_value take_value(struct json_walk *walk)
{
    struct json_value value = {.type = json_type_of(*walk->at), .raw = walk->at};
    if (value.type == JSON_TYPE_STRING) {
        walk->at = skip_string(walk->at + 1, walk->end);
    } else if (value.type == JSON_TYPE_OBJECT || value.type == JSON_TYPE_ARRAY) {
        walk->at = skip_container(walk->at + 1, walk->end);
    } else {
        walk->at = skip_scalar(walk->at, walk->end);
    }
    value.len = (size_t)(walk->at - value.raw);
    return value;
}

struct json_value json_value_of(const char *raw, size_t len)
{
    return (struct json_value){len == 0 ? JSON_TYPE_NONE : json_type_of(*raw), raw, len};
}

static inline bool skip_between(struct json_walk *walk, char separator)
{
    while (walk->at < walk->end && (*walk->at == separator || ascii_is_space(*walk->at))) {
        walk->at++;
    }
    return walk->at < walk->end;
}

struct json_walk json_walk(struct json_value container)
{
    if ((container.type != JSON_TYPE_OBJECT && container.type != JSON_TYPE_ARRAY) ||
        container.len == 0) {
        return (struct json_walk){.at = NULL, .end = NULL};
    }
    return (struct json_walk){.at = container.raw + 1, .end = container.raw + container.len - 1};
}

bool json_next_item(struct json_walk *walk, struct json_value *out)
{
    if (!skip_between(walk, ',')) {
        return false;
    }
    *out = take_value(walk);
    return true;
}

bool json_next_member(struct json_walk *walk, struct json_member *out)
{
    if (!json_next_item(walk, &out->key)) {
        return false;
    }
    assert(out->key.type == JSON_TYPE_STRING);
    skip_between(walk, ':');
    out->value = take_value(walk);
    return true;
}

struct json_cursor json_cursor_of(struct json_value value)
{
    return (struct json_cursor){.at = value.raw, .end = value.raw + value.len};
}

enum json_type json_cursor_type(const struct json_cursor *cursor)
{
    return json_type_of(*cursor->at);
}

struct json_value json_cursor_take(struct json_cursor *cursor)
{
    const char *at = cursor->at;
    if (*at == '"') {
        cursor->at = skip_string(at + 1, cursor->end);
        return (struct json_value){
            .type = JSON_TYPE_STRING, .raw = at, .len = (size_t)(cursor->at - at)};
    }
    struct json_walk walk = {.at = at, .end = cursor->end};
    struct json_value value = take_value(&walk);
    cursor->at = walk.at;
    return value;
}

void json_cursor_enter(struct json_cursor *cursor)
{
    assert(*cursor->at == '{' || *cursor->at == '[');
    cursor->at++;
}

/* Skips commas, colons or white space; mostly one comma or colon, and no white space. */
static inline const char *skip_separator(const char *at, char separator)
{
    at += *at == separator;
    while (ascii_is_space(*at) || *at == separator) {
        at++;
    }
    return at;
}

bool json_cursor_next_item(struct json_cursor *cursor)
{
    const char *at = skip_separator(cursor->at, ',');
    bool more = *at != ']' && *at != '}';
    cursor->at = more ? at : at + 1;
    return more;
}

bool json_cursor_next_member(struct json_cursor *cursor, struct json_value *key)
{
    const char *at = skip_separator(cursor->at, ',');
    if (*at != '"') {
        cursor->at = at + 1;
        return false;
    }
    const char *end = skip_string(at + 1, cursor->end);
    *key = (struct json_value){.type = JSON_TYPE_STRING, .raw = at, .len = (size_t)(end - at)};
    cursor->at = skip_separator(end, ':');
    return true;
}

/* Reads the four hexadecimal digits of a checked escape. */
static uint32_t hex4(const char *at)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)at[i];
        unit = unit << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
}

/* Reads the code point of a \u escape; decoder->at is at its digits. Both escapes of a surrogate
   pair are read. */
static uint32_t decode_unit(struct decoder *d)
{
    uint32_t unit = hex4(d->at);
    d->at += 4;
    if (unit < 0xD800 || unit >= 0xDC00 || d->end - d->at < 6 || d->at[0] != '\\' ||
        d->at[1] != 'u') {
        return unit;
    }
    uint32_t low = hex4(d->at + 2);
    if (low < 0xDC00 || low >= 0xE000) {
        return unit;
    }
    d->at += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* Reads the escape at decoder->at. */
static uint32_t decode_escape(struct decoder *d)
{
    char letter = d->at[1];
    d->at += 2;
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': return decode_unit(d);
    default: return (unsigned char)letter; /* a quote, a backslash or a slash */
    }
}

static uint32_t decode_next(struct decoder *d)
{
    if (*d->at == '\\') {
        return decode_escape(d);
    }
    uint32_t cp;
    d->at += utf8_next(d->at, (size_t)(d->end - d->at), &cp);
    return cp;
}

static bool is_plain(struct json_value string)
{
    return memchr(string.raw, '\\', string.len) == NULL;
}

static bool same_decoded(struct decoder a, struct decoder b)
{
    while (a.at < a.end && b.at < b.end) {
        if (decode_next(&a) != decode_next(&b)) {
            return false;
        }
    }
    return a.at == a.end && b.at == b.end;
}

bool json_same_string(struct json_value a, struct json_value b)
{
    if (a.type != JSON_TYPE_STRING || b.type != JSON_TYPE_STRING) {
        return false;
    }
    if (a.len == b.len && memcmp(a.raw, b.raw, a.len) == 0) {
        return true;
    }
    if (is_plain(a) && is_plain(b)) {
        return false;
    }
    return same_decoded(decoder_of(a), decoder_of(b));
}

/* Returns true if the string decodes to the text. It rejects early, since json_get compares every
   key. */
static bool decodes_to(struct json_value string, const char *text, size_t len)
{
    /* An escape is never shorter than its character. */
    size_t raw_len = string.len - 2;
    const char *raw = string.raw + 1;
    if (raw_len < len || (len > 0 && raw[0] != text[0] && raw[0] != '\\')) {
        return false;
    }
    if (is_plain(string)) {
        return raw_len == len && memcmp(raw, text, len) == 0;
    }
    struct decoder d = decoder_of(string);
    const char *end = text + len;
    while (d.at < d.end && text < end) {
        uint32_t cp;
        text += utf8_next(text, (size_t)(end - text), &cp);
        if (decode_next(&d) != cp) {
            return false;
        }
    }
    return d.at == d.end && text == end;
}

bool json_string_is(struct json_value string, const char *text)
{
    return string.type == JSON_TYPE_STRING && decodes_to(string, text, strlen(text));
}

struct json_value json_get(struct json_value object, const char *key)
{
    struct json_value found = {.type = JSON_TYPE_NONE};
    if (object.type != JSON_TYPE_OBJECT) {
        return found;
    }
    size_t len = strlen(key);
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (decodes_to(member.key, key, len)) {
            found = member.value;
        }
    }
    return found;
}

void json_get_string(struct json_value string, struct strbuf *out)
{
    if (string.type != JSON_TYPE_STRING) {
        return;
    }
    struct decoder d = decoder_of(string);
    while (d.at < d.end) {
        const char *escape = memchr(d.at, '\\', (size_t)(d.end - d.at));
        const char *stop = escape != NULL ? escape : d.end;
        strbuf_add(out, d.at, (size_t)(stop - d.at));
        d.at = stop;
        if (escape != NULL) {
            char bytes[4];
            strbuf_add(out, bytes, utf8_put(bytes, decode_escape(&d)));
        }
    }
}

size_t json_copy_string(struct json_value string, char *out)
{
    if (string.type != JSON_TYPE_STRING) {
        return 0;
    }
    char *to = out;
    struct decoder d = decoder_of(string);
    while (d.at < d.end) {
        const char *escape = memchr(d.at, '\\', (size_t)(d.end - d.at));
        const char *stop = escape != NULL ? escape : d.end;
        memcpy(to, d.at, (size_t)(stop - d.at));
        to += stop - d.at;
        d.at = stop;
        if (escape != NULL) {
            char bytes[4];
            size_t n = utf8_put(bytes, decode_escape(&d));
            memcpy(to, bytes, n);
            to += n;
        }
    }
    return (size_t)(to - out);
}
