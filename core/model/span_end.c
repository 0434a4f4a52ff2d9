/* The effects of a span's end, alike for events and records: the list of errors, the phases of a
   request, the agent's state, the statistics. */
#include "core/model/swarm_private.h"

#include <string.h>

static void claim_phases(struct swarm *swarm, struct agent *agent, span_no request)
{
    struct span *owner = swarm_edit_span(swarm, request);
    for (span_no no = agent->first_phase; no != NO_SPAN;) {
        struct span *phase = swarm_edit_span(swarm, no);
        phase->parent = request;
        phase->lane = owner->lane;
        no = phase->next_phase;
    }
    owner->next_phase = agent->first_phase;
    agent->first_phase = agent->last_phase = NO_SPAN;
}

/* The list is in order of the ends, as far as events came in that order. */
static bool note_error(struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    if (!mem_reserve(swarm->mem, &swarm->errors, &swarm->error_cap, swarm->error_count + 1,
                     sizeof *swarm->errors)) {
        return false;
    }
    size_t at = swarm->error_count++;
    while (at > 0 && span_is_record(span) &&
           swarm_edit_span(swarm, swarm->errors[at - 1])->end_ns > span->end_ns) {
        swarm->errors[at] = swarm->errors[at - 1];
        at--;
    }
    swarm->errors[at] = no;
    return true;
}

void span_end_unlist_error(struct swarm *swarm, span_no no)
{
    for (size_t i = swarm->error_count; i-- > 0;) {
        if (swarm->errors[i] == no) {
            memmove(swarm->errors + i, swarm->errors + i + 1,
                    (swarm->error_count - i - 1) * sizeof *swarm->errors);
            swarm->error_count--;
            return;
        }
    }
}

bool span_end_apply(struct swarm *swarm, span_no no, const struct end_facts *facts)
{
    const struct span *span = swarm_edit_span(swarm, no);
    if ((span->flags & SPAN_ERROR) != 0 && !span_is_phase(span->kind) && !note_error(swarm, no)) {
        return false;
    }
    if (span->kind == SPAN_REQUEST && !span_is_record(span)) {
        claim_phases(swarm, &swarm->agents[span->agent], no);
    }
    agent_state_note_end(swarm, no);
    return stats_add_span(swarm, span, facts);
}
