/* Nothing is kept: each function appends one value. Strings go out in runs, from one byte that must
   be changed to the next. A number is its shortest decimal digits and the place of the point
   (struct decimal), found by one of three ways of falling speed, and then spelt.

   LC_NUMERIC does not matter here: no decimal point is ever printed or read by libc (of "%.*e" only
   the digits and the exponent are taken; strtod is given digits and an exponent). The rounding mode
   must be to nearest. */
#include "core/json_text.h"

#include "core/utf8.h"
#include "core/word.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* 0.DIGITS * 10 ** point. No zero at either end of the digits. */
struct decimal {
    char digits[24];
    int count;
    int point;
};

/* How many bytes at `text` may stay as they are for sure. */
static size_t plain_bytes(const char *text, size_t len)
{
    size_t n = 0;
    for (; len - n >= 8; n += 8) {
        uint64_t word = word_load(text + n);
        uint64_t marks = word_mark_json(word) | (word & WORD_HIGHS);
        if (marks != 0)
            return n + word_lowest(marks);
    }
    while (n < len && (unsigned char)text[n] >= 0x20 && (unsigned char)text[n] < 0x80 &&
           text[n] != '"' && text[n] != '\\')
        n++;
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

/* Surrogates that were brought together by joining two texts are the one character that they are in
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

/* Writes the one character at `text`, returns how many bytes it was. */
static size_t put_character(struct strbuf *sb, const char *text, size_t len)
{
    if ((unsigned char)*text < 0x80) {
        put_ascii_escape(sb, *text);
        return 1;
    }
    uint32_t cp;
    size_t n = utf8_next(text, len, &cp);
    if (cp >= 0xD800 && cp < 0xE000)
        return put_surrogate(sb, text, len, cp);
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
        if (at < len)
            at += put_character(sb, text + at, len - at);
    }
    strbuf_addc(sb, '"');
}

void json_put_cstr(struct strbuf *sb, const char *text)
{
    json_put_string(sb, text, strlen(text));
}

/* Of an integer's digits; there may be zeros at the end. */
static struct decimal decimal_of_digits(const char *digits, int count, int point)
{
    while (count > 1 && digits[count - 1] == '0')
        count--;
    struct decimal dec = {.count = count, .point = point};
    memcpy(dec.digits, digits, (size_t)count);
    return dec;
}

/* A value that is a whole number of thousandths or millionths, as times are, and of those is below
   2^52. Dividing gives the value back, so the digits read back as it, as both sides of the division
   are exact; and doubles lie closer here than the fractions do, so no other digits do. */
static bool decimal_by_fractions(double value, struct decimal *out)
{
    static const struct {
        double scale;
        int decimals;
    } fractions[] = {{1e3, 3}, {1e6, 6}};
    for (size_t i = 0; FLT_EVAL_METHOD == 0 && i < sizeof fractions / sizeof *fractions; i++) {
        double count = nearbyint(value * fractions[i].scale);
        if (count < 1 || count >= 0x1p52 || count / fractions[i].scale != value)
            continue;
        char digits[24];
        int len = snprintf(digits, sizeof digits, "%" PRIu64, (uint64_t)count);
        *out = decimal_of_digits(digits, len, len - fractions[i].decimals);
        return true;
    }
    return false;
}

static bool reads_as(const char *digits, int count, int exponent, double value)
{
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", count, digits, exponent - count + 1);
    return strtod(text, NULL) == value;
}

/* The same number of digits, one more in the last place. False: there is no such number. */
static bool increment(char *digits, int count)
{
    int i = count - 1;
    while (i >= 0 && digits[i] == '9')
        digits[i--] = '0';
    if (i >= 0)
        digits[i]++;
    return i >= 0;
}

/* With ever more digits until they read back as the value. Below a power of two doubles lie twice
   as close as above it, so there the nearest digits, when they are below, may not read back while
   those next above do (2 ** -24). */
static struct decimal decimal_by_trial(double value)
{
    /* 15 digits are always unambiguous, but for subnormal numbers. */
    int count = value < DBL_MIN ? 1 : DBL_DIG;
    int binary_exponent;
    bool power_of_two = frexp(value, &binary_exponent) == 0.5;
    for (;; count++) {
        char text[48], digits[24];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        int got = 0;
        const char *at = text;
        for (; *at != 'e'; at++)
            if (*at >= '0' && *at <= '9')
                digits[got++] = *at;
        int exponent = (int)strtol(at + 1, NULL, 10);
        if (count >= 17 || reads_as(digits, count, exponent, value) ||
            (power_of_two && increment(digits, count) && reads_as(digits, count, exponent, value)))
            return decimal_of_digits(digits, count, exponent + 1);
    }
}

static void put_zeros(struct strbuf *sb, int count)
{
    static const char zeros[] = "000000000000000000000";
    assert(count < (int)sizeof zeros);
    strbuf_add(sb, zeros, (size_t)count);
}

/* ECMA-262, Number::toString: its n is `point`, its k is `count`. */
static void put_decimal(struct strbuf *sb, const struct decimal *dec)
{
    const char *digits = dec->digits;
    int count = dec->count, point = dec->point;
    if (point >= count && point <= 21) {
        strbuf_add(sb, digits, (size_t)count);
        put_zeros(sb, point - count);
    } else if (point > 0 && point <= 21) {
        strbuf_add(sb, digits, (size_t)point);
        strbuf_addc(sb, '.');
        strbuf_add(sb, digits + point, (size_t)(count - point));
    } else if (point > -6 && point <= 0) {
        strbuf_adds(sb, "0.");
        put_zeros(sb, -point);
        strbuf_add(sb, digits, (size_t)count);
    } else {
        strbuf_addc(sb, digits[0]);
        if (count > 1)
            strbuf_addc(sb, '.');
        strbuf_add(sb, digits + 1, (size_t)(count - 1));
        strbuf_addf(sb, "e%+d", point - 1);
    }
}

void json_put_number(struct strbuf *sb, double value)
{
    if (!isfinite(value)) {
        strbuf_adds(sb, "null");
        return;
    }
    if (fabs(value) < 0x1p53 && value == (double)(int64_t)value) {
        json_put_int(sb, (int64_t)value);
        return;
    }
    if (value < 0)
        strbuf_addc(sb, '-');
    struct decimal dec;
    if (!decimal_by_fractions(fabs(value), &dec))
        dec = decimal_by_trial(fabs(value));
    put_decimal(sb, &dec);
}

void json_put_int(struct strbuf *sb, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        digits[--at] = '-';
    strbuf_add(sb, digits + at, sizeof digits - at);
}

void json_put_bool(struct strbuf *sb, bool value)
{
    strbuf_adds(sb, value ? "true" : "false");
}
