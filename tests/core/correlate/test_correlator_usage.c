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
    assert_float_equal(prompt_tokens(&model), request ? 900 : 100000, 0);
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
