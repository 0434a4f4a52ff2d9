/* The values of an event as nearly all producers spell them, read where they lie. Only event_scan.c
   includes this file; the functions are inline because each event passes through them several
   times. Each returns the place after the value; NULL: another spelling, which the caller reads
   with care. */
#ifndef INGEST_EVENT_SCAN_VALUES_H
#define INGEST_EVENT_SCAN_VALUES_H

#include "core/base/time_ns.h"
#include "core/base/word.h"
#include "ingest/trace_event.h"

#define SCAN_LONG_TIME 0x1p40 /* from here on a double does not hold each nanosecond */

/* Sets the nearest double of a time of 2^40 to 2^52 microseconds with three digits after its point,
   and what that lacks. The double has 52 bits after its first, so 1 to 12 after the point; what is
   left is rounded, a half to the even one. */
static inline void scan_set_long_time(uint64_t whole, uint64_t thousandths, double *us,
                                      int16_t *rest_ns)
{
    unsigned bits = (unsigned)__builtin_clzll(whole) - 11;
    uint64_t places = (thousandths << bits) / 1000, left = (thousandths << bits) % 1000;
    places += left > 500 || (left == 500 && places % 2 != 0);
    *us = (double)whole + (double)places / (double)(1u << bits);
    *rest_ns = (int16_t)((int64_t)(whole * 1000 + thousandths) - time_ns_from_us(*us));
}

/* Reads a time in microseconds of up to 16 digits, and a fraction. With up to 15 digits in all, the
   digits and the power of ten are exact doubles, so their quotient is the nearest one. */
static inline const char *scan_plain_time(const char *at, const char *end, double *us,
                                          int16_t *rest_ns)
{
    static const double tens[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    static const uint8_t to_thousandths[4] = {0, 100, 10, 1};
    const char *start = at;
    uint64_t digits = 0;
    while (at < end && (unsigned char)(*at - '0') < 10 && at - start <= 16) {
        digits = digits * 10 + (uint64_t)(*at++ - '0');
    }
    size_t len = (size_t)(at - start), fraction = 0;
    uint64_t whole = digits;
    if (len == 0 || len > 16 || (*start == '0' && len > 1)) {
        return NULL;
    }
    if (at < end && *at == '.') {
        const char *point = at++;
        while (at < end && (unsigned char)(*at - '0') < 10 && at - start <= 19) {
            digits = digits * 10 + (uint64_t)(*at++ - '0');
        }
        fraction = (size_t)(at - point) - 1;
        if (fraction == 0) {
            return NULL;
        }
    }
    if (at == end || (unsigned char)(*at - '0') < 10 || *at == '.' || (*at | 0x20) == 'e') {
        return NULL;
    }
    if (len + fraction <= 15 && (fraction == 0 || len <= 12)) {
        *us = fraction == 0 ? (double)digits : (double)digits / tens[fraction];
        *rest_ns = 0;
    } else if (whole >= (uint64_t)SCAN_LONG_TIME && whole >> 52 == 0 && fraction <= 3) {
        scan_set_long_time(
            whole, fraction == 0 ? 0 : digits % (uint64_t)tens[fraction] * to_thousandths[fraction],
            us, rest_ns);
    } else {
        return NULL;
    }
    return at;
}

/* Reads any number as a time. */
static inline const char *scan_time(const char *at, const char *end, double *us, int16_t *rest_ns)
{
    const char *after = scan_plain_time(at, end, us, rest_ns);
    if (after == NULL && (after = json_skip_number(at, end)) != NULL) {
        struct json_value number = {JSON_TYPE_NUMBER, at, (size_t)(after - at)};
        (void)trace_event_time(number, us, rest_ns);
    }
    return after;
}

static inline const char *scan_string(const char *at, const char *end, struct json_value *out)
{
    bool escaped;
    const char *quote = text_near_quote(at + 1, end);
    const char *after = quote != NULL ? quote + 1 : json_skip_string(at, end, &escaped);
    if (after != NULL) {
        *out = (struct json_value){JSON_TYPE_STRING, at, (size_t)(after - at)};
    }
    return after;
}

/* Reads a pid or tid that is a number; a whole one directly. */
static inline const char *scan_id(const char *at, const char *end, struct json_value *out)
{
    const char *after = at;
    while (after < end && (unsigned char)(*after - '0') < 10) {
        after++;
    }
    if (after == at || after == end || (*after != ',' && *after != '}') ||
        (*at == '0' && after - at > 1)) {
        after = json_skip_number(at, end);
    }
    if (after != NULL) {
        *out = (struct json_value){JSON_TYPE_NUMBER, at, (size_t)(after - at)};
    }
    return after;
}

/* Reads a phase of one letter, from its quote on. */
static inline const char *scan_phase(const char *at, const char *end, char *ph)
{
    if (end - at < 3 || at[0] != '"' || at[2] != '"' ||
        (unsigned char)((at[1] | 0x20) - 'a') >= 26) {
        return NULL;
    }
    *ph = at[1];
    return at + 3;
}

#endif
