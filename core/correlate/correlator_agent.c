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

bool correlator_agent_is_session(const struct correlator *correlator,
                                 const struct registry_session *session, struct slice id)
{
    intern_id own = swarm_session_edit(correlator->swarm, session->number)->id;
    intern_id name = intern_find(swarm_names(correlator->swarm), id.bytes, id.len);
    return name != INTERN_NONE && correlator_alias_is_session(correlator, name, own);
}

/* Returns the session's own id of the agent that a session of that id is, else the id; NULL: an id
   of the session. */
static struct slice id_in(const struct correlator *correlator,
                          const struct registry_session *session, struct slice id)
{
    if (id.len > 0 && correlator_agent_is_session(correlator, session, id)) {
        return (struct slice){NULL, 0};
    }
    if (!correlator->aliases.has_agents) {
        return id;
    }
    intern_id name = intern_find(swarm_names(correlator->swarm), id.bytes, id.len), of;
    intern_id agent = correlator_alias_agent(correlator, name, &of);
    bool here = agent != INTERN_NONE && agent != name &&
                of == swarm_session_edit(correlator->swarm, session->number)->id;
    return here ? swarm_text_slice(correlator->swarm, agent) : id;
}

/* Returns the id of the agent that one of that id turned out to be. */
static struct slice known_id(const struct correlator *correlator,
                             const struct registry_session *session, struct slice id)
{
    if (id.bytes == NULL) {
        return id;
    }
    struct slice own = id_in(correlator, session, id);
    intern_id name = intern_find(swarm_names(correlator->swarm), own.bytes, own.len);
    uint32_t at = own.bytes == NULL     ? 0
                  : name == INTERN_NONE ? U64MAP_NONE
                                        : u64map_get(&session->agent_by_id, name);
    return at == U64MAP_NONE ? own : swarm_text_slice(correlator->swarm, session->agents[at].id);
}

static bool identify(struct correlator *correlator, const struct registry_session *session,
                     struct registered *agent)
{
    bool is_main = agent == &session->agents[0];
    struct slice name = facts_text(&agent->facts, FIELD_NAME);
    struct slice type = facts_text(&agent->facts, FIELD_TYPE);
    struct slice description = facts_text(&agent->facts, FIELD_DESCRIPTION);
    struct slice parent = known_id(correlator, session, parent_of(session, agent));
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
    struct registered *agent =
        registry_agent(correlator->tracer, session, id_in(correlator, session, agent_id));
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

/* ---- a run that turns out to be that of another agent ---- */

/* Names alone: when one of its runs began and ended is not when the agent did. */
static const uint64_t run_fields =
    (uint64_t)1 << FIELD_NAME | (uint64_t)1 << FIELD_TYPE | (uint64_t)1 << FIELD_DESCRIPTION;

static bool join_names(struct correlator *correlator, struct registered *to,
                       const struct registered *from)
{
    for (uint64_t left = run_fields; left != 0; left &= left - 1) {
        enum update_field field = (enum update_field)__builtin_ctzll(left);
        const struct fact *fact = facts_get(&from->facts, field);
        if (fact == NULL) {
            continue;
        }
        union update_value value = {.text = {fact->bytes, fact->len}};
        if (facts_merge(&to->facts, correlator->mem, field, &value,
                        (enum precedence)fact->precedence, fact->at_ms) == FACT_NO_MEMORY) {
            return false;
        }
    }
    return true;
}

/* Whether that id of the agent is neither its own nor that of a session that it is. */
static bool is_run(const struct correlator *correlator, const struct registry_session *session,
                   const struct registered *agent, struct slice id)
{
    if (id.len == 0 || correlator_agent_is_session(correlator, session, id)) {
        return false;
    }
    intern_id name = intern_find(swarm_names(correlator->swarm), id.bytes, id.len);
    return agent == &session->agents[0] ||
           (name != agent->id && !correlator_alias_is_session(correlator, name, agent->id));
}

bool correlator_agent_unite(struct correlator *correlator, struct registry_session *session,
                            struct registered *to, const struct registered *from, struct slice id)
{
    if (is_run(correlator, session, to, id)
            ? !join_names(correlator, to, from)
            : facts_unite(&to->facts, correlator->mem, &from->facts) == FACT_NO_MEMORY) {
        return false;
    }
    correlator_agent_note_start(correlator, session, to, from->last_start_ms);
    session->described = false;
    return true;
}

static bool queue_spans(struct correlator *correlator, const struct block_list *spans)
{
    bool good = true;
    for (size_t i = 0; i < spans->count && good; i++) {
        const struct span *span = swarm_span(correlator->swarm, spans_at(spans, i));
        good =
            !span_is_record(span) || correlator_call_queue(correlator, (record_no)span->begin_no);
    }
    return good;
}

/* Shows the calls of the row again. */
static bool queue_calls(struct correlator *correlator, agent_no row)
{
    const struct agent *agent = swarm_agent(correlator->swarm, row);
    bool good = queue_spans(correlator, &agent->envelopes);
    for (size_t i = 0; i < agent->lane_count && good; i++) {
        good = queue_spans(correlator, &agent->lanes[i].spans);
    }
    return good;
}

bool correlator_agent_join(struct correlator *correlator, struct registry_session *session,
                           struct registered *to, intern_id id)
{
    uint32_t at = u64map_get(&session->agent_by_id, id);
    struct registered *agent = at == U64MAP_NONE ? NULL : &session->agents[at];
    if (agent == to || at == 0 || (agent != NULL && agent->id != id)) {
        return true; /* it is this one's already, or another's */
    }
    struct slice alias = swarm_text_slice(correlator->swarm, id);
    agent_no row = agent == NULL || !agent->reported || agent->pid == 0
                       ? NO_AGENT
                       : correlator_agent_row(correlator, session, agent);
    if ((agent != NULL && !correlator_agent_unite(correlator, session, to, agent, alias)) ||
        (row != NO_AGENT && !queue_calls(correlator, row)) ||
        !correlator_alias_put_agent(correlator, session, to, id)) {
        return false;
    }
    if (row != NO_AGENT) {
        swarm_hide_agent(correlator->swarm, row);
    }
    if (agent != NULL) {
        agent->reported = false;
    }
    session->described = false;
    return true;
}

bool correlator_agent_join_ids(struct correlator *correlator, struct registry_session *session,
                               intern_id agent)
{
    for (size_t i = 1; i < session->agent_count; i++) {
        intern_id id = session->agents[i].id;
        if (id == agent || !session->agents[i].reported ||
            !correlator_alias_is_session(correlator, id, agent)) {
            continue;
        }
        struct registered *to =
            correlator_agent_find(correlator, session, swarm_text_slice(correlator->swarm, agent));
        if (to == NULL || !correlator_agent_join(correlator, session, to, id)) {
            return false;
        }
    }
    return true;
}

/* ---- updates ---- */

bool correlator_agent_name(struct correlator *correlator, struct registry_session *session,
                           struct slice agent_id, const struct fact *name)
{
    struct registered *agent = correlator_agent_find(correlator, session, agent_id);
    union update_value value = {.text = {name->bytes, name->len}};
    session->described = false;
    return agent != NULL &&
           facts_merge(&agent->facts, correlator->mem, FIELD_NAME, &value,
                       (enum precedence)name->precedence, name->at_ms) != FACT_NO_MEMORY;
}

/* The agent is a session of its own for another source. */
static bool take_session(struct correlator *correlator, struct registry_session *session,
                         struct slice agent_id)
{
    intern_id id = intern_put(swarm_names(correlator->swarm), agent_id.bytes, agent_id.len);
    struct registry_session *other =
        id == INTERN_FAILED ? session : correlator_session_reported(correlator, id);
    if (other == session) {
        intern_id of, agent = correlator_alias_agent(correlator, id, &of);
        return id != INTERN_FAILED &&
               (agent == INTERN_NONE || correlator_agent_join_ids(correlator, session, agent));
    }
    intern_id own = swarm_session_edit(correlator->swarm, session->number)->id;
    intern_id top = correlator_session_id(correlator, id); /* which is another id of it then */
    return (other == NULL || correlator_join_as_agent(correlator, other, session, agent_id)) &&
           correlator_alias_put(correlator, id, own, true) &&
           (top == id || correlator_alias_put(correlator, top, id, false)) &&
           correlator_agent_join_ids(correlator, session, id);
}

/* Another id of the agent; its own id is that of a session, too. */
static bool take_alias(struct correlator *correlator, struct registry_session *session,
                       const struct update *update, struct registered *agent)
{
    struct slice alias = update->values[FIELD_ALIAS].text, id = update->agent_id;
    bool own = alias.len == id.len && memcmp(alias.bytes, id.bytes, id.len) == 0;
    if (own && agent != &session->agents[0]) {
        return take_session(correlator, session, id);
    }
    intern_id other = intern_put(swarm_names(correlator->swarm), alias.bytes, alias.len);
    return other != INTERN_FAILED && correlator_agent_join(correlator, session, agent, other);
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
    bool run = is_run(correlator, session, agent, update->agent_id);
    const uint64_t apart = run ? ~run_fields : (uint64_t)1 << FIELD_ALIAS;
    if (update_has(update, FIELD_ALIAS)) {
        agent = take_alias(correlator, session, update, agent)
                    ? correlator_agent_find(correlator, session, update->agent_id)
                    : NULL;
    }
    if (agent == NULL) {
        return false;
    }
    enum fact_result result = correlator_merge_fields(correlator, &agent->facts, update, apart);
    if (result == FACT_NO_MEMORY) {
        session->described = false;
        return false;
    }
    correlator_agent_note_start(correlator, session, agent, start_ms);
    return result == FACT_SAME || correlator_agent_describe(correlator, session, agent);
}
