/* What the filter lets through, remembered span by span: a picture asks of each span on it, ten times a second. */
#ifndef TUI_FILTER_CACHE_H
#define TUI_FILTER_CACHE_H

#include "core/query/filter.h"

struct filter_cache;

/* Takes the filter over, also where it fails. Returns new; NULL: out of memory. */
struct filter_cache *filter_cache_new(const struct mem *mem, struct filter *filter);
/* `cache` may be NULL. */
void filter_cache_free(struct filter_cache *cache);
const struct filter *filter_cache_filter(const struct filter_cache *cache);
/* A picture of that model and moment begins: what is open, and what agents are called and do, is asked again. */
void filter_cache_begin(struct filter_cache *cache, const struct swarm *swarm, int64_t local_ns);
bool filter_cache_has_span(struct filter_cache *cache, span_no span);
/* Whether the agent matches by itself, or has a span that does. */
bool filter_cache_has_agent(struct filter_cache *cache, agent_no agent);
/* For the queries; borrowed. */
const struct span_predicate *filter_cache_predicate(const struct filter_cache *cache);

#endif
