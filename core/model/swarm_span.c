/* The table of spans, and the list of those in flight. Spans live in chunks of 4,096, by number; a
   chunk goes when all its spans have gone, so a model that evicts stays as small as what it holds.
 */
#include "core/model/swarm_private.h"

struct span *swarm_edit_span(const struct swarm *swarm, span_no no)
{
    size_t chunk = no / SPANS_PER_CHUNK;
    if (no >= swarm->spans.end || swarm->spans.chunks[chunk] == NULL) {
        return NULL;
    }
    struct span *span = &swarm->spans.chunks[chunk]->spans[no % SPANS_PER_CHUNK];
    return span->inflight == NO_SUCH_SPAN ? NULL : span;
}

/* A model with many spans will fill the chunk; the first one of a small model it will not. */
static struct span_chunk *new_chunk(struct swarm *swarm)
{
    struct span_chunk *chunk = mem_alloc(swarm->mem, sizeof *chunk);
    if (chunk != NULL) {
        chunk->used = 0;
        if (swarm->spans.end > 0) {
            mem_will_fill(chunk, sizeof *chunk);
        }
    }
    return chunk;
}

span_no swarm_new_span(struct swarm *swarm, const struct span *span)
{
    size_t chunk = swarm->spans.end / SPANS_PER_CHUNK;
    if (swarm->spans.end == NO_SPAN - 1) {
        return NO_SPAN;
    }
    if (chunk == swarm->spans.chunk_count) {
        if (!mem_reserve(swarm->mem, &swarm->spans.chunks, &swarm->spans.chunk_cap, chunk + 1,
                         sizeof *swarm->spans.chunks)) {
            return NO_SPAN;
        }
        swarm->spans.chunks[chunk] = new_chunk(swarm);
        if (swarm->spans.chunks[chunk] == NULL) {
            return NO_SPAN;
        }
        swarm->spans.chunk_count++;
    }
    struct span *made = &swarm->spans.chunks[chunk]->spans[swarm->spans.end % SPANS_PER_CHUNK];
    *made = *span;
    made->inflight = NO_INFLIGHT;
    swarm->spans.chunks[chunk]->used++;
    return swarm->spans.end++;
}

void swarm_free_span(struct swarm *swarm, span_no no)
{
    struct span *span = swarm_edit_span(swarm, no);
    if (span == NULL) {
        return;
    }
    (void)swarm_set_in_flight(swarm, no, false);
    span->inflight = NO_SUCH_SPAN;
    struct span_chunk **chunk = &swarm->spans.chunks[no / SPANS_PER_CHUNK];
    bool full = swarm->spans.end / SPANS_PER_CHUNK > no / SPANS_PER_CHUNK;
    if (--(*chunk)->used == 0 && full) {
        mem_free(swarm->mem, *chunk, sizeof **chunk);
        *chunk = NULL;
    }
    while (swarm->spans.begin < swarm->spans.end &&
           swarm_edit_span(swarm, swarm->spans.begin) == NULL) {
        swarm->spans.begin++;
    }
}

/* ---- in flight ---- */

struct inflight_link *swarm_inflight_link(const struct swarm *swarm, span_no span)
{
    return &swarm->open.links[swarm_edit_span(swarm, span)->inflight];
}

static uint32_t new_inflight(struct swarm *swarm)
{
    uint32_t place = swarm->open.free;
    if (place != NO_INFLIGHT) {
        swarm->open.free = swarm->open.links[place].next;
        return place;
    }
    if (!mem_reserve(swarm->mem, &swarm->open.links, &swarm->open.cap, swarm->open.count + 1,
                     sizeof *swarm->open.links)) {
        return NO_INFLIGHT;
    }
    return (uint32_t)swarm->open.count++;
}

static bool link_inflight(struct swarm *swarm, struct span *span, span_no no)
{
    uint32_t place = new_inflight(swarm);
    if (place == NO_INFLIGHT) {
        return false;
    }
    span->inflight = place;
    swarm->open.links[place] = (struct inflight_link){
        .span = no,
        .outer = NO_SPAN,
        .inner = NO_SPAN,
        .prev = swarm->open.last,
        .next = NO_SPAN,
    };
    if (swarm->open.last != NO_SPAN) {
        swarm_inflight_link(swarm, swarm->open.last)->next = no;
    } else {
        swarm->open.first = no;
    }
    swarm->open.last = no;
    return true;
}

static void unlink_inflight(struct swarm *swarm, struct span *span)
{
    struct inflight_link *link = &swarm->open.links[span->inflight];
    if (link->prev != NO_SPAN) {
        swarm_inflight_link(swarm, link->prev)->next = link->next;
    } else {
        swarm->open.first = link->next;
    }
    if (link->next != NO_SPAN) {
        swarm_inflight_link(swarm, link->next)->prev = link->prev;
    } else {
        swarm->open.last = link->prev;
    }
    link->next = swarm->open.free;
    swarm->open.free = span->inflight;
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

/* ---- reading ---- */

const struct span *swarm_span(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    while (span == NULL && swarm->spans.forwards.count > 0 &&
           (no = u64map_get(&swarm->spans.forwards, no)) != U64MAP_NONE) {
        span = swarm_edit_span(swarm, no);
    }
    return span;
}

const struct span *swarm_own_span(const struct swarm *swarm, span_no no)
{
    return swarm_edit_span(swarm, no);
}

uint64_t swarm_corrections(const struct swarm *swarm)
{
    return swarm->corrected.count;
}

span_no swarm_corrected(const struct swarm *swarm, uint64_t correction)
{
    return swarm->corrected.last[correction % CORRECTIONS_KEPT];
}

void swarm_tidy_forwards(struct swarm *swarm)
{
    struct u64map *forwards = &swarm->spans.forwards, kept;
    bool good = true;
    u64map_init(&kept, swarm->mem);
    for (size_t i = 0; i < forwards->cap && good; i++) {
        if (forwards->values[i] != U64MAP_NONE && swarm_span(swarm, forwards->values[i]) != NULL) {
            good = u64map_put(&kept, forwards->keys[i], forwards->values[i]);
        }
    }
    u64map_release(good ? forwards : &kept);
    if (good) {
        *forwards = kept;
    }
}

void swarm_will_read_span(const struct swarm *swarm, span_no no)
{
    size_t chunk = no / SPANS_PER_CHUNK;
    if (no < swarm->spans.end && swarm->spans.chunks[chunk] != NULL) {
        __builtin_prefetch(&swarm->spans.chunks[chunk]->spans[no % SPANS_PER_CHUNK]);
    }
}

span_no swarm_span_end(const struct swarm *swarm)
{
    return swarm->spans.end;
}

span_no swarm_span_begin(const struct swarm *swarm)
{
    return swarm->spans.begin;
}

span_no swarm_first_in_flight(const struct swarm *swarm)
{
    return swarm->open.first;
}

span_no swarm_next_in_flight(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span == NULL || span->inflight == NO_INFLIGHT ? NO_SPAN
                                                         : swarm->open.links[span->inflight].next;
}

int64_t swarm_span_end_ns(const struct swarm *swarm, const struct span *span, int64_t local_ns)
{
    if ((span->flags & (SPAN_OPEN | SPAN_STALE)) != 0) {
        int64_t now = swarm_session_now(swarm, swarm->rows.agents[span->agent].session, local_ns);
        return now > span->start_ns ? now : span->start_ns;
    }
    if ((span->flags & SPAN_EVICTED) != 0 && swarm->open.swept_count > 0) {
        const struct swept_open *swept = swept_open_find(swarm, span->begin_no);
        if (swept != NULL && swept->end_ns != INT64_MIN) {
            return swept->end_ns;
        }
    }
    return span->end_ns;
}
