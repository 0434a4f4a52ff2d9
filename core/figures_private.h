/* What figures.c gathers into (figures_tally.c, figures_request.c). Nobody else includes this. */
#ifndef CORE_FIGURES_PRIVATE_H
#define CORE_FIGURES_PRIVATE_H

#include "core/figures.h"
#include "core/histogram.h"
#include "core/u64map.h"

enum tally_quantity { OF_TTFT, OF_TTLT, OF_ITPS, OF_OTPS, OF_SETUP, OF_REQUEST, QUANTITIES };
enum tally_token { TOKENS_PROMPT, TOKENS_OUTPUT, TOKENS_CACHE_READ, TOKENS_CACHE_CREATION, TOKENS };

struct tool_tally {
    intern_id name; /* short, in swarm_figures.names */
    uint64_t errors, open;
    struct histogram duration_ms;
};

/* The figures of one agent, one model, or all, while they are counted. */
struct figures_tally {
    const struct mem *mem;
    uint64_t requests, failed, retries, open_requests;
    double tokens[TOKENS]; /* NAN: nobody said */
    struct histogram quantities[QUANTITIES];
    double phase_ms[SPAN_KINDS];
    double kind_ms[SPAN_KINDS]; /* sums over spans; NAN: no such span */
    struct tool_tally *tools;
    size_t tool_count, tool_cap;
    uint32_t *tool_by_name; /* by its intern_id: its place in tools + 1, 0: none */
    size_t names_cap;
};

/* What one request, ended or open, adds. */
struct request_sample {
    bool open, failed;
    uint64_t retries;
    double ms;
    double phase_ms[SPAN_KINDS];
    double tokens[TOKENS];         /* of an ended one; NAN: not said */
    double quantities[QUANTITIES]; /* the same */
};

/* Of a request that ends, or is now at, `end_ns`. Returns its model; type JSON_TYPE_NONE: not said. */
struct json_value request_sample_read(const struct swarm *swarm, const struct span *span,
                                      int64_t end_ns, struct request_sample *out);

void figures_tally_init(struct figures_tally *tally, const struct mem *mem);
void figures_tally_release(struct figures_tally *tally);
/* False: out of memory; the tally is then of no use but to be released. */
bool figures_tally_add_request(struct figures_tally *tally, const struct request_sample *sample);
bool figures_tally_add_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                            uint8_t flags, double ms);
void figures_tally_add_time(struct figures_tally *tally, enum span_kind kind, double ms);
/* What it comes to, but for busy_ms, idle_ms and parallel, which are NAN. False: out of memory. */
bool figures_tally_finish(struct figures_tally *tally, const struct intern *names,
                          struct figures *out);

/* NAN: nothing said. */
double figures_add(double sum, double value);

#endif
