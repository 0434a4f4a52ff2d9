/* The door in. A metadata event goes to its session's own store and survives everything; any other goes to its pool's
   store and through derive.c. Where an append reaches the pool's cap, the oldest half goes at once: a trace_truncated marker takes its
   place, and what was derived is derived again from what is left, which makes the picture that of the exported file. */
#include "core/model/swarm_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static intern_id intern_json(struct swarm *swarm, struct json_value value)
{
    if (value.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    /* Nearly all names have no escapes: their text is what stands between the quotes. */
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
    struct event event = {
        .ph = raw->ph,
        .ts_us = raw->ts_us,
        .dur_us = raw->dur_us,
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
    if ((slot->session.flags & SESSION_FOLDS) != 0 && fold_metadata_event(swarm, event)) {
        return true;
    }
    if (event_store_append(slot->metadata, event) == 0) {
        return false;
    }
    slot->session.metadata_count++;
    swarm->revision++;
    return swarm_apply_metadata(swarm, event);
}

/* ---- the cap ---- */

static void count_dropped(struct swarm *swarm, enum swarm_pool pool, size_t count)
{
    struct event_store *store = swarm->stores[pool];
    for (uint64_t no = event_store_first(store), end = no + count; no < end; no++) {
        struct event event;
        if (event_store_get(store, no, &event) && event.ph != EVENT_VOID) {
            swarm->sessions[swarm->tracks[event.track].track.session].session.event_count--;
            bool marker = swarm->drops[pool] > 0 && event.name == swarm->known.trace_truncated;
            swarm->dropped[pool] += marker ? 0 : 1;
        }
    }
}

static struct json_value number_value(const char *digits)
{
    return (struct json_value){JSON_TYPE_NUMBER, digits, strlen(digits)};
}

/* The first session of those that share the cap: its process 1 is the document's. */
static session_no marker_session(const struct swarm *swarm, session_no last)
{
    const struct session *of = &swarm->sessions[last].session;
    for (session_no i = 0; i < last; i++) {
        const struct session_slot *slot = &swarm->sessions[i];
        if (!slot->dropped && slot->session.pool == of->pool &&
            slot->session.document == of->document) {
            return i;
        }
    }
    return last;
}

/* The marker (the seed's evictOldestEvents) stands for `count` events that end with `last`. */
static bool put_marker(struct swarm *swarm, enum swarm_pool pool, const struct event *last,
                       size_t count)
{
    char args[96];
    int len =
        swarm->drops[pool] == 1
            ? snprintf(args, sizeof args, "{\"dropped_events\":%zu}", count)
            : snprintf(args, sizeof args, "{\"dropped_events\":%zu,\"total_dropped_events\":%llu}",
                       count, (unsigned long long)swarm->dropped[pool]);
    session_no of = swarm->tracks[last->track].track.session;
    session_no session = marker_session(swarm, of);
    double apart_us = (double)(swarm->sessions[of].session.origin_ns -
                               swarm->sessions[session].session.origin_ns) /
                      1000;
    struct event marker = {
        .ph = 'i',
        .ts_us = isnan(last->ts_us) ? 0 : last->ts_us + apart_us,
        .dur_us = (double)NAN,
        .name = swarm->known.trace_truncated,
        .cat = swarm->known.metadata_cat,
        .track = swarm_track(swarm, session, number_value("1"), number_value("0")),
        .args = {args, (size_t)len},
    };
    if (marker.track == NO_TRACK || event_store_unshift(swarm->stores[pool], &marker) == 0) {
        return false;
    }
    swarm->sessions[session].session.event_count++;
    return true;
}

static bool drop_oldest_half(struct swarm *swarm, enum swarm_pool pool)
{
    struct event_store *store = swarm->stores[pool];
    size_t count = swarm->max_events[pool] / 2;
    struct event last;
    if (count == 0 || !event_store_get(store, event_store_first(store) + count - 1, &last)) {
        return true;
    }
    /* What was amended must not be kept as it was before. */
    if (swarm->amended[pool] && !derive_again(swarm, pool, NO_SESSION)) {
        return false;
    }
    swarm->amended[pool] = false;
    if (!derive_keep_open(swarm, pool, event_store_first(store) + count)) {
        return false;
    }
    count_dropped(swarm, pool, count);
    swarm->drops[pool]++;
    event_store_drop(store, count);
    return put_marker(swarm, pool, &last, count) && derive_again(swarm, pool, NO_SESSION);
}

/* The event is in the store: what follows from it. */
static bool take_in(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                    const struct event *event)
{
    struct session_slot *slot = &swarm->sessions[swarm->tracks[event->track].track.session];
    slot->session.event_count += event->ph != EVENT_VOID;
    if (slot->first_event == 0) {
        slot->first_event = number;
    }
    swarm->revision++;
    if (!derive_event(swarm, pool, number, event)) {
        return false;
    }
    size_t cap = swarm->max_events[pool];
    return cap == 0 || event_store_count(swarm->stores[pool]) < cap ||
           drop_oldest_half(swarm, pool);
}

bool swarm_append(struct swarm *swarm, const struct event *event, uint64_t *event_number)
{
    struct session_slot *slot = &swarm->sessions[swarm->tracks[event->track].track.session];
    if (event_number != NULL) {
        *event_number = 0;
    }
    if (event->ph == 'M') {
        return append_metadata(swarm, slot, event);
    }
    enum swarm_pool pool = (enum swarm_pool)slot->session.pool;
    uint64_t number = event_store_append(swarm->stores[pool], event);
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
    struct event_store *store = swarm->stores[pool];
    struct event event;
    bool good = event_store_adopt_take(store, segment);
    if (!good) {
        event_segment_free(segment);
    }
    /* Where memory ends, the rest is left out. */
    while (event_store_next_adopted(store, &event)) {
        event.name = names[event.name];
        event.cat = names[event.cat];
        event.track = tracks[event.track];
        if (swarm->tracks[event.track].folds_to != NO_TRACK) {
            event.track = swarm->tracks[event.track].folds_to;
        }
        if (event.ph == 'M' || !good) {
            event_store_skip_adopted(store);
            session_no session = swarm->tracks[event.track].track.session;
            good = good && append_metadata(swarm, &swarm->sessions[session], &event);
        } else {
            uint64_t number = event_store_reveal(store, event.name, event.cat, event.track);
            good = take_in(swarm, pool, number, &event);
        }
    }
    return good;
}

/* ---- documents ---- */

static bool is_dropped(const struct swarm *swarm, const struct event *event)
{
    return swarm->sessions[swarm->tracks[event->track].track.session].dropped;
}

/* The store without the events of dropped sessions. */
static struct event_store *filtered(const struct swarm *swarm, const struct event_store *store)
{
    struct event_store *copy = event_store_new(swarm->mem);
    if (copy != NULL) {
        event_store_number_from(copy, event_store_end(store));
    }
    for (uint64_t no = event_store_first(store); copy != NULL && no < event_store_end(store);
         no++) {
        struct event event;
        if (event_store_get(store, no, &event) && !is_dropped(swarm, &event) &&
            event_store_append(copy, &event) == 0) {
            event_store_free(copy);
            return NULL;
        }
    }
    return copy;
}

static void drop_agents_of(struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < swarm->agent_count; i++) {
        if (swarm->agents[i].session == session) {
            swarm->agents[i].flags |= AGENT_DEAD;
        }
    }
}

/* What the cap dropped was of documents that are all gone. */
static void forget_drops(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->session_count; i++) {
        const struct session_slot *slot = &swarm->sessions[i];
        if (slot->session.pool == POOL_FILES && !slot->dropped) {
            return;
        }
    }
    swarm->drops[POOL_FILES] = 0;
    swarm->dropped[POOL_FILES] = 0;
}

bool swarm_drop_document(struct swarm *swarm, uint32_t document)
{
    bool any = false;
    for (size_t i = 0; i < swarm->session_count; i++) {
        struct session_slot *slot = &swarm->sessions[i];
        if (slot->session.document == document && slot->session.pool == POOL_FILES &&
            !slot->dropped) {
            slot->dropped = any = true;
            drop_agents_of(swarm, (session_no)i);
        }
    }
    swarm->revision++;
    if (!any) {
        return true;
    }
    kept_remove_dropped(swarm);
    struct event_store *store = filtered(swarm, swarm->stores[POOL_FILES]);
    if (store == NULL) {
        return false;
    }
    event_store_free(swarm->stores[POOL_FILES]);
    swarm->stores[POOL_FILES] = store;
    for (size_t i = 0; i < swarm->session_count; i++) {
        if (swarm->sessions[i].session.pool == POOL_FILES) {
            swarm->sessions[i].first_event = event_store_first(store);
        }
    }
    forget_drops(swarm);
    return derive_again(swarm, POOL_FILES, NO_SESSION);
}

static session_no owner(const struct swarm *swarm, const struct event *event)
{
    return swarm->tracks[event->track].track.session;
}

static bool has_moved(const struct swarm *swarm, session_no from)
{
    const struct event_store *store = swarm->sessions[from].metadata;
    struct event event;
    for (uint64_t no = 1; no < event_store_end(store); no++) {
        if (event_store_get(store, no, &event) && owner(swarm, &event) != from) {
            return true;
        }
    }
    return false;
}

/* Gives the metadata events of moved processes to their new sessions, in one pass: they keep their order. */
static bool settle_metadata(struct swarm *swarm, session_no from)
{
    if (!has_moved(swarm, from)) {
        return true;
    }
    struct event_store *all = swarm->sessions[from].metadata;
    struct event_store *kept = event_store_new(swarm->mem);
    bool good = kept != NULL;
    for (uint64_t no = 1; good && no < event_store_end(all); no++) {
        struct event event;
        good = event_store_get(all, no, &event);
        session_no to = good ? owner(swarm, &event) : from;
        good = good &&
               event_store_append(to == from ? kept : swarm->sessions[to].metadata, &event) != 0;
        if (good && to != from) {
            swarm->sessions[to].session.metadata_count++;
            swarm->sessions[from].session.metadata_count--;
        }
    }
    if (!good) {
        event_store_free(kept);
        return false;
    }
    event_store_free(all);
    swarm->sessions[from].metadata = kept;
    return true;
}

bool swarm_move_process(struct swarm *swarm, session_no from, int64_t pid, session_no to,
                        bool *moved)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_put(swarm->names, text, (size_t)len);
    uint64_t key = (uint64_t)from << 32 | id;
    uint32_t at = id == INTERN_FAILED ? U64MAP_NONE : u64map_get(&swarm->process_by_pid, key);
    if (from == to || at == U64MAP_NONE) {
        return id != INTERN_FAILED && (from == to || swarm_process(swarm, to, id, pid) != NULL);
    }
    *moved = true;
    if (!u64map_put(&swarm->process_by_pid, (uint64_t)to << 32 | id, at)) {
        return false;
    }
    u64map_remove(&swarm->process_by_pid, key);
    swarm->processes[at].session = to;
    for (size_t i = 0; i < swarm->track_count; i++) {
        if (swarm->tracks[i].process == at) {
            swarm->tracks[i].track.session = to;
        }
    }
    if (swarm->processes[at].agent != NO_AGENT) {
        swarm->agents[swarm->processes[at].agent].session = to;
    }
    if (swarm->sessions[to].first_event == 0) {
        swarm->sessions[to].first_event = swarm->sessions[from].first_event;
    }
    return true;
}

bool swarm_has_process(const struct swarm *swarm, session_no session, int64_t pid)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_find(swarm->names, text, (size_t)len);
    return id != INTERN_NONE &&
           u64map_get(&swarm->process_by_pid, (uint64_t)session << 32 | id) != U64MAP_NONE;
}

bool swarm_rederive(struct swarm *swarm, enum swarm_pool pool)
{
    return derive_again(swarm, pool, NO_SESSION);
}

static bool is_of(const struct swarm *swarm, session_no session, uint32_t document)
{
    const struct session_slot *slot = &swarm->sessions[session];
    return slot->session.pool == POOL_FILES && slot->session.document == document && !slot->dropped;
}

/* Counts the events of the document's sessions, whose processes may have moved. Returns how many sessions it has. */
static size_t recount(struct swarm *swarm, uint32_t document)
{
    struct event_store *store = swarm->stores[POOL_FILES];
    uint64_t first = event_store_end(store);
    size_t count = 0;
    for (session_no i = 0; i < swarm->session_count; i++) {
        if (is_of(swarm, i, document)) {
            struct session_slot *slot = &swarm->sessions[i];
            slot->session.event_count = 0;
            first = slot->first_event != 0 && slot->first_event < first ? slot->first_event : first;
            count++;
        }
    }
    first = first < event_store_first(store) ? event_store_first(store) : first;
    for (uint64_t no = first; no < event_store_end(store); no++) {
        struct event event;
        if (event_store_get(store, no, &event) && is_of(swarm, owner(swarm, &event), document)) {
            swarm->sessions[owner(swarm, &event)].session.event_count++;
        }
    }
    return count;
}

bool swarm_settle_document(struct swarm *swarm, uint32_t document)
{
    for (session_no i = 0; i < swarm->session_count; i++) {
        if (is_of(swarm, i, document) && !settle_metadata(swarm, i)) {
            return false;
        }
    }
    return true;
}

bool swarm_rederive_document(struct swarm *swarm, uint32_t document)
{
    size_t count = recount(swarm, document);
    if (!swarm_settle_document(swarm, document)) {
        return false;
    }
    /* Of one session a pass from its first event on; of several one over all, which keeps markers in order. */
    for (session_no i = 0; i < swarm->session_count && count == 1; i++) {
        if (is_of(swarm, i, document)) {
            return derive_again(swarm, POOL_FILES, i);
        }
    }
    return count == 0 || derive_again(swarm, POOL_FILES, NO_SESSION);
}
