/* What the timeline knows of a lane beyond its list of spans: a pyramid of the closed ones. It is made when somebody first looks at the lane, and brought
   up to date when he looks again: who only records or reports pays nothing for it. Private to the model's lanes and queries. */
#ifndef CORE_LANE_INDEX_H
#define CORE_LANE_INDEX_H

#include "core/pyramid.h"
#include "core/swarm.h"

struct lane_index {
    struct pyramid pyramid;
    bool has_pyramid; /* there are enough spans for one */
    size_t built;     /* of the lane's spans: those up to here are in the pyramid, late or loose */
    span_no *late;    /* closed or open, put among the others since the last look */
    size_t late_count, late_cap;
    span_no *loose; /* closed in the trace while they go on (swept): they may overlap others */
    size_t loose_count, loose_cap;
    size_t review_at; /* so many spans, and its buckets are looked at */
};

/* Brings the lane's index up to date. NULL: out of memory, or none is possible; the list of spans tells all. Borrowed. */
const struct lane_index *lane_index_sync(const struct swarm *swarm, struct lane *lane);
/* A span has been put at that place of the lane's list. */
void lane_index_inserted(const struct swarm *swarm, struct lane *lane, size_t at);
/* The lane's spans are others now: forgets it. */
void lane_index_drop(const struct mem *mem, struct lane *lane);

#endif
