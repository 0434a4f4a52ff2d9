/* Traces may hold their events in any order. Spans are derived as events come, which is right for
   nearly all traces. A session is late once an event came that pairs otherwise in order of time:
   a begin or an end earlier than the last one of its thread, or a begin that an end before it may
   have meant. A late session is derived again, from its events sorted by time and position, and
   from then on always.

   Phases of requests are claimed by the request that ends next in the file, as the seed writes
   them, so they keep their places before it. At one time an end may come before its begin: it is
   tried again after the others of that time. */
#include "core/model/swarm_private.h"

#include <math.h>
#include <stdlib.h>

struct timed {
    int64_t at_ns;
    uint64_t number; /* in the store */
};

struct timed_list {
    struct timed *items;
    size_t count, cap;
};

void swarm_note_late(struct swarm *swarm, track_no track)
{
    struct session_slot *slot = &swarm->rows.sessions[swarm->rows.tracks[track].track.session];
    slot->late = true;
    swarm->open.relane_due |= slot->session.pool == POOL_LIVE;
}

bool swarm_is_late(const struct swarm *swarm, uint32_t document)
{
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->late && !slot->dropped && slot->session.pool == POOL_FILES &&
            slot->session.document == document) {
            return true;
        }
    }
    return false;
}

/* ---- sorting ---- */

static bool pairs(const struct event *event)
{
    return event->ph == 'B' || event->ph == 'E';
}

/* Collects the events, the last one first, so that a phase finds the time of what follows it. */
static bool collect(struct swarm *swarm, enum swarm_pool pool, session_no only, int64_t *next_ns,
                    struct timed_list *list)
{
    const struct event_store *store = swarm->pools[pool].store;
    for (uint64_t no = event_store_end(store); no-- > event_store_first(store);) {
        struct event event;
        if (!swarm_event(swarm, pool, no, &event) || isnan(event.ts_us)) {
            continue;
        }
        session_no session = swarm->rows.tracks[event.track].track.session;
        if (!swarm->rows.sessions[session].unsorted || (only != NO_SESSION && session != only)) {
            continue;
        }
        int64_t at_ns = swarm_event_ns(swarm, &event);
        if (pairs(&event) && span_is_phase(derive_event_kind(swarm, &event))) {
            at_ns = next_ns[event.track] != INT64_MIN ? next_ns[event.track] : at_ns;
        } else if (pairs(&event)) {
            next_ns[event.track] = at_ns;
        }
        if (!mem_reserve(swarm->mem, &list->items, &list->cap, list->count + 1,
                         sizeof *list->items)) {
            return false;
        }
        list->items[list->count++] = (struct timed){at_ns, no};
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

/* ---- deriving ---- */

/* Derives an event. Sets *orphan if it is an end that closed nothing. */
static bool derive_one(struct swarm *swarm, enum swarm_pool pool, uint64_t number, bool *orphan)
{
    struct event event;
    *orphan = false;
    if (!swarm_event(swarm, pool, number, &event)) {
        return true;
    }
    const session_no session = swarm->rows.tracks[event.track].track.session;
    const uint64_t orphans = swarm->rows.sessions[session].session.orphan_ends;
    bool good = derive_event(swarm, pool, number, &event);
    *orphan = swarm->rows.sessions[session].session.orphan_ends > orphans;
    return good;
}

/* Derives the events of one time; the ends that closed nothing once more after the others. */
static bool derive_moment(struct swarm *swarm, enum swarm_pool pool, struct timed *items,
                          size_t count)
{
    size_t again = 0;
    bool good = true, orphan;
    for (size_t i = 0; i < count && good; i++) {
        good = derive_one(swarm, pool, items[i].number, &orphan);
        if (orphan && count > 1) {
            struct event event;
            (void)swarm_event(swarm, pool, items[i].number, &event);
            swarm->rows.sessions[swarm->rows.tracks[event.track].track.session]
                .session.orphan_ends--;
            items[again++].number = items[i].number;
        }
    }
    for (size_t i = 0; i < again && good; i++) {
        good = derive_one(swarm, pool, items[i].number, &orphan);
    }
    return good;
}

bool late_events_derive(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    struct timed_list list = {0};
    size_t tracks = swarm->rows.track_count;
    int64_t *next_ns = mem_alloc(swarm->mem, (tracks + 1) * sizeof *next_ns);
    bool good = next_ns != NULL;
    for (size_t i = 0; i < tracks && good; i++) {
        next_ns[i] = INT64_MIN;
    }
    good = good && collect(swarm, pool, only, next_ns, &list);
    if (good && list.count > 1) {
        qsort(list.items, list.count, sizeof *list.items, by_time);
    }
    for (size_t i = 0, end; i < list.count && good; i = end) {
        for (end = i + 1; end < list.count && list.items[end].at_ns == list.items[i].at_ns; end++) {
            ;
        }
        good = derive_moment(swarm, pool, list.items + i, end - i);
    }
    mem_free(swarm->mem, next_ns, (tracks + 1) * sizeof *next_ns);
    mem_free(swarm->mem, list.items, list.cap * sizeof *list.items);
    return good;
}
