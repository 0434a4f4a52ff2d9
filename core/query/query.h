/* Read-only queries for the views. Results are plain values. Nothing here changes the model; the
   same model and arguments yield the same result. `local_ns` is the local clock, Unix epoch. */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "core/query/metrics.h"

/* ---- states ---- */

enum agent_state {
    STATE_WAIT,     /* request open, no token yet */
    STATE_RETRY,    /* waits to retry a request */
    STATE_SAMPLING, /* tokens arrive */
    STATE_TOOL,
    STATE_TOOL_OR_USER, /* a tool is open for long, or a person is asked: no source shows which */
    STATE_AGENTS,       /* waits for its sub-agents */
    STATE_USER,         /* waits for a person, also if the sweep closed the question in the trace */
    STATE_IDLE,
    STATE_DONE,
    STATE_ERROR,   /* the last request or tool failed; nothing runs since */
    STATE_STALE,   /* all open spans were swept */
    STATE_GONE,    /* the process died */
    STATE_UNKNOWN, /* the process cannot be seen from here, and nothing came of it for long */
    STATES
};

/* Returns how the span was stopped: OUTCOME_REFUSED, OUTCOME_INTERRUPTED; OUTCOME_NONE: it was not.
 */
enum outcome query_outcome(const struct swarm *swarm, const struct span *span);

/* Returns the name of a state: "wait", "sampling" and so on; "tool?" for STATE_TOOL_OR_USER. */
const char *query_state_name(enum agent_state state);
/* Returns its name for programs, in `report --json`: STATE_TOOL_OR_USER is "tool" there, as an open
   call is all that is known. */
const char *query_state_key(enum agent_state state);
/* Returns the state for people: "no live source" where nothing that runs could be seen. */
const char *query_state_text(const struct swarm *swarm, agent_no agent, enum agent_state state);
/* Returns whether the span is a tool's call that is open for long and may wait for a person. */
bool query_may_wait(const struct swarm *swarm, const struct span *span, int64_t local_ns);
/* Returns whether a question of the agent waits for a person, however old it is. */
bool query_asks(const struct swarm *swarm, agent_no agent);
/* Returns whether nothing of an agent in that state is in flight. */
bool query_rests(enum agent_state state);

struct agent_status {
    enum agent_state state;
    /* Begin of the span that determines the state, or end of the last span; INT64_MIN: no spans. */
    int64_t since_ns;
    span_no span;                        /* the span that determines the state; NO_SPAN: none */
    const struct request_progress *live; /* of STATE_RETRY and STATE_SAMPLING, may be NULL */
};
struct agent_status query_status(const struct swarm *swarm, agent_no agent, int64_t local_ns);
/* The same, with the time at which it changes by itself: sets *due_ns to the present of the agent's
   session (swarm_session_now) from which on it may be another while its work stays the same.
   INT64_MAX: never; INT64_MIN: at any time, as with an open request, whose progress is no work of
   its row. */
struct agent_status query_status_until(const struct swarm *swarm, agent_no agent, int64_t local_ns,
                                       int64_t *due_ns);

/* ---- the tree ---- */

struct tree_row {
    agent_no agent;
    agent_no parent; /* NO_AGENT: a root */
    uint32_t depth;  /* 0: a root */
    uint32_t descendants;
    bool last; /* the last child of its parent */
};
/* Returns all rows, parents before children, siblings by their sort index, then by appearance.
   Traces without agents come last, one after the other. Parents may be in another session; a cycle
   is cut at its first member. Returns new (mem_free of *count * sizeof); NULL with *count > 0 if
   out of memory. */
struct tree_row *query_tree(const struct swarm *swarm, size_t *count);

/* Sets out to the row's title: the agent's name, or for a root the session's name, else the last
   part of its directory and its branch. If none of them is known, it is `main` with the first
   characters of the session's id. */
void query_agent_title(const struct swarm *swarm, agent_no agent, struct strbuf *out);
/* Returns the first characters of the session's id, which stand for a name. */
struct slice query_short_id(const struct swarm *swarm, const struct session *session);
/* Appends the session's name, or what query_agent_title has for a session without one. */
void query_session_title(const struct swarm *swarm, session_no session, struct strbuf *out);
/* Returns the last part of a path, without slashes at its end. */
struct slice query_last_part(struct slice path);

/* Returns whether some session has agents. */
bool query_has_agents(const struct swarm *swarm);
/* Returns whether the row is that of an agent: not of a thread, a process or its async spans. */
bool query_is_agent(const struct agent *row);

/* Returns the id of the agent that the call started, of an open call too; empty: no source reports
   it. Borrowed from the model or from `out`. */
struct slice query_child_id(const struct swarm *swarm, const struct span *span, struct strbuf *out);
/* Returns the agent of that id in the call's session; NO_AGENT: unknown. It looks through all
   agents: a walk over many calls asks call_children (core/analysis). */
agent_no query_child(const struct swarm *swarm, const struct span *span, struct strbuf *out);

/* ---- the timeline ---- */

enum cell_flag {
    CELL_ERROR = 1,
    CELL_HATCHED = 2, /* evicted, incomplete, or its begin was dropped */
    CELL_START = 4,   /* the span begins in this column */
    CELL_END = 8,     /* the span ends in this column */
    CELL_OPEN = 16,   /* the span is in flight */
    CELL_MANY = 32    /* several spans are in this column */
};

/* The contents of one column of a lane: the kind that fills most of it; kind SPAN_KINDS: empty. */
struct timeline_cell {
    uint8_t kind;  /* for a request, the kind of its phase */
    uint8_t flags; /* enum cell_flag; the span's flags are those of `span` */
    uint8_t fill;  /* part of the column filled by spans, in 255ths; at least 1 if any */
    span_no
        /* the span that fills most of the column, if it is of this kind (for a phase: the request);
           else NO_SPAN */
        span;
};

/* Sets out[0 .. cols) to the columns [t0 + i * col_ns, t0 + (i + 1) * col_ns) of an agent's lane.
   Spans in flight extend to now; the phases of an open request follow its sender's reports.
   `predicate` NULL: all spans; else each matching span is read. */
void query_lane(const struct swarm *swarm, agent_no agent, unsigned lane, int64_t t0_ns,
                int64_t col_ns, size_t cols, int64_t local_ns,
                const struct span_predicate *predicate, struct timeline_cell *out);

/* Computes the columns over all lanes: the kind of work that fills most of each. Calls that only
   wait for a sub-agent are no work. `span` is NO_SPAN. Returns false if out of memory. */
bool query_activity(const struct swarm *swarm, agent_no agent, int64_t t0_ns, int64_t col_ns,
                    size_t cols, int64_t local_ns, struct timeline_cell *out);

/* Returns the agent's request that ended last; NO_SPAN: none. */
span_no query_last_request(const struct swarm *swarm, agent_no agent);

/* Returns how many lanes the agent needs for [t0, t1): one more than the highest with a span, at
   least 1. */
unsigned query_lanes_in(const struct swarm *swarm, agent_no agent, int64_t t0_ns, int64_t t1_ns,
                        int64_t local_ns, const struct span_predicate *predicate);

/* Sets the earliest and latest time of all sessions; the latest is now if any of them is live.
   Returns false if no session has events. */
bool query_extent(const struct swarm *swarm, int64_t local_ns, int64_t *from_ns, int64_t *to_ns);
/* Returns the greatest now of the live sessions, of all sessions if none is live, else local_ns. */
int64_t query_now(const struct swarm *swarm, int64_t local_ns);
/* The same for a live display: if no session lives, the time since the last one's end passes. */
int64_t query_present(const struct swarm *swarm, int64_t local_ns);

/* Returns the lane's span at a time, or the nearest in a direction (-1 before, 1 after, 0 either).
   NO_SPAN: none. */
span_no query_span_at(const struct swarm *swarm, agent_no agent, unsigned lane, int64_t at_ns,
                      int direction);
/* Returns the next or previous span by start over all lanes of the agent. NO_SPAN: none. */
span_no query_span_step(const struct swarm *swarm, agent_no agent, span_no from, int direction);
/* Returns the first matching span after (at_ns, span) in direction 1, or the last one before it in
   direction -1. Spans are ordered by start, then by number. NO_SPAN: none. */
span_no query_span_search(const struct swarm *swarm, agent_no agent, int64_t at_ns, span_no span,
                          int direction, const struct span_predicate *predicate);

/* ---- in flight ---- */

/* Sets out (NULL if max is 0) to at most `max` spans in flight, longest first; returns the number
   of all. Phases are excluded. */
size_t query_in_flight(const struct swarm *swarm, int64_t local_ns, span_no *out, size_t max);

/* Returns the current phase of an open request. */
enum span_kind query_request_phase(const struct swarm *swarm, const struct span *span,
                                   int64_t local_ns);

#endif
