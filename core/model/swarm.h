/* The model of a swarm: sessions, agents, the events in memory, and all that follows from events
   and records (tracks, spans, lanes, markers). This header has what reads it. Events enter by
   swarm_edit.h, records by record.h. Derived values follow from these alone, by one path, so a
   live feed and its exported file give the same picture. Nothing here reads a clock.

   Absolute times are nanoseconds since the Unix epoch (int64). Times of events are microseconds
   from the session's origin (double), as in the trace.

   Every function that returns bool returns false if out of memory. The model is then still
   valid, but the addition may be missing. Numbers of spans are never used twice. Those of sessions,
   agents and tracks are, once a cap made the model forget theirs: a keeper of a session or an agent
   keeps its serial number too, which no other one ever has. Pointers to structs are borrowed until
   the next call that changes the model. */
#ifndef CORE_SWARM_H
#define CORE_SWARM_H

#include "core/base/block_list.h"
#include "core/model/span.h"
#include "core/trace/event_store.h"

enum swarm_pool {
    POOL_LIVE, /* feeds and the like: one cap over all of them */
    POOL_FILES /* traces that were opened */
};

struct prices;
struct swarm_config {
    size_t max_events[2];        /* by pool; 0: none */
    const struct prices *prices; /* for estimates of costs, borrowed; NULL: no estimates */
};

enum session_flag {
    SESSION_AGENTS = 1,         /* rows are agents (pids); else rows are threads */
    SESSION_HAS_START = 2,      /* start_ns is wall-clock time; else times count from 0 */
    SESSION_ENDED = 4,          /* ended by end_session, and nothing came since */
    SESSION_FINISHED = 8,       /* its source has come to its end: now is the clock */
    SESSION_DISCONNECTED = 16,  /* its sender has gone and may come back */
    SESSION_FOLDS = 32,         /* of a swarmtop document: extra lanes fold back to their thread */
    SESSION_FOLDS_BY_NAME = 64, /* of version 1: a thread `NAME · n` is a lane of NAME */
    SESSION_OF_WALL = 128,      /* its times are of this machine's wall clock: see ahead_ns */
    SESSION_THREADS = 256,      /* rows stay threads, whatever its events contain */
    SESSION_NOT_LIVE = 512,     /* only telemetry reports it, which comes when a call has ended */
    SESSION_REQUESTS = 1024 /* a source reports its requests, though a cap may have dropped them */
};

/* Texts that describe a session, named as on the feed and in the document. */
enum session_text { SESSION_CLIENT, SESSION_CWD, SESSION_BRANCH, SESSION_HOST, SESSION_TEXTS };
extern const char *const session_text_keys[SESSION_TEXTS];

struct session {
    intern_id id, name, source;
    intern_id texts[SESSION_TEXTS]; /* INTERN_NONE: not reported */
    int64_t pid;                    /* of its process on this machine; 0: unknown */
    double cost_usd;                /* its cost, as its source reports it; 0: unknown */
    int64_t start_ns;               /* its beginning */
    int64_t origin_ns;       /* the time of ts 0; not start_ns in a document of several sessions */
    int64_t clock_ns;        /* the greatest time so far */
    int64_t clock_set_ns;    /* local time of the last change of clock_ns; see swarm_session_now */
    int64_t ahead_ns;        /* SESSION_OF_WALL: the wall clock is so far ahead of the local one */
    uint32_t document;       /* sessions of one document have the same number; 0 in the live pool */
    uint8_t pool;            /* enum swarm_pool */
    uint16_t flags;          /* enum session_flag */
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
    AGENT_GROUP = 8,        /* a row for a parent id that no agent has */
    AGENT_DEAD = 16,        /* no longer a row (its number is used again once it is forgotten) */
    AGENT_UNKNOWN = 64,     /* nobody can see whether its process lives */
    AGENT_PRINTED = 32,     /* the document prints its metadata events from this struct */
    /* Rows of sessions without agents. A process has no spans, its threads are below it. */
    AGENT_PROCESS = 128,   /* with AGENT_GROUP: its instants that belong to no thread, counters */
    AGENT_ASYNC = 256,     /* with AGENT_GROUP: the async spans of a process */
    AGENT_THREAD = 512,    /* of a thread: its spans lie below those that enclose them */
    AGENT_UNSETTLED = 1024 /* its spans came in an order that lanes do not show: swarm_arrange */
};

struct lane_index;

struct lane {
    struct block_list spans; /* by start, then by appearance; no phases and no interactions */
    int64_t last_end_ns;
    span_no open;             /* the open span that occupies it, NO_SPAN: none */
    bool overlaps;            /* the limit of lanes was reached: its spans overlap */
    struct lane_index *index; /* made by the first query; NULL: not made yet */
};

struct agent {
    session_no session;
    uint64_t serial;    /* that of no other agent, before or after; 0: forgotten */
    intern_id agent_id; /* INTERN_NONE: unknown (a trace without metadata.swarmtop) */
    intern_id name;
    intern_id parent_id;               /* the parent's agent_id; INTERN_NONE: none */
    intern_id description;             /* of its task, if a source reports it */
    intern_id pid, tid;                /* raw JSON of its process id and of its first thread id */
    track_no own_track, process_track; /* AGENT_PRINTED: of its events, of those that name it */
    int64_t pid_number;                /* 0 if pid is no number */
    int64_t sort_index;                /* process_sort_index, else INT64_MAX; of threads 0 */
    agent_no process_row;              /* of a thread's row: its process's; NO_AGENT: none */
    uint16_t flags;                    /* enum agent_flag */
    struct lane *lanes;
    size_t lane_count, lane_cap;
    size_t busy_lanes;                   /* so many, from the first on, have an open span */
    struct block_list envelopes;         /* its interactions, by start */
    uint64_t earlier_turns;              /* its interactions before the part that was kept */
    int64_t first_ns, last_ns;           /* of its spans and instants; first > last: none */
    int64_t mark_first_ns, mark_last_ns; /* of its instants alone */
    uint32_t open_by_kind[SPAN_KINDS];   /* open spans, swept ones (SPAN_STALE) not counted */
    uint32_t stale_open;                 /* swept spans without an end by their owner */
    span_no first_phase, last_phase;     /* phases without a request yet; NO_SPAN: none */
    span_no last_ended;                  /* the request or tool that ended last, NO_SPAN: none */
    int64_t idle_since_ns;               /* when its last open span ended */
};

/* The span at a place of a lane or of an agent's interactions. */
static inline span_no spans_at(const struct block_list *spans, size_t place)
{
    return *(const span_no *)block_list_at(spans, place);
}

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
    agent_no agent; /* its process's row */
};

/* An instant. */
struct marker {
    int64_t at_ns;
    uint64_t event; /* its number in its session's pool's store */
    session_no session;
    track_no track;
    agent_no agent; /* its row; NO_AGENT: none */
    intern_id name, cat;
    bool truncated; /* trace_truncated */
};

struct swarm;

/* Returns new; NULL: out of memory. `mem` is borrowed as long as the swarm lives. */
struct swarm *swarm_new(const struct mem *mem, const struct swarm_config *config);
void swarm_free(struct swarm *swarm);
const struct mem *swarm_mem(const struct swarm *swarm);
/* Returns the config's. */
const struct prices *swarm_prices(const struct swarm *swarm);
struct intern *swarm_names(struct swarm *swarm);
/* Returns the text of a name; never NULL. */
const char *swarm_text(const struct swarm *swarm, intern_id id);
/* The same with its length: the text may contain a NUL. */
struct slice swarm_text_slice(const struct swarm *swarm, intern_id id);
/* Grows with every change of the model. */
uint64_t swarm_revision(const struct swarm *swarm);

/* Grows with every change of the revision that is not one of work: of spans, of progress, of times.
   While it stays the same, so do the rows, what orders and names them, and all of the sessions but
   their times. All that is not known to be work counts here, so a change that nobody thought of
   costs a keeper some time and never makes it wrong. */
uint64_t swarm_structure(const struct swarm *swarm);
/* Returns how many times the work of a row changed: its spans, or whether it lives; of which row a
   change was, from 0: the last ROW_CHANGES_KEPT are known. The progress of open requests is not
   among them. */
enum { ROW_CHANGES_KEPT = 4096 };
uint64_t swarm_row_changes(const struct swarm *swarm);
agent_no swarm_changed_row(const struct swarm *swarm, uint64_t change);

/* How many nodes corrections have touched since the start: spans read again, entries of lanes that
   were moved, buckets summed up again. For tests and measurements. */
uint64_t swarm_touched(const struct swarm *swarm);

/* ---- sessions ---- */

/* Returns the session of that id in the live pool; NO_SESSION: unknown, or held. */
session_no swarm_find_session(const struct swarm *swarm, const char *id, size_t len);
/* The same, held ones too. */
session_no swarm_session_of(const struct swarm *swarm, intern_id id);
size_t swarm_session_count(const struct swarm *swarm); /* dropped ones included */
/* NULL: dropped, or held. */
const struct session *swarm_session(const struct swarm *swarm, session_no session);
/* Returns a number that no other session has, before or after; 0: the session was forgotten. */
uint64_t swarm_session_serial(const struct swarm *swarm, session_no session);
/* The kinds of things that a cap makes the model forget; a marker has the numbers. */
enum forgotten_kind {
    FORGOTTEN_SESSIONS,
    FORGOTTEN_AGENTS,
    FORGOTTEN_THREADS,
    FORGOTTEN_METADATA,
    FORGOTTEN_OPEN_SPANS,
    FORGOTTEN_ATTEMPTS,
    FORGOTTEN_ALIASES,
    FORGOTTEN_KINDS
};
struct forgotten_row {
    const char *key;   /* in the marker */
    const char *noun;  /* for people */
    const char *limit; /* which one was reached, for people */
};
extern const struct forgotten_row swarm_forgotten_rows[FORGOTTEN_KINDS];
uint64_t swarm_forgotten(const struct swarm *swarm, enum forgotten_kind kind);
/* How many spans of operations, or of raw events that were dropped, may be open at once;
   SIZE_MAX: no cap. */
size_t swarm_most_open(const struct swarm *swarm);
/* Grows when tracks or agents were forgotten: their numbers may become others'. */
uint64_t swarm_forget_passes(const struct swarm *swarm);
/* Returns the session's now: its clock plus the time since, or the wall clock; the clock itself if
   the session has ended or is finished. */
int64_t swarm_session_now(const struct swarm *swarm, session_no session, int64_t local_ns);
/* The same for ages: also after its end the session's time passes, until its source is finished. */
int64_t swarm_session_present(const struct swarm *swarm, session_no session, int64_t local_ns);

/* ---- progress of open requests ---- */

struct request_progress {
    uint64_t begin_no;      /* its begin event */
    int64_t first_token_ns; /* INT64_MIN: not yet */
    double output_tokens;   /* so far; NAN: unknown */
    int64_t progress_ns;    /* the time of output_tokens */
    uint32_t attempt;       /* the last reported; 0: none */
    uint32_t retries;       /* attempts beyond the first, the announced one too */
    uint32_t max_attempts;  /* 0: unknown */
    int64_t attempt_ns;     /* the time of that report */
    int64_t retry_at_ns;    /* the start of the next attempt; INT64_MIN: not reported */
    intern_id error;        /* the reason; INTERN_NONE: not reported */
};
/* Returns the progress of the open request with that begin event of the live pool; NULL: none. */
const struct request_progress *request_progress_get(const struct swarm *swarm, uint64_t begin_no);

/* ---- agents, spans, events ---- */

size_t swarm_agent_count(const struct swarm *swarm); /* AGENT_DEAD ones included */
const struct agent *swarm_agent(const struct swarm *swarm, agent_no agent);
size_t swarm_track_count(const struct swarm *swarm);
const struct track *swarm_get_track(const struct swarm *swarm, track_no track);
/* NULL: gone. */
const struct span *swarm_span(const struct swarm *swarm, span_no span);
/* The same, but NULL for the number of a span that was joined into another: a walk over all numbers
   meets each span once. */
const struct span *swarm_own_span(const struct swarm *swarm, span_no span);
/* Returns how many times an ended span was corrected under its number; which one the correction
   was about, from 0: the last CORRECTIONS_KEPT are known. */
enum { CORRECTIONS_KEPT = 64 };
uint64_t swarm_corrections(const struct swarm *swarm);
span_no swarm_corrected(const struct swarm *swarm, uint64_t correction);
/* Announces that the span will be read soon: a walk over a lane does so SPANS_AHEAD spans before,
   since they lie apart in memory. Any number will do. */
enum { SPANS_AHEAD = 8 };
void swarm_will_read_span(const struct swarm *swarm, span_no span);
/* Returns one past the greatest span number; the smallest number that may still exist. */
span_no swarm_span_end(const struct swarm *swarm);
span_no swarm_span_begin(const struct swarm *swarm);
/* Steps through the spans in flight, open or swept (SPAN_STALE), phases included, in order of
   appearance: the first, then the one after `span`. NO_SPAN: no more. */
span_no swarm_first_in_flight(const struct swarm *swarm);
span_no swarm_next_in_flight(const struct swarm *swarm, span_no span);
/* Returns the end of the span's bar. It is the session's now (at least the span's start) while
   the span is in flight; else its end, or the end that the owner of a swept span set. */
int64_t swarm_span_end_ns(const struct swarm *swarm, const struct span *span, int64_t local_ns);
/* Returns a buffer for printing a record (print.h). It is no part of the model's content. */
struct strbuf *swarm_scratch(const struct swarm *swarm);
/* Returns the args of a span made of events: those of its end, else of its begin. Bytes NULL: no
   args. Borrowed as from event_store_get. print_span_args does so for any span. */
struct slice swarm_span_args(const struct swarm *swarm, const struct span *span);
size_t swarm_marker_count(const struct swarm *swarm);
const struct marker *swarm_marker(const struct swarm *swarm,
                                  size_t index); /* in order of appearance */
/* The events of counters, in order of appearance. */
size_t swarm_counter_count(const struct swarm *swarm);
const struct counter_sample *swarm_counter(const struct swarm *swarm, size_t index);
/* The failed spans (success: false) without phases, in order of their ends. */
size_t swarm_error_count(const struct swarm *swarm);
span_no swarm_error(const struct swarm *swarm, size_t index);
/* Sets *out to the event of that number, on its folded track if a lane was folded. False: no
   such number any more. Slices are borrowed as from event_store_get. */
bool swarm_event(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                 struct event *out);
const struct event_store *swarm_store(const struct swarm *swarm, enum swarm_pool pool);
/* Sets the part of the time that was kept of the session (swarm_keep_range): all of it, from
   INT64_MIN to INT64_MAX, unless one was asked for. Spans that cross its ends are whole. */
void swarm_kept_range(const struct swarm *swarm, session_no session, int64_t *from_ns,
                      int64_t *to_ns);
/* Sets *out to a metadata event of the session, in order of appearance; `index` <
   metadata_count. False: no such event. */
bool swarm_metadata(const struct swarm *swarm, session_no session, uint64_t index,
                    struct event *out);
/* Returns the span that the event made, began or ended; NO_SPAN: none. */
span_no swarm_event_span(const struct swarm *swarm, enum swarm_pool pool, uint64_t event_number);
/* Returns the event's absolute time; that of its end, if it has a duration. */
int64_t swarm_event_ns(const struct swarm *swarm, const struct event *event);
int64_t swarm_event_end_ns(const struct swarm *swarm, const struct event *event);
/* Counts the events and records of the pool against its cap. */
uint64_t swarm_counted(const struct swarm *swarm, enum swarm_pool pool);
/* Returns the number of events that the pool has dropped since the start, without markers. */
uint64_t swarm_dropped(const struct swarm *swarm, enum swarm_pool pool);

#endif
