/* Sessions as the witness knows them. One is opened in the trace by the first fact of it that has a time, and begins at the earliest time that anybody has
   said: where that turns out earlier, its events' ts are counted anew when things settle.

   It is over when one of its ends is no earlier than all that began in it. (Not: all that ended. The last ends are written while it
   shuts down, by clocks that differ.) */
#include "core/correlate/witness_private.h"

#include <math.h>
#include <string.h>

static struct known_session *new_session(struct witness *witness, intern_id id)
{
    uint32_t place = (uint32_t)witness->session_count;
    if (!mem_reserve(witness->mem, &witness->sessions, &witness->session_cap,
                     witness->session_count + 1, sizeof *witness->sessions)) {
        return NULL;
    }
    struct known_session *session = &witness->sessions[place];
    *session = (struct known_session){.id = id,
                                      .number = NO_SESSION,
                                      .first_ms = (double)NAN,
                                      .last_ms = (double)NAN,
                                      .last_start_ms = (double)NAN,
                                      .unended = NO_PLACE,
                                      .next_stale_ms = (double)INFINITY,
                                      .forgotten_ms = (double)NAN};
    u64map_init(&session->agent_by_id, witness->mem);
    if (!mem_reserve(witness->mem, &session->agents, &session->agent_cap, 1,
                     sizeof *session->agents)) {
        return NULL;
    }
    session->agents[0] = (struct known_agent){
        .id = id, .end_ms = {.value = (double)NAN}, .last_start_ms = (double)NAN};
    session->agent_count = 1;
    if (!u64map_put(&session->agent_by_id, id, 0) ||
        !u64map_put(&witness->session_by_id, id, place)) {
        u64map_release(&session->agent_by_id);
        mem_free(witness->mem, session->agents, session->agent_cap * sizeof *session->agents);
        return NULL;
    }
    witness->session_count++;
    return session;
}

struct known_session *witness_find_session(struct witness *witness,
                                           const struct witness_place *place)
{
    struct intern *names = swarm_names(witness->swarm);
    intern_id id = intern_put(names, place->session_id.bytes, place->session_id.len);
    if (id == INTERN_FAILED) {
        return NULL;
    }
    uint32_t at = u64map_get(&witness->session_by_id, id);
    return at == U64MAP_NONE ? new_session(witness, id) : &witness->sessions[at];
}

session_no witness_session_number(const struct witness *witness, struct slice session_id)
{
    intern_id id = intern_find(swarm_names(witness->swarm), session_id.bytes, session_id.len);
    uint32_t at = id == INTERN_NONE ? U64MAP_NONE : u64map_get(&witness->session_by_id, id);
    return at == U64MAP_NONE ? NO_SESSION : witness->sessions[at].number;
}

/* ---- telling ---- */

static bool is_over(const struct known_session *session, const struct session_end *end)
{
    return !(end->ms < session->last_start_ms);
}

static void flag_session(struct witness *witness, struct known_session *session)
{
    bool over = false, well = false;
    for (size_t i = 0; i < session->end_count; i++) {
        if (is_over(session, &session->ends[i])) {
            over = true;
            well |= !session->ends[i].gone;
        }
    }
    uint8_t flags = (uint8_t)(!over ? 0 : SESSION_ENDED | (well ? 0 : SESSION_DISCONNECTED));
    if (flags == session->flags) {
        return;
    }
    struct session *edited = swarm_session_edit(witness->swarm, session->number);
    edited->flags = (uint8_t)((edited->flags & ~session->flags) | flags);
    session->flags = flags;
    swarm_touch(witness->swarm);
    witness_flag_agents(witness, session);
}

static void name_session(struct witness *witness, const struct known_session *session)
{
    struct session *edited = swarm_session_edit(witness->swarm, session->number);
    if (session->name.weight != 0) {
        edited->name = session->name.text;
    }
    if (session->source.weight != 0) {
        edited->source = session->source.text;
    }
    if (session->pid != 0) {
        edited->pid = session->pid;
    }
    if (session->cost_usd > 0) {
        edited->cost_usd = session->cost_usd;
    }
    swarm_touch(witness->swarm);
}

bool witness_tell_session(struct witness *witness, struct known_session *session)
{
    if (session->number == NO_SESSION) {
        return true;
    }
    for (size_t i = 0; !session->described && i < session->agent_count; i++) {
        if (!witness_tell_agent(witness, session, &session->agents[i])) {
            return false;
        }
    }
    if (!session->described) {
        name_session(witness, session);
    }
    session->described = true;
    flag_session(witness, session);
    return true;
}

static bool open_session(struct witness *witness, struct known_session *session)
{
    struct hello_op op = {
        .session_id = witness_text(witness, session->id),
        .source = swarm_text(witness->swarm, session->source.text),
    };
    if (tracer_hello(witness->tracer, session->first_ms, session->local_ns, &op,
                     &session->number) != TRACER_OK) {
        session->number = NO_SESSION;
        return false;
    }
    return witness_tell_session(witness, session);
}

/* ---- times ---- */

static void note_time(struct witness *witness, struct known_session *session, double ms)
{
    if (!said_time(ms)) {
        return;
    }
    if (!(ms >= session->first_ms)) {
        session->first_ms = ms;
        /* Ticks of the sweep are counted from there. */
        session->recheck = true;
        witness->unsettled |= session->number != NO_SESSION;
    }
    if (!(ms <= session->last_ms)) {
        session->last_ms = ms;
    }
}

bool witness_note_times(struct witness *witness, struct known_session *session,
                        const struct witness_place *place, double start_ms, double end_ms)
{
    double before = session->last_ms;
    note_time(witness, session, start_ms);
    note_time(witness, session, end_ms);
    if (said_time(start_ms) && !(start_ms <= session->last_start_ms)) {
        session->last_start_ms = start_ms;
    }
    if (isnan(session->first_ms)) {
        return true;
    }
    session->local_ns = place->local_ns;
    if (session->number == NO_SESSION && !open_session(witness, session)) {
        witness->unsettled = witness->retry = true;
        return false;
    }
    if (session->last_ms >= session->next_stale_ms) {
        session->recheck = witness->unsettled = true;
    }
    bool later = !(session->last_ms <= before);
    if (session->end_count > 0) {
        flag_session(witness, session);
    }
    return !later || tracer_tell_time(witness->tracer, session->number, session->last_ms,
                                      place->local_ns) == TRACER_OK;
}

/* ---- facts ---- */

bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact)
{
    struct known_session *session = witness_find_session(witness, place);
    struct slice source = {fact->source, fact->source == NULL ? 0 : strlen(fact->source)};
    bool changed = false;
    if (session == NULL ||
        !merge_text(witness, &session->name, fact->name, place->rank, &changed) ||
        !merge_text(witness, &session->source, source, place->rank, &changed)) {
        return false;
    }
    if (fact->pid != 0 && fact->pid != session->pid) {
        session->pid = fact->pid;
        changed = true;
    }
    if (fact->cost_usd > session->cost_usd) {
        session->cost_usd = fact->cost_usd;
        changed = true;
    }
    if (changed) {
        session->described = false;
    }
    return witness_note_times(witness, session, place, fact->start_ms, (double)NAN) &&
           witness_tell_session(witness, session);
}

/* Ends are kept by time; one that is said twice is one. */
static bool add_end(struct witness *witness, struct known_session *session, double at_ms, bool gone)
{
    size_t i = session->end_count;
    while (i > 0 && session->ends[i - 1].ms > at_ms) {
        i--;
    }
    if (i > 0 && !(session->ends[i - 1].ms < at_ms)) {
        session->ends[i - 1].gone &= gone;
        return true;
    }
    if (!mem_reserve(witness->mem, &session->ends, &session->end_cap, session->end_count + 1,
                     sizeof *session->ends)) {
        return false;
    }
    memmove(session->ends + i + 1, session->ends + i,
            (session->end_count - i) * sizeof *session->ends);
    session->ends[i] = (struct session_end){at_ms, gone};
    session->end_count++;
    return true;
}

double witness_session_over(const struct known_session *session, double start_ms)
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

bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone)
{
    struct known_session *session = witness_find_session(witness, place);
    if (session == NULL) {
        return false;
    }
    if (!said_time(at_ms)) {
        return true;
    }
    if (!add_end(witness, session, at_ms, gone)) {
        return false;
    }
    if (!witness_note_times(witness, session, place, (double)NAN, at_ms) ||
        !witness_tell_session(witness, session)) {
        return false;
    }
    bool good = witness_recheck(witness, session);
    witness->unsettled |= !good || session->derive;
    session->recheck |= !good;
    return good;
}
