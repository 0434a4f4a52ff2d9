/* The figures of one agent, one session, one model, while they are counted. The statistics keep them, core/query/figures.c reads them. */
#ifndef CORE_FIGURES_TALLY_H
#define CORE_FIGURES_TALLY_H

#include "core/base/u64map.h"
#include "core/model/end_facts.h"
#include "core/model/histogram.h"
#include "core/model/swarm.h"

enum tally_quantity { OF_TTFT, OF_TTLT, OF_ITPS, OF_OTPS, OF_SETUP, OF_REQUEST, QUANTITIES };
enum tally_token { TOKENS_PROMPT, TOKENS_OUTPUT, TOKENS_CACHE_READ, TOKENS_CACHE_CREATION, TOKENS };

struct tool_tally {
    intern_id name; /* in stats.names */
    uint64_t errors, open;
    struct histogram duration_ms;
};

struct figures_tally {
    const struct mem *mem;
    uint64_t requests, failed, retries, open_requests;
    double tokens[TOKENS];         /* whole numbers, so that they can be subtracted */
    uint64_t token_counts[TOKENS]; /* of how many requests */
    struct histogram quantities[QUANTITIES];
    int64_t phase_ns[SPAN_KINDS];
    int64_t kind_ns[SPAN_KINDS]; /* sums over spans */
    uint64_t kind_counts[SPAN_KINDS];
    struct tool_tally *tools; /* in order of appearance */
    size_t tool_count, tool_cap;
    struct u64map tool_by_name; /* places in tools */
};

/* What one closed request adds. */
struct request_sample {
    bool failed;
    uint64_t retries;
    double ms;
    double phase_ms[SPAN_KINDS];
    double tokens[TOKENS]; /* NAN: unknown */
    double quantities[QUANTITIES];
};

void request_sample_make(const struct swarm *swarm, const struct span *span,
                         const struct end_facts *facts, struct request_sample *out);

void figures_tally_init(struct figures_tally *tally, const struct mem *mem);
void figures_tally_release(struct figures_tally *tally);
/* Count a span (`by` 1) or take it out again (`by` -1). They return false if out of memory, and for -1
   also if the tally must be made again; it may be incomplete then. */
bool figures_tally_count_request(struct figures_tally *tally, const struct request_sample *sample,
                                 int by);
bool figures_tally_count_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                              bool error, double ms, int by);
void figures_tally_count_time(struct figures_tally *tally, enum span_kind kind, double ms, int by);
/* Adds the time of a phase, which may be negative. */
void figures_tally_add_phase(struct figures_tally *tally, enum span_kind kind, double ms);
/* The sums; NAN: no span had any. */
double figures_tally_tokens(const struct figures_tally *tally, enum tally_token which);
double figures_tally_time(const struct figures_tally *tally, enum span_kind kind);
bool figures_tally_open_tool(struct figures_tally *tally, intern_id name, int by);
/* Adds all of `from`. */
bool figures_tally_merge(struct figures_tally *tally, const struct figures_tally *from);

/* NAN is no value. */
double figures_add(double sum, double value);

#endif
