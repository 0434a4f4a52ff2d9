/* Tokens that runs of agents claim: what counts does not depend on the order in which updates come, nor on flushes between them, and
   the work for it is that of one run, however many lie in each other. */
#include "core/correlate/correlator_private.h"
#include "core/query/metrics.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <string.h>

static struct model begun(void)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    return model;
}

/* A call from 1 ms on. `tokens` 0: none are known. `parent` NULL: none. */
static struct update call_of(enum call_kind kind, const char *id, const char *parent, double tokens)
{
    struct update call = call_update(kind, PRECEDENCE_FILES, id, 1, 1000);
    update_string(&call, FIELD_PARENT_ID, parent);
    if (tokens > 0) {
        update_number(&call, FIELD_PROMPT_TOKENS, tokens);
    }
    return call;
}

static void take(struct model *model, enum call_kind kind, const char *id, const char *parent,
                 double tokens)
{
    struct update call = call_of(kind, id, parent, tokens);
    model_update(model, &call);
}

static double prompt_tokens(const struct model *model)
{
    struct swarm_metrics metrics;
    assert_true(metrics_compute_totals(model->swarm, MODEL_START_NS, &metrics));
    double tokens = metrics.totals.prompt_tokens;
    metrics_release(&metrics);
    return isnan(tokens) ? 0 : tokens;
}

/* ---- the work ---- */

/* The calls that are looked at for so many tools in the innermost of so many runs, a flush each. */
static uint64_t work_of(unsigned runs, unsigned tools, bool request)
{
    struct model model = begun();
    char id[16], parent[16];
    for (unsigned i = 0; i < runs; i++) {
        snprintf(id, sizeof id, "R%u", i);
        snprintf(parent, sizeof parent, "R%u", i - 1);
        take(&model, CALL_INTERACTION, id, i == 0 ? NULL : parent, 100000 - i);
        model_flush(&model);
    }
    snprintf(parent, sizeof parent, "R%u", runs - 1);
    if (request) {
        take(&model, CALL_REQUEST, "q", parent, 900);
    }
    uint64_t before = model.correlator->usage.work;
    for (unsigned i = 0; i < tools; i++) {
        snprintf(id, sizeof id, "t%u", i);
        take(&model, CALL_TOOL, id, parent, 0);
        model_flush(&model);
    }
    uint64_t work = model.correlator->usage.work - before;
    assert_float_equal(prompt_tokens(&model), (request ? 900 : 100000), 0);
    model_release(&model);
    return work;
}

TEST(runs_in_each_other_cost_what_one_does)
{
    enum { TOOLS = 1000, LEVELS = 200 };
    for (int request = 0; request < 2; request++) {
        uint64_t one = work_of(1, TOOLS, request != 0), all = work_of(LEVELS, TOOLS, request != 0);
        if (all > one + 4 * TOOLS * LEVELS) {
            fail_msg("%llu calls looked at in %d runs, %llu in one", (unsigned long long)all,
                     LEVELS, (unsigned long long)one);
        }
    }
}

/* ---- a cap ---- */

/* A run that is reported late has lost requests that were dropped with it: its claim may be theirs. */
TEST(a_run_that_may_have_lost_requests_counts_nothing)
{
    const struct swarm_config config = {.max_events = {400, 400}};
    struct model model;
    char id[16];
    assert_true(model_init_with(&model, &mem_libc, &config));
    take(&model, CALL_INTERACTION, "R", NULL, 0);
    take(&model, CALL_REQUEST, "q", "R", 900);
    for (unsigned i = 0; i < 400; i++) {
        if (i == 120) {
            take(&model, CALL_REQUEST, "q2", "R", 900);
        }
        snprintf(id, sizeof id, "t%u", i);
        struct update filler = tool_update(id, 1000 + i, 1001 + i, "Bash", NULL);
        model_update(&model, &filler);
        model_flush(&model);
        if (i >= 120 && prompt_tokens(&model) < 1000) {
            break; /* the first request has gone */
        }
    }
    assert_float_equal(prompt_tokens(&model), 900, 0);
    struct update late = call_of(CALL_INTERACTION, "R", NULL, 1000);
    update_number(&late, FIELD_END_MS, at_ms(60000));
    model_update(&model, &late);
    model_flush(&model);
    assert_float_equal(prompt_tokens(&model), 900, 0);
    model_release(&model);
}

/* ---- order ---- */

/* Two runs claim 1000 tokens each. Two sources report one request, below each of them, and then that it is one. */
static void take_story(struct model *model, char what)
{
    struct update call;
    switch (what) {
    case '1': take(model, CALL_INTERACTION, "R1", NULL, 1000); break;
    case '2': take(model, CALL_INTERACTION, "R2", NULL, 1000); break;
    case 'q':
        call = call_of(CALL_REQUEST, "q", "R1", 0);
        call.precedence = PRECEDENCE_HOOKS;
        model_update(model, &call);
        break;
    case 'p': take(model, CALL_REQUEST, "p", "R2", 900); break;
    default:
        call = call_of(CALL_REQUEST, "p", NULL, 0);
        update_string(&call, FIELD_ALIAS, "q");
        model_update(model, &call);
    }
}

TEST(a_call_that_gets_another_parent_leaves_the_first_run)
{
    static const char *const orders[] = {"12apq", "12qpa", "qpa12", "12aqp", "12pqa", "pq12a"};
    double expected = 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        for (int flushes = 0; flushes < 2; flushes++) {
            struct model model = begun();
            for (const char *at = orders[i]; *at != '\0'; at++) {
                take_story(&model, *at);
                if (flushes == 1) {
                    model_flush(&model);
                }
            }
            model_flush(&model);
            double got = prompt_tokens(&model);
            expected = i + (size_t)flushes == 0 ? got : expected;
            if (got < expected || got > expected) {
                fail_msg("%s: %.0f tokens, %.0f before", orders[i], got, expected);
            }
            model_release(&model);
        }
    }
}

/* So many levels below a run are looked at, whenever the last one comes. */
TEST(a_request_too_far_below_gives_the_same_at_any_time)
{
    for (unsigned levels = 255; levels < 260; levels++) {
        double tokens[2];
        for (int early = 0; early < 2; early++) {
            struct model model = begun();
            char id[16], parent[16];
            take(&model, CALL_INTERACTION, "p0", NULL, 1000);
            for (unsigned i = 1; i < levels; i++) {
                snprintf(id, sizeof id, "p%u", i);
                snprintf(parent, sizeof parent, "p%u", i - 1);
                take(&model, CALL_SPAN, id, parent, 0);
            }
            if (early == 1) {
                model_flush(&model);
            }
            take(&model, CALL_REQUEST, "q", id, 5);
            model_flush(&model);
            tokens[early] = prompt_tokens(&model);
            model_release(&model);
        }
        if (tokens[0] < 5 || tokens[0] > 5 || tokens[1] < 5 || tokens[1] > 5) {
            fail_msg("%u levels below: %.0f and %.0f tokens", levels, tokens[0], tokens[1]);
        }
    }
}

/* ---- memory ---- */

/* Memory of which one allocation fails. */
struct one_lack {
    const struct mem *mem;
    long allow; /* so many succeed before it; negative: none fails any more */
};

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct one_lack *lack = ctx;
    if (new_size > 0 && lack->allow >= 0 && lack->allow-- == 0) {
        return NULL;
    }
    return lack->mem->resize(lack->mem->ctx, ptr, old_size, new_size);
}

/* Whichever allocation fails, what was counted of a claim is taken back. */
TEST(a_claim_is_taken_back_after_a_lack_of_memory)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = -1};
        struct mem all = failing_mem(&failing);
        struct one_lack lack = {&all, -1};
        struct mem mem = {.resize = resize, .ctx = &lack};
        struct model model;
        assert_true(model_init(&model, &mem));
        take(&model, CALL_TOOL, "t", NULL, 0);
        take(&model, CALL_INTERACTION, "R", NULL, 1000);
        lack.allow = allow;
        bool good = correlator_flush(model.correlator);
        done = lack.allow >= 0;
        lack.allow = -1;
        assert_true(good || !done);
        model_flush(&model);
        assert_float_equal(prompt_tokens(&model), 1000, 0);
        take(&model, CALL_REQUEST, "q", "R", 900);
        model_flush(&model);
        assert_float_equal(prompt_tokens(&model), 900, 0);
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}
