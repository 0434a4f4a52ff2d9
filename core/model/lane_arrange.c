/* The lanes of a thread show its stack: a span lies below those that enclose it. Spans that come in
   the order of their begins find such lanes by themselves. Producers that write a span when its
   scope ends (clang, minitrace, bazel) write leaves first; such a row is marked, and all its spans
   are placed again in the order of their begins, the longer of two first. */
#include "core/model/lane_index.h"
#include "core/model/swarm_private.h"

#include <stdlib.h>
#include <string.h>

struct arranged_span {
    int64_t start_ns, end_ns; /* INT64_MAX: open */
    span_no no;
};

static int64_t end_of(const struct span *span)
{
    return (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
}

bool lane_disorders(const struct swarm *swarm, const struct lane *lane, const struct span *span)
{
    size_t at = lane_first_after(swarm, lane, span->start_ns);
    if (at < lane->spans.count &&
        swarm_edit_span(swarm, spans_at(&lane->spans, at))->start_ns < end_of(span)) {
        return true;
    }
    if (at == 0) {
        return false;
    }
    const struct span *before = swarm_edit_span(swarm, spans_at(&lane->spans, at - 1));
    return end_of(before) > span->start_ns && end_of(before) < end_of(span);
}

static int by_begin(const void *a, const void *b)
{
    const struct arranged_span *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    if (x->end_ns != y->end_ns) {
        return x->end_ns > y->end_ns ? -1 : 1;
    }
    return (x->no > y->no) - (x->no < y->no);
}

static size_t count_spans(const struct agent *agent)
{
    size_t count = 0;
    for (size_t i = 0; i < agent->lane_count; i++) {
        count += agent->lanes[i].spans.count;
    }
    return count;
}

static void gather(const struct swarm *swarm, const struct agent *agent,
                   struct arranged_span *spans)
{
    size_t count = 0;
    for (size_t i = 0; i < agent->lane_count; i++) {
        for (size_t k = 0; k < agent->lanes[i].spans.count; k++) {
            span_no no = spans_at(&agent->lanes[i].spans, k);
            const struct span *span = swarm_edit_span(swarm, no);
            if (k + SPANS_AHEAD < agent->lanes[i].spans.count) {
                swarm_will_read_span(swarm, spans_at(&agent->lanes[i].spans, k + SPANS_AHEAD));
            }
            spans[count++] = (struct arranged_span){span->start_ns, end_of(span), no};
        }
    }
    qsort(spans, count, sizeof *spans, by_begin);
}

/* `ends` has the end of the last span of each lane. Returns the first lane that is free and lies
   below all spans that enclose this one; without such a lane, the last one that may exist. */
static size_t lane_below(const int64_t *ends, size_t count, const struct arranged_span *span,
                         bool *overlaps)
{
    size_t found = count;
    for (size_t i = count; i-- > 0 && !(ends[i] > span->start_ns && ends[i] >= span->end_ns);) {
        found = ends[i] <= span->start_ns ? i : found;
    }
    *overlaps = found == MAX_LANES;
    return *overlaps ? MAX_LANES - 1 : found;
}

static bool place_at(struct swarm *swarm, struct agent *agent, size_t number, span_no no)
{
    if (number == agent->lane_count) {
        if (lane_add(swarm, agent) == NULL) {
            return false;
        }
    }
    struct lane *lane = &agent->lanes[number];
    struct span *span = swarm_edit_span(swarm, no);
    span_no *item = block_list_insert(&lane->spans, swarm->mem, lane->spans.count);
    if (item == NULL) {
        return false;
    }
    bool open = (span->flags & SPAN_OPEN) != 0;
    int64_t end_ns = open ? span->start_ns : span->end_ns;
    *item = no;
    lane->open = open ? no : lane->open;
    lane->last_end_ns = end_ns > lane->last_end_ns ? end_ns : lane->last_end_ns;
    span->lane = (uint16_t)number;
    return true;
}

static bool arrange(struct swarm *swarm, struct agent *agent)
{
    size_t count = count_spans(agent);
    struct arranged_span *spans = mem_alloc(swarm->mem, (count + 1) * sizeof *spans);
    int64_t *ends = mem_zalloc(swarm->mem, MAX_LANES, sizeof *ends);
    bool good = spans != NULL && ends != NULL;
    if (good) {
        gather(swarm, agent, spans);
        lane_reset(swarm, agent);
        swarm->touched += count;
    }
    for (size_t i = 0; good && i < count; i++) {
        bool overlaps;
        size_t lane = lane_below(ends, agent->lane_count, &spans[i], &overlaps);
        if (i + SPANS_AHEAD < count) {
            swarm_will_read_span(swarm, spans[i + SPANS_AHEAD].no);
        }
        good = place_at(swarm, agent, lane, spans[i].no);
        if (good) {
            agent->lanes[lane].overlaps |= overlaps;
            ends[lane] = overlaps && ends[lane] > spans[i].end_ns ? ends[lane] : spans[i].end_ns;
        }
    }
    mem_free(swarm->mem, spans, spans == NULL ? 0 : (count + 1) * sizeof *spans);
    mem_free(swarm->mem, ends, ends == NULL ? 0 : MAX_LANES * sizeof *ends);
    return good;
}

bool swarm_arrange(struct swarm *swarm)
{
    bool good = true;
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        struct agent *agent = &swarm->rows.agents[i];
        if ((agent->flags & (AGENT_UNSETTLED | AGENT_DEAD)) == AGENT_UNSETTLED) {
            agent->flags &= (uint16_t)~AGENT_UNSETTLED;
            good = arrange(swarm, agent) && good;
            swarm->revision++;
        }
    }
    swarm->open.relane_due |= !good;
    return good;
}
