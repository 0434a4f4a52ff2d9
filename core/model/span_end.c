/* The effects of a span's end, alike for events and records: the list of errors, the phases of a
   request, the agent's state, the statistics. */
#include "core/model/swarm_private.h"

#include <math.h>
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

/* Phases are a request's. But an operation that ends a request also ends a call of another kind,
   with its phases before it; then the times in its args show that. */
static bool ends_with_phases(const struct span *span, const struct end_facts *facts)
{
    return !span_is_record(span) && !span_is_phase(span->kind) &&
           (span->kind == SPAN_REQUEST || !isnan(facts->numbers[FACT_TTFT_MS]) ||
            !isnan(facts->numbers[FACT_SETUP_MS]));
}

/* The list is in order of the ends, as far as events came in that order. */
static bool note_error(struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    if (!mem_reserve(swarm->mem, &swarm->lists.errors, &swarm->lists.error_cap,
                     swarm->lists.error_count + 1, sizeof *swarm->lists.errors)) {
        return false;
    }
    size_t at = swarm->lists.error_count++;
    while (at > 0 && span_is_record(span) &&
           swarm_edit_span(swarm, swarm->lists.errors[at - 1])->end_ns > span->end_ns) {
        swarm->lists.errors[at] = swarm->lists.errors[at - 1];
        at--;
    }
    swarm->lists.errors[at] = no;
    return true;
}

/* Whether the error at that place ends before `end_ns`. */
static bool ends_before(const struct swarm *swarm, size_t at, int64_t end_ns)
{
    const struct span *span = swarm_edit_span(swarm, swarm->lists.errors[at]);
    return span == NULL || span->end_ns < end_ns;
}

/* The place of the span in the list; error_count: it is not on it. The list is in order of ends but
   for events that came late, so where bisection misses it, the list is searched from its end. */
static size_t find_error(const struct swarm *swarm, span_no no)
{
    int64_t end_ns = swarm_edit_span(swarm, no)->end_ns;
    size_t low = 0, high = swarm->lists.error_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends_before(swarm, middle, end_ns)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i < swarm->lists.error_count && i < low + 16; i++) {
        if (swarm->lists.errors[i] == no) {
            return i;
        }
    }
    for (size_t i = swarm->lists.error_count; i-- > 0;) {
        if (swarm->lists.errors[i] == no) {
            return i;
        }
    }
    return swarm->lists.error_count;
}

void span_end_unlist_error(struct swarm *swarm, span_no no)
{
    size_t at = find_error(swarm, no);
    if (at < swarm->lists.error_count) {
        memmove(swarm->lists.errors + at, swarm->lists.errors + at + 1,
                (swarm->lists.error_count - at - 1) * sizeof *swarm->lists.errors);
        swarm->lists.error_count--;
    }
}

bool span_end_apply(struct swarm *swarm, span_no no, const struct end_facts *facts)
{
    const struct span *span = swarm_edit_span(swarm, no);
    if ((span->flags & SPAN_ERROR) != 0 && !span_is_phase(span->kind) && !note_error(swarm, no)) {
        return false;
    }
    if (ends_with_phases(span, facts)) {
        claim_phases(swarm, &swarm->rows.agents[span->agent], no);
    }
    agent_state_note_end(swarm, no);
    return stats_add_span(swarm, span, facts);
}
