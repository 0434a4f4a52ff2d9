/* A record's events are written where a tracer that knew all in time would have written them: its begin
   at its start, its phases and its end at its end. (Not as one block: readers that pair by nesting
   want the ends of calls that end together from the inside out.) */
#include "core/export/document_records.h"

#include <stdlib.h>

static int64_t end_ns(const struct record *record)
{
    int64_t start_ns = record_ns(record->start_ms), at_ns = record_ns(record->end_ms);
    return at_ns > start_ns ? at_ns : start_ns;
}

static bool add_moments(struct document_records *records, const struct swarm *swarm,
                        record_no number)
{
    const struct record *record = swarm_record(swarm, number);
    bool open = record->state == RECORD_OPEN;
    int64_t from_ns = record_ns(record->start_ms), to_ns = open ? INT64_MAX : end_ns(record);
    if (!mem_reserve(records->mem, &records->moments, &records->cap, records->count + 2,
                     sizeof *records->moments)) {
        return false;
    }
    bool at_once = !open && to_ns == from_ns;
    records->moments[records->count++] = (struct record_moment){from_ns, number, true, at_once};
    if (!open && !at_once) {
        records->moments[records->count++] = (struct record_moment){to_ns, number, false, true};
    }
    return true;
}

/* Of one time: what ends before what begins. */
static int in_order(const void *a, const void *b, void *ctx)
{
    const struct record_moment *x = a, *y = b;
    const struct swarm *swarm = ctx;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    if (x->begins != y->begins) {
        return x->begins ? 1 : -1;
    }
    const struct record *of_x = swarm_record(swarm, x->record);
    const struct record *of_y = swarm_record(swarm, y->record);
    return x->begins ? record_compare_begins(of_x, of_y) : record_compare_ends(of_x, of_y);
}

bool document_records_init(struct document_records *records, const struct swarm *swarm)
{
    *records = (struct document_records){.mem = swarm_mem(swarm)};
    for (record_no no = swarm_record_oldest(swarm); no != NO_RECORD;
         no = swarm_record(swarm, no)->newer) {
        if (swarm_record(swarm, no)->span != NO_SPAN && !add_moments(records, swarm, no)) {
            return false;
        }
    }
    if (records->count == 0) {
        return true;
    }
    qsort_r(records->moments, records->count, sizeof *records->moments, in_order,
            (void *)(uintptr_t)swarm);
    records->rank_count = swarm_record_end(swarm);
    records->begin_ranks =
        mem_zalloc(records->mem, records->rank_count, sizeof *records->begin_ranks);
    records->end_ranks = mem_zalloc(records->mem, records->rank_count, sizeof *records->end_ranks);
    if (records->begin_ranks == NULL || records->end_ranks == NULL) {
        return false;
    }
    for (size_t i = 0; i < records->count; i++) {
        const struct record_moment *moment = &records->moments[i];
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
    mem_free(mem, records->moments, records->cap * sizeof *records->moments);
    mem_free(mem, records->begin_ranks,
             records->begin_ranks == NULL ? 0 : ranks * sizeof *records->begin_ranks);
    mem_free(mem, records->end_ranks,
             records->end_ranks == NULL ? 0 : ranks * sizeof *records->end_ranks);
}

/* A moment's rank, and behind it the place among the events that are written then. */
static uint64_t place(uint32_t rank, uint64_t within)
{
    return RECORD_BEGIN | (uint64_t)rank << 16 | within;
}

/* A phase is written just before the end of its request, at its place among the phases. */
static uint64_t phase_place(const struct document_records *records, uint64_t number)
{
    return place(records->end_ranks[(record_no)number], number >> 32 & 0xffff);
}

static bool is_ranked(const struct document_records *records, const struct span *span)
{
    return records != NULL && records->count > 0 && span_is_record(span);
}

uint64_t document_begin_place(const struct document_records *records, const struct span *span)
{
    if (!is_ranked(records, span)) {
        return span->begin_no;
    }
    return span_is_phase(span->kind) ? phase_place(records, span->begin_no)
                                     : place(records->begin_ranks[(record_no)span->begin_no], 0);
}

uint64_t document_end_place(const struct document_records *records, const struct span *span)
{
    if (!is_ranked(records, span) || (span->flags & SPAN_OPEN) != 0) {
        return span->end_no;
    }
    return span_is_phase(span->kind) ? phase_place(records, span->end_no)
                                     : place(records->end_ranks[(record_no)span->end_no], 0xffff);
}
