/* Follows what the model forgets under a cap (swarm_forget.c, swarm_forget_rows.c): agents whose
   numbers are free, or another's, and aliases of sessions that the model does not have any more. A
   later update makes them again, from what it knows. */
#include "core/correlate/correlator_private.h"

void correlator_forget(struct correlator *correlator)
{
    uint64_t passes = swarm_forget_passes(correlator->swarm);
    size_t count = swarm_session_count(correlator->swarm);
    if (correlator->forget_passes == passes) {
        return;
    }
    correlator->forget_passes = passes;
    for (session_no number = 0; number < count; number++) {
        struct registry_session *session = registry_find(correlator->tracer, number);
        if (session != NULL) {
            registry_follow(correlator->tracer, session);
        }
    }
    correlator_aliases_follow(correlator);
}
