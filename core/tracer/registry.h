/* The registry: the one table of sessions and agents, for operations and updates alike. A session
   has its number in the model; it finds an agent by its id. The tracer and the correlator keep
   what they know in the same rows.

   Pointers are borrowed: of a session until the next one is made, of an agent until the session
   gets another one. */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include "core/base/u64map.h"
#include "core/model/record.h"

struct tracer;
struct pending;

/* The seed's AgentInfo, what getProcessIdForAgent remembers of the id, and what updates report. */
struct registered {
    intern_id id; /* of the main one: its session's, or the teammate's own */
    intern_id name, parent_id;
    int64_t pid, tid;   /* pid 0: it was never registered */
    int64_t mapped_pid; /* of agentIdToProcessId; 0: none */
    track_no track;     /* NO_TRACK: not made yet */
    bool known;         /* in the seed's registry */
    bool reported;      /* an update names it */
    /* The correlator's: */
    uint8_t flags; /* those that it has set: AGENT_UNREGISTERED, AGENT_GONE, AGENT_UNKNOWN */
    struct facts facts;
    double last_start_ms; /* the latest start of something of it; NAN: none */
};

/* Another id of an agent. */
struct agent_alias {
    intern_id id, of; /* of: the agent's own; INTERN_NONE: the main agent's, whatever that is */
};

struct session_end {
    double ms;
    uint8_t outcome; /* OUTCOME_ENDED, OUTCOME_GONE, OUTCOME_DISCONNECTED */
};

struct registry_session {
    session_no number;
    uint64_t serial;           /* the model's: with another one, the number is another session's */
    uint64_t forget_passes;    /* of the model, as far as the row has followed them */
    struct registered *agents; /* the first is the main one */
    size_t agent_count, agent_cap;
    size_t many_agents; /* at so many the registry looks for those that may go */
    struct u64map agent_by_id;
    double start_ms; /* ts 0; NAN: no operation and no time is known */
    double clock_ms; /* the latest time so far */
    double
        next_due_ms; /* nothing is open that the sweep closes earlier; INFINITY: nothing at all */

    /* The tracer's: */
    intern_id main_name, main_parent;
    int64_t last_pid;             /* processIdCounter */
    struct pending *first, *last; /* open spans */
    struct pending **table;       /* by hash of the span id; swept ones too */
    size_t table_cap, table_count;

    /* The correlator's: */
    struct facts facts;
    struct agent_alias *aliases; /* the oldest first; agent_by_id has them too */
    size_t alias_count, alias_cap;
    bool agent_aliases;       /* one of them is of another agent than the main one */
    double first_ms;          /* the earliest time that an update reports; NAN: none */
    double last_start_ms;     /* the latest of what began, the session itself too */
    struct session_end *ends; /* by time */
    size_t end_count, end_cap;
    record_no calls;     /* the first of its calls */
    record_no unended;   /* the first of those without a known end */
    double forgotten_ms; /* calls that had ended by then were dropped; NAN: none */
    uint8_t flags;       /* those of the session that it has set */
    uint8_t sources;     /* bit `precedence`: a source of that kind reports it */
    uint8_t outcome;     /* how it ended; OUTCOME_NONE: it is not over */
    bool opened;         /* a time is known from updates: the model shows what they report */
    bool changed;        /* the next flush looks at it */
    bool recheck;        /* how its unended calls end may have changed */
    bool described;      /* the model has its names and agents as they are known */
};

/* Returns the session, NULL: it is not in the table, or its number became another's. */
struct registry_session *registry_find(const struct tracer *tracer, session_no number);
/* Returns the session, new if necessary. NULL: out of memory. */
struct registry_session *registry_session(struct tracer *tracer, session_no number);
/* Forgets agents that the model has forgotten under a cap (swarm_forget_passes): the next operation
   or update makes them again. registry_session does so too. (Agents of a session without a time are
   not in the model yet. Under a cap the oldest of these go when there are too many.) */
void registry_follow(const struct tracer *tracer, struct registry_session *session);
/* Returns the agent of that id, new if necessary. NULL: out of memory. An absent id, and the
   session's, are the main agent's. */
struct registered *registry_agent(struct tracer *tracer, struct registry_session *session,
                                  struct slice agent_id);

#endif
