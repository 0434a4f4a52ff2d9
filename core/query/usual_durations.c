/* Uses the totals of all agents, so that a slow call is compared with the swarm and not with its
   own agent alone. */
#include "core/query/usual_durations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH 5 /* samples; with fewer the p95 would be the maximum */

static int compare_name(const void *name, const void *tool)
{
    return strcmp(name, ((const struct tool_metrics *)tool)->name);
}

const struct summary *usual_durations(const struct swarm *swarm,
                                      const struct swarm_metrics *metrics, const struct span *span)
{
    if (metrics == NULL) {
        return NULL;
    }
    const struct metrics *totals = &metrics->totals;
    if (span->kind == SPAN_REQUEST) {
        return &totals->request_ms;
    }
    if (span->kind != SPAN_TOOL && span->kind != SPAN_AGENT_CALL) {
        return NULL;
    }
    const char *name = span_short_name(swarm_text(swarm, span->name));
    const struct tool_metrics *tool =
        totals->tool_count == 0
            ? NULL
            : bsearch(name, totals->tools, totals->tool_count, sizeof *totals->tools, compare_name);
    return tool == NULL ? NULL : &tool->duration_ms;
}

double usual_durations_p95_ms(const struct swarm *swarm, const struct swarm_metrics *metrics,
                              const struct span *span)
{
    const struct summary *usual = usual_durations(swarm, metrics, span);
    return usual != NULL && usual->count >= ENOUGH && usual->p95 > 0 ? usual->p95 : (double)NAN;
}
