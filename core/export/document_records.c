/* The places of spans in a document. Moments of records are merged into the live events by time.
   The place of a moment is its rank and the number of events before it, that of an event its number
   and the number of moments before it. */
#include "core/export/document_records.h"

#include <math.h>

/* If there is an X, Perfetto takes the end of a B and E of no length for earlier than the begin. So
   such spans and X cannot be in one document, unless its events are so. */
static bool needs_pairs(const struct swarm *swarm)
{
    bool momentary = false;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span == NULL || (span->flags & (SPAN_OPEN | SPAN_ASYNC)) != 0) {
            continue;
        }
        if (span->begin_no == span->end_no) {
            return false;
        }
        momentary |= span->start_ns == span->end_ns && !span_has_lost_begin(span);
    }
    return momentary;
}

/* An event keeps its place: a moment comes before the first event that is later. */
static bool find_places(struct document_records *records, const struct swarm *swarm)
{
    const struct event_store *store = swarm_store(swarm, POOL_LIVE);
    uint64_t end = event_store_end(store);
    int64_t reached_ns = INT64_MIN;
    size_t next = 0, count = records->moments.count;
    records->before = mem_zalloc(records->mem, count, sizeof *records->before);
    if (records->before == NULL) {
        return false;
    }
    for (uint64_t no = event_store_first(store); no < end && next < count; no++) {
        struct event event;
        if (swarm_event(swarm, POOL_LIVE, no, &event) && !isnan(event.ts_us)) {
            int64_t at_ns =
                record_moments_written_ns(swarm, POOL_LIVE, no, swarm_event_ns(swarm, &event));
            reached_ns = at_ns > reached_ns ? at_ns : reached_ns;
        }
        while (next < count && records->moments.items[next].at_ns < reached_ns) {
            records->before[next++] = no;
        }
    }
    while (next < count) {
        records->before[next++] = end;
    }
    return true;
}

bool document_records_init(struct document_records *records, const struct swarm *swarm)
{
    *records = (struct document_records){.mem = swarm_mem(swarm)};
    bool dropped = swarm_dropped(swarm, POOL_LIVE) + swarm_dropped(swarm, POOL_FILES) > 0;
    records->lost_as_pairs = dropped && needs_pairs(swarm);
    if (!record_moments_init(&records->moments, swarm)) {
        return false;
    }
    if (records->moments.count == 0) {
        return true;
    }
    records->rank_count = swarm_record_end(swarm);
    records->begin_ranks =
        mem_zalloc(records->mem, records->rank_count, sizeof *records->begin_ranks);
    records->end_ranks = mem_zalloc(records->mem, records->rank_count, sizeof *records->end_ranks);
    if (records->begin_ranks == NULL || records->end_ranks == NULL ||
        !find_places(records, swarm)) {
        return false;
    }
    for (size_t i = 0; i < records->moments.count; i++) {
        const struct record_moment *moment = &records->moments.items[i];
        if (moment->begins) {
            records->begin_ranks[moment->record] = (uint32_t)i;
        }
        if (moment->ends) {
            records->end_ranks[moment->record] = (uint32_t)i;
        }
    }
    return true;
}

void document_records_release(struct document_records *records)
{
    const struct mem *mem = records->mem;
    size_t ranks = records->rank_count;
    mem_free(mem, records->before,
             records->before == NULL ? 0 : records->moments.count * sizeof *records->before);
    record_moments_release(&records->moments);
    mem_free(mem, records->begin_ranks,
             records->begin_ranks == NULL ? 0 : ranks * sizeof *records->begin_ranks);
    mem_free(mem, records->end_ranks,
             records->end_ranks == NULL ? 0 : ranks * sizeof *records->end_ranks);
}

/* Joins the index of an event or moment in the document and its index among what is written
   there. */
static uint64_t place(uint64_t index, uint64_t within)
{
    return index << 16 | within;
}

static uint64_t moment_place(const struct document_records *records, uint32_t rank, uint64_t within)
{
    return place(records->before[rank] + rank, within);
}

/* The number of moments that are written before the event. */
static size_t moments_before(const struct document_records *records, uint64_t event)
{
    size_t low = 0, high = records->moments.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (records->before[middle] <= event) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint64_t event_place(const struct document_records *records, uint64_t event)
{
    return place(event + moments_before(records, event), 0);
}

/* A phase is written just before the end of its request, at its place among the phases. */
static uint64_t phase_place(const struct document_records *records, uint64_t number)
{
    return moment_place(records, records->end_ranks[(record_no)number], number >> 32 & 0xffff);
}

uint64_t document_begin_place(const struct document_records *records, const struct span *span)
{
    if (!span_is_record(span)) {
        return event_place(records, span_has_lost_begin(span) ? span->end_no : span->begin_no);
    }
    return span_is_phase(span->kind)
               ? phase_place(records, span->begin_no)
               : moment_place(records, records->begin_ranks[(record_no)span->begin_no], 0);
}

uint64_t document_end_place(const struct document_records *records, const struct span *span)
{
    if ((span->flags & SPAN_OPEN) != 0) {
        return UINT64_MAX;
    }
    if (!span_is_record(span)) {
        return event_place(records, span->end_no);
    }
    return span_is_phase(span->kind)
               ? phase_place(records, span->end_no)
               : moment_place(records, records->end_ranks[(record_no)span->end_no], 0xffff);
}
