/* How the swarm went over time: a few figures for each of some stretches of time. Counted anew from the spans each time. */
#ifndef CORE_SERIES_H
#define CORE_SERIES_H

#include "core/query/counters.h"

/* Of the requests that ended in it, and of the time that agents worked in it. A figure with nothing behind it is NAN. */
struct series_point {
    uint64_t requests, failed;
    double ttft_p50_ms, ttft_p95_ms;
    double otps_p50, otps_p95;
    double output_tokens; /* a second */
    double parallel;      /* agents that were at work, on average over it */
};

struct series {
    const struct mem *mem;
    int64_t t0_ns, step_ns;
    size_t count;
    struct series_point *points;
    struct counters counters;
};

/* The stretches [t0 + i * step, t0 + (i + 1) * step). False: out of memory. Release with series_release. */
bool series_compute(const struct swarm *swarm, int64_t local_ns, int64_t t0_ns, int64_t step_ns,
                    size_t count, struct series *out);
void series_release(struct series *series);

#endif
