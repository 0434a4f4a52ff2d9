/* Traces of the seed's shape (seed: perfettoTracing.ts), from a seed: the same options give the same bytes on every machine.
   Agents take turns: a request (set-up, retries, first token, sampling, appended at its end as the seed does), then tools side
   by side, now and then a person. About 268 bytes an event. */
#ifndef TESTS_BENCH_GENERATE_H
#define TESTS_BENCH_GENERATE_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct generate_options {
    uint64_t seed;
    uint64_t events;  /* so many but for metadata (at least: an operation's events come together) */
    unsigned agents;  /* 0: 32 */
    unsigned tools;   /* side by side, at most so many (8 at most); 0: 4 */
    uint64_t evicted; /* the producer has dropped so many before; 0: none */
    int64_t
        pause_ms; /* of each agent between two turns, on top of what it does anyway: for traces of weeks */
    double open_share; /* of tools: that never end */
};

struct generate;

/* Returns new; NULL: out of memory. `mem` is borrowed. */
struct generate *generate_new(const struct mem *mem, const struct generate_options *options);
void generate_free(struct generate *gen);
/* Appends the next piece of the document (`{"traceEvents":[` first, `],"metadata":{…}}` last). False: that was all. */
bool generate_next(struct generate *gen, struct strbuf *out);
/* Only one event after the other, without what stands around them; metadata first. */
bool generate_event(struct generate *gen, struct strbuf *out);

/* Appends the whole document. False: out of memory. */
bool generate_document(const struct mem *mem, const struct generate_options *options,
                       struct strbuf *out);

#endif
