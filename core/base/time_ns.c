/* Whole and fractional milliseconds are converted apart: the product of a time since the epoch with
   a million has no exact double and would be off by hundreds of nanoseconds. */
#include "core/base/time_ns.h"

#include <math.h>

#define LIMIT_MS 9e12

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
