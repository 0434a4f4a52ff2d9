/* One walk over both sorted samples: each step takes all values that are equal, which share the
   mean of their ranks. */
#include "core/base/rank_test.h"

#include <math.h>

/* Returns how many values from `from` on equal `value`. */
static size_t equal_values(const double *values, size_t count, size_t from, double value)
{
    size_t at = from;
    while (at < count && values[at] == value) {
        at++;
    }
    return at - from;
}

/* Returns the p of a rank sum whose deviation from its mean is u_off; `ties` is the sum of
   t^3 - t over groups of t equal values. */
static double p_of(double u_off, double a, double b, double ties)
{
    double all = a + b;
    double variance = a * b / 12 * (all + 1 - ties / (all * (all - 1)));
    double off = fabs(u_off) - 0.5; /* the correction for continuity */
    if (!(variance > 0) || off <= 0) {
        return 1;
    }
    return erfc(off / sqrt(2 * variance));
}

struct rank_test rank_test(const double *a, size_t a_count, const double *b, size_t b_count)
{
    double rank_sum = 0, ties = 0, ranked = 0;
    size_t i = 0, k = 0;
    if (a_count == 0 || b_count == 0) {
        return (struct rank_test){0, 1};
    }
    while (i < a_count || k < b_count) {
        double value = k == b_count || (i < a_count && a[i] < b[k]) ? a[i] : b[k];
        size_t of_a = equal_values(a, a_count, i, value);
        size_t of_b = equal_values(b, b_count, k, value);
        double group = (double)(of_a + of_b);
        rank_sum += (double)of_a * (ranked + (group + 1) / 2);
        ties += group * group * group - group;
        ranked += group;
        i += of_a;
        k += of_b;
    }
    double n = (double)a_count, m = (double)b_count;
    double u = rank_sum - n * (n + 1) / 2;
    return (struct rank_test){u, p_of(u - n * m / 2, n, m, ties)};
}
