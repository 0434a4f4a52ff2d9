/* The metrics of a stretch of time: those of all of it are those of the model, and two stretches that meet come to what the whole does. */
#include "core/query/metrics.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Requests in their phases, tools beside them, people, over three agents. */
static double build(struct model *model, uint64_t seed)
{
    double at_ms[3] = {0, 50, 90}, last = 0;
    assert_true(model_init(model, &mem_libc));
    assert_true(model_open_file(model, "s"));
    for (int i = 0; i < 120; i++) {
        size_t agent = support_random(&seed) % 3;
        double from = at_ms[agent], ms = 20 + (double)(support_random(&seed) % 900);
        int pid = (int)agent + 1;
        char args[200];
        snprintf(
            args, sizeof args,
            "{\"model\":\"m\",\"ttft_ms\":%.0f,\"ttlt_ms\":%.0f,\"prompt_tokens\":%d,\"output_tokens\":%d,"
            "\"success\":%s}",
            ms / 2, ms, 100 + i, 10 + i, support_random(&seed) % 5 ? "true" : "false");
        struct model_span request[] = {
            {pid, "Request Setup", "api,setup", from, from + ms / 8, NULL, NULL},
            {pid, "First Token", "api,ttft", from + ms / 8, from + ms / 2, NULL, NULL},
            {pid, "Sampling", "api,sampling", from + ms / 2, from + ms, NULL, NULL},
            {pid, "API Call", "api", from, from + ms, "{\"model\":\"m\"}", args}};
        struct model_span tool = {pid,
                                  i % 4 ? "Tool: Bash" : "Tool: Read",
                                  "tool",
                                  from,
                                  from + ms,
                                  NULL,
                                  i % 7 ? "{\"success\":true}" : "{\"success\":false}"};
        struct model_span user = {
            pid, "Waiting for User Input", "user_input", from, from + ms, NULL, NULL};
        switch (i % 3) {
        case 0:
            for (int k = 0; k < 4; k++) {
                assert_true(model_add(model, &request[k]));
            }
            break;
        case 1: assert_true(model_add(model, &tool)); break;
        default: assert_true(model_add(model, &user));
        }
        at_ms[agent] = from + ms + (double)(support_random(&seed) % 100);
        last = from + ms > last ? from + ms : last;
    }
    return last;
}

static void close_to(double got, double want, const char *what)
{
    if (isnan(got) != isnan(want) || fabs(got - want) > 1e-6 * (1 + fabs(want))) {
        fail_msg("%s: %.9g, not %.9g", what, got, want);
    }
}

static double zero(double value)
{
    return isnan(value) ? 0 : value;
}

TEST(all_of_it_is_what_the_model_says)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct model model;
        struct swarm_metrics whole;
        struct metrics range;
        double last = build(&model, seed);
        assert_true(metrics_compute(model.swarm, model_ns(last), &whole));
        assert_true(metrics_range(model.swarm, model_ns(last), model_ns(-1), model_ns(last + 1),
                                  NULL, &range));
        const struct metrics *totals = &whole.totals;
        assert_int_equal(range.requests, totals->requests);
        assert_int_equal(range.failed, totals->failed);
        assert_int_equal(range.tool_count, totals->tool_count);
        assert_int_equal(range.tool_errors, totals->tool_errors);
        close_to(range.ttft_ms.p95, totals->ttft_ms.p95, "ttft");
        close_to(range.otps.p50, totals->otps.p50, "otps");
        close_to(range.output_tokens, totals->output_tokens, "output");
        close_to(range.api_ms, totals->api_ms, "api");
        close_to(range.tool_ms, totals->tool_ms, "tools");
        close_to(range.user_wait_ms, totals->user_wait_ms, "people");
        close_to(range.busy_ms, totals->busy_ms, "busy");
        close_to(range.idle_ms, totals->idle_ms, "idle");
        close_to(range.parallel, totals->parallel, "parallel");
        for (int kind = SPAN_SETUP; kind <= SPAN_SAMPLING; kind++) {
            close_to(range.phase_ms[kind], totals->phase_ms[kind],
                     span_kind_word((enum span_kind)kind));
        }
        metrics_range_release(model.swarm, &range);
        metrics_release(&whole);
        model_release(&model);
    }
}

TEST(stretches_that_meet_come_to_the_whole)
{
    struct model model;
    uint64_t seed = 5;
    double last = build(&model, 9);
    for (int i = 0; i < 60; i++) {
        double from = (double)(support_random(&seed) % (uint64_t)last),
               to = from + 1 + (double)(support_random(&seed) % 9000);
        double middle = from + (to - from) * (double)(support_random(&seed) % 1000) / 1000;
        struct metrics a, b, whole;
        int64_t now = model_ns(last);
        assert_true(metrics_range(model.swarm, now, model_ns(from), model_ns(middle), NULL, &a));
        assert_true(metrics_range(model.swarm, now, model_ns(middle), model_ns(to), NULL, &b));
        assert_true(metrics_range(model.swarm, now, model_ns(from), model_ns(to), NULL, &whole));
        assert_int_equal(a.requests + b.requests, whole.requests);
        assert_int_equal(a.failed + b.failed, whole.failed);
        assert_int_equal(a.tool_errors + b.tool_errors, whole.tool_errors);
        close_to(zero(a.api_ms) + zero(b.api_ms), zero(whole.api_ms), "api");
        close_to(zero(a.tool_ms) + zero(b.tool_ms), zero(whole.tool_ms), "tools");
        close_to(zero(a.user_wait_ms) + zero(b.user_wait_ms), zero(whole.user_wait_ms), "people");
        close_to(zero(a.busy_ms) + zero(b.busy_ms), zero(whole.busy_ms), "busy");
        close_to(zero(a.idle_ms) + zero(b.idle_ms), zero(whole.idle_ms), "idle");
        for (int kind = SPAN_SETUP; kind <= SPAN_SAMPLING; kind++) {
            close_to(a.phase_ms[kind] + b.phase_ms[kind], whole.phase_ms[kind],
                     span_kind_word((enum span_kind)kind));
        }
        metrics_range_release(model.swarm, &a);
        metrics_range_release(model.swarm, &b);
        metrics_range_release(model.swarm, &whole);
    }
    model_release(&model);
}

static bool is_tool(void *ctx, span_no no)
{
    return swarm_span(ctx, no)->kind == SPAN_TOOL;
}

TEST(a_call_belongs_to_the_stretch_that_it_ends_in)
{
    struct model model;
    struct metrics metrics;
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s"));
    assert_true(model_add(&model, &(struct model_span){1, "Tool: Bash", "tool", 100, 200, NULL,
                                                       "{\"success\":false}"}));
    const struct {
        double from_ms, to_ms;
        uint64_t errors;
    } rows[] = {{0, 150, 0}, {0, 200, 1}, {150, 200, 1}, {199, 201, 1}, {200, 300, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(metrics_range(model.swarm, model_ns(300), model_ns(rows[i].from_ms),
                                  model_ns(rows[i].to_ms), NULL, &metrics));
        assert_int_equal(metrics.tool_errors, rows[i].errors);
        metrics_range_release(model.swarm, &metrics);
    }
    model_release(&model);
}

static bool is_first(void *ctx, span_no no)
{
    return swarm_span(ctx, no)->agent == 0;
}

static bool is_first_agent(void *ctx, agent_no agent)
{
    (void)ctx;
    return agent == 0;
}

TEST(work_that_a_choice_leaves_out_is_no_idle_time)
{
    struct model model;
    struct metrics tools, first;
    struct swarm_metrics whole;
    double last = build(&model, 3);
    struct span_predicate of_tools = {.holds = is_tool, .ctx = model.swarm};
    struct span_predicate of_first = {
        .holds = is_first, .ctx = model.swarm, .holds_agent = is_first_agent};
    assert_true(
        metrics_range(model.swarm, model_ns(last), model_ns(0), model_ns(last), &of_tools, &tools));
    assert_true(isnan(tools.idle_ms) && tools.busy_ms > 0);
    assert_true(
        metrics_range(model.swarm, model_ns(last), model_ns(0), model_ns(last), &of_first, &first));
    assert_true(metrics_compute(model.swarm, model_ns(last), &whole));
    close_to(first.idle_ms, whole.agents[0].idle_ms, "idle");
    assert_true(first.idle_ms > 0);
    metrics_release(&whole);
    metrics_range_release(model.swarm, &tools);
    metrics_range_release(model.swarm, &first);
    model_release(&model);
}

TEST(a_choice_leaves_the_others_out)
{
    struct model model;
    struct metrics metrics;
    double last = build(&model, 3);
    struct span_predicate tools = {.holds = is_tool, .ctx = model.swarm};
    assert_true(
        metrics_range(model.swarm, model_ns(last), model_ns(0), model_ns(last), &tools, &metrics));
    assert_int_equal(metrics.requests, 0);
    assert_true(isnan(metrics.user_wait_ms));
    assert_true(metrics.tool_ms > 0);
    metrics_range_release(model.swarm, &metrics);
    model_release(&model);
}
