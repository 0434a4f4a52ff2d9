/* There is no state: each function appends one value. Strings are copied in runs between the bytes
   that must be escaped. */
#include "core/base/json_text.h"

#include "core/base/utf8.h"
#include "core/base/word.h"

#include <string.h>

/* Returns a number of bytes at `text` that need no escape. */
static size_t plain_bytes(const char *text, size_t len)
{
    size_t n = 0;
    for (; len - n >= 8; n += 8) {
        uint64_t word = word_load(text + n);
        uint64_t marks = word_mark_json(word) | (word & WORD_HIGHS);
        if (marks != 0) {
            return n + word_lowest(marks);
        }
    }
    while (n < len && (unsigned char)text[n] >= 0x20 && (unsigned char)text[n] < 0x80 &&
           text[n] != '"' && text[n] != '\\') {
        n++;
    }
    return n;
}

static void put_unit_escape(struct strbuf *sb, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = {'\\',          'u', hex[unit >> 12], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
                      hex[unit & 15]};
    strbuf_add(sb, escape, sizeof escape);
}

static void put_ascii_escape(struct strbuf *sb, char c)
{
    static const char letters[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                      ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char letter = letters[(unsigned char)c];
    if (letter == '\0') {
        put_unit_escape(sb, (unsigned char)c);
        return;
    }
    strbuf_add(sb, (char[]){'\\', letter}, 2);
}

static bool is_surrogate(uint32_t cp, uint32_t first)
{
    return cp >= first && cp < first + 0x400;
}

/* Writes a surrogate. Two halves that met when texts were joined form one character, as in
   JavaScript. */
static size_t put_surrogate(struct strbuf *sb, const char *text, size_t len, uint32_t cp)
{
    uint32_t next;
    if (is_surrogate(cp, 0xD800) && len > 3 && utf8_next(text + 3, len - 3, &next) == 3 &&
        is_surrogate(next, 0xDC00)) {
        char joined[4];
        strbuf_add(sb, joined, utf8_put(joined, 0x10000 + ((cp - 0xD800) << 10) + (next - 0xDC00)));
        return 6;
    }
    put_unit_escape(sb, cp);
    return 3;
}

/* Writes the character at `text`; returns its length in bytes. */
static size_t put_character(struct strbuf *sb, const char *text, size_t len)
{
    if ((unsigned char)*text < 0x80) {
        put_ascii_escape(sb, *text);
        return 1;
    }
    uint32_t cp;
    size_t n = utf8_next(text, len, &cp);
    if (cp >= 0xD800 && cp < 0xE000) {
        return put_surrogate(sb, text, len, cp);
    }
    char bytes[4];
    strbuf_add(sb, bytes, utf8_put(bytes, cp));
    return n;
}

void json_put_string(struct strbuf *sb, const char *text, size_t len)
{
    strbuf_addc(sb, '"');
    for (size_t at = 0; at < len;) {
        size_t plain = plain_bytes(text + at, len - at);
        strbuf_add(sb, text + at, plain);
        at += plain;
        if (at < len) {
            at += put_character(sb, text + at, len - at);
        }
    }
    strbuf_addc(sb, '"');
}

void json_put_cstr(struct strbuf *sb, const char *text)
{
    json_put_string(sb, text, strlen(text));
}

void json_put_number(struct strbuf *sb, double value)
{
    char text[JSON_NUMBER_MAX];
    strbuf_add(sb, text, json_spell_number(text, value));
}

void json_put_int(struct strbuf *sb, int64_t value)
{
    char text[JSON_NUMBER_MAX];
    strbuf_add(sb, text, json_spell_int(text, value));
}

void json_put_bool(struct strbuf *sb, bool value)
{
    strbuf_adds(sb, value ? "true" : "false");
}
