/* Nearly all text passes unchanged, so a scan of many bytes at a time looks for what could need a
   change: a backslash, a DEL, a digit before an `e`, a long run of digits. Only text with one of
   these that matters is copied token by token. */
#include "core/export/perfetto_text.h"

#include "core/base/ascii.h"
#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/utf8.h"
#include "core/base/word.h"

#include <math.h>
#include <string.h>

#define DEL 0x7f

/* Perfetto computes 10 to the number of a fraction's digits in 64 bits: 0 from 64 digits on. It
   sums digits before the point in 63 bits. */
enum { MAX_FRACTION = 63, MAX_RUN = 64, MAX_WHOLE = 18, MAX_EXPONENT = 308 };

static size_t digits_at(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && ascii_is_digit(*at)) {
        at++;
    }
    return (size_t)(at - from);
}

/* ---- numbers ---- */

struct number {
    size_t whole, fraction, exponent; /* digits of each part */
    bool small;                       /* the exponent is negative */
};

static struct number number_parts(const char *raw, size_t len)
{
    const char *at = raw, *end = raw + len;
    struct number number = {0};
    at += at < end && *at == '-';
    number.whole = digits_at(at, end);
    at += number.whole;
    if (at < end && *at == '.') {
        number.fraction = digits_at(++at, end);
        at += number.fraction;
    }
    if (at < end) {
        at++;
        number.small = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        number.exponent = digits_at(at, end);
    }
    return number;
}

static bool number_reads(const char *raw, size_t len)
{
    struct number number = number_parts(raw, len);
    double value = fabs(json_get_number((struct json_value){JSON_TYPE_NUMBER, raw, len}));
    if (number.fraction > MAX_FRACTION || !isfinite(value)) {
        return false;
    }
    if (number.exponent == 0 || number.small) {
        return number.exponent <= MAX_WHOLE;
    }
    int power = 0;
    for (size_t i = len - number.exponent; i < len && power <= MAX_EXPONENT; i++) {
        power = power * 10 + (raw[i] - '0');
    }
    /* Its product of mantissa and power rounds up near the greatest double. */
    return power <= MAX_EXPONENT && number.whole <= MAX_WHOLE && value < 1.79e308;
}

static void add_number(struct strbuf *out, const char *raw, size_t len)
{
    char shortest[JSON_NUMBER_MAX];
    double value = json_get_number((struct json_value){JSON_TYPE_NUMBER, raw, len});
    if (number_reads(raw, len)) {
        strbuf_add(out, raw, len);
        return;
    }
    size_t count = json_spell_number(shortest, value);
    if (isfinite(value) && number_reads(shortest, count)) {
        strbuf_add(out, shortest, count);
        return;
    }
    strbuf_addc(out, '"');
    strbuf_add(out, raw, len);
    strbuf_addc(out, '"');
}

/* ---- strings ---- */

/* The value of \uXXXX; UINT32_MAX: there is no such escape at `at`. */
static uint32_t escaped_unit(const char *at, const char *end)
{
    uint32_t unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
        return UINT32_MAX;
    }
    for (int i = 2; i < 6; i++) {
        char c = at[i];
        uint32_t digit =
            ascii_is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool is_half(uint32_t unit, uint32_t first)
{
    return unit >= first && unit < first + 0x400;
}

/* Appends the escape at `at`; returns the position after it. */
static const char *add_escape(struct strbuf *out, const char *at, const char *end)
{
    uint32_t unit = escaped_unit(at, end);
    if (unit == UINT32_MAX) {
        strbuf_add(out, at, 2);
        return at + 2;
    }
    uint32_t low = escaped_unit(at + 6, end);
    if (is_half(unit, 0xD800) && is_half(low, 0xDC00)) {
        char bytes[4];
        strbuf_add(out, bytes, utf8_put(bytes, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)));
        return at + 12;
    }
    if (is_half(unit, 0xD800) || is_half(unit, 0xDC00)) {
        strbuf_adds(out, "\\ufffd");
    } else {
        strbuf_add(out, at, 6);
    }
    return at + 6;
}

/* Appends the string at `at`, with its quotes; returns the position after it. */
static const char *add_string(struct strbuf *out, const char *at, const char *end)
{
    strbuf_addc(out, *at++);
    while (at < end && *at != '"') {
        const char *from = at;
        while (at < end && *at != '"' && *at != '\\' && *at != DEL) {
            at++;
        }
        strbuf_add(out, from, (size_t)(at - from));
        if (at < end && *at == '\\') {
            at = add_escape(out, at, end);
        } else if (at < end && *at == DEL) {
            strbuf_adds(out, "\\u007f");
            at++;
        }
    }
    strbuf_addc(out, '"');
    return at < end ? at + 1 : end;
}

/* ---- raw text ---- */

/* Returns true if more than MAX_RUN digits follow each other. */
static bool has_long_run(const char *raw, size_t len)
{
    for (size_t i = MAX_RUN / 2; i + MAX_RUN / 2 < len; i += MAX_RUN / 2) {
        if (!ascii_is_digit(raw[i]) || !ascii_is_digit(raw[i + MAX_RUN / 2])) {
            continue;
        }
        size_t from = i;
        while (from > 0 && ascii_is_digit(raw[from - 1])) {
            from--;
        }
        if (digits_at(raw + from, raw + len) >= MAX_RUN) {
            return true;
        }
    }
    return false;
}

/* Returns whether the digits before `at` can be those of a number. After a letter they are part of
   an id (2e5948641 in a hexadecimal one). */
static bool is_after_number(const char *at, const char *begin)
{
    while (at > begin && (ascii_is_digit(at[-1]) || at[-1] == '.')) {
        at--;
    }
    at -= at > begin && at[-1] == '-';
    return at == begin || strchr(":,[ \t\r\n", at[-1]) != NULL;
}

/* Looks at the character at `at`. Returns NULL if it may need a change, else where to continue. */
static const char *pass(const char *at, const char *begin, const char *end)
{
    if (*at == DEL) {
        return NULL;
    }
    if (*at == '\\') {
        uint32_t unit = escaped_unit(at, end);
        bool half = unit != UINT32_MAX && unit >= 0xD800 && unit < 0xE000;
        return half || end - at < 2 ? NULL : at + 2;
    }
    if ((*at | 0x20) == 'e' && is_after_number(at, begin)) {
        const char *digits = at + 1;
        digits += digits < end && (*digits == '+' || *digits == '-');
        return digits_at(digits, end) > 2 ? NULL : at + 1;
    }
    return at + 1;
}

bool perfetto_text_reads(const char *raw, size_t len)
{
    const char *end = raw + len, *at = len > 0 ? pass(raw, raw, end) : end;
    while (at != NULL && at < end) {
        at = text_skip_to_escape(raw, at, end);
        at = at < end ? pass(at, raw, end) : at;
    }
    return at != NULL && !has_long_run(raw, len);
}

static bool is_of_number(char c)
{
    return ascii_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

void perfetto_text_add(struct strbuf *out, const char *raw, size_t len)
{
    const char *at = raw, *end = raw + len;
    if (perfetto_text_reads(raw, len)) {
        strbuf_add(out, raw, len);
        return;
    }
    while (at < end && !out->failed) {
        const char *from = at;
        if (*at == '"') {
            at = add_string(out, at, end);
        } else if (*at == '-' || ascii_is_digit(*at)) {
            while (at < end && is_of_number(*at)) {
                at++;
            }
            add_number(out, from, (size_t)(at - from));
        } else {
            strbuf_addc(out, *at++);
        }
    }
}

void perfetto_text_string(struct strbuf *out, const char *text, size_t len)
{
    size_t from = out->len;
    json_put_string(out, text, len);
    if (out->failed || perfetto_text_reads(out->data + from, out->len - from)) {
        return;
    }
    struct strbuf raw;
    strbuf_init(&raw, out->mem, 0);
    strbuf_add(&raw, out->data + from, out->len - from);
    out->len = from;
    perfetto_text_add(out, raw.data, raw.len);
    out->failed |= raw.failed;
    strbuf_release(&raw);
}
