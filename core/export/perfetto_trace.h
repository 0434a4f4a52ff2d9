/* A trace in Perfetto's own format (protobuf): tracks, and events on them. Events are kept until
   all are known, since packets are written in order of time, and the texts that they have in common
   before them. Private to the document, whose second form this is.

   Perfetto pairs begins and ends of a track as a stack, so each end that is written is one of the
   innermost open slice: an end of nothing is left out. */
#ifndef CORE_EXPORT_PERFETTO_TRACE_H
#define CORE_EXPORT_PERFETTO_TRACE_H

#include "core/base/intern.h"
#include "core/base/strbuf.h"
#include "core/base/u64map.h"
#include "core/trace/event.h"

/* The number (uuid) of a track; 0: the track of the whole trace. */
typedef uint32_t perfetto_track_no;

enum perfetto_track_kind { PERFETTO_PROCESS, PERFETTO_THREAD, PERFETTO_COUNTER };

struct perfetto_track {
    uint8_t kind;             /* enum perfetto_track_kind */
    bool named, sorted;       /* `name`, `sort_index` are set */
    perfetto_track_no parent; /* the process; 0: it is one */
    uint32_t number;          /* its pid or tid; 0: it has none yet */
    int32_t sort_index;
    intern_id name; /* of the trace's track_texts */
    double value;   /* of a counter: its last sample; NAN: none */
    size_t top;     /* while ends are found: its innermost open slice; SIZE_MAX: none */
};

enum perfetto_event_kind {
    PERFETTO_NONE, /* it is not written */
    PERFETTO_BEGIN,
    PERFETTO_END,
    PERFETTO_COMPLETE, /* a begin whose end is known: end_ns */
    PERFETTO_INSTANT,
    PERFETTO_COUNT,
    PERFETTO_LEGACY /* its phase is in its fields */
};

struct perfetto_event {
    int64_t at_ns, end_ns;
    size_t order; /* among those of its time */
    size_t below; /* while ends are found: the slice around it; SIZE_MAX: none */
    size_t field_at;
    uint32_t field_len; /* its fields in the trace's `fields`, but for type and track */
    perfetto_track_no track;
    span_no span;
    uint8_t kind; /* enum perfetto_event_kind */
};

/* An end of an arrow, at the begin or at the end of a span. */
struct perfetto_flow {
    uint64_t id;
    bool last;     /* the arrow ends there */
    uint32_t next; /* at the same place; U64MAP_NONE: none */
};

enum perfetto_texts {
    PERFETTO_CATEGORIES,
    PERFETTO_NAMES,
    PERFETTO_ARG_NAMES,
    PERFETTO_ARG_TEXTS,
    PERFETTO_TEXTS
};

struct perfetto_trace {
    const struct mem *mem;
    struct strbuf fields;
    struct perfetto_event *events;
    size_t event_count, event_cap;
    struct u64map begin_by_span; /* its place in `events` */
    struct perfetto_flow *flows;
    size_t flow_count, flow_cap;
    struct u64map flow_by_place;
    struct perfetto_track *tracks; /* number 1 is the first */
    size_t track_count, track_cap;
    struct intern *track_texts; /* names, and keys of threads and counters */
    struct u64map track_by_key; /* by the key's id */
    struct u64map numbers;      /* that are taken: track of the process << 32 | pid or tid */
    struct intern *texts[PERFETTO_TEXTS];
    struct strbuf key; /* a key or a text while it is put together */
    bool failed;       /* out of memory, besides what the buffers know */
};

/* Returns new; NULL: out of memory. */
struct perfetto_trace *perfetto_trace_new(const struct mem *mem);
void perfetto_trace_free(struct perfetto_trace *trace);
/* False: out of memory. */
bool perfetto_trace_good(const struct perfetto_trace *trace);

/* perfetto_tracks.c */
/* Returns the track of a key (bytes, unlike those of other tracks); it is made when it is new.
   `number` is the pid or tid that it should have. */
perfetto_track_no perfetto_track_of(struct perfetto_trace *trace, enum perfetto_track_kind kind,
                                    perfetto_track_no parent, struct slice key, int64_t number);
/* Gives numbers to processes and threads that could not have theirs. */
void perfetto_tracks_number(struct perfetto_trace *trace);
struct perfetto_track *perfetto_track(struct perfetto_trace *trace, perfetto_track_no number);
void perfetto_track_set_name(struct perfetto_trace *trace, perfetto_track_no number,
                             struct slice name);
/* Appends its TrackDescriptor's fields. */
void perfetto_track_describe(const struct perfetto_trace *trace, perfetto_track_no number,
                             struct strbuf *out);

/* perfetto_args.c */
/* Appends the members of a raw JSON object as debug annotations; any other value as one. */
void perfetto_put_args(struct perfetto_trace *trace, struct slice args);
/* The same for the end of a span, without what its begin has alike: readers join both. */
void perfetto_put_end_args(struct perfetto_trace *trace, span_no span, struct slice args);
/* Returns the number of the text, from 1. */
uint64_t perfetto_text_iid(struct perfetto_trace *trace, enum perfetto_texts kind,
                           struct slice text);

/* Adds an event whose fields were appended to `fields` since `field_at`. */
void perfetto_add_event(struct perfetto_trace *trace, const struct perfetto_event *event);
/* Adds an end of an arrow at the end of a span, or at its begin. */
void perfetto_add_flow(struct perfetto_trace *trace, span_no span, bool at_end, uint64_t id,
                       bool last);

/* perfetto_order.c: sorts the events as they are written, with the ends of complete ones. False:
   out of memory. */
bool perfetto_order(struct perfetto_trace *trace);
/* Appends the event as a packet; the trace's times are counted from `zero_ns`. */
void perfetto_put_event(const struct perfetto_trace *trace, const struct perfetto_event *event,
                        int64_t zero_ns, struct strbuf *out);

#endif
