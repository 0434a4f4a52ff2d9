/* core/u64map: against a plain array, through growth and removals. */
#include "tests/support/support.h"

#include "core/base/u64map.h"
#include "tests/support/failing_mem.h"

#include <stdlib.h>

enum { KEYS = 512 };

TEST(finds_what_was_put_and_not_what_was_removed)
{
    struct u64map map;
    uint32_t want[KEYS];
    u64map_init(&map, &mem_libc);
    uint64_t seed = 7;
    for (int i = 0; i < KEYS; i++) {
        want[i] = U64MAP_NONE;
    }
    for (int step = 0; step < 20000; step++) {
        uint32_t key = (uint32_t)support_random_below(&seed, KEYS);
        if (support_random_below(&seed, 3) == 0) {
            u64map_remove(&map, key * 0x100000001ULL);
            want[key] = U64MAP_NONE;
        } else {
            want[key] = (uint32_t)step;
            assert_true(u64map_put(&map, key * 0x100000001ULL, (uint32_t)step));
        }
        uint32_t other = (uint32_t)support_random_below(&seed, KEYS);
        assert_int_equal(u64map_get(&map, other * 0x100000001ULL), want[other]);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(u64map_get(&map, i * 0x100000001ULL), want[i]);
    }
    u64map_release(&map);
}

TEST(is_empty_after_clear)
{
    struct u64map map;
    u64map_init(&map, &mem_libc);
    u64map_clear(&map);
    assert_int_equal(u64map_get(&map, 0), U64MAP_NONE);
    assert_true(u64map_put(&map, 0, 9));
    u64map_clear(&map);
    assert_int_equal(u64map_get(&map, 0), U64MAP_NONE);
    u64map_release(&map);
}

TEST(keeps_what_it_has_when_memory_is_out)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct u64map map;
        u64map_init(&map, &lack.mem);
        uint32_t put = 0;
        while (put < 100 && u64map_put(&map, put, put)) {
            put++;
        }
        for (uint32_t i = 0; i < put; i++) {
            assert_int_equal(u64map_get(&map, i), i);
        }
        lack.done = put == 100;
        u64map_release(&map);
    }
}
