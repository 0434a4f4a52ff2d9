/* Pairs of a span and a log about one call that have no id in common: they name the same session
   and the same thing, and end at almost the same time. */
#ifndef INGEST_OTLP_PAIRS_H
#define INGEST_OTLP_PAIRS_H

#include "core/trace/event.h"

#include <stdbool.h>

enum { OTLP_PAIRS = 256, OTLP_PAIR_ID = 64 };

struct otlp_pair {
    uint64_t key;     /* 0: the place is free */
    uint64_t session; /* 0: not known yet */
    double end_ms;
    bool log;
    char id[OTLP_PAIR_ID]; /* of its call */
};

struct otlp_pairs {
    struct otlp_pair items[OTLP_PAIRS];
    size_t next;
};

/* Returns the id of the call that the other half has made, copied to `room`; bytes NULL: there is
   none, and this half waits for it. `half` has all but the place of its id. */
struct slice otlp_pairs_join(struct otlp_pairs *pairs, const struct otlp_pair *half,
                             struct slice id, char room[OTLP_PAIR_ID]);

#endif
