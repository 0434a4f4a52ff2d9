/* Events enter here. A metadata event goes to its session's own store and survives evictions.
   Any other event goes to its pool's store and through derive.c. If the pool reaches its cap,
   the oldest half is dropped (swarm_cap.c). */
#include "core/model/swarm_private.h"

#include "core/trace/event_added.h"

#include <string.h>

static intern_id intern_json(struct swarm *swarm, struct json_value value)
{
    if (value.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    /* Nearly all names have no escapes: their text lies between the quotes. */
    if (memchr(value.raw, '\\', value.len) == NULL) {
        return intern_put(swarm->names, value.raw + 1, value.len - 2);
    }
    struct strbuf text;
    strbuf_init(&text, swarm->mem, 0);
    json_get_string(value, &text);
    intern_id id = text.failed ? INTERN_FAILED : intern_put(swarm->names, text.data, text.len);
    strbuf_release(&text);
    return id;
}

static struct slice slice_of(struct json_value value)
{
    return value.type == JSON_TYPE_NONE ? (struct slice){NULL, 0}
                                        : (struct slice){value.raw, value.len};
}

bool swarm_append_raw(struct swarm *swarm, session_no session, const struct raw_event *raw)
{
    if (raw_event_is_added(raw)) {
        return true;
    }
    struct event event = {
        .ph = raw->ph,
        .ts_us = raw->ts_us,
        .dur_us = raw->dur_us,
        .ts_rest_ns = raw->ts_rest_ns,
        .name = intern_json(swarm, raw->name),
        .cat = intern_json(swarm, raw->cat),
        .track = swarm_track(swarm, session, raw->pid, raw->tid),
        .id = slice_of(raw->id),
        .args = slice_of(raw->args),
        .extra = raw->extra,
    };
    if (event.name == INTERN_FAILED || event.cat == INTERN_FAILED || event.track == NO_TRACK) {
        return false;
    }
    return swarm_append(swarm, &event, NULL);
}

static bool append_metadata(struct swarm *swarm, struct session_slot *slot,
                            const struct event *event)
{
    if ((slot->session.flags & SESSION_FOLDS) != 0 && swarm_fold_metadata(swarm, event)) {
        return true;
    }
    if (event_store_append(slot->metadata, event) == 0) {
        return false;
    }
    slot->session.metadata_count++;
    swarm->rows.live_metadata += slot->session.pool == POOL_LIVE;
    swarm_use_track(swarm, event->track, event_store_end(swarm->pools[POOL_LIVE].store));
    swarm->revision++;
    session_no session = swarm->rows.tracks[event->track].track.session;
    if ((slot->session.flags & (SESSION_AGENTS | SESSION_THREADS)) == 0 &&
        swarm_metadata_shows_agents(swarm, event)) {
        bool had_events = slot->session.event_count > 0;
        enum swarm_pool pool = (enum swarm_pool)slot->session.pool;
        return swarm_set_agents(swarm, session) &&
               (!had_events || swarm_rederive_sessions(swarm, pool, session));
    }
    return swarm_apply_metadata(swarm, event);
}

/* The event is in the store: what follows from it. */
static bool take_in(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                    const struct event *event)
{
    struct session_slot *slot =
        &swarm->rows.sessions[swarm->rows.tracks[event->track].track.session];
    slot->session.event_count++;
    if (slot->first_event == 0) {
        slot->first_event = number;
    }
    swarm_note_work(swarm);
    if (!derive_event(swarm, pool, number, event)) {
        return false;
    }
    return swarm_hold_cap(swarm, pool);
}

bool swarm_append(struct swarm *swarm, const struct event *event, uint64_t *event_number)
{
    struct session_slot *slot =
        &swarm->rows.sessions[swarm->rows.tracks[event->track].track.session];
    if (event_number != NULL) {
        *event_number = 0;
    }
    if (event->ph == 'M') {
        bool live = slot->session.pool == POOL_LIVE;
        return append_metadata(swarm, slot, event) && (!live || swarm_hold_cap(swarm, POOL_LIVE));
    }
    enum swarm_pool pool = (enum swarm_pool)slot->session.pool;
    uint64_t number = event_store_append(swarm->pools[pool].store, event);
    if (number == 0) {
        return false;
    }
    if (event_number != NULL) {
        *event_number = number;
    }
    return take_in(swarm, pool, number, event);
}

bool swarm_append_segment_take(struct swarm *swarm, enum swarm_pool pool,
                               struct event_segment *segment, const intern_id *names,
                               const track_no *tracks)
{
    struct event_store *store = swarm->pools[pool].store;
    struct event event;
    bool good = event_store_adopt_take(store, segment);
    if (!good) {
        event_segment_free(segment);
    }
    /* Without memory the remaining events are left out. */
    while (event_store_next_adopted(store, &event)) {
        event.name = names[event.name];
        event.cat = names[event.cat];
        event.track = tracks[event.track];
        if (swarm->rows.tracks[event.track].folds_to != NO_TRACK) {
            event.track = swarm->rows.tracks[event.track].folds_to;
        }
        if (event.ph == 'M' || !good) {
            event_store_skip_adopted(store);
            session_no session = swarm->rows.tracks[event.track].track.session;
            good = good && append_metadata(swarm, &swarm->rows.sessions[session], &event);
        } else {
            uint64_t number = event_store_reveal(store, event.name, event.cat, event.track);
            good = take_in(swarm, pool, number, &event);
        }
    }
    return good;
}
