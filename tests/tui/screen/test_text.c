/* Tests how text is split into glyphs: widths, combining marks, and characters that must be
   replaced. */
#include "tui/screen/text.h"

#include "tests/support/support.h"

#include <string.h>

static void check_glyph(const char *text, bool ascii, const char *want, size_t bytes, int width)
{
    struct glyph glyph;
    assert_int_equal(text_next(text, strlen(text), ascii, &glyph), bytes);
    assert_string_equal(glyph.text, want);
    assert_int_equal(glyph.width, width);
    assert_int_equal(glyph.len, strlen(want));
}

TEST(plain_characters_are_themselves)
{
    check_glyph("ab", false, "a", 1, 1);
    check_glyph("é", false, "é", 2, 1);
    check_glyph("中文", false, "中", 3, 2);
    check_glyph("😀", false, "😀", 4, 2);
    check_glyph("―", false, "―", 3, 1);
}

TEST(marks_join_their_base)
{
    check_glyph("e\xCC\x81x", false, "e\xCC\x81", 3, 1);
    check_glyph("中\xCC\x81", false, "中\xCC\x81", 5, 2);
    /* At most 4 marks of 6 are kept; all six are consumed. */
    check_glyph("a\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81z", false,
                "a\xCC\x81\xCC\x81\xCC\x81\xCC\x81", 13, 1);
    check_glyph("\xCC\x81z", false, "\xEF\xBF\xBD", 2, 1);
}

TEST(what_moves_a_terminal_is_replaced)
{
    static const char *const hostile[] = {
        "\x1b",
        "\x7f",
        "\x01",
        "\xC2\x9B" /* CSI */,
        "\xE2\x80\xAE" /* RLO */,
        "\xE2\x81\xA6",
        "\xE2\x80\x8F",
        "\xE2\x80\xA8",
        "\xED\xA0\xBD" /* a lone surrogate */,
        "\xFF",
        "\xC3",
        "\xF4\x90\x80\x80",
        "\xEF\xBF\xBF",
        "\xF3\xA0\x81\x81" /* a tag */,
        "\xD8\x9C" /* Arabic letter mark */,
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct glyph glyph;
        assert_true(text_next(hostile[i], strlen(hostile[i]), false, &glyph) > 0);
        assert_string_equal(glyph.text, "\xEF\xBF\xBD");
        text_next(hostile[i], strlen(hostile[i]), true, &glyph);
        assert_string_equal(glyph.text, "?");
    }
    struct glyph glyph;
    assert_int_equal(text_next("\0x", 2, false, &glyph), 1);
    assert_string_equal(glyph.text, "\xEF\xBF\xBD");
    check_glyph("\t", false, " ", 1, 1);
    check_glyph("\n", false, " ", 1, 1);
}

TEST(json_keeps_its_value)
{
    static const struct {
        const char *json, *shown, *ascii;
    } rows[] = {
        {"{\"a\":\n1}", "{\"a\":\n1}", "{\"a\":\n1}"},
        {"[\t1,\r2]", "[ 1, 2]", "[ 1, 2]"},
        {"\"é\xC2\x9B\"", "\"é\\u009b\"", "\"\\u00e9\\u009b\""},
        {"\"\xE2\x80\xAE\x7f\xE2\x80\x8B\"", "\"\\u202e\\u007f\\u200b\"",
         "\"\\u202e\\u007f\\u200b\""},
        {"\"\xF3\xA0\x81\x81😀\"", "\"\\udb40\\udc41😀\"", "\"\\udb40\\udc41\\ud83d\\ude00\""},
        {"\"\xED\xA0\xBD\"", "\"\\ud83d\"", "\"\\ud83d\""},
        {"\"\xFF\"", "\"\xEF\xBF\xBD\"", "\"\\ufffd\""},
    };
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strbuf_clear(&out);
        text_put_json(rows[i].json, strlen(rows[i].json), false, &out);
        assert_string_equal(out.data, rows[i].shown);
        strbuf_clear(&out);
        text_put_json(rows[i].json, strlen(rows[i].json), true, &out);
        assert_string_equal(out.data, rows[i].ascii);
    }
    strbuf_clear(&out);
    text_put_line("a\nb\x1b[31m\xE2\x80\x8B"
                  "c",
                  12, false, &out);
    assert_string_equal(out.data, "a b\xEF\xBF\xBD[31mc");
    strbuf_release(&out);
}

TEST(joiners_vanish)
{
    check_glyph("\xE2\x80\x8D", false, "", 3, 0);
    check_glyph("\xEF\xB8\x8F", false, "", 3, 0);
    /* A family becomes four people side by side, each with its own columns. */
    assert_int_equal(text_cols("👨‍👩‍👧", strlen("👨‍👩‍👧"), false), 6);
    assert_int_equal(text_cols("👍🏽", strlen("👍🏽"), false), 2);
}

TEST(ascii_keeps_base_letters)
{
    check_glyph("Ü", true, "U", 2, 1);
    check_glyph("e\xCC\x81", true, "e", 3, 1);
    check_glyph("ł", true, "?", 2, 1);
    check_glyph("中", true, "?", 3, 1);
    check_glyph("ﬁ", true, "f", 3, 1);
}

TEST(whole_glyphs_fit)
{
    size_t used;
    assert_int_equal(text_fit("a中b", 5, false, 2, &used), 1);
    assert_int_equal(used, 1);
    assert_int_equal(text_fit("a中b", 5, false, 3, &used), 4);
    assert_int_equal(used, 3);
    assert_int_equal(text_fit("e\xCC\x81x", 4, false, 1, &used), 3);
    assert_int_equal(text_fit("abc", 3, false, 9, &used), 3);
    assert_int_equal(text_cols("a中b", 5, false), 4);
}

TEST(text_wraps_at_columns_spaces_and_line_feeds)
{
    static const struct {
        const char *text;
        size_t cols, shown, next;
    } rows[] = {{"abc", 9, 3, 3},     {"abcdef", 4, 4, 4},  {"ab\ncd", 4, 2, 3},
                {"\n\n", 4, 0, 1},    {"abcd\ne", 4, 4, 5}, {"a中b", 2, 1, 1},
                {"中b", 2, 3, 3},     {"abc de", 4, 3, 4},  {"abcd ef", 4, 4, 5},
                {"a bcdef", 4, 4, 4}, {"abc de\n", 9, 6, 7}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t next;
        assert_int_equal(text_wrap(rows[i].text, strlen(rows[i].text), false, rows[i].cols, &next),
                         rows[i].shown);
        assert_int_equal(next, rows[i].next);
    }
}
