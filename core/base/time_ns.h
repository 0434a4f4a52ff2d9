/* Times that pass the door are milliseconds in doubles, those of a trace microseconds; the model
   counts int64 nanoseconds. */
#ifndef CORE_TIME_NS_H
#define CORE_TIME_NS_H

#include <stdint.h>

/* Returns the nanosecond nearest to so many milliseconds: a time since the Unix epoch, or a
   duration. Beyond 9e12 ms (the year 2255) it returns INT64_MAX / 2; below -9e12 and for NAN
   INT64_MIN / 2, so that a sum of two does not overflow. */
int64_t time_ns_from_ms(double ms);
/* Returns the nanosecond nearest to so many microseconds of a trace. Beyond 4e15 it returns 4e18,
   likewise below 0, so that there is room for an origin besides. Not for NAN. */
int64_t time_ns_from_us(double us);
/* Returns the sum, at most 9.2e18 and at least -9.2e18, so that what is next to it has room. */
static inline int64_t time_ns_add(int64_t a, int64_t b)
{
    const int64_t limit = INT64_C(9200000000000000000);
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return a < 0 ? -limit : limit;
    }
    return sum < -limit ? -limit : sum > limit ? limit : sum;
}

/* A sum of nanoseconds, in 128 bits: those of 100,000 agents in a day exceed 64. Zeroed: 0. A
   time that was added can be subtracted exactly. */
struct time_sum {
    uint64_t low;
    int64_t high;
};
void time_sum_add(struct time_sum *sum, int64_t ns);
void time_sum_merge(struct time_sum *sum, struct time_sum other);
double time_sum_ms(struct time_sum sum);

#endif
