/* Which agents the numbers in a view's state are of. Under a cap the model forgets idle agents and
   uses their numbers again; a fold or a pin must not become another agent's. */
#ifndef TUI_AGENT_IDS_H
#define TUI_AGENT_IDS_H

#include "core/model/swarm.h"

struct mem;
struct view_state;

struct agent_ids {
    uint64_t *serials; /* by agent_no: the agent's at the last frame */
    size_t count, cap;
    uint64_t passes; /* swarm_forget_passes at the last frame */
};

void agent_ids_release(struct agent_ids *ids, const struct mem *mem);
/* Drops from the state what it holds of agents that the model has forgotten since the last frame.
   Each frame begins with it. Returns false if out of memory. */
bool agent_ids_follow(struct view_state *state, const struct swarm *swarm);

#endif
