/* The effects of a span's end, alike for events and records: the list of errors, the phases of a
   request, the agent's state, the statistics. */
#include "core/base/sorted.h"
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

static int64_t end_of_error(const void *ctx, size_t place)
{
    const struct swarm *swarm = ctx;
    const struct span *span = swarm_edit_span(swarm, swarm_error(swarm, place));
    return span == NULL ? INT64_MIN : span->end_ns;
}

/* The place of the first error that ends at `end_ns` or later. */
static size_t first_error_from(const struct swarm *swarm, int64_t end_ns)
{
    return sorted_first(swarm->lists.errors.count, end_ns, end_of_error, swarm);
}

/* The list is in order of the ends; of equal ones, of their coming. */
static bool note_error(struct swarm *swarm, span_no no)
{
    int64_t end_ns = swarm_edit_span(swarm, no)->end_ns;
    uint64_t moved = swarm->lists.errors.moved;
    size_t at =
        end_ns == INT64_MAX ? swarm->lists.errors.count : first_error_from(swarm, end_ns + 1);
    span_no *item = block_list_insert(&swarm->lists.errors, swarm->mem, at);
    if (item == NULL) {
        return false;
    }
    *item = no;
    swarm->touched += swarm->lists.errors.moved - moved;
    return true;
}

/* The place of the span in the list; its count: it is not on it. */
static size_t find_error(const struct swarm *swarm, span_no no)
{
    int64_t end_ns = swarm_edit_span(swarm, no)->end_ns;
    for (size_t i = first_error_from(swarm, end_ns);
         i < swarm->lists.errors.count && end_of_error(swarm, i) == end_ns; i++) {
        if (swarm_error(swarm, i) == no) {
            return i;
        }
    }
    return swarm->lists.errors.count;
}

void span_end_unlist_error(struct swarm *swarm, span_no no)
{
    size_t at = find_error(swarm, no);
    if (at < swarm->lists.errors.count) {
        uint64_t moved = swarm->lists.errors.moved;
        block_list_remove(&swarm->lists.errors, swarm->mem, at, 1);
        swarm->touched += swarm->lists.errors.moved - moved;
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
