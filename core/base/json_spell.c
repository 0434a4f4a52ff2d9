/* A number is converted to its shortest decimal digits and the position of the point (struct
   decimal) and then printed. There are three methods; the fastest is tried first. The first method,
   for times, prints at once.

   LC_NUMERIC does not matter here: libc prints and reads no decimal point (only the digits and the
   exponent of "%.*e" are used; strtod gets digits and an exponent). The rounding mode must be to
   nearest. */
#include "core/base/json_text.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0.DIGITS * 10 ** point, without zeros at either end of the digits. */
struct decimal {
    char digits[24];
    int count;
    int point;
};

/* ---- integers ---- */

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static size_t spell_unsigned(char *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + value * 2, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

size_t json_spell_int(char *out, int64_t value)
{
    if (value >= 0) {
        return spell_unsigned(out, (uint64_t)value);
    }
    *out = '-';
    return 1 + spell_unsigned(out + 1, 0 - (uint64_t)value);
}

/* ---- the digits of a double ---- */

/* Returns true if value * scale is an integer below 2^52, and sets *count to it. The digits of such
   a value read back as the same double, because both sides of the division are exact. No other
   digits do, because doubles are closer here than the fractions are. */
static bool count_fractions(double value, double scale, uint64_t *count)
{
    double product = value * scale;
    if (FLT_EVAL_METHOD != 0 || product >= 0x1p52) {
        return false;
    }
    *count = (uint64_t)(product + 0.5);
    return *count > 0 && (double)*count / scale == value;
}

/* Converts an integer's digits, which may end in zeros. */
static struct decimal decimal_of_digits(const char *digits, int count, int point)
{
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    struct decimal dec = {.count = count, .point = point};
    memcpy(dec.digits, digits, (size_t)count);
    return dec;
}

static bool decimal_by_millionths(double value, struct decimal *out)
{
    char digits[24];
    uint64_t count;
    if (!count_fractions(value, 1e6, &count)) {
        return false;
    }
    int len = (int)spell_unsigned(digits, count);
    *out = decimal_of_digits(digits, len, len - 6);
    return true;
}

static bool reads_as(const char *digits, int count, int exponent, double value)
{
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", count, digits, exponent - count + 1);
    return strtod(text, NULL) == value;
}

/* Adds one to the last digit. Returns false if that would need another digit. */
static bool increment(char *digits, int count)
{
    int i = count - 1;
    while (i >= 0 && digits[i] == '9') {
        digits[i--] = '0';
    }
    if (i >= 0) {
        digits[i]++;
    }
    return i >= 0;
}

/* Tries more and more digits until they read back as the value. Below a power of two doubles are
   twice as close as above it. So the nearest digits, if below the value, may not read back although
   the next ones above do (2 ** -24). */
static struct decimal decimal_by_trial(double value)
{
    /* 15 digits are always unambiguous, except for subnormal numbers. */
    int count = value < DBL_MIN ? 1 : DBL_DIG;
    int binary_exponent;
    bool power_of_two = frexp(value, &binary_exponent) == 0.5;
    for (;; count++) {
        char text[48], digits[24];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        int got = 0;
        const char *at = text;
        for (; *at != 'e'; at++) {
            if (*at >= '0' && *at <= '9') {
                digits[got++] = *at;
            }
        }
        int exponent = (int)strtol(at + 1, NULL, 10);
        if (count >= 17 || reads_as(digits, count, exponent, value) ||
            (power_of_two && increment(digits, count) &&
             reads_as(digits, count, exponent, value))) {
            return decimal_of_digits(digits, count, exponent + 1);
        }
    }
}

/* ---- spelling ---- */

static char *put(char *at, const char *bytes, int count)
{
    memcpy(at, bytes, (size_t)count);
    return at + count;
}

static char *put_zeros(char *at, int count)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

/* Prints as ECMA-262, Number::toString: its n is `point`, its k is `count`. Returns the position
   after the text. */
static char *put_decimal(char *at, const struct decimal *dec)
{
    const char *digits = dec->digits;
    int count = dec->count, point = dec->point;
    if (point >= count && point <= 21) {
        return put_zeros(put(at, digits, count), point - count);
    }
    if (point > 0 && point <= 21) {
        at = put(at, digits, point);
        *at++ = '.';
        return put(at, digits + point, count - point);
    }
    if (point > -6 && point <= 0) {
        return put(put_zeros(put(at, "0.", 2), -point), digits, count);
    }
    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        at = put(at, digits + 1, count - 1);
    }
    return at + snprintf(at, 8, "e%+d", point - 1);
}

/* Prints a positive number of whole thousandths, as times in microseconds are. Returns the position
   after the text; NULL for any other value. */
static char *put_thousandths(char *at, double value)
{
    uint64_t count;
    if (!count_fractions(value, 1e3, &count)) {
        return NULL;
    }
    at += spell_unsigned(at, count / 1000);
    unsigned rest = (unsigned)(count % 1000);
    *at++ = '.';
    *at++ = (char)('0' + rest / 100);
    memcpy(at, pairs + rest % 100 * 2, 2);
    at += 2;
    while (at[-1] == '0') {
        at--;
    }
    return at;
}

size_t json_spell_number(char *out, double value)
{
    if (!isfinite(value)) {
        memcpy(out, "null", 4);
        return 4;
    }
    if (fabs(value) < 0x1p53 && value == (double)(int64_t)value) {
        return json_spell_int(out, (int64_t)value);
    }
    char *at = out;
    if (value < 0) {
        *at++ = '-';
        value = -value;
    }
    char *behind = put_thousandths(at, value);
    if (behind == NULL) {
        struct decimal dec;
        if (!decimal_by_millionths(value, &dec)) {
            dec = decimal_by_trial(value);
        }
        behind = put_decimal(at, &dec);
    }
    assert(behind - out <= JSON_NUMBER_MAX);
    return (size_t)(behind - out);
}
