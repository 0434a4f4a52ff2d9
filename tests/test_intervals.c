/* The union of stretches of time. */
#include "core/intervals.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

enum { MINUTES = 500 };

static void the_union_is_what_counting_every_moment_gives(void **state)
{
    (void)state;
    uint64_t seed = 99;
    struct intervals set;
    intervals_init(&set, &mem_libc);
    for (int round = 0; round < 300; round++) {
        bool covered[MINUTES] = {false};
        int64_t want = 0;
        intervals_clear(&set);
        size_t runs = next_random(&seed) % 6;
        for (size_t run = 0; run < runs; run++) {
            assert_true(intervals_begin_run(&set));
            int64_t from = 0;
            for (size_t i = next_random(&seed) % 8; i > 0; i--) {
                from += (int64_t)(next_random(&seed) % 60);
                int64_t to = from + (int64_t)(next_random(&seed) % 60);
                to = to > MINUTES ? MINUTES : to;
                if (from > to) {
                    break;
                }
                assert_true(intervals_add(&set, from, to));
                for (int64_t at = from; at < to; at++) {
                    want += !covered[at];
                    covered[at] = true;
                }
            }
        }
        assert_true(intervals_unite(&set));
        assert_int_equal(intervals_length(&set), want);
        for (size_t i = 1; i < set.count; i++) {
            assert_true(set.items[i].from > set.items[i - 1].to);
        }
    }
    intervals_release(&set);
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct intervals set;
        intervals_init(&set, &mem);
        done = intervals_begin_run(&set) && intervals_add(&set, 0, 5) &&
               intervals_begin_run(&set) && intervals_add(&set, 3, 9) && intervals_unite(&set) &&
               intervals_length(&set) == 9;
        intervals_release(&set);
        assert_int_equal(failing.live_blocks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_union_is_what_counting_every_moment_gives),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
