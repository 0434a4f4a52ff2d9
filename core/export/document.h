/* Writes the swarm as a Chrome Trace document: {"traceEvents": […], "metadata": {…}} (the seed's
   buildTraceDocument, plus metadata.swarmtop). It is written in pieces, without a copy of the
   events. Or the same tracks, slices, args, arrows and counters as a trace in Perfetto's own format
   (protobuf), for viewers alone: nothing here reads that. */
#ifndef CORE_DOCUMENT_H
#define CORE_DOCUMENT_H

#include "core/model/swarm.h"

enum document_tracks {
    TRACKS_LANE, /* overlapping spans on threads of their own */
    TRACKS_AGENT /* every span on its agent's one thread, as the seed writes it */
};

enum document_format {
    FORMAT_JSON,
    FORMAT_PERFETTO /* its packets are in memory until all are known; always TRACKS_LANE */
};

struct document_options {
    enum document_tracks tracks;
    session_no only;        /* that session alone (--split); NO_SESSION: all */
    int64_t from_ns, to_ns; /* only events from and to, INT64_MIN and INT64_MAX: all */
    enum document_format format;
};

/* Whether any part of the span lies between from_ns and to_ns: then both its events are in the
   document. */
bool document_range_holds(const struct document_options *options, const struct span *span);

/* The same for an event of no span. */
bool document_range_has(const struct document_options *options, int64_t at_ns);

/* Takes the next bytes; false: stop, writing fails. */
typedef bool document_sink(void *ctx, const char *bytes, size_t len);

/* Returns false if the sink stops it or out of memory (sets *no_memory, which may be NULL). */
bool document_write(const struct swarm *swarm, const struct document_options *options,
                    document_sink *sink, void *ctx, bool *no_memory);

#endif
