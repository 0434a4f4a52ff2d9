/* Repairs text that is no JSON, though its meaning is plain: a comma before a closing bracket; in a
   string a line end, another control character or bytes that are no UTF-8; numbers as C, OCaml, awk
   and shells print them (`5.`, `.5`, `+5`, `007`, `0x1F`); NaN or an infinity, in the spellings of
   Python, C and Microsoft's library; the constants of Python and JavaScript. One pass: strings are
   copied, what lies between punctuation is a token, which is respelled if it is known and copied if
   not. The caller checks the result. */
#include "ingest/json_repair.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"
#include "core/trace/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
    return ascii_is_letter(c) || c == '_';
}

/* ---- strings ---- */

static const char *put_utf8(const char *at, const char *end, struct strbuf *out)
{
    uint32_t code;
    char bytes[4];
    size_t n = utf8_next(at, (size_t)(end - at), &code);
    bool surrogate = code >= 0xD800 && code < 0xE000;
    strbuf_add(out, bytes, utf8_put(bytes, surrogate ? UTF8_REPLACEMENT : code));
    return at + n;
}

/* Appends the string at `at`, whose quote it is; returns the place after it. */
static const char *put_string(const char *at, const char *end, struct strbuf *out)
{
    strbuf_addc(out, *at++);
    while (at < end && *at != '"') {
        if ((unsigned char)*at >= 0x80) {
            at = put_utf8(at, end, out);
            continue;
        }
        if (*at == '\\' && at + 1 < end && (unsigned char)at[1] < 0x80) {
            strbuf_addc(out, *at++);
        } else if ((unsigned char)*at < ' ') {
            strbuf_addf(out, "\\u%04x", (unsigned)*at++);
            continue;
        }
        strbuf_addc(out, *at++);
    }
    if (at < end) {
        strbuf_addc(out, *at++);
    }
    return at;
}

/* ---- tokens ---- */

static const struct {
    const char *text, *json;
} constants[] = {
    {"nan", "null"},  {"inf", "null"},  {"infinity", "null"},
    {"none", "null"}, {"nil", "null"},  {"undefined", "null"},
    {"null", "null"}, {"true", "true"}, {"false", "false"},
};

/* Returns the constant in JSON, however its case; NULL if it is unknown. */
static const char *find_constant(struct slice name)
{
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (strlen(constants[i].text) == name.len &&
            strncasecmp(name.bytes, constants[i].text, name.len) == 0) {
            return constants[i].json;
        }
    }
    return NULL;
}

/* Appends 0x1F as 31. Returns false if the token is no such number. */
static bool put_hex(struct slice token, bool negative, struct strbuf *out)
{
    enum { DIGITS_MAX = 16 };
    char digits[DIGITS_MAX + 1];
    size_t len = token.len > 2 ? token.len - 2 : 0;
    if (len == 0 || len > DIGITS_MAX || token.bytes[0] != '0' || (token.bytes[1] | 0x20) != 'x') {
        return false;
    }
    memcpy(digits, token.bytes + 2, len);
    digits[len] = '\0';
    if (strspn(digits, "0123456789abcdefABCDEF") != len) {
        return false;
    }
    strbuf_addf(out, "%s%" PRIu64, negative ? "-" : "", (uint64_t)strtoull(digits, NULL, 16));
    return true;
}

/* Appends digits, a fraction and an exponent as JSON wants them: a digit before the point and one
   after it, and no zeros in front. Returns false if the token is no number. */
static bool put_decimal(struct slice token, bool negative, struct strbuf *out)
{
    const char *at = token.bytes, *end = at + token.len;
    while (end - at > 1 && *at == '0' && ascii_is_digit(at[1])) {
        at++;
    }
    const char *whole = at;
    while (at < end && ascii_is_digit(*at)) {
        at++;
    }
    struct slice digits = {whole, (size_t)(at - whole)}, fraction = {at, 0};
    if (at < end && *at == '.') {
        fraction.bytes = ++at;
        while (at < end && ascii_is_digit(*at)) {
            at++;
        }
        fraction.len = (size_t)(at - fraction.bytes);
    }
    if (digits.len + fraction.len == 0 || (at < end && *at != 'e' && *at != 'E')) {
        return false;
    }
    strbuf_adds(out, negative ? "-" : "");
    strbuf_adds(out, digits.len == 0 ? "0" : "");
    strbuf_add(out, digits.bytes, digits.len);
    strbuf_adds(out, fraction.len > 0 ? "." : "");
    strbuf_add(out, fraction.bytes, fraction.len);
    strbuf_add(out, at, (size_t)(end - at));
    return true;
}

static const char *token_end(const char *at, const char *end)
{
    while (at < end && (ascii_is_digit(*at) || is_letter(*at) || strchr("+-.#", *at) != NULL) &&
           *at != '\0') {
        at++;
    }
    return at;
}

/* Returns the place after the parentheses of nan(ind); `at` itself without them. */
static const char *skip_payload(const char *at, const char *end)
{
    const char *close = at < end && *at == '(' ? memchr(at, ')', (size_t)(end - at)) : NULL;
    return close != NULL && close - at < 32 ? close + 1 : at;
}

/* Appends the token at `at`; returns the place after it. */
static const char *put_token(const char *at, const char *end, struct strbuf *out)
{
    const char *stop = token_end(at, end);
    bool sign = *at == '+' || *at == '-', negative = *at == '-';
    struct slice token = {at + sign, (size_t)(stop - at) - sign};
    const char *constant = token.len > 0 && is_letter(*token.bytes) ? find_constant(token) : NULL;
    if (constant != NULL) {
        strbuf_adds(out, constant);
        return skip_payload(stop, end);
    }
    if (token.len > 2 && ascii_is_digit(*token.bytes) && memcmp(token.bytes + 1, ".#", 2) == 0) {
        strbuf_adds(out, "null"); /* 1.#INF, 1.#QNAN */
    } else if (!put_hex(token, negative, out) && !put_decimal(token, negative, out)) {
        strbuf_add(out, at, (size_t)(stop - at));
    }
    return stop;
}

/* ---- all of it ---- */

static bool comma_ends(const char *at, const char *end)
{
    do {
        at++;
    } while (at < end && ascii_is_space(*at));
    return at < end && (*at == '}' || *at == ']');
}

void json_repair(const char *text, size_t len, struct strbuf *out)
{
    const char *at = text, *end = text + len;
    while (at < end) {
        if (*at == '"') {
            at = put_string(at, end, out);
        } else if (token_end(at, end) > at) {
            at = put_token(at, end, out);
        } else if (*at == ',' && comma_ends(at, end)) {
            at++;
        } else {
            strbuf_addc(out, *at++);
        }
    }
}

bool json_repair_check(const char *text, size_t len, unsigned depth, struct strbuf *out,
                       struct json_value *value)
{
    strbuf_clear(out);
    json_repair(text, len, out);
    return !out->failed && json_check(out->data, out->len, depth, value, NULL);
}
