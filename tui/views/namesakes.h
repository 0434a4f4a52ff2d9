/* Which agents of a session bear one name, and where their descriptions differ: their labels need
   more than the name, however narrow they are. */
#ifndef TUI_NAMESAKES_H
#define TUI_NAMESAKES_H

#include "core/base/u64map.h"
#include "core/model/swarm.h"

/* Made with the labels (agent_labels.h). Chains of agents by a hash of what owns them and their
 * name. */
struct namesakes {
    const struct mem *mem;
    agent_no *heads;  /* by the hash's place: the last agent + 1; 0: none */
    agent_no *next;   /* by agent: the one before it + 1 */
    uint64_t *hashes; /* by agent */
    size_t slots, agents;
    struct u64map titles; /* by the hash of a title: the session of those who bear it */
};

/* Makes room for so many agents. Without memory no agent has a namesake. */
void namesakes_init(struct namesakes *names, const struct mem *mem, size_t agents);
void namesakes_release(struct namesakes *names);
/* Adds an agent. `owner`: its session, or what stands for it. */
void namesakes_add(struct namesakes *names, uint64_t owner, uint64_t name, agent_no agent);
bool namesakes_several(const struct namesakes *names, uint64_t owner, uint64_t name);
/* Notes the title that the agent bears in texts which have no session beside it. */
void namesakes_add_title(struct namesakes *names, const struct swarm *swarm, agent_no agent);
/* Returns whether an agent of another session bears the agent's title. Main agents and sub-agents
   are not mistaken for each other. */
bool namesakes_elsewhere(const struct namesakes *names, const struct swarm *swarm, agent_no agent);
/* Returns the byte of the agent's description at which the term begins that distinguishes it from
   those of its namesakes; SIZE_MAX: nothing does. Some of many are compared. */
size_t namesakes_difference(const struct namesakes *names, const struct swarm *swarm,
                            uint64_t owner, uint64_t name, agent_no agent);

#endif
