/* Counters (events C of the Trace Event Format) over time. Each member of their args is a curve
   that keeps its value until the next event. They are computed from the events each time. */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include "core/model/swarm.h"

#define COUNTERS_MAX 32

struct counter {
    agent_no agent; /* agent or row of the counter's process */
    intern_id name;
    struct strbuf id;  /* raw; counters of one name with other ids are others; empty: none */
    struct strbuf key; /* the member's name */
    double *values;    /* the last value in each stretch; NAN: none yet */
    double last, min, max;
};

struct counters {
    const struct mem *mem;
    size_t columns;
    struct counter items[COUNTERS_MAX]; /* in order of appearance */
    size_t count;
    size_t left_out; /* values of further counters, which did not fit */
};

/* Computes the curves for the stretches [t0 + i * step, t0 + (i + 1) * step). Values before t0
   count for the first one. Returns false if out of memory. Call counters_release in any case. */
bool counters_compute(const struct swarm *swarm, int64_t t0_ns, int64_t step_ns, size_t columns,
                      struct counters *out);
void counters_release(struct counters *counters);

#endif
