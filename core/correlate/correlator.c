/* Updates are merged at once, since each merge is a maximum in a total order: values that lose
   need no storage. Consequences of the merged fields (the end of a call that no source reported,
   the end of a session) are computed once for a batch, when the changed records are flushed into
   the model. */
#include "core/correlate/correlator_private.h"

#include <stdlib.h>

static void forget_record(void *ctx, record_no number)
{
    struct correlator *correlator = ctx;
    const struct record *record = swarm_record(correlator->swarm, number);
    struct registry_session *session = registry_find(correlator->tracer, record->session);
    double end_ms = isnan(record->end_ms) ? record->start_ms : record->end_ms;
    session->forgotten_ms = fmax(session->forgotten_ms, end_ms);
    correlator_call_drop(correlator, number);
}

static void mark_names(void *ctx, struct name_marks *marks)
{
    const struct correlator *correlator = ctx;
    correlator_aliases_mark_names(&correlator->aliases, marks);
}

struct correlator *correlator_new(struct swarm *swarm, struct tracer *tracer)
{
    struct correlator *correlator = mem_zalloc(swarm_mem(swarm), 1, sizeof *correlator);
    if (correlator == NULL || !swarm_add_name_holder(swarm, mark_names, correlator)) {
        mem_free(swarm_mem(swarm), correlator, correlator == NULL ? 0 : sizeof *correlator);
        return NULL;
    }
    correlator->swarm = swarm;
    correlator->tracer = tracer;
    correlator->mem = swarm_mem(swarm);
    correlator->free_key = NO_KEY;
    correlator_aliases_init(&correlator->aliases, correlator->mem);
    u64map_init(&correlator->key_by_hash, correlator->mem);
    swarm_on_record_drop(swarm, forget_record, correlator);
    return correlator;
}

void correlator_free(struct correlator *correlator)
{
    if (correlator == NULL) {
        return;
    }
    const struct mem *mem = correlator->mem;
    swarm_on_record_drop(correlator->swarm, NULL, NULL);
    swarm_remove_name_holder(correlator->swarm, correlator);
    for (size_t i = 0; i < correlator->key_count; i++) {
        struct call_key *key = &correlator->keys[i];
        mem_free(mem, key->id, key->id == NULL ? 0 : key->len + 1);
    }
    mem_free(mem, correlator->keys, correlator->key_cap * sizeof *correlator->keys);
    mem_free(mem, correlator->queue, correlator->queue_cap * sizeof *correlator->queue);
    mem_free(mem, correlator->usage.claims,
             correlator->usage.cap * sizeof *correlator->usage.claims);
    mem_free(mem, correlator->changed, correlator->changed_cap * sizeof *correlator->changed);
    correlator_aliases_release(&correlator->aliases);
    u64map_release(&correlator->key_by_hash);
    mem_free(mem, correlator, sizeof *correlator);
}

/* ---- facts ---- */

enum fact_result correlator_merge(struct correlator *correlator, struct facts *facts,
                                  const struct update *update, enum update_field field,
                                  const union update_value *value)
{
    /* A session's title without a time is older than any other. */
    bool timeless = update->op == UPDATE_CALL && !time_is_set(update->t_ms);
    double at_ms = timeless ? (double)update->local_ns / 1e6 : update->t_ms;
    return facts_merge(facts, correlator->mem, field, value, update->precedence, at_ms);
}

enum fact_result correlator_merge_fields(struct correlator *correlator, struct facts *facts,
                                         const struct update *update, uint64_t apart)
{
    enum fact_result result = FACT_SAME;
    for (uint64_t left = update->present & ~apart; left != 0; left &= left - 1) {
        enum update_field field = (enum update_field)__builtin_ctzll(left);
        enum fact_result one =
            correlator_merge(correlator, facts, update, field, &update->values[field]);
        result = one > result ? one : result;
    }
    return result;
}

static bool take(struct correlator *correlator, const struct update *update)
{
    switch (update->op) {
    case UPDATE_SESSION: return correlator_session_update(correlator, update);
    case UPDATE_AGENT: return correlator_agent_update(correlator, update);
    case UPDATE_CALL: return update->id.len == 0 || correlator_call_update(correlator, update);
    case UPDATE_OPS: break;
    }
    return true;
}

/* The update's session is an agent of this one. An agent has the name alone of what describes a
   session. */
static bool take_as_agent(struct correlator *correlator, const struct update *update,
                          intern_id session, intern_id agent)
{
    struct update of = *update;
    const struct intern *names = swarm_names(correlator->swarm);
    intern_id id = intern_find(names, of.agent_id.bytes, of.agent_id.len);
    bool is_main = of.agent_id.len == 0 ||
                   (id != INTERN_NONE && correlator_alias_is_session(correlator, id, agent));
    of.session_id = swarm_text_slice(correlator->swarm, session);
    of.agent_id = is_main ? swarm_text_slice(correlator->swarm, agent) : update->agent_id;
    if (update->op == UPDATE_SESSION) {
        of.op = UPDATE_AGENT;
        of.present &= (uint64_t)1 << FIELD_NAME;
    }
    return take(correlator, &of);
}

/* The ids of the update are of one session, and one of them is that agent: so is the other. */
static bool join_ids(struct correlator *correlator, const struct update *update, intern_id session,
                     intern_id agent)
{
    struct intern *names = swarm_names(correlator->swarm);
    struct slice ids[2] = {update->session_id, update->values[FIELD_ALIAS].text};
    struct registry_session *of =
        correlator_session_find(correlator, swarm_text_slice(correlator->swarm, session));
    for (size_t i = 0; i < 2; i++) {
        intern_id id = intern_put(names, ids[i].bytes, ids[i].len);
        if (of == NULL || id == INTERN_FAILED ||
            !correlator_join_agent_id(correlator, of, agent, id)) {
            return false;
        }
    }
    return true;
}

/* Returns the agent that the update's session is, or turns out to be. INTERN_NONE: none. */
static intern_id agent_of(struct correlator *correlator, const struct update *update, bool joins,
                          intern_id *session)
{
    if (!correlator->aliases.has_agents) {
        return INTERN_NONE;
    }
    const struct intern *names = swarm_names(correlator->swarm);
    struct slice alias = update->values[FIELD_ALIAS].text;
    intern_id id = intern_find(names, update->session_id.bytes, update->session_id.len);
    intern_id agent = correlator_alias_agent(correlator, id, session);
    if (agent == INTERN_NONE && joins) {
        intern_id other = intern_find(names, alias.bytes, alias.len);
        agent = correlator_alias_agent(correlator, other, session);
        /* A session is no agent of its own. */
        return correlator_session_id(correlator, id) == *session ? INTERN_NONE : agent;
    }
    (void)correlator_alias_use(correlator, id);
    return agent;
}

bool correlator_update(struct correlator *correlator, const struct update *update)
{
    if (update->session_id.len == 0) {
        return true;
    }
    bool joins = update->op == UPDATE_SESSION && update_has(update, FIELD_ALIAS);
    intern_id session, agent = agent_of(correlator, update, joins, &session);
    if (agent == INTERN_NONE) {
        return take(correlator, update);
    }
    return (!joins || join_ids(correlator, update, session, agent)) &&
           take_as_agent(correlator, update, session, agent);
}

/* ---- after a batch ---- */

void correlator_mark(struct correlator *correlator, struct registry_session *session)
{
    if (session->changed) {
        return;
    }
    if (!mem_reserve(correlator->mem, &correlator->changed, &correlator->changed_cap,
                     correlator->changed_count + 1, sizeof *correlator->changed)) {
        correlator->all_changed = true;
        return;
    }
    session->changed = true;
    correlator->changed[correlator->changed_count++] = session->number;
}

static bool flush_session(struct correlator *correlator, struct registry_session *session)
{
    if (session != NULL) {
        session->changed = false;
    }
    if (session == NULL || !session->opened) {
        return true;
    }
    struct session *edited = swarm_session_edit(correlator->swarm, session->number);
    int64_t start_ns = record_ns(session->first_ms);
    if (start_ns < edited->start_ns) {
        edited->start_ns = start_ns;
        swarm_touch(correlator->swarm);
    }
    const unsigned live = 1u << PRECEDENCE_FILES | 1u << PRECEDENCE_HOOKS;
    bool not_live =
        (session->sources & live) == 0 && (session->sources & 1u << PRECEDENCE_TELEMETRY) != 0;
    if (not_live != ((edited->flags & SESSION_NOT_LIVE) != 0)) {
        edited->flags ^= SESSION_NOT_LIVE;
        swarm_touch(correlator->swarm);
    }
    return correlator_session_describe(correlator, session) &&
           (!session->recheck || correlator_show_recheck(correlator, session));
}

/* Calls whose start is not known come last: a NAN, which is neither less nor greater than a time,
   would leave those around it without an order. */
static int by_begin(const void *a, const void *b, void *ctx)
{
    const struct swarm *swarm = ctx;
    const struct record *x = swarm_record(swarm, *(const record_no *)a);
    const struct record *y = swarm_record(swarm, *(const record_no *)b);
    bool x_starts = !isnan(x->start_ms), y_starts = !isnan(y->start_ms);
    return x_starts != y_starts ? y_starts - x_starts : record_compare_begins(x, y);
}

/* Most batches come in order. */
static bool is_sorted(const struct correlator *correlator)
{
    for (size_t i = 1; i < correlator->queue_count; i++) {
        if (by_begin(&correlator->queue[i - 1], &correlator->queue[i], correlator->swarm) > 0) {
            return false;
        }
    }
    return true;
}

/* In order of their begins, so that the rows of a batch do not depend on the order of its lines.
   Those that fail stay in the queue. */
static bool flush_queue(struct correlator *correlator)
{
    size_t count = correlator->queue_count, kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct record *record = swarm_record(correlator->swarm, correlator->queue[i]);
        record->start_ms = facts_number(&record->facts, FIELD_START_MS);
    }
    if (!is_sorted(correlator)) {
        qsort_r(correlator->queue, count, sizeof *correlator->queue, by_begin, correlator->swarm);
    }
    for (size_t i = 0; i < count; i++) {
        record_no number = correlator->queue[i];
        struct record *record = swarm_record(correlator->swarm, number);
        if (!record->used || !record->queued) {
            continue;
        }
        record->queued = false;
        if (!correlator_show_call(correlator, number)) {
            record = swarm_record(correlator->swarm, number);
            record->queued = correlator->all_changed = true;
            correlator->queue[kept++] = number;
        }
    }
    /* Children of records that changed agents were queued meanwhile. */
    for (size_t i = count; i < correlator->queue_count; i++) {
        correlator->queue[kept++] = correlator->queue[i];
    }
    bool good = kept == correlator->queue_count - count;
    correlator->queue_count = kept;
    return good;
}

static bool flush_sessions(struct correlator *correlator)
{
    bool all = correlator->all_changed;
    size_t count = all ? swarm_session_count(correlator->swarm) : correlator->changed_count;
    for (size_t i = 0; i < count; i++) {
        session_no number = all ? (session_no)i : correlator->changed[i];
        if (!flush_session(correlator, registry_find(correlator->tracer, number))) {
            correlator->all_changed = true;
            return false;
        }
    }
    correlator->all_changed = false;
    correlator->changed_count = 0;
    return true;
}

bool correlator_flush(struct correlator *correlator)
{
    correlator_forget(correlator);
    correlator->all_changed |= tracer_take_due(correlator->tracer);
    if (!correlator->all_changed && correlator->changed_count + correlator->queue_count == 0 &&
        correlator->usage.count == 0) {
        return true;
    }
    if (!flush_sessions(correlator) || !correlator_usage_flush(correlator)) {
        return false;
    }
    while (correlator->queue_count > 0) {
        if (!flush_queue(correlator)) {
            return false;
        }
    }
    swarm_forget_hidden(correlator->swarm);
    return swarm_check_cap(correlator->swarm);
}
