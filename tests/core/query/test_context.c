/* core/query/context.c: the size of the last prompt, its window, its growth and compactions; the cost of the cache. */
#include "core/query/context.h"

#include "core/model/prices.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NONE UNKNOWN

static void begin(struct model *model, const struct swarm_config *config)
{
    const struct swarm_config none = {{0, 0}, NULL};
    assert_true(model_init_with(model, &mem_libc, config == NULL ? &none : config));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
}

static void add_request(struct model *model, double start, const char *name, double prompt)
{
    char id[32];
    snprintf(id, sizeof id, "r%.0f", start);
    struct update update = request_update(id, start, start + 10);
    update_string(&update, FIELD_MODEL, name);
    update_number(&update, FIELD_PROMPT_TOKENS, prompt);
    model_update(model, &update);
}

static void add_turn(struct model *model, double start, double end)
{
    char id[32];
    snprintf(id, sizeof id, "i%.0f", start);
    struct update update = call_update(CALL_INTERACTION, PRECEDENCE_FILES, id, start, end);
    model_update(model, &update);
}

static void add_compaction(struct model *model, double at)
{
    char id[32];
    snprintf(id, sizeof id, "m%.0f", at);
    struct update update = call_update(CALL_SPAN, PRECEDENCE_FILES, id, at, at);
    update_string(&update, FIELD_NAME, "compact");
    model_update(model, &update);
}

static void assert_figure(double got, double want, const char *what)
{
    bool same = isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9 * fabs(want);
    if (!same) {
        fail_msg("%s: %g, not %g", what, got, want);
    }
}

/* The main agent's figures, and those of the totals' compactions. */
static void assert_context(const struct model *model, double tokens, double window, double growth,
                           double compactions)
{
    struct swarm_metrics metrics;
    model_flush(model);
    assert_true(metrics_compute(model->swarm, MODEL_START_NS, &metrics));
    agent_no main = model_agent(model, "main");
    const struct metrics *of = &metrics.agents[main];
    assert_figure(of->context_tokens, tokens, "tokens");
    assert_figure(of->context_window, window, "window");
    assert_figure(of->context_growth, growth, "growth");
    assert_figure(of->compactions, compactions, "compactions");
    assert_figure(metrics.totals.compactions, compactions, "compactions of all");
    metrics_release(&metrics);
}

TEST(the_growth_is_the_difference_over_the_turns)
{
    struct model model;
    begin(&model, NULL);
    add_turn(&model, 0, 100);
    add_request(&model, 10, "m", 1000);
    add_request(&model, 30, "m", 2000);
    assert_context(&model, 2000, NONE, 1000, NONE); /* within one turn */
    add_turn(&model, 200, 300);
    add_turn(&model, 400, 500);
    add_request(&model, 210, "m", 3000);
    add_request(&model, 410, "m", 4000);
    assert_context(&model, 4000, NONE, 1000, NONE);
    model_release(&model);
}

TEST(what_is_unknown_is_blank)
{
    struct model model;
    begin(&model, NULL);
    add_turn(&model, 0, 100);
    assert_context(&model, NONE, NONE, NONE, NONE);
    add_request(&model, 10, "m", NONE);
    assert_context(&model, NONE, NONE, NONE, NONE);
    add_request(&model, 30, "m", 500);
    assert_context(&model, 500, NONE, NONE, NONE); /* one prompt does not grow */
    add_request(&model, 50, "m", NONE);
    assert_context(&model, 500, NONE, NONE, NONE);
    model_release(&model);
}

TEST(a_compaction_is_counted_and_growth_begins_after_it)
{
    struct model model;
    begin(&model, NULL);
    add_request(&model, 10, "m", 1000);
    add_request(&model, 30, "m", 90000);
    add_compaction(&model, 60);
    assert_context(&model, 90000, NONE, NONE, 1);
    add_request(&model, 70, "m", 8000);
    assert_context(&model, 8000, NONE, NONE, 1);
    add_request(&model, 90, "m", 8500);
    add_compaction(&model, 5);
    assert_context(&model, 8500, NONE, 500, 2);
    model_release(&model);
}

/* A client's small requests beside the conversation, by another model. */
TEST(requests_of_another_model_do_not_count_for_growth)
{
    struct model model;
    begin(&model, NULL);
    add_request(&model, 5, "small", 50);
    add_request(&model, 10, "m", 1000);
    add_request(&model, 30, "m", 1500);
    assert_context(&model, 1500, NONE, 500, NONE);
    model_release(&model);
}

TEST(a_window_that_is_stated_outranks_the_assumed_one)
{
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, NULL);
    add_request(&model, 10, "claude-opus-5-5", 50000);
    assert_context(&model, 50000, 200000, NONE, NONE);
    struct update update = request_update("r30", 30, 40);
    update_string(&update, FIELD_MODEL, "claude-opus-5-5");
    update_number(&update, FIELD_PROMPT_TOKENS, 60000);
    update_number(&update, FIELD_CONTEXT_WINDOW, 120000);
    model_update(&model, &update);
    model_flush(&model);
    assert_true(metrics_compute(model.swarm, MODEL_START_NS, &metrics));
    const struct metrics *of = &metrics.agents[model_agent(&model, "main")];
    assert_false(of->window_assumed);
    assert_figure(context_full_pct(of), 50, "full");
    metrics_release(&metrics);
    model_release(&model);
}

TEST(windows_are_assumed_for_models_whose_clients_have_a_rule)
{
    static const struct {
        const char *model;
        double prompt, window;
    } rows[] = {
        {"claude-sonnet-4-5-20250929", NONE, 200000},
        {"claude-sonnet-4-5-20250929", 200000, 200000},
        {"claude-sonnet-4-5-20250929", 640000, 1000000},
        {"claude-sonnet-4-5-20250929", 1000001, NONE},
        {"claude-opus-5-5[1m]", NONE, 1000000},
        {"claude-opus-5-5[1m]", 1000001, NONE},
        {"anthropic/claude-haiku-4-5", NONE, 200000},
        {"gemini-2.5-pro", NONE, 1048576},
        {"gpt-4.1-mini", NONE, 1047576},
        {"gpt-4o", 128001, NONE},
        {"my-own-model", NONE, NONE},
        {"my-own-model", 10, NONE},
        {"", NONE, NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice model = {rows[i].model, strlen(rows[i].model)};
        double window = context_window_of(model, rows[i].prompt);
        assert_figure(window, rows[i].window, rows[i].model);
    }
}

/* A larger prompt than the assumed window shows that the window is another one. */
TEST(no_prompt_is_larger_than_its_window)
{
    struct model model;
    begin(&model, NULL);
    add_request(&model, 10, "claude-opus-5-5", 640000);
    assert_context(&model, 640000, 1000000, NONE, NONE);
    add_request(&model, 30, "gpt-4o", 640000);
    assert_context(&model, 640000, NONE, NONE, NONE);
    model_release(&model);
}

TEST(without_a_prompt_there_is_no_window)
{
    struct model model;
    begin(&model, NULL);
    add_request(&model, 10, "claude-opus-5-5", NONE);
    assert_context(&model, NONE, NONE, NONE, NONE);
    model_release(&model);
}

static bool count_span(void *ctx, span_no span)
{
    (void)span;
    ++*(size_t *)ctx;
    return true;
}

/* The growth is part of each picture: what it reads of an agent must not grow with its requests. */
TEST(the_growth_reads_few_of_many_requests)
{
    struct model model;
    size_t read = 0;
    const struct span_predicate predicate = {.holds = count_span, .ctx = &read};
    struct metrics metrics = {
        .requests = 200, .context_tokens = NONE, .compactions = NONE, .context_growth = NONE};
    begin(&model, NULL);
    for (int i = 0; i < 200; i++) {
        add_request(&model, 20 * i, "m", 1000 + i);
    }
    model_flush(&model);
    context_gather(model.swarm, &predicate, model_agent(&model, "main"), &metrics);
    assert_figure(metrics.context_growth, CONTEXT_SPANS - 1, "growth");
    assert_true(read > 0 && read < 8);
    model_release(&model);
}

TEST(the_caches_part_of_the_estimate_is_counted)
{
    static const struct price row = {"m", 10, 100, 1, 12};
    static const struct prices prices = {&row, 1};
    const struct swarm_config config = {{0, 0}, &prices};
    struct model model;
    struct swarm_metrics metrics;
    begin(&model, &config);
    struct update update = request_update("r", 0, 10);
    update_string(&update, FIELD_MODEL, "m");
    update_number(&update, FIELD_PROMPT_TOKENS, 3e6);
    update_number(&update, FIELD_OUTPUT_TOKENS, 1e5);
    update_number(&update, FIELD_CACHE_READ_TOKENS, 1e6);
    update_number(&update, FIELD_CACHE_CREATION_TOKENS, 1e6);
    model_update(&model, &update);
    model_flush(&model);
    assert_true(metrics_compute(model.swarm, MODEL_START_NS, &metrics));
    assert_figure(metrics.totals.cost_estimate_usd, 10 + 10 + 1 + 12, "estimate");
    assert_figure(metrics.totals.cache_cost_share_pct, 100 * 13.0 / 33, "the cache's share");
    metrics_release(&metrics);
    model_release(&model);
}
