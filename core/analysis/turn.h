/* The turns of an agent: its interactions, numbered from 1 in order of their starts. An agent
   without any that is nobody's sub-agent has one turn, from the start of its first call to the end
   of its last one. An interaction without an end ends where the next one starts. If only a part
   of the time was kept, a turn is what lies in that: of the rest no calls are known. It keeps its
   number, and is marked as cut. */
#ifndef CORE_ANALYSIS_TURN_H
#define CORE_ANALYSIS_TURN_H

#include "core/analysis/call_children.h"

struct turn {
    agent_no agent;
    span_no span;             /* its interaction; NO_SPAN: it has none */
    uint64_t number;          /* from 1, of all that the agent had */
    size_t place;             /* among those that the model has, from 0 */
    int64_t start_ns, end_ns; /* the end of one that runs: now */
    bool open;                /* it runs */
    bool cut;                 /* a part of it lies outside the part of the time that was kept */
    bool called;              /* of a nested session: its caller may have waited for it */
    const struct past *past;  /* the moment that it is asked about, borrowed; NULL: now */
};

/* The turns of all agents that are no known agent's sub-agents, and the interactions of nested
   sessions, longest first. Returns new
   (mem_free of *count * sizeof); NULL with *count > 0 if out of memory. */
struct turn *turns_list(const struct swarm *swarm, const struct call_children *children,
                        int64_t local_ns, size_t *count);
/* Sets *out to the agent's turn at that time, else the last one before it, else the first. An agent
   without interactions has its one turn, whoever started it. `past`: of what existed then; NULL: of
   now. False: the agent has no calls. */
bool turn_at(const struct swarm *swarm, const struct past *past, agent_no agent, int64_t at_ns,
             int64_t local_ns, struct turn *out);

#endif
