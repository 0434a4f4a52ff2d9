/* Calls. An update is merged into the record that has one of its ids. A call with a parent call
   is on the row of the parent's agent, unless it has an agent itself. So it is shown again when
   its parent moves. */
#include "core/correlate/correlator_private.h"

enum { ALIASES_MAX = 8 };

static const double apart_ms = 2000; /* the greatest difference between clocks of sources */

bool correlator_call_queue(struct correlator *correlator, record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    if (record->queued) {
        return true;
    }
    if (!mem_reserve(correlator->mem, &correlator->queue, &correlator->queue_cap,
                     correlator->queue_count + 1, sizeof *correlator->queue)) {
        return false;
    }
    correlator->queue[correlator->queue_count++] = number;
    record->queued = true;
    return true;
}

/* ---- making and dropping ---- */

/* Whether the update is of a call that was dropped, or would be. */
static bool is_forgotten(const struct registry_session *session, double start_ms, double end_ms)
{
    double until_ms = session->forgotten_ms;
    if (time_is_set(start_ms) && !(start_ms <= until_ms)) {
        return false;
    }
    /* Another source may have reported a later end of one that was dropped. */
    return time_is_set(end_ms) ? end_ms <= until_ms + apart_ms : start_ms <= until_ms;
}

static record_no new_call(struct correlator *correlator, session_no session, enum call_kind kind,
                          struct slice id)
{
    record_no number = swarm_record_new(correlator->swarm, kind);
    if (number == NO_RECORD) {
        return NO_RECORD;
    }
    struct record *record = swarm_record(correlator->swarm, number);
    record->session = session;
    if (!correlator_index_add(correlator, number, session, id)) {
        swarm_record_drop(correlator->swarm, number);
        return NO_RECORD;
    }
    correlator_call_own(correlator, number);
    return number;
}

/* ---- parents ---- */

static void leave_parent(struct swarm *swarm, record_no number)
{
    struct record *record = swarm_record(swarm, number);
    if (record->parent != NO_RECORD) {
        correlator_list_take(swarm, LIST_CHILDREN,
                             &swarm_record(swarm, record->parent)->first_child, number);
        record->parent = NO_RECORD;
    }
}

static void put_child(struct swarm *swarm, record_no parent, record_no number)
{
    swarm_record(swarm, number)->parent = parent;
    correlator_list_put(swarm, LIST_CHILDREN, &swarm_record(swarm, parent)->first_child, number);
}

/* Puts the call on the list of the parent that it names; one that is not known yet is made,
   hidden. */
static bool join_parent(struct correlator *correlator, record_no number)
{
    struct swarm *swarm = correlator->swarm;
    const struct record *record = swarm_record(swarm, number);
    struct slice parent_id = facts_text(&record->facts, FIELD_PARENT_ID);
    if (parent_id.bytes == NULL) {
        return true;
    }
    session_no session = record->session;
    record_no parent = correlator_index_find(correlator, session, parent_id);
    if (parent == NO_RECORD) {
        parent = new_call(correlator, session, CALL_SPAN, parent_id);
        if (parent == NO_RECORD) {
            return false;
        }
    }
    if (swarm_record(swarm, number)->parent != parent) {
        leave_parent(swarm, number);
        if (parent != number) {
            put_child(swarm, parent, number);
        }
    }
    return true;
}

void correlator_call_drop(struct correlator *correlator, record_no number)
{
    struct swarm *swarm = correlator->swarm;
    struct record *record = swarm_record(swarm, number);
    leave_parent(swarm, number);
    while (record->first_child != NO_RECORD) {
        leave_parent(swarm, record->first_child);
    }
    record->queued = false;
    correlator_call_unlink(correlator, number);
    correlator_call_disown(correlator, number);
    correlator_index_remove(correlator, number);
}

/* ---- ids ---- */

/* Counts the attempts that the facts have lost since they had lost so many. */
static void note_attempts(struct correlator *correlator, const struct facts *facts, uint32_t lost)
{
    for (; lost != facts->lost_times; lost++) {
        swarm_note_forgotten(correlator->swarm, FORGOTTEN_ATTEMPTS);
    }
}

record_no correlator_call_unite(struct correlator *correlator, record_no a, record_no b)
{
    struct swarm *swarm = correlator->swarm;
    span_no a_span = swarm_record(swarm, a)->span, b_span = swarm_record(swarm, b)->span;
    /* The one that was seen first stays. */
    record_no kept = b_span < a_span ? b : a, gone = kept == a ? b : a;
    struct record *to = swarm_record(swarm, kept), *from = swarm_record(swarm, gone);
    /* Either may get another parent. */
    if (!correlator_usage_note(correlator, gone) || !correlator_usage_note(correlator, kept)) {
        return NO_RECORD;
    }
    uint32_t lost_times = to->facts.lost_times;
    if (facts_unite(&to->facts, correlator->mem, &from->facts) == FACT_NO_MEMORY) {
        return NO_RECORD;
    }
    note_attempts(correlator, &to->facts, lost_times);
    to->kind = from->kind > to->kind ? from->kind : to->kind;
    to->last_ms = fmax(to->last_ms, from->last_ms);
    for (uint32_t at = from->first_key; at != NO_KEY; at = correlator->keys[at].same_record) {
        struct slice id = {correlator->keys[at].id, correlator->keys[at].len};
        if (correlator_index_find(correlator, to->session, id) != kept &&
            !correlator_index_add(correlator, kept, to->session, id)) {
            return NO_RECORD;
        }
    }
    span_no to_span = to->span, from_span = from->span;
    bool both = from_span != NO_SPAN && to_span != NO_SPAN;
    if ((both && !swarm_forward_span(swarm, from_span, to_span)) ||
        !correlator_call_queue(correlator, kept)) {
        return NO_RECORD;
    }
    while (from->first_child != NO_RECORD) {
        record_no child = from->first_child;
        leave_parent(swarm, child);
        if (child != kept) {
            put_child(swarm, kept, child);
            if (!correlator_call_queue(correlator, child)) {
                return NO_RECORD;
            }
        }
    }
    correlator_call_drop(correlator, gone);
    swarm_record_drop(swarm, gone);
    correlator_call_link(correlator, kept);
    return join_parent(correlator, kept) && correlator_usage_note(correlator, kept) ? kept
                                                                                    : NO_RECORD;
}

/* One more id of the call. Returns the record that has both; NO_RECORD: out of memory. */
static record_no add_alias(struct correlator *correlator, session_no session, record_no number,
                           struct slice alias)
{
    record_no other = correlator_index_find(correlator, session, alias);
    if (other == number) {
        return number;
    }
    if (other != NO_RECORD) {
        return correlator_call_unite(correlator, number, other);
    }
    const struct record *record = swarm_record(correlator->swarm, number);
    if (correlator_index_count(correlator, record) > ALIASES_MAX) {
        return number;
    }
    return correlator_index_add(correlator, number, session, alias) ? number : NO_RECORD;
}

/* Whether the cap dropped the call of the update. */
static bool was_dropped(const struct correlator *correlator, const struct registry_session *session,
                        const struct update *update, double start_ms, double end_ms)
{
    struct slice alias =
        update_has(update, FIELD_ALIAS) ? update->values[FIELD_ALIAS].text : (struct slice){0};
    return is_forgotten(session, start_ms, end_ms) &&
           correlator_index_find(correlator, session->number, update->id) == NO_RECORD &&
           (alias.bytes == NULL ||
            correlator_index_find(correlator, session->number, alias) == NO_RECORD);
}

/* The record of the update's ids, made where none is known. NO_RECORD: out of memory. */
static record_no find_call(struct correlator *correlator, session_no session,
                           const struct update *update)
{
    struct slice alias = {NULL, 0};
    if (update_has(update, FIELD_ALIAS)) {
        alias = update->values[FIELD_ALIAS].text;
    }
    record_no number = correlator_index_find(correlator, session, update->id);
    if (number == NO_RECORD && alias.bytes != NULL) {
        number = correlator_index_find(correlator, session, alias);
        if (number != NO_RECORD && !correlator_index_add(correlator, number, session, update->id)) {
            number = NO_RECORD;
            return number;
        }
    }
    if (number == NO_RECORD) {
        number = new_call(correlator, session, update->kind, update->id);
    }
    if (number != NO_RECORD && alias.bytes != NULL) {
        number = add_alias(correlator, session, number, alias);
    }
    return number;
}

/* ---- fields ---- */

static double first_time(const struct update *update)
{
    double first = (double)NAN;
    for (size_t i = 0; i < update->values[FIELD_ATTEMPTS].times.count; i++) {
        double ms = update->values[FIELD_ATTEMPTS].times.ms[i];
        first = time_is_set(ms) && !(ms >= first) ? ms : first;
    }
    return first;
}

/* An inferred end holds only while nothing later is known of the call. */
static void note_known(struct record *record, const struct update *update, double start_ms,
                       double end_ms)
{
    double times[3] = {start_ms, end_ms, (double)NAN};
    if (update->precedence == PRECEDENCE_INFERRED) {
        return;
    }
    if (update_has(update, FIELD_RETRY)) {
        times[2] = update->values[FIELD_RETRY].retry.at_ms;
    }
    for (size_t i = 0; i < 3; i++) {
        if (time_is_set(times[i])) {
            record->last_ms = fmax(record->last_ms, times[i]);
        }
    }
}

/* FACT_CHANGED: the record is to be shown again. */
static enum fact_result merge_fields(struct correlator *correlator, struct facts *facts,
                                     const struct update *update, double start_ms, bool named)
{
    const uint64_t apart = (uint64_t)1 << FIELD_ALIAS | (uint64_t)1 << FIELD_START_MS;
    enum fact_result result = correlator_merge_fields(correlator, facts, update, apart), one;
    if (time_is_set(start_ms)) {
        union update_value start = {.number = start_ms};
        one = correlator_merge(correlator, facts, update, FIELD_START_MS, &start);
        result = one > result ? one : result;
    }
    if (named) {
        union update_value agent = {.text = update->agent_id};
        one = correlator_merge(correlator, facts, update, (enum update_field)FACT_AGENT_ID, &agent);
        result = one > result ? one : result;
    }
    return result;
}

/* Whether runs above the call count the tokens that they claim depends on these. */
static const uint64_t usage_fields =
    (uint64_t)1 << FIELD_PARENT_ID | (uint64_t)1 << FIELD_PROMPT_TOKENS |
    (uint64_t)1 << FIELD_OUTPUT_TOKENS | (uint64_t)1 << FIELD_CACHE_READ_TOKENS |
    (uint64_t)1 << FIELD_CACHE_CREATION_TOKENS;

/* Moves the session's clock, then looks the call up: the sweep appends events as the clock
   moves, and the cap may drop the call for them. NO_RECORD: it was dropped, or out of memory. */
static record_no enter_call(struct correlator *correlator, struct registry_session *session,
                            const struct update *update, double start_ms, double end_ms,
                            bool *dropped)
{
    *dropped = was_dropped(correlator, session, update, start_ms, end_ms);
    if (*dropped || !correlator_session_note_times(correlator, session, update, start_ms, end_ms)) {
        return NO_RECORD;
    }
    *dropped = was_dropped(correlator, session, update, start_ms, end_ms);
    return *dropped ? NO_RECORD : find_call(correlator, session->number, update);
}

/* The precedences of end and outcome: whether an outcome holds depends on both, and the same value
   of a higher precedence is no change of the facts. */
static unsigned end_precedences(const struct facts *facts)
{
    const struct fact *end = facts_get(facts, FIELD_END_MS);
    const struct fact *outcome = facts_get(facts, FIELD_OUTCOME);
    return (end == NULL ? 0u : 1u + end->precedence) +
           16 * (outcome == NULL ? 0u : 1u + outcome->precedence);
}

/* An id of its session leaves it open whose call it is: that of an agent above it. */
static bool is_named(const struct update *update)
{
    struct slice agent = update->agent_id, session = update->session_id;
    return agent.len > 0 &&
           (agent.len != session.len || memcmp(agent.bytes, session.bytes, agent.len) != 0);
}

bool correlator_call_update(struct correlator *correlator, const struct update *update)
{
    struct registry_session *session = correlator_session_find(correlator, update->session_id);
    if (session == NULL) {
        return false;
    }
    double start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    double end_ms =
        update_has(update, FIELD_END_MS) ? update->values[FIELD_END_MS].number : (double)NAN;
    if (!time_is_set(start_ms) && update_has(update, FIELD_ATTEMPTS)) {
        start_ms = first_time(update);
    }
    bool dropped;
    record_no number = enter_call(correlator, session, update, start_ms, end_ms, &dropped);
    if (number == NO_RECORD) {
        return dropped;
    }
    struct registered *agent = correlator_agent_find(correlator, session, update->agent_id);
    if (agent == NULL) {
        return false;
    }
    correlator_agent_note_start(correlator, session, agent, start_ms);
    struct record *record = swarm_record(correlator->swarm, number);
    bool changed = update->kind > record->kind;
    bool placed = changed || (update->present & usage_fields) != 0;
    if (placed && !correlator_usage_note(correlator, number)) {
        return false;
    }
    record->kind = (uint8_t)(changed ? update->kind : record->kind);
    double known_ms = record->last_ms;
    note_known(record, update, start_ms, end_ms);
    changed |= record->last_ms > known_ms || isnan(known_ms);
    unsigned precedences = end_precedences(&record->facts);
    uint32_t lost_times = record->facts.lost_times;
    enum fact_result result =
        merge_fields(correlator, &record->facts, update, start_ms, is_named(update));
    changed |= precedences != end_precedences(&record->facts);
    note_attempts(correlator, &record->facts, lost_times);
    if ((update_has(update, FIELD_PARENT_ID) && !join_parent(correlator, number)) ||
        (placed && !correlator_usage_note(correlator, number))) {
        return false;
    }
    correlator_call_link(correlator, number);
    changed |= result != FACT_SAME;
    return (!changed || correlator_call_queue(correlator, number)) && result != FACT_NO_MEMORY;
}
