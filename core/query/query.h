/* Read-only questions that views ask of the model. Results are plain values; nothing here changes the model, and the same
   model and arguments give the same answer. `local_ns` is the local clock, Unix epoch. */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "core/query/figures.h"

/* ---- states ---- */

enum agent_state {
    STATE_WAIT,     /* a request is open, no token yet */
    STATE_RETRY,    /* its last attempt failed, the next is to come */
    STATE_SAMPLING, /* tokens come */
    STATE_TOOL,
    STATE_AGENTS, /* waits for its sub-agents alone */
    STATE_USER,   /* waits for a person */
    STATE_IDLE,
    STATE_DONE,
    STATE_ERROR, /* its last request or tool failed and nothing has run since */
    STATE_STALE, /* all that is open was swept */
    STATE_GONE,  /* its process died */
    STATES
};

/* "wait", "sampling" … */
const char *query_state_word(enum agent_state state);

struct agent_status {
    enum agent_state state;
    /* When the span behind the state began, or the last one ended; INT64_MIN: nothing ever ran. */
    int64_t since_ns;
    span_no span;                    /* the span behind the state, NO_SPAN: none */
    const struct live_request *live; /* of STATE_RETRY and STATE_SAMPLING, may be NULL */
};
struct agent_status query_status(const struct swarm *swarm, agent_no agent, int64_t local_ns);

/* ---- the tree ---- */

struct tree_row {
    agent_no agent;
    agent_no parent; /* NO_AGENT: a root */
    uint32_t depth;  /* 0: a root */
    uint32_t descendants;
    bool last; /* the last child of its parent */
};
/* All rows, parents before children, siblings in order of process_sort_index, then of appearance. A parent that is in another
   session counts; a cycle is cut at its first member. Returns new (mem_free of *count * sizeof), NULL with *count > 0:
   out of memory. */
struct tree_row *query_tree(const struct swarm *swarm, size_t *count);

/* What the row is called: the agent's name; for a root the session's name where it has one; `main` with the first characters of
   the session's id where nothing else is known. Written to out. */
void query_agent_title(const struct swarm *swarm, agent_no agent, struct strbuf *out);

/* ---- the timeline ---- */

enum cell_flag {
    CELL_ERROR = 1,
    CELL_HATCHED = 2, /* evicted, incomplete, or its begin is lost */
    CELL_START = 4,   /* the span begins in this column */
    CELL_END = 8,     /* it ends in this column */
    CELL_OPEN = 16,   /* it is in flight */
    CELL_MANY = 32    /* several spans are in this column */
};

/* What one column of a lane holds: the kind that fills most of it. kind SPAN_KINDS: nothing. */
struct timeline_cell {
    uint8_t kind;  /* a phase's where it is a request's */
    uint8_t flags; /* enum cell_flag; those of a span are of the one below */
    uint8_t fill;  /* how much of the column spans fill, in 255ths; at least 1 where there is one */
    span_no
        span; /* the span that fills most of it, where that is of this kind (of a phase: a request); else NO_SPAN */
};

/* The columns [t0 + i * col_ns, t0 + (i + 1) * col_ns) of an agent's lane into out[0 .. cols). Spans in flight reach to now; the phases of an open
   request are drawn from what its sender says while it runs. `predicate` NULL: all spans; else those that hold, which takes a look at each span there. */
void query_lane(const struct swarm *swarm, agent_no agent, unsigned lane, int64_t t0_ns,
                int64_t col_ns, size_t cols, int64_t local_ns,
                const struct span_predicate *predicate, struct timeline_cell *out);

/* The same of all lanes together, work alone (no call that waits for a sub-agent): of each column what fills most of it. `span` is NO_SPAN. False:
   out of memory. */
bool query_activity(const struct swarm *swarm, agent_no agent, int64_t t0_ns, int64_t col_ns,
                    size_t cols, int64_t local_ns, struct timeline_cell *out);

/* The request of the agent that ended last; NO_SPAN: none. */
span_no query_last_request(const struct swarm *swarm, agent_no agent);

/* How many lanes the agent needs for [t0, t1): one more than the highest that holds a span there, at least 1. */
unsigned query_lanes_in(const struct swarm *swarm, agent_no agent, int64_t t0_ns, int64_t t1_ns,
                        int64_t local_ns, const struct span_predicate *predicate);

/* The earliest and latest time of all sessions; the latest is now where any of them lives. False: nothing
   there. */
bool query_extent(const struct swarm *swarm, int64_t local_ns, int64_t *from_ns, int64_t *to_ns);
/* The greatest now of the sessions that live; of all, where none does; local_ns where there is none. */
int64_t query_now(const struct swarm *swarm, int64_t local_ns);

/* The span of the agent's lane at a time, or the nearest in that direction (-1 before, 1 after, 0 either side). NO_SPAN: none. */
span_no query_span_at(const struct swarm *swarm, agent_no agent, unsigned lane, int64_t at_ns,
                      int direction);
/* The next or previous span by start over all lanes of the agent. NO_SPAN: none. */
span_no query_span_step(const struct swarm *swarm, agent_no agent, span_no from, int direction);
/* The span that the choice holds of and that starts next (direction 1) or last before (-1): in order of start, then of number, behind the place (at_ns, span).
   NO_SPAN: none. */
span_no query_span_search(const struct swarm *swarm, agent_no agent, int64_t at_ns, span_no span,
                          int direction, const struct span_predicate *predicate);

/* ---- in flight ---- */

/* All spans in flight, longest first, at most max of them into out (NULL with 0: none); returns how many there are. Phases are not among them. */
size_t query_in_flight(const struct swarm *swarm, int64_t local_ns, span_no *out, size_t max);

/* The phase that the open request is in now. */
enum span_kind query_request_phase(const struct swarm *swarm, const struct span *span,
                                   int64_t local_ns);

#endif
