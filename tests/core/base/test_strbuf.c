/* mem.h and strbuf.h. */
#include "core/base/strbuf.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

TEST(mem_resize_keeps_what_was_there)
{
    char *block = mem_alloc(&mem_libc, 4);
    memcpy(block, "abc", 4);
    block = mem_libc.resize(mem_libc.ctx, block, 4, 100000);
    assert_string_equal(block, "abc");
    assert_null(mem_libc.resize(mem_libc.ctx, block, 100000, 0));
}

TEST(mem_zalloc_gives_zeros_and_refuses_a_product_that_overflows)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    unsigned char *block = mem_zalloc(&mem, 7, 9);
    for (int i = 0; i < 63; i++) {
        assert_int_equal(block[i], 0);
    }
    assert_int_equal(failing.live_bytes, 63);
    mem_free(&mem, block, 63);
    mem_free(&mem, NULL, 0);
    assert_null(mem_zalloc(&mem, SIZE_MAX / 2, 3));
    assert_int_equal(failing.calls, 1);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(mem_reserve_doubles_and_leaves_the_array_alone_when_it_fails)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    uint64_t *items = NULL;
    size_t cap = 0;
    for (size_t n = 0; n < 10000; n++) {
        assert_true(mem_reserve(&mem, &items, &cap, n + 1, sizeof *items));
        items[n] = n;
    }
    assert_in_range(cap, 10000, 20000);
    assert_in_range(failing.calls, 2, 20);
    for (size_t n = 0; n < 10000; n++) {
        assert_int_equal(items[n], n);
    }

    uint64_t *before = items;
    size_t cap_before = cap;
    assert_false(mem_reserve(&mem, &items, &cap, SIZE_MAX / 4, sizeof *items));
    assert_false(mem_reserve(&mem, &items, &cap, SIZE_MAX, sizeof *items));
    failing.allow = 0;
    assert_false(mem_reserve(&mem, &items, &cap, cap + 1, sizeof *items));
    assert_true(mem_reserve(&mem, &items, &cap, cap, sizeof *items));
    assert_ptr_equal(items, before);
    assert_int_equal(cap, cap_before);
    mem_free(&mem, items, cap * sizeof *items);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(what_was_added_is_there_with_a_nul_behind_it)
{
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 0);
    assert_null(sb.data);
    strbuf_add(&sb, NULL, 0);
    assert_string_equal(sb.data, "");
    strbuf_adds(&sb, "one");
    strbuf_addc(&sb, ',');
    strbuf_add(&sb, "t\0o", 3);
    strbuf_addf(&sb, "%d%%%s", 42, "");
    assert_int_equal(sb.len, 10);
    assert_memory_equal(sb.data, "one,t\0o42%", 11);
    char *room = strbuf_room(&sb, 3);
    memcpy(room, "xyz", 3);
    sb.len += 3;
    assert_memory_equal(sb.data, "one,t\0o42%xyz", 14);
    strbuf_clear(&sb);
    assert_int_equal(sb.len, 0);
    assert_string_equal(sb.data, "");
    strbuf_release(&sb);
    assert_null(sb.data);
    strbuf_release(&sb);
}

TEST(it_grows_by_doubling)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct strbuf sb;
    strbuf_init(&sb, &mem, 0);
    for (int i = 0; i < 100000; i++) {
        strbuf_addc(&sb, (char)('a' + i % 26));
    }
    assert_int_equal(sb.len, 100000);
    assert_in_range(failing.calls, 2, 20);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(sb.data[i], 'a' + i % 26);
    }
    strbuf_addf(&sb, "%70000d", 7);
    assert_int_equal(sb.len, 170000);
    assert_string_equal(sb.data + 169998, " 7");
    strbuf_release(&sb);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(eating_forgets_the_first_bytes)
{
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 0);
    strbuf_eat(&sb, 0);
    strbuf_adds(&sb, "hello world");
    strbuf_eat(&sb, 6);
    assert_string_equal(sb.data, "world");
    assert_int_equal(sb.len, 5);
    strbuf_eat(&sb, 5);
    assert_string_equal(sb.data, "");
    strbuf_release(&sb);
}

TEST(an_append_beyond_the_maximum_fails_and_so_do_the_later_ones)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct strbuf sb;
    strbuf_init(&sb, &mem, 5);
    strbuf_adds(&sb, "abc");
    strbuf_adds(&sb, "de");
    assert_false(sb.failed);
    assert_in_range(failing.live_bytes, 6, 6);
    strbuf_addc(&sb, 'f');
    assert_true(sb.failed);
    strbuf_add(&sb, "", 0);
    assert_null(strbuf_room(&sb, 0));
    assert_string_equal(sb.data, "abcde");
    strbuf_clear(&sb);
    assert_false(sb.failed);
    strbuf_addf(&sb, "%s", "12345");
    assert_false(sb.failed);
    strbuf_clear(&sb);
    strbuf_addf(&sb, "%s", "123456");
    assert_true(sb.failed);
    assert_int_equal(sb.len, 0);
    strbuf_release(&sb);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(sizes_that_overflow_fail)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    for (size_t max = 0; max != 2; max++) {
        struct strbuf sb;
        strbuf_init(&sb, &mem, max == 0 ? 0 : SIZE_MAX);
        strbuf_adds(&sb, "abc");
        assert_null(strbuf_room(&sb, SIZE_MAX));
        strbuf_clear(&sb);
        assert_null(strbuf_room(&sb, SIZE_MAX - 1));
        strbuf_clear(&sb);
        strbuf_adds(&sb, "abc");
        assert_null(strbuf_room(&sb, SIZE_MAX - 4));
        assert_string_equal(sb.data, "abc");
        strbuf_release(&sb);
    }
    assert_int_equal(failing.live_blocks, 0);
}

TEST(every_failed_allocation_leaves_whole_appends_and_no_leak)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct strbuf sb;
        strbuf_init(&sb, &lack.mem, 0);
        for (int i = 0; i < 100; i++) {
            strbuf_addf(&sb, "%08d", i);
        }
        lack.done = !sb.failed;
        assert_int_equal(sb.len % 8, 0);
        assert_true(!lack.done || sb.len == 800);
        assert_true(sb.len == 0 || strlen(sb.data) == sb.len);
        strbuf_release(&sb);
    }
}
