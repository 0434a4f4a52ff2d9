/* Joins two sessions that turn out to be one: an alias names a session with updates of its own.
   All facts of one are merged into the other, call by call; calls that share an id are united.
   If out of memory, finished moves stay, so that the same update can finish the rest later. */
#include "core/correlate/correlator_private.h"

/* `main_id`: the agent that the main one of `from` is; bytes NULL: the main one. */
static bool join_agents(struct correlator *correlator, const struct registry_session *from,
                        struct registry_session *to, struct slice main_id)
{
    for (size_t i = 0; i < from->alias_count; i++) {
        const struct agent_alias *alias = &from->aliases[i];
        struct slice of =
            alias->of == INTERN_NONE ? main_id : swarm_text_slice(correlator->swarm, alias->of);
        struct registered *agent = correlator_agent_find(correlator, to, of);
        if (agent == NULL || !correlator_agent_join(correlator, to, agent, alias->id)) {
            return false;
        }
    }
    for (size_t i = 0; i < from->agent_count; i++) {
        const struct registered *agent = &from->agents[i];
        if (!agent->reported) {
            continue;
        }
        struct slice id = i == 0 ? main_id : swarm_text_slice(correlator->swarm, agent->id);
        struct registered *same = correlator_agent_find(correlator, to, id);
        if (same == NULL || !correlator_agent_unite(correlator, to, same, agent, id)) {
            return false;
        }
    }
    return true;
}

static void own_call(struct correlator *correlator, record_no number, session_no session)
{
    correlator_call_unlink(correlator, number);
    correlator_call_disown(correlator, number);
    swarm_record_move(correlator->swarm, number, session);
    correlator_call_own(correlator, number);
}

/* Gives the call its ids in its session. *other: a call there that has one of them; NO_RECORD:
   none. */
static bool move_keys(struct correlator *correlator, record_no number, session_no to,
                      record_no *other)
{
    uint32_t at = swarm_record(correlator->swarm, number)->first_key;
    for (*other = NO_RECORD; at != NO_KEY; at = correlator->keys[at].same_record) {
        struct slice id = {correlator->keys[at].id, correlator->keys[at].len};
        record_no found = correlator_index_find(correlator, to, id);
        if (found != NO_RECORD && found != number) {
            *other = found;
            return true;
        }
        if (found == NO_RECORD && !correlator_index_move(correlator, at, to)) {
            return false;
        }
    }
    return true;
}

/* The call is one of `to` under each of its ids. False: out of memory; it is one of `from` then, or
   united with one of `to`. */
static bool move_call(struct correlator *correlator, record_no number, session_no from,
                      session_no to)
{
    record_no other, kept = number;
    own_call(correlator, number, to);
    bool good =
        correlator_call_queue(correlator, number) && move_keys(correlator, number, to, &other);
    if (good && other != NO_RECORD) {
        kept = correlator_call_unite(correlator, other, number);
        good = kept != NO_RECORD && move_call(correlator, kept, from, to);
    }
    if (good) {
        correlator_call_link(correlator, kept);
    } else if (swarm_record(correlator->swarm, number)->used) {
        own_call(correlator, number, from);
    }
    return good;
}

/* The session has no calls left. One that operations of a feed opened, too, keeps what these wrote
   and will write. */
static void hide_session(struct swarm *swarm, const struct registry_session *from)
{
    if (swarm_session(swarm, from->number) != NULL && from->table_count == 0) {
        swarm_hide_session(swarm, from->number);
    }
}

/* A call of the main agent names none. */
static bool give_agent(struct correlator *correlator, record_no number, struct slice agent_id)
{
    struct record *record = swarm_record(correlator->swarm, number);
    const enum update_field field = (enum update_field)FACT_AGENT_ID;
    union update_value value = {.text = agent_id};
    return agent_id.bytes == NULL || facts_get(&record->facts, field) != NULL ||
           facts_merge(&record->facts, correlator->mem, field, &value, PRECEDENCE_INFERRED, 0) !=
               FACT_NO_MEMORY;
}

/* Times, agents and calls, but no facts. */
static bool join_rest(struct correlator *correlator, struct registry_session *from,
                      struct registry_session *to, struct slice main_id)
{
    struct swarm *swarm = correlator->swarm;
    struct update times = {.local_ns = swarm_session_edit(swarm, from->number)->clock_set_ns};
    to->sources |= from->sources;
    to->forgotten_ms = fmax(to->forgotten_ms, from->forgotten_ms);
    /* Its first time may be an end. */
    if (!join_agents(correlator, from, to, main_id) ||
        !correlator_session_note_times(correlator, to, &times, (double)NAN, from->first_ms) ||
        !correlator_session_note_times(correlator, to, &times, (double)NAN, from->clock_ms) ||
        !correlator_session_note_times(correlator, to, &times, from->last_start_ms, (double)NAN)) {
        return false;
    }
    while (from->calls != NO_RECORD) {
        if (!give_agent(correlator, from->calls, main_id) ||
            !move_call(correlator, from->calls, from->number, to->number)) {
            return false;
        }
    }
    hide_session(swarm, from);
    from->opened = false;
    to->described = false;
    return true;
}

bool correlator_join_sessions(struct correlator *correlator, struct registry_session *from,
                              struct registry_session *to)
{
    if (facts_unite(&to->facts, correlator->mem, &from->facts) == FACT_NO_MEMORY) {
        return false;
    }
    for (size_t i = 0; i < from->end_count; i++) {
        if (!correlator_session_add_end(correlator, to, from->ends[i].ms,
                                        (enum outcome)from->ends[i].outcome)) {
            return false;
        }
    }
    return join_rest(correlator, from, to, (struct slice){NULL, 0});
}

bool correlator_join_as_agent(struct correlator *correlator, struct registry_session *from,
                              struct registry_session *to, struct slice agent_id)
{
    const struct fact *name = facts_get(&from->facts, FIELD_NAME);
    return (name == NULL || correlator_agent_name(correlator, to, agent_id, name)) &&
           join_rest(correlator, from, to, agent_id);
}

bool correlator_join_agent_id(struct correlator *correlator, struct registry_session *session,
                              intern_id agent, intern_id id)
{
    intern_id of;
    struct registry_session *other = correlator_session_reported(correlator, id);
    if (other == session || correlator_alias_agent(correlator, id, &of) != INTERN_NONE) {
        return true; /* it is this agent's already, or another's */
    }
    struct slice agent_id = swarm_text_slice(correlator->swarm, agent);
    return (other == NULL || correlator_join_as_agent(correlator, other, session, agent_id)) &&
           correlator_alias_put(correlator, correlator_session_id(correlator, id), agent, false) &&
           correlator_agent_join_ids(correlator, session, agent);
}
