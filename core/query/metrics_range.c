/* The spans in a range are found in the lanes, which are sorted by start. Only the part of a span
   in the range counts; since the accumulator adds whole spans, the part outside is subtracted
   again. */
#include "core/query/metrics.h"

#include "core/model/record.h"
#include "core/model/stats.h"
#include "core/query/metrics_finish.h"
#include "core/query/query_private.h"

#include <math.h>

enum { LOOK_BACK = 64 };

struct range_sums {
    const struct swarm *swarm;
    int64_t local_ns, from_ns, to_ns;
    const struct span_predicate *predicate;
    const struct past *past;
    struct metrics_acc acc;
    struct intervals busy; /* of the current agent */
    struct intervals any;  /* of all agents */
    double busy_ns;
    double idle_ns; /* of the agents that match as a whole; NAN: of none */
};

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* ---- one span ---- */

static bool take_request(struct range_sums *range, const struct span *span, int64_t from_ns,
                         int64_t to_ns, bool ended)
{
    struct request_sample sample;
    struct end_facts facts;
    double phase_ms[SPAN_KINDS] = {0}, inside_ms = to_ms(to_ns - from_ns);
    metrics_weigh_request(range->swarm, span, from_ns, to_ns, phase_ms);
    if (!ended) {
        range->acc.open_requests += (span->flags & SPAN_OPEN) != 0;
        range->acc.retries += query_open_retries(range->swarm, span);
        metrics_acc_count_time(&range->acc, SPAN_REQUEST, inside_ms, 1);
        for (int kind = 0; kind < SPAN_KINDS; kind++) {
            metrics_acc_add_phase(&range->acc, (enum span_kind)kind, phase_ms[kind]);
        }
        return true;
    }
    span_end_facts(range->swarm, span, &facts);
    request_sample_make(range->swarm, span, &facts, &sample);
    for (int kind = 0; kind < SPAN_KINDS; kind++) {
        sample.phase_ms[kind] = phase_ms[kind];
    }
    metrics_acc_count_outcome(&range->acc, (enum outcome)facts.outcome, 1);
    bool good = metrics_acc_count_request(&range->acc, &sample, 1);
    metrics_acc_count_time(&range->acc, SPAN_REQUEST, inside_ms - sample.ms, 1);
    return good;
}

static bool take_tool(struct range_sums *range, const struct span *span, int64_t from_ns,
                      int64_t to_ns, bool ended)
{
    double inside_ms = to_ms(to_ns - from_ns), whole_ms = to_ms(span->end_ns - span->start_ns);
    enum span_kind kind = (enum span_kind)span->kind;
    intern_id name = stats_tool_name(swarm_stats(range->swarm), range->swarm, span);
    if (name == INTERN_FAILED) {
        return false;
    }
    if (!ended) {
        metrics_acc_count_time(&range->acc, kind, inside_ms, 1);
        return (span->flags & SPAN_OPEN) == 0 || metrics_acc_open_tool(&range->acc, name, 1);
    }
    struct tool_sample sample = {.name = name,
                                 .kind = kind,
                                 .outcome = query_outcome(range->swarm, span),
                                 .error = (span->flags & SPAN_ERROR) != 0,
                                 .ms = whole_ms};
    bool good = metrics_acc_count_tool(&range->acc, &sample, 1);
    metrics_acc_count_time(&range->acc, kind, inside_ms - whole_ms, 1);
    return good;
}

/* Counts the tokens that an agent's run claims. */
static void take_claim(struct range_sums *range, const struct span *span, bool ended)
{
    struct end_facts facts;
    double tokens[TOKENS];
    if (ended) {
        span_end_facts(range->swarm, span, &facts);
        request_sample_tokens(range->swarm, &facts, tokens);
        metrics_acc_count_tokens(&range->acc, tokens, 1);
    }
}

static bool take_span(struct range_sums *range, span_no no)
{
    struct span room;
    const struct span *span =
        past_span(range->past, range->swarm, swarm_span(range->swarm, no), &room);
    int64_t end_ns =
        span == NULL ? 0 : past_span_end_ns(range->past, range->swarm, span, range->local_ns);
    if (span == NULL || end_ns <= range->from_ns || span->start_ns >= range->to_ns ||
        !span_predicate_holds(range->predicate, no)) {
        return true;
    }
    int64_t from = span->start_ns > range->from_ns ? span->start_ns : range->from_ns;
    int64_t to = end_ns < range->to_ns ? end_ns : range->to_ns;
    bool ended = (span->flags & SPAN_OPEN) == 0 && end_ns <= range->to_ns;
    bool good = true;
    switch ((enum span_kind)span->kind) {
    case SPAN_REQUEST: good = take_request(range, span, from, to, ended); break;
    case SPAN_TOOL:
    case SPAN_AGENT_CALL: good = take_tool(range, span, from, to, ended); break;
    case SPAN_USER: metrics_acc_count_time(&range->acc, SPAN_USER, to_ms(to - from), 1); break;
    case SPAN_INTERACTION: take_claim(range, span, ended); return true;
    case SPAN_OTHER:
    case SPAN_SETUP:
    case SPAN_RETRY:
    case SPAN_FIRST_TOKEN:
    case SPAN_SAMPLING:
    case SPAN_KINDS: return true;
    }
    return good && intervals_add(&range->busy, from, to) && intervals_add(&range->any, from, to);
}

/* ---- all of them ---- */

static bool take_lane(struct range_sums *range, const struct lane *lane)
{
    size_t at = query_first_from(range->swarm, lane, range->from_ns);
    at = at > LOOK_BACK ? at - LOOK_BACK : 0;
    for (; at < lane->spans.count; at++) {
        const struct span *span = swarm_span(range->swarm, spans_at(&lane->spans, at));
        if (span != NULL && span->start_ns >= range->to_ns) {
            return true;
        }
        if (!take_span(range, spans_at(&lane->spans, at))) {
            return false;
        }
    }
    return true;
}

/* Returns true if a span of the lane is open. */
static bool is_working(const struct range_sums *range, const struct lane *lane)
{
    if (range->past == NULL) {
        return lane->open != NO_SPAN;
    }
    for (size_t i = lane->spans.count; i > 0; i--) {
        struct span room;
        const struct span *span =
            past_span(range->past, range->swarm,
                      swarm_span(range->swarm, spans_at(&lane->spans, i - 1)), &room);
        if (span != NULL) {
            return (span->flags & SPAN_OPEN) != 0;
        }
    }
    return false;
}

/* Returns the agent's time in the range: until now if it works, else until its last event. */
static int64_t present_ns(const struct range_sums *range, const struct agent *agent)
{
    int64_t from = agent->first_ns, to = past_agent_last_ns(range->past, range->swarm, agent);
    for (size_t i = 0; i < agent->lane_count; i++) {
        if (is_working(range, &agent->lanes[i])) {
            int64_t now =
                past_session_now(range->past, range->swarm, agent->session, range->local_ns);
            to = now > to ? now : to;
        }
    }
    from = from > range->from_ns ? from : range->from_ns;
    to = to < range->to_ns ? to : range->to_ns;
    return to > from ? to - from : 0;
}

static bool take_agent(struct range_sums *range, agent_no number)
{
    const struct agent *agent = swarm_agent(range->swarm, number);
    bool good = true;
    intervals_init(&range->busy, swarm_mem(range->swarm));
    for (size_t i = 0; good && i < agent->lane_count; i++) {
        good = take_lane(range, &agent->lanes[i]);
    }
    range->busy_ns += (double)range->busy.length;
    /* Work that the filter leaves out is no idle time. */
    if (span_predicate_holds_agent(range->predicate, number)) {
        int64_t idle_ns = present_ns(range, agent) - range->busy.length;
        range->idle_ns = metrics_add(range->idle_ns, idle_ns > 0 ? (double)idle_ns : 0);
    }
    intervals_release(&range->busy);
    return good;
}

bool metrics_range(const struct swarm *swarm, int64_t local_ns, int64_t from_ns, int64_t to_ns,
                   const struct span_predicate *predicate, struct metrics *out)
{
    struct range_sums range = {.swarm = swarm,
                               .local_ns = local_ns,
                               .from_ns = from_ns,
                               .to_ns = to_ns,
                               .predicate = predicate,
                               .idle_ns = (double)NAN,
                               .past = span_predicate_past(predicate)};
    bool good = swarm_stats(swarm) != NULL;
    metrics_acc_init(&range.acc, swarm_mem(swarm));
    intervals_init(&range.any, swarm_mem(swarm));
    for (size_t i = 0; good && i < swarm_agent_count(swarm); i++) {
        good = take_agent(&range, (agent_no)i);
    }
    good = good && metrics_finish(&range.acc, swarm_stats(swarm)->names, out);
    if (good && range.any.length > 0) {
        out->busy_ms = range.busy_ns / 1e6;
        out->idle_ms = range.idle_ns / 1e6;
        out->parallel = range.busy_ns / (double)range.any.length;
    }
    metrics_acc_release(&range.acc);
    intervals_release(&range.any);
    return good;
}

void metrics_range_release(const struct swarm *swarm, struct metrics *metrics)
{
    mem_free(swarm_mem(swarm), metrics->tools, metrics->tool_count * sizeof *metrics->tools);
    metrics->tools = NULL;
    metrics->tool_count = 0;
}
