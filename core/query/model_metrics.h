/* Metrics by model, over all sessions. */
#ifndef CORE_MODEL_METRICS_H
#define CORE_MODEL_METRICS_H

#include "core/model/stats.h"
#include "core/query/metrics.h"

/* Sets metrics->models, in the order of their names. Returns false if out of memory. */
bool model_metrics_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                           struct swarm_metrics *metrics);

#endif
