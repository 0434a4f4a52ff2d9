/* Distributions. */
#include "core/model/histogram.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double unit(uint64_t *state)
{
    return (double)(support_random(state) >> 11) * 0x1p-53;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* By its definition. */
static double nearest_rank(const double *sorted, size_t count, double percent)
{
    size_t rank = (size_t)ceil(percent / 100 * (double)count);
    return sorted[rank == 0 ? 0 : rank - 1];
}

static const double percents[] = {0, 1, 25, 50, 90, 95, 99, 99.9, 100};

static void assert_percentiles(struct histogram *histogram, double *values, size_t count,
                               double tolerance)
{
    qsort(values, count, sizeof *values, by_value);
    assert_int_equal(histogram->count, count);
    assert_true(histogram->min == values[0] && histogram->max == values[count - 1]);
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        double want = nearest_rank(values, count, percents[i]);
        double got = histogram_percentile(histogram, percents[i]);
        if (!(fabs(got - want) <= tolerance * fabs(want))) {
            fail_msg("p%g of %zu: %.17g, not %.17g", percents[i], count, got, want);
        }
        assert_true(got >= histogram->min && got <= histogram->max);
    }
}

TEST(no_samples_have_no_percentile)
{
    struct histogram histogram;
    histogram_init(&histogram, &mem_libc);
    assert_true(histogram_add(&histogram, (double)NAN));
    assert_int_equal(histogram.count, 0);
    assert_true(isnan(histogram_percentile(&histogram, 50)));
    assert_true(isnan(histogram.min) && isnan(histogram.max));
    histogram_release(&histogram);
}

TEST(few_samples_are_exact)
{
    uint64_t seed = 42;
    double values[HISTOGRAM_EXACT];
    const size_t counts[] = {1, 2, 3, 4, 10, 99, 100, 101, 999, 1000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct histogram histogram;
        histogram_init(&histogram, &mem_libc);
        for (size_t i = 0; i < counts[c]; i++) {
            /* Many equal ones, and negative ones too. */
            values[i] = c % 2 == 0 ? (double)(support_random(&seed) % 7) : unit(&seed) * 1e6 - 1000;
            assert_true(histogram_add(&histogram, values[i]));
        }
        assert_percentiles(&histogram, values, counts[c], 0);
        assert_percentiles(&histogram, values, counts[c], 0);
        histogram_release(&histogram);
    }
}

TEST(all_samples_from_the_highest_bound_on_are_in_one_bucket)
{
    struct histogram histogram;
    histogram_init(&histogram, &mem_libc);
    for (size_t i = 0; i < 2 * HISTOGRAM_EXACT; i++) {
        assert_true(histogram_add(&histogram, i % 4 == 0 ? 0x1p51 : 0x1p50));
    }
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        assert_true(histogram_percentile(&histogram, percents[i]) == 0x1p50);
    }
    assert_true(histogram.max == 0x1p51);
    histogram_release(&histogram);
}

TEST(many_samples_are_at_most_1_2_percent_off)
{
    enum { COUNT = 20000 };
    uint64_t seed = 7;
    double *values = malloc(COUNT * sizeof *values);
    for (int range = 0; range < 3; range++) {
        struct histogram histogram;
        histogram_init(&histogram, &mem_libc);
        for (size_t i = 0; i < COUNT; i++) {
            double exponent = range == 0 ? unit(&seed) * 21 - 6 : (double)(range * 3);
            values[i] = pow(10, exponent) * (1 + unit(&seed));
            values[i] = values[i] > 1e15 ? 1e15 : values[i];
            assert_true(histogram_add(&histogram, values[i]));
        }
        assert_percentiles(&histogram, values, COUNT, 0.012);
        histogram_release(&histogram);
    }
    free(values);
}

TEST(one_sample_more_than_exact_changes_little)
{
    struct histogram histogram;
    histogram_init(&histogram, &mem_libc);
    for (int i = 1; i <= HISTOGRAM_EXACT; i++) {
        histogram_add(&histogram, i);
    }
    assert_true(histogram_percentile(&histogram, 50) == 500);
    histogram_add(&histogram, 1001);
    assert_true(fabs(histogram_percentile(&histogram, 50) - 501) < 501 * 0.012);
    assert_true(histogram_sum(&histogram) == 1001 * 501);
    histogram_release(&histogram);
}

TEST(values_outside_the_range_stay_within_min_and_max)
{
    struct histogram histogram;
    histogram_init(&histogram, &mem_libc);
    const double values[] = {-5, 0, 1e-12, 1e300, INFINITY};
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            assert_true(histogram_add(&histogram, values[i]));
        }
    }
    assert_true(histogram.min == -5 && isinf(histogram.max));
    assert_true(histogram_percentile(&histogram, 0) >= -5);
    assert_true(histogram_percentile(&histogram, 50) < 1e-6);
    assert_true(histogram_percentile(&histogram, 100) > 1e15);
    histogram_release(&histogram);
}

TEST(merged_parts_are_the_whole)
{
    const size_t sizes[][2] = {{0, 0},     {5, 0},    {0, 5},    {400, 600},
                               {400, 601}, {1500, 3}, {3, 1500}, {1500, 1500}};
    for (size_t row = 0; row < sizeof sizes / sizeof *sizes; row++) {
        struct histogram parts[2], whole;
        uint64_t seed = 3;
        histogram_init(&whole, &mem_libc);
        for (size_t part = 0; part < 2; part++) {
            histogram_init(&parts[part], &mem_libc);
            for (size_t i = 0; i < sizes[row][part]; i++) {
                double value = unit(&seed) * 1000;
                histogram_add(&parts[part], value);
                histogram_add(&whole, value);
            }
        }
        assert_true(histogram_merge(&parts[0], &parts[1]));
        assert_int_equal(parts[0].count, whole.count);
        assert_true(fabs(histogram_sum(&parts[0]) - histogram_sum(&whole)) < 1e-6);
        for (size_t i = 0; whole.count > 0 && i < sizeof percents / sizeof *percents; i++) {
            assert_true(histogram_percentile(&parts[0], percents[i]) ==
                        histogram_percentile(&whole, percents[i]));
        }
        histogram_release(&parts[0]);
        histogram_release(&parts[1]);
        histogram_release(&whole);
    }
}

/* Removing gives the histogram of the samples that are left, or asks for it to be made again. */
TEST(a_sample_can_be_taken_out_again)
{
    uint64_t seed = 3;
    for (size_t many = 1; many <= 3000; many = many * 3 + 1) {
        struct histogram histogram, rest;
        double *values = malloc(many * sizeof *values);
        size_t count = many, refused = 0;
        histogram_init(&histogram, &mem_libc);
        for (size_t i = 0; i < many; i++) {
            values[i] = (double)(1 + support_random_below(&seed, 100000)) / 8;
            assert_true(histogram_add(&histogram, values[i]));
        }
        for (size_t i = 0; i < many / 2; i++) {
            size_t at = support_random_below(&seed, count);
            if (!histogram_remove(&histogram, values[at])) {
                refused++;
                continue;
            }
            values[at] = values[--count];
        }
        histogram_init(&rest, &mem_libc);
        for (size_t i = 0; i < count; i++) {
            assert_true(histogram_add(&rest, values[i]));
        }
        assert_int_equal(refused, 0);
        assert_int_equal(histogram.count, rest.count);
        assert_int_equal(histogram.sum_e6, rest.sum_e6);
        for (size_t i = 0; count > 0 && many <= 1000 && i < sizeof percents / sizeof *percents;
             i++) {
            assert_true(histogram_percentile(&histogram, percents[i]) <=
                        histogram_percentile(&rest, percents[i]));
            assert_true(histogram_percentile(&histogram, percents[i]) >=
                        histogram_percentile(&rest, percents[i]));
        }
        histogram_release(&histogram);
        histogram_release(&rest);
        free(values);
    }
}

/* Samples come and go, mostly the least and the greatest: those of the rest are known. */
TEST(the_least_and_the_greatest_are_known_after_removals)
{
    enum { MANY = 3000, STEPS = 20000 };
    uint64_t seed = 11;
    struct histogram histogram;
    double *values = malloc((MANY + STEPS) * sizeof *values);
    size_t count = 0, refused = 0;
    histogram_init(&histogram, &mem_libc);
    for (size_t step = 0; step < MANY + STEPS; step++) {
        if (step < MANY || support_random_below(&seed, 2) == 0) {
            values[count] = (double)support_random_below(&seed, 5000) - 2500;
            assert_true(histogram_add(&histogram, values[count++]));
            qsort(values, count, sizeof *values, by_value);
            continue;
        }
        size_t near = support_random_below(&seed, 20);
        size_t at = support_random_below(&seed, 2) == 0 ? near : count - 1 - near;
        if (!histogram_remove(&histogram, values[at])) {
            refused++;
            histogram_release(&histogram);
            for (size_t i = 0; i < count; i++) {
                assert_true(histogram_add(&histogram, values[i]));
            }
            continue;
        }
        memmove(values + at, values + at + 1, (--count - at) * sizeof *values);
        assert_true(histogram.min >= values[0] && histogram.min <= values[0]);
        assert_true(histogram.max >= values[count - 1] && histogram.max <= values[count - 1]);
        assert_int_equal(histogram.count, count);
    }
    assert_in_range(refused, 1, STEPS / 20);
    histogram_release(&histogram);
    free(values);
}

TEST(a_lack_of_memory_changes_nothing)
{
    for (long allow = 0; allow < 14; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct histogram histogram, copy;
        histogram_init(&histogram, &mem);
        histogram_init(&copy, &mem);
        uint64_t added = 0;
        for (int i = 0; i < 1200; i++) {
            added += histogram_add(&histogram, i);
        }
        assert_int_equal(histogram.count, added);
        bool merged = histogram_merge(&copy, &histogram);
        assert_int_equal(copy.count, merged ? added : 0);
        histogram_release(&copy);
        histogram_release(&histogram);
        assert_int_equal(failing.live_blocks, 0);
    }
}
