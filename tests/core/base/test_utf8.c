#include "core/base/utf8.h"
#include "tests/support/support.h"

#include <string.h>

/* Sequences of one character: its code point, or what is none. */
static const struct {
    const char *bytes;
    size_t len;
    uint32_t cp; /* UTF8_REPLACEMENT with `wtf8` false: no character begins here */
    bool wtf8, utf8;
} sequences[] = {
    {"\0", 1, 0, true, true},
    {"A", 1, 'A', true, true},
    {"\x7F", 1, 0x7F, true, true},
    {"\xC2\x80", 2, 0x80, true, true},
    {"\xC3\xBC", 2, 0xFC, true, true},
    {"\xDF\xBF", 2, 0x7FF, true, true},
    {"\xE0\xA0\x80", 3, 0x800, true, true},
    {"\xE2\x82\xAC", 3, 0x20AC, true, true},
    {"\xED\x9F\xBF", 3, 0xD7FF, true, true},
    {"\xEE\x80\x80", 3, 0xE000, true, true},
    {"\xEF\xBF\xBD", 3, 0xFFFD, true, true},
    {"\xEF\xBF\xBF", 3, 0xFFFF, true, true},
    {"\xF0\x90\x80\x80", 4, 0x10000, true, true},
    {"\xF0\x9F\x98\x80", 4, 0x1F600, true, true},
    {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF, true, true},
    /* surrogates */
    {"\xED\xA0\x80", 3, 0xD800, true, false},
    {"\xED\xAF\xBF", 3, 0xDBFF, true, false},
    {"\xED\xB0\x80", 3, 0xDC00, true, false},
    {"\xED\xBF\xBF", 3, 0xDFFF, true, false},
    /* a tail without a head, heads that never are */
    {"\x80", 1, UTF8_REPLACEMENT, false, false},
    {"\xBF", 1, UTF8_REPLACEMENT, false, false},
    {"\xF5\x80\x80\x80", 4, UTF8_REPLACEMENT, false, false},
    {"\xF8\x88\x80\x80\x80", 5, UTF8_REPLACEMENT, false, false},
    {"\xFE", 1, UTF8_REPLACEMENT, false, false},
    {"\xFF", 1, UTF8_REPLACEMENT, false, false},
    /* overlong */
    {"\xC0\x80", 2, UTF8_REPLACEMENT, false, false},
    {"\xC1\xBF", 2, UTF8_REPLACEMENT, false, false},
    {"\xE0\x80\x80", 3, UTF8_REPLACEMENT, false, false},
    {"\xE0\x9F\xBF", 3, UTF8_REPLACEMENT, false, false},
    {"\xF0\x80\x80\x80", 4, UTF8_REPLACEMENT, false, false},
    {"\xF0\x8F\xBF\xBF", 4, UTF8_REPLACEMENT, false, false},
    /* beyond U+10FFFF */
    {"\xF4\x90\x80\x80", 4, UTF8_REPLACEMENT, false, false},
    /* cut off, or something else where a tail should be */
    {"\xC3", 1, UTF8_REPLACEMENT, false, false},
    {"\xE2", 1, UTF8_REPLACEMENT, false, false},
    {"\xE2\x82", 2, UTF8_REPLACEMENT, false, false},
    {"\xF0\x9F\x98", 3, UTF8_REPLACEMENT, false, false},
    {"\xC3\x28", 2, UTF8_REPLACEMENT, false, false},
    {"\xE2\x28\xA1", 3, UTF8_REPLACEMENT, false, false},
    {"\xE2\x82\x28", 3, UTF8_REPLACEMENT, false, false},
    {"\xF0\x9F\x98\xC0", 4, UTF8_REPLACEMENT, false, false},
};
#define SEQUENCES (sizeof sequences / sizeof *sequences)

TEST(a_sequence_decodes_to_its_code_point_or_to_a_replacement_of_one_byte)
{
    for (size_t i = 0; i < SEQUENCES; i++) {
        uint32_t cp = 0;
        size_t n = utf8_next(sequences[i].bytes, sequences[i].len, &cp);
        assert_int_equal(cp, sequences[i].cp);
        assert_int_equal(n, sequences[i].wtf8 ? sequences[i].len : 1);
    }
}

TEST(a_sequence_cut_short_is_not_completed_from_what_follows)
{
    for (size_t i = 0; i < SEQUENCES; i++) {
        for (size_t len = 1; sequences[i].wtf8 && len < sequences[i].len; len++) {
            uint32_t cp = 0;
            assert_int_equal(utf8_next(sequences[i].bytes, len, &cp), 1);
            assert_int_equal(cp, UTF8_REPLACEMENT);
            assert_false(utf8_valid(sequences[i].bytes, len));
        }
    }
}

TEST(only_strict_utf8_is_valid_wherever_it_stands)
{
    assert_true(utf8_valid(NULL, 0));
    for (size_t i = 0; i < SEQUENCES; i++) {
        for (size_t before = 0; before < 20; before++) {
            char text[64];
            memset(text, 'a', sizeof text);
            memcpy(text + before, sequences[i].bytes, sequences[i].len);
            size_t end = before + sequences[i].len;
            assert_int_equal(utf8_valid(text, end), sequences[i].utf8);
            assert_int_equal(utf8_valid(text, end + 17), sequences[i].utf8);
        }
    }
}

TEST(every_code_point_is_written_as_it_is_read)
{
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char bytes[4];
        uint32_t back;
        size_t n = utf8_put(bytes, cp);
        if (utf8_next(bytes, n, &back) != n || back != cp) {
            fail_msg("U+%04X", cp);
        }
        if (utf8_valid(bytes, n) != (cp < 0xD800 || cp > 0xDFFF)) {
            fail_msg("U+%04X", cp);
        }
    }
    char bytes[4];
    assert_int_equal(utf8_put(bytes, 0x110000), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
}

TEST(length_is_counted_in_utf16_units)
{
    static const struct {
        const char *text;
        size_t units;
    } cases[] = {
        {"", 0},
        {"main", 4},
        {"Überprüfer", 10},
        {"\xF0\x9F\x98\x80", 2},
        {"0123456789abcdef0123\xF0\x9F\x98\x80 0123456789abcdef", 39},
        {"日本語のエージェント", 10},
        {"\xED\xA0\xBD", 1},
        {"\xED\xA0\xBD\xED\xB8\x80", 2},
        {"a\xFF\xFEz", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(utf8_utf16_len(cases[i].text, strlen(cases[i].text)), cases[i].units);
    }
    assert_int_equal(utf8_utf16_len("a\0b", 3), 3);
    assert_int_equal(utf8_utf16_len(NULL, 0), 0);
}

/* Expected: Math.abs([...Array(s.length).keys()].reduce((h, i) => (h * 31 + s.charCodeAt(i)) | 0,
   0)) || 1, by node. */
TEST(thread_ids_are_those_of_the_seed)
{
    static const struct {
        const char *name;
        int64_t id;
    } cases[] = {
        {"main", 3343801},
        {"same", 3522662},
        {"renamed", 1092333798},
        {"main-again", 640852404},
        {"third", 110331239},
        {"", 1},
        {"Überprüfer", 25567756},
        {"😀", 1772899},
        {"agent 😀 two", 824928374},
        {"日本語のエージェント", 1184303825},
        {"polygenelubricants", 2147483648},
        {"aAgaB9q", 2147483648},
        {"bmgkAG5", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(utf8_thread_id(cases[i].name, strlen(cases[i].name)), cases[i].id);
    }
    assert_int_equal(utf8_thread_id("\0", 1), 1);
    assert_int_equal(utf8_thread_id("a\0b", 3), 93315);
}
