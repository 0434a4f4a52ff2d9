/* Probabilities are ratios of factorials far beyond a double, so they are computed as logarithms of
   gamma functions, and relative to the observed table's. */
#include "core/base/exact_test.h"

#include <math.h>

/* R's: tables this much more likely than the observed one count as equal, because of rounding. */
static const double equal_by = 1e-7;

/* Returns the logarithm of the number of ways to choose k of n. */
static double log_choose(double n, double k)
{
    int sign;
    return lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign);
}

double exact_test(size_t a_hits, size_t a_count, size_t b_hits, size_t b_count)
{
    if (a_count == 0 || b_count == 0) {
        return 1;
    }
    double a = (double)a_count, b = (double)b_count;
    size_t hits = a_hits + b_hits;
    size_t least = hits > b_count ? hits - b_count : 0, most = hits < a_count ? hits : a_count;
    double all = log_choose(a + b, (double)hits), p = 0;
    double seen = log_choose(a, (double)a_hits) + log_choose(b, (double)b_hits) - all;
    for (size_t k = least; k <= most; k++) {
        double own = log_choose(a, (double)k) + log_choose(b, (double)(hits - k)) - all;
        p += own <= seen + equal_by ? exp(own) : 0;
    }
    return p < 1 ? p : 1;
}
