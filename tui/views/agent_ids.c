/* The state of a view holds plain numbers of agents, and every key compares and stores these. So
   the agents that the numbers were of are noted here once, with each frame, by their serial
   numbers. A number whose serial number has changed leaves the state before anything reads it. */
#include "tui/views/agent_ids.h"

#include "tui/views/rows.h"

void agent_ids_release(struct agent_ids *ids, const struct mem *mem)
{
    mem_free(mem, ids->serials, ids->cap * sizeof *ids->serials);
    *ids = (struct agent_ids){.serials = NULL};
}

/* A number beyond the list is of no frame yet. */
static bool is_same(const struct agent_ids *ids, const struct swarm *swarm, agent_no agent)
{
    return agent >= ids->count || ids->serials[agent] == swarm_agent(swarm, agent)->serial;
}

static size_t keep_same(const struct agent_ids *ids, const struct swarm *swarm, agent_no *agents,
                        size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_same(ids, swarm, agents[i])) {
            agents[kept++] = agents[i];
        }
    }
    return kept;
}

/* A place keeps its time and its span. */
static void follow_cursor(const struct agent_ids *ids, const struct swarm *swarm, agent_no *cursor,
                          bool *group)
{
    if (*cursor != NO_AGENT && !is_same(ids, swarm, *cursor)) {
        *cursor = NO_AGENT;
        *group = false;
    }
}

static void drop_forgotten(struct view_state *state, const struct swarm *swarm)
{
    const struct agent_ids *ids = &state->agent_ids;
    for (agent_no i = 0; i < ids->count && i < state->fold_cap; i++) {
        state->folds[i] = is_same(ids, swarm, i) ? state->folds[i] : FOLD_AUTO;
    }
    state->pin_count = keep_same(ids, swarm, state->pins, state->pin_count);
    state->agents.count = keep_same(ids, swarm, state->agents.order, state->agents.count);
    follow_cursor(ids, swarm, &state->cursor, &state->cursor_group);
    bool group = false;
    follow_cursor(ids, swarm, &state->why_agent, &group);
    struct view_place *places[MARKS + 2] = {&state->came_from, &state->searched_from};
    for (size_t i = 0; i < MARKS; i++) {
        places[2 + i] = &state->marks[i].place;
    }
    for (size_t i = 0; i < MARKS + 2; i++) {
        follow_cursor(ids, swarm, &places[i]->cursor, &places[i]->cursor_group);
    }
}

bool agent_ids_follow(struct view_state *state, const struct swarm *swarm)
{
    struct agent_ids *ids = &state->agent_ids;
    size_t count = swarm_agent_count(swarm);
    uint64_t passes = swarm_forget_passes(swarm);
    if (ids->passes != passes) {
        drop_forgotten(state, swarm);
        ids->passes = passes;
        ids->count = 0;
    }
    if (!mem_reserve(state->mem, &ids->serials, &ids->cap, count, sizeof *ids->serials)) {
        return false;
    }
    while (ids->count < count) {
        ids->serials[ids->count] = swarm_agent(swarm, (agent_no)ids->count)->serial;
        ids->count++;
    }
    return true;
}
