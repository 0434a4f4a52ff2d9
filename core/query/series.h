/* The swarm over time: a few metrics for each stretch of time, computed from the spans each
   time. */
#ifndef CORE_SERIES_H
#define CORE_SERIES_H

#include "core/query/counters.h"
#include "core/query/metrics.h"
#include "core/query/model_series.h"

/* Metrics of the requests that ended in a stretch and of the work in it; NAN: no data. */
struct series_point {
    uint64_t requests, failed;
    double ttft_p50_ms, ttft_p95_ms;
    double otps_p50, otps_p95;
    double output_tokens; /* per second */
    double parallel;      /* average number of working agents */
};

struct series {
    const struct mem *mem;
    int64_t t0_ns, step_ns;
    size_t count;
    struct series_point *points;
    struct counters counters;
    struct model_series models; /* the latency of each model */
};

/* Computes the stretches [t0 + i * step, t0 + (i + 1) * step). `predicate` NULL: all spans and
   counters; else the spans that match, without counters. Returns false if out of memory. Release
   with series_release. */
bool series_compute(const struct swarm *swarm, int64_t local_ns, int64_t t0_ns, int64_t step_ns,
                    size_t count, const struct span_predicate *predicate, struct series *out);
void series_release(struct series *series);

#endif
