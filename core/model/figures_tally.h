/* The figures of one agent, one session, one model, while they are counted. The book keeps them, core/query/figures.c reads them. */
#ifndef CORE_FIGURES_TALLY_H
#define CORE_FIGURES_TALLY_H

#include "core/base/u64map.h"
#include "core/model/end_facts.h"
#include "core/model/histogram.h"
#include "core/model/swarm.h"

enum tally_quantity { OF_TTFT, OF_TTLT, OF_ITPS, OF_OTPS, OF_SETUP, OF_REQUEST, QUANTITIES };
enum tally_token { TOKENS_PROMPT, TOKENS_OUTPUT, TOKENS_CACHE_READ, TOKENS_CACHE_CREATION, TOKENS };

struct tool_tally {
    intern_id name; /* in book.names */
    uint64_t errors, open;
    struct histogram duration_ms;
};

struct figures_tally {
    const struct mem *mem;
    uint64_t requests, failed, retries, open_requests;
    double tokens[TOKENS]; /* NAN: nobody said */
    struct histogram quantities[QUANTITIES];
    double phase_ms[SPAN_KINDS];
    double kind_ms[SPAN_KINDS]; /* sums over spans; NAN: no such span */
    struct tool_tally *tools;   /* in order of appearance */
    size_t tool_count, tool_cap;
    struct u64map tool_by_name; /* places in tools */
};

/* What one closed request adds. */
struct request_sample {
    bool failed;
    uint64_t retries;
    double ms;
    double phase_ms[SPAN_KINDS];
    double tokens[TOKENS]; /* NAN: not said */
    double quantities[QUANTITIES];
};

void request_sample_make(const struct swarm *swarm, const struct span *span,
                         const struct end_facts *facts, struct request_sample *out);

void figures_tally_init(struct figures_tally *tally, const struct mem *mem);
void figures_tally_release(struct figures_tally *tally);
/* False: out of memory; the tally may be incomplete then. */
bool figures_tally_add_request(struct figures_tally *tally, const struct request_sample *sample);
bool figures_tally_add_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                            bool error, double ms);
bool figures_tally_open_tool(struct figures_tally *tally, intern_id name, int by);
void figures_tally_add_time(struct figures_tally *tally, enum span_kind kind, double ms);
/* Adds all of `from`. */
bool figures_tally_merge(struct figures_tally *tally, const struct figures_tally *from);

/* NAN: nothing said. */
double figures_add(double sum, double value);

#endif
