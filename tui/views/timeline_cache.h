/* The parts of the timeline that a frame would take long to compute: the curves of counters over
   the axis, and instants in order of time. Kept between frames, computed again when the model or
   the axis has changed. */
#ifndef TUI_TIMELINE_CACHE_H
#define TUI_TIMELINE_CACHE_H

#include "core/query/counters.h"
#include "tui/views/axis.h"

struct timeline_cache;

/* Returns new; NULL if out of memory. */
struct timeline_cache *timeline_cache_new(const struct mem *mem);
/* `cache` may be NULL. */
void timeline_cache_free(struct timeline_cache *cache);

/* Returns the counters over the axis, borrowed until the next call; NULL if out of memory. */
const struct counters *timeline_cache_counters(struct timeline_cache *cache,
                                               const struct swarm *swarm, const struct axis *axis);

/* Markers that the timeline may show, by their numbers in the model. */
struct shown_markers {
    const uint32_t *instants; /* on rows that are no agents', by time */
    size_t instant_count;
    const uint32_t *cuts; /* trace_truncated */
    size_t cut_count;
};
/* Sets *out, borrowed until the next call. Returns false if out of memory. */
bool timeline_cache_markers(struct timeline_cache *cache, const struct swarm *swarm,
                            struct shown_markers *out);
/* The compactions of all agents, in order of appearance, borrowed until the next call. Returns
   false if out of memory. */
bool timeline_cache_compactions(struct timeline_cache *cache, const struct swarm *swarm,
                                const span_no **spans, size_t *count);
/* Returns the place in `instants` of the first at `at_ns` or later. */
size_t shown_markers_from(const struct shown_markers *markers, const struct swarm *swarm,
                          int64_t at_ns);

#endif
