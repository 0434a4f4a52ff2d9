/* Caches a filter's verdict for each span: a display evaluates each visible span ten times a
   second. */
#ifndef TUI_FILTER_CACHE_H
#define TUI_FILTER_CACHE_H

#include "core/query/filter.h"

struct filter_cache;

/* Returns a new cache that owns the filter. Returns NULL and frees the filter if out of memory. */
struct filter_cache *filter_cache_new(const struct mem *mem, struct filter *filter);
/* `cache` may be NULL. */
void filter_cache_free(struct filter_cache *cache);
const struct filter *filter_cache_filter(const struct filter_cache *cache);
/* Begins a frame of a model at a time: agent terms and open spans are evaluated again. `past`: the
   frame is of this moment, which is borrowed; NULL: of now. */
void filter_cache_begin(struct filter_cache *cache, const struct swarm *swarm,
                        const struct past *past, int64_t local_ns);
bool filter_cache_has_span(struct filter_cache *cache, span_no span);
/* Returns true if the agent matches itself or has a matching span. */
bool filter_cache_has_agent(struct filter_cache *cache, agent_no agent);
/* Returns the filter as a predicate for the queries; borrowed. */
const struct span_predicate *filter_cache_predicate(const struct filter_cache *cache);

#endif
