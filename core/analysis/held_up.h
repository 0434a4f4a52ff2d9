/* Finds the chain that holds an agent up, from its open call to the call at the end. An Agent call
   leads to the agent that it started, and so to that agent's open call.

   An agent waits for all of its open calls but those in the background (background.h). The one that
   holds it up is the one whose chain ends with a person; of several, or of none, the one whose last
   call is furthest beyond its usual time. The usual time is the p95 of calls like it, but at least
   10 s; where no p95 is known it is 30 s. A call whose sub-agent rests (agent_rest.h) holds up
   since that began to rest, and is beyond its usual time after 30 s. A call whose sub-agent works,
   or is unknown, is within its usual time at any age. A request whose tokens come holds up since
   the last one.

   The work is proportional to the open calls, beside one number an agent. */
#ifndef CORE_HELD_UP_H
#define CORE_HELD_UP_H

#include "core/analysis/agent_rest.h"

/* A display that is always there shows a chain that has held up for so long: others pass. */
#define HELD_UP_SHOWN_NS INT64_C(10000000000)

/* The last one is always the end: of a longer chain those before it are left out. */
enum { HELD_UP_STEPS = 32 };

struct held_up_step {
    agent_no agent; /* waits for `call` */
    span_no call;
};

/* A request that waits for its next attempt. */
struct held_up_retry {
    uint32_t attempt; /* the one reported last; 0: the call does not retry */
    int64_t in_ns;    /* until the next one; 0: it is due, or not reported */
    intern_id error;  /* the reason; INTERN_NONE: not reported */
};

struct held_up_chain {
    struct held_up_step steps[HELD_UP_STEPS];
    size_t count;    /* 0: nothing of the agent is open that it waits for */
    size_t length;   /* of the chain; more than `count`: steps before the last are left out */
    int64_t age_ns;  /* of the call at the end */
    double p95_ms;   /* of calls like that; NAN: unknown */
    int64_t held_ns; /* so long the call has held up: its age, or since its sub-agent rests */
    struct agent_rest rest;     /* of the sub-agent that the call at the end waits for */
    struct held_up_retry retry; /* of the call at the end */
    bool beyond;                /* the call at the end is beyond its usual time */
};

struct held_up_call; /* private */
struct held_up_link {
    agent_no agent;
    uint32_t first;  /* of its open calls, one past the index; 0: none */
    uint32_t call;   /* the one that holds it up, one past the index; 0: none */
    uint32_t end;    /* the one at the end of that chain, the same */
    uint32_t length; /* steps of that chain */
    agent_no waiter; /* the agent whose chain leads here; NO_AGENT: none */
    agent_no from;   /* while chains are followed: the agent whose call led here */
    uint32_t at;     /* the same: the call to follow next, one past the index */
    bool entered, done;
};

/* The chains of all agents at one moment. */
struct held_up {
    const struct mem *mem;
    struct held_up_link *links; /* of the agents with open calls alone */
    size_t link_count, link_cap;
    uint32_t *index; /* by agent_no: one past its place in `links`; 0: nothing of it is open */
    size_t agent_count;
    struct held_up_call *calls;
    size_t call_count, call_cap;
};

/* Whether an agent is one that is asked for. */
typedef bool held_up_matches(void *ctx, agent_no agent);

/* Works out the chain of each agent. `metrics` has the usual durations, NULL: none are known.
   `kept`: what is known of calls from before (call_children.h); NULL: nothing. False: out of
   memory. Release it in any case. */
bool held_up_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  struct call_children_kept *kept, const struct mem *mem, struct held_up *out);
/* The same of a moment that was worked out before. */
bool held_up_copy(const struct held_up *from, const struct mem *mem, struct held_up *out);
void held_up_release(struct held_up *held);

/* Sets *out to the agent's chain. */
void held_up_chain(const struct held_up *held, agent_no agent, struct held_up_chain *out);
/* Returns the agent whose chain leads to `agent` next; NO_AGENT: none does. */
agent_no held_up_waiter(const struct held_up *held, agent_no agent);
/* Returns the agent at the beginning of the chain that leads to `agent`; `agent`: none does. */
agent_no held_up_begin(const struct held_up *held, agent_no agent);
/* Returns the agent whose chain has the last call that has held up longest of all that are beyond
   their usual time, among those that match (NULL: all); of chains with one end, the longest. If no
   call is beyond, it is the longest of all. NO_AGENT: no agent waits. */
agent_no held_up_longest(const struct held_up *held, held_up_matches *matches, void *ctx);
/* Returns how long the agent's open call has waited for a sub-agent that rests; -1: it does not. */
int64_t held_up_rest_ns(const struct held_up *held, agent_no agent, span_no call);

#endif
