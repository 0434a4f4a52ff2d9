/* JSON text that Perfetto refuses is written in other bytes, all other text as it is. */
#include "core/export/perfetto_text.h"

#include "core/base/json_read.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EMOJI "\xf0\x9f\x98\x80"
#define TENS  "0123456789"
#define SIXTY TENS TENS TENS TENS TENS TENS

/* Written: NULL: as it is. */
static const struct {
    const char *raw, *written;
} texts[] = {
    {"{}", NULL},
    {"{\"command\":\"ls\",\"n\":[1,-2.5,1e3,1E+30,1e-7,0.1,true,null]}", NULL},
    {"\"\\\\ud83d \\\\\\\\ud83d \\\" \\/ \\b\\f\\n\\r\\t\"", NULL},
    {"\"\\u0000\\u00e9\\ud7ff\\ue000\\uffff\\uD7FF\"", NULL},
    {"{\"id\":\"f2e5948641-9e72724\"}", NULL},
    {"\"1e400 is text, and \\u00ff9e999 too\"", NULL},
    {"\"" SIXTY SIXTY SIXTY "e999\"", NULL},
    {"\"a\\ud83d\\ude00b\"", "\"a" EMOJI "b\""},
    {"\"\\uD83D\\uDE00\"", "\"" EMOJI "\""},
    {"\"\\ud83d\\ud83d\\ude00\\ude00\"", "\"\\ufffd" EMOJI "\\ufffd\""},
    {"\"\\ud83d\"", "\"\\ufffd\""},
    {"\"\\ud83d\\\\ude00\"", "\"\\ufffd\\\\ude00\""},
    {"\"\\\\\\ud83d\"", "\"\\\\\\ufffd\""},
    {"\"\\ude00\\ud83d x\"", "\"\\ufffd\\ufffd x\""},
    {"\"\\ud83dude00\"", "\"\\ufffdude00\""},
    {"{\"\\udbff\\udfff\":{\"\\ud800\":1}}", "{\"\xf4\x8f\xbf\xbf\":{\"\\ufffd\":1}}"},
    {"\"a\x7f\"", "\"a\\u007f\""},
    {"{\"\x7f\":\"\x7f\x7f\",\"n\":7}", "{\"\\u007f\":\"\\u007f\\u007f\",\"n\":7}"},
    {"1e400", "\"1e400\""},
    {"-1E+400", "\"-1E+400\""},
    {"[1e308,1e309,0.001e310]", "[1e308,\"1e309\",1e+307]"},
    {"[1e0000000000000000000000001]", "[1e0000000000000000000000001]"},
    {"{\"a\":0e400,\"b\":-0.0e999}", "{\"a\":0,\"b\":0}"},
    {"1e-400", NULL},
    {"1e-99999999999999999999", "0"},
    {"1e99999999999999999999", "\"1e99999999999999999999\""},
    {"1.7976931348623157e308", "\"1.7976931348623157e308\""},
    {"0." SIXTY SIXTY, "0.012345678901234568"},
    {SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY ".5", "\"" SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY ".5\""},
    {"{\"id\":18446744073709551615}", NULL},
    {"\"id\":\"\\ud83d\",\"tts\":1e999", "\"id\":\"\\ufffd\",\"tts\":\"1e999\""},
};

TEST(text_that_perfetto_refuses_is_written_in_other_bytes)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *raw = texts[i].raw;
        const char *written = texts[i].written == NULL ? raw : texts[i].written;
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        perfetto_text_add(&out, raw, strlen(raw));
        assert_string_equal(out.data, written);
        if (strcmp(raw, written) != 0) {
            assert_false(perfetto_text_reads(raw, strlen(raw)));
        }
        strbuf_release(&out);
    }
}

/* The scan looks at words of eight bytes: a suspect may lie anywhere in one, or across two. */
TEST(a_change_is_made_at_any_place)
{
    static const struct {
        const char *raw, *written;
    } parts[] = {
        {"\"\\ud83d\"", "\"\\ufffd\""}, {"1e400", "\"1e400\""}, {"\"\x7f\"", "\"\\u007f\""}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (size_t before = 0; before < 40; before++) {
            struct strbuf raw, written, out;
            strbuf_init(&raw, &mem_libc, 0);
            strbuf_init(&written, &mem_libc, 0);
            strbuf_init(&out, &mem_libc, 0);
            strbuf_addf(&raw, "[\"%.*s\",%s,\"%s\"]", (int)before, SIXTY, parts[i].raw, "e");
            strbuf_addf(&written, "[\"%.*s\",%s,\"%s\"]", (int)before, SIXTY, parts[i].written,
                        "e");
            assert_false(perfetto_text_reads(raw.data, raw.len));
            perfetto_text_add(&out, raw.data, raw.len);
            assert_string_equal(out.data, written.data);
            strbuf_release(&raw);
            strbuf_release(&written);
            strbuf_release(&out);
        }
    }
}

TEST(a_text_is_written_in_quotes)
{
    static const struct {
        const char *text, *written;
    } names[] = {
        {"plain", "\"plain\""},
        {"", "\"\""},
        {"a\x7f\"\n", "\"a\\u007f\\\"\\n\""},
        {EMOJI "\xed\xa0\xbd", "\"" EMOJI "\\ufffd\""},
        {"\xed\xa0\xbd\xed\xb8\x80", "\"" EMOJI "\""},
        {"1e400", "\"1e400\""},
        {"\\ud83d", "\"\\\\ud83d\""},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        strbuf_adds(&out, "x:");
        perfetto_text_string(&out, names[i].text, strlen(names[i].text));
        assert_string_equal(out.data + 2, names[i].written);
        strbuf_release(&out);
    }
}

/* ---- random text ---- */

static bool same_number(struct json_value a, struct json_value b)
{
    double x = json_get_number(a);
    return b.type == JSON_TYPE_NUMBER
               ? x == json_get_number(b)
               : isinf(x) && b.len == a.len + 2 && memcmp(b.raw + 1, a.raw, a.len) == 0;
}

/* Compares code points; a lone surrogate is U+FFFD on the other side. */
static bool same_text(struct json_value a, struct json_value b)
{
    struct strbuf x, y, quoted;
    strbuf_init(&x, &mem_libc, 0);
    strbuf_init(&y, &mem_libc, 0);
    strbuf_init(&quoted, &mem_libc, 0);
    json_get_string(a, &x);
    json_get_string(b, &y);
    perfetto_text_string(&quoted, x.data == NULL ? "" : x.data, x.len);
    strbuf_clear(&x);
    json_get_string((struct json_value){JSON_TYPE_STRING, quoted.data, quoted.len}, &x);
    bool same = x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
    strbuf_release(&x);
    strbuf_release(&y);
    strbuf_release(&quoted);
    return same;
}

static void put_random(struct strbuf *out, uint64_t *random)
{
    static const char *const pieces[] = {"\"\\ud83d\"",
                                         "\"\\ude00\\ud83d\\ude00\"",
                                         "\"\x7f\"",
                                         "1e400",
                                         "0e999",
                                         "12",
                                         "\"e12\"",
                                         "-1.5e-3",
                                         "\"\\\\\"",
                                         "\"\\\"1e400\"",
                                         "\"" SIXTY "1e999\"",
                                         "0." SIXTY SIXTY,
                                         "1e22",
                                         "\"\\u1e400\\\\ud800\"",
                                         "\"" EMOJI "\\n\"",
                                         "true",
                                         "null"};
    unsigned count = (unsigned)(support_random(random) % 12) + 1;
    strbuf_addc(out, '[');
    for (unsigned i = 0; i < count; i++) {
        strbuf_adds(out, i == 0 ? "" : ",");
        strbuf_adds(out, pieces[support_random(random) % (sizeof pieces / sizeof *pieces)]);
    }
    strbuf_addc(out, ']');
}

TEST(values_stay_what_they_are)
{
    uint64_t random = 7;
    for (int round = 0; round < 5000; round++) {
        struct strbuf raw, out, again;
        strbuf_init(&raw, &mem_libc, 0);
        strbuf_init(&out, &mem_libc, 0);
        strbuf_init(&again, &mem_libc, 0);
        put_random(&raw, &random);
        perfetto_text_add(&out, raw.data, raw.len);
        perfetto_text_add(&again, out.data, out.len);
        assert_string_equal(again.data, out.data);
        struct json_value before, after, a, b;
        assert_true(json_check(raw.data, raw.len, 8, &before, NULL));
        assert_true(json_check(out.data, out.len, 8, &after, NULL));
        struct json_walk walk = json_walk(before), other = json_walk(after);
        while (json_next_item(&walk, &a)) {
            assert_true(json_next_item(&other, &b));
            assert_true(a.type == JSON_TYPE_STRING   ? same_text(a, b)
                        : a.type == JSON_TYPE_NUMBER ? same_number(a, b)
                                                     : a.type == b.type);
        }
        strbuf_release(&raw);
        strbuf_release(&out);
        strbuf_release(&again);
    }
}
