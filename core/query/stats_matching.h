/* The statistics of the spans that match a filter. */
#ifndef CORE_STATS_MATCHING_H
#define CORE_STATS_MATCHING_H

#include "core/model/stats.h"
#include "core/query/metrics.h"

/* Sets *out to the statistics of the matching spans in memory, which share the names of the
   model's. False: out of memory, or the model's own are not there. Call stats_release if true. */
bool stats_matching(const struct swarm *swarm, const struct span_predicate *predicate,
                    struct stats *out);

#endif
