/* A record's events are written where a tracer that knew all in time would have written them:
   its begin at its start, its phases and its end at its end. (Not as one block: readers that
   pair by nesting want the ends of calls that end together from the inside out.) */
#include "core/model/record_moments.h"

#include <stdlib.h>

static int64_t end_ns(const struct record *record)
{
    int64_t start_ns = record_ns(record->start_ms), at_ns = record_ns(record->end_ms);
    return at_ns > start_ns ? at_ns : start_ns;
}

static bool add_moments(struct record_moments *moments, const struct swarm *swarm, record_no number)
{
    const struct record *record = swarm_record(swarm, number);
    bool open = record->state == RECORD_OPEN;
    int64_t from_ns = record_ns(record->start_ms), to_ns = open ? INT64_MAX : end_ns(record);
    if (!mem_reserve(moments->mem, &moments->items, &moments->cap, moments->count + 2,
                     sizeof *moments->items)) {
        return false;
    }
    bool at_once = !open && to_ns == from_ns;
    moments->items[moments->count++] = (struct record_moment){from_ns, number, true, at_once};
    if (!open && !at_once) {
        moments->items[moments->count++] = (struct record_moment){to_ns, number, false, true};
    }
    return true;
}

/* Ends come before begins of the same time. */
static int in_order(const void *a, const void *b, void *ctx)
{
    const struct record_moment *x = a, *y = b;
    const struct swarm *swarm = ctx;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    if (x->begins != y->begins) {
        return x->begins ? 1 : -1;
    }
    const struct record *of_x = swarm_record(swarm, x->record);
    const struct record *of_y = swarm_record(swarm, y->record);
    return x->begins ? record_compare_begins(of_x, of_y) : record_compare_ends(of_x, of_y);
}

bool record_moments_init(struct record_moments *moments, const struct swarm *swarm)
{
    *moments = (struct record_moments){.mem = swarm_mem(swarm)};
    for (record_no no = swarm_record_oldest(swarm); no != NO_RECORD;
         no = swarm_record(swarm, no)->newer) {
        if (swarm_record(swarm, no)->span != NO_SPAN && !add_moments(moments, swarm, no)) {
            return false;
        }
    }
    if (moments->count > 1) {
        qsort_r(moments->items, moments->count, sizeof *moments->items, in_order,
                (void *)(uintptr_t)swarm);
    }
    return true;
}

void record_moments_release(struct record_moments *moments)
{
    mem_free(moments->mem, moments->items, moments->cap * sizeof *moments->items);
    moments->items = NULL;
    moments->count = moments->cap = 0;
}

int64_t record_moments_written_ns(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                                  int64_t at_ns)
{
    const struct span *span = swarm_span(swarm, swarm_event_span(swarm, pool, number));
    const struct span *call =
        span != NULL && span_is_phase(span->kind) ? swarm_span(swarm, span->parent) : NULL;
    bool ended = call != NULL && (call->flags & SPAN_OPEN) == 0;
    return ended && call->end_ns > at_ns ? call->end_ns : at_ns;
}
