/* The index of a lane for the timeline: the few values it needs of each span, in arrays, and a
   pyramid of the closed spans. lane_index_sync makes it at the first query and updates it at
   later ones, so `record` and `report` do not pay for it. Used by the model's lanes and by
   core/query/query_lane.c. */
#ifndef CORE_LANE_INDEX_H
#define CORE_LANE_INDEX_H

#include "core/model/pyramid.h"
#include "core/model/swarm.h"

struct lane_index {
    struct pyramid pyramid;
    struct block_list spans; /* as the lane's, up to here: in the pyramid, late or loose */
    span_no *late;           /* put among the others since the last look, or open then */
    size_t late_count, late_cap;
    span_no *loose; /* closed in the trace by the sweep, but still running: may overlap others */
    size_t loose_count, loose_cap;
    size_t review_at; /* so many spans, and its buckets are looked at */
};

/* Updates the lane's index. Returns it, borrowed; NULL: out of memory, or the lane cannot have
   one: walk its spans instead. */
const struct lane_index *lane_index_sync(const struct swarm *swarm, struct lane *lane);
/* The span at a place of the lane, before spans.count. */
static inline struct lane_span *lane_index_at(const struct lane_index *index, size_t place)
{
    return block_list_at(&index->spans, place);
}
/* The place of the first of its spans that starts at `at_ns` or later. */
size_t lane_index_first_from(const struct lane_index *index, int64_t at_ns);
/* A span has been put at that place of the lane's list. */
void lane_index_inserted(const struct swarm *swarm, struct lane *lane, size_t at);
/* A span is about to be taken out of that place of the lane's list. */
void lane_index_remove(struct swarm *swarm, struct lane *lane, size_t at);
/* A closed span is about to be corrected at that place, which it keeps; it has been. */
void lane_index_settle(const struct swarm *swarm, struct lane *lane, size_t at);
void lane_index_corrected(struct swarm *swarm, struct lane *lane, size_t at);
/* The lane's spans are others now: forgets it. */
void lane_index_drop(const struct mem *mem, struct lane *lane);

#endif
