/* The identities of agents: their ids, names and parents. An agent answers to its id; a parent id
   that no agent has gets a row of its own, which groups the children until the parent appears. */
#include "core/model/swarm_private.h"

#include <stdio.h>
#include <string.h>

static bool set_text(struct swarm *swarm, intern_id *id, const char *text, size_t len)
{
    if (text == NULL) {
        return true;
    }
    intern_id put = intern_put(swarm->names, text, len);
    if (put == INTERN_FAILED) {
        return false;
    }
    *id = put;
    return true;
}

static struct process *numbered_process(struct swarm *swarm, session_no session, int64_t pid)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_put(swarm->names, text, (size_t)len);
    return id == INTERN_FAILED ? NULL : swarm_process(swarm, session, id, pid);
}

/* Returns the session's agent with the id. NO_AGENT: it has none. */
static agent_no own_agent(const struct swarm *swarm, session_no session, intern_id id)
{
    for (uint32_t at = swarm->rows.sessions[session].first_process; at != NO_PROCESS;
         at = swarm->rows.processes[at].next_in_session) {
        agent_no number = swarm->rows.processes[at].agent;
        const struct agent *agent = number == NO_AGENT ? NULL : &swarm->rows.agents[number];
        if (agent != NULL && agent->agent_id == id && (agent->flags & AGENT_DEAD) == 0) {
            return number;
        }
    }
    return NO_AGENT;
}

/* Returns the agent with the id, or the main agent of the session with it. NO_AGENT: unknown. One
   that was hidden may have had the id of another one, of the child's session. */
static agent_no who_answers(const struct swarm *swarm, agent_no child, intern_id id)
{
    uint32_t agent = u64map_get(&swarm->rows.agent_by_id, id);
    bool hidden = agent != U64MAP_NONE && (swarm->rows.agents[agent].flags & AGENT_DEAD) != 0;
    return hidden                 ? own_agent(swarm, swarm->rows.agents[child].session, id)
           : agent == U64MAP_NONE ? NO_AGENT
                                  : agent;
}

bool swarm_ensure_parent_row(struct swarm *swarm, agent_no child)
{
    intern_id id = swarm->rows.agents[child].parent_id;
    uint32_t group = u64map_get(&swarm->rows.group_by_id, id);
    if (id == INTERN_NONE || who_answers(swarm, child, id) != NO_AGENT ||
        (group != U64MAP_NONE && (swarm->rows.agents[group].flags & AGENT_DEAD) == 0)) {
        return true;
    }
    agent_no number;
    struct agent *agent = swarm_new_agent(swarm, swarm->rows.agents[child].session, &number);
    if (agent == NULL || !u64map_put(&swarm->rows.group_by_id, id, number)) {
        return false;
    }
    agent->agent_id = agent->name = id;
    agent->flags = AGENT_GROUP;
    return true;
}

/* From now on the agent answers to the id; a row that stood for it goes. */
static bool answer_to(struct swarm *swarm, agent_no agent, intern_id id)
{
    if (id == INTERN_NONE) {
        return true;
    }
    uint32_t group = u64map_get(&swarm->rows.group_by_id, id);
    if (group != U64MAP_NONE) {
        swarm->rows.agents[group].flags |= AGENT_DEAD;
        u64map_remove(&swarm->rows.group_by_id, id);
    }
    return u64map_put(&swarm->rows.agent_by_id, id, agent);
}

bool swarm_identify(struct swarm *swarm, session_no session, const struct agent_identity *who)
{
    struct process *process = numbered_process(swarm, session, who->pid);
    agent_no number = process == NULL ? NO_AGENT : swarm_process_agent(swarm, process);
    if (number == NO_AGENT) {
        return false;
    }
    struct agent *agent = &swarm->rows.agents[number];
    agent->flags |= who->main ? AGENT_MAIN : 0;
    swarm->revision++;
    return set_text(swarm, &agent->agent_id, who->agent_id, who->agent_id_len) &&
           set_text(swarm, &agent->parent_id, who->parent_id, who->parent_id_len) &&
           set_text(swarm, &agent->name, who->name, who->name_len) &&
           set_text(swarm, &agent->description, who->description, who->description_len) &&
           answer_to(swarm, number, agent->agent_id) &&
           (!who->main || answer_to(swarm, number, swarm->rows.sessions[session].session.id)) &&
           swarm_ensure_parent_row(swarm, number);
}

void swarm_flag_agent(struct swarm *swarm, session_no session, int64_t pid, uint16_t set,
                      uint16_t clear)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_find(swarm->names, text, (size_t)len);
    uint32_t process = id == INTERN_NONE
                           ? U64MAP_NONE
                           : u64map_get(&swarm->rows.process_by_pid, (uint64_t)session << 32 | id);
    if (process != U64MAP_NONE && swarm->rows.processes[process].agent != NO_AGENT) {
        const uint16_t life = AGENT_UNREGISTERED | AGENT_GONE | AGENT_UNKNOWN;
        agent_no number = swarm->rows.processes[process].agent;
        struct agent *agent = &swarm->rows.agents[number];
        uint16_t flags = (uint16_t)((agent->flags | set) & ~clear);
        if ((flags ^ agent->flags) & ~life) {
            swarm->revision++;
        } else if (flags != agent->flags) {
            swarm_note_work(swarm);
            swarm_note_row(swarm, number);
        }
        agent->flags = flags;
    }
}
