/* Where spans begin and end in a document: those of events by the number of their event, those of records
   after all events by the rank of their moment. */
#include "core/export/document_records.h"

bool document_records_init(struct document_records *records, const struct swarm *swarm)
{
    *records = (struct document_records){.mem = swarm_mem(swarm)};
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
    if (records->begin_ranks == NULL || records->end_ranks == NULL) {
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
    record_moments_release(&records->moments);
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
    return records != NULL && records->moments.count > 0 && span_is_record(span);
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
