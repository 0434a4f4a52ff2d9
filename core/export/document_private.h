/* The parts of the document writer, shared by document*.c. No other room includes this. */
#ifndef CORE_DOCUMENT_PRIVATE_H
#define CORE_DOCUMENT_PRIVATE_H

#include "core/base/u64map.h"
#include "core/export/document.h"
#include "core/export/document_counts.h"
#include "core/export/document_flows.h"
#include "core/export/document_lanes.h"
#include "core/export/document_records.h"
#include "core/export/perfetto_trace.h"
#include "core/tracer/print.h"

/* A process that was written; its number in a document of several sessions is its place + 1. */
struct document_process {
    session_no session;
    intern_id pid; /* raw; INTERN_NONE: its events have none */
};

/* Numbers (of processes, of agents) in order of their sessions. */
struct by_session {
    uint32_t *numbers; /* of session 0, then of session 1 … */
    size_t *ends;      /* by session_no: the place after its last number */
    size_t count;
    bool good; /* false: out of memory */
};

/* A document while it is written. */
struct document {
    const struct swarm *swarm;
    const struct document_options *options;
    document_sink *sink;
    void *ctx;
    struct strbuf out;     /* bytes to pass to the sink */
    struct strbuf scratch; /* a text while it is put together */
    bool stopped;          /* the sink stopped the writing */
    bool no_memory;        /* besides what `out` and `scratch` know */
    bool many;             /* of several sessions */
    int64_t base_ns;       /* when its ts is 0 */
    session_no *sessions;
    size_t session_count, session_cap;
    struct document_process *processes; /* in order of appearance */
    size_t process_count, process_cap;
    struct u64map process_by_pid;   /* session << 32 | pid */
    struct u64map agent_by_process; /* the same: the agent; filled when first needed */
    bool knows_agents;              /* that it is filled */
    struct by_session printed;      /* agents whose metadata events are printed */
    size_t next_thread;             /* of the lanes' threads: the first that is not written yet */
    struct document_records records;
    struct document_lanes *lanes;    /* NULL: TRACKS_AGENT */
    struct document_flows flows;     /* empty: TRACKS_AGENT */
    struct document_counts counts;   /* the same */
    agent_no counted;                /* at whose process the counters stand; NO_AGENT: none */
    int64_t next_count_ns;           /* of the sample that is not written yet; INT64_MAX: none */
    int32_t counted_busy;            /* the agents with a call, as they were written last */
    struct event_texts *event_texts; /* document_event.c's */
    struct perfetto_trace *perfetto; /* gathers what is written; NULL: FORMAT_JSON */
    uint64_t event_count;            /* written in traceEvents */
};

/* Returns false if writing must stop: the sink stopped it, or out of memory. */
bool document_good(const struct document *doc);
/* Gives the sink what has gathered, where that is worth a call or `now`. */
void document_flush(struct document *doc, bool now);
/* Writes raw JSON as Perfetto reads it. Long text that needs no change goes to the sink at once. */
void document_put_raw(struct document *doc, const char *bytes, size_t len);
/* Returns whether document_put_raw would copy the bytes into the document's own buffer. */
bool document_copies_raw(const char *bytes, size_t len);
/* Its place in doc->processes; it is added when it is new. UINT32_MAX: out of memory. */
uint32_t document_process(struct document *doc, session_no session, intern_id pid);
/* The pid that the process has in this document. */
void document_put_pid(struct document *doc, session_no session, intern_id pid);
/* Appends raw JSON that is interned, as Perfetto reads it. */
void document_add_raw(const struct document *doc, struct strbuf *out, intern_id raw);
/* Writes a time in microseconds, with the digits of the nanoseconds. */
void document_put_us(struct document *doc, int64_t ns);
/* Writes the text in quotes. */
void document_put_text(struct document *doc, intern_id text);
/* Between two events. */
void document_begin_event(struct document *doc);
/* Whether the session is part of it. */
bool document_includes(const struct document *doc, session_no session);

/* Writes one event of document_event.c if its session is part of the document. `span` is the
   span whose lane it is on; NO_SPAN: its track's own thread. `args` replace the event's. */
void document_put_event(struct document *doc, const struct event *event, span_no span,
                        struct slice args);
/* Returns new; NULL: out of memory. */
struct event_texts *document_event_texts_new(const struct mem *mem);
void document_event_texts_free(const struct mem *mem, struct event_texts *texts);

/* document_added.c */
/* Writes the moments of arrows that come after the record's moment, or the event, of that key. */
void document_put_flows(struct document *doc, enum flow_list list, uint64_t key);
/* Finds the process of the counters; then their samples of before a time are written. */
void document_find_counted(struct document *doc);
void document_put_counts(struct document *doc, int64_t before_ns);

/* document_ids.c */
/* Writes the event's id, and its other members, after a comma each; nothing if it has none. */
void document_put_id(struct document *doc, const struct event *event);
void document_put_extra(struct document *doc, const struct event *event);

/* document_by_session.c */
/* Returns the session of a process or agent, NO_SESSION if it is on no list. */
typedef session_no session_of(const struct document *doc, uint32_t number);
/* Sorts the numbers below `count`. Returns new: by_session_release. */
struct by_session by_session_new(struct document *doc, uint32_t count, session_of *session);
/* Returns the place of the session's first number; `ends` has the place after its last. */
size_t by_session_begin(const struct by_session *list, session_no session);
void by_session_release(struct document *doc, struct by_session *list);

/* document_threads.c: the metadata events of the session. */
void document_put_session_metadata(struct document *doc, session_no session);

/* document_perfetto.c: the same in Perfetto's format. */
/* Adds an event, at a time of the document; `lane_tid` NULL: it is on its track's own thread. */
void document_add_perfetto(struct document *doc, const struct event *event, span_no span,
                           struct slice args, int64_t at_ns, const int64_t *lane_tid);
/* Names a thread (a name of no bytes: it keeps its own), and gives it its place. */
void document_add_perfetto_thread(struct document *doc, track_no track, const int64_t *lane_tid,
                                  struct slice name, uint32_t sort_index);
void document_add_perfetto_flow(struct document *doc, const struct flow_moment *moment);
/* Adds a sample of the document's own counters, unless it is as the one before. */
void document_add_perfetto_count(struct document *doc, session_no session, intern_id pid,
                                 int64_t at_ns, const char *name, const char *key, int32_t value);
/* document_packets.c: writes all that was added. */
void document_put_perfetto(struct document *doc);

/* document_metadata.c: `"metadata":{…}` and the other top-level members after it. */
void document_put_metadata(struct document *doc);

#endif
