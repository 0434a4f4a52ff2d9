/* Memory that is kept back: an allocator that fails, and the block that helps out. */
#include "core/base/mem_spare.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

static void refuses_until_it_is_opened(void **state)
{
    (void)state;
    struct failing_mem failing = {.allow = 0};
    struct mem mem = failing_mem(&failing);
    struct mem_spare spare;
    mem_spare_init(&spare, &mem);
    assert_true(mem_spare_hold(&spare, 1000));
    assert_null(mem_alloc(&spare.mem, 10));
    assert_int_equal(mem_spare_refused(&spare), 1);
    mem_spare_open(&spare);
    char *text = mem_alloc(&spare.mem, 10);
    assert_non_null(text);
    assert_int_equal(mem_spare_refused(&spare), 1);
    mem_free(&spare.mem, text, 10);
    mem_spare_release(&spare);
}

static void is_as_large_as_it_was_asked_to_be(void **state)
{
    (void)state;
    struct mem_spare spare;
    mem_spare_init(&spare, &mem_libc);
    assert_int_equal(mem_spare_size(&spare), 0);
    assert_true(mem_spare_hold(&spare, 5000000));
    assert_true(mem_spare_size(&spare) >= 5000000);
    size_t size = mem_spare_size(&spare);
    assert_true(mem_spare_hold(&spare, 10));
    assert_int_equal(mem_spare_size(&spare), size);
    assert_false(mem_spare_hold(&spare, SIZE_MAX / 2));
    assert_int_equal(mem_spare_size(&spare), size);
    mem_spare_release(&spare);
}

/* Blocks of many sizes come, grow and go; each keeps its bytes. Some are of libc, some of the block. */
static void keeps_what_is_in_its_pieces(void **state)
{
    (void)state;
    enum { BLOCKS = 64, STEPS = 20000 };
    struct failing_mem failing = {.allow = 100};
    struct mem mem = failing_mem(&failing);
    struct mem_spare spare;
    unsigned char *blocks[BLOCKS] = {NULL};
    size_t sizes[BLOCKS] = {0};
    uint32_t seed = 1;
    mem_spare_init(&spare, &mem);
    assert_true(mem_spare_hold(&spare, 1 << 20));
    mem_spare_open(&spare);
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        size_t i = (seed >> 8) % BLOCKS, size = (seed >> 16) % 3000;
        unsigned char *moved = spare.mem.resize(spare.mem.ctx, blocks[i], sizes[i], size);
        assert_true(size == 0 || moved != NULL);
        for (size_t at = 0; at < size && at < sizes[i]; at++) {
            assert_int_equal(moved[at], i);
        }
        blocks[i] = moved;
        sizes[i] = size;
        if (size > 0) {
            memset(moved, (int)i, size);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        mem_free(&spare.mem, blocks[i], sizes[i]);
    }
    assert_int_equal(failing.live_blocks, 0);
    char *all = mem_alloc(&spare.mem, (1 << 20) - 64); /* the pieces have become one again */
    assert_non_null(all);
    mem_free(&spare.mem, all, (1 << 20) - 64);
    assert_null(mem_alloc(&spare.mem, 1 << 21));
    mem_spare_release(&spare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_until_it_is_opened),
        cmocka_unit_test(is_as_large_as_it_was_asked_to_be),
        cmocka_unit_test(keeps_what_is_in_its_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
