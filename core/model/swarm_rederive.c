/* Derives again all that follows from the events and records of a pool, or of one session. So
   after an eviction the model equals that of the exported file. Open spans whose begin was
   dropped stay in flight: orphan_open.c has copies of them. Spans of records keep their numbers. */
#include "core/model/swarm_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- sessions that turn out to be agents' ---- */

static void drop_row(struct swarm *swarm, agent_no *row)
{
    if (*row != NO_AGENT) {
        swarm->rows.agents[*row].flags |= AGENT_DEAD;
    }
    *row = NO_AGENT;
}

/* The rows of its threads and processes go; its agents, if there are any, are `dead` or not. */
static void drop_rows(struct swarm *swarm, session_no session, bool dead)
{
    struct process *process;
    uint32_t at = swarm->rows.sessions[session].first_process;
    for (; at != NO_PROCESS; at = process->next_in_session) {
        process = &swarm->rows.processes[at];
        for (track_no i = process->first_track; i != NO_TRACK;
             i = swarm->rows.tracks[i].next_in_process) {
            drop_row(swarm, &swarm->rows.tracks[i].track.agent);
        }
        drop_row(swarm, &process->row);
        drop_row(swarm, &process->async_row);
        if (process->agent != NO_AGENT) {
            uint16_t flags = swarm->rows.agents[process->agent].flags;
            swarm->rows.agents[process->agent].flags =
                (uint16_t)(dead ? flags | AGENT_DEAD : flags & ~AGENT_DEAD);
        }
    }
}

static bool reapply_metadata(struct swarm *swarm, session_no session)
{
    struct event_store *store = swarm->rows.sessions[session].metadata;
    struct event event;
    for (uint64_t no = 1; no < event_store_end(store); no++) {
        if (event_store_get(store, no, &event) && !swarm_apply_metadata(swarm, &event)) {
            return false;
        }
    }
    return true;
}

bool swarm_set_agents(struct swarm *swarm, session_no session)
{
    if ((swarm->rows.sessions[session].session.flags & SESSION_AGENTS) != 0) {
        return true;
    }
    swarm->rows.sessions[session].session.flags |= SESSION_AGENTS;
    swarm->revision++;
    drop_rows(swarm, session, false);
    return reapply_metadata(swarm, session);
}

static void drop_groups(struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        struct agent *agent = &swarm->rows.agents[i];
        if (agent->session == session && (agent->flags & AGENT_GROUP) != 0) {
            agent->flags |= AGENT_DEAD;
        }
    }
}

void swarm_set_threads(struct swarm *swarm, session_no session)
{
    struct session *of = &swarm->rows.sessions[session].session;
    if ((of->flags & SESSION_AGENTS) != 0) {
        drop_rows(swarm, session, true);
        drop_groups(swarm, session);
    }
    of->flags = (uint16_t)((of->flags | SESSION_THREADS) & ~SESSION_AGENTS);
    swarm->revision++;
}

/* ---- all of them again ---- */

static bool concerns(const struct swarm *swarm, session_no session, enum swarm_pool pool,
                     session_no only)
{
    return only == NO_SESSION ? swarm->rows.sessions[session].session.pool == pool
                              : session == only;
}

bool swarm_rederive_keep_open(struct swarm *swarm, enum swarm_pool pool, uint64_t before)
{
    for (span_no no = swarm->open.first; no != NO_SPAN; no = swarm_next_in_flight(swarm, no)) {
        const struct span *span = swarm_edit_span(swarm, no);
        if (concerns(swarm, swarm->rows.agents[span->agent].session, pool, NO_SESSION) &&
            (span->flags & (SPAN_OPEN | SPAN_LOST_BEGIN | SPAN_ASYNC)) == SPAN_OPEN &&
            span->begin_no < before && !span_is_record(span) && !span_is_phase(span->kind) &&
            !orphan_open_add(swarm, span, swarm_span_args(swarm, span))) {
            return false;
        }
    }
    return true;
}

static void reset_agents(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        struct agent *agent = &swarm->rows.agents[i];
        if (concerns(swarm, agent->session, pool, only)) {
            lane_reset(swarm, agent);
            memset(agent->open_by_kind, 0, sizeof agent->open_by_kind);
            agent->stale_open = 0;
            agent->first_ns = agent->mark_first_ns = INT64_MAX;
            agent->last_ns = agent->mark_last_ns = INT64_MIN;
            agent->first_phase = agent->last_phase = NO_SPAN;
            agent->last_ended = NO_SPAN;
            agent->idle_since_ns = INT64_MIN;
        }
    }
    for (size_t i = 0; i < swarm->rows.track_count; i++) {
        struct track_slot *slot = &swarm->rows.tracks[i];
        if (concerns(swarm, slot->track.session, pool, only)) {
            slot->track.open = NO_SPAN;
            slot->paired_ns = slot->orphan_ns = INT64_MIN;
            span_pair_drop_index(swarm, (track_no)i);
        }
    }
}

static bool is_live(const struct swarm *swarm, session_no session)
{
    return swarm->rows.sessions[session].session.pool == POOL_LIVE;
}

static bool is_of_files(const struct swarm *swarm, session_no session)
{
    return swarm->rows.sessions[session].session.pool == POOL_FILES;
}

/* All sessions together in one pass, for there may be many. */
static void reset_stats(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    if (only != NO_SESSION) {
        stats_forget(&swarm->stats, swarm, only);
    } else {
        stats_forget_where(&swarm->stats, swarm, pool == POOL_LIVE ? is_live : is_of_files);
    }
}

static void reset_sessions(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    reset_stats(swarm, pool, only);
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        if (concerns(swarm, (session_no)i, pool, only)) {
            swarm->rows.sessions[i].session.orphan_ends = 0;
            swarm->rows.sessions[i].session.dropped = 0;
            swarm->rows.sessions[i].async_orphan_ns = INT64_MIN;
            swarm->rows.sessions[i].unsorted |= swarm->rows.sessions[i].late;
            /* A drop concerns each session of the document, but only one session has the marker. */
            uint32_t document = swarm->rows.sessions[i].session.document;
            if (only == NO_SESSION && document < swarm->lists.truncated.count) {
                swarm->lists.truncated.ns[document] = INT64_MIN;
            }
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < swarm->lists.marker_count; i++) {
        if (!concerns(swarm, swarm->lists.markers[i].session, pool, only)) {
            swarm->lists.markers[kept++] = swarm->lists.markers[i];
        }
    }
    swarm->lists.marker_count = kept;
    kept = 0;
    for (size_t i = 0; i < swarm->lists.counter_count; i++) {
        if (!concerns(swarm, swarm->lists.counters[i].session, pool, only)) {
            swarm->lists.counters[kept++] = swarm->lists.counters[i];
        }
    }
    swarm->lists.counter_count = kept;
}

static void reset_spans(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    for (span_no no = swarm->spans.begin; no < swarm->spans.end; no++) {
        struct span *span = swarm_edit_span(swarm, no);
        if (span == NULL || !concerns(swarm, swarm->rows.agents[span->agent].session, pool, only)) {
            continue;
        }
        if (span_is_record(span) && !span_is_phase(span->kind)) {
            (void)swarm_set_in_flight(swarm, no, false);
            span->next_phase = NO_SPAN;
            swarm_record(swarm, (record_no)span->begin_no)->placed = false;
        } else {
            swarm_free_span(swarm, no);
        }
    }
    struct block_list *errors = &swarm->lists.errors;
    size_t kept = 0;
    for (size_t i = 0; i < errors->count; i++) {
        span_no no = spans_at(errors, i);
        const struct span *span = swarm_edit_span(swarm, no);
        if (span != NULL && !concerns(swarm, swarm->rows.agents[span->agent].session, pool, only)) {
            *(span_no *)block_list_at(errors, kept++) = no;
        }
    }
    block_list_remove(errors, swarm->mem, kept, errors->count - kept);
}

static bool put_back_orphans(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    const struct orphan_open *kept;
    for (size_t at = 0; (kept = orphan_open_next(swarm, &at)) != NULL;) {
        struct span span = kept->span;
        if (!concerns(swarm, swarm->rows.agents[span.agent].session, pool, only)) {
            continue;
        }
        span.next_phase = span.parent = NO_SPAN;
        if (!derive_open(swarm, &span)) {
            return false;
        }
    }
    return true;
}

/* Returns the number of the first event of the one session, or of all. */
static uint64_t first_of(const struct swarm *swarm, const struct event_store *store,
                         session_no only)
{
    uint64_t first = event_store_first(store);
    bool later = only != NO_SESSION && swarm->rows.sessions[only].first_event > first;
    return later ? swarm->rows.sessions[only].first_event : first;
}

/* The records' spans, placed in the order in which a document has them. */
static int by_begin(const void *a, const void *b, void *swarm)
{
    return record_compare_begins(swarm_record(swarm, *(const record_no *)a),
                                 swarm_record(swarm, *(const record_no *)b));
}

static bool put_back_records(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    size_t count = 0, cap = 0;
    record_no *records = NULL;
    bool good = true;
    if (pool != POOL_LIVE) {
        return true;
    }
    for (record_no no = swarm->records.oldest; no != NO_RECORD && good;
         no = swarm_record(swarm, no)->newer) {
        const struct record *record = swarm_record(swarm, no);
        if (record->span == NO_SPAN || !concerns(swarm, record->session, pool, only)) {
            continue;
        }
        good = mem_reserve(swarm->mem, &records, &cap, count + 1, sizeof *records);
        if (good) {
            records[count++] = no;
        }
    }
    if (good && count > 1) {
        qsort_r(records, count, sizeof *records, by_begin, swarm);
    }
    for (size_t i = 0; i < count && good; i++) {
        good = record_span_again(swarm, records[i]);
    }
    mem_free(swarm->mem, records, cap * sizeof *records);
    return good;
}

/* One pass over the events in memory. */
static bool derive_all(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    struct event_store *store = swarm->pools[pool].store;
    bool any_unsorted = false;
    reset_spans(swarm, pool, only);
    async_pair_tidy(swarm);
    reset_agents(swarm, pool, only);
    reset_sessions(swarm, pool, only);
    if (!put_back_orphans(swarm, pool, only)) {
        return false;
    }
    for (uint64_t no = first_of(swarm, store, only); no < event_store_end(store); no++) {
        struct event event;
        if (!swarm_event(swarm, pool, no, &event)) {
            continue;
        }
        session_no session = swarm->rows.tracks[event.track].track.session;
        if (!concerns(swarm, session, pool, only)) {
            continue;
        }
        if (swarm->rows.sessions[session].unsorted) {
            any_unsorted = true;
            swarm->rows.sessions[session].late = false;
        } else if (!derive_event(swarm, pool, no, &event)) {
            return false;
        }
    }
    if (any_unsorted && !late_events_derive(swarm, pool, only)) {
        return false;
    }
    return put_back_records(swarm, pool, only);
}

bool swarm_rederive_sessions(struct swarm *swarm, enum swarm_pool pool, session_no only)
{
    swarm->revision++;
    swarm->touched += swarm->spans.end - swarm->spans.begin;
    bool good = derive_all(swarm, pool, only);
    /* The missing part is derived with the next frame. */
    swarm->open.relane_due |= !good;
    return good;
}

bool swarm_relane(struct swarm *swarm)
{
    if (!swarm->open.relane_due) {
        return true;
    }
    swarm->open.relane_due = false;
    return swarm_rederive_sessions(swarm, POOL_LIVE, NO_SESSION) &&
           swarm_rederive_sessions(swarm, POOL_FILES, NO_SESSION);
}
