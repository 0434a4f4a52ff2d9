/* Property: the cached verdicts of a filter equal fresh ones, whatever happens to the model between
   two frames. */
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"
#include "tui/views/filter_cache.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 60, STEPS = 40 };

static const char *const filters[] = {"bash",
                                      "agent:two",
                                      "-agent:two error:no",
                                      "open:yes",
                                      "dur>2s",
                                      "kind:tool one",
                                      "state:tool make",
                                      "new",
                                      "zz",
                                      "-ls"};

static struct filter_cache *make(const char *text)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct filter *filter = filter_new(&mem_libc, text, strlen(text), &error);
    assert_non_null(filter);
    struct filter_cache *cache = filter_cache_new(&mem_libc, filter);
    assert_non_null(cache);
    strbuf_release(&error);
    return cache;
}

static void change(struct model *model, uint64_t *seed, double *now_ms)
{
    static const char *const names[] = {"Tool: Bash", "Tool: Read", "API Call"};
    static const char *const cats[] = {"tool", "tool", "api"};
    static const char *const args[] = {"{\"command\":\"make\"}", "{\"command\":\"ls\"}", "{}",
                                       "{\"success\":false}"};
    static const char *const agents[] = {"one", "two", "new two"};
    size_t kind = support_random(seed) % 3;
    struct model_span span = {.pid = (int)(support_random(seed) % 3) + 1,
                              .name = names[kind],
                              .cat = cats[kind],
                              .from_ms = *now_ms,
                              .to_ms = *now_ms + (double)(support_random(seed) % 5000),
                              .args = args[support_random(seed) % 4],
                              .end_args = args[support_random(seed) % 4]};
    *now_ms += (double)(support_random(seed) % 700);
    switch (support_random(seed) % 8) {
    case 0: assert_true(model_name(model, span.pid, agents[support_random(seed) % 3])); break;
    case 1: span.to_ms = (double)NAN; /* fallthrough */
    default: assert_true(model_add(model, &span));
    }
}

static void check(struct filter_cache *cache, const struct model *model, int64_t local_ns)
{
    const struct filter *filter = filter_cache_filter(cache);
    filter_cache_begin(cache, model->swarm, NULL, local_ns);
    for (agent_no agent = 0; agent < swarm_agent_count(model->swarm); agent++) {
        bool want = filter_matches_agent(filter, model->swarm, agent, local_ns);
        for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
            const struct span *span = swarm_span(model->swarm, no);
            bool in_lane = span != NULL && span->agent == agent && !span_is_phase(span->kind) &&
                           span->kind != SPAN_INTERACTION;
            want |= in_lane && filter_matches_span(filter, model->swarm, no, local_ns);
        }
        assert_int_equal(filter_cache_has_agent(cache, agent), want);
    }
    for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
        bool want = filter_matches_span(filter, model->swarm, no, local_ns);
        assert_int_equal(filter_cache_has_span(cache, no), want);
        assert_int_equal(
            filter_cache_predicate(cache)->holds(filter_cache_predicate(cache)->ctx, no), want);
    }
}

TEST(what_is_remembered_is_what_would_be_said)
{
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        uint64_t random = seed;
        double now_ms = 0;
        struct model model;
        struct swarm_config config = {.max_events = {0, seed % 3 == 0 ? 50 : 0}};
        assert_true(model_init(&model, &mem_libc));
        if (seed % 3 == 0) { /* with a cap */
            model_release(&model);
            model = (struct model){.session = NO_SESSION};
            model.swarm = swarm_new(&mem_libc, &config);
            model.tracer = tracer_new(model.swarm);
        }
        assert_true(model_open_file(&model, "s"));
        struct filter_cache *cache = make(filters[seed % (sizeof filters / sizeof filters[0])]);
        for (int step = 0; step < STEPS; step++) {
            for (uint64_t i = support_random(&random) % 6; i > 0; i--) {
                change(&model, &random, &now_ms);
            }
            check(cache, &model, model_ns(now_ms));
        }
        filter_cache_free(cache);
        model_release(&model);
    }
}

/* Calls that have ended are corrected between two frames: few of them, and more than the model
   remembers. */
TEST(a_corrected_call_is_asked_again)
{
    static const char *const asked[] = {"error:yes", "error:no", "args.why=late", "dur>2s",
                                        "-late"};
    enum { CALLS = 200 };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct model model;
        struct filter_cache *cache = make(asked[i]);
        assert_true(model_init(&model, &mem_libc));
        for (int corrected = 0; corrected <= CALLS; corrected = corrected * 3 + 1) {
            char id[16];
            for (int call = 0; call < CALLS; call++) {
                snprintf(id, sizeof id, "c%d", call);
                struct update update = tool_update(id, call, call + 1, "Bash", NULL);
                if (call < corrected) {
                    update = tool_update(id, call, call + 5000, "Bash", "{\"why\":\"late\"}");
                    update.precedence = PRECEDENCE_HOOKS;
                    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
                }
                if (corrected == 0 || call < corrected) {
                    model_update(&model, &update);
                }
            }
            model_flush(&model);
            check(cache, &model, model_ns(99999));
        }
        filter_cache_free(cache);
        model_release(&model);
    }
}
