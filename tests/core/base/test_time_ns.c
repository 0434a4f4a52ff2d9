/* Milliseconds to nanoseconds: exact where the double is, else to the nearest. */
#include "core/base/time_ns.h"
#include "tests/support/support.h"

#include <math.h>

TEST(the_nearest_nanosecond_is_returned)
{
    static const struct {
        double ms;
        int64_t ns;
    } cases[] = {
        {0, 0},
        {1, 1000000},
        {0.5, 500000},
        {1e-6, 1},
        {0.0000004, 0},
        {0.0000006, 1},
        {-0.25, -250000},
        {-1.5, -1500000},
        {1234.567891, INT64_C(1234567891)},
        /* The product of these with a million is not a double. */
        {1760000000000, INT64_C(1760000000000000000)},
        {1760000000001, INT64_C(1760000000001000000)},
        {1760000000000.25, INT64_C(1760000000000250000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(time_ns_from_ms(cases[i].ms), cases[i].ns);
    }
}

TEST(sums_beyond_64_bits_are_exact)
{
    struct time_sum sum = {0}, other = {0};
    for (int i = 0; i < 5; i++) {
        time_sum_add(&sum, INT64_C(4000000000000000000));
    }
    assert_true(time_sum_ms(sum) == 2e13);
    time_sum_add(&other, -7000000);
    time_sum_merge(&sum, other);
    for (int i = 0; i < 5; i++) {
        time_sum_add(&sum, -INT64_C(4000000000000000000));
    }
    assert_true(time_sum_ms(sum) == -7);
    time_sum_add(&sum, 7000000);
    assert_true(time_sum_ms(sum) == 0);
    for (int i = 0; i < 5; i++) {
        time_sum_add(&sum, -INT64_C(4000000000000000000));
    }
    assert_true(time_sum_ms(sum) == -2e13);
}

TEST(what_no_int64_holds_is_far_away)
{
    assert_true(time_ns_from_ms(1e300) == INT64_MAX / 2);
    assert_true(time_ns_from_ms(INFINITY) == INT64_MAX / 2);
    assert_true(time_ns_from_ms(-1e300) == INT64_MIN / 2);
    assert_true(time_ns_from_ms(-INFINITY) == INT64_MIN / 2);
    assert_true(time_ns_from_ms(NAN) == INT64_MIN / 2);
}
