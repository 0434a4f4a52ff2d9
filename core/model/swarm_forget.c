/* Sessions under the cap. Once all events of a session are dropped and nothing of it is open, it is
   idle: its names alone are left. Some idle sessions are kept; beyond that those go which were used
   longest ago. If sessions are many and have few events each, events are dropped before the cap is
   reached. An eviction chooses them (swarm_forget_choose), counts them in its marker, and takes
   them out when nothing refers to them any more (swarm_forget_chosen): their sessions, processes,
   tracks and agents are used again. Until then those belong to a session that stays dropped. A held
   session has nothing but its number, and goes at once.

   The choice depends on the events alone, not on who is connected. So a recording that is read
   again with the same cap forgets the same. A keeper of a session's number also keeps its serial
   number (swarm_session_serial), which no other session ever has. */
#include "core/model/swarm_private.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_LEAST = 1000, IDLE_PART = 50 /* of the cap */, OPEN_LEAST = 1000 };

uint64_t swarm_session_serial(const struct swarm *swarm, session_no session)
{
    return session < swarm->rows.session_count ? swarm->rows.sessions[session].serial : 0;
}

void swarm_hold_track(struct swarm *swarm, track_no track)
{
    swarm->rows.tracks[track].owned++;
    swarm->rows.sessions[swarm->rows.tracks[track].track.session].owned++;
}

void swarm_let_go_track(struct swarm *swarm, track_no track)
{
    swarm->rows.tracks[track].owned--;
    swarm->rows.sessions[swarm->rows.tracks[track].track.session].owned--;
}

void swarm_keep_session(struct swarm *swarm, session_no session, bool keep)
{
    struct session_slot *slot = &swarm->rows.sessions[session];
    swarm->rows.forgettable_sessions -= slot->forgettable;
    slot->forgettable = !keep;
    swarm->rows.forgettable_sessions += slot->forgettable;
}

const struct forgotten_row swarm_forgotten_rows[FORGOTTEN_KINDS] = {
    [FORGOTTEN_SESSIONS] = {"forgotten_sessions", "sessions", "--max-events"},
    [FORGOTTEN_AGENTS] = {"forgotten_agents", "agents", "--max-events"},
    [FORGOTTEN_THREADS] = {"forgotten_threads", "threads", "--max-events"},
    [FORGOTTEN_METADATA] = {"forgotten_metadata", "replaced metadata events", "--max-events"},
    [FORGOTTEN_OPEN_SPANS] = {"forgotten_open_spans", "open spans", "--max-events"},
    [FORGOTTEN_ATTEMPTS] = {"forgotten_attempts", "attempts of requests", "1,000 a request"},
    [FORGOTTEN_ALIASES] = {"forgotten_aliases", "other ids of sessions and agents", "--max-events"},
};

uint64_t swarm_forgotten(const struct swarm *swarm, enum forgotten_kind kind)
{
    return swarm->rows.forgotten[kind];
}

void swarm_note_forgotten(struct swarm *swarm, enum forgotten_kind kind)
{
    swarm->rows.forgotten[kind]++;
    swarm->revision++;
}

size_t swarm_most_open(const struct swarm *swarm)
{
    size_t cap = swarm->pools[POOL_LIVE].max_events, half = cap / 2;
    return cap == 0 ? SIZE_MAX : half < OPEN_LEAST ? OPEN_LEAST : half;
}

size_t swarm_most_idle(const struct swarm *swarm)
{
    size_t part = swarm->pools[POOL_LIVE].max_events / IDLE_PART;
    return part < IDLE_LEAST ? IDLE_LEAST : part;
}

bool swarm_has_many_sessions(const struct swarm *swarm)
{
    size_t most = 2 * swarm_most_idle(swarm);
    return swarm->rows.forgettable_sessions >= most &&
           swarm->rows.forgettable_sessions >= swarm->rows.many_sessions;
}

/* ---- the choice ---- */

struct idle {
    uint64_t last_use;
    session_no session;
};

static int by_use(const void *a, const void *b)
{
    const struct idle *x = a, *y = b;
    return (x->last_use > y->last_use) - (x->last_use < y->last_use);
}

static void mark_open(const struct swarm *swarm, bool *used)
{
    const struct orphan_open *orphan;
    for (span_no no = swarm->open.first; no != NO_SPAN; no = swarm_next_in_flight(swarm, no)) {
        used[swarm->rows.agents[swarm_edit_span(swarm, no)->agent].session] = true;
    }
    for (size_t at = 0; (orphan = orphan_open_next(swarm, &at)) != NULL;) {
        used[swarm->rows.agents[orphan->span.agent].session] = true;
    }
    for (record_no no = swarm->records.oldest; no != NO_RECORD;
         no = swarm_record(swarm, no)->newer) {
        used[swarm_record(swarm, no)->session] = true;
    }
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        used[i] = used[i] || swarm->rows.sessions[i].owned > 0;
    }
}

static void choose(struct swarm *swarm, session_no marker, const bool *used, struct idle *idle)
{
    size_t count = 0, most = swarm_most_idle(swarm);
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->forgettable && !slot->dropped && slot->session.event_count == 0 && !used[i] &&
            i != marker) {
            idle[count++] = (struct idle){slot->last_use, i};
        }
    }
    if (count > most) {
        qsort(idle, count, sizeof *idle, by_use);
    }
    for (size_t i = 0; i + most < count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[idle[i].session];
        slot->dropped = slot->leaves = true;
        u64map_remove(&swarm->rows.session_by_id, slot->session.id);
        swarm->rows.forgotten[FORGOTTEN_SESSIONS]++;
        swarm->rows.forgettable_sessions--;
    }
    /* Those that are left are in use: the next ones go when there are so many more. */
    swarm->rows.many_sessions = swarm->rows.forgettable_sessions + most / 2;
}

void swarm_forget_choose(struct swarm *swarm, session_no marker)
{
    if (swarm->rows.session_count <= IDLE_LEAST) {
        return;
    }
    bool *used = mem_zalloc(swarm->mem, swarm->rows.session_count, sizeof *used);
    struct idle *idle = mem_zalloc(swarm->mem, swarm->rows.session_count, sizeof *idle);
    if (used != NULL && idle != NULL) { /* else the next eviction chooses */
        mark_open(swarm, used);
        choose(swarm, marker, used, idle);
    }
    mem_free(swarm->mem, used, used == NULL ? 0 : swarm->rows.session_count * sizeof *used);
    mem_free(swarm->mem, idle, idle == NULL ? 0 : swarm->rows.session_count * sizeof *idle);
}

/* ---- taking them out ---- */

static void remove_if(struct u64map *map, intern_id key, agent_no agent)
{
    if (u64map_get(map, key) == agent) {
        u64map_remove(map, key);
    }
}

void swarm_forget_agent(struct swarm *swarm, agent_no number)
{
    struct agent *agent = &swarm->rows.agents[number];
    remove_if(&swarm->rows.agent_by_id, agent->agent_id, number);
    remove_if(&swarm->rows.agent_by_id, swarm->rows.sessions[agent->session].session.id, number);
    remove_if(&swarm->rows.group_by_id, agent->agent_id, number);
    stats_forget_agent(&swarm->stats, number);
    lane_reset(swarm, agent);
    *agent = (struct agent){
        .flags = AGENT_DEAD, .session = swarm->rows.grave, .process_row = swarm->rows.free_agents};
    swarm->rows.free_agents = number;
}

static void forget_row(struct swarm *swarm, agent_no row)
{
    if (row != NO_AGENT && swarm->rows.agents[row].session != swarm->rows.grave) {
        swarm_forget_agent(swarm, row);
    }
}

static void free_track(struct swarm *swarm, track_no number)
{
    struct track_slot *slot = &swarm->rows.tracks[number];
    struct process *process = &swarm->rows.processes[slot->process];
    if (slot->prev_in_process != NO_TRACK) {
        swarm->rows.tracks[slot->prev_in_process].next_in_process = slot->next_in_process;
    } else {
        process->first_track = slot->next_in_process;
    }
    if (slot->next_in_process != NO_TRACK) {
        swarm->rows.tracks[slot->next_in_process].prev_in_process = slot->prev_in_process;
    }
    u64map_remove(&swarm->rows.track_by_tid, (uint64_t)slot->process << 32 | slot->track.tid);
    span_pair_drop_index(swarm, number);
    slot->track = (struct track){.session = swarm->rows.grave, .agent = NO_AGENT, .open = NO_SPAN};
    slot->name = INTERN_NONE;
    slot->next_in_process = swarm->rows.free_tracks;
    swarm->rows.free_tracks = number;
    swarm->rows.live_tracks--;
}

void swarm_forget_track(struct swarm *swarm, track_no number)
{
    const struct track_slot *slot = &swarm->rows.tracks[number];
    agent_no row = slot->track.agent;
    track_no twin = swarm_track_twin(swarm, number);
    bool shared = row == swarm->rows.processes[slot->process].agent ||
                  (twin != NO_TRACK && swarm->rows.tracks[twin].track.agent == row);
    if (!shared) {
        forget_row(swarm, row);
    }
    free_track(swarm, number);
}

static void free_process(struct swarm *swarm, uint32_t number)
{
    struct process *process = &swarm->rows.processes[number];
    u64map_remove(&swarm->rows.process_by_pid, (uint64_t)process->session << 32 | process->pid);
    while (process->first_track != NO_TRACK) {
        free_track(swarm, process->first_track);
    }
    *process = (struct process){.session = swarm->rows.grave,
                                .agent = NO_AGENT,
                                .row = NO_AGENT,
                                .async_row = NO_AGENT,
                                .first_track = NO_TRACK,
                                .next_in_session = swarm->rows.free_processes};
    swarm->rows.free_processes = number;
}

void swarm_forget_process(struct swarm *swarm, uint32_t number)
{
    struct process *process = &swarm->rows.processes[number];
    for (track_no at = process->first_track; at != NO_TRACK;
         at = swarm->rows.tracks[at].next_in_process) {
        forget_row(swarm, swarm->rows.tracks[at].track.agent);
    }
    forget_row(swarm, process->agent);
    forget_row(swarm, process->row);
    forget_row(swarm, process->async_row);
    swarm_unlink_process(swarm, number);
    free_process(swarm, number);
}

static void free_processes(struct swarm *swarm, session_no session)
{
    uint32_t at = swarm->rows.sessions[session].first_process;
    while (at != NO_PROCESS) {
        uint32_t next = swarm->rows.processes[at].next_in_session;
        free_process(swarm, at);
        at = next;
    }
}

bool swarm_make_grave(struct swarm *swarm)
{
    if (swarm->rows.grave != NO_SESSION) {
        return true;
    }
    if (!mem_reserve(swarm->mem, &swarm->rows.sessions, &swarm->rows.session_cap,
                     swarm->rows.session_count + 1, sizeof *swarm->rows.sessions)) {
        return false;
    }
    swarm->rows.grave = (session_no)swarm->rows.session_count++;
    struct session_slot *slot = &swarm->rows.sessions[swarm->rows.grave];
    *slot = (struct session_slot){
        .first_process = NO_PROCESS, .dropped = true, .next_free = NO_SESSION};
    strbuf_init(&slot->session.extra, swarm->mem, 0);
    strbuf_init(&slot->session.metadata_extra, swarm->mem, 0);
    return true;
}

static void free_session(struct swarm *swarm, session_no number)
{
    struct session_slot *slot = &swarm->rows.sessions[number];
    free_processes(swarm, number);
    swarm->rows.live_metadata -= slot->session.metadata_count;
    slot->session.metadata_count = 0;
    event_store_free(slot->metadata);
    slot->metadata = NULL;
    strbuf_release(&slot->session.extra);
    strbuf_release(&slot->session.metadata_extra);
    slot->first_process = NO_PROCESS;
    slot->serial = 0;
    slot->leaves = false;
    if (number != swarm->rows.grave) {
        slot->next_free = swarm->rows.free_sessions;
        swarm->rows.free_sessions = number;
    }
}

/* ---- held ones ---- */

static size_t list_held(const struct swarm *swarm, const bool *used, struct idle *idle)
{
    size_t count = 0;
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->held && !used[i]) {
            idle[count++] = (struct idle){slot->last_use, i};
        }
    }
    qsort(idle, count, sizeof *idle, by_use);
    return count;
}

static void forget_oldest_held(struct swarm *swarm, const struct idle *idle, size_t count)
{
    size_t most = swarm_most_idle(swarm);
    for (size_t i = 0; i + most < count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[idle[i].session];
        u64map_remove(&swarm->rows.session_by_id, slot->session.id);
        slot->held = false;
        swarm->rows.held_sessions--;
        free_session(swarm, idle[i].session);
        swarm->rows.forgotten[FORGOTTEN_SESSIONS]++;
    }
    if (count > most) {
        swarm->rows.forget_passes++;
        swarm->revision++;
    }
    /* Those that are left have calls, or are new: the next ones go when there are so many more. */
    swarm->rows.many_held = swarm->rows.held_sessions + most / 2;
}

void swarm_forget_held(struct swarm *swarm)
{
    size_t count = swarm->rows.session_count;
    if (swarm->rows.held_sessions < 2 * swarm_most_idle(swarm) ||
        swarm->rows.held_sessions < swarm->rows.many_held) {
        return;
    }
    bool *used = mem_zalloc(swarm->mem, count, sizeof *used);
    struct idle *idle = mem_zalloc(swarm->mem, count, sizeof *idle);
    if (used != NULL && idle != NULL) { /* else the next call does it */
        mark_open(swarm, used);
        forget_oldest_held(swarm, idle, list_held(swarm, used, idle));
    }
    mem_free(swarm->mem, used, used == NULL ? 0 : count * sizeof *used);
    mem_free(swarm->mem, idle, idle == NULL ? 0 : count * sizeof *idle);
}

/* ---- the chosen ones ---- */

static bool leaves(const struct swarm *swarm, session_no session)
{
    return swarm->rows.sessions[session].leaves;
}

void swarm_forget_chosen(struct swarm *swarm)
{
    session_no first = 0;
    while (first < swarm->rows.session_count && !leaves(swarm, first)) {
        first++;
    }
    if (first == swarm->rows.session_count) {
        return;
    }
    swarm->rows.grave = swarm->rows.grave == NO_SESSION ? first : swarm->rows.grave;
    stats_forget_where(&swarm->stats, swarm, leaves);
    for (agent_no i = 0; i < swarm->rows.agent_count; i++) {
        if (leaves(swarm, swarm->rows.agents[i].session)) {
            swarm_forget_agent(swarm, i);
        }
    }
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        if (leaves(swarm, i)) {
            free_session(swarm, i);
        }
    }
    swarm->rows.forget_passes++;
    swarm->revision++;
}
