/* An agent in a loop: it makes the same call again and again, and the call fails each time. */
#ifndef CORE_LOOPS_H
#define CORE_LOOPS_H

#include "core/query/query.h"

enum { LOOP_CALLS = 3 };

/* Returns the last call of the agent's loop; NO_SPAN: it is in none. An agent is in a loop while
   its last LOOP_CALLS calls of tools are of one tool with the same arguments, all have failed,
   and each began after the end of the one before, all since a person last wrote. Arguments
   that a source leaves out are compared by their hash (input_hash). A call without either, or with
   more than 64 KiB of arguments, is like no other; so is the change of a file of which the path
   alone is known, as in a document. A refused or an interrupted call has not failed. The work is
   bounded for each row of the agent. */
span_no loop_of(const struct swarm *swarm, agent_no agent);

/* The loops of all agents, kept between questions. Zeroed: none yet. */
struct loops_kept {
    const struct mem *mem;
    const struct swarm *swarm; /* NULL: none */
    uint64_t structure, changes;
    span_no *loops; /* by agent_no, of those that work; NO_SPAN: none */
    size_t agent_count, loop_count;
};
/* Brings them up to date: of the agents alone whose work has changed (swarm_changed_row). `works`:
   whether an agent's calls may continue, by what is structure or its work. False: out of memory;
   nothing is kept then. */
bool loops_keep(struct loops_kept *kept, const struct swarm *swarm,
                bool works(const struct swarm *swarm, const struct agent *agent),
                const struct mem *mem);
/* Needs no swarm: that may have gone. */
void loops_kept_release(struct loops_kept *kept);

#endif
