/* Whether the sub-agent that a call waits for does nothing.

   It rests if it and all agents below it are idle, done, failed or gone (query.h), as each source
   can know. One whose calls nobody sees, such as an agent of a session without a live source, is
   taken to work, as is one with more than 256 agents below it. A call without a known sub-agent
   waits for one of its caller's sub-agents that never had a call, if there is one. */
#ifndef CORE_ANALYSIS_AGENT_REST_H
#define CORE_ANALYSIS_AGENT_REST_H

#include "core/analysis/call_children.h"

struct agent_rest {
    enum agent_state state; /* of the sub-agent; STATES: it works, or is unknown */
    bool began;             /* it has had a call */
    int64_t since_ns;       /* when the last of them ended its last call; INT64_MIN: unknown */
};

/* `child`: the sub-agent that the open call started; NO_AGENT: unknown. */
struct agent_rest agent_rest_of(const struct call_children *children, const struct span *call,
                                agent_no child, int64_t local_ns);

#endif
