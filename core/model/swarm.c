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
    swarm->open.first = swarm->open.last = NO_SPAN;
    swarm->open.free = NO_INFLIGHT;
    swarm->rows.free_sessions = swarm->rows.grave = NO_SESSION;
    swarm->rows.free_processes = NO_PROCESS;
    swarm->rows.free_tracks = NO_TRACK;
    swarm->rows.free_agents = NO_AGENT;
    records_init(swarm);
    block_list_init(&swarm->lists.errors, sizeof(span_no));
    strbuf_init(&swarm->scratch, mem, 0);
    u64map_init(&swarm->rows.session_by_id, mem);
    u64map_init(&swarm->rows.process_by_pid, mem);
    u64map_init(&swarm->rows.track_by_tid, mem);
    u64map_init(&swarm->rows.agent_by_id, mem);
    u64map_init(&swarm->rows.group_by_id, mem);
    u64map_init(&swarm->open.async, mem);
    u64map_init(&swarm->open.progress_by_begin, mem);
    u64map_init(&swarm->open.swept_by_begin, mem);
    u64map_init(&swarm->open.orphans.by_begin, mem);
    for (int pool = 0; pool < POOLS; pool++) {
        size_t cap = config->max_events[pool];
        /* Below four, the half that goes would not outweigh the marker that comes. */
        swarm->pools[pool].max_events = cap > 0 && cap < 4 ? 4 : cap;
        swarm->pools[pool].store = event_store_new(mem);
    }
    if (swarm->pools[POOL_LIVE].store != NULL) {
        /* Records may be dropped before any event: the marker then has number 1. */
        event_store_number_from(swarm->pools[POOL_LIVE].store, 2);
    }
    swarm->prices = config->prices;
    swarm->names = intern_new(mem);
    if (!stats_init(&swarm->stats, mem) || swarm->pools[POOL_LIVE].store == NULL ||
        swarm->pools[POOL_FILES].store == NULL || swarm->names == NULL || !init_names(swarm)) {
        swarm_free(swarm);
        return NULL;
    }
    return swarm;
}

static void free_sessions(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        strbuf_release(&swarm->rows.sessions[i].session.extra);
        strbuf_release(&swarm->rows.sessions[i].session.metadata_extra);
        event_store_free(swarm->rows.sessions[i].metadata);
    }
    mem_free(swarm->mem, swarm->rows.sessions,
             swarm->rows.session_cap * sizeof *swarm->rows.sessions);
}

static void free_agents(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        lane_reset(swarm, &swarm->rows.agents[i]);
    }
    mem_free(swarm->mem, swarm->rows.agents, swarm->rows.agent_cap * sizeof *swarm->rows.agents);
}

static void free_spans(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->spans.chunk_count; i++) {
        mem_free(swarm->mem, swarm->spans.chunks[i],
                 swarm->spans.chunks[i] == NULL ? 0 : sizeof **swarm->spans.chunks);
    }
    mem_free(swarm->mem, swarm->spans.chunks, swarm->spans.chunk_cap * sizeof *swarm->spans.chunks);
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
    for (track_no i = 0; i < swarm->rows.track_count; i++) {
        span_pair_drop_index(swarm, i);
    }
    mem_free(mem, swarm->holders.items, swarm->holders.cap * sizeof *swarm->holders.items);
    mem_free(mem, swarm->lists.truncated.ns,
             swarm->lists.truncated.cap * sizeof *swarm->lists.truncated.ns);
    mem_free(mem, swarm->rows.processes, swarm->rows.process_cap * sizeof *swarm->rows.processes);
    mem_free(mem, swarm->rows.tracks, swarm->rows.track_cap * sizeof *swarm->rows.tracks);
    mem_free(mem, swarm->open.links, swarm->open.cap * sizeof *swarm->open.links);
    stats_release(&swarm->stats);
    mem_free(mem, swarm->lists.counters, swarm->lists.counter_cap * sizeof *swarm->lists.counters);
    mem_free(mem, swarm->lists.markers, swarm->lists.marker_cap * sizeof *swarm->lists.markers);
    block_list_release(&swarm->lists.errors, mem);
    u64map_release(&swarm->rows.session_by_id);
    u64map_release(&swarm->rows.process_by_pid);
    u64map_release(&swarm->rows.track_by_tid);
    u64map_release(&swarm->rows.agent_by_id);
    u64map_release(&swarm->rows.group_by_id);
    u64map_release(&swarm->open.async);
    event_store_free(swarm->pools[POOL_LIVE].store);
    event_store_free(swarm->pools[POOL_FILES].store);
    intern_free(swarm->names);
    mem_free(mem, swarm, sizeof *swarm);
}

struct marker *swarm_new_marker(struct swarm *swarm)
{
    if (!mem_reserve(swarm->mem, &swarm->lists.markers, &swarm->lists.marker_cap,
                     swarm->lists.marker_count + 1, sizeof *swarm->lists.markers)) {
        return NULL;
    }
    return &swarm->lists.markers[swarm->lists.marker_count++];
}

/* ---- reading ---- */

const struct mem *swarm_mem(const struct swarm *swarm)
{
    return swarm->mem;
}

const struct prices *swarm_prices(const struct swarm *swarm)
{
    return swarm->prices;
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

uint64_t swarm_structure(const struct swarm *swarm)
{
    return swarm->revision - swarm->work.revisions;
}

uint64_t swarm_row_changes(const struct swarm *swarm)
{
    return swarm->work.count;
}

agent_no swarm_changed_row(const struct swarm *swarm, uint64_t change)
{
    return swarm->work.last[change % ROW_CHANGES_KEPT];
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
    return swarm->rows.agent_count;
}

const struct agent *swarm_agent(const struct swarm *swarm, agent_no agent)
{
    return &swarm->rows.agents[agent];
}

size_t swarm_track_count(const struct swarm *swarm)
{
    return swarm->rows.track_count;
}

const struct track *swarm_get_track(const struct swarm *swarm, track_no track)
{
    return &swarm->rows.tracks[track].track;
}

struct strbuf *swarm_scratch(const struct swarm *swarm)
{
    return &((struct swarm *)(uintptr_t)swarm)->scratch;
}

struct slice swarm_span_args(const struct swarm *swarm, const struct span *span)
{
    const struct event_store *store =
        swarm->pools[swarm->rows.sessions[swarm->rows.agents[span->agent].session].session.pool]
            .store;
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
    return swarm->lists.counter_count;
}

const struct counter_sample *swarm_counter(const struct swarm *swarm, size_t index)
{
    return &swarm->lists.counters[index];
}

size_t swarm_marker_count(const struct swarm *swarm)
{
    return swarm->lists.marker_count;
}

const struct marker *swarm_marker(const struct swarm *swarm, size_t index)
{
    return &swarm->lists.markers[index];
}

size_t swarm_error_count(const struct swarm *swarm)
{
    return swarm->lists.errors.count;
}

span_no swarm_error(const struct swarm *swarm, size_t index)
{
    return spans_at(&swarm->lists.errors, index);
}

bool swarm_event(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                 struct event *out)
{
    if (!event_store_get(swarm->pools[pool].store, number, out)) {
        return false;
    }
    track_no folds_to = swarm->rows.tracks[out->track].folds_to;
    out->track = folds_to != NO_TRACK ? folds_to : out->track;
    return true;
}

const struct event_store *swarm_store(const struct swarm *swarm, enum swarm_pool pool)
{
    return swarm->pools[pool].store;
}

span_no swarm_event_span(const struct swarm *swarm, enum swarm_pool pool, uint64_t event_number)
{
    span_no no = event_store_span(swarm->pools[pool].store, event_number);
    return no != NO_SPAN && swarm_span(swarm, no) != NULL ? no : NO_SPAN; /* else it is gone */
}

uint64_t swarm_dropped(const struct swarm *swarm, enum swarm_pool pool)
{
    return swarm->pools[pool].dropped;
}

int64_t swarm_event_ns(const struct swarm *swarm, const struct event *event)
{
    session_no session = swarm->rows.tracks[event->track].track.session;
    return time_ns_add(swarm->rows.sessions[session].session.origin_ns, event_ns(event));
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
