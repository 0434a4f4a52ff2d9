/* The moments of the records in a document: when each begins and ends among the others. Private
   to the document. */
#ifndef CORE_EXPORT_DOCUMENT_RECORDS_H
#define CORE_EXPORT_DOCUMENT_RECORDS_H

#include "core/model/record_moments.h"

struct document_records {
    const struct mem *mem;
    struct record_moments moments;     /* in the order of the document */
    uint32_t *begin_ranks, *end_ranks; /* by record: places in moments; NULL: no records */
    size_t rank_count;
    uint64_t *before; /* by rank: the number of the live event that the moment is written before */
    bool lost_as_pairs; /* a span whose begin was dropped is written as B and E, not as X */
};

/* False: out of memory; release it all the same. */
bool document_records_init(struct document_records *records, const struct swarm *swarm);
void document_records_release(struct document_records *records);
/* Whether the begin of the span was dropped, and its end has come. */
static inline bool span_has_lost_begin(const struct span *span)
{
    return (span->flags & (SPAN_LOST_BEGIN | SPAN_OPEN)) == SPAN_LOST_BEGIN;
}

/* Whether the document has the span as one event (X). */
static inline bool document_is_complete(const struct document_records *records,
                                        const struct span *span)
{
    return span->begin_no == span->end_no || (span_has_lost_begin(span) && !records->lost_as_pairs);
}

/* Returns the place of the span's begin or end in the document: a number that grows from event to
   event, records among them. Among equal times spans begin in this order. An event has one
   place. */
uint64_t document_begin_place(const struct document_records *records, const struct span *span);
uint64_t document_end_place(const struct document_records *records, const struct span *span);

#endif
