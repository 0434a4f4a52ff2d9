/* The metrics of an earlier moment are those of a model that ends there, which a replay builds. */
#include "core/query/filter.h"
#include "core/query/metrics.h"
#include "core/query/replay.h"
#include "core/query/series.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Requests in their phases, tools and waits of three agents. Returns when the last one ends. */
static double build(struct model *model, uint64_t seed)
{
    double at_ms[3] = {0, 50, 90}, last = 0;
    assert_true(model_init(model, &mem_libc) && model_open_file(model, "s"));
    for (int i = 0; i < 3; i++) {
        assert_true(model_name(model, i + 1, i == 0 ? "main" : i == 1 ? "Explore" : "coder"));
    }
    for (int i = 0; i < 120; i++) {
        size_t agent = support_random(&seed) % 3;
        double from = at_ms[agent], ms = 20 + (double)(support_random(&seed) % 900);
        const char *which = support_random(&seed) % 2 ? "opus" : "haiku";
        char args[200], begin[64];
        snprintf(args, sizeof args,
                 "{\"model\":\"%s\",\"ttft_ms\":%.0f,\"ttlt_ms\":%.0f,\"prompt_tokens\":%d,"
                 "\"output_tokens\":%d,\"success\":%s}",
                 which, ms / 2, ms, 100 + i, 10 + i, support_random(&seed) % 5 ? "true" : "false");
        snprintf(begin, sizeof begin, "{\"model\":\"%s\"}", which);
        struct model_span spans[] = {
            {(int)agent + 1, "API Call", "api", from, from + ms, begin, args},
            {(int)agent + 1, i % 4 ? "Tool: Bash" : "Tool: Read", "tool", from, from + ms, NULL,
             i % 7 ? "{\"success\":true}" : "{\"success\":false}"},
            {(int)agent + 1, "Waiting for User Input", "user_input", from, from + ms, NULL, NULL}};
        assert_true(model_add(model, &spans[i % 3]));
        at_ms[agent] = from + ms + (double)(support_random(&seed) % 100);
        last = from + ms > last ? from + ms : last;
    }
    return last;
}

static int64_t now_then(void *ctx, session_no session)
{
    (void)session;
    return *(const int64_t *)ctx;
}

static double cost_then(void *ctx, session_no session)
{
    (void)ctx, (void)session;
    return (double)NAN;
}

static uint8_t state_then(void *ctx, agent_no agent)
{
    (void)ctx, (void)agent;
    return UINT8_MAX;
}

static void close_to(double got, double want, const char *what)
{
    if (isnan(got) != isnan(want) || fabs(got - want) > 1e-6 * (1 + fabs(want))) {
        fail_msg("%s: %.9g, not %.9g", what, got, want);
    }
}

static void same(const struct metrics *got, const struct metrics *want)
{
    assert_int_equal(got->requests, want->requests);
    assert_int_equal(got->failed, want->failed);
    assert_int_equal(got->open_requests, want->open_requests);
    assert_int_equal(got->tool_errors, want->tool_errors);
    assert_int_equal(got->tool_count, want->tool_count);
    for (size_t i = 0; i < want->tool_count; i++) {
        assert_int_equal(got->tools[i].open, want->tools[i].open);
        assert_int_equal(got->tools[i].duration_ms.count, want->tools[i].duration_ms.count);
    }
    close_to(got->prompt_tokens, want->prompt_tokens, "prompt");
    close_to(got->output_tokens, want->output_tokens, "output");
    close_to(got->context_tokens, want->context_tokens, "context");
    close_to(got->ttft_ms.p50, want->ttft_ms.p50, "ttft");
    close_to(got->api_ms, want->api_ms, "api");
    close_to(got->tool_ms, want->tool_ms, "tools");
    close_to(got->user_wait_ms, want->user_wait_ms, "people");
    close_to(got->busy_ms, want->busy_ms, "busy");
    close_to(got->idle_ms, want->idle_ms, "idle");
    close_to(got->parallel, want->parallel, "parallel");
}

/* A filter, asked about a moment, as the metrics ask it. */
struct selection {
    const struct swarm *swarm;
    struct filter *filter;
    int64_t at_ns;
};

static bool holds(void *ctx, span_no span)
{
    const struct selection *of = ctx;
    return filter_matches_span(of->filter, of->swarm, span, of->at_ns);
}

static bool holds_agent(void *ctx, agent_no agent)
{
    const struct selection *of = ctx;
    return filter_matches_whole(of->filter, of->swarm, agent, of->at_ns);
}

/* Compares the metrics of `at_ns` in a model that goes on with those of one that ends there. */
static void compare(const struct model *model, const char *expression, int64_t at_ns)
{
    struct model then;
    struct swarm_metrics got, want;
    struct metrics part, whole;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct past past = {now_then, cost_then, state_then, &at_ns};
    struct selection now = {model->swarm,
                            filter_new(&mem_libc, expression, strlen(expression), &error), at_ns};
    assert_non_null(now.filter);
    assert_true(model_init(&then, &mem_libc) && replay_until(model->swarm, then.swarm, at_ns));
    struct selection ended = {then.swarm,
                              filter_new(&mem_libc, expression, strlen(expression), &error), at_ns};
    filter_set_past(now.filter, &past);
    struct span_predicate of_past = {holds, &now, holds_agent, &past};
    struct span_predicate of_end = {holds, &ended, holds_agent, NULL};
    assert_true(metrics_compute_matching(model->swarm, model_ns(1e6), &of_past, &got));
    assert_true(metrics_compute_matching(then.swarm, at_ns, &of_end, &want));
    same(&got.totals, &want.totals);
    assert_int_equal(got.model_count, want.model_count);
    for (size_t i = 0; i < want.model_count; i++) {
        assert_string_equal(got.models[i].model, want.models[i].model);
        assert_int_equal(got.models[i].metrics.requests, want.models[i].metrics.requests);
        assert_int_equal(got.models[i].metrics.open_requests, want.models[i].metrics.open_requests);
    }
    assert_memory_equal(got.ttft_ms.counts, want.ttft_ms.counts, sizeof want.ttft_ms.counts);
    assert_true(
        metrics_range(model->swarm, model_ns(1e6), at_ns - 2000000000, at_ns, &of_past, &part));
    assert_true(metrics_range(then.swarm, at_ns, at_ns - 2000000000, at_ns, &of_end, &whole));
    whole.context_tokens = part.context_tokens;
    same(&part, &whole);
    metrics_range_release(model->swarm, &part);
    metrics_range_release(then.swarm, &whole);
    metrics_release(&got);
    metrics_release(&want);
    filter_free(now.filter);
    filter_free(ended.filter);
    strbuf_release(&error);
    model_release(&then);
}

TEST(figures_of_an_earlier_moment_are_those_of_a_model_that_ends_there)
{
    static const char *const filters[] = {"",         "agent:Explore", "name:Bash",  "error:yes",
                                          "open:yes", "dur>300ms",     "model:opus", "-kind:tool"};
    uint64_t random = 11;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct model model;
        double last = build(&model, seed);
        for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
            double at_ms = (double)(support_random(&random) % (uint64_t)last) + 0.5;
            compare(&model, filters[i], model_ns(at_ms));
        }
        compare(&model, "", model_ns(last + 1));
        model_release(&model);
    }
}

TEST(a_session_that_came_later_counts_nothing)
{
    struct model model;
    struct swarm_metrics metrics;
    int64_t never = INT64_MIN;
    struct past past = {now_then, cost_then, state_then, &never};
    struct span_predicate all = {.past = &past};
    build(&model, 1);
    assert_true(metrics_compute_matching(model.swarm, model_ns(1e6), &all, &metrics));
    assert_int_equal(metrics.totals.requests + metrics.totals.open_requests, 0);
    assert_int_equal(metrics.totals.tool_count, 0);
    assert_true(isnan(metrics.totals.busy_ms) && isnan(metrics.totals.idle_ms));
    metrics_release(&metrics);
    model_release(&model);
}

TEST(a_series_ends_at_the_earlier_moment)
{
    struct model model;
    struct series series;
    uint64_t requests = 0;
    double last = build(&model, 2);
    int64_t at_ns = model_ns(last / 2);
    struct past past = {now_then, cost_then, state_then, &at_ns};
    struct span_predicate all = {.past = &past};
    struct swarm_metrics metrics;
    assert_true(series_compute(model.swarm, model_ns(1e6), model_ns(0), 1000000000,
                               (size_t)last / 1000 + 2, &all, &series));
    assert_true(metrics_compute_matching(model.swarm, model_ns(1e6), &all, &metrics));
    for (size_t i = 0; i < series.count; i++) {
        requests += series.points[i].requests;
        bool later = series.t0_ns + (int64_t)i * series.step_ns > at_ns;
        assert_true(!later || series.points[i].parallel == 0);
    }
    assert_int_equal(requests, metrics.totals.requests);
    metrics_release(&metrics);
    series_release(&series);
    model_release(&model);
}
