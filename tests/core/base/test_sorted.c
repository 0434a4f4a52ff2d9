/* A search among keys that are spread evenly, unevenly, not at all, and over all numbers. */
#include "core/base/sorted.h"

#include "tests/support/support.h"

#include <stdlib.h>

enum { KEYS = 4096 };

struct keys {
    int64_t items[KEYS];
    size_t reads;
};

static int64_t key_at(const void *ctx, size_t place)
{
    struct keys *keys = (struct keys *)(uintptr_t)ctx;
    assert_true(place < KEYS);
    keys->reads++;
    return keys->items[place];
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t even(uint64_t *seed, size_t place)
{
    (void)seed;
    return (int64_t)place * 10000000;
}

static int64_t random_key(uint64_t *seed, size_t place)
{
    (void)place;
    return (int64_t)support_random(seed);
}

static int64_t few_values(uint64_t *seed, size_t place)
{
    return random_key(seed, place) >> 60;
}

/* Steps that double: evenly spread on no scale. */
static int64_t doubling(uint64_t *seed, size_t place)
{
    (void)seed;
    return (int64_t)1 << place % 63;
}

/* Two of them are further apart than 64 bits hold. */
static int64_t at_the_ends(uint64_t *seed, size_t place)
{
    return place % 2 == 0 ? INT64_MIN + (int64_t)place : INT64_MAX - (random_key(seed, 0) & 0xFF);
}

/* Times in nanoseconds, a few apart: no difference is left of them as doubles. */
static int64_t near_times(uint64_t *seed, size_t place)
{
    (void)seed;
    return 1760000000000000000 + (int64_t)place / 3;
}

static size_t first_by_walking(const struct keys *keys, size_t count, int64_t at)
{
    size_t place = 0;
    while (place < count && keys->items[place] < at) {
        place++;
    }
    return place;
}

/* Looks for a key, and for those beside it, among the first `count`. */
static void look_for(struct keys *keys, size_t count, int64_t key)
{
    size_t most = 8;
    for (size_t left = count; left > 1; left /= 2) {
        most += 2;
    }
    for (int64_t by = -1; by <= 1; by++) {
        int64_t at = (int64_t)((uint64_t)key + (uint64_t)by);
        keys->reads = 0;
        assert_int_equal(sorted_first(count, at, key_at, keys), first_by_walking(keys, count, at));
        assert_true(keys->reads <= most);
    }
}

TEST(the_first_key_that_is_not_less_is_found_however_keys_are_spread)
{
    int64_t (*const spreads[])(uint64_t *, size_t) = {even,     random_key,  few_values,
                                                      doubling, at_the_ends, near_times};
    static struct keys keys;
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof spreads / sizeof *spreads; i++) {
        for (size_t place = 0; place < KEYS; place++) {
            keys.items[place] = spreads[i](&seed, place);
        }
        qsort(keys.items, KEYS, sizeof *keys.items, by_value);
        for (size_t count = 0; count <= KEYS; count = count < 5 ? count + 1 : count * 2) {
            for (size_t k = 0; k < 40; k++) {
                look_for(&keys, count, keys.items[(uint64_t)random_key(&seed, 0) % KEYS]);
            }
        }
    }
}

TEST(evenly_spread_keys_cost_a_few_reads)
{
    static struct keys keys;
    uint64_t seed = 7;
    for (size_t place = 0; place < KEYS; place++) {
        keys.items[place] = even(&seed, place) + (random_key(&seed, 0) & 0x3FFFFF);
    }
    for (size_t place = 0; place < KEYS; place += 13) {
        keys.reads = 0;
        assert_int_equal(sorted_first(KEYS, keys.items[place], key_at, &keys), place);
        assert_true(keys.reads <= 10);
    }
}
