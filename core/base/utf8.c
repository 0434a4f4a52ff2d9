/* One decoder, sequence_len, decides which sequences are well formed (Unicode 15, table 3-7) and
   whether surrogates are allowed. Everything else walks a text with it and skips ASCII eight bytes
   at a time. */
#include "core/base/utf8.h"

#include "core/base/word.h"

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Returns the length of the well-formed sequence at `at` (before `end`); 0 if it is ill-formed. */
static inline size_t sequence_len(const unsigned char *at, const unsigned char *end,
                                  bool surrogates)
{
    size_t left = (size_t)(end - at);
    unsigned char first = at[0];
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    if (first < 0xE0) {
        return left >= 2 && is_tail(at[1]) ? 2 : 0;
    }

    /* The second byte alone excludes overlong forms, surrogates and values above U+10FFFF. */
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED && !surrogates ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (left < 3 || at[1] < low || at[1] > high || !is_tail(at[2])) {
        return 0;
    }
    if (first < 0xF0) {
        return 3;
    }
    return left >= 4 && is_tail(at[3]) ? 4 : 0;
}

size_t utf8_next(const char *text, size_t len, uint32_t *cp)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t n = sequence_len(at, at + len, true);
    switch (n) {
    case 1: *cp = at[0]; break;
    case 2: *cp = (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu); break;
    case 3: *cp = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu); break;
    case 4:
        *cp =
            (at[0] & 0x07u) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
        break;
    default: *cp = UTF8_REPLACEMENT; return 1;
    }
    return n;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp > 0x10FFFF) {
        cp = UTF8_REPLACEMENT;
    }
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

/* Returns how many bytes at `text` are known to be ASCII: a multiple of 8, possibly not all of
   them. */
static size_t ascii_words(const char *text, size_t len)
{
    size_t n = 0;
    while (len - n >= 8 && (word_load(text + n) & WORD_HIGHS) == 0) {
        n += 8;
    }
    return n;
}

bool utf8_valid(const char *text, size_t len)
{
    if (len == 0) {
        return true; /* text may be NULL: no arithmetic on it */
    }
    const unsigned char *at = (const unsigned char *)text, *end = at + len;
    while (at < end) {
        if (*at < 0x80) {
            at += ascii_words((const char *)at, (size_t)(end - at));
        }
        /* Up to eight characters before the next attempt at ASCII. */
        for (int i = 0; i < 8 && at < end; i++) {
            size_t n = sequence_len(at, end, false);
            if (n == 0) {
                return false;
            }
            at += n;
        }
    }
    return true;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
    size_t most = len < max ? len : max;
    size_t at = most == 0 ? 0 : ascii_words(text, most);
    while (at < len) {
        uint32_t cp;
        size_t n = utf8_next(text + at, len - at, &cp);
        if (at + n > max) {
            break;
        }
        at += n;
    }
    return at;
}

size_t utf8_utf16_len(const char *text, size_t len)
{
    size_t units = 0, at = 0;
    while (at < len) {
        size_t ascii = ascii_words(text + at, len - at);
        at += ascii;
        units += ascii;
        for (int i = 0; i < 8 && at < len; i++) {
            uint32_t cp;
            at += utf8_next(text + at, len - at, &cp);
            units += cp >= 0x10000 ? 2 : 1;
        }
    }
    return units;
}

int64_t utf8_thread_id(const char *name, size_t len)
{
    uint32_t hash = 0; /* unsigned, so that it wraps around */
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        at += utf8_next(name + at, len - at, &cp);
        if (cp >= 0x10000) {
            hash = hash * 31 + (0xD800 + ((cp - 0x10000) >> 10));
            cp = 0xDC00 + (cp & 0x3FF);
        }
        hash = hash * 31 + cp;
    }
    int64_t id = hash > INT32_MAX ? 0x100000000 - (int64_t)hash : (int64_t)hash;
    return id == 0 ? 1 : id;
}
