/* Arrows from the calls that started sub-agents to these, and back, for other viewers: pairs of
   flow events (s and f with `bp: "e"` of the Trace Event Format). Private to the document.

   One leads from the begin of a call to the first call of its sub-agent, and one from the end of
   the sub-agent's last call to the end of the call. There is no arrow where an end of it is not in
   the document, or is not known: a begin that was dropped, a call that the sweep or the end of its
   session closed, a sub-agent that works on. */
#ifndef CORE_DOCUMENT_FLOWS_H
#define CORE_DOCUMENT_FLOWS_H

#include "core/export/document.h"
#include "core/export/document_records.h"

/* A moment of an arrow is written after the begin of the span that it lies in: then readers that
   sort by time find the span open. */
enum flow_list { FLOW_MOMENTS, FLOW_LIVE, FLOW_FILES }; /* records, and events of each pool */

struct flow_moment {
    uint64_t key; /* the rank of the record's moment, or the number of the event */
    uint8_t list; /* enum flow_list */
    char ph;      /* s or f */
    bool back;
    span_no span;
    int64_t at_ns;
    uint64_t id;
};

struct document_flows {
    const struct mem *mem;
    struct flow_moment *moments; /* in order of their lists and keys */
    size_t count, cap;
    size_t next[3]; /* of each list, the first that is not written yet */
};

/* Finds the arrows. False: out of memory; release it all the same. */
bool document_flows_init(struct document_flows *flows, const struct swarm *swarm,
                         const struct document_options *options,
                         const struct document_records *records);
void document_flows_release(struct document_flows *flows);
/* The next moment that is written after the record's moment, or the event, of that key. NULL: none,
   or no more. */
const struct flow_moment *document_flows_next(struct document_flows *flows, enum flow_list list,
                                              uint64_t key);

#endif
