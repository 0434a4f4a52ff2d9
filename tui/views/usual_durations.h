/* The usual durations of spans: the reference for "too long". */
#ifndef TUI_USUAL_DURATIONS_H
#define TUI_USUAL_DURATIONS_H

#include "core/query/metrics.h"

/* Returns the p95 in ms of similar spans: of the same tool, or of all requests. Returns NAN if too
   few have ended, or if a person decides the duration. */
double usual_durations_p95_ms(const struct swarm *swarm, const struct swarm_metrics *metrics,
                              const struct span *span);

#endif
