/* The parts of the model, shared by the .c files of core/model. No other room includes this. */
#ifndef CORE_SWARM_PRIVATE_H
#define CORE_SWARM_PRIVATE_H

#include "core/base/u64map.h"
#include "core/model/record.h"
#include "core/model/stats.h"
#include "core/model/swarm_edit.h"

enum { SPANS_PER_CHUNK = 4096, MAX_LANES = 512, POOLS = 2, KIND_CACHE = 256 };

/* The links of a span in flight. Few spans are in flight, so a span has the index of its links. */
struct inflight_link {
    span_no span;
    span_no outer;      /* of an open span: the next open one of its track, outwards */
    span_no inner;      /* the next one inwards; both of an async span: of its id */
    uint32_t entry;     /* of an open span: its entry in its track's open_index, if that exists;
                           of an async one: the next open one of its id and name, outwards */
    span_no prev, next; /* the list of spans in flight, or of free places */
};

/* Values of span.inflight that are no index: */
#define NO_INFLIGHT  UINT32_MAX       /* not in flight */
#define NO_SUCH_SPAN (UINT32_MAX - 1) /* no span has this number any more */

/* Large blocks of malloc begin 16 bytes after a page: so each span is one line of the cache. */
struct span_chunk {
    char unused[48];
    struct span spans[SPANS_PER_CHUNK];
    uint32_t used;
};

/* A (session, pid). */
struct process {
    session_no session;
    intern_id pid;
    int64_t number;          /* of a numeric pid, else 0 */
    agent_no agent;          /* of a session of agents; NO_AGENT: not made yet */
    agent_no row, async_row; /* of another session; NO_AGENT: not made yet */
    intern_id name, labels;  /* from process_name, process_labels */
    int64_t sort_index;
    track_no first_track;                      /* of its tracks; NO_TRACK: none */
    uint32_t prev_in_session, next_in_session; /* NO_PROCESS: none */
};
#define NO_PROCESS UINT32_MAX

struct track_slot {
    struct track track;
    uint32_t process;
    intern_id name; /* from thread_name */
    int64_t sort_index;
    track_no prev_in_process, next_in_process; /* NO_TRACK: none */
    track_no folds_to;                         /* its events are this one's; NO_TRACK: its own */
    struct open_index *open_index;             /* span_pair.c's: of its open spans, NULL: none */
    int64_t paired_ns;  /* the greatest time of its begins and ends; INT64_MIN: none */
    int64_t orphan_ns;  /* the greatest time of its ends that closed nothing; INT64_MIN: none */
    uint64_t last_use;  /* the number of its last event, or that of the event to come then */
    uint32_t owned;     /* swarm_hold_track: so many spans of operations are open on it */
    bool names_process; /* a metadata event of its process is its */
};

struct session_slot {
    struct session session;
    struct event_store *metadata;
    uint32_t first_process;  /* NO_PROCESS: none */
    uint64_t first_event;    /* its first event's number in its pool's store, 0: none yet */
    int64_t async_orphan_ns; /* the greatest time of an async end that closed nothing */
    bool late;               /* late_events.c: derive it again, in order of time */
    bool unsorted;           /* it is derived in order of time */
    bool dropped;
    bool held;        /* swarm_hold_session: no time is known of it yet */
    bool forgettable; /* swarm_forget.c: when it is idle under a cap */
    bool leaves;      /* it is being forgotten */
    bool hidden;      /* it turned out to be another one, and will be forgotten */
    uint64_t serial;  /* no other session ever has it; 0: free */
    uint64_t last_use;
    uint32_t owned;       /* of all its tracks */
    session_no next_free; /* of a free one; NO_SESSION: none */
};

/* An open span whose begin event was dropped: what must survive deriving again. */
struct orphan_open {
    struct span span;
    char *args;
    size_t args_len;
};

/* orphan_open.c */
struct orphan_list {
    struct orphan_open *spans; /* in order of their begins, with gaps */
    size_t count, cap, gaps;
    struct u64map by_begin; /* number of the begin event << 1 | pool: the place in `spans` */
};

/* A span that the sweep closed in the trace. */
struct swept_open {
    uint64_t begin_no;
    int64_t end_ns; /* INT64_MAX: still in flight; INT64_MIN: as in the trace */
};

/* The records (record.h), by number and in order of arrival. */
struct record_table {
    struct record **blocks;
    size_t block_count, block_cap;
    record_no end, free; /* free: the first free number; NO_RECORD: none */
    record_no oldest, newest;
    uint64_t event_count; /* their weight against the cap */
    void (*dropped)(void *ctx, record_no record);
    void *dropped_ctx;
};

struct well_known {
    intern_id process_name, thread_name, parent_agent, process_sort_index, thread_sort_index;
    intern_id process_labels;
    intern_id trace_truncated, metadata_cat;
};

/* ---- the parts of the model ---- */

/* The events and the cap of a pool. */
struct pool {
    struct event_store *store;
    size_t max_events;
    uint64_t dropped;
    uint64_t absent; /* counted against the cap, the oldest, but not in memory */
    uint32_t drops;  /* how often the oldest half went */
    bool ranged;     /* only this part of the time was kept */
    int64_t from_ns, to_ns;
};

/* Sessions, their processes and threads, and the rows of these (agents). */
struct row_tables {
    struct session_slot *sessions;
    size_t session_count, session_cap;
    struct u64map session_by_id; /* of the live pool */
    struct process *processes;
    size_t process_count, process_cap;
    struct u64map process_by_pid; /* session << 32 | pid */
    struct track_slot *tracks;
    size_t track_count, track_cap;
    struct u64map track_by_tid; /* process << 32 | tid */
    struct agent *agents;
    size_t agent_count, agent_cap;
    struct u64map agent_by_id; /* the agent that has the id */
    struct u64map group_by_id; /* the row for a parent id that no agent has */

    /* swarm_forget.c */
    uint64_t last_serial, uses; /* of sessions */
    uint64_t last_agent_serial;
    uint64_t forgotten[FORGOTTEN_KINDS];
    uint64_t forget_passes;
    size_t live_tracks, live_metadata; /* of the live pool, without those of the free list */
    size_t many_tracks, many_metadata; /* at so many swarm_forget_rows.c looks at all of them */
    size_t forgettable_sessions;       /* that are not forgotten yet */
    size_t many_sessions;              /* at so many the oldest events go */
    size_t hidden_sessions;            /* that are to be freed */
    size_t held_sessions;              /* of which no time is known yet */
    size_t many_held;                  /* at so many the oldest of them go */
    session_no free_sessions;          /* lists of what is freed, by their next_free, */
    uint32_t free_processes;           /* next_in_session, */
    track_no free_tracks;              /* next_in_process */
    agent_no free_agents;              /* and process_row */
    session_no grave; /* a dropped session that all of these belong to; NO_SESSION: none */
};

/* All spans, by number. */
struct span_table {
    struct span_chunk **chunks;
    size_t chunk_count, chunk_cap;
    span_no begin, end;
    struct u64map forwards; /* spans that became another's: to which */
};

/* The links, progress, sweep and lost begins of spans in flight. */
struct open_spans {
    struct inflight_link *links;
    size_t count, cap;
    uint32_t free; /* the first free link; NO_INFLIGHT: none */
    span_no first, last;
    struct u64map async; /* async_pair.c's: the innermost open span of an id */
    struct request_progress *progress;
    size_t progress_count, progress_cap;
    struct u64map progress_by_begin;
    struct swept_open *swept;
    size_t swept_count, swept_cap;
    struct u64map swept_by_begin;
    struct orphan_list orphans;
    bool relane_due; /* an orphan_open has ended: lanes differ from those without it */
};

/* Lists that follow from events, in order of appearance. */
struct derived_lists {
    struct marker *markers;
    size_t marker_count, marker_cap;
    struct counter_sample *counters;
    size_t counter_count, counter_cap;
    struct block_list errors; /* spans that ended with success: false, in order of their ends */
    struct {
        int64_t *ns;
        size_t count, cap;
    } truncated; /* the time of the last trace_truncated marker, by document; INT64_MIN: none */
};

/* The kind of spans of that name and category, by both. */
struct known_kind {
    intern_id name, cat;
    uint8_t kind;
    bool known;
};

/* swarm_names.c: who keeps names, and at how many of them it looks for unused ones. */
struct name_holders {
    struct name_holding {
        name_holder *mark;
        void *ctx;
    } * items;
    size_t count, cap;
    size_t many_names, many_stats_names;
};

struct swarm {
    const struct mem *mem;
    const struct prices *prices; /* the config's */
    struct intern *names;
    struct name_holders holders;
    struct well_known known;
    uint64_t revision;
    uint64_t touched; /* swarm_touched */
    struct {
        uint64_t revisions; /* so many changes of the revision were of work alone */
        uint64_t count;     /* swarm_row_changes */
        agent_no last[ROW_CHANGES_KEPT];
    } work;
    struct {
        uint64_t count; /* swarm_corrections */
        span_no last[CORRECTIONS_KEPT];
    } corrected;
    uint32_t documents;
    struct pool pools[POOLS];
    struct record_table records;
    struct row_tables rows;
    struct span_table spans;
    struct open_spans open;
    struct derived_lists lists;
    struct stats stats;
    struct known_kind kinds[KIND_CACHE];
    struct strbuf scratch;
};

/* Changes the revision for work or time alone: swarm_structure stays. */
static inline void swarm_note_work(struct swarm *swarm)
{
    swarm->revision++;
    swarm->work.revisions++;
}

/* Notes that the work of the row has changed, or is about to in this call. */
static inline void swarm_note_row(struct swarm *swarm, agent_no row)
{
    swarm->work.last[swarm->work.count++ % ROW_CHANGES_KEPT] = row;
}

/* swarm.c */
struct span *swarm_edit_span(const struct swarm *swarm, span_no span); /* NULL: gone */
span_no swarm_new_span(struct swarm *swarm, const struct span *span);  /* NO_SPAN: out of memory */
void swarm_free_span(struct swarm *swarm, span_no span);
/* Removes forwards to spans that have gone. Without memory all stay. */
void swarm_tidy_forwards(struct swarm *swarm);
/* False: out of memory, which cannot be when it is taken out. */
bool swarm_set_in_flight(struct swarm *swarm, span_no span, bool in_flight);
/* The links of a span in flight. */
struct inflight_link *swarm_inflight_link(const struct swarm *swarm, span_no span);
struct marker *swarm_new_marker(struct swarm *swarm);

/* swarm_session.c */
struct process *swarm_process(struct swarm *swarm, session_no session, intern_id pid,
                              int64_t number);
/* Takes the process out of its session's list. */
void swarm_unlink_process(struct swarm *swarm, uint32_t process);
/* Notes a use of the track: by the event of that number. */
void swarm_use_track(struct swarm *swarm, track_no track, uint64_t number);
/* The process is one of another session now. */
void swarm_own_process(struct swarm *swarm, uint32_t process, session_no session);
/* The time of the last trace_truncated marker of the session's document, or of the live pool;
   INT64_MIN: none. The drop concerns all of its sessions. */
int64_t swarm_truncated_ns(const struct swarm *swarm, const struct session *session);
bool swarm_note_truncated(struct swarm *swarm, const struct session *session, int64_t at_ns);

/* swarm_row.c */
/* Returns a new row. NULL: out of memory. */
struct agent *swarm_new_agent(struct swarm *swarm, session_no session, agent_no *number);
/* Returns the agent of a process, new if necessary. NO_AGENT: out of memory. */
agent_no swarm_process_agent(struct swarm *swarm, struct process *process);
/* Makes the event's row, unless it exists, and sets *row; NO_AGENT: the event has none. False: out
   of memory. */
bool swarm_make_row(struct swarm *swarm, const struct event *event, agent_no *row);
/* Returns the number of the other track of a thread whose id is its process's: Chrome and Perfetto
   read an event without a tid as one of that thread. NO_TRACK: none. */
track_no swarm_track_twin(const struct swarm *swarm, track_no track);

/* swarm_metadata.c */
/* Reads a metadata event into names, parents, sort indexes. */
bool swarm_apply_metadata(struct swarm *swarm, const struct event *event);
/* Returns true if the metadata event is of the seed's shape: its session is one of agents. */
bool swarm_metadata_shows_agents(const struct swarm *swarm, const struct event *event);

/* swarm_identity.c */
/* Makes a row for a parent id that no agent has, which groups its children. */
bool swarm_ensure_parent_row(struct swarm *swarm, agent_no child);

/* Returns the slice as an object to walk; type JSON_TYPE_NONE: it is no object. */
static inline struct json_value slice_object(struct slice args)
{
    bool object = args.len > 0 && args.bytes[0] == '{';
    return (struct json_value){object ? JSON_TYPE_OBJECT : JSON_TYPE_NONE, args.bytes, args.len};
}

/* swarm_fold.c */
/* Returns true if the metadata event describes an extra lane. The event is then dropped, and the
   track folds into its agent's thread from now on. */
bool swarm_fold_metadata(struct swarm *swarm, const struct event *event);

/* span_pair.c: the open spans of a track */
/* Returns the open span that the end closes, NO_SPAN: none. `duration_ms` is the end's, NAN:
   none. */
span_no span_pair_find_begin(struct swarm *swarm, const struct event *event, double duration_ms);
/* Adds a span in flight as its track's innermost open one. Removes one. */
void span_pair_push_open(struct swarm *swarm, span_no no);
void span_pair_take_open(struct swarm *swarm, span_no no);
/* Drops the index of a track. Call it if the start or args of an open span change, or all are
   removed. */
void span_pair_drop_index(struct swarm *swarm, track_no track);

/* async_pair.c: the open spans of an async id */
/* Adds the span in flight that the event began. False: out of memory. */
bool async_pair_push_open(struct swarm *swarm, span_no no, const struct event *event);
/* Forgets the ids of spans that were removed. */
void async_pair_tidy(struct swarm *swarm);
/* Takes out the open span that the event ends, and sets *begin; NO_SPAN: none. False: out of
   memory. */
bool async_pair_take_begin(struct swarm *swarm, const struct event *event, span_no *begin);

/* swarm_cap.c: drops the oldest half where the pool has reached its cap. False: out of memory. */
bool swarm_hold_cap(struct swarm *swarm, enum swarm_pool pool);

/* derive.c */
bool derive_event(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                  const struct event *event);
/* Takes an open span into the model. */
bool derive_open(struct swarm *swarm, const struct span *span);

/* Returns the kind of span (enum span_kind) by name and category, from a cache. */
uint8_t derive_kind(struct swarm *swarm, intern_id name, intern_id cat);
/* The same of an event. A category of the seed's means nothing in another producer's trace. */
uint8_t derive_event_kind(struct swarm *swarm, const struct event *event);

/* span_end.c */
/* Applies the end of a closed span to errors, phases, agent and statistics. False: out of
   memory. */
bool span_end_apply(struct swarm *swarm, span_no no, const struct end_facts *facts);
/* Removes the span from the list of errors. */
void span_end_unlist_error(struct swarm *swarm, span_no no);

/* agent_state.c */
void agent_state_note_time(struct agent *agent, int64_t from_ns, int64_t to_ns);
void agent_state_note_end(struct swarm *swarm, span_no no);
/* Returns true if what is known of the agent's times may rest on the span. */
bool agent_state_rests_on(const struct agent *agent, span_no no, const struct span *span);
/* Computes the state from the agent's lanes, after a span was removed. */
void agent_state_refresh(struct swarm *swarm, agent_no agent);

/* record.c */
void records_init(struct swarm *swarm);
void records_release(struct swarm *swarm);

/* record_span.c */
void record_span_remove(struct swarm *swarm, record_no record);
/* Adds the record's span again after all spans of its agent were removed. False: out of memory. */
bool record_span_again(struct swarm *swarm, record_no record);

/* swarm_forget.c */
/* Chooses idle sessions that are to be forgotten, oldest first, and hides them; `marker` stays. */
void swarm_forget_choose(struct swarm *swarm, session_no marker);
/* Returns true if there are so many sessions of few events that the oldest events must go before
   the cap is reached. */
bool swarm_has_many_sessions(const struct swarm *swarm);
/* Forgets held sessions without calls, oldest first, if there are too many. */
void swarm_forget_held(struct swarm *swarm);
/* Frees the sessions that were chosen, once no event and no span is of them. */
void swarm_forget_chosen(struct swarm *swarm);
/* How many idle sessions are kept. */
size_t swarm_most_idle(const struct swarm *swarm);
/* Makes the dropped session that freed numbers belong to. False: out of memory. */
bool swarm_make_grave(struct swarm *swarm);
/* Free what no event, no record and no span is of; the grave exists. */
void swarm_forget_agent(struct swarm *swarm, agent_no agent);
void swarm_forget_track(struct swarm *swarm, track_no track);
void swarm_forget_process(struct swarm *swarm, uint32_t process);

/* swarm_forget_rows.c */
/* Returns true if there may be too many idle tracks or metadata events. */
bool swarm_has_many_rows(const struct swarm *swarm);
/* Forgets the oldest of them. Without memory it does nothing. */
void swarm_forget_rows(struct swarm *swarm);

/* swarm_rederive.c */
/* Copies the open spans whose begin event is numbered below `before` and about to be dropped. */
bool swarm_rederive_keep_open(struct swarm *swarm, enum swarm_pool pool, uint64_t before);
/* Forgets and derives again: one session, or all of the pool (NO_SESSION). */
bool swarm_rederive_sessions(struct swarm *swarm, enum swarm_pool pool, session_no only);

/* late_events.c */
/* Notes that an event of the track came out of order and changes what pairs with what. */
void swarm_note_late(struct swarm *swarm, track_no track);
/* Derives the events of `unsorted` sessions: of one, or of all of the pool (NO_SESSION). */
bool late_events_derive(struct swarm *swarm, enum swarm_pool pool, session_no only);

/* orphan_open.c */
/* Copies the span and its args. */
bool orphan_open_add(struct swarm *swarm, const struct span *span, struct slice args);
/* Returns the args of a span that was put back; borrowed until it is removed. */
struct slice orphan_open_args(const struct swarm *swarm, const struct span *span);
/* Whether the live span with that begin is kept. */
bool orphan_open_has(const struct swarm *swarm, uint64_t begin_no);
/* Steps through the kept spans in order, *at from 0 on. Returns NULL after the last. */
const struct orphan_open *orphan_open_next(const struct swarm *swarm, size_t *at);
/* Removes the copy of a span that was put back and has got its end. */
void orphan_open_remove(struct swarm *swarm, const struct span *span);
/* Removes those of dropped sessions. */
void orphan_open_remove_dropped(struct swarm *swarm);
/* Removes the oldest of the live pool beyond so many. */
void orphan_open_hold(struct swarm *swarm, size_t most);
void orphan_open_release(struct swarm *swarm);

/* lane.c */
/* Adds a lane below the others. NULL: out of memory. */
struct lane *lane_add(struct swarm *swarm, struct agent *agent);
bool lane_place(struct swarm *swarm, struct agent *agent, span_no span);
/* The place of the first span of the lane that starts after that time. */
size_t lane_first_after(const struct swarm *swarm, const struct lane *lane, int64_t at_ns);
/* The span has got its end. */
void lane_close(struct swarm *swarm, struct agent *agent, span_no span);
/* Whether a closed span keeps its place among its neighbours as it will be `now`. Its lane is ready
   for that then: lane_corrected follows. */
bool lane_keeps(struct swarm *swarm, struct agent *agent, span_no span, const struct span *now);
/* The span, with its phases, is what lane_keeps was asked about. */
void lane_corrected(struct swarm *swarm, struct agent *agent, span_no span);
/* Takes out a span that is no phase. */
void lane_remove(struct swarm *swarm, struct agent *agent, span_no span);
void lane_reset(struct swarm *swarm, struct agent *agent);

/* lane_arrange.c */
/* Returns true if a span that finds no room in the lane shows that the row's lanes must be made
   again: it encloses a span there, or overlaps one in part. */
bool lane_disorders(const struct swarm *swarm, const struct lane *lane, const struct span *span);

/* request_progress.c */
void request_progress_release(struct swarm *swarm);

/* swept_open.c */
void swept_open_release(struct swarm *swarm);
/* Removes those whose begin the cap has dropped and which no span needs: after deriving again. */
void swept_open_tidy(struct swarm *swarm);
/* Returns the entry of a span that the sweep closed; NULL: it did not. */
struct swept_open *swept_open_find(const struct swarm *swarm, uint64_t begin_no);

#endif
