/* The model's own house-keeping: making and freeing it, the table of spans, the list of those in
   flight, and what is read from outside.

   Spans live in chunks of 4,096, by number; a chunk goes when all its spans have gone, so a
   model that evicts stays as small as what it holds. */
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

/* ---- spans ---- */

struct span *swarm_edit_span(const struct swarm *swarm, span_no no)
{
    size_t chunk = no / SPANS_PER_CHUNK;
    if (no >= swarm->span_end || swarm->chunks[chunk] == NULL) {
        return NULL;
    }
    struct span *span = &swarm->chunks[chunk]->spans[no % SPANS_PER_CHUNK];
    return span->inflight == NO_SUCH_SPAN ? NULL : span;
}

/* A model with many spans will fill the chunk; the first one of a small model it will not. */
static struct span_chunk *new_chunk(struct swarm *swarm)
{
    struct span_chunk *chunk = mem_alloc(swarm->mem, sizeof *chunk);
    if (chunk != NULL) {
        chunk->used = 0;
        if (swarm->span_end > 0) {
            mem_will_fill(chunk, sizeof *chunk);
        }
    }
    return chunk;
}

span_no swarm_new_span(struct swarm *swarm, const struct span *span)
{
    size_t chunk = swarm->span_end / SPANS_PER_CHUNK;
    if (swarm->span_end == NO_SPAN - 1) {
        return NO_SPAN;
    }
    if (chunk == swarm->chunk_count) {
        if (!mem_reserve(swarm->mem, &swarm->chunks, &swarm->chunk_cap, chunk + 1,
                         sizeof *swarm->chunks)) {
            return NO_SPAN;
        }
        swarm->chunks[chunk] = new_chunk(swarm);
        if (swarm->chunks[chunk] == NULL) {
            return NO_SPAN;
        }
        swarm->chunk_count++;
    }
    struct span *made = &swarm->chunks[chunk]->spans[swarm->span_end % SPANS_PER_CHUNK];
    *made = *span;
    made->inflight = NO_INFLIGHT;
    swarm->chunks[chunk]->used++;
    return swarm->span_end++;
}

void swarm_free_span(struct swarm *swarm, span_no no)
{
    struct span *span = swarm_edit_span(swarm, no);
    if (span == NULL) {
        return;
    }
    (void)swarm_set_in_flight(swarm, no, false);
    span->inflight = NO_SUCH_SPAN;
    struct span_chunk **chunk = &swarm->chunks[no / SPANS_PER_CHUNK];
    bool full = swarm->span_end / SPANS_PER_CHUNK > no / SPANS_PER_CHUNK;
    if (--(*chunk)->used == 0 && full) {
        mem_free(swarm->mem, *chunk, sizeof **chunk);
        *chunk = NULL;
    }
    while (swarm->span_begin < swarm->span_end &&
           swarm_edit_span(swarm, swarm->span_begin) == NULL) {
        swarm->span_begin++;
    }
}

/* ---- in flight ---- */

struct inflight_link *swarm_inflight_link(const struct swarm *swarm, span_no span)
{
    return &swarm->inflight_links[swarm_edit_span(swarm, span)->inflight];
}

static uint32_t new_inflight(struct swarm *swarm)
{
    uint32_t place = swarm->inflight_free;
    if (place != NO_INFLIGHT) {
        swarm->inflight_free = swarm->inflight_links[place].next;
        return place;
    }
    if (!mem_reserve(swarm->mem, &swarm->inflight_links, &swarm->inflight_cap,
                     swarm->inflight_count + 1, sizeof *swarm->inflight_links)) {
        return NO_INFLIGHT;
    }
    return (uint32_t)swarm->inflight_count++;
}

static bool link_inflight(struct swarm *swarm, struct span *span, span_no no)
{
    uint32_t place = new_inflight(swarm);
    if (place == NO_INFLIGHT) {
        return false;
    }
    span->inflight = place;
    swarm->inflight_links[place] = (struct inflight_link){
        .span = no,
        .outer = NO_SPAN,
        .inner = NO_SPAN,
        .prev = swarm->inflight_last,
        .next = NO_SPAN,
    };
    if (swarm->inflight_last != NO_SPAN) {
        swarm_inflight_link(swarm, swarm->inflight_last)->next = no;
    } else {
        swarm->inflight_first = no;
    }
    swarm->inflight_last = no;
    return true;
}

static void unlink_inflight(struct swarm *swarm, struct span *span)
{
    struct inflight_link *link = &swarm->inflight_links[span->inflight];
    if (link->prev != NO_SPAN) {
        swarm_inflight_link(swarm, link->prev)->next = link->next;
    } else {
        swarm->inflight_first = link->next;
    }
    if (link->next != NO_SPAN) {
        swarm_inflight_link(swarm, link->next)->prev = link->prev;
    } else {
        swarm->inflight_last = link->prev;
    }
    link->next = swarm->inflight_free;
    swarm->inflight_free = span->inflight;
    span->inflight = NO_INFLIGHT;
}

bool swarm_set_in_flight(struct swarm *swarm, span_no no, bool in_flight)
{
    struct span *span = swarm_edit_span(swarm, no);
    if (span == NULL || (span->inflight != NO_INFLIGHT) == in_flight) {
        return true;
    }
    if (in_flight) {
        return link_inflight(swarm, span, no);
    }
    unlink_inflight(swarm, span);
    return true;
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

const struct span *swarm_span(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    while (span == NULL && swarm->forwards.count > 0 &&
           (no = u64map_get(&swarm->forwards, no)) != U64MAP_NONE) {
        span = swarm_edit_span(swarm, no);
    }
    return span;
}

void swarm_will_read_span(const struct swarm *swarm, span_no no)
{
    size_t chunk = no / SPANS_PER_CHUNK;
    if (no < swarm->span_end && swarm->chunks[chunk] != NULL) {
        __builtin_prefetch(&swarm->chunks[chunk]->spans[no % SPANS_PER_CHUNK]);
    }
}

span_no swarm_span_end(const struct swarm *swarm)
{
    return swarm->span_end;
}

span_no swarm_span_begin(const struct swarm *swarm)
{
    return swarm->span_begin;
}

span_no swarm_first_in_flight(const struct swarm *swarm)
{
    return swarm->inflight_first;
}

span_no swarm_next_in_flight(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span == NULL || span->inflight == NO_INFLIGHT
               ? NO_SPAN
               : swarm->inflight_links[span->inflight].next;
}

int64_t swarm_span_end_ns(const struct swarm *swarm, const struct span *span, int64_t local_ns)
{
    if ((span->flags & (SPAN_OPEN | SPAN_STALE)) != 0) {
        int64_t now = swarm_session_now(swarm, swarm->agents[span->agent].session, local_ns);
        return now > span->start_ns ? now : span->start_ns;
    }
    if ((span->flags & SPAN_EVICTED) != 0 && swarm->swept_count > 0) {
        const struct swept_open *swept = swept_open_find(swarm, span->begin_no);
        if (swept != NULL && swept->end_ns != INT64_MIN) {
            return swept->end_ns;
        }
    }
    return span->end_ns;
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
