/* Requests are found in the lanes, which are sorted by start. Work comes from the stats, as
   intervals by agent; open work is added up to now. */
#include "core/query/series.h"

#include "core/model/end_facts.h"
#include "core/model/record.h"
#include "core/model/stats.h"
#include "core/query/metrics_finish.h"
#include "core/query/stats_matching.h"

#include <math.h>

/* Counters for one stretch. */
struct series_count {
    struct histogram ttft, otps;
    double tokens, busy_ns;
};

struct series_counting {
    const struct swarm *swarm;
    int64_t local_ns;
    const struct span_predicate *predicate; /* NULL: all spans */
    struct stats *stats;                    /* of the spans that count; NULL: out of memory */
    struct model_counting *models;          /* NULL: out of memory */
    struct series *out;
    struct series_count *counts;
};

static int64_t end_of(const struct series *series)
{
    return series->t0_ns + (int64_t)series->count * series->step_ns;
}

/* ---- requests ---- */

static bool count_request(const struct series_counting *counting, const struct span *span)
{
    const struct series *series = counting->out;
    if (span->kind != SPAN_REQUEST || (span->flags & SPAN_OPEN) != 0 ||
        span->end_ns < series->t0_ns || span->end_ns >= end_of(series)) {
        return true;
    }
    size_t i = (size_t)((span->end_ns - series->t0_ns) / series->step_ns);
    struct series_count *count = &counting->counts[i];
    struct end_facts facts;
    span_end_facts(counting->swarm, span, &facts);
    double tokens = facts.numbers[FACT_OUTPUT_TOKENS];
    count->tokens =
        isnan(tokens) ? count->tokens : tokens + (isnan(count->tokens) ? 0 : count->tokens);
    series->points[i].requests++;
    series->points[i].failed += (span->flags & SPAN_ERROR) != 0;
    return histogram_add(&count->ttft, facts.numbers[FACT_TTFT_MS]) &&
           histogram_add(&count->otps, end_facts_otps(&facts)) &&
           model_counting_add(counting->models, span, &facts, i);
}

static bool count_requests(const struct series_counting *counting)
{
    for (size_t i = 0; i < swarm_agent_count(counting->swarm); i++) {
        const struct agent *agent = swarm_agent(counting->swarm, (agent_no)i);
        for (size_t lane = 0; lane < agent->lane_count; lane++) {
            for (size_t k = 0; k < agent->lanes[lane].spans.count; k++) {
                span_no no = spans_at(&agent->lanes[lane].spans, k);
                struct span room;
                const struct span *span =
                    past_span(span_predicate_past(counting->predicate), counting->swarm,
                              swarm_span(counting->swarm, no), &room);
                if (span != NULL && span_predicate_holds(counting->predicate, no) &&
                    !count_request(counting, span)) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* ---- work ---- */

static void add_busy(const struct series_counting *counting, int64_t from_ns, int64_t to_ns)
{
    const struct series *series = counting->out;
    from_ns = from_ns > series->t0_ns ? from_ns : series->t0_ns;
    to_ns = to_ns < end_of(series) ? to_ns : end_of(series);
    while (from_ns < to_ns) {
        int64_t i = (from_ns - series->t0_ns) / series->step_ns;
        int64_t next = series->t0_ns + (i + 1) * series->step_ns;
        int64_t until = next < to_ns ? next : to_ns;
        counting->counts[i].busy_ns += (double)(until - from_ns);
        from_ns = until;
    }
}

static bool is_work(uint8_t kind)
{
    return kind == SPAN_REQUEST || kind == SPAN_TOOL || kind == SPAN_AGENT_CALL ||
           kind == SPAN_USER;
}

/* Returns the begin of the earliest open span by agent; INT64_MAX: none. Returns NULL if out of
   memory or without agents. */
static int64_t *open_since(const struct series_counting *counting)
{
    const struct swarm *swarm = counting->swarm;
    size_t count = swarm_agent_count(swarm);
    int64_t *since = count == 0 ? NULL : mem_alloc(swarm_mem(swarm), count * sizeof *since);
    for (size_t i = 0; since != NULL && i < count; i++) {
        since[i] = INT64_MAX;
    }
    struct past_open open = past_open(span_predicate_past(counting->predicate), swarm);
    const struct span *span;
    while (since != NULL && (span = past_open_next(&open)) != NULL) {
        if (is_work(span->kind) && span->start_ns < since[span->agent] &&
            span_predicate_holds(counting->predicate, open.no)) {
            since[span->agent] = span->start_ns;
        }
    }
    return since;
}

/* Open work extends from its begin to now and covers all closed work after its begin. */
static bool count_work(const struct series_counting *counting)
{
    const struct swarm *swarm = counting->swarm;
    const struct stats *stats = counting->stats;
    size_t count = swarm_agent_count(swarm);
    int64_t *since = stats == NULL ? NULL : open_since(counting);
    for (size_t i = 0; since != NULL && i < count; i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        const struct intervals *busy = i < stats->agent_count ? &stats->agents[i].busy : NULL;
        if ((agent->flags & AGENT_DEAD) != 0) {
            continue;
        }
        for (size_t k = 0; busy != NULL && k < busy->items.count; k++) {
            const struct interval *item = intervals_at(busy, k);
            int64_t to = item->to < since[i] ? item->to : since[i];
            add_busy(counting, item->from, to);
        }
        if (since[i] != INT64_MAX) {
            add_busy(counting, since[i],
                     past_session_now(span_predicate_past(counting->predicate), swarm,
                                      agent->session, counting->local_ns));
        }
    }
    mem_free(swarm_mem(swarm), since, since == NULL ? 0 : count * sizeof *since);
    return since != NULL || count == 0;
}

/* ---- all ---- */

static void finish(const struct series_counting *counting)
{
    const struct series *series = counting->out;
    for (size_t i = 0; i < series->count; i++) {
        struct series_count *count = &counting->counts[i];
        struct series_point *point = &series->points[i];
        point->ttft_p50_ms = histogram_percentile(&count->ttft, 50);
        point->ttft_p95_ms = metrics_percentile(&count->ttft, 95);
        point->otps_p50 = histogram_percentile(&count->otps, 50);
        point->otps_p95 = metrics_percentile(&count->otps, 95);
        point->output_tokens = count->tokens / ((double)series->step_ns / 1e9);
        point->parallel = count->busy_ns / (double)series->step_ns;
    }
}

static bool count_all(struct series_counting *counting)
{
    struct series *out = counting->out;
    const struct mem *mem = out->mem;
    if (counting->stats != NULL) {
        counting->models = model_counting_new(counting->swarm, counting->stats, out->count);
    }
    bool good = counting->counts != NULL && out->points != NULL && counting->models != NULL;
    for (size_t i = 0; counting->counts != NULL && i < out->count; i++) {
        histogram_init(&counting->counts[i].ttft, mem);
        histogram_init(&counting->counts[i].otps, mem);
        counting->counts[i].tokens = (double)NAN;
    }
    good = good && count_requests(counting) && count_work(counting) &&
           model_counting_finish(counting->models, &out->models);
    if (good) {
        finish(counting);
    }
    model_counting_free(counting->models);
    for (size_t i = 0; counting->counts != NULL && i < out->count; i++) {
        histogram_release(&counting->counts[i].ttft);
        histogram_release(&counting->counts[i].otps);
    }
    return good;
}

/* Counts with the statistics of the spans that match. */
static bool count_matching(struct series_counting *counting)
{
    struct stats stats;
    if (!span_predicate_selects(counting->predicate) &&
        span_predicate_past(counting->predicate) == NULL) {
        counting->stats = swarm_stats(counting->swarm);
        return count_all(counting);
    }
    if (!stats_matching(counting->swarm, counting->predicate, &stats)) {
        return false;
    }
    counting->stats = &stats;
    bool good = count_all(counting);
    stats_release(&stats);
    return good;
}

bool series_compute(const struct swarm *swarm, int64_t local_ns, int64_t t0_ns, int64_t step_ns,
                    size_t count, const struct span_predicate *predicate, struct series *out)
{
    const struct mem *mem = swarm_mem(swarm);
    *out = (struct series){.mem = mem, .t0_ns = t0_ns, .step_ns = step_ns, .count = count};
    struct series_counting counting = {
        .swarm = swarm,
        .local_ns = local_ns,
        .predicate = predicate,
        .out = out,
        .counts = mem_zalloc(mem, count, sizeof(struct series_count)),
    };
    out->points = mem_zalloc(mem, count, sizeof *out->points);
    bool good = count_matching(&counting) &&
                (span_predicate_selects(predicate) ||
                 counters_compute(swarm, t0_ns, step_ns, count, &out->counters));
    mem_free(mem, counting.counts, counting.counts == NULL ? 0 : count * sizeof *counting.counts);
    if (!good) {
        series_release(out);
    }
    return good;
}

void series_release(struct series *series)
{
    mem_free(series->mem, series->points,
             series->points == NULL ? 0 : series->count * sizeof *series->points);
    counters_release(&series->counters);
    model_series_release(&series->models, series->mem);
    series->points = NULL;
    series->count = 0;
}
