/* Not written yet: every fact is forgotten. */
#include "core/witness.h"

struct witness {
    const struct mem *mem;
};

struct witness *witness_new(struct swarm *swarm, struct tracer *tracer)
{
    (void)tracer;
    struct witness *witness = mem_zalloc(swarm_mem(swarm), 1, sizeof *witness);
    if (witness != NULL) {
        witness->mem = swarm_mem(swarm);
    }
    return witness;
}

void witness_free(struct witness *witness)
{
    if (witness != NULL) {
        mem_free(witness->mem, witness, sizeof *witness);
    }
}

#define FORGOTTEN                           \
    (void)witness, (void)place, (void)fact; \
    return true

bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact)
{
    FORGOTTEN;
}

bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone)
{
    (void)witness, (void)place, (void)at_ms, (void)gone;
    return true;
}

session_no witness_session_number(const struct witness *witness, struct slice session_id)
{
    (void)witness, (void)session_id;
    return NO_SESSION;
}

bool witness_agent(struct witness *witness, const struct witness_place *place,
                   const struct witness_agent_fact *fact)
{
    FORGOTTEN;
}

bool witness_tool(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_tool_fact *fact)
{
    (void)id;
    FORGOTTEN;
}

bool witness_request(struct witness *witness, const struct witness_place *place, struct slice id,
                     const struct witness_request_fact *fact)
{
    (void)id;
    FORGOTTEN;
}

bool witness_wait(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_wait_fact *fact)
{
    (void)id;
    FORGOTTEN;
}

bool witness_turn(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_turn_fact *fact)
{
    (void)id;
    FORGOTTEN;
}

bool witness_settle(struct witness *witness)
{
    (void)witness;
    return true;
}
