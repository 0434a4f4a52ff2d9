/* Computes what the model shows of a call: its start, end, state and agent. If no source
   reported its end, the end follows from its start, the ends of its session and the session's
   clock alone. It is computed again when one of them changes. */
#include "core/correlate/correlator_private.h"

enum { ANCESTORS_MAX = 256 }; /* the longest chain of parents; also cuts cycles */

/* ---- the agent ---- */

/* The agent that the call names; bytes NULL: none, or an id of its session. */
static struct slice named_agent(const struct correlator *correlator,
                                const struct registry_session *session, const struct record *record)
{
    struct slice id = facts_text(&record->facts, (enum update_field)FACT_AGENT_ID);
    return id.bytes != NULL && correlator_agent_is_session(correlator, session, id)
               ? (struct slice){NULL, 0}
               : id;
}

/* The agent of the call, or of its nearest ancestor that names one; else the main agent. NULL: out
   of memory. */
static struct registered *agent_of(struct correlator *correlator, struct registry_session *session,
                                   const struct record *record)
{
    struct slice id = {NULL, 0};
    for (int i = 0; i < ANCESTORS_MAX && record != NULL && id.bytes == NULL; i++) {
        id = named_agent(correlator, session, record);
        struct slice parent = facts_text(&record->facts, FIELD_PARENT_ID);
        record_no number = parent.bytes == NULL
                               ? NO_RECORD
                               : correlator_index_find(correlator, session->number, parent);
        record = number == NO_RECORD ? NULL : swarm_record(correlator->swarm, number);
    }
    return correlator_agent_find(correlator, session, id);
}

/* Children that name no agent go along. */
static bool queue_children(struct correlator *correlator, const struct registry_session *session,
                           const struct record *record)
{
    for (record_no child = record->first_child; child != NO_RECORD;
         child = swarm_record(correlator->swarm, child)->links[LIST_CHILDREN].next) {
        const struct record *of = swarm_record(correlator->swarm, child);
        bool own = named_agent(correlator, session, of).bytes != NULL;
        if (!own && !correlator_call_queue(correlator, child)) {
            return false;
        }
    }
    return true;
}

static bool find_row(struct correlator *correlator, struct registry_session *session,
                     record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    struct registered *agent = agent_of(correlator, session, record);
    agent_no row = agent == NULL ? NO_AGENT : correlator_agent_row(correlator, session, agent);
    if (row == NO_AGENT || (record->agent != row && !queue_children(correlator, session, record))) {
        return false;
    }
    record->agent = row;
    record->track = agent->track;
    return true;
}

/* ---- how it ends ---- */

/* The end that some source reported; NAN: none, or an inferred one that does not hold. */
static double reported_end(const struct record *record)
{
    const struct fact *end = facts_get(&record->facts, FIELD_END_MS);
    if (end == NULL || (end->precedence == PRECEDENCE_INFERRED && end->number < record->last_ms)) {
        return (double)NAN;
    }
    return end->number;
}

/* The time from which the call is stale. Its process may live, or have been seen to live until the
   session's end: then the call ran until that. */
static double stale_ms(const struct registry_session *session, double start_ms, double over_ms)
{
    bool watched = facts_bool(&session->facts, FIELD_ALIVE) != TRI_UNSET;
    return correlator_session_lives(session) || (watched && !isnan(over_ms))
               ? (double)INFINITY
               : tracer_stale_tick(session->first_ms, start_ms);
}

static void work_out_end(struct registry_session *session, struct record *record)
{
    double end_ms = reported_end(record), start_ms = record->start_ms;
    double over_ms = correlator_session_over(session, start_ms);
    double tick_ms = stale_ms(session, start_ms, over_ms);
    const struct fact *end = facts_get(&record->facts, FIELD_END_MS);
    if (!isnan(end_ms) && end->precedence == PRECEDENCE_INFERRED && over_ms < end_ms) {
        end_ms = (double)NAN; /* it had not outlived its session until something new began */
    }
    record->in_flight = false;
    if (!isnan(end_ms)) {
        record->state = RECORD_ENDED;
        record->end_ms = fmax(end_ms, start_ms);
    } else if (tick_ms <= session->clock_ms && !(over_ms < tick_ms)) {
        record->state = RECORD_EVICTED;
        record->end_ms = tick_ms;
        record->in_flight = isnan(over_ms);
    } else if (!isnan(over_ms)) {
        record->state = RECORD_INCOMPLETE;
        record->end_ms = over_ms;
    } else {
        record->state = RECORD_OPEN;
        record->end_ms = (double)NAN;
        session->next_due_ms = fmin(session->next_due_ms, tick_ms);
    }
    if (record->state == RECORD_ENDED && record_outcome(record) == OUTCOME_INCOMPLETE) {
        record->state = RECORD_INCOMPLETE;
    }
}

/* ---- while it runs ---- */

static int64_t time_ns(double ms)
{
    return time_is_set(ms) ? record_ns(ms) : INT64_MIN;
}

static bool show_progress(struct correlator *correlator, record_no number)
{
    struct swarm *swarm = correlator->swarm;
    const struct record *record = swarm_record(swarm, number);
    const double *attempts;
    size_t count = facts_times(&record->facts, FIELD_ATTEMPTS, &attempts);
    double ttft_ms = facts_number(&record->facts, FIELD_TTFT_MS);
    double tokens = facts_number(&record->facts, FIELD_OUTPUT_TOKENS);
    struct retry retry;
    bool retries = facts_retry(&record->facts, &retry);
    if (record->state != RECORD_OPEN || record->kind != CALL_REQUEST ||
        (!retries && count < 2 && isnan(ttft_ms) && isnan(tokens))) {
        request_progress_drop(swarm, record_begin_no(number));
        return true;
    }
    struct request_progress *live = request_progress_edit(swarm, record_begin_no(number));
    if (live == NULL) {
        return false;
    }
    double from_ms = count > 0 ? attempts[count - 1] : record->start_ms;
    live->first_token_ns = isnan(ttft_ms) ? INT64_MIN : time_ns(from_ms + ttft_ms);
    live->retries = count > 1 ? (uint32_t)count - 1 : 0;
    if (retries) {
        intern_id why = intern_put(swarm_names(swarm), retry.error.len > 0 ? retry.error.bytes : "",
                                   retry.error.len);
        live->attempt = retry.attempt > 0 && retry.attempt < 1e9 ? (uint32_t)retry.attempt : 0;
        live->retries = live->attempt > live->retries ? live->attempt : live->retries;
        live->max_attempts =
            retry.max_attempts >= 1 && retry.max_attempts < 1e9 ? (uint32_t)retry.max_attempts : 0;
        live->attempt_ns = time_ns(retry.at_ms);
        live->retry_at_ns = time_ns(retry.at_ms + retry.in_ms);
        live->error = why == INTERN_FAILED || retry.error.len == 0 ? INTERN_NONE : why;
    }
    return true;
}

/* ---- all ---- */

bool correlator_show_call(struct correlator *correlator, record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    struct registry_session *session = registry_find(correlator->tracer, record->session);
    record->start_ms = facts_number(&record->facts, FIELD_START_MS);
    /* A hidden one too: its children are on its row. */
    if (session->opened && !find_row(correlator, session, number)) {
        return false;
    }
    if (isnan(record->start_ms) || !session->opened) {
        record->state = RECORD_HIDDEN;
        return swarm_record_changed(correlator->swarm, number);
    }
    work_out_end(session, record);
    return swarm_record_changed(correlator->swarm, number) && show_progress(correlator, number);
}

bool correlator_show_recheck(struct correlator *correlator, struct registry_session *session)
{
    for (record_no no = session->unended; no != NO_RECORD;
         no = swarm_record(correlator->swarm, no)->links[LIST_UNENDED].next) {
        if (!correlator_call_queue(correlator, no)) {
            return false;
        }
    }
    session->recheck = false;
    return true;
}
