/* Agents. One is created on first mention, even by an update that does not hold, or rows would
   depend on the order of updates. An agent is done when its end is known and nothing of it began
   later. */
#include "core/correlate/correlator_private.h"

static void flag_agent(struct correlator *correlator, const struct corr_session *session,
                       struct corr_agent *agent)
{
    double end_ms = facts_number(&agent->facts, FIELD_END_MS);
    bool done = !isnan(end_ms) && !(end_ms < agent->last_start_ms);
    uint8_t flags = (uint8_t)(done                                       ? AGENT_UNREGISTERED
                              : session->outcome == OUTCOME_GONE         ? AGENT_GONE
                              : session->outcome == OUTCOME_DISCONNECTED ? AGENT_UNKNOWN
                                                                         : 0);
    if (agent->row.pid != 0 && flags != agent->flags) {
        swarm_flag_agent(correlator->swarm, session->number, agent->row.pid, flags,
                         (uint8_t)(agent->flags & ~flags));
        agent->flags = flags;
    }
}

void correlator_agent_flag_all(struct correlator *correlator, struct corr_session *session)
{
    for (size_t i = 0; i < session->agent_count; i++) {
        flag_agent(correlator, session, &session->agents[i]);
    }
}

/* Returns the id of the agent's parent. That of a main agent is in another session, which started
   its own. */
static struct slice parent_of(const struct corr_session *session, const struct corr_agent *agent)
{
    struct slice parent = facts_text(&agent->facts, FIELD_PARENT_AGENT_ID);
    if (parent.bytes == NULL && agent == &session->agents[0]) {
        parent = facts_text(&session->facts, FIELD_PARENT_AGENT_ID);
    }
    if (parent.bytes == NULL && agent == &session->agents[0]) {
        parent = facts_text(&session->facts, FIELD_PARENT_SESSION_ID);
    }
    return parent;
}

static bool identify(struct correlator *correlator, const struct corr_session *session,
                     const struct corr_agent *agent)
{
    bool is_main = agent == &session->agents[0];
    struct slice name = facts_text(&agent->facts, FIELD_NAME);
    struct slice type = facts_text(&agent->facts, FIELD_TYPE);
    struct slice description = facts_text(&agent->facts, FIELD_DESCRIPTION);
    struct slice parent = parent_of(session, agent);
    if (name.bytes != NULL && description.bytes == NULL) {
        description = type; /* of a teammate, which has a name of its own */
    }
    name = name.bytes != NULL ? name : type;
    if (name.bytes == NULL && is_main) {
        name = correlator_session_title(session);
    }
    /* Operations that registered it named it too. */
    if ((swarm_agent(correlator->swarm, agent->row.agent)->flags & AGENT_PRINTED) == 0) {
        name = (struct slice){NULL, 0};
    }
    struct agent_identity who = {
        .pid = agent->row.pid,
        .parent_id = parent.bytes,
        .parent_id_len = parent.len,
        .name = name.bytes,
        .name_len = name.len,
        .description = description.bytes,
        .description_len = description.len,
    };
    return swarm_identify(correlator->swarm, session->number, &who);
}

bool correlator_agent_describe(struct correlator *correlator, struct corr_session *session,
                               struct corr_agent *agent)
{
    bool is_main = agent == &session->agents[0];
    if (session->number == NO_SESSION) {
        return true;
    }
    struct slice id =
        is_main ? (struct slice){NULL, 0} : swarm_text_slice(correlator->swarm, agent->id);
    if (!tracer_update_agent(correlator->tracer, session->number, id, &agent->row) ||
        !identify(correlator, session, agent)) {
        session->described = false;
        correlator->unflushed = true;
        return false;
    }
    flag_agent(correlator, session, agent);
    return true;
}

uint32_t correlator_agent_find(struct correlator *correlator, struct corr_session *session,
                               struct slice agent_id)
{
    if (agent_id.len == 0) {
        return 0;
    }
    intern_id id = intern_put(swarm_names(correlator->swarm), agent_id.bytes, agent_id.len);
    uint32_t at = id == INTERN_FAILED ? U64MAP_NONE : u64map_get(&session->agent_by_id, id);
    if (at != U64MAP_NONE || id == INTERN_FAILED) {
        return at;
    }
    at = (uint32_t)session->agent_count;
    if (!mem_reserve(correlator->mem, &session->agents, &session->agent_cap,
                     session->agent_count + 1, sizeof *session->agents) ||
        !u64map_put(&session->agent_by_id, id, at)) {
        return NO_KEY;
    }
    session->agents[at] = (struct corr_agent){.id = id, .last_start_ms = (double)NAN};
    session->agent_count++;
    return correlator_agent_describe(correlator, session, &session->agents[at]) ? at : NO_KEY;
}

void correlator_agent_note_start(struct correlator *correlator, struct corr_session *session,
                                 uint32_t place, double start_ms)
{
    struct corr_agent *agent = &session->agents[place];
    if (time_is_set(start_ms) && !(start_ms <= agent->last_start_ms)) {
        agent->last_start_ms = start_ms;
        flag_agent(correlator, session, agent);
    }
}

bool correlator_agent_update(struct correlator *correlator, const struct update *update)
{
    uint32_t place = correlator_session_find(correlator, update->session_id);
    if (place == NO_KEY) {
        return false;
    }
    struct corr_session *session = correlator_session_at(correlator, place);
    double start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    double end_ms =
        update_has(update, FIELD_END_MS) ? update->values[FIELD_END_MS].number : (double)NAN;
    if (!correlator_session_note_times(correlator, session, update, start_ms, end_ms)) {
        return false;
    }
    /* Its parent first: else a row that stands for one would show for a moment. */
    struct slice parent_id = {NULL, 0};
    if (update_has(update, FIELD_PARENT_AGENT_ID)) {
        parent_id = update->values[FIELD_PARENT_AGENT_ID].text;
    }
    uint32_t parent = correlator_agent_find(correlator, session, parent_id);
    uint32_t at = correlator_agent_find(correlator, session, update->agent_id);
    if (parent == NO_KEY || at == NO_KEY) {
        return false;
    }
    struct corr_agent *agent = &session->agents[at];
    bool changed = false;
    for (uint64_t left = update->present; left != 0; left &= left - 1) {
        enum update_field field = (enum update_field)__builtin_ctzll(left);
        enum fact_result one =
            facts_merge(&agent->facts, correlator->mem, field, &update->values[field],
                        update->precedence, update->t_ms);
        if (one == FACT_NO_MEMORY) {
            session->described = false;
            correlator->unflushed = true;
            return false;
        }
        changed |= one == FACT_CHANGED;
    }
    correlator_agent_note_start(correlator, session, at, start_ms);
    return !changed || correlator_agent_describe(correlator, session, agent);
}
