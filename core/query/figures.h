/* The statistics: one computation for `report --json`, the plain report, and every figure on the screen (CLI.md, "report
   --json", names and defines them). A figure with nothing behind it has count 0, or is NAN. */
#ifndef CORE_FIGURES_H
#define CORE_FIGURES_H

#include "core/model/swarm.h"

/* Of one quantity. Percentiles are nearest rank: exact up to 1,000 samples, at most 1.2 % off beyond, within min and max. */
struct summary {
    uint64_t count;
    double sum, min, max, mean;
    double p50, p90, p95, p99;
};

struct tool_figures {
    const char *name;      /* "Bash"; borrowed */
    uint64_t errors, open; /* ended ones are durations.count */
    struct summary duration_ms;
};

struct figures {
    uint64_t requests, failed, retries, open_requests; /* requests: ended */
    uint64_t tool_errors;
    /* Sums; NAN: nobody said. */
    double prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double cache_hit_rate_pct;
    struct summary ttft_ms, ttlt_ms, itps, otps, setup_ms, request_ms;
    struct tool_figures *tools; /* by name */
    size_t tool_count;
    /* Sums over spans, open ones up to now; NAN: no such span. */
    double user_wait_ms, api_ms, tool_ms;
    double agent_wait_ms; /* of the tool spans, those that only waited for a sub-agent */
    /* The union of the three, and the rest between the agent's first and last event. */
    double busy_ms, idle_ms;
    double phase_ms[SPAN_KINDS]; /* where requests' time went; SPAN_REQUEST: in no phase */
    double parallel; /* totals: agents at work on average while any was; NAN otherwise */
};

struct model_figures {
    const char *model; /* borrowed */
    struct figures figures;
};

/* How a quantity spreads, in steps of equal ratio. */
enum { SPREAD_BINS = 48 };
struct spread {
    double low, high;             /* 0 < low < high */
    uint64_t counts[SPREAD_BINS]; /* all 0: there are no samples */
};

struct swarm_figures {
    struct figures totals;
    struct spread ttft_ms, otps; /* of all requests; by figures_compute alone */
    struct figures *agents;      /* by agent_no, swarm_agent_count of them */
    size_t agent_count;
    struct model_figures *models; /* by name */
    size_t model_count;
    struct span_counts spans;
    uint64_t events, metadata, dropped; /* in memory without metadata; metadata; dropped */
    const struct mem *mem;
};

/* Computes them over all spans in memory. `local_ns`: the local clock, for spans in flight. False: out of memory, *out is released. Release
   with figures_release; texts are borrowed as long as the swarm lives. */
bool figures_compute(const struct swarm *swarm, int64_t local_ns, struct swarm_figures *out);
/* The same without agents and models: what the screen's head wants many times a second. */
bool figures_compute_totals(const struct swarm *swarm, int64_t local_ns, struct swarm_figures *out);
void figures_release(struct swarm_figures *figures);

/* Which spans are looked at. `holds` says the same of a span that has ended each time it is asked. */
struct span_choice {
    bool (*holds)(void *ctx, span_no span);
    void *ctx;
};

/* The figures of a stretch of time [from, to): counted are the requests and tools that ended in it, times are what lies in it; busy_ms, idle_ms and parallel
   are over all agents. `choice` NULL: all spans. False: out of memory. Release with figures_range_release. */
bool figures_range(const struct swarm *swarm, int64_t local_ns, int64_t from_ns, int64_t to_ns,
                   const struct span_choice *choice, struct figures *out);
void figures_range_release(const struct swarm *swarm, struct figures *figures);

#endif
