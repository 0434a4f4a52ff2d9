/* Calls that have stalled, and agents in loops: what a person should look at now.

   A call of a tool has stalled when it runs for 3 times the p95 of calls of that tool, and for 30 s
   at least; where fewer than 20 such calls have ended, when it runs for 10 minutes. A request has
   stalled when no token has come for as long: 3 times the p95 of requests, 30 s at least, or
   without enough requests 5 minutes. That time counts from the last token, or from the begin of
   the attempt: the time before an announced attempt does not count.

   A call that waits for a sub-agent has stalled when that rests (agent_rest.h) for 5 minutes.

   A wait for a person and a wait for a sub-agent that works never stall by themselves, nor does a
   tool while a person may be asked, nor one in the background (background.h), such as a server. No
   call stalls and no loop lasts where the session has ended, or where the agent's process died or
   cannot be seen. A call that the sweep closed is stale, which is worse.

   The work is proportional to the open calls and to the agents; with loops that are kept, to those
   whose work has changed, beside one number an agent. */
#ifndef CORE_STALLED_H
#define CORE_STALLED_H

#include "core/analysis/held_up.h"

struct stalled_agent {
    uint32_t calls; /* so many have stalled */
    span_no call;   /* the one of these that began first; NO_SPAN: none */
    span_no loop;   /* the last call of its loop (loops.h); NO_SPAN: none */
};

struct stalled {
    const struct mem *mem;
    struct stalled_agent *agents; /* of those in trouble alone */
    size_t count, cap;
    uint32_t *index; /* by agent_no: one past its place in `agents`; 0: no trouble */
    size_t agent_count;
    uint64_t calls, loops; /* of all agents */
};

/* Returns whether a call that is in flight has stalled. `metrics` has the usual durations, NULL:
   none are known. `held` has the sub-agents that calls wait for, NULL: none are known. */
bool stalled_call(const struct swarm *swarm, const struct swarm_metrics *metrics,
                  const struct held_up *held, span_no call, int64_t local_ns);

/* Finds all of them. False: out of memory. Release it in any case. */
bool stalled_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  const struct mem *mem, struct stalled *out);
/* The same for a display that asks ten times a second: `kept` has the loops that were known before
   (loops.h), `held` is of the same moment. */
struct loops_kept;
bool stalled_make_kept(const struct swarm *swarm, const struct swarm_metrics *metrics,
                       const struct held_up *held, int64_t local_ns, struct loops_kept *kept,
                       const struct mem *mem, struct stalled *out);
/* The same of a moment that was worked out before. */
bool stalled_copy(const struct stalled *from, const struct mem *mem, struct stalled *out);
void stalled_release(struct stalled *stalled);
/* Returns what is known of the agent, of one without trouble too. */
struct stalled_agent stalled_of(const struct stalled *stalled, agent_no agent);

#endif
