/* Metrics by model, over all sessions, or over those of each client where there are several. */
#ifndef CORE_MODEL_METRICS_H
#define CORE_MODEL_METRICS_H

#include "core/model/stats.h"
#include "core/query/metrics.h"

/* Sets metrics->models, in the order of clients and of names. `stats` has the closed spans;
   `predicate` selects the open ones, NULL: all. Returns false if out of memory. */
bool model_metrics_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                           const struct span_predicate *predicate, struct swarm_metrics *metrics);

#endif
