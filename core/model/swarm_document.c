/* A document is the set of sessions of one opened file. They are dropped together when the file
   is read again. The end of a document may move a process to another of its sessions. */
#include "core/model/swarm_private.h"

#include <stdio.h>
#include <string.h>

static bool is_dropped(const struct swarm *swarm, const struct event *event)
{
    return swarm->rows.sessions[swarm->rows.tracks[event->track].track.session].dropped;
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
        if (swarm_event(swarm, POOL_FILES, no, &event) && !is_dropped(swarm, &event) &&
            event_store_append(copy, &event) == 0) {
            event_store_free(copy);
            return NULL;
        }
    }
    return copy;
}

static void drop_agents_of(struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        if (swarm->rows.agents[i].session == session) {
            swarm->rows.agents[i].flags |= AGENT_DEAD;
        }
    }
}

/* Forgets the counts of dropped events if all their documents are gone. */
static void forget_drops(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->session.pool == POOL_FILES && !slot->dropped) {
            return;
        }
    }
    swarm->pools[POOL_FILES].drops = 0;
    swarm->pools[POOL_FILES].dropped = 0;
}

bool swarm_drop_document(struct swarm *swarm, uint32_t document)
{
    bool any = false;
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[i];
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
    orphan_open_remove_dropped(swarm);
    struct event_store *store = filtered(swarm, swarm->pools[POOL_FILES].store);
    if (store == NULL) {
        return false;
    }
    event_store_free(swarm->pools[POOL_FILES].store);
    swarm->pools[POOL_FILES].store = store;
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        if (swarm->rows.sessions[i].session.pool == POOL_FILES) {
            swarm->rows.sessions[i].first_event = event_store_first(store);
        }
    }
    forget_drops(swarm);
    return swarm_rederive_sessions(swarm, POOL_FILES, NO_SESSION);
}

static session_no owner(const struct swarm *swarm, const struct event *event)
{
    return swarm->rows.tracks[event->track].track.session;
}

static bool has_moved(const struct swarm *swarm, session_no from)
{
    const struct event_store *store = swarm->rows.sessions[from].metadata;
    struct event event;
    for (uint64_t no = 1; no < event_store_end(store); no++) {
        if (event_store_get(store, no, &event) && owner(swarm, &event) != from) {
            return true;
        }
    }
    return false;
}

/* Gives the metadata events of moved processes to their new sessions, in one pass: they keep
   their order. */
static bool settle_metadata(struct swarm *swarm, session_no from)
{
    if (!has_moved(swarm, from)) {
        return true;
    }
    struct event_store *all = swarm->rows.sessions[from].metadata;
    struct event_store *kept = event_store_new(swarm->mem);
    bool good = kept != NULL;
    for (uint64_t no = 1; good && no < event_store_end(all); no++) {
        struct event event;
        good = event_store_get(all, no, &event);
        session_no to = good ? owner(swarm, &event) : from;
        good = good && event_store_append(to == from ? kept : swarm->rows.sessions[to].metadata,
                                          &event) != 0;
        if (good && to != from) {
            swarm->rows.sessions[to].session.metadata_count++;
            swarm->rows.sessions[from].session.metadata_count--;
        }
    }
    if (!good) {
        event_store_free(kept);
        return false;
    }
    event_store_free(all);
    swarm->rows.sessions[from].metadata = kept;
    return true;
}

static void move_row(struct swarm *swarm, agent_no row, session_no to)
{
    if (row != NO_AGENT) {
        swarm->rows.agents[row].session = to;
    }
}

bool swarm_move_process(struct swarm *swarm, session_no from, int64_t pid, session_no to,
                        bool *moved)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_put(swarm->names, text, (size_t)len);
    uint64_t key = (uint64_t)from << 32 | id;
    uint32_t at = id == INTERN_FAILED ? U64MAP_NONE : u64map_get(&swarm->rows.process_by_pid, key);
    if (from == to || at == U64MAP_NONE) {
        return id != INTERN_FAILED && (from == to || swarm_process(swarm, to, id, pid) != NULL);
    }
    *moved = true;
    if (!u64map_put(&swarm->rows.process_by_pid, (uint64_t)to << 32 | id, at)) {
        return false;
    }
    u64map_remove(&swarm->rows.process_by_pid, key);
    swarm_own_process(swarm, at, to);
    for (track_no i = swarm->rows.processes[at].first_track; i != NO_TRACK;
         i = swarm->rows.tracks[i].next_in_process) {
        swarm->rows.tracks[i].track.session = to;
        move_row(swarm, swarm->rows.tracks[i].track.agent, to);
    }
    move_row(swarm, swarm->rows.processes[at].agent, to);
    move_row(swarm, swarm->rows.processes[at].row, to);
    move_row(swarm, swarm->rows.processes[at].async_row, to);
    if (swarm->rows.sessions[to].first_event == 0) {
        swarm->rows.sessions[to].first_event = swarm->rows.sessions[from].first_event;
    }
    return true;
}

void swarm_set_origin(struct swarm *swarm, session_no number, int64_t origin_ns, bool *moved)
{
    struct session_slot *slot = &swarm->rows.sessions[number];
    int64_t by_ns = origin_ns - slot->session.origin_ns;
    if (by_ns != 0) {
        *moved = true;
        slot->session.origin_ns = origin_ns;
        slot->session.clock_ns += by_ns;
        slot->session.clock_set_ns += by_ns;
        swarm->revision++;
    }
}

bool swarm_has_process(const struct swarm *swarm, session_no session, int64_t pid)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_find(swarm->names, text, (size_t)len);
    return id != INTERN_NONE &&
           u64map_get(&swarm->rows.process_by_pid, (uint64_t)session << 32 | id) != U64MAP_NONE;
}

bool swarm_rederive(struct swarm *swarm, enum swarm_pool pool)
{
    return swarm_rederive_sessions(swarm, pool, NO_SESSION);
}

static bool is_of(const struct swarm *swarm, session_no session, uint32_t document)
{
    const struct session_slot *slot = &swarm->rows.sessions[session];
    return slot->session.pool == POOL_FILES && slot->session.document == document && !slot->dropped;
}

/* Counts the events of the document's sessions, whose processes may have moved. Returns how many
   sessions it has. */
static size_t recount(struct swarm *swarm, uint32_t document)
{
    struct event_store *store = swarm->pools[POOL_FILES].store;
    uint64_t first = event_store_end(store);
    size_t count = 0;
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        if (is_of(swarm, i, document)) {
            struct session_slot *slot = &swarm->rows.sessions[i];
            slot->session.event_count = 0;
            first = slot->first_event != 0 && slot->first_event < first ? slot->first_event : first;
            count++;
        }
    }
    first = first < event_store_first(store) ? event_store_first(store) : first;
    for (uint64_t no = first; no < event_store_end(store); no++) {
        struct event event;
        if (swarm_event(swarm, POOL_FILES, no, &event) &&
            is_of(swarm, owner(swarm, &event), document)) {
            swarm->rows.sessions[owner(swarm, &event)].session.event_count++;
        }
    }
    return count;
}

bool swarm_commit_moves(struct swarm *swarm, uint32_t document)
{
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        if (is_of(swarm, i, document) && !settle_metadata(swarm, i)) {
            return false;
        }
    }
    return true;
}

bool swarm_rederive_document(struct swarm *swarm, uint32_t document)
{
    size_t count = recount(swarm, document);
    if (!swarm_commit_moves(swarm, document)) {
        return false;
    }
    /* A document of one session needs a pass from its first event. Several sessions need a pass
       over all events, which keeps the order of markers. */
    for (session_no i = 0; i < swarm->rows.session_count && count == 1; i++) {
        if (is_of(swarm, i, document)) {
            return swarm_rederive_sessions(swarm, POOL_FILES, i);
        }
    }
    return count == 0 || swarm_rederive_sessions(swarm, POOL_FILES, NO_SESSION);
}
