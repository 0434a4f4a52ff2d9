/* What has become slower: made-up stories in which it must be found, and some in which it must
   not. */
#include "core/query/filter.h"
#include "core/query/series.h"
#include "core/query/slowdown.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000.0

/* A stretch of a story: requests of one model that end in it, evenly spread. */
struct stretch {
    double from_min, to_min;
    int requests;
    double setup_ms, ttft_ms, otps; /* medians; ttft_ms 0: not reported */
    int prompt_tokens;              /* 0: not reported */
};

static double spread(uint64_t *seed)
{
    return 0.7 + 0.6 * (double)support_random_below(seed, 1000) / 1000;
}

static void add_request(struct model *model, int pid, const char *name, double end_ms,
                        const struct stretch *of, uint64_t *seed)
{
    char text[1200], ttft[64] = "", prompt[64] = "";
    double setup = of->setup_ms * spread(seed), first = of->ttft_ms * spread(seed);
    double tokens = 200, sampling = tokens / (of->otps * spread(seed)) * 1000;
    double all = setup + first + sampling, start = end_ms - all;
    if (of->ttft_ms > 0) {
        snprintf(ttft, sizeof ttft, "\"ttft_ms\":%.3f,", first);
    }
    if (of->prompt_tokens > 0) {
        snprintf(prompt, sizeof prompt, "\"prompt_tokens\":%d,", of->prompt_tokens);
    }
    static const char head[] = "{\"ph\":\"%c\",\"pid\":%d,\"tid\":1,\"ts\":%.0f,\"name\":\"%s\","
                               "\"cat\":\"%s\"%s%s}";
    char end[400];
    snprintf(end, sizeof end,
             ",\"args\":{\"model\":\"%s\",%s%s\"ttlt_ms\":%.3f,\"request_setup_ms\":%.3f,"
             "\"output_tokens\":%.0f,\"success\":true}",
             name, prompt, ttft, all, setup, tokens);
    const struct {
        char ph;
        double at;
        const char *name, *cat, *args;
    } events[] = {{'B', start, "API Call", "api", ""},
                  {'B', start, "Request Setup", "api,setup", ""},
                  {'E', start + setup, "Request Setup", "api,setup", ""},
                  {'E', end_ms, "API Call", "api", end}};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (setup == 0 && (i == 1 || i == 2)) {
            continue;
        }
        snprintf(text, sizeof text, head, events[i].ph, pid, events[i].at * 1000, events[i].name,
                 events[i].cat, events[i].args, "");
        assert_true(model_events(model, text));
    }
}

static void add_stretch(struct model *model, int pid, const char *name, const struct stretch *of,
                        uint64_t seed)
{
    for (int i = 0; i < of->requests; i++) {
        double step = (of->to_min - of->from_min) / of->requests;
        add_request(model, pid, name, (of->from_min + (i + 0.9) * step) * MINUTE_MS, of, &seed);
    }
}

static void begin(struct model *model, const struct mem *mem)
{
    assert_true(model_init(model, mem) && model_open_file(model, "s"));
    assert_true(model_name(model, 1, "main") && model_name(model, 2, "coder"));
}

static void compute(const struct model *model, double now_min, struct swarm_metrics *out)
{
    assert_true(metrics_compute(model->swarm, model_ns(now_min * MINUTE_MS), out));
}

/* The usual hour, and ten minutes that differ in one respect. */
static const struct stretch hour = {0, 59, 120, 100, 1200, 60, 0};

TEST(each_part_that_grew_is_named_and_no_other)
{
    static const struct {
        struct stretch last;
        int part; /* -1: nothing is slower */
    } rows[] = {
        {{60, 70, 24, 100, 1200, 60, 0}, -1},
        {{60, 70, 24, 100, 2100, 60, 0}, LATENCY_PREFILL},
        {{60, 70, 24, 3000, 1200, 60, 0}, LATENCY_QUEUEING},
        {{60, 70, 24, 100, 1200, 30, 0}, LATENCY_DECODE},
        {{60, 70, 24, 10, 600, 90, 0}, -1},   /* faster */
        {{60, 70, 24, 100, 1230, 58, 0}, -1}, /* hardly slower */
        {{60, 70, 24, 120, 1200, 60, 0}, -1}, /* nobody notices 20 ms */
        {{60, 70, 9, 100, 2100, 60, 0}, -1},  /* too few in the last ten minutes */
        {{60, 70, 24, 100, 0, 60, 0}, -1},    /* TTFT is not known */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        struct swarm_metrics metrics;
        begin(&model, &mem_libc);
        add_stretch(&model, 1, "opus", &hour, 1);
        add_stretch(&model, 1, "opus", &rows[i].last, 2);
        compute(&model, 70, &metrics);
        if (metrics.slowdown_count != (rows[i].part >= 0)) {
            fail_msg("row %zu: %zu are slower", i, metrics.slowdown_count);
        }
        /* The eighth row has too few; of the last one the queueing is known. */
        assert_int_equal(metrics.slowdown_sides.models, i != 7);
        assert_int_equal(metrics.slowdown_sides.recent, i == 7 ? 9 : 24);
        assert_in_range(metrics.slowdown_sides.before, 119, 120);
        if (rows[i].part >= 0) {
            const struct slowdown *found = metrics.slowdowns;
            assert_int_equal(found->part, rows[i].part);
            assert_string_equal(found->model, "opus");
            assert_int_equal(found->recent_count, 24);
            assert_in_range(found->before_count, 119, 120);
            assert_true(found->p < SLOWDOWN_LEVEL && found->p > 0);
        }
        metrics_release(&metrics);
        model_release(&model);
    }
}

/* Retries of `hits` of the requests, each for a second. */
static void add_retried(struct model *model, double from_min, double to_min, int requests, int hits)
{
    static const char text[] =
        "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":%.0f,\"name\":\"API Call\",\"cat\":\"api\"}"
        "|{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":%.0f,\"name\":\"%s\",\"cat\":\"api,%s\"}"
        "|{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":%.0f,\"name\":\"%s\",\"cat\":\"api,%s\"}"
        "|{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":%.0f,\"name\":\"API Call\",\"cat\":\"api\","
        "\"args\":{\"model\":\"opus\",\"ttlt_ms\":1100,\"request_setup_ms\":100,\"success\":true}}";
    for (int i = 0; i < requests; i++) {
        double at = (from_min + (to_min - from_min) / requests * (i + 0.5)) * MINUTE_MS * 1000;
        bool retried = i % requests < hits;
        const char *name = retried ? "Attempt 1 (retry)" : "Request Setup";
        const char *cat = retried ? "retry" : "setup";
        char events[1000], *event = events, *end;
        snprintf(events, sizeof events, text, at, at, name, cat, at + 90000, name, cat,
                 at + 1100000);
        for (; event != NULL; event = end == NULL ? NULL : end + 1) {
            end = strchr(event, '|');
            if (end != NULL) {
                *end = '\0';
            }
            assert_true(model_events(model, event));
        }
    }
}

TEST(a_share_of_retries_that_moves_no_median_is_named)
{
    static const struct {
        int recent, recent_hits, before, before_hits;
        bool slower;
    } rows[] = {
        {36, 11, 700, 28, true},                          /* 31% against 4% */
        {36, 11, 700, 200, false},                        /* 31% against 29% */
        {36, 2, 700, 28, false},   {9, 4, 700, 0, false}, /* too few in the last ten minutes */
        {36, 11, 19, 0, false},                           /* too few before */
        {600, 54, 900, 40, false}, /* certain, but from 4.4% to 9% is not much */
        {600, 60, 900, 40, true},  {36, 0, 700, 300, false}, /* fewer */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        struct swarm_metrics metrics;
        begin(&model, &mem_libc);
        add_retried(&model, 0, 59, rows[i].before, rows[i].before_hits);
        add_retried(&model, 60.1, 69.9, rows[i].recent, rows[i].recent_hits);
        compute(&model, 70, &metrics);
        if (metrics.slowdown_count != (size_t)rows[i].slower) {
            fail_msg("row %zu: %zu are slower", i, metrics.slowdown_count);
        }
        if (rows[i].slower) {
            const struct slowdown *found = metrics.slowdowns;
            assert_true(found->retries && found->part == LATENCY_QUEUEING);
            assert_string_equal(found->model, "opus");
            assert_int_equal(found->recent_count, rows[i].recent);
            assert_int_equal(found->before_count, rows[i].before);
            assert_true(found->recent_share == (double)rows[i].recent_hits / rows[i].recent);
            assert_true(found->before_share == (double)rows[i].before_hits / rows[i].before);
            assert_true(found->p > 0 && found->p < SLOWDOWN_LEVEL);
            assert_true(isnan(found->recent_p50));
        }
        metrics_release(&metrics);
        model_release(&model);
    }
}

TEST(too_few_before_are_no_comparison)
{
    static const struct stretch before = {0, 4.5, 19, 100, 1200, 60, 0};
    static const struct stretch enough = {0, 4.5, 20, 100, 1200, 60, 0};
    static const struct stretch last = {5, 15, 24, 100, 2100, 60, 0};
    for (int i = 0; i < 2; i++) {
        struct model model;
        struct swarm_metrics metrics;
        begin(&model, &mem_libc);
        add_stretch(&model, 1, "opus", i == 0 ? &before : &enough, 1);
        add_stretch(&model, 1, "opus", &last, 2);
        compute(&model, 15, &metrics); /* a trace shorter than 20 minutes */
        assert_int_equal(metrics.slowdown_count, i);
        metrics_release(&metrics);
        model_release(&model);
    }
}

/* Only the hour before counts: what was slow earlier is no measure. */
TEST(what_lies_further_back_does_not_count)
{
    static const struct stretch early = {0, 50, 400, 100, 5000, 60, 0};
    static const struct stretch before = {61, 120, 120, 100, 1200, 60, 0};
    static const struct stretch last = {120, 130, 24, 100, 2100, 60, 0};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &early, 1);
    add_stretch(&model, 1, "opus", &before, 2);
    add_stretch(&model, 1, "opus", &last, 3);
    compute(&model, 130, &metrics);
    assert_int_equal(metrics.slowdown_count, 1);
    assert_in_range(metrics.slowdowns->before_count, 118, 120);
    metrics_release(&metrics);
    model_release(&model);
}

TEST(beside_a_slower_prefill_are_the_prompts_of_both_times)
{
    static const struct stretch before[] = {{0, 30, 60, 100, 1200, 60, 8000},
                                            {30, 59, 60, 100, 1200, 60, 0}};
    static const struct stretch last[] = {{60, 65, 12, 100, 2100, 60, 30000},
                                          {65, 70, 12, 100, 0, 60, 90000}};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &before[0], 1);
    add_stretch(&model, 1, "opus", &before[1], 2);
    add_stretch(&model, 1, "opus", &last[0], 3);
    add_stretch(&model, 1, "opus", &last[1], 4);
    compute(&model, 70, &metrics);
    assert_int_equal(metrics.slowdown_count, 1);
    const struct slowdown *found = metrics.slowdowns;
    assert_true(found->part == LATENCY_PREFILL && !found->retries);
    /* Of requests whose time to the first token is known, those whose prompt is. */
    assert_int_equal(found->prompts.recent_count, 12);
    assert_in_range(found->prompts.before_count, 59, 60);
    assert_true(found->prompts.recent_p50 == 30000 && found->prompts.before_p50 == 8000);
    metrics_release(&metrics);
    model_release(&model);
}

/* Two models of two agents. */
TEST(models_are_compared_each_with_itself)
{
    static const struct stretch slow = {60, 70, 24, 100, 2100, 60, 0};
    static const struct stretch queues = {60, 70, 24, 3000, 1200, 60, 0};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &hour, 1);
    add_stretch(&model, 1, "opus", &slow, 2);
    add_stretch(&model, 2, "haiku", &hour, 3);
    add_stretch(&model, 2, "haiku", &queues, 4);
    compute(&model, 70, &metrics);
    assert_int_equal(metrics.slowdown_count, 2);
    assert_string_equal(metrics.slowdowns[0].model, "haiku");
    assert_int_equal(metrics.slowdowns[0].part, LATENCY_QUEUEING);
    assert_string_equal(metrics.slowdowns[1].model, "opus");
    assert_int_equal(metrics.slowdowns[1].part, LATENCY_PREFILL);
    metrics_release(&metrics);
    model_release(&model);
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

static bool is_of_coder(void *ctx, span_no span)
{
    const struct model *model = ctx;
    return swarm_span(model->swarm, span)->agent == model_agent(model, "coder");
}

TEST(a_frozen_moment_and_a_filter_have_their_own_figures)
{
    static const struct stretch slow = {60, 70, 24, 100, 2100, 60, 0};
    static const struct stretch after = {70, 140, 160, 100, 1200, 60, 0};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &hour, 1);
    add_stretch(&model, 1, "opus", &slow, 2);
    add_stretch(&model, 1, "opus", &after, 3);
    compute(&model, 140, &metrics);
    assert_int_equal(metrics.slowdown_count, 0);
    metrics_release(&metrics);
    int64_t at_ns = model_ns(70 * MINUTE_MS);
    struct past past = {now_then, cost_then, state_then, &at_ns};
    struct span_predicate then = {.past = &past};
    assert_true(metrics_compute_matching(model.swarm, model_ns(140 * MINUTE_MS), &then, &metrics));
    assert_int_equal(metrics.slowdown_count, 1);
    assert_int_equal(metrics.slowdowns->recent_count, 24);
    assert_true(metrics.slowdown_now_ns == at_ns);
    metrics_release(&metrics);
    struct span_predicate coder = {is_of_coder, &model, NULL, &past};
    assert_true(metrics_compute_matching(model.swarm, model_ns(140 * MINUTE_MS), &coder, &metrics));
    assert_int_equal(metrics.slowdown_count, 0);
    metrics_release(&metrics);
    model_release(&model);
}

/* Half of the level, as faster ones are no alarms; the least worsening makes it rarer still. */
TEST(equal_distributions_give_no_more_false_alarms_than_the_level)
{
    enum { RUNS = 20000, RECENT = 24, BEFORE = 131 };
    uint64_t seed = 11;
    int alarms = 0;
    for (int run = 0; run < RUNS; run++) {
        double recent[RECENT], before[BEFORE];
        struct slowdown found;
        for (int i = 0; i < RECENT + BEFORE; i++) {
            double value = 400 * exp((double)support_random_below(&seed, 3000) / 1000);
            *(i < RECENT ? &recent[i] : &before[i - RECENT]) = value;
        }
        alarms += slowdown_compare(LATENCY_PREFILL, recent, RECENT, before, BEFORE, &found);
    }
    /* 10 of 20,000 are expected; more than 20 are as likely as 1 in 600. */
    assert_in_range(alarms, 2, 20);
}

TEST(of_many_calls_an_even_part_is_looked_at)
{
    static const struct stretch many = {0, 60, 21000, 0, 1200, 60, 0};
    static const struct stretch slow = {60, 70, 3500, 0, 2100, 60, 0};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &many, 1);
    add_stretch(&model, 1, "opus", &slow, 2);
    compute(&model, 70, &metrics);
    assert_int_equal(metrics.slowdown_count, 1);
    const struct slowdown *found = metrics.slowdowns;
    assert_in_range(found->recent_count + found->before_count, SLOWDOWN_SPANS / 3,
                    SLOWDOWN_SPANS + 100);
    assert_in_range(found->before_count / found->recent_count, 4, 8); /* of 6 */
    metrics_release(&metrics);
    model_release(&model);
}

/* Each of many agents has a request before and one within the last ten minutes. */
TEST(of_many_small_agents_both_times_are_looked_at)
{
    enum { AGENTS = 12000 };
    struct model model;
    struct swarm_metrics metrics;
    uint64_t seed = 3;
    begin(&model, &mem_libc);
    for (int i = 0; i < AGENTS; i++) {
        static const struct stretch before = {0, 59, 1, 0, 1200, 60, 0};
        add_request(&model, i + 1, "opus", (1 + i % 58) * MINUTE_MS, &before, &seed);
    }
    for (int i = 0; i < AGENTS; i++) {
        static const struct stretch last = {60, 70, 1, 0, 2100, 60, 0};
        add_request(&model, i + 1, "opus", (61 + i % 9) * MINUTE_MS, &last, &seed);
    }
    compute(&model, 70, &metrics);
    assert_int_equal(metrics.slowdown_count, 1);
    assert_in_range(metrics.slowdowns->recent_count, SLOWDOWN_SPANS / 4, SLOWDOWN_SPANS);
    assert_in_range(metrics.slowdowns->before_count, SLOWDOWN_SPANS / 4, SLOWDOWN_SPANS);
    metrics_release(&metrics);
    model_release(&model);
}

TEST(a_lack_of_memory_is_reported)
{
    static const struct stretch slow = {60, 70, 12, 100, 2100, 60, 0};
    static const struct stretch before = {0, 60, 30, 100, 1200, 60, 0};
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = -1};
        struct mem mem = failing_mem(&failing);
        struct model model;
        struct swarm_metrics metrics;
        begin(&model, &mem);
        add_stretch(&model, 1, "opus", &before, 1);
        add_stretch(&model, 1, "opus", &slow, 2);
        size_t blocks = failing.live_blocks;
        failing.allow = allow;
        done = metrics_compute(model.swarm, model_ns(70 * MINUTE_MS), &metrics);
        if (done) {
            assert_int_equal(metrics.slowdown_count, 1);
            metrics_release(&metrics);
        }
        assert_int_equal(failing.live_blocks, blocks);
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}

/* ---- over time ---- */

TEST(a_series_has_the_parts_of_each_model)
{
    static const struct stretch slow = {60, 70, 24, 3000, 2100, 60, 0};
    static const struct stretch unknown = {60, 70, 10, 0, 0, 60, 0};
    struct model model;
    struct series series;
    begin(&model, &mem_libc);
    add_stretch(&model, 1, "opus", &hour, 1);
    add_stretch(&model, 1, "opus", &slow, 2);
    add_stretch(&model, 2, "haiku", &unknown, 3);
    assert_true(series_compute(model.swarm, model_ns(70 * MINUTE_MS), model_ns(0), 600000000000, 7,
                               NULL, &series));
    assert_int_equal(series.models.count, 2);
    const struct model_curve *haiku = &series.models.items[0], *opus = &series.models.items[1];
    assert_string_equal(haiku->model, "haiku");
    assert_int_equal(haiku->requests, 10);
    assert_int_equal(haiku->counts[LATENCY_PREFILL], 0);
    assert_true(isnan(haiku->rows[LATENCY_PREFILL][6]));
    assert_true(isnan(haiku->rows[MODEL_SERIES_REQUESTS][0]));
    assert_true(haiku->rows[MODEL_SERIES_REQUESTS][6] == 10);
    assert_int_equal(opus->counts[LATENCY_PREFILL], 144);
    for (int i = 0; i < 7; i++) {
        double ttft = opus->rows[LATENCY_PREFILL][i], queueing = opus->rows[LATENCY_QUEUEING][i];
        assert_true(i < 6 ? ttft > 800 && ttft < 1600 : ttft > 1700 && ttft < 2500);
        assert_true(i < 6 ? queueing > 60 && queueing < 140 : queueing > 2500 && queueing < 3500);
        assert_true(opus->rows[MODEL_SERIES_REQUESTS][i] > 0);
    }
    series_release(&series);
    model_release(&model);
}
