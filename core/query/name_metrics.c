/* The lanes of a thread are its stack: what a span calls lies in the next lane. So the time of its
   own is found by walking two lanes side by side, without a sort. An async span has no stack: all
   its time is its own. */
#include "core/query/name_metrics.h"

#include "core/base/u64map.h"

#include <stdlib.h>

struct name_sums {
    const struct swarm *swarm;
    int64_t local_ns;
    const struct span_predicate *predicate; /* NULL: all spans */
    struct swarm_metrics *out;
    struct u64map places; /* by intern_id of the name */
};

static struct name_metrics *sum_of(struct name_sums *sums, intern_id name)
{
    struct swarm_metrics *out = sums->out;
    uint32_t place = u64map_get(&sums->places, name);
    if (place != U64MAP_NONE) {
        return &out->names[place];
    }
    if (!mem_reserve(out->mem, &out->names, &out->name_cap, out->name_count + 1,
                     sizeof *out->names) ||
        !u64map_put(&sums->places, name, (uint32_t)out->name_count)) {
        return NULL;
    }
    out->names[out->name_count] = (struct name_metrics){.name = name};
    return &out->names[out->name_count++];
}

static int64_t end_of(const struct name_sums *sums, const struct span *span)
{
    return past_span_end_ns(span_predicate_past(sums->predicate), sums->swarm, span,
                            sums->local_ns);
}

/* Returns a span of a lane, as it was then. */
static const struct span *span_at(const struct name_sums *sums, const struct lane *lane, size_t at,
                                  struct span *room)
{
    return past_span(span_predicate_past(sums->predicate), sums->swarm,
                     swarm_span(sums->swarm, spans_at(&lane->spans, at)), room);
}

static void read_ahead(const struct name_sums *sums, const struct lane *lane, size_t at)
{
    if (at + SPANS_AHEAD < lane->spans.count) {
        swarm_will_read_span(sums->swarm, spans_at(&lane->spans, at + SPANS_AHEAD));
    }
}

/* Returns the time in which spans of the lane lie within the span. *next is the first that may. */
static int64_t called_ns(const struct name_sums *sums, const struct lane *lane,
                         const struct span *span, int64_t end_ns, size_t *next)
{
    int64_t called = 0;
    for (size_t i = *next; i < lane->spans.count; i++) {
        struct span room;
        const struct span *inner = span_at(sums, lane, i, &room);
        read_ahead(sums, lane, i);
        int64_t inner_end = inner == NULL ? INT64_MIN : end_of(sums, inner);
        if (inner_end <= span->start_ns) {
            *next = i + 1;
            continue;
        }
        if (inner->start_ns >= end_ns) {
            break;
        }
        int64_t from = inner->start_ns > span->start_ns ? inner->start_ns : span->start_ns;
        called += (inner_end < end_ns ? inner_end : end_ns) - from;
    }
    return called;
}

static bool add_lane(struct name_sums *sums, const struct lane *lane, const struct lane *below)
{
    size_t next = 0;
    for (size_t i = 0; i < lane->spans.count; i++) {
        struct span room;
        const struct span *span = span_at(sums, lane, i, &room);
        read_ahead(sums, lane, i);
        if (span == NULL || !span_predicate_holds(sums->predicate, spans_at(&lane->spans, i))) {
            continue;
        }
        struct name_metrics *sum = sum_of(sums, span->name);
        if (sum == NULL) {
            return false;
        }
        int64_t end_ns = end_of(sums, span), took = end_ns - span->start_ns;
        int64_t called = below == NULL ? 0 : called_ns(sums, below, span, end_ns, &next);
        sum->count++;
        sum->open += (span->flags & SPAN_OPEN) != 0;
        sum->total_ns += took;
        sum->self_ns += called < took ? took - called : 0;
        sum->max_ns = took > sum->max_ns ? took : sum->max_ns;
    }
    return true;
}

static bool add_row(struct name_sums *sums, const struct agent *row)
{
    bool stack = (row->flags & AGENT_THREAD) != 0;
    for (size_t i = 0; i < row->lane_count; i++) {
        const struct lane *below = stack && i + 1 < row->lane_count ? &row->lanes[i + 1] : NULL;
        if (!add_lane(sums, &row->lanes[i], below)) {
            return false;
        }
    }
    return true;
}

/* The slowest first, by the time of their own. */
static int by_self(const void *a, const void *b)
{
    const struct name_metrics *x = a, *y = b;
    if (x->self_ns != y->self_ns) {
        return x->self_ns > y->self_ns ? -1 : 1;
    }
    if (x->total_ns != y->total_ns) {
        return x->total_ns > y->total_ns ? -1 : 1;
    }
    return (x->name > y->name) - (x->name < y->name);
}

bool name_metrics_compute(const struct swarm *swarm, int64_t local_ns,
                          const struct span_predicate *predicate, struct swarm_metrics *metrics)
{
    struct name_sums sums = {
        .swarm = swarm, .local_ns = local_ns, .predicate = predicate, .out = metrics};
    bool good = true;
    u64map_init(&sums.places, metrics->mem);
    for (size_t i = 0; good && i < swarm_agent_count(swarm); i++) {
        const struct agent *row = swarm_agent(swarm, (agent_no)i);
        if ((row->flags & (AGENT_THREAD | AGENT_ASYNC)) != 0 && (row->flags & AGENT_DEAD) == 0) {
            good = add_row(&sums, row);
        }
    }
    u64map_release(&sums.places);
    if (metrics->name_count > 1) {
        qsort(metrics->names, metrics->name_count, sizeof *metrics->names, by_self);
    }
    return good;
}

void name_metrics_release(struct swarm_metrics *metrics)
{
    mem_free(metrics->mem, metrics->names, metrics->name_cap * sizeof *metrics->names);
    metrics->names = NULL;
    metrics->name_count = metrics->name_cap = 0;
}
