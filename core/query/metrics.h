/* The statistics: one computation for `report --json`, the plain report, and every figure on the
   screen. swarmtop(1) defines the metrics of `report --json`. A figure without data has count 0, or
   is NAN. */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include "core/query/latency_parts.h"
#include "core/query/past.h"

/* Summary of one quantity. Percentiles are nearest rank: exact up to 1,000 samples, at most 1.2 %
   off above, within min and max. NAN: no samples; p90 and p95 of fewer than 5, p99 of fewer
   than 20. The median of what the samples are from lies between p50_low and p50_high with a
   confidence of 95 %: order statistics, by the binomial distribution (Hahn and Meeker, "Statistical
   Intervals"). NAN: of fewer than 6. */
struct summary {
    uint64_t count;
    double sum, min, max, mean;
    double p50, p90, p95, p99;
    double p50_low, p50_high;
};

struct tool_metrics {
    const char *name;              /* "Bash"; borrowed */
    uint64_t errors, open;         /* ended spans are in durations.count */
    uint64_t refused, interrupted; /* no errors */
    struct summary duration_ms;
};

struct metrics {
    uint64_t requests, failed, open_requests; /* `requests` counts ended ones */
    uint64_t retries;                         /* of open requests too */
    uint64_t tool_errors;
    uint64_t refused, interrupted; /* requests and tools: no errors */
    /* Sums; NAN: not reported. */
    double prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double cache_hit_rate_pct;
    /* The size of the last prompt, the size of its model's context, and the cost that the source
       states (of a session, with its main agent). Set by metrics_compute, not for models; NAN:
       not reported. */
    double context_tokens, context_window, cost_usd;
    bool window_assumed; /* no source states it: context.h */
    /* How many tokens a turn adds to the prompt; NAN: unknown, or of totals. */
    double context_growth;
    double compactions; /* of the conversation; NAN: none was reported */
    /* The cost of the requests whose models have a price (prices.h), and the share of tokens from
       and for the cache in it; NAN: none has. */
    double cost_estimate_usd, cache_cost_share_pct;
    /* The part of the totals' estimate that is of sessions which state no cost; 0: none. */
    double cost_rest_usd;
    /* Requests whose cost the total has, of those that may have one: failed ones without tokens
       have none. */
    uint64_t cost_requests, cost_requests_of;
    struct summary ttft_ms, ttlt_ms, itps, otps, setup_ms, request_ms;
    struct tool_metrics *tools; /* by name */
    size_t tool_count;
    /* Sums over spans, open ones up to now; NAN: no such spans. */
    double user_wait_ms, api_ms, tool_ms;
    double agent_wait_ms; /* calls that only waited for a sub-agent: not in tool_ms */
    /* busy: the union of the four; idle: the rest between the agent's first and last event. */
    double busy_ms, idle_ms;
    double phase_ms[SPAN_KINDS]; /* time of requests by phase; SPAN_REQUEST: outside all phases */
    double parallel; /* totals: average number of working agents while any worked; NAN otherwise */
};

struct model_metrics {
    const char *model; /* borrowed */
    intern_id client;  /* the client of these requests, if the model has several;
                          INTERN_NONE: all clients, or an unknown one */
    struct metrics metrics;
};

/* The spans of one name in traces without agents. */
struct name_metrics {
    intern_id name;
    uint64_t count, open;              /* `open` are part of `count`, and last until now */
    int64_t total_ns, self_ns, max_ns; /* self: without the time of the spans they enclose */
};

/* The calls of an MCP server: all its tools. */
struct server_metrics {
    struct slice server;           /* borrowed */
    uint64_t errors, open;         /* ended calls are in duration_ms.count */
    uint64_t refused, interrupted; /* no errors */
    struct summary duration_ms;
};

/* Median tokens of the prompts of two times. */
struct prompt_medians {
    uint64_t recent_count, before_count; /* requests whose prompts are known */
    double recent_p50, before_p50;       /* NAN: of none */
};

/* A part of a model's latency that has become slower (slowdown.h). */
struct slowdown {
    const char *model; /* borrowed */
    intern_id client;  /* as of model_metrics */
    enum latency_part part;
    bool retries; /* of queueing: the share of requests with retries has grown, and no median */
    uint64_t recent_count, before_count; /* the samples of the two medians or shares */
    double recent_p50, before_p50;       /* NAN of shares */
    double recent_share, before_share;   /* 0 to 1; 0 of medians */
    struct prompt_medians prompts;       /* of prefill: longer prompts may explain it; else 0 */
    double p;                            /* of the test */
};

/* How many requests there were to compare, of the part of each model of which most are known. */
struct slowdown_sides {
    size_t models;         /* with enough on both sides; 0: no model has, then ... */
    size_t recent, before; /* ... of the model that has most; else of all of these */
};

/* How a quantity spreads, in steps of equal ratio. */
enum { SPREAD_BINS = 48 };
struct spread {
    double low, high;             /* 0 < low < high */
    uint64_t counts[SPREAD_BINS]; /* all 0: no samples */
};

struct swarm_metrics {
    struct metrics totals;
    struct spread ttft_ms, otps; /* of all requests; set by metrics_compute only */
    struct metrics *agents;      /* indexed by agent_no; swarm_agent_count of them */
    size_t agent_count;
    struct model_metrics *models; /* by client, in each by name */
    size_t model_count;
    struct server_metrics *servers; /* of MCP, by name; by metrics_compute only */
    size_t server_count, server_cap;
    struct name_metrics *names; /* of traces without agents, the slowest first; by
                                   metrics_compute only */
    size_t name_count, name_cap;
    struct slowdown *slowdowns; /* by model and part */
    size_t slowdown_count;
    struct slowdown_sides slowdown_sides;
    int64_t slowdown_from_ns, slowdown_now_ns; /* the last ten minutes that they are of */
    struct span_counts spans;
    /* events in memory without metadata; metadata; dropped events */
    uint64_t events, metadata, dropped;
    const struct mem *mem;
};

/* Selects spans. `holds` returns the same for an ended span until that is corrected
   (swarm_corrections); NULL: all spans. */
struct span_predicate {
    bool (*holds)(void *ctx, span_no span);
    void *ctx;
    /* Returns true if the agent is selected as a whole, with all of its spans; NULL: none is. */
    bool (*holds_agent)(void *ctx, agent_no agent);
    const struct past *past; /* figures are those of then; NULL: of now */
};

/* `predicate` NULL: all spans. */
static inline bool span_predicate_holds(const struct span_predicate *predicate, span_no span)
{
    return predicate == NULL || predicate->holds == NULL || predicate->holds(predicate->ctx, span);
}

/* Returns true if some spans may not match. */
static inline bool span_predicate_selects(const struct span_predicate *predicate)
{
    return predicate != NULL && predicate->holds != NULL;
}

/* Returns true if the agent is selected as a whole. */
static inline bool span_predicate_holds_agent(const struct span_predicate *predicate,
                                              agent_no agent)
{
    return !span_predicate_selects(predicate) ||
           (predicate->holds_agent != NULL && predicate->holds_agent(predicate->ctx, agent));
}

static inline const struct past *span_predicate_past(const struct span_predicate *predicate)
{
    return predicate == NULL ? NULL : predicate->past;
}

/* Computes the metrics over all spans in memory. `local_ns`: the local clock, for spans in flight.
   Returns false and releases *out if out of memory. Release with metrics_release; texts are
   borrowed while the swarm lives. */
bool metrics_compute(const struct swarm *swarm, int64_t local_ns, struct swarm_metrics *out);
/* Computes the totals alone: the screen's head needs them many times a second. */
bool metrics_compute_totals(const struct swarm *swarm, int64_t local_ns, struct swarm_metrics *out);
/* Computes the metrics of the spans that match. An agent's idle time and the cost of its session,
   which are no sums over spans, count where the agent matches as a whole. `events`,
   `metadata` and `dropped` are those of all, as they are now. */
bool metrics_compute_matching(const struct swarm *swarm, int64_t local_ns,
                              const struct span_predicate *predicate, struct swarm_metrics *out);
bool metrics_compute_totals_matching(const struct swarm *swarm, int64_t local_ns,
                                     const struct span_predicate *predicate,
                                     struct swarm_metrics *out);
void metrics_release(struct swarm_metrics *metrics);

/* Computes the metrics of a range of time [from, to). They count requests and tools that ended in
   it, and the parts of durations in it. busy_ms, idle_ms and parallel are over all agents; idle
   time counts where the agent matches as a whole.
   `predicate` NULL: all spans. Returns false if out of memory. Release with
   metrics_range_release. */
bool metrics_range(const struct swarm *swarm, int64_t local_ns, int64_t from_ns, int64_t to_ns,
                   const struct span_predicate *predicate, struct metrics *out);
void metrics_range_release(const struct swarm *swarm, struct metrics *metrics);

#endif
