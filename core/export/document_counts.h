/* How many agents of a document do what, over time, as counters for other viewers. Private to the
   document.

   An agent is in the state of its most important open call: it waits for a person, has a request,
   has a tool, or waits for other agents. Between its calls it is idle; a sub-agent is in no state
   before its first call and after its last. */
#ifndef CORE_DOCUMENT_COUNTS_H
#define CORE_DOCUMENT_COUNTS_H

#include "core/export/document.h"

enum count_state { COUNT_USER, COUNT_REQUEST, COUNT_TOOL, COUNT_AGENTS, COUNT_IDLE, COUNT_STATES };

/* More changes than this are summed up by stretches of time, of which there are fewer. */
enum { COUNT_CHANGES = 2048 };

/* An agent changes its state; COUNT_STATES: none. */
struct count_change {
    int64_t at_ns;
    uint8_t from, to;
};

struct document_counts {
    const struct mem *mem;
    bool has_start;                     /* of its sessions */
    struct count_change *changes;       /* NULL: nothing is counted */
    size_t change_count;                /* SIZE_MAX: they are in the stretches */
    int32_t (*stretches)[COUNT_STATES]; /* by how many agents each state grows; NULL: not needed */
    int64_t from_ns, to_ns;             /* of all calls */
    int64_t step_ns;                    /* the length of a stretch */
    bool failed;                        /* out of memory */
    size_t agents;                      /* that have calls */
    /* The agent at hand: */
    bool any;
    uint8_t state;
    int64_t until_ns[COUNT_IDLE]; /* when its last call of each state ends */
    /* While they are written: */
    size_t next;
    int32_t now[COUNT_STATES];
};

/* `has_start`: agents of sessions with a start time count, else those of sessions without, whose
   times are no points in time. False: out of memory; release it all the same. */
bool document_counts_init(struct document_counts *counts, const struct swarm *swarm,
                          bool has_start);
void document_counts_release(struct document_counts *counts);
/* Whether the agents of the session count. */
bool document_counts_session(const struct document_counts *counts, const struct session *session);
/* Takes the spans of one agent in order of their starts, then the agent's end. */
void document_counts_take(struct document_counts *counts, const struct span *span);
void document_counts_end_agent(struct document_counts *counts, bool main_agent);
/* All is taken. False: out of memory. */
bool document_counts_finish(struct document_counts *counts);
/* Continues to the next moment at which a count changes: `now` has the counts from then on. Returns
   the moment; INT64_MAX: no further moment, or fewer than two agents. */
int64_t document_counts_next(struct document_counts *counts);

#endif
