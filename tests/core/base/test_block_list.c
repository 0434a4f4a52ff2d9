/* A list in blocks against the same list in one piece. */
#include "core/base/block_list.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 30000 };

struct twin {
    struct block_list list;
    uint64_t *items; /* the first eight bytes of each */
    size_t count;
};

static void init(struct twin *twin, size_t item_size)
{
    *twin = (struct twin){.items = calloc(STEPS, sizeof *twin->items)};
    block_list_init(&twin->list, item_size);
}

static void release(struct twin *twin)
{
    block_list_release(&twin->list, &mem_libc);
    assert_int_equal(twin->list.count, 0);
    free(twin->items);
}

static void insert(struct twin *twin, size_t place, uint64_t value)
{
    char *item = block_list_insert(&twin->list, &mem_libc, place);
    assert_non_null(item);
    memset(item, (int)(value & 0xFF), twin->list.item_size);
    memcpy(item, &value, sizeof value);
    memmove(twin->items + place + 1, twin->items + place,
            (twin->count - place) * sizeof *twin->items);
    twin->items[place] = value;
    twin->count++;
}

static void take_out(struct twin *twin, size_t place, size_t count)
{
    block_list_remove(&twin->list, &mem_libc, place, count);
    twin->count -= count;
    memmove(twin->items + place, twin->items + place + count,
            (twin->count - place) * sizeof *twin->items);
}

static void assert_same(const struct twin *twin)
{
    size_t size = twin->list.item_size;
    assert_int_equal(twin->list.count, twin->count);
    for (size_t i = 0; i < twin->count; i++) {
        const char *item = block_list_at(&twin->list, i);
        assert_memory_equal(item, &twin->items[i], sizeof twin->items[i]);
        assert_int_equal((unsigned char)item[size - 1],
                         size > 8 ? twin->items[i] & 0xFF : (unsigned char)item[size - 1]);
    }
}

TEST(items_are_where_they_would_be_in_one_piece)
{
    static const size_t sizes[] = {8, 24, 136};
    uint64_t seed = 5;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct twin twin;
        init(&twin, sizes[s]);
        for (uint64_t step = 0; step < STEPS; step++) {
            /* It grows at its end, then anywhere, then shrinks. */
            uint64_t what = support_random_below(&seed, 10);
            bool shrinks = step > STEPS * 2 / 3;
            if (twin.count == 0 || (shrinks ? what < 3 : what < 8)) {
                bool at_end = step < STEPS / 3 && what > 0;
                insert(&twin, at_end ? twin.count : support_random_below(&seed, twin.count + 1),
                       step);
            } else {
                size_t place = support_random_below(&seed, twin.count);
                size_t most = support_random_below(&seed, 200) == 0 ? 2000 : 3;
                size_t count = 1 + support_random_below(&seed, most);
                take_out(&twin, place, count < twin.count - place ? count : twin.count - place);
            }
            if (step % 1000 == 0) {
                assert_same(&twin);
            }
        }
        assert_same(&twin);
        take_out(&twin, 0, twin.count);
        assert_same(&twin);
        insert(&twin, 0, 7);
        assert_same(&twin);
        release(&twin);
    }
}

TEST(an_insertion_moves_no_more_in_a_long_list)
{
    static const size_t counts[] = {10000, 1000000};
    uint64_t moved[2];
    for (size_t i = 0; i < 2; i++) {
        struct block_list list;
        block_list_init(&list, sizeof(uint32_t));
        for (size_t k = 0; k < counts[i]; k++) {
            *(uint32_t *)block_list_insert(&list, &mem_libc, k) = (uint32_t)k;
        }
        assert_int_equal(list.even, list.block_count - (counts[i] % (1u << list.shift) != 0));
        moved[i] = list.moved;
        for (size_t k = 0; k < 100; k++) {
            assert_non_null(block_list_insert(&list, &mem_libc, counts[i] / 2 + 3 * k));
            block_list_remove(&list, &mem_libc, counts[i] / 3 + k, 1);
        }
        moved[i] = (list.moved - moved[i]) / 200;
        block_list_release(&list, &mem_libc);
    }
    assert_true(moved[1] < 2 * moved[0]);
}

TEST(without_memory_a_list_stays_as_it_was)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct block_list list;
        size_t count = 0;
        uint64_t *item;
        block_list_init(&list, 136);
        while (count < 200 && (item = block_list_insert(&list, &lack.mem, count / 2)) != NULL) {
            *item = count++;
        }
        lack.done = count == 200;
        assert_int_equal(list.count, count);
        for (size_t i = 0; i < count; i++) {
            /* Each later item lies in the middle of those before it. */
            uint64_t odd = 2 * i + 1, expected = odd < count ? odd : 2 * (count - 1 - i);
            assert_int_equal(*(uint64_t *)block_list_at(&list, i), expected);
        }
        block_list_release(&list, &lack.mem);
    }
}
