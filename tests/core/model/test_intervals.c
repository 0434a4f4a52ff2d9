/* The union of stretches of time. */
#include "core/model/intervals.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

enum { MINUTES = 500 };

static int64_t covered_by(const bool *covered)
{
    int64_t count = 0;
    for (size_t i = 0; i < MINUTES; i++) {
        count += covered[i];
    }
    return count;
}

static void cover(bool *covered, int64_t from, int64_t to)
{
    memset(covered + from, true, (size_t)(to - from));
}

TEST(the_union_is_what_counting_every_moment_gives)
{
    uint64_t seed = 99;
    for (int round = 0; round < 500; round++) {
        struct intervals set;
        bool covered[MINUTES] = {false};
        intervals_init(&set, &mem_libc);
        for (size_t i = support_random(&seed) % 60; i > 0; i--) {
            int64_t from = (int64_t)(support_random(&seed) % MINUTES);
            int64_t to = from + (int64_t)(support_random(&seed) % (round % 2 == 0 ? 20 : 200));
            to = to > MINUTES ? MINUTES : to;
            bool with[MINUTES];
            memcpy(with, covered, sizeof with);
            cover(with, from, to);
            assert_int_equal(intervals_length_with(&set, from, to), covered_by(with));
            assert_true(intervals_add(&set, from, to));
            cover(covered, from, to);
            assert_int_equal(set.length, covered_by(covered));
            for (size_t k = 1; k < set.count; k++) {
                assert_true(set.items[k].from > set.items[k - 1].to);
            }
        }
        intervals_release(&set);
    }
}

TEST(a_lack_of_memory_is_told)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct intervals set;
        intervals_init(&set, &lack.mem);
        lack.done = true;
        for (int64_t i = 0; i < 100 && lack.done; i++) {
            int64_t length = set.length;
            lack.done = intervals_add(&set, 10 * i, 10 * i + 5);
            assert_int_equal(set.length, lack.done ? length + 5 : length);
        }
        intervals_release(&set);
    }
}
