/* How long spans of a kind usually take: what "too long" is measured by. */
#ifndef TUI_USUAL_DURATIONS_H
#define TUI_USUAL_DURATIONS_H

#include "core/query/figures.h"

/* The p95, in ms, of the spans like this one: of its tool, or of all requests. NAN: too few have ended to say, or nobody can say (a person). */
double usual_durations_p95_ms(const struct swarm *swarm, const struct swarm_figures *figures,
                              const struct span *span);

#endif
