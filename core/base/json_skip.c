/* The checker of json_check.c again, faster and for common texts only. They are nested at most 60
   deep, so one word records which containers are objects. It gives no reason for a failure: callers
   then use json_check. */
#include "core/base/json_read.h"

#include "core/base/ascii.h"
#include "core/base/json_scan.h"
#include "core/base/utf8.h"
#include "core/base/word.h"

enum { MAX_DEPTH = 60 };

/* White space is the only JSON text with characters up to a space. */
static inline const char *skip_space(const char *at, const char *end, bool *spaced)
{
    if (at == end || (unsigned char)*at > ' ' || !ascii_is_space(*at)) {
        return at;
    }
    *spaced = true;
    at++;
    return at < end && (unsigned char)*at > ' ' ? at : text_skip_space(at, end);
}

/* Skips from the backslash to after the escape. */
static const char *skip_escape(const char *at, const char *end)
{
    if (end - at < 2) {
        return NULL;
    }
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 2;
    case 'u':
        return end - at >= 6 && ascii_is_hex(at[2]) && ascii_is_hex(at[3]) && ascii_is_hex(at[4]) &&
                       ascii_is_hex(at[5])
                   ? at + 6
                   : NULL;
    default: return NULL;
    }
}

const char *json_skip_string(const char *at, const char *end, bool *escaped)
{
    const char *start = ++at;
    bool high = false;
    for (;;) {
        at = text_skip_plain(at, end, &high);
        if (at == end) {
            return NULL;
        }
        if (*at == '"') {
            break;
        }
        if (*at != '\\' || (at = skip_escape(at, end)) == NULL) {
            return NULL;
        }
        *escaped = true;
    }
    return high && !utf8_valid(start, (size_t)(at - start)) ? NULL : at + 1;
}

/* Skips a string; the fast path for most of them. */
static inline const char *skip_string(const char *at, const char *end)
{
    bool escaped;
    const char *quote = text_near_quote(at + 1, end);
    return quote != NULL ? quote + 1 : json_skip_string(at, end, &escaped);
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && ascii_is_digit(*at)) {
        at++;
    }
    return at;
}

const char *json_skip_number(const char *at, const char *end)
{
    at += at < end && *at == '-';
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return NULL;
    }
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = skip_digits(at, end);
        if (at == fraction) {
            return NULL;
        }
    }
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *exponent = at;
        at = skip_digits(at, end);
        if (at == exponent) {
            return NULL;
        }
    }
    /* At the end of the buffer the number may continue. */
    return at < end ? at : NULL;
}

static const char *skip_word(const char *at, const char *end, const char *word, size_t len)
{
    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static inline const char *skip_scalar(const char *at, const char *end)
{
    switch (*at) {
    case '"': return skip_string(at, end);
    case 't': return skip_word(at, end, "true", 4);
    case 'f': return skip_word(at, end, "false", 5);
    case 'n': return skip_word(at, end, "null", 4);
    default: return json_skip_number(at, end);
    }
}

/* Skips from a member's key to its value. */
static inline const char *skip_key(const char *at, const char *end, bool *spaced)
{
    if (at == end || *at != '"' || (at = skip_string(at, end)) == NULL) {
        return NULL;
    }
    at = skip_space(at, end, spaced);
    return at < end && *at == ':' ? skip_space(at + 1, end, spaced) : NULL;
}

/* Skips what follows a value: to the next value of its container, or out of the containers that end
   here. *depth 0: out of all. */
static inline const char *skip_after(const char *at, const char *end, uint64_t objects,
                                     unsigned *depth, bool *spaced)
{
    while (*depth > 0) {
        at = skip_space(at, end, spaced);
        if (at == end) {
            return NULL;
        }
        bool object = (objects >> (*depth - 1) & 1) != 0;
        if (*at == ',') {
            at = skip_space(at + 1, end, spaced);
            return object ? skip_key(at, end, spaced) : at;
        }
        if (*at != (object ? '}' : ']')) {
            return NULL;
        }
        at++;
        --*depth;
    }
    return at;
}

const char *json_skip(const char *at, const char *end, bool *spaced)
{
    uint64_t objects = 0;
    unsigned depth = 0;
    do {
        if (at == end) {
            return NULL;
        }
        if (*at == '{' || *at == '[') {
            bool object = *at == '{';
            if (depth == MAX_DEPTH) {
                return NULL;
            }
            objects = (objects & ~((uint64_t)1 << depth)) | (uint64_t)object << depth;
            depth++;
            at = skip_space(at + 1, end, spaced);
            if (at < end && *at != (object ? '}' : ']')) {
                at = object ? skip_key(at, end, spaced) : at;
                continue;
            }
        } else {
            at = skip_scalar(at, end);
        }
        at = at == NULL ? NULL : skip_after(at, end, objects, &depth, spaced);
    } while (at != NULL && depth > 0);
    return at;
}
