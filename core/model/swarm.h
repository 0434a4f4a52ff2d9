/* The model of a swarm: sessions, their agents, the events in memory, and what follows from the events (tracks, spans,
   lanes, markers). One door in: swarm_append. What is derived is derived from the appended events alone, by one path, so a
   live feed and its exported file give the same picture. Nothing here reads a clock.

   Times are nanoseconds since the Unix epoch (int64) where they are absolute and microseconds from the session's origin
   (double, as in the trace) where they are an event's.

   Every function that returns bool returns false for lack of memory; the model is then still whole, and what was to be
   added may be missing. Numbers (session_no …) are never used twice. Pointers to structs are borrowed until the next call
   that changes the model. */
#ifndef CORE_SWARM_H
#define CORE_SWARM_H

#include "core/model/span.h"
#include "core/trace/event_store.h"

enum swarm_pool {
    POOL_LIVE, /* feeds and the like: one cap over all of them */
    POOL_FILES /* traces that were opened */
};

struct swarm_config {
    size_t max_events[2]; /* by pool; 0: none */
};

enum session_flag {
    SESSION_AGENTS = 1,        /* rows are agents (pids); else rows are threads */
    SESSION_HAS_START = 2,     /* start_ns is wall-clock time; else times count from 0 */
    SESSION_ENDED = 4,         /* said so (end_session), and nothing came since */
    SESSION_FINISHED = 8,      /* its source has come to its end: now is the clock */
    SESSION_DISCONNECTED = 16, /* its sender has gone and may come back */
    SESSION_FOLDS = 32, /* of a document that we wrote: further lanes fold back to their thread */
    SESSION_FOLDS_BY_NAME = 64 /* of version 1: a thread `NAME · n` is a lane of NAME */
};

struct session {
    intern_id id, name, source;
    int64_t pid;      /* of its process on this machine; 0: unknown */
    double cost_usd;  /* what it has cost, as its source states it; 0: nobody has said */
    int64_t start_ns; /* its beginning */
    int64_t
        origin_ns;    /* when its events' ts is 0; start_ns but in a document of several sessions */
    int64_t clock_ns; /* the greatest time so far */
    int64_t
        clock_set_ns; /* when, on the local clock, clock_ns was set; now = clock_ns + (local - clock_set_ns) */
    uint32_t document;       /* sessions of one document have the same number; 0 in the live pool */
    uint8_t pool, flags;     /* enum swarm_pool, enum session_flag */
    uint32_t registrations;  /* the seed's agent_count */
    uint64_t metadata_count; /* its metadata events */
    uint64_t event_count;    /* its other events in memory */
    uint64_t orphan_ends;    /* ends that closed nothing */
    uint64_t dropped; /* events that its producer or its pool dropped (trace_truncated markers) */
    struct strbuf extra;          /* a document's other top-level members, raw, comma-separated */
    struct strbuf metadata_extra; /* the members of its `metadata` that are not ours, the same */
};

enum agent_flag {
    AGENT_MAIN = 1,         /* the session's main agent */
    AGENT_UNREGISTERED = 2, /* it has ended: done */
    AGENT_GONE = 4,         /* its process died */
    AGENT_GROUP = 8,        /* no agent of its own: a row for a parent id that nobody has */
    AGENT_DEAD = 16,        /* no longer a row (numbers are not reused) */
    AGENT_PRINTED = 32      /* its metadata events are printed from what is known of it */
};

struct lane_index;

struct lane {
    span_no *spans; /* by start, then by appearance; phases and interactions are not in lanes */
    size_t count, cap;
    span_no open; /* the open span that occupies it, NO_SPAN: none */
    int64_t last_end_ns;
    bool overlaps;            /* there were more than there may be lanes: its spans overlap */
    struct lane_index *index; /* made by who asks; NULL: nobody has yet */
};

struct agent {
    session_no session;
    intern_id agent_id; /* INTERN_NONE: unknown (a trace without metadata.swarmtop) */
    intern_id name;
    intern_id parent_id;               /* the parent's agent_id; INTERN_NONE: none */
    intern_id description;             /* of what it was told to do, where a source knows */
    intern_id pid, tid;                /* raw JSON of its process id and of its first thread id */
    track_no own_track, process_track; /* AGENT_PRINTED: of its events, of those that name it */
    int64_t pid_number;                /* where it is a number, else 0 */
    int64_t sort_index;                /* process_sort_index, else INT64_MAX */
    uint8_t flags;                     /* enum agent_flag */
    struct lane *lanes;
    size_t lane_count, lane_cap;
    span_no *envelopes; /* its interactions, by start */
    size_t envelope_count, envelope_cap;
    int64_t first_ns, last_ns;           /* of its spans and instants; first > last: none */
    int64_t mark_first_ns, mark_last_ns; /* of its instants alone */
    uint32_t open_by_kind[SPAN_KINDS];   /* open spans, swept ones (SPAN_STALE) not counted */
    uint32_t stale_open;                 /* swept spans whose owner has not ended them */
    span_no first_phase, last_phase;     /* phases that no request has claimed yet; NO_SPAN: none */
    span_no last_ended;                  /* the request or tool that ended last, NO_SPAN: none */
    int64_t idle_since_ns;               /* when its last open span ended */
};

struct track {
    session_no session;
    intern_id pid, tid; /* raw JSON; INTERN_NONE: absent */
    agent_no agent;
    span_no open; /* its innermost open span, NO_SPAN: none */
};

/* A counter's event. */
struct counter_sample {
    int64_t at_ns;
    uint64_t event; /* its number in its session's pool's store */
    session_no session;
};

/* An instant. */
struct marker {
    int64_t at_ns;
    uint64_t event; /* its number in its session's pool's store */
    session_no session;
    track_no track;
    intern_id name, cat;
    bool truncated; /* trace_truncated */
};

struct swarm;

/* Returns new; NULL: out of memory. `mem` is borrowed as long as the swarm lives. */
struct swarm *swarm_new(const struct mem *mem, const struct swarm_config *config);
void swarm_free(struct swarm *swarm);
const struct mem *swarm_mem(const struct swarm *swarm);
struct intern *swarm_names(struct swarm *swarm);
/* The text of a name; never NULL. */
const char *swarm_text(const struct swarm *swarm, intern_id id);
/* The same with its length: there may be a NUL inside. */
struct slice swarm_text_slice(const struct swarm *swarm, intern_id id);
/* Grows with every change of the model. */
uint64_t swarm_revision(const struct swarm *swarm);

/* How many nodes corrections have touched since the start: spans looked at again, entries of lanes
   that were moved, buckets summed up again. It grows with each correction, for tests and measurements. */
uint64_t swarm_touched(const struct swarm *swarm);

/* ---- sessions ---- */

struct session_info {
    const char *id; /* WTF-8 */
    size_t id_len;
    const char *source; /* for people: "unix:/run/…", a file's path */
    enum swarm_pool pool;
    uint32_t document;
    bool agents; /* known to be agents' (operations); else found out from the events */
    bool has_start;
    int64_t start_ns;
};

bool swarm_open_session(struct swarm *swarm, const struct session_info *info, session_no *out);
/* The session of that id in the live pool; NO_SESSION: none. */
session_no swarm_find_session(const struct swarm *swarm, const char *id, size_t len);
size_t swarm_session_count(const struct swarm *swarm); /* dropped ones included */
/* NULL: dropped. */
const struct session *swarm_session(const struct swarm *swarm, session_no session);
/* To set name, source, flags, clock, start, origin, extras; the caller then calls swarm_touch. */
struct session *swarm_session_edit(struct swarm *swarm, session_no session);
void swarm_touch(struct swarm *swarm);
/* A number for a new document (session_info.document). */
uint32_t swarm_new_document(struct swarm *swarm);
/* Forgets the sessions of a document with all their events. */
bool swarm_drop_document(struct swarm *swarm, uint32_t document);
/* The session turned out to be another: its agents are no rows any more. */
void swarm_hide_session(struct swarm *swarm, session_no session);
/* Drops the oldest where the live pool has reached its cap. False: out of memory. */
bool swarm_check_cap(struct swarm *swarm);
/* Moves the clock of the session forward to `t_ns`, which arrived at `local_ns`; back it does not go. */
void swarm_set_clock(struct swarm *swarm, session_no session, int64_t t_ns, int64_t local_ns);
/* What is drawn as now for the session: its clock plus the time since; the clock where it is finished. */
int64_t swarm_session_now(const struct swarm *swarm, session_no session, int64_t local_ns);

/* ---- events: the door in ---- */

/* The track of the raw pid and tid (JSON values; type JSON_TYPE_NONE: absent). NO_TRACK: out of memory. */
track_no swarm_track(struct swarm *swarm, session_no session, struct json_value pid,
                     struct json_value tid);
/* Appends the event, which is copied; derives what follows; drops the oldest half when the cap is reached. *event_number (may be
   NULL) is its number in the store; for metadata events, which are kept apart, 0. */
bool swarm_append(struct swarm *swarm, const struct event *event, uint64_t *event_number);
/* Appends the events of a segment (made with the swarm's memory), one after the other, and takes it over. Names and tracks in it are
   numbers of their maker, from 1; `names` and `tracks` say by them what they are in the model ([0]: none). All tracks are of sessions of
   the pool. */
bool swarm_append_segment_take(struct swarm *swarm, enum swarm_pool pool,
                               struct event_segment *segment, const intern_id *names,
                               const track_no *tracks);
/* The same for an event as it was read, into that session. */
bool swarm_append_raw(struct swarm *swarm, session_no session, const struct raw_event *raw);
/* The session is known to be agents'. Call swarm_rederive_document where it has events already. */
bool swarm_set_agents(struct swarm *swarm, session_no session);
/* Says who the agent of a process is; called after the metadata events that make the process known, or before. */
struct agent_identity {
    int64_t pid;
    const char *agent_id, *parent_id, *name, *description; /* NULL: not said */
    size_t agent_id_len, parent_id_len, name_len, description_len;
    bool main;
};
bool swarm_identify(struct swarm *swarm, session_no session, const struct agent_identity *who);
/* The process of the tracks (its thread's own, and that of the process) is an agent that updates made: it has no metadata events, and the document
   writes those that name it. */
bool swarm_print_agent(struct swarm *swarm, track_no track, track_no process_track, intern_id name);
/* The agent that the track belongs to; made where there is none. NO_AGENT: out of memory. */
agent_no swarm_track_agent(struct swarm *swarm, track_no track);
/* Sets and clears flags of the agent of a process. */
void swarm_flag_agent(struct swarm *swarm, session_no session, int64_t pid, uint8_t set,
                      uint8_t clear);
/* Moves the process of one session of a document to another session of it (a document of several sessions says at its end which
   is whose); one that is not there yet is made in the other session. *moved is set where something moved, else left: call
   swarm_rederive_document then, after the last. */
bool swarm_move_process(struct swarm *swarm, session_no from, int64_t pid, session_no to,
                        bool *moved);
/* Gives the metadata events of moved processes to their sessions. (swarm_rederive_document does so too.) */
bool swarm_settle_document(struct swarm *swarm, uint32_t document);
bool swarm_has_process(const struct swarm *swarm, session_no session, int64_t pid);
/* After swarm_move_process: derives the sessions of the document again. */
bool swarm_rederive_document(struct swarm *swarm, uint32_t document);
/* The ts of an opened document's session count from another time than was thought. *moved is set where
   that changes anything, else left: call swarm_rederive_document then. */
void swarm_set_origin(struct swarm *swarm, session_no session, int64_t origin_ns, bool *moved);
/* In a document that we wrote, events of further lanes go back to their agent's thread: to the one that
   the lane's thread_name names in `lane_of`, or, in a document of version 1, `by_name`, from `NAME · n`
   to NAME. *folded is set where some did, else left: call swarm_rederive_document then. With
   SESSION_FOLDS they go there as they come. */
bool swarm_fold_lanes(struct swarm *swarm, uint32_t document, bool by_name, bool *folded);
/* Forgets what was derived from the events in memory of a pool, and derives it again. */
bool swarm_rederive(struct swarm *swarm, enum swarm_pool pool);

/* The same of one session. */
bool swarm_rederive_session(struct swarm *swarm, session_no session);

/* Drops the events of the pool that lie wholly outside of [from, to] (a span's events together); sessions' clocks go back to what is left. With
   `last` unset more is to come: open spans stay. Events get other numbers: not for sessions that a tracer still writes to. */
bool swarm_keep_range(struct swarm *swarm, enum swarm_pool pool, int64_t from_ns, int64_t to_ns,
                      bool last);

/* Makes the lanes of all spans those of a re-opened document. They may differ after the end of a span whose begin had been dropped; rows on
   the screen need not move for that, so this is done at the end alone (tracer_close_all). */
bool swarm_relane(struct swarm *swarm);

/* ---- what a live request says while it runs (tracer.h); appends nothing ---- */

struct live_request {
    uint64_t begin_no;      /* its begin event */
    int64_t first_token_ns; /* INT64_MIN: not yet */
    double output_tokens;   /* so far; NAN: unknown */
    int64_t progress_ns;    /* when output_tokens was said */
    uint32_t attempt;       /* the last that was said; 0: none */
    uint32_t max_attempts;  /* 0: unknown */
    int64_t attempt_ns;     /* when it was said */
    int64_t retry_at_ns;    /* when the next attempt begins, INT64_MIN: not said */
    intern_id error;        /* why, INTERN_NONE: not said */
};
/* The record of the open request that began with that event of the live pool; NULL: none. */
const struct live_request *swarm_live_request(const struct swarm *swarm, uint64_t begin_no);
/* The same, made when there is none. NULL: out of memory. */
struct live_request *swarm_live_request_edit(struct swarm *swarm, uint64_t begin_no);
void swarm_live_request_drop(struct swarm *swarm, uint64_t begin_no);
/* The stale sweep is about to close in the trace the open span of that begin event (its E with `evicted` comes next). On the
   screen it stays in flight, marked stale, until its owner ends it. */
bool swarm_mark_swept(struct swarm *swarm, uint64_t begin_no);
/* The owner ended a swept span; INT64_MIN: it never will, and the trace's end holds. */
void swarm_end_swept(struct swarm *swarm, uint64_t begin_no, int64_t end_ns);

/* ---- reading ---- */

size_t swarm_agent_count(const struct swarm *swarm); /* AGENT_DEAD ones included */
const struct agent *swarm_agent(const struct swarm *swarm, agent_no agent);
size_t swarm_track_count(const struct swarm *swarm);
const struct track *swarm_get_track(const struct swarm *swarm, track_no track);
/* NULL: gone. */
const struct span *swarm_span(const struct swarm *swarm, span_no span);
/* One past the greatest span number so far; the smallest that may still be there. */
span_no swarm_span_end(const struct swarm *swarm);
span_no swarm_span_begin(const struct swarm *swarm);
/* All spans in flight, open or swept (SPAN_STALE), phases included, in order of appearance: the first, then the next after `span`. NO_SPAN: no
   more. */
span_no swarm_first_in_flight(const struct swarm *swarm);
span_no swarm_next_in_flight(const struct swarm *swarm, span_no span);
/* Where its bar ends on the screen: its end, its session's now while it is in flight (never before its start), what its owner said
   where it had been swept. */
int64_t swarm_span_end_ns(const struct swarm *swarm, const struct span *span, int64_t local_ns);
/* A buffer for what is printed of a record (print.h). It is no part of what the model is. */
struct strbuf *swarm_scratch(const struct swarm *swarm);
/* The args of a span that was made of events: its end's where it has them, else its begin's. Bytes
   NULL: none. Of any span: print_span_args. */
struct slice swarm_span_args(const struct swarm *swarm, const struct span *span);
size_t swarm_marker_count(const struct swarm *swarm);
const struct marker *swarm_marker(const struct swarm *swarm,
                                  size_t index); /* in order of appearance */
/* The events of counters, in order of appearance. */
size_t swarm_counter_count(const struct swarm *swarm);
const struct counter_sample *swarm_counter(const struct swarm *swarm, size_t index);
/* The spans that failed (success: false), phases not among them, in the order in which they were closed. */
size_t swarm_error_count(const struct swarm *swarm);
span_no swarm_error(const struct swarm *swarm, size_t index);
/* The event of that number, on the track that its events are read as: a lane of a document that we
   wrote is folded back. False: no such number (any more). Slices are borrowed until it is dropped. */
bool swarm_event(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                 struct event *out);
const struct event_store *swarm_store(const struct swarm *swarm, enum swarm_pool pool);
/* The metadata events of a session, in order of appearance; `index` below its metadata_count. False: no such. */
bool swarm_metadata(const struct swarm *swarm, session_no session, uint64_t index,
                    struct event *out);
/* The span that the event of that number made, began or ended; NO_SPAN: none. */
span_no swarm_event_span(const struct swarm *swarm, enum swarm_pool pool, uint64_t event_number);
/* An event's absolute time. */
int64_t swarm_event_ns(const struct swarm *swarm, const struct event *event);
/* Of one pool, since the start: events dropped, markers not counted. */
uint64_t swarm_dropped(const struct swarm *swarm, enum swarm_pool pool);

#endif
