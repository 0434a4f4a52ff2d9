/* A number is first read as an integer of its digits and a power of ten. If both are exact as
   doubles (up to 2^53, up to 10^22), only one operation rounds, and it rounds correctly. Source:
   Clinger 1990, "How to read floating point numbers accurately". All others are copied to a buffer
   of bounded size for strtod. No double, and no midpoint of two, has more than 768 digits. So
   digits after the 800th can only make the number greater, and one last digit does the same.

   LC_NUMERIC does not matter here: the copy has an exponent and no decimal point. */
#include "core/base/json_read.h"

#include "core/base/json_scan.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 800
/* Greater powers of ten make no difference: a text cannot have that many digits. */
#define EXPONENT_MAX (INT64_C(1) << 60)

struct number {
    bool negative;
    const char *digits, *end; /* may have a '.' inside */
    int64_t exponent;         /* power of ten, for the digits read as an integer */
};

static int64_t read_exponent(const char *at, const char *end)
{
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    int64_t exponent = 0;
    for (; at < end && exponent < EXPONENT_MAX / 10; at++) {
        exponent = exponent * 10 + (*at - '0');
    }
    return negative ? -exponent : exponent;
}

static struct number split(struct json_value value)
{
    const char *at = value.raw, *end = value.raw + value.len;
    struct number n = {.negative = *at == '-'};
    n.digits = n.negative ? at + 1 : at;
    const char *fraction = NULL;
    for (at = n.digits; at < end && (ascii_is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = at + 1;
        }
    }
    n.end = at;
    n.exponent = at < end ? read_exponent(at + 1, end) : 0;
    if (fraction != NULL) {
        n.exponent -= n.end - fraction;
    }
    return n;
}

static bool read_exactly(const struct number *n, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* 19 digits cannot overflow. */
    if (FLT_EVAL_METHOD != 0 || n->end - n->digits > 19 || n->exponent < -22 || n->exponent > 22) {
        return false;
    }
    uint64_t digits = 0;
    for (const char *at = n->digits; at < n->end; at++) {
        if (*at != '.') {
            digits = digits * 10 + (uint64_t)(*at - '0');
        }
    }
    if (n->exponent != 0 && digits > UINT64_C(1) << 53) {
        return false;
    }
    *out = n->exponent < 0 ? (double)digits / powers[-n->exponent]
                           : (double)digits * powers[n->exponent];
    return true;
}

static double read_slowly(const struct number *n)
{
    char copy[DIGITS_MAX + 32];
    size_t count = 0;
    int64_t exponent = n->exponent;
    bool more = false;
    for (const char *at = n->digits; at < n->end; at++) {
        if (*at == '.' || (*at == '0' && count == 0)) {
            continue;
        }
        if (count < DIGITS_MAX) {
            copy[count++] = *at;
        } else {
            more = more || *at != '0';
            exponent++;
        }
    }
    if (count == 0) {
        return 0;
    }
    if (more) {
        copy[count++] = '1';
        exponent--;
    }
    int clamped = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : (int)exponent;
    snprintf(copy + count, sizeof copy - count, "e%d", clamped);
    return strtod(copy, NULL);
}

/* Returns whether the digits end in a point, as OCaml prints whole floats. */
static bool ends_in_point(const char *at, const char *end)
{
    at += *at == '-';
    const char *digits = at;
    while (at < end && ascii_is_digit(*at)) {
        at++;
    }
    return at > digits && at + 1 == end && *at == '.';
}

struct json_value json_spelt_number(struct json_value value)
{
    if (value.type != JSON_TYPE_STRING || value.len < 3) {
        return value;
    }
    const char *at = value.raw + 1, *end = value.raw + value.len - 1;
    while (at < end && *at == ' ') {
        at++;
    }
    while (at < end && end[-1] == ' ') {
        end--;
    }
    at += end - at > 1 && *at == '+' && ascii_is_digit(at[1]);
    while (end - at > 1 && *at == '0' && ascii_is_digit(at[1])) {
        at++;
    }
    if (at < end && ends_in_point(at, end)) {
        end--;
    } else if (at == end || json_skip_number(at, value.raw + value.len) != end) {
        return value;
    }
    return (struct json_value){JSON_TYPE_NUMBER, at, (size_t)(end - at)};
}

double json_get_number(struct json_value number)
{
    if (number.type != JSON_TYPE_NUMBER) {
        return (double)NAN;
    }
    struct number n = split(number);
    double value;
    if (!read_exactly(&n, &value)) {
        value = read_slowly(&n);
    }
    return n.negative ? -value : value;
}
