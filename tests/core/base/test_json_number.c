/* json_get_number, of json_read.h. */
#include "core/base/json_read.h"
#include "tests/support/support.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double get(const char *text, size_t len)
{
    struct json_value value;
    assert_true(json_check(text, len, 1, &value, NULL));
    return json_get_number(value);
}

static void assert_reads(const char *text, size_t len, double expected)
{
    double value = get(text, len);
    /* All bits: the sign of a zero too. */
    if (memcmp(&value, &expected, sizeof value) != 0) {
        fail_msg("%.60s: %.17g, not %.17g", text, value, expected);
    }
}

TEST(a_number_is_the_nearest_double)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"0.0", 0.0},
        {"-0.000e10", -0.0},
        {"0e999999999999999999999", 0.0},
        {"1", 1},
        {"-1", -1},
        {"1.0", 1},
        {"1E0", 1},
        {"1e+2", 100},
        {"100e-2", 1},
        {"0.1", 0.1},
        {"1700000000000.123", 1700000000000.123},
        {"3.141592653589793", 3.141592653589793},
        {"1e22", 1e22},
        {"1e23", 1e23},
        {"123e-22", 123e-22},
        {"123e-25", 123e-25},
        {"9007199254740991", 9007199254740991},
        {"9007199254740992", 9007199254740992},
        /* half way between two doubles: to the even one */
        {"9007199254740993", 9007199254740992},
        {"9007199254740993.0", 9007199254740992},
        {"9007199254740993.00000000000000000000000000000001", 9007199254740994},
        {"9007199254740992.99999999999999999999999999999999", 9007199254740992},
        {"9007199254740995", 9007199254740996},
        {"90071992547409930e-1", 9007199254740992},
        {"9007199254740993e1", 90071992547409936},
        {"18446744073709551616", 0x1p64},
        {"99999999999999999999", 1e20},
        {"18446744073709551615", 18446744073709551616.0},
        {"9999999999999999999", 10000000000000000000.0},
        {"1700000000123456789", 1700000000123456768.0},
        {"5e-324", 5e-324},
        {"2.4703282292062327e-324", 0},
        {"2.4703282292062328e-324", 5e-324},
        {"-1e-400", -0.0},
        {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
        {"2.2250738585072012e-308", 0x1p-1022},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"1.7976931348623158e308", 1.7976931348623157e308},
        {"1.7976931348623159e308", INFINITY},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e99999999999999999999999999", INFINITY},
        {"1e-99999999999999999999999999", 0},
        {"1e18446744073709551616", INFINITY},
        {"0.00000000000000000000000000000000000000001e41", 1},
        {"10000000000000000000000000000000000000000e-40", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_reads(cases[i].text, strlen(cases[i].text), cases[i].value);
    }
}

TEST(what_is_no_number_is_nan)
{
    static const char *const others[] = {"null", "true", "\"1\"", "[1]", "{}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(isnan(get(others[i], strlen(others[i]))));
    }
    assert_true(isnan(json_get_number((struct json_value){.type = JSON_TYPE_NONE})));
}

/* The value in all its digits, as glibc writes it, and then something. */
static size_t spell(char *out, size_t cap, double value, const char *more)
{
    return (size_t)snprintf(out, cap, "%.1100f%s", value, more);
}

TEST(thousands_of_digits_are_all_heard)
{
    static char text[100000];

    /* 2 ** -1075, exactly: half way from 0 to the smallest double; and a trifle more, far behind
       the 800th digit. */
    double smallest = 0x1p-1074;
    size_t len = spell(text, sizeof text, smallest, "");
    assert_reads(text, len, smallest);
    unsigned carry = 0;
    for (size_t i = 2; i < len; i++) {
        unsigned ten = carry * 10 + (unsigned)(text[i] - '0');
        text[i] = (char)('0' + ten / 2);
        carry = ten % 2;
    }
    assert_int_equal(carry, 0);
    assert_reads(text, len, 0.0);
    memset(text + len, '0', 50000);
    assert_reads(text, len + 50000, 0.0);
    text[len + 50000] = '1';
    assert_reads(text, len + 50001, smallest);

    /* The same with a point far away. */
    static const char head[] = "9007199254740993";
    memset(text, '0', sizeof text);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + 60000, "e-59984", 7);
    assert_reads(text, 60007, 9007199254740992.0);
    text[59999] = '1';
    assert_reads(text, 60007, 9007199254740994.0);

    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + 70000, "25e70000", 8);
    assert_reads(text, 70008, 25.0);

    memset(text, '9', 400);
    assert_reads(text, 400, INFINITY);
    assert_reads(text, 308, 1e308);
}

TEST(random_numbers_are_read_as_strtod_reads_them)
{
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 100000; round++) {
        struct strbuf sb;
        strbuf_init(&sb, &mem_libc, 0);
        strbuf_addf(&sb, "%s%" PRIu64, round % 3 == 0 ? "-" : "", support_random(&seed));
        if (round % 4 != 0) {
            strbuf_addf(&sb, ".%0*" PRIu64, 1 + round % 25, support_random(&seed));
        }
        if (round % 5 != 0) {
            strbuf_addf(&sb, "%c%d", "eE"[round % 2], (int)(support_random(&seed) % 700) - 350);
        }
        assert_reads(sb.data, sb.len, strtod(sb.data, NULL));
        strbuf_release(&sb);
    }
}
