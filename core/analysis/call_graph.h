/* The calls of one turn and what each of them waited for (doc/WHY.md).

   A run is the work of one agent: the turn's own agent has run 0, and each call of a sub-agent
   starts another one. A call's dependencies are calls of its own run that come before it in the
   list. A call that waits for a run ends with it. Times are ns. */
#ifndef CORE_ANALYSIS_CALL_GRAPH_H
#define CORE_ANALYSIS_CALL_GRAPH_H

#include "core/analysis/turn.h"

#define NO_CALL UINT32_MAX
#define NO_RUN  UINT32_MAX

struct graph_call {
    int64_t start_ns, end_ns; /* a call that runs ends now */
    span_no span;
    uint32_t request;           /* of a tool or a wait: the request that asked for it; NO_CALL */
    uint32_t inside;            /* of a wait: the call that it holds up; NO_CALL: none */
    uint32_t first_wait;        /* the first of the waits inside it; NO_CALL */
    uint32_t next_wait;         /* of a wait: the next one inside the same call; NO_CALL */
    uint32_t starts, waits_for; /* runs; NO_RUN */
    uint32_t first_dependency, dependency_count;
    uint8_t kind; /* SPAN_REQUEST, SPAN_TOOL, SPAN_AGENT_CALL or SPAN_USER */
    bool other;   /* a request of another source than most of its agent's */
    bool side;    /* nobody waits for it: it ran beside the agent's other requests */
    bool open;    /* it runs */
};

struct graph_run {
    agent_no agent;
    uint32_t depth;      /* of run 0: 0 */
    uint32_t started_by; /* a call of another run; NO_CALL: the turn itself */
    int64_t start_ns, end_ns;
    uint32_t first_call, call_count;
    uint32_t first_dependency, dependency_count; /* of its end */
};

struct call_graph {
    const struct mem *mem;
    const struct swarm *swarm;
    const struct past *past; /* of the turn */
    int64_t local_ns;
    bool open;  /* the turn runs */
    bool whole; /* the turn is no interaction: it is all that its agent did */
    int64_t
        to_ns; /* the end of the part of the time that was kept: calls end there at the latest */
    struct graph_call *calls;
    size_t call_count, call_cap;
    struct graph_run *runs;
    size_t run_count, run_cap;
    uint32_t *dependencies; /* indices of calls */
    size_t dependency_count, dependency_cap;
};

/* Builds the graph of a turn. False: out of memory; release it all the same. */
bool call_graph_build(struct call_graph *graph, const struct swarm *swarm,
                      const struct call_children *children, const struct turn *turn,
                      int64_t local_ns);
void call_graph_release(struct call_graph *graph);

/* Returns when a call's start or a run's end at `at_ns` had its dependency: the dependency's end,
   or `at_ns` itself while that request still streamed. `call` is NO_CALL for a run's end. */
int64_t call_graph_had(const struct call_graph *graph, uint32_t dependency, uint32_t call,
                       int64_t at_ns);
/* Returns when the last call ended that the run's end waited for; the run's start if none did. */
int64_t call_graph_run_last(const struct call_graph *graph, uint32_t run);

#endif
