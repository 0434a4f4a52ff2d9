/* Accumulates the metrics of one agent, one session or one model. Stats (stats.h) owns the
   accumulators; core/query/metrics.c reads them. Functions that return bool return false if out of
   memory; the accumulator may be incomplete then. */
#ifndef CORE_METRICS_ACC_H
#define CORE_METRICS_ACC_H

#include "core/base/time_ns.h"
#include "core/base/u64map.h"
#include "core/model/histogram.h"
#include "core/model/request_sample.h"
#include "core/model/swarm.h"

struct tool_acc {
    intern_id name; /* in stats.names */
    uint64_t errors, open;
    uint64_t refused, interrupted; /* no errors */
    struct histogram duration_ms;
};

/* One closed call of a tool, as the metrics count it. */
struct tool_sample {
    intern_id name; /* in stats.names */
    enum span_kind kind;
    enum outcome outcome; /* only OUTCOME_REFUSED and OUTCOME_INTERRUPTED are counted */
    bool error;
    double ms;
};

struct metrics_acc {
    const struct mem *mem;
    uint64_t requests, failed, retries, open_requests;
    uint64_t refused, interrupted; /* requests and tools, which are not among the errors */
    double tokens[TOKENS];         /* whole numbers, so that they can be subtracted */
    uint64_t token_counts[TOKENS]; /* of how many requests and claims */
    struct histogram quantities[QUANTITIES];
    struct time_sum phase_times[SPAN_KINDS];
    struct time_sum kind_times[SPAN_KINDS]; /* sums over spans */
    uint64_t kind_counts[SPAN_KINDS];
    struct tool_acc *tools; /* in order of appearance */
    size_t tool_count, tool_cap;
    struct u64map tool_by_name; /* index in `tools` */
};

void metrics_acc_init(struct metrics_acc *acc, const struct mem *mem);
void metrics_acc_release(struct metrics_acc *acc);
/* Count a span (`by` 1) or subtract it (`by` -1). They also return false if -1 is not possible: the
   accumulator must then be made again. */
bool metrics_acc_count_request(struct metrics_acc *acc, const struct request_sample *sample,
                               int by);
bool metrics_acc_count_tool(struct metrics_acc *acc, const struct tool_sample *sample, int by);
/* Counts how a request ended; only OUTCOME_REFUSED and OUTCOME_INTERRUPTED are counted. */
void metrics_acc_count_outcome(struct metrics_acc *acc, enum outcome outcome, int by);
/* Counts tokens; NAN: unknown. */
void metrics_acc_count_tokens(struct metrics_acc *acc, const double tokens[TOKENS], int by);
void metrics_acc_count_time(struct metrics_acc *acc, enum span_kind kind, double ms, int by);
/* Adds the time of a phase, which may be negative. */
void metrics_acc_add_phase(struct metrics_acc *acc, enum span_kind kind, double ms);
/* Returns the sum; NAN: no span had a value. */
double metrics_acc_tokens(const struct metrics_acc *acc, enum acc_token which);
double metrics_acc_time(const struct metrics_acc *acc, enum span_kind kind);
bool metrics_acc_open_tool(struct metrics_acc *acc, intern_id name, int by);
/* Adds all of `from`. */
bool metrics_acc_merge(struct metrics_acc *acc, const struct metrics_acc *from);

/* Returns the sum; NAN counts as 0 unless both are NAN. */
double metrics_add(double sum, double value);

#endif
