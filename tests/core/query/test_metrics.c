/* The statistics. */
#include "core/model/end_facts.h"
#include "core/query/metrics_finish.h"
#include "core/query/time_parts.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <string.h>

#define OPEN ((double)NAN)

static void assert_number(double got, double want, const char *what)
{
    bool same = isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9 * fabs(want);
    if (!same) {
        fail_msg("%s: %.17g, not %.17g", what, got, want);
    }
}

/* ---- one request ---- */

TEST(a_request_says_what_its_args_hold)
{
    const double none = (double)NAN;
    const struct {
        const char *args;
        double ttft, ttlt, setup, prompt, output, otps;
        int success;
    } rows[] = {
        {"", none, none, none, none, none, none, -1},
        {"[1]", none, none, none, none, none, none, -1},
        {"{}", none, none, none, none, none, none, -1},
        {"{\"ttft_ms\":100,\"ttlt_ms\":1100,\"output_tokens\":50,\"success\":true}", 100, 1100,
         none, none, 50, 50, 1},
        {"{\"ttft_ms\":100,\"ttlt_ms\":1100,\"output_tokens\":50,\"request_setup_ms\":500}", 100,
         1100, 500, none, 50, 100, -1},
        {"{\"ttft_ms\":100,\"ttlt_ms\":1100,\"output_tokens\":50,\"request_setup_ms\":-500}", 100,
         1100, -500, none, 50, 50, -1},
        {"{\"ttft_ms\":100,\"ttlt_ms\":100,\"output_tokens\":50}", 100, 100, none, none, 50, none,
         -1},
        {"{\"prompt_tokens\":null,\"output_tokens\":\"7\",\"success\":\"no\"}", none, none, none,
         none, none, none, -1},
        {"{ \"success\" : false , \"prompt_tokens\" : 1 , \"prompt_tokens\" : 2 }", none, none,
         none, 2, none, none, 0},
        {"{\"prompt\\u005ftokens\":3,\"a\":{\"prompt_tokens\":4}}", none, none, none, 3, none, none,
         -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct end_facts facts;
        end_facts_read((struct slice){rows[i].args, strlen(rows[i].args)}, &facts);
        assert_number(facts.numbers[FACT_TTFT_MS], rows[i].ttft, rows[i].args);
        assert_number(facts.numbers[FACT_TTLT_MS], rows[i].ttlt, rows[i].args);
        assert_number(facts.numbers[FACT_SETUP_MS], rows[i].setup, rows[i].args);
        assert_number(facts.numbers[FACT_PROMPT_TOKENS], rows[i].prompt, rows[i].args);
        assert_number(facts.numbers[FACT_OUTPUT_TOKENS], rows[i].output, rows[i].args);
        assert_number(end_facts_otps(&facts), rows[i].otps, rows[i].args);
        assert_int_equal(facts.success, rows[i].success);
    }
}

/* ---- a swarm ---- */

/* Two agents. Agent 1 asks twice, runs tools beside that, waits for agent 2 and for a person; agent 2 asks and fails. */
static const struct model_span spans[] = {
    {1, "Interaction", "interaction", 0, 10000, NULL, NULL},
    {1, "Request Setup", "api,setup", 0, 400, NULL, NULL},
    {1, "Attempt 1 (retry)", "api,retry", 0, 100, NULL, NULL},
    {1, "Attempt 2 (retry)", "api,retry", 100, 300, NULL, NULL},
    {1, "First Token", "api,ttft", 400, 900, NULL, NULL},
    {1, "Sampling", "api,sampling", 900, 1900, NULL, NULL},
    {1, "API Call", "api", 0, 2000, "{\"model\":\"opus\"}",
     "{\"model\":\"opus\",\"ttft_ms\":500,\"ttlt_ms\":1900,\"prompt_tokens\":1000,"
     "\"output_tokens\":100,\"cache_read_tokens\":700,\"request_setup_ms\":400,\"itps\":2000}"},
    {1, "Tool: Bash", "tool", 1500, 3000, NULL, "{\"success\":true}"},
    {1, "Tool: Bash", "tool", 3000, 3500, NULL, "{\"success\":false}"},
    {1, "Bash", "tool", 3500, 3600, NULL, NULL},
    {1, "Tool: Agent", "tool", 2000, 6000, NULL, NULL},
    {1, "Waiting for User Input", "user_input", 7000, 9000, NULL, NULL},
    {1, "API Call", "api", 9000, 9500, "{\"model\":\"opus\"}",
     "{\"model\":\"opus\",\"prompt_tokens\":1000,\"cache_read_tokens\":300,\"incomplete\":true}"},
    {2, "API Call", "api", 2500, 3500, "{\"model\":\"haiku\"}",
     "{\"model\":\"haiku\",\"success\":false,\"output_tokens\":5}"},
    {2, "API Call", "api", 4000, OPEN, "{\"model\":\"haiku\",\"prompt_tokens\":77}", NULL},
    {2, "Tool: Read", "tool", 4500, OPEN, NULL, NULL},
};

static bool build(struct model *model, const struct mem *mem)
{
    if (!model_init(model, mem) || !model_open_file(model, "s") || !model_name(model, 1, "main") ||
        !model_name(model, 2, "sub")) {
        return false;
    }
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (!model_add(model, &spans[i])) {
            return false;
        }
    }
    /* The file's clock stands still at its last event. */
    swarm_set_clock(model->swarm, model->session, model_ns(10500), model_ns(10500));
    return true;
}

static void compute(struct model *model, struct swarm_metrics *out)
{
    assert_true(build(model, &mem_libc));
    assert_true(metrics_compute(model->swarm, model_ns(99999), out));
}

TEST(requests_and_their_tokens_are_summed)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    const struct metrics *main = &out.agents[model_agent(&model, "main")];
    const struct metrics *sub = &out.agents[model_agent(&model, "sub")];
    assert_int_equal(main->requests, 2);
    assert_int_equal(main->failed, 0);
    assert_int_equal(main->retries, 2);
    assert_int_equal(main->open_requests, 0);
    assert_number(main->prompt_tokens, 2000, "prompt");
    assert_number(main->output_tokens, 100, "output");
    assert_number(main->cache_read_tokens, 1000, "cache read");
    assert_number(main->cache_creation_tokens, (double)NAN, "cache creation");
    assert_number(main->cache_hit_rate_pct, 50, "cache rate");
    assert_int_equal(main->ttft_ms.count, 1);
    assert_number(main->ttft_ms.p50, 500, "ttft");
    assert_number(main->ttft_ms.p95, (double)NAN, "one sample has no p95");
    assert_number(main->otps.p50, 100, "otps");
    assert_number(main->setup_ms.sum, 400, "setup");
    assert_number(main->request_ms.max, 2000, "request max");
    assert_number(main->request_ms.mean, 1250, "request mean");
    assert_int_equal(sub->requests, 1);
    assert_int_equal(sub->failed, 1);
    assert_int_equal(sub->open_requests, 1);
    assert_number(sub->prompt_tokens, (double)NAN, "an open request's tokens do not count");
    assert_number(sub->cache_hit_rate_pct, (double)NAN, "cache rate");
    assert_int_equal(out.totals.requests, 3);
    assert_number(out.totals.output_tokens, 105, "output");
    metrics_release(&out);
    model_release(&model);
}

TEST(models_are_told_apart_and_sorted)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    assert_int_equal(out.model_count, 2);
    assert_string_equal(out.models[0].model, "haiku");
    assert_string_equal(out.models[1].model, "opus");
    assert_int_equal(out.models[0].metrics.requests, 1);
    assert_int_equal(out.models[0].metrics.open_requests, 1);
    assert_int_equal(out.models[1].metrics.requests, 2);
    assert_number(out.models[1].metrics.api_ms, 2500, "api");
    assert_number(out.models[1].metrics.tool_ms, (double)NAN, "tools are no model's");
    metrics_release(&out);
    model_release(&model);
}

TEST(tools_go_by_their_short_names)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    const struct {
        const char *name;
        uint64_t count, errors, open;
        double total_ms;
    } rows[] = {{"Agent", 1, 0, 0, 4000}, {"Bash", 3, 1, 0, 2100}, {"Read", 0, 0, 1, 0}};
    assert_int_equal(out.totals.tool_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct tool_metrics *tool = &out.totals.tools[i];
        assert_string_equal(tool->name, rows[i].name);
        assert_int_equal(tool->duration_ms.count, rows[i].count);
        assert_int_equal(tool->errors, rows[i].errors);
        assert_int_equal(tool->open, rows[i].open);
        assert_number(tool->duration_ms.sum, rows[i].total_ms, rows[i].name);
    }
    assert_int_equal(out.totals.tool_errors, 1);
    assert_int_equal(out.agents[model_agent(&model, "main")].tool_count, 2);
    metrics_release(&out);
    model_release(&model);
}

TEST(time_is_summed_and_united)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    const struct metrics *main = &out.agents[model_agent(&model, "main")];
    const struct metrics *sub = &out.agents[model_agent(&model, "sub")];
    assert_number(main->user_wait_ms, 2000, "user");
    assert_number(main->api_ms, 2500, "api");
    assert_number(main->tool_ms, 2100, "tools, without the wait for the sub-agent");
    assert_number(main->agent_wait_ms, 4000, "sub-agents");
    assert_number(main->busy_ms, 8500, "0 to 6000 and 7000 to 9500");
    assert_number(main->idle_ms, 1500, "6000 to 7000 and 9500 to 10000");
    assert_number(sub->user_wait_ms, (double)NAN, "no person");
    assert_number(sub->api_ms, 7500, "the open one up to now");
    assert_number(sub->tool_ms, 6000, "tools");
    assert_number(sub->busy_ms, 7500, "2500 to 3500 and 4000 to 10500");
    assert_number(sub->idle_ms, 500, "3500 to 4000");
    assert_number(out.totals.busy_ms, 16000, "sum");
    assert_number(out.totals.idle_ms, 2000, "sum");
    assert_number(out.totals.parallel, 16000 / 10500.0, "over 0 to 10500");
    metrics_release(&out);
    model_release(&model);
}

TEST(a_requests_time_is_that_of_its_phases)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    const struct metrics *main = &out.agents[model_agent(&model, "main")];
    assert_number(main->phase_ms[SPAN_SETUP], 100, "400 less two attempts of 300");
    assert_number(main->phase_ms[SPAN_RETRY], 300, "retries");
    assert_number(main->phase_ms[SPAN_FIRST_TOKEN], 500, "first token");
    assert_number(main->phase_ms[SPAN_SAMPLING], 1000, "sampling");
    assert_number(main->phase_ms[SPAN_REQUEST], 600, "100 of the first, 500 of the second");
    double sum = 0;
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        sum += main->phase_ms[i];
    }
    assert_number(sum, main->api_ms, "together they are the requests' time");
    metrics_release(&out);
    model_release(&model);
}

TEST(the_parts_of_the_time_are_the_metrics_own)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    const struct metrics *main = &out.agents[model_agent(&model, "main")];
    const double want[TIME_PARTS] = {100, 300, 500, 1000, 600, 2100, 2000, 1500};
    for (size_t i = 0; i < TIME_PARTS; i++) {
        assert_number(time_part_ms(main, i), want[i], time_parts[i].key);
    }
    metrics_release(&out);
    model_release(&model);
}

TEST(a_percentile_needs_samples_beyond_it)
{
    static const struct {
        size_t samples;
        double p50, p90, p95, p99;
    } rows[] = {
        {1, 1, (double)NAN, (double)NAN, (double)NAN},
        {4, 2, (double)NAN, (double)NAN, (double)NAN},
        {5, 3, 5, 5, (double)NAN},
        {19, 10, 18, 19, (double)NAN},
        {20, 10, 18, 19, 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct histogram histogram;
        histogram_init(&histogram, &mem_libc);
        for (size_t k = 1; k <= rows[i].samples; k++) {
            assert_true(histogram_add(&histogram, (double)k));
        }
        assert_number(metrics_percentile(&histogram, 50), rows[i].p50, "p50");
        assert_number(metrics_percentile(&histogram, 90), rows[i].p90, "p90");
        assert_number(metrics_percentile(&histogram, 95), rows[i].p95, "p95");
        assert_number(metrics_percentile(&histogram, 99), rows[i].p99, "p99");
        histogram_release(&histogram);
    }
}

TEST(a_rate_needs_tokens_and_time)
{
    assert_number(otps_of(10, 500), 20, "just enough");
    assert_number(otps_of(9, 5000), (double)NAN, "few tokens");
    assert_number(otps_of(1000, 499), (double)NAN, "a short time");
    assert_number(otps_of((double)NAN, 1000), (double)NAN, "unknown tokens");
    assert_number(otps_of(100, (double)NAN), (double)NAN, "unknown time");
}

TEST(spans_and_events_are_counted)
{
    struct model model;
    struct swarm_metrics out;
    compute(&model, &out);
    assert_int_equal(out.spans.closed, 14);
    assert_int_equal(out.spans.open, 2);
    assert_int_equal(out.spans.incomplete, 1);
    assert_int_equal(out.spans.evicted, 0);
    assert_int_equal(out.spans.orphan_ends, 0);
    assert_int_equal(out.events, 30);
    assert_int_equal(out.metadata, 4);
    assert_int_equal(out.dropped, 0);
    metrics_release(&out);
    model_release(&model);
}

TEST(attempts_and_sweeps_that_an_end_reports_are_counted)
{
    struct model model;
    struct swarm_metrics out;
    const struct model_span added[] = {
        {1, "API Call", "api", 0, 100, NULL, "{\"attempt_count\":3,\"success\":true}"},
        {1, "API Call", "api", 200, 300, NULL, "{\"attempt_count\":1,\"success\":true}"},
        {1, "Tool: Bash", "tool", 400, 500, NULL, "{\"evicted\":true}"}};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && model_name(&model, 1, "main"));
    for (size_t i = 0; i < 3; i++) {
        assert_true(model_add(&model, &added[i]));
    }
    assert_true(metrics_compute(model.swarm, model_ns(1000), &out));
    assert_int_equal(out.totals.requests, 2);
    assert_int_equal(out.totals.retries, 2);
    assert_int_equal(out.spans.evicted, 1);
    assert_int_equal(out.spans.incomplete, 0);
    metrics_release(&out);
    model_release(&model);
}

TEST(an_empty_model_has_no_metrics)
{
    struct model model;
    struct swarm_metrics out;
    assert_true(model_init(&model, &mem_libc));
    assert_true(metrics_compute(model.swarm, 0, &out));
    assert_int_equal(out.totals.requests, 0);
    assert_int_equal(out.agent_count, 0);
    assert_true(isnan(out.totals.busy_ms) && isnan(out.totals.parallel));
    assert_true(isnan(out.totals.ttft_ms.p50) && isnan(out.totals.api_ms));
    metrics_release(&out);
    model_release(&model);
}

TEST(a_lack_of_memory_is_said_and_nothing_is_lost)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = -1};
        struct mem mem = failing_mem(&failing);
        struct model model;
        struct swarm_metrics out;
        assert_true(build(&model, &mem));
        size_t blocks = failing.live_blocks;
        failing.allow = allow;
        done = metrics_compute(model.swarm, 0, &out);
        if (done) {
            metrics_release(&out);
        }
        assert_int_equal(failing.live_blocks, blocks);
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}

/* ---- how sure a median is ---- */

/* The ranks are those of tables of distribution-free intervals: 2 and 9 of 10, 6 and 15 of 20. */
TEST(a_median_lies_between_two_order_statistics)
{
    static const struct {
        int count, low, high; /* 0: there is none */
    } rows[] = {{0, 0, 0},  {1, 0, 0},   {5, 0, 0},     {6, 1, 6},      {9, 2, 8},
                {10, 2, 9}, {20, 6, 15}, {100, 40, 61}, {400, 180, 221}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct histogram histogram;
        histogram_init(&histogram, &mem_libc);
        for (int k = 0; k < rows[i].count; k++) {
            assert_true(histogram_add(&histogram, (double)((k * 7) % rows[i].count + 1)));
        }
        struct summary summary = metrics_summarize(&histogram);
        bool none = rows[i].low == 0;
        assert_number(summary.p50_low, none ? (double)NAN : rows[i].low, "low");
        assert_number(summary.p50_high, none ? (double)NAN : rows[i].high, "high");
        histogram_release(&histogram);
    }
}
