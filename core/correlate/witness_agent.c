/* Agents as the witness knows them. Whoever is mentioned is there, even by a word that does not hold, or rows would depend on the order of the
   words. An agent is done when its end was said and nothing of it began later. */
#include "core/correlate/witness_private.h"

#include <math.h>

static void flag_agent(struct witness *witness, const struct known_session *session,
                       struct known_agent *agent)
{
    bool gone = (session->flags & SESSION_DISCONNECTED) != 0;
    bool done = agent->end_ms.rank > 0 && !(agent->end_ms.value < agent->last_start_ms);
    uint8_t flags = (uint8_t)(done ? AGENT_UNREGISTERED : gone ? AGENT_GONE : 0);
    if (agent->pid != 0 && flags != agent->flags) {
        swarm_flag_agent(witness->swarm, session->number, agent->pid, flags,
                         (uint8_t)(agent->flags & ~flags));
        agent->flags = flags;
    }
}

void witness_flag_agents(struct witness *witness, struct known_session *session)
{
    for (size_t i = 0; i < session->agent_count; i++) {
        flag_agent(witness, session, &session->agents[i]);
    }
}

bool witness_tell_agent(struct witness *witness, struct known_session *session,
                        struct known_agent *agent)
{
    bool is_main = agent == &session->agents[0];
    if (session->number == NO_SESSION) {
        return true;
    }
    intern_id name = agent->type.text;
    if (name == INTERN_NONE && is_main) {
        name = session->name.text;
    }
    struct told_agent told = {
        .agent_id = is_main ? (struct slice){NULL, 0} : witness_text(witness, agent->id),
        .name = witness_text(witness, name),
        .description = witness_text(witness, agent->description.text),
        .parent_id = witness_text(witness, agent->parent.text),
    };
    if (tracer_tell_agent(witness->tracer, session->number, &told) != TRACER_OK) {
        session->described = false;
        witness->unsettled = true;
        return false;
    }
    agent->pid = told.pid;
    flag_agent(witness, session, agent);
    return true;
}

uint32_t witness_find_agent(struct witness *witness, struct known_session *session,
                            struct slice agent_id)
{
    if (agent_id.len == 0) {
        return 0;
    }
    intern_id id = intern_put(swarm_names(witness->swarm), agent_id.bytes, agent_id.len);
    uint32_t at = id == INTERN_FAILED ? U64MAP_NONE : u64map_get(&session->agent_by_id, id);
    if (at != U64MAP_NONE || id == INTERN_FAILED) {
        return at;
    }
    at = (uint32_t)session->agent_count;
    if (!mem_reserve(witness->mem, &session->agents, &session->agent_cap, session->agent_count + 1,
                     sizeof *session->agents) ||
        !u64map_put(&session->agent_by_id, id, at)) {
        return NO_PLACE;
    }
    session->agents[at] = (struct known_agent){
        .id = id, .end_ms = {.value = (double)NAN}, .last_start_ms = (double)NAN};
    session->agent_count++;
    return witness_tell_agent(witness, session, &session->agents[at]) ? at : NO_PLACE;
}

void witness_note_agent(struct witness *witness, struct known_session *session, uint32_t place,
                        double start_ms)
{
    struct known_agent *agent = &session->agents[place];
    if (said_time(start_ms) && !(start_ms <= agent->last_start_ms)) {
        agent->last_start_ms = start_ms;
        flag_agent(witness, session, agent);
    }
}

bool witness_agent(struct witness *witness, const struct witness_place *place,
                   const struct witness_agent_fact *fact)
{
    struct known_session *session = witness_find_session(witness, place);
    if (session == NULL ||
        !witness_note_times(witness, session, place, fact->start_ms, fact->end_ms)) {
        return false;
    }
    /* Its parent first: a row that stands for one would be there for a moment. */
    uint32_t parent = witness_find_agent(witness, session, fact->parent_id);
    uint32_t at = witness_find_agent(witness, session, place->agent_id);
    if (parent == NO_PLACE || at == NO_PLACE) {
        return false;
    }
    struct known_agent *agent = &session->agents[at];
    bool changed = false;
    if (!merge_text(witness, &agent->type, fact->type, place->rank, &changed) ||
        !merge_text(witness, &agent->description, fact->description, place->rank, &changed) ||
        !merge_text(witness, &agent->parent, fact->parent_id, place->rank, &changed)) {
        session->described = false;
        witness->unsettled = true;
        return false;
    }
    witness_note_agent(witness, session, at, fact->start_ms);
    if (said_time(fact->end_ms)) {
        merge_greatest(&agent->end_ms, fact->end_ms, place->rank);
    }
    if (changed) {
        return witness_tell_agent(witness, session, agent);
    }
    flag_agent(witness, session, agent);
    return true;
}
