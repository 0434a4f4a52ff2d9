/* The cases of core/base/word.h, which tests/core/base/test_word.c and tests/core/base/test_word_portable.c share: each compiles that header in another of
   its ways. Every function is asked at all alignments and lengths, of blocks that end where the text does, and answers as a loop
   over single bytes would. */
#ifndef TESTS_WORD_CASES_H
#define TESTS_WORD_CASES_H

#include "core/base/word.h"
#include "tests/support/support.h"

#include <stdlib.h>

#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
enum { WORD_CASES_GLANCE = 16 }; /* as far as text_near_quote sees */
#else
enum { WORD_CASES_GLANCE = 8 };
#endif

enum { WORD_CASES_ALIGNMENTS = 17, WORD_CASES_LENGTHS = 72 };

/* A block whose last `len` bytes are the text. Freed by `block`. */
struct word_block {
    char *block, *at, *end;
};

static struct word_block word_block_new(size_t alignment, size_t len, char fill)
{
    struct word_block block = {.block = malloc(alignment + len + (alignment + len == 0))};
    assert_non_null(block.block);
    memset(block.block, '"', alignment); /* what lies before is never looked at */
    block.at = block.block + alignment;
    block.end = block.at + len;
    memset(block.at, fill, len);
    return block;
}

/* ---- words ---- */

static bool word_is_json(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static bool word_is_control(unsigned char byte)
{
    return byte < 0x20;
}

/* The lowest mark is at the first byte that answers; there is none where no byte does. */
static void check_marks(uint64_t marks, const unsigned char *bytes, bool (*answers)(unsigned char))
{
    size_t first = 0;
    while (first < 8 && !answers(bytes[first]))
        first++;
    if (first == 8)
        assert_true(marks == 0);
    else
        assert_true(marks != 0 && word_lowest(marks) == first);
}

static void check_mark_byte(uint64_t word, const unsigned char *bytes, unsigned char byte)
{
    uint64_t marks = word_mark_byte(word, byte);
    const unsigned char *first = memchr(bytes, byte, 8);
    if (first == NULL)
        assert_true(marks == 0);
    else
        assert_true(marks != 0 && word_lowest(marks) == (size_t)(first - bytes));
}

static void check_word(const unsigned char *bytes)
{
    char text[8];
    memcpy(text, bytes, 8);
    uint64_t word = word_load(text);
    for (int i = 0; i < 8; i++)
        assert_int_equal(word >> 8 * i & 0xFF, bytes[i]);
    check_marks(word_mark_controls(word), bytes, word_is_control);
    check_marks(word_mark_json(word), bytes, word_is_json);
    check_mark_byte(word, bytes, '"');
    check_mark_byte(word, bytes, '\\');
    check_mark_byte(word, bytes, 0);
    check_mark_byte(word, bytes, 0x7F);
}

/* Each byte at each place among neighbours that a borrow could run into. */
TEST(the_lowest_mark_of_a_word_is_its_first_byte_that_answers)
{
    static const unsigned char fills[] = {' ', '!', '"', '#', '[', '\\', ']', 0x7F, 0x80, 0xA2};
    unsigned char bytes[8];
    for (size_t fill = 0; fill < sizeof fills; fill++)
        for (size_t at = 0; at < 8; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                memset(bytes, fills[fill], sizeof bytes);
                bytes[at] = (unsigned char)byte;
                check_word(bytes);
            }
    uint64_t seed = 1;
    for (int round = 0; round < 100000; round++) {
        static const char likely[] = "\x1F !\"#[\\]\x7F\x80\xFFxx";
        for (size_t i = 0; i < 8; i++)
            bytes[i] = (unsigned char)likely[support_random_below(&seed, sizeof likely)];
        check_word(bytes);
    }
}

/* ---- text_skip_plain ---- */

static void check_skip(const char *at, const char *end)
{
    const char *stop = at;
    bool before = false, near = false;
    for (; stop < end && !word_is_json((unsigned char)*stop); stop++)
        before |= (unsigned char)*stop >= 0x80;
    for (const char *more = stop; more < end && more - stop < 16; more++)
        near |= (unsigned char)*more >= 0x80;
    bool high = false, was = true;
    assert_ptr_equal(text_skip_plain(at, end, &high), stop);
    /* It may see a byte a little behind, but must see each one before, and none that is not there. */
    assert_true(high ? before || near : !before);
    assert_ptr_equal(text_skip_plain(at, end, &was), stop);
    assert_true(was);
}

TEST(skipping_stops_at_the_first_quote_backslash_or_control)
{
    static const unsigned char stops[] = {'"', '\\', 0, 0x1F, '\n', ' ', '!', 0x7F, 0x80, 0xFF};
    for (size_t alignment = 0; alignment < WORD_CASES_ALIGNMENTS; alignment++)
        for (size_t len = 0; len < WORD_CASES_LENGTHS; len++) {
            struct word_block block = word_block_new(alignment, len, 'x');
            check_skip(block.at, block.end);
            for (size_t at = 0; at < len; at++)
                for (size_t i = 0; i < sizeof stops; i++) {
                    block.at[at] = (char)stops[i];
                    check_skip(block.at, block.end);
                    block.at[at] = 'x';
                }
            free(block.block);
        }
}

TEST(skipping_notes_what_is_not_ascii_before_the_place)
{
    uint64_t seed = 2;
    for (int round = 0; round < 200000; round++) {
        size_t len = support_random_below(&seed, WORD_CASES_LENGTHS);
        struct word_block block = word_block_new(support_random_below(&seed, 17), len, 'a');
        for (uint64_t n = support_random_below(&seed, 4); n > 0 && len > 0; n--)
            block.at[support_random_below(&seed, len)] =
                (char)(0x80 + support_random_below(&seed, 128));
        for (uint64_t n = support_random_below(&seed, 3); n > 0 && len > 0; n--)
            block.at[support_random_below(&seed, len)] = "\"\\\x1F"[support_random_below(&seed, 3)];
        check_skip(block.at, block.end);
        free(block.block);
    }
}

/* ---- text_skip_space, text_count ---- */

static void check_spaces(const char *at, const char *end)
{
    const char *stop = at;
    size_t newlines = 0;
    while (stop < end && *stop != '\0' && strchr(" \t\n\r", *stop) != NULL) {
        stop++;
    }
    for (const char *byte = at; byte < end; byte++) {
        newlines += *byte == '\n';
    }
    assert_ptr_equal(text_skip_space(at, end), stop);
    assert_int_equal(text_count(at, end, '\n'), newlines);
}

TEST(white_space_is_skipped_to_its_end_and_newlines_are_counted)
{
    uint64_t seed = 3;
    for (int round = 0; round < 200000; round++) {
        size_t len = support_random_below(&seed, WORD_CASES_LENGTHS);
        struct word_block block = word_block_new(support_random_below(&seed, 17), len, ' ');
        for (size_t i = 0; i < len; i++) {
            block.at[i] = " \n\r\t"[support_random_below(&seed, 4)];
        }
        for (uint64_t n = support_random_below(&seed, 3); n > 0 && len > 0; n--) {
            static const unsigned char others[] = {0, 0x0b, 0x1f, '!', 'x', '{', 0x8a, 0xa0, 0xff};
            block.at[support_random_below(&seed, len)] =
                (char)others[support_random_below(&seed, sizeof others)];
        }
        check_spaces(block.at, block.end);
        free(block.block);
    }
    /* More newlines than one byte counts. */
    struct word_block block = word_block_new(3, 20000, '\n');
    check_spaces(block.at, block.end);
    free(block.block);
}

/* ---- text_skip_to_escape ---- */

static bool is_escape(const char *at)
{
    bool digit = at[-1] >= '0' && at[-1] <= '9';
    return *at == '\\' || *at == 0x7f || ((*at | 0x20) == 'e' && digit);
}

/* It stops no later than at the first one, and nearer to the end than a block if there is none. */
TEST(skipping_stops_before_what_may_need_another_spelling)
{
    static const char bytes[] = "aaaaaaaaeE05/:\\\x7f";
    uint64_t seed = 3;
    for (int round = 0; round < 200000; round++) {
        size_t len = 1 + support_random_below(&seed, WORD_CASES_LENGTHS);
        struct word_block block = word_block_new(support_random_below(&seed, 17), len, 'x');
        for (uint64_t n = support_random_below(&seed, 12); n > 0; n--) {
            block.at[support_random_below(&seed, len)] =
                bytes[support_random_below(&seed, sizeof bytes - 1)];
        }
        const char *first = block.at + 1;
        while (first < block.end && !is_escape(first)) {
            first++;
        }
        const char *stop = text_skip_to_escape(block.at, block.at + 1, block.end);
        assert_true(stop <= first);
        assert_true(stop == first || block.end - stop < 16 || strchr("eE\\\x7f", *stop) != NULL);
        free(block.block);
    }
}

/* ---- text_near_quote ---- */

static void check_near(const char *at, const char *end)
{
    const char *stop = at;
    while (stop < end && !word_is_json((unsigned char)*stop) && (unsigned char)*stop < 0x80)
        stop++;
    bool plain = stop < end && *stop == '"';
    bool seen = end - at >= WORD_CASES_GLANCE && stop - at < WORD_CASES_GLANCE;
    const char *quote = text_near_quote(at, end);
    if (plain && seen)
        assert_ptr_equal(quote, stop);
    else
        assert_null(quote);
}

TEST(a_near_quote_is_seen_where_all_before_it_is_plain)
{
    static const unsigned char others[] = {'"',  '\\', 0,   0x1F, ' ',  0x7F,
                                           0x80, 0xFF, '!', '#',  0xA2, 0xDC};
    for (size_t alignment = 0; alignment < WORD_CASES_ALIGNMENTS; alignment++)
        for (size_t len = 0; len < 40; len++) {
            struct word_block block = word_block_new(alignment, len, 'x');
            check_near(block.at, block.end);
            for (size_t quote = 0; quote < len; quote++)
                for (size_t other = 0; other < len; other++)
                    for (size_t i = 0; i < sizeof others; i++) {
                        block.at[quote] = '"';
                        block.at[other] = (char)others[i];
                        check_near(block.at, block.end);
                        block.at[quote] = block.at[other] = 'x';
                    }
            free(block.block);
        }
}

/* ---- text_skip_to_structure ---- */

/* Nothing is behind the bracket: it is the last byte of its block. */
TEST(the_next_bracket_or_quote_is_found_behind_any_others)
{
    static const char outside[] = "0123456789+-.eEtrufalsn,: \t\r\n", stops[] = "\"[]{}";
    uint64_t seed = 3;
    for (size_t alignment = 0; alignment < WORD_CASES_ALIGNMENTS; alignment++)
        for (size_t len = 1; len < WORD_CASES_LENGTHS; len++)
            for (size_t stop = 0; stop < sizeof stops - 1; stop++) {
                struct word_block block = word_block_new(alignment, len, ' ');
                for (size_t i = 0; i < len; i++)
                    block.at[i] = outside[support_random_below(&seed, sizeof outside - 1)];
                block.end[-1] = stops[stop];
                assert_ptr_equal(text_skip_to_structure(block.at, block.end), block.end - 1);
                size_t first = support_random_below(&seed, len);
                block.at[first] = stops[support_random_below(&seed, sizeof stops - 1)];
                assert_ptr_equal(text_skip_to_structure(block.at, block.end), block.at + first);
                free(block.block);
            }
}

#endif
