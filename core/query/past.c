/* A span that ended later loses what its end brought: an error, and how it was ended. Its phases
   stay, as they are cut where their request is. */
#include "core/query/past.h"

static const uint8_t flags_of_begin = SPAN_LOST_BEGIN | SPAN_ASYNC;

static int64_t now_of(const struct past *past, const struct swarm *swarm, const struct span *span)
{
    return past->now_ns(past->ctx, swarm_agent(swarm, span->agent)->session);
}

const struct span *past_span(const struct past *past, const struct swarm *swarm,
                             const struct span *span, struct span *room)
{
    if (past == NULL || span == NULL) {
        return span;
    }
    int64_t now_ns = now_of(past, swarm, span);
    if (span->start_ns > now_ns) {
        return NULL;
    }
    if ((span->flags & (SPAN_OPEN | SPAN_STALE)) != 0 || span->end_ns <= now_ns) {
        return span;
    }
    *room = *span;
    room->flags = (span->flags & flags_of_begin) | SPAN_OPEN;
    return room;
}

int64_t past_span_end_ns(const struct past *past, const struct swarm *swarm,
                         const struct span *span, int64_t local_ns)
{
    int64_t end_ns = swarm_span_end_ns(swarm, span, local_ns);
    int64_t now_ns = past == NULL ? INT64_MAX : now_of(past, swarm, span);
    return end_ns < now_ns ? end_ns : now_ns;
}

int64_t past_session_now(const struct past *past, const struct swarm *swarm, session_no session,
                         int64_t local_ns)
{
    return past == NULL ? swarm_session_now(swarm, session, local_ns)
                        : past->now_ns(past->ctx, session);
}

/* Returns when the last span of the lane that had begun then began or ended; INT64_MIN: none had.
 */
static int64_t lane_last_ns(const struct past *past, const struct swarm *swarm,
                            const struct lane *lane)
{
    for (size_t i = lane->spans.count; i > 0; i--) {
        struct span room;
        const struct span *span =
            past_span(past, swarm, swarm_span(swarm, spans_at(&lane->spans, i - 1)), &room);
        if (span != NULL) {
            return (span->flags & SPAN_OPEN) != 0 ? span->start_ns : span->end_ns;
        }
    }
    return INT64_MIN;
}

int64_t past_agent_last_ns(const struct past *past, const struct swarm *swarm,
                           const struct agent *agent)
{
    if (past == NULL || agent->last_ns <= past->now_ns(past->ctx, agent->session)) {
        return agent->last_ns;
    }
    int64_t last_ns = INT64_MIN;
    for (size_t i = 0; i < agent->lane_count; i++) {
        int64_t at_ns = lane_last_ns(past, swarm, &agent->lanes[i]);
        last_ns = at_ns > last_ns ? at_ns : last_ns;
    }
    return last_ns;
}

static span_no next_of(const struct past_open *open)
{
    if (open->past == NULL) {
        return open->begun ? swarm_next_in_flight(open->swarm, open->no)
                           : swarm_first_in_flight(open->swarm);
    }
    span_no next = open->begun ? open->no + 1 : swarm_span_begin(open->swarm);
    return next < swarm_span_end(open->swarm) ? next : NO_SPAN;
}

const struct span *past_open_next(struct past_open *open)
{
    while ((open->no = next_of(open)) != NO_SPAN) {
        open->begun = true;
        const struct span *span =
            open->past == NULL ? swarm_span(open->swarm, open->no)
                               : past_span(open->past, open->swarm,
                                           swarm_own_span(open->swarm, open->no), &open->room);
        if (span != NULL && ((span->flags & SPAN_OPEN) != 0 || span_still_asks(span))) {
            return span;
        }
    }
    return NULL;
}
