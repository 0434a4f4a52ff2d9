/* Agents. One is created on first mention, even by an update that does not hold, or rows would
   depend on the order of updates. An agent is done when its end is known and nothing of it began
   later. */
#include "core/correlate/correlator_private.h"

static void flag_agent(struct correlator *correlator, const struct registry_session *session,
                       struct registered *agent)
{
    double end_ms = facts_number(&agent->facts, FIELD_END_MS);
    bool done = !isnan(end_ms) && !(end_ms < agent->last_start_ms);
    uint8_t flags = (uint8_t)(done                                       ? AGENT_UNREGISTERED
                              : session->outcome == OUTCOME_GONE         ? AGENT_GONE
                              : session->outcome == OUTCOME_DISCONNECTED ? AGENT_UNKNOWN
                                                                         : 0);
    if (session->opened && agent->reported && agent->pid != 0 && flags != agent->flags) {
        swarm_flag_agent(correlator->swarm, session->number, agent->pid, flags,
                         (uint8_t)(agent->flags & ~flags));
        agent->flags = flags;
    }
}

void correlator_agent_flag_all(struct correlator *correlator, struct registry_session *session)
{
    for (size_t i = 0; i < session->agent_count; i++) {
        flag_agent(correlator, session, &session->agents[i]);
    }
}

/* Returns the id of the agent's parent. That of a main agent is in another session, which started
   its own. */
static struct slice parent_of(const struct registry_session *session,
                              const struct registered *agent)
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

agent_no correlator_agent_row(struct correlator *correlator, const struct registry_session *session,
                              struct registered *agent)
{
    track_no track = tracer_track(correlator->tracer, session, agent);
    return track == NO_TRACK ? NO_AGENT : swarm_track_agent(correlator->swarm, track);
}

static bool identify(struct correlator *correlator, const struct registry_session *session,
                     struct registered *agent)
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
    agent_no row = correlator_agent_row(correlator, session, agent);
    if (row == NO_AGENT) {
        return false;
    }
    if ((swarm_agent(correlator->swarm, row)->flags & AGENT_PRINTED) == 0) {
        name = (struct slice){NULL, 0};
    }
    struct agent_identity who = {
        .pid = agent->pid,
        .parent_id = parent.bytes,
        .parent_id_len = parent.len,
        .name = name.bytes,
        .name_len = name.len,
        .description = description.bytes,
        .description_len = description.len,
    };
    return swarm_identify(correlator->swarm, session->number, &who);
}

bool correlator_agent_describe(struct correlator *correlator, struct registry_session *session,
                               struct registered *agent)
{
    if (!session->opened || !agent->reported) {
        return true;
    }
    if (!tracer_register(correlator->tracer, session, agent) ||
        !identify(correlator, session, agent)) {
        session->described = false;
        return false;
    }
    flag_agent(correlator, session, agent);
    return true;
}

struct registered *correlator_agent_find(struct correlator *correlator,
                                         struct registry_session *session, struct slice agent_id)
{
    struct registered *agent = registry_agent(correlator->tracer, session, agent_id);
    if (agent == NULL || agent->reported) {
        return agent;
    }
    agent->reported = true;
    return correlator_agent_describe(correlator, session, agent) ? agent : NULL;
}

void correlator_agent_note_start(struct correlator *correlator, struct registry_session *session,
                                 struct registered *agent, double start_ms)
{
    if (time_is_set(start_ms) && !(start_ms <= agent->last_start_ms)) {
        agent->last_start_ms = start_ms;
        flag_agent(correlator, session, agent);
    }
}

bool correlator_agent_update(struct correlator *correlator, const struct update *update)
{
    struct registry_session *session = correlator_session_find(correlator, update->session_id);
    double start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    double end_ms =
        update_has(update, FIELD_END_MS) ? update->values[FIELD_END_MS].number : (double)NAN;
    if (session == NULL ||
        !correlator_session_note_times(correlator, session, update, start_ms, end_ms)) {
        return false;
    }
    /* Its parent first: else a row that stands for one would show for a moment. */
    struct slice parent_id = {NULL, 0};
    if (update_has(update, FIELD_PARENT_AGENT_ID)) {
        parent_id = update->values[FIELD_PARENT_AGENT_ID].text;
    }
    if (correlator_agent_find(correlator, session, parent_id) == NULL) {
        return false;
    }
    struct registered *agent = correlator_agent_find(correlator, session, update->agent_id);
    if (agent == NULL) {
        return false;
    }
    enum fact_result result = correlator_merge_fields(correlator, &agent->facts, update, 0);
    if (result == FACT_NO_MEMORY) {
        session->described = false;
        return false;
    }
    correlator_agent_note_start(correlator, session, agent, start_ms);
    return result == FACT_SAME || correlator_agent_describe(correlator, session, agent);
}
