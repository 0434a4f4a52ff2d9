/* Other ids of sessions, and of agents. A session's alias leads to another id, which may be an
   alias itself. Senders make up new ones without end (an id a trace), so under a cap those that
   were used longest ago are forgotten: an update under one makes a session of its own then. */
#include "core/correlate/correlator_private.h"

#include <stdlib.h>

void correlator_aliases_init(struct alias_table *table, const struct mem *mem)
{
    *table = (struct alias_table){.mem = mem};
    u64map_init(&table->by_id, mem);
}

void correlator_aliases_release(struct alias_table *table)
{
    mem_free(table->mem, table->items, table->cap * sizeof *table->items);
    u64map_release(&table->by_id);
}

void correlator_aliases_mark_names(const struct alias_table *table, struct name_marks *marks)
{
    for (size_t i = 0; i < table->count; i++) {
        name_marks_add(marks, table->items[i].id);
        name_marks_add(marks, table->items[i].of);
    }
}

intern_id correlator_session_id(const struct correlator *correlator, intern_id id)
{
    const struct alias_table *table = &correlator->aliases;
    for (uint32_t at; (at = u64map_get(&table->by_id, id)) != U64MAP_NONE;) {
        id = table->items[at].of;
    }
    return id;
}

intern_id correlator_alias_use(struct correlator *correlator, intern_id id)
{
    struct alias_table *table = &correlator->aliases;
    for (uint32_t at; (at = u64map_get(&table->by_id, id)) != U64MAP_NONE;) {
        table->items[at].last_use = ++table->uses;
        id = table->items[at].of;
    }
    return id;
}

/* ---- forgetting ---- */

static int by_use(const void *a, const void *b)
{
    const struct session_alias *x = a, *y = b;
    return (x->last_use > y->last_use) - (x->last_use < y->last_use);
}

/* Without memory all stay. */
static void keep_newest(struct alias_table *table, size_t most)
{
    struct u64map by_id;
    size_t dropped = table->count > most ? table->count - most : 0;
    bool good = true;
    qsort(table->items, table->count, sizeof *table->items, by_use);
    u64map_init(&by_id, table->mem);
    for (size_t i = dropped; i < table->count && good; i++) {
        good = u64map_put(&by_id, table->items[i].id, (uint32_t)(i - dropped));
    }
    u64map_release(good ? &table->by_id : &by_id);
    if (good) {
        table->by_id = by_id;
        table->count -= dropped;
        memmove(table->items, table->items + dropped, table->count * sizeof *table->items);
    }
    for (size_t i = 0; i < table->count && !good; i++) {
        /* The keys exist, so this needs no memory. */
        (void)u64map_put(&table->by_id, table->items[i].id, (uint32_t)i);
    }
}

/* The session of that id, or the one that is no more than an agent. */
static intern_id own_session(const struct alias_table *table, intern_id id)
{
    for (uint32_t at = u64map_get(&table->by_id, id);
         at != U64MAP_NONE && !table->items[at].is_agent; at = u64map_get(&table->by_id, id)) {
        id = table->items[at].of;
    }
    return id;
}

/* Each leads there in one step. */
static void flatten(struct correlator *correlator)
{
    for (size_t i = 0; i < correlator->aliases.count; i++) {
        struct session_alias *alias = &correlator->aliases.items[i];
        alias->of = own_session(&correlator->aliases, alias->of);
    }
}

bool correlator_alias_is_session(const struct correlator *correlator, intern_id id, intern_id of)
{
    return own_session(&correlator->aliases, id) == of;
}

void correlator_aliases_follow(struct correlator *correlator)
{
    struct alias_table *table = &correlator->aliases;
    size_t leading = 0;
    flatten(correlator);
    for (size_t i = 0; i < table->count; i++) {
        intern_id of = correlator_session_id(correlator, table->items[i].of);
        bool leads = swarm_session_of(correlator->swarm, of) != NO_SESSION;
        table->items[i].last_use = leads ? table->items[i].last_use : 0;
        leading += leads;
    }
    if (leading < table->count) {
        keep_newest(table, leading);
    }
}

static void hold(struct correlator *correlator)
{
    struct alias_table *table = &correlator->aliases;
    size_t most = swarm_most_open(correlator->swarm), before = table->count;
    if (table->count / 2 < most) {
        return;
    }
    flatten(correlator);
    keep_newest(table, most);
    for (size_t i = table->count; i < before; i++) {
        swarm_note_forgotten(correlator->swarm, FORGOTTEN_ALIASES);
    }
}

bool correlator_alias_put(struct correlator *correlator, intern_id id, intern_id of, bool is_agent)
{
    struct alias_table *table = &correlator->aliases;
    hold(correlator);
    table->has_agents |= is_agent;
    uint32_t at = u64map_get(&table->by_id, id);
    if (at != U64MAP_NONE) {
        table->items[at] = (struct session_alias){id, of, ++table->uses, is_agent};
        return true;
    }
    if (!mem_reserve(table->mem, &table->items, &table->cap, table->count + 1,
                     sizeof *table->items) ||
        !u64map_put(&table->by_id, id, (uint32_t)table->count)) {
        return false;
    }
    table->items[table->count++] = (struct session_alias){id, of, ++table->uses, is_agent};
    return true;
}

intern_id correlator_alias_agent(const struct correlator *correlator, intern_id id,
                                 intern_id *session)
{
    const struct alias_table *table = &correlator->aliases;
    *session = INTERN_NONE;
    if (!table->has_agents) {
        return INTERN_NONE;
    }
    id = own_session(table, id);
    if (u64map_get(&table->by_id, id) == U64MAP_NONE) {
        return INTERN_NONE;
    }
    *session = correlator_session_id(correlator, id);
    return id;
}

/* ---- agents ---- */

static void drop_oldest(struct correlator *correlator, struct registry_session *session,
                        size_t drop)
{
    for (size_t i = 0; i < drop; i++) {
        if (session->aliases[i].id != session->agents[0].id) {
            u64map_remove(&session->agent_by_id, session->aliases[i].id);
        }
        swarm_note_forgotten(correlator->swarm, FORGOTTEN_ALIASES);
    }
    session->alias_count -= drop;
    memmove(session->aliases, session->aliases + drop,
            session->alias_count * sizeof *session->aliases);
}

bool correlator_alias_put_agent(struct correlator *correlator, struct registry_session *session,
                                const struct registered *agent, intern_id id)
{
    size_t most = swarm_most_open(correlator->swarm);
    uint32_t at = (uint32_t)(agent - session->agents);
    if (!mem_reserve(correlator->mem, &session->aliases, &session->alias_cap,
                     session->alias_count + 1, sizeof *session->aliases) ||
        !u64map_put(&session->agent_by_id, id, at)) {
        return false;
    }
    intern_id of = at == 0 ? INTERN_NONE : agent->id;
    /* Ids of an agent that is now this one are ids of this one. */
    for (size_t i = 0; session->agent_aliases && i < session->alias_count; i++) {
        if (session->aliases[i].of == id) {
            session->aliases[i].of = of;
            (void)u64map_put(&session->agent_by_id, session->aliases[i].id, at);
        }
    }
    session->aliases[session->alias_count++] = (struct agent_alias){id, of};
    session->agent_aliases |= at != 0;
    if (session->alias_count / 2 >= most) {
        drop_oldest(correlator, session, session->alias_count - most);
    }
    return true;
}
