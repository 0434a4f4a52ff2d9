/* The state of an agent: its first and last time, the span that ended last, since when it is
   idle. A new end updates it; after a span was removed it is computed again from the agent's
   lanes. */
#include "core/model/swarm_private.h"

void agent_state_note_time(struct agent *agent, int64_t from_ns, int64_t to_ns)
{
    agent->first_ns = from_ns < agent->first_ns ? from_ns : agent->first_ns;
    agent->last_ns = to_ns > agent->last_ns ? to_ns : agent->last_ns;
}

static bool ends_later(const struct span *span, const struct span *last)
{
    /* In order of time, not of appearance; of two at once the one that failed shows, else that of
       the greater kind. */
    if (last == NULL || span->end_ns != last->end_ns) {
        return last == NULL || span->end_ns > last->end_ns;
    }
    int failed = (span->flags & SPAN_ERROR) != 0, last_failed = (last->flags & SPAN_ERROR) != 0;
    return failed != last_failed ? failed > last_failed : span->kind >= last->kind;
}

void agent_state_note_end(struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    struct agent *agent = &swarm->rows.agents[span->agent];
    if (span_is_phase(span->kind)) {
        return;
    }
    agent_state_note_time(agent, span->start_ns, span->end_ns);
    if (span->kind != SPAN_INTERACTION && span->kind != SPAN_USER) {
        const struct span *last =
            agent->last_ended == NO_SPAN ? NULL : swarm_span(swarm, agent->last_ended);
        if (ends_later(span, last)) {
            agent->last_ended = no;
        }
    }
    if (span->kind != SPAN_INTERACTION && span->end_ns > agent->idle_since_ns) {
        agent->idle_since_ns = span->end_ns;
    }
}

/* The spans of a lane do not overlap: its last closed ones are the last to have ended. */
static void refresh_from_lane(struct swarm *swarm, const struct lane *lane)
{
    int worked = 0;
    for (size_t i = lane->spans.count; i-- > 0 && worked < 2;) {
        swarm->touched++;
        const struct span *span = swarm_edit_span(swarm, spans_at(&lane->spans, i));
        if ((span->flags & SPAN_OPEN) != 0) {
            agent_state_note_time(&swarm->rows.agents[span->agent], span->start_ns, span->start_ns);
            continue;
        }
        agent_state_note_end(swarm, spans_at(&lane->spans, i));
        worked += span->kind != SPAN_USER;
    }
    if (lane->spans.count > 0) {
        const struct span *first = swarm_edit_span(swarm, spans_at(&lane->spans, 0));
        agent_state_note_time(&swarm->rows.agents[first->agent], first->start_ns, first->start_ns);
    }
}

bool agent_state_rests_on(const struct agent *agent, span_no no, const struct span *span)
{
    return agent->last_ended == no || span->start_ns <= agent->first_ns ||
           span->end_ns >= agent->last_ns ||
           (span->kind != SPAN_INTERACTION && span->end_ns >= agent->idle_since_ns) ||
           (span->flags & SPAN_OPEN) != 0;
}

void agent_state_refresh(struct swarm *swarm, agent_no number)
{
    struct agent *agent = &swarm->rows.agents[number];
    agent->first_ns = agent->mark_first_ns;
    agent->last_ns = agent->mark_last_ns;
    agent->last_ended = NO_SPAN;
    agent->idle_since_ns = INT64_MIN;
    for (size_t i = 0; i < agent->lane_count; i++) {
        refresh_from_lane(swarm, &agent->lanes[i]);
    }
    /* An agent has one interaction at a time: the first began first, one of the last ended last. */
    for (size_t i = 0; i < agent->envelopes.count; i++) {
        const struct span *span = swarm_edit_span(swarm, spans_at(&agent->envelopes, i));
        agent_state_note_time(agent, span->start_ns, span->end_ns);
        swarm->touched++;
        i = i == 0 && agent->envelopes.count > 4 ? agent->envelopes.count - 4 : i;
    }
}
