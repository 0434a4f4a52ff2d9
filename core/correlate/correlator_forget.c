/* Follows what the model forgets under a cap (swarm_forget.c, swarm_forget_rows.c): agents whose
   numbers are free, or another's, and aliases of sessions that the model does not have any more. A
   later update makes them again, from what it knows. */
#include "core/correlate/correlator_private.h"

static bool leads_somewhere(const struct correlator *correlator, intern_id id)
{
    intern_id of = correlator_session_id(correlator, id);
    return swarm_session_of(correlator->swarm, of) != NO_SESSION;
}

/* Without memory all aliases stay. */
static void forget_aliases(struct correlator *correlator)
{
    struct u64map kept;
    bool good = true;
    u64map_init(&kept, correlator->mem);
    for (size_t i = 0; i < correlator->alias_of.cap && good; i++) {
        uint32_t of = correlator->alias_of.values[i];
        if (of != U64MAP_NONE && leads_somewhere(correlator, of)) {
            good = u64map_put(&kept, correlator->alias_of.keys[i], of);
        }
    }
    u64map_release(good ? &correlator->alias_of : &kept);
    if (good) {
        correlator->alias_of = kept;
    }
}

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
    forget_aliases(correlator);
}
