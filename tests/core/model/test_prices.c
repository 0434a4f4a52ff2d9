/* Prices of models: which row is a model's, and what tokens cost. */
#include "core/model/prices.h"

#include "tests/support/support.h"

#include <math.h>
#include <string.h>

static const struct price rows[] = {
    {"claude-opus-5", 5, 25, 0.5, 6.25},
    {"claude-opus-5-5", 10, 50, 1, 12.5},
    {"gpt-5", 1, 10, 1, 1},
    {"openai/gpt-5", 2, 20, 2, 2},
    {"qwen3*", 1, 1, 1, 1},
};
static const struct prices prices = {rows, sizeof rows / sizeof *rows};

TEST(a_model_has_the_longest_row_that_begins_its_name)
{
    static const struct {
        const char *model, *row; /* NULL: none */
    } cases[] = {
        {"claude-opus-5", "claude-opus-5"},
        {"claude-opus-5-20260101", "claude-opus-5"},
        {"claude-opus-5-5", "claude-opus-5-5"},
        {"claude-opus-5-5-20260101", "claude-opus-5-5"},
        {"claude-opus-5[1m]", "claude-opus-5"},
        {"claude-opus-5-latest", "claude-opus-5"},
        {"us/anthropic/claude-opus-5@3", "claude-opus-5"},
        {"us.anthropic.claude-opus-5-20260101-v1:0", "claude-opus-5"},
        {"openai/gpt-5", "openai/gpt-5"},
        {"azure/gpt-5", "gpt-5"},
        {"gpt-5-mini", NULL},
        {"gpt-5.1", NULL},
        {"qwen3-coder-plus", "qwen3*"},
        {"gpt-51", NULL},
        {"gpt", NULL},
        {"", NULL},
        {"claude-opus-5/", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice model = {cases[i].model, strlen(cases[i].model)};
        const struct price *price = prices_find(&prices, model);
        bool same = cases[i].row == NULL ? price == NULL
                                         : price != NULL && strcmp(price->model, cases[i].row) == 0;
        if (!same) {
            fail_msg("%s: %s", cases[i].model, price == NULL ? "no price" : price->model);
        }
    }
    assert_null(prices_find(NULL, (struct slice){"gpt-5", 5}));
}

TEST(a_row_for_all_is_the_last_resort)
{
    static const struct price all[] = {
        {"*", 1, 1, 1, 1}, {"opus", 5, 25, 1, 1}, {"gpt*", 2, 2, 2, 2}};
    static const struct prices with_all = {all, sizeof all / sizeof *all};
    static const struct {
        const char *model, *row;
    } cases[] = {
        {"opus", "opus"},   {"us.anthropic.opus", "opus"},
        {"x/opus", "opus"}, {"x/gpt-5", "gpt*"},
        {"opus-mini", "*"}, {"x/local", "*"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice model = {cases[i].model, strlen(cases[i].model)};
        assert_string_equal(prices_find(&with_all, model)->model, cases[i].row);
    }
}

TEST(cached_tokens_have_prices_of_their_own)
{
    static const struct {
        struct priced_tokens tokens;
        double usd;
    } cases[] = {
        {{1000000, 100000, NAN, NAN}, 5 + 2.5},
        /* 200,000 plain, 700,000 read, 100,000 written */
        {{1000000, 0, 700000, 100000}, 1 + 0.35 + 0.625},
        {{100, 0, 700, 0}, 0.00035}, /* more cached than there are */
        {{NAN, 1000, NAN, NAN}, 0.025},
        {{NAN, NAN, 5, 5}, NAN},
        {{1e300, 0, 0, 0}, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double cost = prices_cost(&rows[0], &cases[i].tokens) / 1e9;
        if (isnan(cases[i].usd) ? !isnan(cost) : !(fabs(cost - cases[i].usd) < 1e-9)) {
            fail_msg("case %zu: %g, not %g", i, cost, cases[i].usd);
        }
    }
}
