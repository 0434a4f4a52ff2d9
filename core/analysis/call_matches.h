/* Matches the Agent calls of one agent whose sub-agents no source names with its sub-agents.

   Each sub-agent is of one call at most. Calls whose arguments describe an agent come first, then
   all in order of their starts: each takes the first free agent that begins while it runs. */
#ifndef CORE_ANALYSIS_CALL_MATCHES_H
#define CORE_ANALYSIS_CALL_MATCHES_H

#include "core/base/u64map.h"
#include "core/model/swarm.h"

struct match_call {
    span_no span;
    int64_t start_ns, end_ns;
    intern_id description, names[2]; /* of its arguments; INTERN_NONE: no agent has that text */
    bool done;
};

struct match_agent {
    uint64_t key; /* of the texts that this pass compares */
    int64_t began_ns;
    agent_no agent;
    bool taken;
    size_t next; /* no agent between this place and that one is free */
};

/* Puts the agent of each matched call into `out`, by span. Both lists are sorted and changed.
   False: out of memory. */
bool call_matches_find(struct match_call *calls, size_t call_count, struct match_agent *agents,
                       size_t agent_count, const struct swarm *swarm, struct u64map *out);

#endif
