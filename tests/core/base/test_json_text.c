#include "core/base/json_text.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), sizeof(s) - 1

TEST(a_string_is_escaped_as_json_stringify_does)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } cases[] = {
        {NULL, 0, "\"\""},
        {TEXT("hello"), "\"hello\""},
        {TEXT("a \"quoted\" C:\\path/to"), "\"a \\\"quoted\\\" C:\\\\path/to\""},
        {TEXT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {TEXT("\0\x01\x0B\x1F"), "\"\\u0000\\u0001\\u000b\\u001f\""},
        {TEXT("\x20\x7F"), "\"\x20\x7F\""},
        {TEXT("caf\xC3\xA9 \xE2\x80\xA8\xE2\x80\xA9"), "\"caf\xC3\xA9 \xE2\x80\xA8\xE2\x80\xA9\""},
        {TEXT("\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\""},
        /* lone surrogates; a pair in the wrong order; one in the right order, as two texts joined
           make it */
        {TEXT("\xED\xA0\xBD"), "\"\\ud83d\""},
        {TEXT("\xED\xB8\x80!"), "\"\\ude00!\""},
        {TEXT("\xED\xB8\x80\xED\xA0\xBD"), "\"\\ude00\\ud83d\""},
        {TEXT("\xED\xA0\xBD\xED\xA0\xBD\xED\xB8\x80"), "\"\\ud83d\xF0\x9F\x98\x80\""},
        {TEXT("\xED\xA0\xBD\xC3\xA9"), "\"\\ud83d\xC3\xA9\""},
        {TEXT("\xED\xA0\xBD\xED\xB8"), "\"\\ud83d\xEF\xBF\xBD\xEF\xBF\xBD\""},
        /* no WTF-8 */
        {TEXT("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
        {TEXT("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {TEXT("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf sb;
        strbuf_init(&sb, &mem_libc, 0);
        json_put_string(&sb, cases[i].text, cases[i].len);
        assert_false(sb.failed);
        assert_string_equal(sb.data, cases[i].json);
        strbuf_release(&sb);
    }
}

TEST(an_escape_is_found_at_any_place_of_a_word)
{
    static const struct {
        const char *text, *json;
    } escapes[] = {
        {"\"", "\\\""},
        {"\\", "\\\\"},
        {"\n", "\\n"},
        {"\x1F", "\\u001f"},
        {"\xED\xA0\xBD", "\\ud83d"},
    };
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        for (int before = 0; before < 20; before++) {
            static const char filler[] = "\x7F !#[]~abcdefghijklmnopqrst";
            struct strbuf text, json, expected;
            strbuf_init(&text, &mem_libc, 0);
            strbuf_init(&json, &mem_libc, 0);
            strbuf_init(&expected, &mem_libc, 0);
            strbuf_addf(&text, "%.*s%s%s", before, filler, escapes[i].text, filler);
            strbuf_addf(&expected, "\"%.*s%s%s\"", before, filler, escapes[i].json, filler);
            json_put_cstr(&json, text.data);
            assert_string_equal(json.data, expected.data);
            strbuf_release(&text);
            strbuf_release(&json);
            strbuf_release(&expected);
        }
    }
}

static void assert_number(double value, const char *expected)
{
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 0);
    json_put_number(&sb, value);
    assert_false(sb.failed);
    assert_string_equal(sb.data, expected);
    strbuf_release(&sb);
}

/* Expected: JSON.stringify in node 20. */
TEST(a_number_is_spelt_as_javascript_does)
{
    static const struct {
        double value;
        const char *json;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1, "-1"},
        {1700000000000, "1700000000000"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-1.5, "-1.5"},
        {1.0 / 3, "0.3333333333333333"},
        {1234.567, "1234.567"},
        {1700000000000.123, "1700000000000.123"},
        {123456789.123456, "123456789.123456"},
        {100.000001, "100.000001"},
        {4503599627370.495, "4503599627370.495"},
        {4503599627370.497, "4503599627370.497"},
        {9007199254740.993, "9007199254740.992"},
        {0.001, "0.001"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {1e-7, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {-1e-7, "-1e-7"},
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {-9007199254740994, "-9007199254740994"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.2345e21, "1.2345e+21"},
        {999999999999999900000.0, "999999999999999900000"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        /* the nearest 16 digits are below and read back as another */
        {0x1p-24, "5.960464477539063e-8"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p89, "6.189700196426902e+26"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_number(cases[i].value, cases[i].json);
    }
}

TEST(every_number_reads_back_as_it_was)
{
    uint64_t seed = 88172645463325252u;
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 0);
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = support_random(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 2 == 0) {
            value = (double)(int64_t)(bits >> (bits % 50)) / 1000;
        }
        if (!isfinite(value)) {
            continue;
        }
        strbuf_clear(&sb);
        json_put_number(&sb, value);
        if (strtod(sb.data, NULL) != value) {
            fail_msg("%.17g became %s", value, sb.data);
        }
    }
    strbuf_release(&sb);
}

TEST(integers_and_booleans_are_plain)
{
    static const struct {
        int64_t value;
        const char *json;
    } cases[] = {
        {0, "0,false"},
        {7, "7,true"},
        {-10, "-10,true"},
        {INT64_MAX, "9223372036854775807,true"},
        {INT64_MIN, "-9223372036854775808,true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf sb;
        strbuf_init(&sb, &mem_libc, 0);
        json_put_int(&sb, cases[i].value);
        strbuf_addc(&sb, ',');
        json_put_bool(&sb, cases[i].value != 0);
        assert_string_equal(sb.data, cases[i].json);
        strbuf_release(&sb);
    }
}

TEST(every_failed_allocation_is_seen_at_the_end_and_leaks_nothing)
{
    bool done = false;
    long allow;
    for (allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct strbuf sb;
        strbuf_init(&sb, &mem, 0);
        for (int i = 0; i < 20; i++) {
            json_put_cstr(&sb, "a \"line\"\n of \xED\xA0\xBD text");
            json_put_number(&sb, 1e-9 / (i + 1));
            json_put_int(&sb, i);
        }
        done = !sb.failed;
        strbuf_release(&sb);
        assert_int_equal(failing.live_blocks, 0);
    }
    assert_in_range(allow, 4, 50);
}
