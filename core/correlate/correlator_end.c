/* The ends of sessions. A session ends by an operation, or because the program does. Both are one
   thing: an end of the session, which closes what operations began and what updates began. The
   program's end is written into a recorded feed as an operation, or the calls that are open then
   would have another length when the feed is read. */
#include "core/correlate/correlator_private.h"

enum tracer_result correlator_end_session(struct correlator *correlator,
                                          const struct op_context *context)
{
    enum tracer_result result = tracer_end_session(correlator->tracer, context);
    struct registry_session *session = registry_find(correlator->tracer, context->session);
    if (result == TRACER_NO_MEMORY || !session->opened) {
        return result;
    }
    correlator_mark(correlator, session);
    const struct update end = {.op = UPDATE_SESSION, .local_ns = context->local_ns};
    bool good =
        correlator_session_add_end(correlator, session, context->t_ms, OUTCOME_ENDED) &&
        correlator_session_note_times(correlator, session, &end, (double)NAN, context->t_ms);
    return good ? result : TRACER_NO_MEMORY;
}

/* One that was swept counts: on the screen it stays in flight. */
static bool has_open_call(const struct correlator *correlator,
                          const struct registry_session *session)
{
    record_no no = session->unended;
    while (no != NO_RECORD) {
        const struct record *record = swarm_record(correlator->swarm, no);
        if (record->state == RECORD_OPEN || record->in_flight) {
            break;
        }
        no = record->links[LIST_UNENDED].next;
    }
    return no != NO_RECORD;
}

/* Returns the time that the session has now. None of its times is later, whatever clock they are
   of. */
static double present_ms(const struct correlator *correlator,
                         const struct registry_session *session, int64_t local_ns)
{
    if (local_ns == INT64_MIN) {
        return session->clock_ms;
    }
    int64_t now_ns = swarm_session_now(correlator->swarm, session->number, local_ns);
    return fmax(session->clock_ms, (double)now_ns / 1e6);
}

bool correlator_close(struct correlator *correlator, int64_t local_ns,
                      void (*ended)(void *ctx, session_no session, double t_ms), void *ctx)
{
    bool good = correlator_flush(correlator);
    size_t count = swarm_session_count(correlator->swarm);
    for (session_no number = 0; good && number < count; number++) {
        const struct registry_session *session = registry_find(correlator->tracer, number);
        /* The model does not have it: no time is known, or another one is the same. */
        if (session == NULL || swarm_session(correlator->swarm, number) == NULL ||
            (session->table_count == 0 && !has_open_call(correlator, session))) {
            continue;
        }
        struct op_context context = {
            .session = number,
            .t_ms = present_ms(correlator, session, local_ns),
            .local_ns = local_ns == INT64_MIN
                            ? swarm_session(correlator->swarm, number)->clock_set_ns
                            : local_ns};
        good = correlator_end_session(correlator, &context) != TRACER_NO_MEMORY;
        if (good && ended != NULL) {
            ended(ctx, number, context.t_ms);
        }
    }
    return good && correlator_flush(correlator) && swarm_relane(correlator->swarm);
}
