/* The moments of the records in a document: when each begins and ends among the others. Private to the
   document. */
#ifndef CORE_EXPORT_DOCUMENT_RECORDS_H
#define CORE_EXPORT_DOCUMENT_RECORDS_H

#include "core/model/record_moments.h"

struct document_records {
    const struct mem *mem;
    struct record_moments moments;     /* in the order of the document */
    uint32_t *begin_ranks, *end_ranks; /* by record: places in moments; NULL: no records */
    size_t rank_count;
};

/* False: out of memory; release it all the same. */
bool document_records_init(struct document_records *records, const struct swarm *swarm);
void document_records_release(struct document_records *records);
/* Where the span begins and ends in the document: the number of its event, or after all events the
   place of its record's moment. Two spans of equal times begin in this order. `records` NULL: none. */
uint64_t document_begin_place(const struct document_records *records, const struct span *span);
uint64_t document_end_place(const struct document_records *records, const struct span *span);

#endif
