/* The spans of an agent in the order in which they begin in the document. Private to it. */
#ifndef CORE_DOCUMENT_ORDER_H
#define CORE_DOCUMENT_ORDER_H

#include "core/export/document_records.h"

/* The rest of a list of spans that is sorted by start. */
struct span_list {
    const struct block_list *spans;
    size_t next;
};

struct span_order {
    const struct swarm *swarm;
    const struct document_records *records;
    struct span_list *lists;
    size_t list_count, list_cap;
    span_no *phases; /* of the requests that came, in order, the next last */
    size_t phase_count, phase_cap;
};

void span_order_init(struct span_order *order, const struct swarm *swarm,
                     const struct document_records *records);
void span_order_release(struct span_order *order);
/* Begins with the first span of the agent. False: out of memory. */
bool span_order_begin(struct span_order *order, const struct agent *agent);
/* The next span; a request's phases come after it, among the others, and so do phases whose request
   is not known. Async spans are no part of a thread's stack and left out. *no is NO_SPAN when there
   are no more. False: out of memory. */
bool span_order_next(struct span_order *order, span_no *no);

/* Its end in the trace; INT64_MAX: it has none. */
static inline int64_t span_traced_end_ns(const struct span *span)
{
    return (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
}

#endif
