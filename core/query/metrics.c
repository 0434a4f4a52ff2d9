/* The statistics (stats.h) already have the closed spans. The durations of open spans, up to
   now, are added to it. Then everything is summed by agent, by model and over all sessions.

   Times are those of the trace: a swept span ends when the sweep closed it, an open one ends
   now. */
#include "core/query/metrics.h"

#include "core/model/record.h"
#include "core/model/request_phase.h"
#include "core/query/context.h"
#include "core/query/cost.h"
#include "core/query/metrics_finish.h"
#include "core/query/model_metrics.h"
#include "core/query/name_metrics.h"
#include "core/query/query.h"
#include "core/query/server_metrics.h"
#include "core/query/slowdown.h"
#include "core/query/stats_matching.h"

#include <math.h>
#include <stdlib.h>

struct gathering {
    const struct swarm *swarm;
    const struct mem *mem;
    int64_t local_ns;
    struct stats *stats;
    const struct span_predicate *predicate; /* NULL: all spans */
    struct swarm_metrics *out;
};

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* ---- what is open ---- */

static int64_t end_of(const struct gathering *g, const struct span *span)
{
    return past_span_end_ns(span_predicate_past(g->predicate), g->swarm, span, g->local_ns);
}

/* Adds an open span's duration to the time of its kind; it is already counted. A question that the
   sweep closed in the trace is counted until then. */
static void add_open(const struct gathering *g, struct metrics *metrics, const struct span *span)
{
    int64_t end_ns = end_of(g, span);
    double ms = to_ms(end_ns - (span_still_asks(span) ? span->end_ns : span->start_ns));
    switch ((enum span_kind)span->kind) {
    case SPAN_REQUEST:
        metrics->api_ms = metrics_add(metrics->api_ms, ms);
        metrics->retries += query_open_retries(g->swarm, span);
        metrics_weigh_request(g->swarm, span, span->start_ns, end_ns, metrics->phase_ms);
        break;
    case SPAN_AGENT_CALL: metrics->agent_wait_ms = metrics_add(metrics->agent_wait_ms, ms); break;
    case SPAN_TOOL: metrics->tool_ms = metrics_add(metrics->tool_ms, ms); break;
    case SPAN_USER: metrics->user_wait_ms = metrics_add(metrics->user_wait_ms, ms); break;
    case SPAN_OTHER:
    case SPAN_INTERACTION:
    case SPAN_SETUP:
    case SPAN_RETRY:
    case SPAN_FIRST_TOKEN:
    case SPAN_SAMPLING:
    case SPAN_KINDS: break;
    }
}

static bool is_work(uint8_t kind)
{
    return kind == SPAN_REQUEST || kind == SPAN_TOOL || kind == SPAN_AGENT_CALL ||
           kind == SPAN_USER;
}

static struct past_open all_open(const struct gathering *g)
{
    return past_open(span_predicate_past(g->predicate), g->swarm);
}

/* Returns the next open span whose duration counts; NULL: none. */
static const struct span *next_open(const struct gathering *g, struct past_open *open)
{
    const struct span *span;
    while ((span = past_open_next(open)) != NULL &&
           !(is_work(span->kind) && span_predicate_holds(g->predicate, open->no))) {
    }
    return span;
}

/* ---- busy and idle ---- */

/* The open work of an agent: the earliest begin, INT64_MAX if nothing is open, and the latest
   end. */
struct open_work {
    int64_t from_ns, to_ns;
};

static void stretch(struct open_work *reach, int64_t from_ns, int64_t to_ns)
{
    reach->from_ns = from_ns < reach->from_ns ? from_ns : reach->from_ns;
    reach->to_ns = to_ns > reach->to_ns ? to_ns : reach->to_ns;
}

static struct open_work *no_reaches(const struct mem *mem, size_t count)
{
    struct open_work *reaches = count == 0 ? NULL : mem_zalloc(mem, count, sizeof *reaches);
    for (size_t i = 0; reaches != NULL && i < count; i++) {
        reaches[i] = (struct open_work){INT64_MAX, INT64_MIN};
    }
    return reaches;
}

/* Open work extends to now, so it adds one interval to the closed ones. */
static int64_t busy_ns(const struct intervals *closed, const struct open_work *reach)
{
    return reach->from_ns == INT64_MAX
               ? closed->length
               : intervals_length_with(closed, reach->from_ns, reach->to_ns);
}

static void sum_agent(const struct gathering *g, agent_no number, const struct open_work *reach,
                      double *busy_ms, double *idle_ms)
{
    const struct agent *agent = swarm_agent(g->swarm, number);
    const struct stats_agent *in =
        number < g->stats->agent_count ? &g->stats->agents[number] : NULL;
    *busy_ms = *idle_ms = (double)NAN;
    if ((agent->flags & (AGENT_DEAD | AGENT_THREAD | AGENT_PROCESS | AGENT_ASYNC)) != 0) {
        return;
    }
    bool any = reach->from_ns != INT64_MAX || (in != NULL && in->work > 0);
    if (any && in != NULL) {
        *busy_ms = to_ms(busy_ns(&in->busy, reach));
    }
    int64_t last_ns = past_agent_last_ns(span_predicate_past(g->predicate), g->swarm, agent);
    last_ns = last_ns > reach->to_ns ? last_ns : reach->to_ns;
    if (agent->first_ns <= last_ns && span_predicate_holds_agent(g->predicate, number)) {
        double idle = to_ms(last_ns - agent->first_ns) - metrics_add(0, *busy_ms);
        *idle_ms = idle > 0 ? idle : 0;
    }
}

static int by_from(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Returns the length of the union over all sessions; -1 if out of memory. */
static int64_t any_busy_ns(const struct gathering *g, const struct open_work *reaches)
{
    const struct stats *stats = g->stats;
    if (stats->session_count == 1) {
        return busy_ns(&stats->sessions[0].busy, &reaches[0]);
    }
    size_t count = 0, used = 0;
    for (size_t i = 0; i < stats->session_count; i++) {
        count += stats->sessions[i].busy.items.count + 1;
    }
    struct interval *items = count == 0 ? NULL : mem_zalloc(g->mem, count, sizeof *items);
    if (items == NULL) {
        return count == 0 ? 0 : -1;
    }
    for (size_t i = 0; i < stats->session_count; i++) {
        const struct intervals *busy = &stats->sessions[i].busy;
        for (size_t k = 0; k < busy->items.count; k++) {
            items[used++] = *intervals_at(busy, k);
        }
        if (reaches[i].from_ns != INT64_MAX) {
            items[used++] = (struct interval){reaches[i].from_ns, reaches[i].to_ns};
        }
    }
    qsort(items, used, sizeof *items, by_from);
    int64_t length = 0, reached = INT64_MIN;
    for (size_t i = 0; i < used; i++) {
        int64_t from = items[i].from > reached ? items[i].from : reached;
        length += items[i].to > from ? items[i].to - from : 0;
        reached = items[i].to > reached ? items[i].to : reached;
    }
    mem_free(g->mem, items, count * sizeof *items);
    return length;
}

/* Sums busy and idle time; sets those of each agent in `agents` unless it is NULL. */
static bool gather_time(const struct gathering *g, struct metrics *agents)
{
    size_t agent_count = swarm_agent_count(g->swarm), session_count = g->stats->session_count;
    struct open_work *of_agents = no_reaches(g->mem, agent_count);
    struct open_work *of_sessions = no_reaches(g->mem, session_count);
    bool good =
        (agent_count == 0 || of_agents != NULL) && (session_count == 0 || of_sessions != NULL);
    struct metrics *totals = &g->out->totals;
    const struct span *span;
    struct past_open open = all_open(g);
    while (good && (span = next_open(g, &open)) != NULL) {
        stretch(&of_agents[span->agent], span->start_ns, end_of(g, span));
        session_no session = swarm_agent(g->swarm, span->agent)->session;
        if (session < session_count) { /* else memory has run out */
            stretch(&of_sessions[session], span->start_ns, end_of(g, span));
        }
    }
    for (size_t i = 0; good && i < agent_count; i++) {
        double busy_ms, idle_ms;
        sum_agent(g, (agent_no)i, &of_agents[i], &busy_ms, &idle_ms);
        totals->busy_ms = metrics_add(totals->busy_ms, busy_ms);
        totals->idle_ms = metrics_add(totals->idle_ms, idle_ms);
        if (agents != NULL) {
            agents[i].busy_ms = busy_ms;
            agents[i].idle_ms = idle_ms;
        }
    }
    int64_t any_ns = good ? any_busy_ns(g, of_sessions) : -1;
    totals->parallel = any_ns > 0 ? totals->busy_ms / to_ms(any_ns) : (double)NAN;
    mem_free(g->mem, of_agents, of_agents == NULL ? 0 : agent_count * sizeof *of_agents);
    mem_free(g->mem, of_sessions, of_sessions == NULL ? 0 : session_count * sizeof *of_sessions);
    return any_ns >= 0;
}

/* ---- totals ---- */

static bool session_exists(const struct gathering *g, size_t session)
{
    return swarm_session(g->swarm, (session_no)session) != NULL;
}

/* Returns the accumulator of all sessions: that of the only session, else `sum`. NULL if out of
   memory. */
static struct metrics_acc *sum_sessions(const struct gathering *g, struct metrics_acc *sum)
{
    struct metrics_acc *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < g->stats->session_count; i++) {
        only = session_exists(g, i) ? &g->stats->sessions[i].acc : only;
        count += session_exists(g, i);
    }
    for (size_t i = 0; i < g->stats->session_count && count > 1; i++) {
        if (session_exists(g, i) && !metrics_acc_merge(sum, &g->stats->sessions[i].acc)) {
            return NULL;
        }
    }
    return count == 1 ? only : sum;
}

/* Spans at least an octave, so that equal samples lie in the middle. */
static void spread(const struct histogram *histogram, struct spread *out)
{
    double low = histogram->min, high = histogram->max;
    if (histogram->count == 0 || !(high > 0)) {
        return;
    }
    low = low < high / 1e6 ? high / 1e6 : low;
    if (high < 2 * low) {
        double middle = sqrt(low * high);
        low = middle / sqrt(2);
        high = middle * sqrt(2);
    }
    out->low = low;
    out->high = high;
    histogram_spread(histogram, low, high, SPREAD_BINS, out->counts);
}

static bool gather_totals(const struct gathering *g, bool all_of_it)
{
    struct metrics_acc sum;
    struct metrics *totals = &g->out->totals;
    metrics_acc_init(&sum, g->mem);
    struct metrics_acc *all = sum_sessions(g, &sum);
    bool good = all != NULL && metrics_finish(all, g->stats->names, totals);
    if (good && all_of_it) {
        spread(&all->quantities[OF_TTFT], &g->out->ttft_ms);
        spread(&all->quantities[OF_OTPS], &g->out->otps);
        good = server_metrics_compute(all, g->stats->names, g->out);
    }
    metrics_acc_release(&sum);
    const struct span *span;
    struct past_open open = all_open(g);
    while (good && (span = next_open(g, &open)) != NULL) {
        add_open(g, totals, span);
    }
    return good;
}

static void count_events(const struct gathering *g)
{
    struct swarm_metrics *out = g->out;
    for (size_t i = 0; i < swarm_session_count(g->swarm); i++) {
        const struct session *session = swarm_session(g->swarm, (session_no)i);
        if (session == NULL) {
            continue;
        }
        out->events += session->event_count;
        out->metadata += session->metadata_count;
        out->dropped += session->dropped;
        out->spans.orphan_ends += session->orphan_ends;
        if (i < g->stats->session_count) {
            const struct span_counts *spans = &g->stats->sessions[i].spans;
            out->spans.closed += spans->closed;
            out->spans.open += spans->open;
            out->spans.evicted += spans->evicted;
            out->spans.incomplete += spans->incomplete;
        }
    }
    /* Those that name the agents of updates are printed with the document. */
    for (size_t i = 0; i < swarm_agent_count(g->swarm); i++) {
        const struct agent *agent = swarm_agent(g->swarm, (agent_no)i);
        if ((agent->flags & (AGENT_PRINTED | AGENT_DEAD)) == AGENT_PRINTED) {
            out->metadata += agent->parent_id != INTERN_NONE ? 3 : 2;
        }
    }
}

/* ---- agents and models ---- */

/* Sets the last prompts, which are no sums over spans. */
static void gather_contexts(const struct gathering *g)
{
    struct metrics *totals = &g->out->totals;
    int64_t last_ns = INT64_MIN;
    for (size_t i = 0; i < g->out->agent_count; i++) {
        struct metrics *metrics = &g->out->agents[i];
        int64_t end_ns = context_gather(g->swarm, g->predicate, (agent_no)i, metrics);
        if (end_ns > last_ns) {
            last_ns = end_ns;
            totals->context_tokens = metrics->context_tokens;
            totals->context_window = metrics->context_window;
            totals->window_assumed = metrics->window_assumed;
        }
    }
}

/* Removed agents have no spans, so their metrics are empty. */
static bool gather_agents(const struct gathering *g)
{
    size_t count = swarm_agent_count(g->swarm);
    struct metrics_acc none;
    if (count == 0) {
        return true;
    }
    g->out->agents = mem_zalloc(g->mem, count, sizeof *g->out->agents);
    if (g->out->agents == NULL) {
        return false;
    }
    g->out->agent_count = count;
    metrics_acc_init(&none, g->mem);
    for (size_t i = 0; i < count; i++) {
        struct metrics_acc *acc = i < g->stats->agent_count ? &g->stats->agents[i].acc : &none;
        if (!metrics_finish(acc, g->stats->names, &g->out->agents[i])) {
            return false;
        }
    }
    const struct span *span;
    struct past_open open = all_open(g);
    while ((span = next_open(g, &open)) != NULL) {
        add_open(g, &g->out->agents[span->agent], span);
    }
    gather_contexts(g);
    return cost_gather(g->swarm, g->predicate, g->out);
}

/* ---- all ---- */

static bool compute(const struct gathering *g, bool all)
{
    struct swarm_metrics *out = g->out;
    bool good =
        gather_totals(g, all) &&
        (!all || (gather_agents(g) &&
                  model_metrics_compute(g->swarm, g->local_ns, g->stats, g->predicate, out) &&
                  name_metrics_compute(g->swarm, g->local_ns, g->predicate, out))) &&
        gather_time(g, out->agents) &&
        slowdown_compute(g->swarm, g->local_ns, g->stats, g->predicate, out);
    count_events(g);
    if (!good) {
        metrics_release(out);
    }
    return good;
}

static struct gathering start(const struct swarm *swarm, int64_t local_ns,
                              struct swarm_metrics *out)
{
    *out = (struct swarm_metrics){.mem = swarm_mem(swarm)};
    return (struct gathering){.swarm = swarm,
                              .mem = swarm_mem(swarm),
                              .local_ns = local_ns,
                              .stats = swarm_stats(swarm),
                              .out = out};
}

bool metrics_compute(const struct swarm *swarm, int64_t local_ns, struct swarm_metrics *out)
{
    struct gathering g = start(swarm, local_ns, out);
    return g.stats != NULL && compute(&g, true);
}

bool metrics_compute_totals(const struct swarm *swarm, int64_t local_ns, struct swarm_metrics *out)
{
    struct gathering g = start(swarm, local_ns, out);
    return g.stats != NULL && compute(&g, false);
}

static bool compute_matching(const struct swarm *swarm, int64_t local_ns,
                             const struct span_predicate *predicate, bool all,
                             struct swarm_metrics *out)
{
    struct gathering g = start(swarm, local_ns, out);
    struct stats stats;
    if (!stats_matching(swarm, predicate, &stats)) {
        return false;
    }
    g.stats = &stats;
    g.predicate = predicate;
    bool good = compute(&g, all);
    stats_release(&stats);
    return good;
}

bool metrics_compute_matching(const struct swarm *swarm, int64_t local_ns,
                              const struct span_predicate *predicate, struct swarm_metrics *out)
{
    return compute_matching(swarm, local_ns, predicate, true, out);
}

bool metrics_compute_totals_matching(const struct swarm *swarm, int64_t local_ns,
                                     const struct span_predicate *predicate,
                                     struct swarm_metrics *out)
{
    return compute_matching(swarm, local_ns, predicate, false, out);
}

static void release_metrics(const struct mem *mem, struct metrics *metrics)
{
    mem_free(mem, metrics->tools, metrics->tool_count * sizeof *metrics->tools);
    metrics->tools = NULL;
    metrics->tool_count = 0;
}

void metrics_release(struct swarm_metrics *metrics)
{
    const struct mem *mem = metrics->mem;
    release_metrics(mem, &metrics->totals);
    for (size_t i = 0; i < metrics->agent_count; i++) {
        release_metrics(mem, &metrics->agents[i]);
    }
    for (size_t i = 0; i < metrics->model_count; i++) {
        release_metrics(mem, &metrics->models[i].metrics);
    }
    mem_free(mem, metrics->agents, metrics->agent_count * sizeof *metrics->agents);
    mem_free(mem, metrics->models, metrics->model_count * sizeof *metrics->models);
    mem_free(mem, metrics->slowdowns, metrics->slowdown_count * sizeof *metrics->slowdowns);
    name_metrics_release(metrics);
    server_metrics_release(metrics);
    *metrics = (struct swarm_metrics){.mem = mem};
}
