/* The metrics of what a filter selects: those of a predicate that selects all are the model's, and those of a
   predicate and of its opposite sum up to them, in the totals, for each agent and for each model. */
#include "core/query/filter.h"
#include "core/query/metrics.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Three agents with requests of two models, tools and waits for people, some of them open. */
static bool build(struct model *model, const struct mem *mem, uint64_t seed)
{
    static const char *const names[] = {"main", "Explore", "coder"};
    double at_ms[3] = {0, 50, 90};
    bool good = model_init(model, mem) && model_open_file(model, "s");
    for (int i = 0; good && i < 3; i++) {
        good = model_name(model, i + 1, names[i]);
    }
    for (int i = 0; good && i < 90; i++) {
        size_t agent = support_random(&seed) % 3;
        double from = at_ms[agent], ms = 20 + (double)(support_random(&seed) % 900);
        const char *which = support_random(&seed) % 2 ? "opus" : "haiku";
        char args[200], begin[64];
        snprintf(args, sizeof args,
                 "{\"model\":\"%s\",\"ttft_ms\":%.0f,\"ttlt_ms\":%.0f,\"prompt_tokens\":%d,"
                 "\"output_tokens\":%d,\"success\":%s}",
                 which, ms / 2, ms, 100 + i, 10 + i, support_random(&seed) % 5 ? "true" : "false");
        snprintf(begin, sizeof begin, "{\"model\":\"%s\"}", which);
        double to = i >= 80 ? (double)NAN : from + ms;
        struct model_span spans[] = {
            {(int)agent + 1, "API Call", "api", from, to, begin, args},
            {(int)agent + 1, i % 4 ? "Tool: Bash" : "Tool: Read", "tool", from, to, NULL,
             i % 7 ? "{\"success\":true}" : "{\"success\":false}"},
            {(int)agent + 1, "Waiting for User Input", "user_input", from, to, NULL, NULL}};
        good = model_add(model, &spans[i % 3]);
        at_ms[agent] = from + ms + (double)(support_random(&seed) % 100);
    }
    return good;
}

static double zero(double value)
{
    return isnan(value) ? 0 : value;
}

static void close_to(double got, double want, const char *what)
{
    if (fabs(zero(got) - zero(want)) > 1e-6 * (1 + fabs(zero(want)))) {
        fail_msg("%s: %.9g, not %.9g", what, got, want);
    }
}

/* a + b = whole, in all that is a sum. `b` may be empty. */
static void sums_up(const struct metrics *a, const struct metrics *b, const struct metrics *whole)
{
    assert_int_equal(a->requests + b->requests, whole->requests);
    assert_int_equal(a->failed + b->failed, whole->failed);
    assert_int_equal(a->open_requests + b->open_requests, whole->open_requests);
    assert_int_equal(a->tool_errors + b->tool_errors, whole->tool_errors);
    assert_int_equal(a->ttft_ms.count + b->ttft_ms.count, whole->ttft_ms.count);
    close_to(zero(a->output_tokens) + zero(b->output_tokens), whole->output_tokens, "output");
    close_to(zero(a->prompt_tokens) + zero(b->prompt_tokens), whole->prompt_tokens, "prompt");
    close_to(zero(a->api_ms) + zero(b->api_ms), whole->api_ms, "api");
    close_to(zero(a->tool_ms) + zero(b->tool_ms), whole->tool_ms, "tools");
    close_to(zero(a->user_wait_ms) + zero(b->user_wait_ms), whole->user_wait_ms, "people");
}

/* The metrics of what the filter selects; `not`: of the rest. */
struct selection {
    const struct swarm *swarm;
    struct filter *filter;
    bool not ;
};

static bool holds(void *ctx, span_no span)
{
    const struct selection *of = ctx;
    return filter_matches_span(of->filter, of->swarm, span, model_ns(99999)) != of->not ;
}

static bool holds_agent(void *ctx, agent_no agent)
{
    const struct selection *of = ctx;
    return !of->not &&filter_matches_whole(of->filter, of->swarm, agent, model_ns(99999));
}

static bool compute(const struct swarm *swarm, const char *expression, bool not,
                    struct swarm_metrics *out)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct selection of = {swarm, filter_new(&mem_libc, expression, strlen(expression), &error),
                           not };
    struct span_predicate predicate = {holds, &of, holds_agent, NULL};
    assert_non_null(of.filter);
    bool good = metrics_compute_matching(swarm, model_ns(99999), &predicate, out);
    filter_free(of.filter);
    strbuf_release(&error);
    return good;
}

static const struct metrics *model_in(const struct swarm_metrics *metrics, const char *name)
{
    static const struct metrics none;
    for (size_t i = 0; i < metrics->model_count; i++) {
        if (strcmp(metrics->models[i].model, name) == 0) {
            return &metrics->models[i].metrics;
        }
    }
    return &none;
}

TEST(what_matches_and_the_rest_sum_up_to_the_whole)
{
    static const char *const filters[] = {
        "",          "agent:Explore", "name:Bash", "kind:request", "model:opus",
        "error:yes", "open:yes",      "dur>300ms", "nothing"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct model model;
        struct swarm_metrics whole, some, rest;
        assert_true(build(&model, &mem_libc, i + 1));
        assert_true(metrics_compute(model.swarm, model_ns(99999), &whole));
        assert_true(compute(model.swarm, filters[i], false, &some));
        assert_true(compute(model.swarm, filters[i], true, &rest));
        sums_up(&some.totals, &rest.totals, &whole.totals);
        assert_int_equal(some.agent_count, whole.agent_count);
        for (size_t k = 0; k < whole.agent_count; k++) {
            sums_up(&some.agents[k], &rest.agents[k], &whole.agents[k]);
        }
        for (size_t k = 0; k < whole.model_count; k++) {
            const char *name = whole.models[k].model;
            sums_up(model_in(&some, name), model_in(&rest, name), &whole.models[k].metrics);
        }
        metrics_release(&rest);
        metrics_release(&some);
        metrics_release(&whole);
        model_release(&model);
    }
}

TEST(a_filter_that_all_matches_changes_no_figure)
{
    struct model model;
    struct swarm_metrics whole, all;
    assert_true(build(&model, &mem_libc, 7));
    assert_true(metrics_compute(model.swarm, model_ns(99999), &whole));
    assert_true(compute(model.swarm, "", false, &all));
    close_to(all.totals.busy_ms, whole.totals.busy_ms, "busy");
    close_to(all.totals.idle_ms, whole.totals.idle_ms, "idle");
    close_to(all.totals.parallel, whole.totals.parallel, "parallel");
    close_to(all.totals.ttft_ms.p95, whole.totals.ttft_ms.p95, "ttft");
    close_to(all.totals.context_tokens, whole.totals.context_tokens, "context");
    assert_int_equal(all.events, whole.events);
    assert_int_equal(all.spans.closed, whole.spans.closed);
    assert_int_equal(all.spans.open, whole.spans.open);
    assert_memory_equal(all.ttft_ms.counts, whole.ttft_ms.counts, sizeof whole.ttft_ms.counts);
    metrics_release(&all);
    metrics_release(&whole);
    model_release(&model);
}

TEST(time_without_work_counts_for_agents_that_match_as_a_whole)
{
    struct model model;
    struct swarm_metrics whole, agent, tool;
    assert_true(build(&model, &mem_libc, 3));
    agent_no explore = model_agent(&model, "Explore");
    assert_true(metrics_compute(model.swarm, model_ns(99999), &whole));
    assert_true(compute(model.swarm, "agent:Explore", false, &agent));
    assert_true(compute(model.swarm, "name:Bash", false, &tool));
    close_to(agent.totals.idle_ms, whole.agents[explore].idle_ms, "idle");
    close_to(agent.totals.busy_ms, whole.agents[explore].busy_ms, "busy");
    assert_true(isnan(tool.totals.idle_ms));
    assert_true(tool.totals.busy_ms > 0);
    assert_int_equal(tool.totals.tool_count, 1);
    assert_string_equal(tool.totals.tools[0].name, "Bash");
    assert_true(isnan(tool.agents[explore].context_tokens));
    metrics_release(&tool);
    metrics_release(&agent);
    metrics_release(&whole);
    model_release(&model);
}

/* Two calls that turn out to be one, and a request with its phases. */
TEST(each_span_counts_once_under_any_filter)
{
    static const char *const filters[] = {"", "-zzzz", "error:no", "-kind:user", "dur>0s"};
    struct model model;
    struct swarm_metrics whole, some;
    assert_true(model_init(&model, &mem_libc));
    struct update call = tool_update("c1", 1, 9, "Bash", NULL);
    model_update(&model, &call);
    call = tool_update("c2", 2, 9, "Bash", NULL);
    model_update(&model, &call);
    call = request_update("r1", 10, 90);
    update_number(&call, FIELD_TTFT_MS, 20);
    update_number(&call, FIELD_TTLT_MS, 70);
    model_update(&model, &call);
    model_flush(&model);
    call = tool_update("c1", UNKNOWN, UNKNOWN, NULL, NULL);
    update_string(&call, FIELD_ALIAS, "c2");
    model_update(&model, &call);
    model_flush(&model);
    assert_true(metrics_compute(model.swarm, model_ns(99999), &whole));
    assert_int_equal(whole.totals.tools[0].duration_ms.count, 1);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        assert_true(compute(model.swarm, filters[i], false, &some));
        assert_int_equal(some.spans.closed, whole.spans.closed);
        assert_int_equal(some.totals.tools[0].duration_ms.count, 1);
        sums_up(&some.totals, &(struct metrics){0}, &whole.totals);
        metrics_release(&some);
    }
    assert_true(compute(model.swarm, "kind:request", false, &some));
    assert_int_equal(some.spans.closed, whole.spans.closed - 1);
    metrics_release(&some);
    metrics_release(&whole);
    model_release(&model);
}

TEST(a_term_about_spans_leaves_no_agent_whole)
{
    static const char *const filters[] = {"-Bash", "-name:Bash", "agent:Explore -Bash", "-zzzz"};
    struct model model;
    struct swarm_metrics some;
    assert_true(build(&model, &mem_libc, 3));
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        assert_true(compute(model.swarm, filters[i], false, &some));
        assert_true(isnan(some.totals.idle_ms));
        metrics_release(&some);
    }
    assert_true(compute(model.swarm, "-agent:Explore", false, &some));
    assert_true(!isnan(some.totals.idle_ms));
    metrics_release(&some);
    model_release(&model);
}

TEST(the_totals_alone_are_those_of_all_metrics)
{
    struct model model;
    struct swarm_metrics all, totals;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_true(build(&model, &mem_libc, 5));
    struct selection of = {model.swarm, filter_new(&mem_libc, "name:Bash", 9, &error), false};
    struct span_predicate predicate = {holds, &of, holds_agent, NULL};
    assert_true(metrics_compute_matching(model.swarm, model_ns(99999), &predicate, &all));
    assert_true(metrics_compute_totals_matching(model.swarm, model_ns(99999), &predicate, &totals));
    sums_up(&totals.totals, &(struct metrics){0}, &all.totals);
    close_to(totals.totals.busy_ms, all.totals.busy_ms, "busy");
    assert_int_equal(totals.spans.closed, all.spans.closed);
    assert_int_equal(totals.agent_count, 0);
    metrics_release(&totals);
    metrics_release(&all);
    filter_free(of.filter);
    strbuf_release(&error);
    model_release(&model);
}

TEST(without_memory_there_are_no_metrics)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = -1};
        struct mem mem = failing_mem(&failing);
        struct model model;
        struct swarm_metrics out;
        assert_true(build(&model, &mem, 2));
        size_t blocks = failing.live_blocks;
        failing.allow = allow;
        done = compute(model.swarm, "agent:Explore", false, &out);
        if (done) {
            metrics_release(&out);
        }
        assert_true(failing.live_blocks >= blocks); /* a name's tool is remembered */
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}
