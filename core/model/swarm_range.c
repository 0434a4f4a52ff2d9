/* Keeps a part of the time. Events outside are dropped, both events of a span together, and the
   rest is derived again. The result is the model of a document of that part (document.h, from_ns
   and to_ns).

   While more events come an open span stays, since its end has to find it. */
#include "core/model/swarm_private.h"

#include <math.h>

struct range {
    int64_t from_ns, to_ns;
    bool last;
};

static bool is_in(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                  const struct event *event, const struct range *range)
{
    span_no no = event_store_span(swarm->pools[pool].store, number);
    const struct span *span = no == NO_SPAN ? NULL : swarm_span(swarm, no);
    if (isnan(event->ts_us)) {
        return true;
    }
    int64_t from = swarm_event_ns(swarm, event), to = from;
    if (span != NULL) {
        bool open = (span->flags & SPAN_OPEN) != 0;
        if (open && !range->last) {
            return true;
        }
        from = span->start_ns;
        to = open ? INT64_MAX : span->end_ns;
    }
    return from <= range->to_ns && to >= range->from_ns;
}

/* Drops the records that lie wholly outside. Open ones stay while more is to come. */
static void drop_records(struct swarm *swarm, const struct range *range)
{
    for (record_no no = swarm->records.oldest, next; no != NO_RECORD; no = next) {
        const struct record *record = swarm_record(swarm, no);
        const struct span *span =
            record->span == NO_SPAN ? NULL : swarm_edit_span(swarm, record->span);
        next = record->newer;
        if (span == NULL) {
            continue;
        }
        bool open = (span->flags & SPAN_OPEN) != 0;
        int64_t to_ns = open ? INT64_MAX : span->end_ns;
        bool in = span->start_ns <= range->to_ns && to_ns >= range->from_ns;
        if (in || (open && !range->last)) {
            continue;
        }
        if (swarm->records.dropped != NULL) {
            swarm->records.dropped(swarm->records.dropped_ctx, no);
        }
        swarm_record_drop(swarm, no);
    }
}

/* Counts the interactions that lie before the range: the next one keeps its number. */
static void count_earlier_turns(struct swarm *swarm, enum swarm_pool pool,
                                const struct range *range)
{
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        struct agent *agent = &swarm->rows.agents[i];
        if (swarm->rows.sessions[agent->session].session.pool != pool) {
            continue;
        }
        for (size_t k = 0; k < agent->envelopes.count; k++) {
            const struct span *span = swarm_span(swarm, spans_at(&agent->envelopes, k));
            agent->earlier_turns += span != NULL && (span->flags & SPAN_OPEN) == 0 &&
                                    span->end_ns < range->from_ns && span->start_ns <= range->to_ns;
        }
    }
}

/* Each session counts its events, and has come as far as the last of them. */
static void recount(struct swarm *swarm, enum swarm_pool pool, bool last)
{
    const struct event_store *store = swarm->pools[pool].store;
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->session.pool == pool) {
            slot->session.event_count = slot->first_event = 0;
            slot->session.clock_ns = last ? slot->session.start_ns : slot->session.clock_ns;
        }
    }
    for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
        struct event event;
        if (!swarm_event(swarm, pool, no, &event)) {
            continue;
        }
        struct session_slot *slot =
            &swarm->rows.sessions[swarm->rows.tracks[event.track].track.session];
        slot->session.event_count++;
        slot->first_event = slot->first_event == 0 ? no : slot->first_event;
        int64_t at_ns = isnan(event.ts_us) ? INT64_MIN : swarm_event_end_ns(swarm, &event);
        int64_t *clock_ns = &slot->session.clock_ns;
        *clock_ns = at_ns > *clock_ns ? at_ns : *clock_ns;
    }
    for (record_no no = swarm->records.oldest; pool == POOL_LIVE && no != NO_RECORD;
         no = swarm_record(swarm, no)->newer) {
        const struct record *record = swarm_record(swarm, no);
        if (record->span != NO_SPAN) {
            struct session *session = &swarm->rows.sessions[record->session].session;
            int64_t end_ns = swarm_edit_span(swarm, record->span)->end_ns;
            session->event_count += record->shown_events;
            session->clock_ns = end_ns > session->clock_ns ? end_ns : session->clock_ns;
        }
    }
}

/* Derives the part as a document of it: in order of time only if its own events come in another. */
static bool derive_part(struct swarm *swarm, enum swarm_pool pool)
{
    bool late = false;
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->session.pool == pool) {
            slot->late = slot->unsorted = false;
        }
    }
    if (!swarm_rederive_sessions(swarm, pool, NO_SESSION)) {
        return false;
    }
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        late |= swarm->rows.sessions[i].session.pool == pool && swarm->rows.sessions[i].late;
    }
    return !late || swarm_rederive_sessions(swarm, pool, NO_SESSION);
}

bool swarm_keep_range(struct swarm *swarm, enum swarm_pool pool, int64_t from_ns, int64_t to_ns,
                      bool last)
{
    const struct range range = {from_ns, to_ns, last};
    struct event_store *store = swarm->pools[pool].store, *kept = event_store_new(swarm->mem);
    bool good = kept != NULL;
    if (good) {
        event_store_number_from(kept, event_store_end(store));
    }
    for (uint64_t no = event_store_first(store); good && no < event_store_end(store); no++) {
        struct event event;
        good = !swarm_event(swarm, pool, no, &event) || !is_in(swarm, pool, no, &event, &range) ||
               event_store_append(kept, &event) != 0;
    }
    if (!good) {
        event_store_free(kept);
        return false;
    }
    count_earlier_turns(swarm, pool, &range);
    event_store_free(store);
    swarm->pools[pool].store = kept;
    swarm->pools[pool].ranged = true;
    swarm->pools[pool].from_ns = from_ns;
    swarm->pools[pool].to_ns = to_ns;
    if (pool == POOL_LIVE) {
        drop_records(swarm, &range);
    }
    recount(swarm, pool, last);
    return derive_part(swarm, pool);
}

void swarm_set_earlier_turns(struct swarm *swarm, agent_no agent, uint64_t count)
{
    swarm->rows.agents[agent].earlier_turns = count;
}

void swarm_kept_range(const struct swarm *swarm, session_no number, int64_t *from_ns,
                      int64_t *to_ns)
{
    const struct session *session = swarm_session(swarm, number);
    const struct pool *pool = session == NULL ? NULL : &swarm->pools[session->pool];
    bool ranged = pool != NULL && pool->ranged;
    *from_ns = ranged ? pool->from_ns : INT64_MIN;
    *to_ns = ranged ? pool->to_ns : INT64_MAX;
}
