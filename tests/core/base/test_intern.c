#include "core/base/intern.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

TEST(equal_texts_have_one_id_and_ids_are_dense_in_order_of_appearance)
{
    struct intern *in = intern_new(&mem_libc);
    static const struct {
        const char *text;
        size_t len;
        intern_id id;
    } puts[] = {
        {"main", 4, 1},      {"tool", 4, 2},        {"main", 4, 1},  {"", 0, 3},
        {NULL, 0, 3},        {"a\0b", 3, 4},        {"a\0c", 3, 5},  {"a", 1, 6},
        {"a\0", 2, 7},       {"a\0b", 3, 4},        {"\0", 1, 8},    {"\0\0", 2, 9},
        {"12345678", 8, 10}, {"12345678\0", 9, 11}, {"main", 3, 12}, {"\xED\xA0\x80", 3, 13},
    };
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
        assert_int_equal(intern_put(in, puts[i].text, puts[i].len), puts[i].id);
    }
    assert_int_equal(intern_count(in), 13);
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
        size_t len;
        const char *text = intern_text(in, puts[i].id, &len);
        assert_int_equal(len, puts[i].len);
        assert_true(len == 0 || memcmp(text, puts[i].text, len) == 0);
        assert_int_equal(text[len], '\0');
        assert_int_equal(intern_find(in, puts[i].text, puts[i].len), puts[i].id);
    }
    intern_free(in);
}

TEST(finding_does_not_put)
{
    struct intern *in = intern_new(&mem_libc);
    assert_int_equal(intern_find(in, "x", 1), INTERN_NONE);
    assert_int_equal(intern_find(in, "", 0), INTERN_NONE);
    assert_int_equal(intern_count(in), 0);
    size_t len = 99;
    assert_string_equal(intern_text(in, INTERN_NONE, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(intern_text(in, INTERN_NONE, NULL), "");
    intern_free(in);
    intern_free(NULL);
}

static size_t spell(char *out, size_t cap, uint32_t i)
{
    return (size_t)snprintf(out, cap, "agent-%u%.*s", i, (int)(i % 97),
                            "................................"
                            "................................"
                            "................................");
}

TEST(texts_stay_where_they_are_while_the_table_grows)
{
    enum { COUNT = 200000 };
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct intern *in = intern_new(&mem);
    char text[128];
    size_t len = spell(text, sizeof text, 0);
    const char *first = intern_text(in, intern_put(in, text, len), NULL);
    for (uint32_t i = 1; i < COUNT; i++) {
        assert_int_equal(intern_put(in, text, spell(text, sizeof text, i)), i + 1);
    }
    assert_int_equal(intern_count(in), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        len = spell(text, sizeof text, i);
        assert_int_equal(intern_find(in, text, len), i + 1);
        assert_string_equal(intern_text(in, i + 1, NULL), text);
    }
    assert_ptr_equal(first, intern_text(in, 1, NULL));
    intern_free(in);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(a_text_larger_than_a_block_is_kept_whole)
{
    static char large[300000];
    memset(large, 'x', sizeof large);
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct intern *in = intern_new(&mem);
    intern_id before = intern_put(in, "before", 6);
    size_t blocks = failing.live_blocks;
    intern_id big = intern_put(in, large, sizeof large);
    assert_int_equal(failing.live_blocks, blocks + 1);
    /* The block that was being filled still is. */
    intern_id after = intern_put(in, "after", 5);
    assert_int_equal(failing.live_blocks, blocks + 1);
    size_t len;
    const char *text = intern_text(in, big, &len);
    assert_int_equal(len, sizeof large);
    assert_memory_equal(text, large, sizeof large);
    assert_string_equal(intern_text(in, before, NULL), "before");
    assert_string_equal(intern_text(in, after, NULL), "after");
    assert_int_equal(intern_put(in, large, sizeof large), big);
    assert_int_not_equal(intern_put(in, large, sizeof large - 1), big);
    intern_free(in);
    assert_int_equal(failing.live_blocks, 0);
}

/* Puts enough to grow everything that grows. False: a put failed; what was put before must still be
   there. */
static bool put_many(struct intern *in)
{
    static char large[40000];
    char text[128];
    for (uint32_t i = 0; i < 1500; i++) {
        size_t len = spell(text, sizeof text, i);
        intern_id id = intern_put(in, text, len);
        if (id == INTERN_FAILED) {
            assert_int_equal(intern_count(in), i);
            assert_int_equal(intern_find(in, text, len), INTERN_NONE);
            assert_true(i == 0 || intern_find(in, text, spell(text, sizeof text, i - 1)) == i);
            return false;
        }
        assert_int_equal(id, i + 1);
    }
    return intern_put(in, large, sizeof large) != INTERN_FAILED;
}

TEST(every_failed_allocation_is_reported_and_leaks_nothing)
{
    bool done = false;
    long allow;
    for (allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct intern *in = intern_new(&mem);
        if (in != NULL) {
            done = put_many(in);
            /* With memory again it goes on as if nothing had been. */
            failing.allow = -1;
            assert_true(put_many(in));
            intern_free(in);
        }
        assert_int_equal(failing.live_blocks, 0);
    }
    assert_in_range(allow, 15, 100);
}
