/* Rows of sessions lie by their number in the model. A row outlives a session that was forgotten
   until the number is another's: the serial number shows it. */
#include "core/tracer/registry.h"

#include "core/tracer/tracer_private.h"

#include <math.h>

static struct registered new_agent(intern_id id)
{
    return (struct registered){.id = id, .track = NO_TRACK, .last_start_ms = (double)NAN};
}

/* The row of a number that has none, with its main agent. */
static bool make_row(struct tracer *tracer, session_no number)
{
    intern_id id = swarm_session_edit(tracer->swarm, number)->id;
    struct registry_session *session = &tracer->sessions[number];
    *session = (struct registry_session){.number = number,
                                         .start_ms = (double)NAN,
                                         .clock_ms = (double)NAN,
                                         .next_due_ms = (double)INFINITY,
                                         .last_pid = 1,
                                         .first_ms = (double)NAN,
                                         .last_start_ms = (double)NAN,
                                         .calls = NO_RECORD,
                                         .unended = NO_RECORD,
                                         .forgotten_ms = (double)NAN};
    u64map_init(&session->agent_by_id, tracer->mem);
    if (!mem_reserve(tracer->mem, &session->agents, &session->agent_cap, 1,
                     sizeof *session->agents) ||
        !u64map_put(&session->agent_by_id, id, 0)) {
        registry_release(tracer, session);
        return false;
    }
    session->agents[0] = new_agent(id);
    session->agent_count = 1;
    session->serial = swarm_session_serial(tracer->swarm, number);
    session->forget_passes = swarm_forget_passes(tracer->swarm);
    return true;
}

void registry_release(struct tracer *tracer, struct registry_session *session)
{
    const struct mem *mem = tracer->mem;
    for (size_t i = 0; i < session->table_cap; i++) {
        while (session->table[i] != NULL) {
            pending_remove(tracer, session, session->table[i]);
        }
    }
    for (size_t i = 0; i < session->agent_count; i++) {
        facts_release(&session->agents[i].facts, mem);
    }
    facts_release(&session->facts, mem);
    u64map_release(&session->agent_by_id);
    mem_free(mem, session->table, session->table_cap * sizeof *session->table);
    mem_free(mem, session->agents, session->agent_cap * sizeof *session->agents);
    mem_free(mem, session->ends, session->end_cap * sizeof *session->ends);
    mem_free(mem, session->aliases, session->alias_cap * sizeof *session->aliases);
    *session = (struct registry_session){0};
}

struct registry_session *registry_find(const struct tracer *tracer, session_no number)
{
    bool found = number < tracer->session_count && tracer->sessions[number].serial != 0 &&
                 tracer->sessions[number].serial == swarm_session_serial(tracer->swarm, number);
    return found ? &tracer->sessions[number] : NULL;
}

/* How many that are not in the model yet may go, the oldest ones. */
static size_t count_waiting(const struct tracer *tracer, const struct registry_session *session)
{
    size_t waiting = 0, most = swarm_most_open(tracer->swarm);
    for (size_t i = 1; i < session->agent_count; i++) {
        waiting += session->agents[i].pid == 0;
    }
    return waiting > most ? waiting - most : 0;
}

/* Agents moved or went: other ids lead to where theirs are, or nowhere. The keys exist, so this
   needs no memory. */
static void settle_aliases(struct registry_session *session)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->alias_count; i++) {
        struct agent_alias alias = session->aliases[i];
        uint32_t at = alias.of == INTERN_NONE ? 0 : u64map_get(&session->agent_by_id, alias.of);
        if (at == U64MAP_NONE) {
            u64map_remove(&session->agent_by_id, alias.id);
            continue;
        }
        (void)u64map_put(&session->agent_by_id, alias.id, at);
        alias.of = at == 0 ? INTERN_NONE : alias.of;
        session->aliases[kept++] = alias;
    }
    session->alias_count = kept;
}

/* Takes out agents that the model has not any more, or not yet, and those that are joined. */
static void forget_agents(const struct tracer *tracer, struct registry_session *session)
{
    size_t kept = 1; /* the main one */
    size_t waiting = count_waiting(tracer, session);
    for (size_t i = 1; i < session->agent_count; i++) {
        struct registered *agent = &session->agents[i];
        bool joined = u64map_get(&session->agent_by_id, agent->id) != i; /* with another */
        bool gone =
            agent->pid != 0 && !swarm_has_process(tracer->swarm, session->number, agent->pid);
        if (agent->pid == 0 && waiting > 0) {
            gone = true;
            waiting--;
            swarm_note_forgotten(tracer->swarm, FORGOTTEN_AGENTS);
        }
        if (gone && !joined) {
            u64map_remove(&session->agent_by_id, agent->id);
        }
        if (gone || joined) {
            facts_release(&agent->facts, tracer->mem);
        } else {
            /* The key exists, so this needs no memory. */
            (void)u64map_put(&session->agent_by_id, agent->id, (uint32_t)kept);
            session->agents[kept++] = *agent;
        }
    }
    session->agent_count = kept;
    settle_aliases(session);
}

void registry_follow(const struct tracer *tracer, struct registry_session *session)
{
    uint64_t passes = swarm_forget_passes(tracer->swarm);
    if (session->forget_passes == passes) {
        return;
    }
    session->forget_passes = passes;
    forget_agents(tracer, session);
    for (size_t i = 0; i < session->agent_count; i++) {
        session->agents[i].track = NO_TRACK; /* looked up again when it is next used */
    }
}

/* The time for it is linear in what comes. */
static void hold_agents(const struct tracer *tracer, struct registry_session *session)
{
    size_t most = swarm_most_open(tracer->swarm);
    if (session->agent_count / 2 >= most && session->agent_count >= session->many_agents) {
        forget_agents(tracer, session);
        session->many_agents = session->agent_count + most / 2;
    }
}

void registry_mark_names(const struct registry_session *session, struct name_marks *marks)
{
    name_marks_add(marks, session->main_name);
    name_marks_add(marks, session->main_parent);
    name_marks_add_keys(marks, &session->agent_by_id);
    for (size_t i = 0; i < session->agent_count; i++) {
        name_marks_add(marks, session->agents[i].id);
        name_marks_add(marks, session->agents[i].name);
        name_marks_add(marks, session->agents[i].parent_id);
    }
}

struct registry_session *registry_session(struct tracer *tracer, session_no number)
{
    struct registry_session *session = registry_find(tracer, number);
    if (session != NULL) {
        registry_follow(tracer, session);
        return session;
    }
    if (!mem_reserve(tracer->mem, &tracer->sessions, &tracer->session_cap, (size_t)number + 1,
                     sizeof *tracer->sessions)) {
        return NULL;
    }
    while (tracer->session_count <= number) {
        tracer->sessions[tracer->session_count++] = (struct registry_session){0};
    }
    pending_forget_swept(tracer, &tracer->sessions[number]); /* of a forgotten session */
    registry_release(tracer, &tracer->sessions[number]);
    return make_row(tracer, number) ? &tracer->sessions[number] : NULL;
}

struct registered *registry_agent_of(struct tracer *tracer, struct registry_session *session,
                                     intern_id id)
{
    uint32_t at = u64map_get(&session->agent_by_id, id);
    if (at != U64MAP_NONE) {
        return &session->agents[at];
    }
    hold_agents(tracer, session);
    at = (uint32_t)session->agent_count;
    if (!mem_reserve(tracer->mem, &session->agents, &session->agent_cap, session->agent_count + 1,
                     sizeof *session->agents) ||
        !u64map_put(&session->agent_by_id, id, at)) {
        return NULL;
    }
    session->agents[session->agent_count++] = new_agent(id);
    return &session->agents[at];
}

/* Updates named it before the session had begun. False: out of memory. */
static bool unite_with_main(struct tracer *tracer, struct registry_session *session, uint32_t at)
{
    struct registered *agent = &session->agents[at], *main = &session->agents[0];
    if (facts_unite(&main->facts, tracer->mem, &agent->facts) == FACT_NO_MEMORY) {
        return false;
    }
    main->last_start_ms = fmax(main->last_start_ms, agent->last_start_ms);
    facts_release(&agent->facts, tracer->mem);
    uint32_t last = (uint32_t)--session->agent_count;
    bool mapped = u64map_get(&session->agent_by_id, session->agents[last].id) == last;
    *agent = session->agents[last];
    return !mapped || u64map_put(&session->agent_by_id, agent->id, at);
}

bool registry_name_main(struct tracer *tracer, struct registry_session *session, intern_id id)
{
    uint32_t at = u64map_get(&session->agent_by_id, id);
    if (at == 0) {
        return true;
    }
    if ((at != U64MAP_NONE && !unite_with_main(tracer, session, at)) ||
        !u64map_put(&session->agent_by_id, id, 0)) {
        return false;
    }
    settle_aliases(session);
    u64map_remove(&session->agent_by_id, session->agents[0].id);
    session->agents[0].id = id;
    return true;
}

struct registered *registry_agent(struct tracer *tracer, struct registry_session *session,
                                  struct slice agent_id)
{
    intern_id id = agent_id.len == 0 ? session->agents[0].id
                                     : tracer_put_text(tracer, agent_id.bytes, agent_id.len);
    if (id == INTERN_FAILED) {
        return NULL;
    }
    bool is_main = id == swarm_session_edit(tracer->swarm, session->number)->id;
    return is_main ? &session->agents[0] : registry_agent_of(tracer, session, id);
}
