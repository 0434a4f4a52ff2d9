/* Times by name, of the spans in traces without agents: where the time of such a trace went. */
#ifndef CORE_NAME_METRICS_H
#define CORE_NAME_METRICS_H

#include "core/query/metrics.h"

/* Sets metrics->names. `predicate` NULL: all spans. Returns false if out of memory. */
bool name_metrics_compute(const struct swarm *swarm, int64_t local_ns,
                          const struct span_predicate *predicate, struct swarm_metrics *metrics);
void name_metrics_release(struct swarm_metrics *metrics);

#endif
