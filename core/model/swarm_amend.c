/* Events that turn out otherwise after they were appended. They change in their place: those that came since, the number of each and the lanes that follow
   from their order stay as they are. What was derived from them is derived again when who amends has come to an end. */
#include "core/model/swarm_private.h"

#include <math.h>

static uint64_t *event_count_of(struct swarm *swarm, const struct event *event)
{
    return &swarm->sessions[swarm->tracks[event->track].track.session].session.event_count;
}

bool swarm_amend(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                 const struct event *event)
{
    struct event former;
    if (number < event_store_first_appended(swarm->stores[pool]) ||
        !event_store_get(swarm->stores[pool], number, &former)) {
        return true;
    }
    uint64_t *counts[2] = {event_count_of(swarm, &former), event_count_of(swarm, event)};
    bool was = former.ph != EVENT_VOID, is = event->ph != EVENT_VOID;
    if (!event_store_amend(swarm->stores[pool], number, event)) {
        return false;
    }
    pair_drop_index(swarm, former.track);
    swarm->amended[pool] = true;
    *counts[0] -= was;
    *counts[1] += is;
    swarm->revision++;
    return true;
}

bool swarm_amend_metadata(struct swarm *swarm, session_no session, uint64_t number,
                          struct slice args)
{
    struct event_store *store = swarm->sessions[session].metadata;
    struct event event;
    if (!event_store_get(store, number, &event)) {
        return true;
    }
    event.args = args;
    swarm->revision++;
    return event_store_amend(store, number, &event) && swarm_apply_metadata(swarm, &event);
}

void swarm_move_start(struct swarm *swarm, session_no session, int64_t start_ns, double by_us)
{
    struct session_slot *slot = &swarm->sessions[session];
    enum swarm_pool pool = (enum swarm_pool)slot->session.pool;
    struct event_store *store = swarm->stores[pool];
    for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
        struct event event;
        if (event_store_get(store, no, &event) && !isnan(event.ts_us) &&
            swarm->tracks[event.track].track.session == session) {
            event_store_set_ts(store, no, event.ts_us + by_us);
        }
    }
    slot->session.start_ns = slot->session.origin_ns = start_ns;
    swarm->revision++;
}

bool swarm_rederive_session(struct swarm *swarm, session_no session)
{
    return derive_again(swarm, (enum swarm_pool)swarm->sessions[session].session.pool, session);
}
