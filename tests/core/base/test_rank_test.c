/* The Mann-Whitney test, against published results and counts by hand. */
#include "core/base/rank_test.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct rank_test of_unsorted(const double *a, size_t a_count, const double *b,
                                    size_t b_count)
{
    double x[64], y[64];
    assert_true(a_count <= 64 && b_count <= 64);
    memcpy(x, a, a_count * sizeof *a);
    memcpy(y, b, b_count * sizeof *b);
    qsort(x, a_count, sizeof *x, by_value);
    qsort(y, b_count, sizeof *y, by_value);
    return rank_test(x, a_count, y, b_count);
}

static void assert_near(double value, double want, double error)
{
    if (!(fabs(value - want) <= error)) {
        fail_msg("%.9g is not %.9g", value, want);
    }
}

#define COUNT(items) (sizeof(items) / sizeof *(items))

/* The example in scipy.stats.mannwhitneyu: ages at a diagnosis, U 17, p 0.111347 by the normal
   approximation. */
TEST(the_example_of_scipy)
{
    static const double males[] = {19, 22, 16, 29, 24}, females[] = {20, 11, 17, 12};
    struct rank_test test = of_unsorted(males, COUNT(males), females, COUNT(females));
    assert_near(test.u, 17, 0);
    assert_near(test.p, 0.11134688653314041, 1e-12);
    test = of_unsorted(females, COUNT(females), males, COUNT(males));
    assert_near(test.u, 3, 0);
    assert_near(test.p, 0.11134688653314041, 1e-12);
}

/* The example in R's wilcox.test, with ties: ozone in New York in May and in August 1973,
   W = 127.5, p-value = 0.0001208. */
TEST(the_example_of_r_has_ties)
{
    static const double may[] = {41, 36, 12, 18, 28, 23, 19, 8, 7,  16, 11, 14,  18,
                                 14, 34, 6,  30, 11, 1,  11, 4, 32, 23, 45, 115, 37};
    static const double august[] = {39, 9,  16, 78, 35, 66, 122, 89,  110, 44, 28,  65, 22,
                                    59, 23, 31, 44, 21, 9,  45,  168, 73,  76, 118, 84, 85};
    struct rank_test test = of_unsorted(may, COUNT(may), august, COUNT(august));
    assert_near(test.u, 127.5, 0);
    assert_near(test.p, 0.0001208, 5e-8);
}

/* Hollander and Wolfe, "Nonparametric Statistical Methods" (1973), 69f.: permeability constants,
   W = 35. Its mean is 25, its variance 10 * 5 * 16 / 12. */
TEST(the_example_of_hollander_and_wolfe)
{
    static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    static const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct rank_test test = of_unsorted(x, COUNT(x), y, COUNT(y));
    assert_near(test.u, 35, 0);
    assert_near(test.p, erfc(9.5 / sqrt(2 * 10 * 5 * 16.0 / 12)), 1e-12);
}

/* The greatest U that is significant at 0.05, two-sided, of the exact tables of Mann and Whitney:
   the approximation has the level within 0.005 there. */
TEST(the_approximation_is_close_to_the_tables)
{
    static const struct {
        int n, m, u;
    } rows[] = {{8, 8, 13}, {10, 10, 23}, {10, 20, 55}, {20, 20, 127}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* The first value of b lies above so many of a, the others above none. */
        double a[64], b[64], u = rows[i].u;
        for (int k = 0; k < rows[i].n; k++) {
            a[k] = k;
        }
        for (int k = 0; k < rows[i].m; k++) {
            double above = u < rows[i].n ? u : rows[i].n;
            b[k] = above - 0.5 - (above == 0 ? 1 + k : 0) / 100.0;
            u -= above;
        }
        struct rank_test test = of_unsorted(b, (size_t)rows[i].m, a, (size_t)rows[i].n);
        assert_near(test.u, rows[i].u, 0);
        assert_near(test.p, 0.05, 0.006);
    }
}

TEST(what_cannot_differ_is_no_difference)
{
    static const double same[] = {3, 3, 3, 3}, one[] = {3};
    assert_near(rank_test(same, 4, same, 4).p, 1, 0);
    assert_near(rank_test(same, 4, one, 1).p, 1, 0);
    assert_near(rank_test(same, 0, same, 4).p, 1, 0);
    assert_near(rank_test(same, 4, same, 0).p, 1, 0);
    assert_near(rank_test(one, 1, one, 1).p, 1, 0);
}

/* Samples of one distribution differ as often as the level has it. */
TEST(false_alarms_are_as_frequent_as_the_level)
{
    enum { RUNS = 20000, A = 24, B = 131 };
    uint64_t seed = 7;
    int at_5 = 0, at_1 = 0;
    for (int run = 0; run < RUNS; run++) {
        double a[A], b[B];
        for (int i = 0; i < A + B; i++) {
            double value = exp((double)support_random_below(&seed, 2000) / 500); /* with ties */
            *(i < A ? &a[i] : &b[i - A]) = value;
        }
        qsort(a, A, sizeof *a, by_value);
        qsort(b, B, sizeof *b, by_value);
        double p = rank_test(a, A, b, B).p;
        at_5 += p < 0.05;
        at_1 += p < 0.01;
    }
    /* 3 standard deviations of a binomial: 92 and 42. */
    assert_in_range(at_5, 1000 - 92, 1000 + 92);
    assert_in_range(at_1, 200 - 42, 200 + 42);
}
