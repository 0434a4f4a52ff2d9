/* Which agent each call of a sub-agent started.

   A call whose source reports the id (child_agent_id) has it in its record. For any other call
   it is an agent of the caller whose first span begins while the call runs; call_matches.h has
   the order in which calls take them, one each. */
#ifndef CORE_ANALYSIS_CALL_CHILDREN_H
#define CORE_ANALYSIS_CALL_CHILDREN_H

#include "core/base/u64map.h"
#include "core/model/swarm.h"
#include "core/query/past.h"
#include "core/query/query.h"

/* Sources' clocks differ by this much: an agent may begin so long before its call. */
#define CALL_CHILDREN_CLOCKS_NS INT64_C(50000000)

struct call_children {
    const struct mem *mem;
    const struct swarm *swarm;
    const struct past *past; /* the moment that is asked about, borrowed; NULL: now */
    size_t agent_count;
    struct u64map by_id; /* session and id of an agent: its number */
    agent_no *first;     /* by agent: the first of its sub-agents; NO_AGENT: none */
    agent_no *next;      /* by agent: the next one of the same parent */
    agent_no *parent;    /* by agent; NO_AGENT: a root */
    /* Filled by questions: */
    int64_t *matched_ns;    /* by agent: its calls from this time on are matched */
    struct u64map *matches; /* by span: the agent that it started */
};

/* Makes the index of the agents that are in the model now; the swarm is borrowed. False: out of
   memory; release it all the same. */
bool call_children_init(struct call_children *children, const struct swarm *swarm);
void call_children_release(struct call_children *children);
/* An index that is kept between questions, for a display that asks ten times a second. Zeroed:
   none yet. */
struct call_children_kept {
    struct call_children children; /* of `swarm` at `revision` */
    const struct swarm *swarm;     /* NULL: none */
    uint64_t structure;            /* the index stays while that of the model does */
    uint64_t revision, made;       /* matches are made for each revision; `made`: so many times */
    int64_t local_ns;
};
/* Returns the index of the model as it is now, borrowed until the next call. It is made again when
   the structure of the model has changed. Its matches are forgotten with each change of the model,
   and after a second: calls that run may match an agent whose clock is ahead. NULL: out of
   memory. */
const struct call_children *call_children_keep(struct call_children_kept *kept,
                                               const struct swarm *swarm, int64_t local_ns);
/* Needs no swarm: that may have gone. */
void call_children_kept_release(struct call_children_kept *kept);

/* Returns the agent that the call started; NO_AGENT: none, or unknown. `local_ns`: the local clock,
   for a call that runs. `text` is room to read args; it has failed if out of memory. */
agent_no call_children_of(const struct call_children *children, span_no call, int64_t local_ns,
                          struct strbuf *text);

#endif
