/* The parts of the correlator, shared by the .c files of core/correlate. */
#ifndef CORE_CORRELATE_CORRELATOR_PRIVATE_H
#define CORE_CORRELATE_CORRELATOR_PRIVATE_H

#include "core/base/u64map.h"
#include "core/correlate/correlator.h"
#include "core/model/record.h"

#define NO_KEY UINT32_MAX

struct corr_agent {
    intern_id id; /* of the main one: its session's */
    struct facts facts;
    double last_start_ms; /* the latest start of something of it; NAN: none */
    struct agent_row row; /* row.pid 0: not registered yet */
    uint8_t flags;        /* those that were set: AGENT_UNREGISTERED, AGENT_GONE, AGENT_UNKNOWN */
};

struct session_end {
    double ms;
    uint8_t outcome; /* OUTCOME_ENDED, OUTCOME_GONE, OUTCOME_DISCONNECTED */
};

struct corr_session {
    intern_id id;
    session_no number; /* NO_SESSION: no time is known */
    uint32_t moved_to; /* the session that it turned out to be; NO_KEY: none */
    struct facts facts;
    double first_ms, last_ms; /* of all times that are known; NAN: none */
    double last_start_ms;     /* of what began, the session itself too */
    int64_t local_ns;
    struct corr_agent *agents; /* the first is the main one */
    size_t agent_count, agent_cap;
    struct u64map agent_by_id;
    struct session_end *ends; /* by time */
    size_t end_count, end_cap;
    record_no unended;    /* the first of its calls without a known end */
    double next_stale_ms; /* when the next of those is swept; INFINITY: none is */
    double forgotten_ms;  /* calls that had ended by then were dropped; NAN: none */
    uint8_t flags;        /* those of the session that were set */
    uint8_t sources;      /* bit `precedence`: a source of that kind reports it */
    uint8_t outcome;      /* how it ended; OUTCOME_NONE: it is not over */
    bool recheck;         /* how its unended calls end may have changed */
    bool described;       /* the model has its names and agents as they are known */
};

/* One id of one call. */
struct call_key {
    uint64_t hash;
    char *id; /* owned */
    size_t len;
    uint32_t session;     /* its place in the correlator */
    record_no record;     /* NO_RECORD: the key is free */
    uint32_t same_hash;   /* the next of that hash; of a free key: the next free one */
    uint32_t same_record; /* the next id of the record */
};

struct correlator {
    struct swarm *swarm;
    struct tracer *tracer;
    const struct mem *mem;
    struct corr_session *sessions;
    size_t session_count, session_cap;
    struct u64map session_by_id; /* aliases too */
    struct call_key *keys;
    size_t key_count, key_cap;
    uint32_t free_key;
    struct u64map key_by_hash;
    record_no *queue; /* records that the model does not show as they are known */
    size_t queue_count, queue_cap;
    bool unflushed;
};

/* ---- correlator_session.c ---- */

/* The place of the session, made when it is new; NO_KEY: out of memory. */
uint32_t correlator_session_find(struct correlator *correlator, struct slice session_id);
struct corr_session *correlator_session_at(struct correlator *correlator, uint32_t place);
bool correlator_session_update(struct correlator *correlator, const struct update *update);
/* Something began and ended at these times (NAN: unknown). False: out of memory. */
bool correlator_session_note_times(struct correlator *correlator, struct corr_session *session,
                                   const struct update *update, double start_ms, double end_ms);
/* Returns what the session is called now; bytes NULL: unknown. Borrowed until its facts change. */
struct slice correlator_session_title(const struct corr_session *session);
/* Has the model show the session's names, flags and agents as they are known. */
bool correlator_session_describe(struct correlator *correlator, struct corr_session *session);
/* Whether the session's process is known to live: nothing of it is swept. */
bool correlator_session_lives(const struct corr_session *session);
/* The earliest end of the session at or after that time; NAN: none. */
double correlator_session_over(const struct corr_session *session, double start_ms);
/* Adds an end of the session. Ends are kept by time; one that is reported twice is one. */
bool correlator_session_add_end(struct correlator *correlator, struct corr_session *session,
                                double at_ms, enum outcome outcome);

/* ---- correlator_join.c ---- */

/* The sessions are one: ends, names, agents and calls of `from` become those of `to`. False: out of
   memory; the same call completes it later. */
bool correlator_join_sessions(struct correlator *correlator, uint32_t from, uint32_t to);

/* ---- correlator_agent.c ---- */

/* The place of the agent in its session, made when it is new; NO_KEY: out of memory. */
uint32_t correlator_agent_find(struct correlator *correlator, struct corr_session *session,
                               struct slice agent_id);
bool correlator_agent_update(struct correlator *correlator, const struct update *update);
bool correlator_agent_describe(struct correlator *correlator, struct corr_session *session,
                               struct corr_agent *agent);
/* Something of the agent began then. */
void correlator_agent_note_start(struct correlator *correlator, struct corr_session *session,
                                 uint32_t agent, double start_ms);
void correlator_agent_flag_all(struct correlator *correlator, struct corr_session *session);

/* ---- correlator_index.c ---- */

/* The record of that id; NO_RECORD: none. */
record_no correlator_index_find(const struct correlator *correlator, uint32_t session,
                                struct slice id);
/* Gives the record one more id. False: out of memory. */
bool correlator_index_add(struct correlator *correlator, record_no record, uint32_t session,
                          struct slice id);
void correlator_index_remove(struct correlator *correlator, record_no record);
/* How many ids the record has. */
unsigned correlator_index_count(const struct correlator *correlator, const struct record *record);

/* ---- correlator_call.c ---- */

bool correlator_call_update(struct correlator *correlator, const struct update *update);
/* The model shows the record at the next flush. False: out of memory. */
bool correlator_call_queue(struct correlator *correlator, record_no record);
/* Two records are one call: joins them. Returns the one that is left; NO_RECORD: out of memory. */
record_no correlator_call_unite(struct correlator *correlator, record_no a, record_no b);
/* Puts the record on its session's list of calls without a known end, or takes it off. */
void correlator_call_link(struct correlator *correlator, record_no record);
void correlator_call_unlink(struct correlator *correlator, record_no record);
void correlator_call_drop(struct correlator *correlator, record_no record);

/* ---- correlator_show.c ---- */

/* Works out the record's start, end, state and agent, and has the model show it. */
bool correlator_show_call(struct correlator *correlator, record_no record);
/* Looks again at how the session's calls without a known end may end. */
bool correlator_show_recheck(struct correlator *correlator, struct corr_session *session);

#endif
