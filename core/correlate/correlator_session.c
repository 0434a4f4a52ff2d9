/* Sessions. One opens in the model with the first time that is known of it; where that turns out
   to be earlier, its start moves, while what times count from stays.

   A session is over when one of its ends is no earlier than all that began in it. (Not: all that
   ended. The last ends are written while it shuts down, by clocks that differ.) */
#include "core/correlate/correlator_private.h"

/* Beyond that the oldest end goes, long after the calls that it closed. */
enum { SESSION_ENDS_MAX = 1000 };

struct registry_session *correlator_session_find(struct correlator *correlator,
                                                 struct slice session_id)
{
    struct intern *names = swarm_names(correlator->swarm);
    intern_id id = intern_put(names, session_id.bytes, session_id.len);
    session_no number =
        id == INTERN_FAILED
            ? NO_SESSION
            : swarm_hold_session(correlator->swarm, correlator_alias_use(correlator, id));
    struct registry_session *session =
        number == NO_SESSION ? NULL : registry_session(correlator->tracer, number);
    if (session != NULL) {
        session->agents[0].reported = true;
        correlator_mark(correlator, session);
    }
    return session;
}

struct registry_session *correlator_session_reported(const struct correlator *correlator,
                                                     intern_id id)
{
    session_no number = swarm_session_of(correlator->swarm, correlator_session_id(correlator, id));
    struct registry_session *session = registry_find(correlator->tracer, number);
    return session != NULL && session->agents[0].reported ? session : NULL;
}

session_no correlator_session(const struct correlator *correlator, struct slice session_id)
{
    intern_id id = intern_find(swarm_names(correlator->swarm), session_id.bytes, session_id.len);
    const struct registry_session *session = correlator_session_reported(correlator, id);
    return session != NULL && session->opened ? session->number : NO_SESSION;
}

bool correlator_has_source(const struct correlator *correlator, struct slice session_id,
                           enum precedence precedence)
{
    intern_id id = intern_find(swarm_names(correlator->swarm), session_id.bytes, session_id.len);
    const struct registry_session *session = correlator_session_reported(correlator, id);
    return session != NULL && (session->sources >> precedence & 1) != 0;
}

/* ---- describing ---- */

static bool is_over(const struct registry_session *session, const struct session_end *end)
{
    return !(end->ms < session->last_start_ms);
}

static void flag_session(struct correlator *correlator, struct registry_session *session)
{
    uint8_t outcome = OUTCOME_NONE;
    for (size_t i = 0; i < session->end_count; i++) {
        const struct session_end *end = &session->ends[i];
        if (is_over(session, end) && (outcome == OUTCOME_NONE || end->outcome < outcome)) {
            outcome = end->outcome;
        }
    }
    uint8_t flags = outcome == OUTCOME_NONE    ? 0
                    : outcome == OUTCOME_ENDED ? SESSION_ENDED
                                               : SESSION_ENDED | SESSION_DISCONNECTED;
    if (flags == session->flags && outcome == session->outcome) {
        return;
    }
    session->outcome = outcome;
    session->recheck = true;
    struct session *edited = swarm_session_edit(correlator->swarm, session->number);
    edited->flags = (uint16_t)((edited->flags & ~session->flags) | flags);
    session->flags = flags;
    swarm_touch(correlator->swarm);
    correlator_agent_flag_all(correlator, session);
}

/* False: out of memory. */
static bool put_name(struct correlator *correlator, struct slice text, intern_id *name)
{
    if (text.bytes == NULL) {
        return true;
    }
    intern_id id = intern_put(swarm_names(correlator->swarm), text.bytes, text.len);
    *name = id == INTERN_FAILED ? *name : id;
    return id != INTERN_FAILED;
}

struct slice correlator_session_title(const struct registry_session *session)
{
    static const enum update_field fields[] = {FIELD_CUSTOM_TITLE, FIELD_TITLE, FIELD_NAME};
    struct slice title = {NULL, 0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields && title.bytes == NULL; i++) {
        title = facts_text(&session->facts, fields[i]);
    }
    return title;
}

static bool name_session(struct correlator *correlator, const struct registry_session *session)
{
    static const enum update_field fields[SESSION_TEXTS] = {[SESSION_CLIENT] = FIELD_CLIENT,
                                                            [SESSION_CWD] = FIELD_CWD,
                                                            [SESSION_BRANCH] = FIELD_BRANCH,
                                                            [SESSION_HOST] = FIELD_HOST};
    struct session *edited = swarm_session_edit(correlator->swarm, session->number);
    double pid = facts_number(&session->facts, FIELD_PID);
    double cost = facts_number(&session->facts, FIELD_COST_USD);
    edited->pid = pid > 0 && pid < 9e15 ? (int64_t)pid : edited->pid;
    edited->cost_usd = cost > 0 ? cost : edited->cost_usd;
    swarm_touch(correlator->swarm);
    for (size_t i = 0; i < SESSION_TEXTS; i++) {
        if (!put_name(correlator, facts_text(&session->facts, fields[i]), &edited->texts[i])) {
            return false;
        }
    }
    return put_name(correlator, correlator_session_title(session), &edited->name) &&
           put_name(correlator, facts_text(&session->facts, (enum update_field)FACT_BY),
                    &edited->source);
}

/* A session that operations opened is theirs; of updates it takes the host alone, which no
   operation names. */
static bool put_host(struct correlator *correlator, const struct registry_session *session)
{
    const struct session *shown = swarm_session(correlator->swarm, session->number);
    if (shown == NULL || (shown->flags & SESSION_AGENTS) == 0) {
        return true;
    }
    intern_id host = shown->texts[SESSION_HOST], was = host;
    bool good = put_name(correlator, facts_text(&session->facts, FIELD_HOST), &host);
    if (host != was) {
        swarm_session_edit(correlator->swarm, session->number)->texts[SESSION_HOST] = host;
        swarm_touch(correlator->swarm);
    }
    return good;
}

bool correlator_session_describe(struct correlator *correlator, struct registry_session *session)
{
    if (!session->opened) {
        return put_host(correlator, session);
    }
    if (!session->described) {
        for (size_t i = 0; i < session->agent_count; i++) {
            if (!correlator_agent_describe(correlator, session, &session->agents[i])) {
                return false;
            }
        }
        if (!name_session(correlator, session)) {
            return false;
        }
    }
    session->described = true;
    flag_session(correlator, session);
    swarm_keep_session(correlator->swarm, session->number, correlator_session_lives(session));
    return true;
}

static bool open_session(struct correlator *correlator, struct registry_session *session)
{
    if (!tracer_open(correlator->tracer, session, session->first_ms)) {
        return false;
    }
    session->opened = true;
    session->described = false;
    return correlator_session_describe(correlator, session);
}

/* ---- times ---- */

static double set_or_nan(double ms)
{
    return time_is_set(ms) ? ms : (double)NAN;
}

bool correlator_session_note_times(struct correlator *correlator, struct registry_session *session,
                                   const struct update *update, double start_ms, double end_ms)
{
    double first_ms = fmin(set_or_nan(start_ms), set_or_nan(end_ms));
    double last_ms = fmax(set_or_nan(start_ms), set_or_nan(end_ms));
    session->sources |= (uint8_t)(1u << update->precedence);
    session->last_start_ms = fmax(session->last_start_ms, set_or_nan(start_ms));
    if (!isnan(first_ms) && !(first_ms >= session->first_ms)) {
        session->first_ms = first_ms;
        /* Ticks of the sweep are counted from there. */
        session->recheck = true;
    }
    if (isnan(session->first_ms)) {
        return true;
    }
    bool opens = !session->opened;
    if (opens && !open_session(correlator, session)) {
        return false;
    }
    if (update->wall_ns != 0) {
        swarm_set_wall(correlator->swarm, session->number, update->wall_ns, update->local_ns);
    }
    if (session->end_count > 0) {
        flag_session(correlator, session);
    }
    return !(opens || last_ms > session->clock_ms) ||
           tracer_move_clock(correlator->tracer, session, last_ms, update->local_ns) == TRACER_OK;
}

/* ---- ends ---- */

bool correlator_session_add_end(struct correlator *correlator, struct registry_session *session,
                                double at_ms, enum outcome outcome)
{
    size_t i = session->end_count;
    session->recheck = true;
    while (i > 0 && session->ends[i - 1].ms > at_ms) {
        i--;
    }
    if (i > 0 && !(session->ends[i - 1].ms < at_ms)) {
        /* One that ended by itself did so; one that is seen to be dead is no longer unknown. */
        if (outcome < session->ends[i - 1].outcome) {
            session->ends[i - 1].outcome = (uint8_t)outcome;
        }
        return true;
    }
    if (session->end_count == SESSION_ENDS_MAX && i > 0) {
        session->end_count--;
        i--;
        memmove(session->ends, session->ends + 1, session->end_count * sizeof *session->ends);
    }
    if (!mem_reserve(correlator->mem, &session->ends, &session->end_cap, session->end_count + 1,
                     sizeof *session->ends)) {
        return false;
    }
    memmove(session->ends + i + 1, session->ends + i,
            (session->end_count - i) * sizeof *session->ends);
    session->ends[i] = (struct session_end){at_ms, (uint8_t)outcome};
    session->end_count++;
    return true;
}

bool correlator_session_lives(const struct registry_session *session)
{
    return facts_bool(&session->facts, FIELD_ALIVE) == TRI_TRUE && session->outcome == OUTCOME_NONE;
}

double correlator_session_over(const struct registry_session *session, double start_ms)
{
    size_t low = 0, high = session->end_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (session->ends[middle].ms < start_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < session->end_count ? session->ends[low].ms : (double)NAN;
}

/* ---- updates ---- */

static bool take_ends(struct correlator *correlator, struct registry_session *session,
                      const struct update *update)
{
    double outcome = update_has(update, FIELD_OUTCOME) ? update->values[FIELD_OUTCOME].number : 0;
    enum outcome how = outcome >= OUTCOME_DISCONNECTED ? OUTCOME_DISCONNECTED
                       : outcome >= OUTCOME_GONE       ? OUTCOME_GONE
                                                       : OUTCOME_ENDED;
    double end_ms = update_has(update, FIELD_END_MS) ? update->values[FIELD_END_MS].number
                    : outcome > 0                    ? update->t_ms
                                                     : (double)NAN;
    if (update_has(update, FIELD_ALIVE)) {
        if (update->values[FIELD_ALIVE].number >= TRI_TRUE) {
            /* A process that is seen alive after an end opens the session again. */
            session->last_start_ms =
                update->t_ms > session->last_start_ms ? update->t_ms : session->last_start_ms;
        } else {
            end_ms = isnan(end_ms) ? update->t_ms : end_ms;
            how = update_has(update, FIELD_OUTCOME) ? how : OUTCOME_GONE;
        }
    }
    return !time_is_set(end_ms) ||
           (correlator_session_add_end(correlator, session, end_ms, how) &&
            correlator_session_note_times(correlator, session, update, (double)NAN, end_ms));
}

/* The alias names this session from now on. One that it named so far is this one. */
static bool take_alias(struct correlator *correlator, struct registry_session *session,
                       const struct update *update)
{
    if (!update_has(update, FIELD_ALIAS)) {
        return true;
    }
    struct slice alias = update->values[FIELD_ALIAS].text;
    intern_id id = intern_put(swarm_names(correlator->swarm), alias.bytes, alias.len);
    if (id == INTERN_FAILED) {
        return false;
    }
    struct registry_session *other = correlator_session_reported(correlator, id);
    if (other == session) {
        return true;
    }
    return (other == NULL || correlator_join_sessions(correlator, other, session)) &&
           correlator_alias_put(correlator, correlator_session_id(correlator, id),
                                swarm_session_edit(correlator->swarm, session->number)->id,
                                false) &&
           (u64map_get(&session->agent_by_id, id) == U64MAP_NONE ||
            correlator_agent_join(correlator, session, &session->agents[0], id));
}

bool correlator_session_update(struct correlator *correlator, const struct update *update)
{
    const uint64_t apart = (uint64_t)1 << FIELD_START_MS | (uint64_t)1 << FIELD_END_MS |
                           (uint64_t)1 << FIELD_ALIAS | (uint64_t)1 << FIELD_OUTCOME;
    struct registry_session *session = correlator_session_find(correlator, update->session_id);
    if (session == NULL || !take_alias(correlator, session, update)) {
        return false;
    }
    enum fact_result result = correlator_merge_fields(correlator, &session->facts, update, apart);
    if (result != FACT_NO_MEMORY && update->by.len > 0) {
        union update_value by = {.text = update->by};
        enum fact_result one =
            correlator_merge(correlator, &session->facts, update, (enum update_field)FACT_BY, &by);
        result = one > result ? one : result;
    }
    if (result != FACT_SAME) {
        session->described = false;
        session->recheck |= update_has(update, FIELD_ALIVE);
    }
    double start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    return result != FACT_NO_MEMORY &&
           correlator_session_note_times(correlator, session, update, start_ms, (double)NAN) &&
           take_ends(correlator, session, update) &&
           correlator_session_describe(correlator, session);
}
