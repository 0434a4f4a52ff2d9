/* Sums over all turns by kind of call, and whose turns count. */
#include "core/analysis/reasons.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <string.h>

static void add(struct model *model, struct update update, const char *agent)
{
    if (agent != NULL) {
        update.agent_id = model_text(agent);
    }
    model_update(model, &update);
}

static void add_turn(struct model *model, const char *id, double start, double end)
{
    add(model, call_update(CALL_INTERACTION, PRECEDENCE_FILES, id, start, end), NULL);
}

/* Turn 1: a request of 1 s, Bash 2 s, a request of 1 s that came 0.5 s later. Turn 2: a request of
   3 s, then a sub-agent's Bash of 4 s, and 0.2 s of its own. */
static void make_story(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
    struct update agent = agent_update(PRECEDENCE_FILES, "b");
    update_string(&agent, FIELD_PARENT_AGENT_ID, "s");
    model_update(model, &agent);
    add_turn(model, "i1", 0, 4500);
    add(model, request_update("r1", 0, 1000), NULL);
    add(model, tool_update("t1", 1000, 3000, "Bash", NULL), NULL);
    add(model, request_update("r2", 3500, 4500), NULL);
    add_turn(model, "i2", 10000, 17200);
    add(model, request_update("r3", 10000, 13000), NULL);
    struct update call = tool_update("A", 13000, 17000, "Agent", NULL);
    update_string(&call, FIELD_CHILD_AGENT_ID, "b");
    model_update(model, &call);
    add(model, tool_update("t2", 13000, 17000, "Bash", NULL), "b");
    model_flush(model);
}

static bool all_count(const void *ctx, agent_no agent)
{
    (void)ctx;
    (void)agent;
    return true;
}

static bool none_counts(const void *ctx, agent_no agent)
{
    (void)ctx;
    (void)agent;
    return false;
}

TEST(the_times_of_all_turns_are_summed_by_kind)
{
    struct model model;
    struct reasons reasons;
    char text[300] = "";
    int64_t sum = 0;
    make_story(&model);
    assert_true(reasons_make(&reasons, model.swarm, model_ns(100000), all_count, NULL));
    for (size_t i = 0; i < reasons.count; i++) {
        const struct reason *reason = &reasons.list[i];
        struct strbuf key;
        strbuf_init(&key, &mem_libc, 0);
        what_if_key(model.swarm, reason->kind, &key);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s %g in %d, %g in turn %d", i > 0 ? "; " : "",
                 key.data, (double)reason->ns / 1e6, (int)reason->turns,
                 (double)reason->longest_ns / 1e6, (int)reason->longest.number);
        sum += reason->ns;
        strbuf_release(&key);
    }
    assert_string_equal(text,
                        "tool Bash 6000 in 2, 4000 in turn 2; "
                        "request 5000 in 2, 3000 in turn 2; overhead 700 in 2, 500 in turn 1");
    assert_int_equal(reasons.turn_count, 2);
    assert_int_equal(reasons.total_ns, sum);
    reasons_release(&reasons);
    model_release(&model);
}

TEST(turns_of_agents_that_do_not_count_are_left_out)
{
    struct model model;
    struct reasons reasons;
    make_story(&model);
    assert_true(reasons_make(&reasons, model.swarm, model_ns(100000), none_counts, NULL));
    assert_int_equal(reasons.count, 0);
    assert_int_equal(reasons.total_ns, 0);
    reasons_release(&reasons);
    model_release(&model);
}
