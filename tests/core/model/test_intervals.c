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
            for (size_t k = 1; k < set.items.count; k++) {
                assert_true(intervals_at(&set, k)->from > intervals_at(&set, k - 1)->to);
            }
        }
        intervals_release(&set);
    }
}

/* Stretches are added and taken out; those that a removal uncovers are added again, as who removes does. */
TEST(what_is_removed_leaves_the_union_of_the_rest)
{
    uint64_t seed = 7;
    for (int round = 0; round < 300; round++) {
        struct interval all[40];
        size_t count = 0;
        struct intervals set;
        intervals_init(&set, &mem_libc);
        for (int step = 0; step < 80; step++) {
            if (count > 0 && (count == 40 || support_random_below(&seed, 3) == 0)) {
                struct interval gone = all[support_random_below(&seed, count)];
                size_t kept = 0;
                while (memcmp(&all[kept], &gone, sizeof gone) != 0) {
                    kept++;
                }
                all[kept] = all[--count];
                assert_true(intervals_remove(&set, gone.from, gone.to));
                for (size_t i = 0; i < count; i++) {
                    if (all[i].from < gone.to && all[i].to > gone.from) {
                        assert_true(intervals_add(&set, all[i].from, all[i].to));
                    }
                }
            } else {
                int64_t from = (int64_t)support_random_below(&seed, MINUTES - 60);
                int64_t to = from + 1 + (int64_t)support_random_below(&seed, 50);
                all[count++] = (struct interval){from, to};
                assert_true(intervals_add(&set, from, to));
            }
            bool covered[MINUTES] = {false};
            for (size_t i = 0; i < count; i++) {
                cover(covered, all[i].from, all[i].to);
            }
            assert_int_equal(set.length, covered_by(covered));
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
