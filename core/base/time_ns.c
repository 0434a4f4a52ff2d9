/* Whole and fractional parts are converted apart: the product of a time since the epoch with a
   thousand or a million has no exact double and would be off by hundreds of nanoseconds. */
#include "core/base/time_ns.h"

#include <math.h>

#define LIMIT_MS 9e12
#define LIMIT_US 4e15

int64_t time_ns_from_ms(double ms)
{
    double whole = floor(ms);
    if (!(whole > -LIMIT_MS)) {
        return INT64_MIN / 2;
    }
    if (whole > LIMIT_MS) {
        return INT64_MAX / 2;
    }
    return (int64_t)whole * 1000000 + (int64_t)llround((ms - whole) * 1e6);
}

int64_t time_ns_from_us(double us)
{
    const double whole_ns = 0x1p52; /* beyond, the product has no exact double */
    double ns = us * 1000;
    if (ns > -whole_ns && ns < whole_ns) {
        return (int64_t)(ns + (ns < 0 ? -0.5 : 0.5));
    }
    double limited = us < -LIMIT_US ? -LIMIT_US : us > LIMIT_US ? LIMIT_US : us;
    double whole = trunc(limited), rest_ns = (limited - whole) * 1000;
    return (int64_t)whole * 1000 + (int64_t)(rest_ns + (rest_ns < 0 ? -0.5 : 0.5));
}

void time_sum_merge(struct time_sum *sum, struct time_sum other)
{
    sum->low += other.low;
    sum->high += other.high + (sum->low < other.low);
}

void time_sum_add(struct time_sum *sum, int64_t ns)
{
    time_sum_merge(sum, (struct time_sum){(uint64_t)ns, ns < 0 ? -1 : 0});
}

double time_sum_ms(struct time_sum sum)
{
    const double carry = 18446744073709551616.0; /* 2^64 */
    int64_t low = (int64_t)sum.low;
    double ns =
        sum.high == (low < 0 ? -1 : 0) ? (double)low : (double)sum.high * carry + (double)sum.low;
    return ns / 1e6;
}
