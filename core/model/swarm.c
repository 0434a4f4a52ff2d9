/* The model's own house-keeping: making and freeing it, and what is read from outside. */
#include "core/model/swarm_private.h"

#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

static bool init_names(struct swarm *swarm)
{
    const struct {
        intern_id *id;
        const char *text;
    } names[] = {
        {&swarm->known.process_name, "process_name"},
        {&swarm->known.thread_name, "thread_name"},
        {&swarm->known.parent_agent, "parent_agent"},
        {&swarm->known.process_sort_index, "process_sort_index"},
        {&swarm->known.thread_sort_index, "thread_sort_index"},
        {&swarm->known.process_labels, "process_labels"},
        {&swarm->known.trace_truncated, "trace_truncated"},
        {&swarm->known.metadata_cat, "__metadata"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *names[i].id = intern_put(swarm->names, names[i].text, strlen(names[i].text));
        if (*names[i].id == INTERN_FAILED) {
            return false;
        }
    }
    return true;
}

struct swarm *swarm_new(const struct mem *mem, const struct swarm_config *config)
{
    struct swarm *swarm = mem_zalloc(mem, 1, sizeof *swarm);
    if (swarm == NULL) {
        return NULL;
    }
    swarm->mem = mem;
    swarm->inflight_first = swarm->inflight_last = NO_SPAN;
    swarm->inflight_free = NO_INFLIGHT;
    swarm->free_sessions = swarm->grave = NO_SESSION;
    swarm->free_processes = NO_PROCESS;
    swarm->free_tracks = NO_TRACK;
    swarm->free_agents = NO_AGENT;
    records_init(swarm);
    strbuf_init(&swarm->scratch, mem, 0);
    u64map_init(&swarm->session_by_id, mem);
    u64map_init(&swarm->process_by_pid, mem);
    u64map_init(&swarm->track_by_tid, mem);
    u64map_init(&swarm->agent_by_id, mem);
    u64map_init(&swarm->group_by_id, mem);
    u64map_init(&swarm->async_open, mem);
    u64map_init(&swarm->progress_by_begin, mem);
    u64map_init(&swarm->swept_by_begin, mem);
    u64map_init(&swarm->orphans.by_begin, mem);
    for (int pool = 0; pool < POOLS; pool++) {
        size_t cap = config->max_events[pool];
        /* Below four, the half that goes would not outweigh the marker that comes. */
        swarm->max_events[pool] = cap > 0 && cap < 4 ? 4 : cap;
        swarm->stores[pool] = event_store_new(mem);
    }
    if (swarm->stores[POOL_LIVE] != NULL) {
        /* Records may be dropped before any event: the marker then has number 1. */
        event_store_number_from(swarm->stores[POOL_LIVE], 2);
    }
    swarm->names = intern_new(mem);
    if (!stats_init(&swarm->stats, mem) || swarm->stores[POOL_LIVE] == NULL ||
        swarm->stores[POOL_FILES] == NULL || swarm->names == NULL || !init_names(swarm)) {
        swarm_free(swarm);
        return NULL;
    }
    return swarm;
}

static void free_sessions(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->session_count; i++) {
        strbuf_release(&swarm->sessions[i].session.extra);
        strbuf_release(&swarm->sessions[i].session.metadata_extra);
        event_store_free(swarm->sessions[i].metadata);
    }
    mem_free(swarm->mem, swarm->sessions, swarm->session_cap * sizeof *swarm->sessions);
}

static void free_agents(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->agent_count; i++) {
        lane_reset(swarm, &swarm->agents[i]);
    }
    mem_free(swarm->mem, swarm->agents, swarm->agent_cap * sizeof *swarm->agents);
}

static void free_spans(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->chunk_count; i++) {
        mem_free(swarm->mem, swarm->chunks[i],
                 swarm->chunks[i] == NULL ? 0 : sizeof **swarm->chunks);
    }
    mem_free(swarm->mem, swarm->chunks, swarm->chunk_cap * sizeof *swarm->chunks);
}

void swarm_free(struct swarm *swarm)
{
    if (swarm == NULL) {
        return;
    }
    const struct mem *mem = swarm->mem;
    request_progress_release(swarm);
    swept_open_release(swarm);
    records_release(swarm);
    strbuf_release(&swarm->scratch);
    orphan_open_release(swarm);
    free_sessions(swarm);
    free_agents(swarm);
    free_spans(swarm);
    for (track_no i = 0; i < swarm->track_count; i++) {
        span_pair_drop_index(swarm, i);
    }
    mem_free(mem, swarm->truncated.ns, swarm->truncated.cap * sizeof *swarm->truncated.ns);
    mem_free(mem, swarm->processes, swarm->process_cap * sizeof *swarm->processes);
    mem_free(mem, swarm->tracks, swarm->track_cap * sizeof *swarm->tracks);
    mem_free(mem, swarm->inflight_links, swarm->inflight_cap * sizeof *swarm->inflight_links);
    stats_release(&swarm->stats);
    mem_free(mem, swarm->counters, swarm->counter_cap * sizeof *swarm->counters);
    mem_free(mem, swarm->markers, swarm->marker_cap * sizeof *swarm->markers);
    mem_free(mem, swarm->errors, swarm->error_cap * sizeof *swarm->errors);
    u64map_release(&swarm->session_by_id);
    u64map_release(&swarm->process_by_pid);
    u64map_release(&swarm->track_by_tid);
    u64map_release(&swarm->agent_by_id);
    u64map_release(&swarm->group_by_id);
    u64map_release(&swarm->async_open);
    event_store_free(swarm->stores[POOL_LIVE]);
    event_store_free(swarm->stores[POOL_FILES]);
    intern_free(swarm->names);
    mem_free(mem, swarm, sizeof *swarm);
}

struct marker *swarm_new_marker(struct swarm *swarm)
{
    if (!mem_reserve(swarm->mem, &swarm->markers, &swarm->marker_cap, swarm->marker_count + 1,
                     sizeof *swarm->markers)) {
        return NULL;
    }
    return &swarm->markers[swarm->marker_count++];
}

/* ---- reading ---- */

const struct mem *swarm_mem(const struct swarm *swarm)
{
    return swarm->mem;
}

struct intern *swarm_names(struct swarm *swarm)
{
    return swarm->names;
}

const char *swarm_text(const struct swarm *swarm, intern_id id)
{
    return intern_text(swarm->names, id, NULL);
}

struct slice swarm_text_slice(const struct swarm *swarm, intern_id id)
{
    struct slice text;
    text.bytes = intern_text(swarm->names, id, &text.len);
    return text;
}

uint64_t swarm_revision(const struct swarm *swarm)
{
    return swarm->revision;
}

uint64_t swarm_touched(const struct swarm *swarm)
{
    return swarm->touched;
}

void swarm_touch(struct swarm *swarm)
{
    swarm->revision++;
}

size_t swarm_agent_count(const struct swarm *swarm)
{
    return swarm->agent_count;
}

const struct agent *swarm_agent(const struct swarm *swarm, agent_no agent)
{
    return &swarm->agents[agent];
}

size_t swarm_track_count(const struct swarm *swarm)
{
    return swarm->track_count;
}

const struct track *swarm_get_track(const struct swarm *swarm, track_no track)
{
    return &swarm->tracks[track].track;
}

struct strbuf *swarm_scratch(const struct swarm *swarm)
{
    return &((struct swarm *)(uintptr_t)swarm)->scratch;
}

struct slice swarm_span_args(const struct swarm *swarm, const struct span *span)
{
    const struct event_store *store =
        swarm->stores[swarm->sessions[swarm->agents[span->agent].session].session.pool];
    struct event event;
    if ((span->flags & SPAN_OPEN) != 0 && (span->flags & SPAN_LOST_BEGIN) != 0) {
        /* Not from the store: the number of its begin event may be the marker's by now. */
        return orphan_open_args(swarm, span);
    }
    if (span->end_no != 0 && event_store_get(store, span->end_no, &event) && event.args.len > 0) {
        return event.args;
    }
    if (span->begin_no != 0 && event_store_get(store, span->begin_no, &event)) {
        return event.args;
    }
    return (struct slice){NULL, 0};
}

size_t swarm_counter_count(const struct swarm *swarm)
{
    return swarm->counter_count;
}

const struct counter_sample *swarm_counter(const struct swarm *swarm, size_t index)
{
    return &swarm->counters[index];
}

size_t swarm_marker_count(const struct swarm *swarm)
{
    return swarm->marker_count;
}

const struct marker *swarm_marker(const struct swarm *swarm, size_t index)
{
    return &swarm->markers[index];
}

size_t swarm_error_count(const struct swarm *swarm)
{
    return swarm->error_count;
}

span_no swarm_error(const struct swarm *swarm, size_t index)
{
    return swarm->errors[index];
}

bool swarm_event(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                 struct event *out)
{
    if (!event_store_get(swarm->stores[pool], number, out)) {
        return false;
    }
    track_no folds_to = swarm->tracks[out->track].folds_to;
    out->track = folds_to != NO_TRACK ? folds_to : out->track;
    return true;
}

const struct event_store *swarm_store(const struct swarm *swarm, enum swarm_pool pool)
{
    return swarm->stores[pool];
}

span_no swarm_event_span(const struct swarm *swarm, enum swarm_pool pool, uint64_t event_number)
{
    span_no no = event_store_span(swarm->stores[pool], event_number);
    return no != NO_SPAN && swarm_span(swarm, no) != NULL ? no : NO_SPAN; /* else it is gone */
}

uint64_t swarm_dropped(const struct swarm *swarm, enum swarm_pool pool)
{
    return swarm->dropped[pool];
}

int64_t swarm_event_ns(const struct swarm *swarm, const struct event *event)
{
    session_no session = swarm->tracks[event->track].track.session;
    return time_ns_add(swarm->sessions[session].session.origin_ns, event_ns(event));
}

int64_t swarm_event_end_ns(const struct swarm *swarm, const struct event *event)
{
    double dur_us = event->dur_us > 0 ? event->dur_us : 0;
    /* A sum of doubles this small keeps the fractions of a nanosecond, so that spans meet. */
    if (fabs(event->ts_us) < 0x1p40 && dur_us < 0x1p40) {
        struct event end = *event;
        end.ts_us += dur_us;
        return swarm_event_ns(swarm, &end);
    }
    return time_ns_add(swarm_event_ns(swarm, event), time_ns_from_us(dur_us));
}
