/* Which thread of the exported trace each span is written on, so that on every thread spans
   nest: Perfetto pairs begins and ends of a thread as a stack, and parallel tools of one agent
   overlap. Private to the document. */
#ifndef CORE_DOCUMENT_LANES_H
#define CORE_DOCUMENT_LANES_H

#include "core/export/document_counts.h"
#include "core/export/document_records.h"

struct document_lanes;

/* A thread of a track that needs more than one. */
struct lane_thread {
    session_no session;
    track_no track;
    uint32_t lane;          /* 1: the track itself */
    uint32_t sort_index;    /* among the threads of its process, from 1 */
    int64_t tid;            /* of lanes after the first */
    struct json_value name; /* the track's thread_name; type JSON_TYPE_NONE: it has none */
};

/* Returns new lanes for the document's spans; NULL: out of memory. The counts take the same spans
   in the same walk, and are finished. */
struct document_lanes *document_lanes_new(const struct swarm *swarm,
                                          const struct document_options *options,
                                          const struct document_records *records,
                                          struct document_counts *counts);
void document_lanes_free(struct document_lanes *lanes);
/* The tid that the span's events are written with; false: they keep their own. */
bool document_lanes_tid(const struct document_lanes *lanes, span_no span, int64_t *tid);
/* The same for an end of the track that closes nothing. */
bool document_lanes_orphan_tid(const struct document_lanes *lanes, track_no track, int64_t *tid);
/* The threads of all tracks that need more than one: by session, then by track in order of
   appearance, then by lane. Borrowed. */
const struct lane_thread *document_lanes_threads(const struct document_lanes *lanes, size_t *count);

/* document_tids.c: fills in sort_index, tid and name of `threads`, which are in the order above.
   False: out of memory. */
bool document_number_threads(const struct swarm *swarm, struct lane_thread *threads, size_t count);

#endif
