/* The usual durations of spans: the reference for "too long". */
#ifndef CORE_USUAL_DURATIONS_H
#define CORE_USUAL_DURATIONS_H

#include "core/query/metrics.h"

/* Returns the durations of similar spans in ms: of the same tool, or of all requests. Returns NULL
   if no span is similar, or if a person decides the duration. `metrics` may be NULL; the result
   lies in them. */
const struct summary *usual_durations(const struct swarm *swarm,
                                      const struct swarm_metrics *metrics, const struct span *span);
/* Returns their p95 in ms; NAN if too few have ended, or if a person decides the duration. */
double usual_durations_p95_ms(const struct swarm *swarm, const struct swarm_metrics *metrics,
                              const struct span *span);

#endif
