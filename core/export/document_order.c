/* A merge of sorted lists: the agent's rows in the model, its interactions, and the phases of the
   requests that came so far. Nothing is copied, so a large trace needs no memory here. */
#include "core/export/document_order.h"

#include <stdlib.h>

/* Returns true if span a comes before span b: of one time, in the order of their events. */
static bool is_before(const struct span_order *order, const struct span *a, const struct span *b)
{
    if (a->start_ns != b->start_ns) {
        return a->start_ns < b->start_ns;
    }
    return document_begin_place(order->records, a) < document_begin_place(order->records, b);
}

/* NULL: no part of a stack. */
static const struct span *stacked(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span != NULL && (span->flags & SPAN_ASYNC) == 0 ? span : NULL;
}

void span_order_init(struct span_order *order, const struct swarm *swarm,
                     const struct document_records *records)
{
    *order = (struct span_order){.swarm = swarm, .records = records};
}

void span_order_release(struct span_order *order)
{
    const struct mem *mem = swarm_mem(order->swarm);
    mem_free(mem, order->lists, order->list_cap * sizeof *order->lists);
    mem_free(mem, order->phases, order->phase_cap * sizeof *order->phases);
    span_order_init(order, order->swarm, order->records);
}

static bool add_list(struct span_order *order, const struct block_list *spans)
{
    if (spans->count == 0) {
        return true;
    }
    if (!mem_reserve(swarm_mem(order->swarm), &order->lists, &order->list_cap,
                     order->list_count + 1, sizeof *order->lists)) {
        return false;
    }
    order->lists[order->list_count++] = (struct span_list){.spans = spans};
    return true;
}

/* Spans that begin later come first. */
static int by_begin_backwards(const void *a, const void *b, void *ctx)
{
    const struct span_order *order = ctx;
    const struct span *x = swarm_span(order->swarm, *(const span_no *)a);
    const struct span *y = swarm_span(order->swarm, *(const span_no *)b);
    return is_before(order, x, y) ? 1 : is_before(order, y, x) ? -1 : 0;
}

/* Adds the phases that wait for the end of their request: it was dropped, or has not come. */
static bool add_waiting_phases(struct span_order *order, const struct agent *agent)
{
    const struct span *phase;
    for (span_no no = agent->first_phase;
         no != NO_SPAN && (phase = swarm_span(order->swarm, no)) != NULL; no = phase->next_phase) {
        if (!mem_reserve(swarm_mem(order->swarm), &order->phases, &order->phase_cap,
                         order->phase_count + 1, sizeof *order->phases)) {
            return false;
        }
        if (stacked(order->swarm, no) != NULL) {
            order->phases[order->phase_count++] = no;
        }
    }
    if (order->phase_count > 1) {
        qsort_r(order->phases, order->phase_count, sizeof *order->phases, by_begin_backwards,
                order);
    }
    return true;
}

bool span_order_begin(struct span_order *order, const struct agent *agent)
{
    order->list_count = order->phase_count = 0;
    for (size_t i = 0; i < agent->lane_count; i++) {
        if (!add_list(order, &agent->lanes[i].spans)) {
            return false;
        }
    }
    return add_list(order, &agent->envelopes) && add_waiting_phases(order, agent);
}

/* Few phases wait at a time: an insertion sort. */
static bool add_phase(struct span_order *order, span_no phase)
{
    const struct span *span = stacked(order->swarm, phase);
    if (span == NULL) {
        return true;
    }
    if (!mem_reserve(swarm_mem(order->swarm), &order->phases, &order->phase_cap,
                     order->phase_count + 1, sizeof *order->phases)) {
        return false;
    }
    size_t at = order->phase_count++;
    while (at > 0 && is_before(order, swarm_span(order->swarm, order->phases[at - 1]), span)) {
        order->phases[at] = order->phases[at - 1];
        at--;
    }
    order->phases[at] = phase;
    return true;
}

static bool add_phases(struct span_order *order, const struct span *call)
{
    const struct span *phase;
    for (span_no no = call->next_phase;
         no != NO_SPAN && (phase = swarm_span(order->swarm, no)) != NULL; no = phase->next_phase) {
        if (!add_phase(order, no)) {
            return false;
        }
    }
    return true;
}

/* The first span of the list; NULL: it has come to its end. */
static const struct span *peek(const struct swarm *swarm, struct span_list *list)
{
    for (; list->next < list->spans->count; list->next++) {
        const struct span *span = stacked(swarm, spans_at(list->spans, list->next));
        if (span != NULL) {
            return span;
        }
    }
    return NULL;
}

/* The list whose first span is the first of all; NULL: all have come to their end. */
static struct span_list *first_list(struct span_order *order, const struct span **first)
{
    struct span_list *from = NULL;
    *first = NULL;
    for (size_t i = 0; i < order->list_count;) {
        const struct span *span = peek(order->swarm, &order->lists[i]);
        if (span == NULL) {
            order->lists[i] = order->lists[--order->list_count];
            continue;
        }
        if (*first == NULL || is_before(order, span, *first)) {
            *first = span;
            from = &order->lists[i];
        }
        i++;
    }
    return from;
}

bool span_order_next(struct span_order *order, span_no *no)
{
    const struct span *first;
    struct span_list *from = first_list(order, &first);
    *no = NO_SPAN;
    if (order->phase_count > 0) {
        span_no phase = order->phases[order->phase_count - 1];
        if (first == NULL || is_before(order, swarm_span(order->swarm, phase), first)) {
            order->phase_count--;
            *no = phase;
            return true;
        }
    }
    if (from == NULL) {
        return true;
    }
    *no = spans_at(from->spans, from->next++);
    return add_phases(order, first);
}
