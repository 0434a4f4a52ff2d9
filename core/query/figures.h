/* The statistics: one computation for `report --json`, the plain report, and every figure on the
   screen. swarmtop(1) defines the figures of `report --json`. A figure without data has count 0, or
   is NAN. */
#ifndef CORE_FIGURES_H
#define CORE_FIGURES_H

#include "core/model/swarm.h"

/* Summary of one quantity. Percentiles are nearest rank: exact up to 1,000 samples, at most 1.2 %
   off above, within min and max. */
struct summary {
    uint64_t count;
    double sum, min, max, mean;
    double p50, p90, p95, p99;
};

struct tool_figures {
    const char *name;      /* "Bash"; borrowed */
    uint64_t errors, open; /* ended spans are in durations.count */
    struct summary duration_ms;
};

struct figures {
    uint64_t requests, failed, retries, open_requests; /* `requests` counts ended ones */
    uint64_t tool_errors;
    /* Sums; NAN: not reported. */
    double prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double cache_hit_rate_pct;
    struct summary ttft_ms, ttlt_ms, itps, otps, setup_ms, request_ms;
    struct tool_figures *tools; /* by name */
    size_t tool_count;
    /* Sums over spans, open ones up to now; NAN: no such spans. */
    double user_wait_ms, api_ms, tool_ms;
    double agent_wait_ms; /* tool spans that only waited for a sub-agent */
    /* busy: the union of the three; idle: the rest between the agent's first and last event. */
    double busy_ms, idle_ms;
    double phase_ms[SPAN_KINDS]; /* time of requests by phase; SPAN_REQUEST: outside all phases */
    double parallel; /* totals: average number of working agents while any worked; NAN otherwise */
};

struct model_figures {
    const char *model; /* borrowed */
    struct figures figures;
};

/* How a quantity spreads, in steps of equal ratio. */
enum { SPREAD_BINS = 48 };
struct spread {
    double low, high;             /* 0 < low < high */
    uint64_t counts[SPREAD_BINS]; /* all 0: no samples */
};

struct swarm_figures {
    struct figures totals;
    struct spread ttft_ms, otps; /* of all requests; set by figures_compute only */
    struct figures *agents;      /* indexed by agent_no; swarm_agent_count of them */
    size_t agent_count;
    struct model_figures *models; /* by name */
    size_t model_count;
    struct span_counts spans;
    /* events in memory without metadata; metadata; dropped events */
    uint64_t events, metadata, dropped;
    const struct mem *mem;
};

/* Computes the figures over all spans in memory. `local_ns`: the local clock, for spans in flight.
   Returns false and releases *out if out of memory. Release with figures_release; texts are
   borrowed while the swarm lives. */
bool figures_compute(const struct swarm *swarm, int64_t local_ns, struct swarm_figures *out);
/* Computes the totals alone: the screen's head needs them many times a second. */
bool figures_compute_totals(const struct swarm *swarm, int64_t local_ns, struct swarm_figures *out);
void figures_release(struct swarm_figures *figures);

/* Selects spans. `holds` always returns the same for a span that has ended. */
struct span_predicate {
    bool (*holds)(void *ctx, span_no span);
    void *ctx;
};

/* Computes the figures of a range of time [from, to). They count requests and tools that ended in
   it, and the parts of durations in it. busy_ms, idle_ms and parallel are over all agents.
   `predicate` NULL: all spans. Returns false if out of memory. Release with
   figures_range_release. */
bool figures_range(const struct swarm *swarm, int64_t local_ns, int64_t from_ns, int64_t to_ns,
                   const struct span_predicate *predicate, struct figures *out);
void figures_range_release(const struct swarm *swarm, struct figures *figures);

#endif
