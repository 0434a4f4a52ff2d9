/* Turns, paths and what-if of small swarms: calls that cross a turn's ends, clocks that differ. */
#include "core/analysis/reasons.h"
#include "core/analysis/why.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>

static void start_model(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
}

static void add(struct model *model, struct update update, const char *agent)
{
    if (agent != NULL) {
        update.agent_id = model_text(agent);
    }
    model_update(model, &update);
}

static void add_turn(struct model *model, const char *id, double start, double end,
                     const char *agent)
{
    add(model, call_update(CALL_INTERACTION, PRECEDENCE_FILES, id, start, end), agent);
}

static void add_agent(struct model *model, const char *id, const char *parent)
{
    struct update update = agent_update(PRECEDENCE_FILES, id);
    update_string(&update, FIELD_PARENT_AGENT_ID, parent);
    model_update(model, &update);
}

/* The turns as `length agent.number` in ms, longest first. */
static void put_turns(const struct swarm *swarm, double now, char *out, size_t size)
{
    struct call_children children;
    size_t count, len = 0;
    assert_true(call_children_init(&children, swarm));
    struct turn *turns = turns_list(swarm, &children, model_ns(now), &count);
    out[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct agent *agent = swarm_agent(swarm, turns[i].agent);
        bool main_agent = (agent->flags & AGENT_MAIN) != 0;
        len += (size_t)snprintf(out + len, size - len, "%s%g %s.%d%s", i > 0 ? ", " : "",
                                (double)(turns[i].end_ns - turns[i].start_ns) / 1e6,
                                main_agent ? "main" : swarm_text(swarm, agent->agent_id),
                                (int)turns[i].number, turns[i].open ? " open" : "");
    }
    mem_free(swarm_mem(swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
    call_children_release(&children);
}

/* Makes the answers for the main agent's turn at a time. */
static void why_at(const struct model *model, double at, struct why *why)
{
    struct turn turn;
    size_t main_agent = 0;
    while ((swarm_agent(model->swarm, (agent_no)main_agent)->flags & AGENT_MAIN) == 0) {
        main_agent++;
    }
    assert_true(
        turn_at(model->swarm, NULL, (agent_no)main_agent, model_ns(at), model_ns(100000), &turn));
    assert_true(why_make(why, model->swarm, NULL, &turn, model_ns(100000)));
}

/* A sub-agent that a turn launched and the next one waited for. */
TEST(a_call_that_began_before_the_run_is_on_its_path)
{
    struct model model;
    struct why why;
    start_model(&model);
    add_turn(&model, "i1", 0, 3000, NULL);
    add_turn(&model, "i2", 10000, 70000, NULL);
    add_agent(&model, "b", "s");
    add(&model, request_update("r1", 0, 1000), NULL);
    add(&model, tool_update("A", 1000, 1100, "Agent", NULL), NULL);
    add(&model, request_update("b1", 1020, 61020), "b");
    add(&model, request_update("r2", 1200, 2700), NULL);
    add(&model, request_update("r3", 10000, 11000), NULL);
    struct update wait = tool_update("W", 11000, 61020, "wait_agent", NULL);
    update_string(&wait, FIELD_CHILD_AGENT_ID, "b");
    model_update(&model, &wait);
    add(&model, request_update("r4", 61100, 63100), NULL);
    model_flush(&model);
    why_at(&model, 20000, &why);
    /* All but 80 ms before the last request and what is after it. */
    assert_int_equal(why.path.part_ns[PART_OVERHEAD], 6980 * INT64_C(1000000));
    why_release(&why);
    model_release(&model);
}

/* A tool that ends after the next request's start, by its source's clock, saves no more than the
   time before that start. */
TEST(what_if_saves_no_more_than_the_path_has)
{
    struct model model;
    struct why why;
    start_model(&model);
    add_turn(&model, "i", 0, 20000, NULL);
    double at = 0;
    for (int i = 0; i < 10; i++, at += 1000) {
        char request[8], tool[8];
        snprintf(request, sizeof request, "r%d", i);
        snprintf(tool, sizeof tool, "t%d", i);
        add(&model, request_update(request, at, at + 950), NULL);
        add(&model, tool_update(tool, at + 950, at + 1040, "Read", NULL), NULL);
    }
    add(&model, request_update("last", at, at + 900), NULL);
    model_flush(&model);
    why_at(&model, 1, &why);
    assert_true(why.what_if_count >= 2);
    for (size_t i = 0; i < why.what_if_count; i++) {
        const struct what_if *kind = &why.what_if[i];
        if (kind->saves_ns > why.path.part_ns[kind->kind.part]) {
            fail_msg("%s saves %lld ns of %lld", path_parts[kind->kind.part].key,
                     (long long)kind->saves_ns, (long long)why.path.part_ns[kind->kind.part]);
        }
    }
    why_release(&why);
    model_release(&model);
}

static void add_sub_agent(struct model *model, const char *id, double start, double end)
{
    char call[24], request[24];
    snprintf(call, sizeof call, "call %s", id);
    snprintf(request, sizeof request, "request %s", id);
    add_agent(model, id, "s");
    struct update update = tool_update(call, start, end, "Agent", NULL);
    update_string(&update, FIELD_CHILD_AGENT_ID, id);
    add(model, update, NULL);
    add(model, request_update(request, start + 10, end), id);
}

TEST(a_sub_agent_that_still_works_is_not_off_the_path_of_a_turn_that_runs)
{
    for (int ended = 0; ended < 2; ended++) {
        struct model model;
        struct why why;
        assert_true(model_init(&model, &mem_libc));
        add_turn(&model, "turn", 0, ended ? 9000 : UNKNOWN, NULL);
        add(&model, request_update("r", 0, 1000), NULL);
        add_sub_agent(&model, "a", 1000, 5000);
        add_sub_agent(&model, "b", 1000, ended ? 8000 : UNKNOWN);
        add_sub_agent(&model, "c", 1000, ended ? 8500 : UNKNOWN);
        model_flush(&model);
        why_at(&model, 1, &why);
        assert_int_equal(why.turn.open, !ended);
        assert_int_equal(why.path.off_path_count, ended ? 2 : 1);
        assert_int_equal(why.path.running_count, ended ? 0 : 1);
        assert_int_equal(why.path.agent_count, 3);
        why_release(&why);
        model_release(&model);
    }
}

/* Two tools side by side: the wait lies in both, and belongs to the one that it names. */
TEST(a_wait_is_of_the_call_that_its_record_names)
{
    for (int of = 0; of < 2; of++) {
        struct model model;
        struct why why;
        assert_true(model_init(&model, &mem_libc));
        add_turn(&model, "turn", 0, 30000, NULL);
        add(&model, request_update("r1", 0, 1000), NULL);
        add(&model, tool_update("t1", 1000, 20000, "Bash", NULL), NULL);
        add(&model, tool_update("t2", 1000, 25000, "Write", NULL), NULL);
        struct update wait = call_update(CALL_WAIT, PRECEDENCE_FILES, "w", 1000, 10000);
        update_string(&wait, FIELD_PARENT_ID, of == 0 ? "t1" : "t2");
        add(&model, wait, NULL);
        add(&model, request_update("r2", 25100, 30000), NULL);
        model_flush(&model);
        why_at(&model, 1, &why);
        /* The path is through the tool that ended last. */
        assert_int_equal(why.path.part_ns[PART_WAIT] / 1000000, of == 0 ? 0 : 9000);
        assert_int_equal(why.path.part_ns[PART_TOOL] / 1000000, of == 0 ? 24000 : 15000);
        why_release(&why);
        model_release(&model);
    }
}

/* Two turns of an agent whose source has no interactions, and the same within one. */
TEST(time_until_a_person_writes_again_is_no_overhead)
{
    for (int has_turn = 0; has_turn < 2; has_turn++) {
        struct model model;
        struct why why;
        int64_t sum = 0;
        assert_true(model_init(&model, &mem_libc));
        if (has_turn) {
            add_turn(&model, "turn", 0, 61000, NULL);
        }
        add(&model, request_update("r1", 0, 1000), NULL);
        add(&model, tool_update("t1", 1100, 2000, "Bash", NULL), NULL);
        add(&model, request_update("r2", 2100, 3000), NULL);
        add(&model, request_update("r3", 60000, 61000), NULL);
        model_flush(&model);
        why_at(&model, 1, &why);
        for (int part = 0; part < PATH_PARTS; part++) {
            sum += why.path.part_ns[part];
        }
        assert_int_equal(sum, why.turn.end_ns - why.turn.start_ns);
        assert_int_equal(why.path.part_ns[PART_IDLE] / 1000000, has_turn ? 0 : 57000);
        assert_int_equal(why.path.part_ns[PART_OVERHEAD] / 1000000, has_turn ? 57200 : 200);
        why_release(&why);
        model_release(&model);
    }
}

TEST(an_interaction_without_an_end_ends_where_the_next_starts)
{
    struct model model;
    char text[200];
    start_model(&model);
    add_turn(&model, "i1", 0, UNKNOWN, NULL);
    add(&model, request_update("r1", 0, 1000), NULL);
    add_turn(&model, "i2", 100, 150, NULL);
    add(&model, request_update("r2", 100, 140), NULL);
    add_turn(&model, "i3", 300, UNKNOWN, NULL);
    model_flush(&model);
    put_turns(model.swarm, 2000, text, sizeof text);
    assert_string_equal(text, "2700 main.3 open, 100 main.1, 50 main.2");
    model_release(&model);
}

static bool all_count(const void *ctx, agent_no agent)
{
    (void)ctx;
    (void)agent;
    return true;
}

/* A client that a Bash call started is in the caller's turn as that call; its own interactions are
   turns, too, and no second reason. */
TEST(interactions_of_a_nested_session_are_turns)
{
    struct model model;
    struct reasons reasons;
    char text[200];
    start_model(&model);
    add_turn(&model, "i1", 0, 5000, NULL);
    add(&model, request_update("r1", 0, 1000), NULL);
    add(&model, tool_update("t1", 1000, 5000, "Bash", NULL), NULL);
    struct update nested = session_update(PRECEDENCE_FILES);
    nested.session_id = model_text("n");
    update_string(&nested, FIELD_PARENT_SESSION_ID, "s");
    model_update(&model, &nested);
    struct update of_nested[] = {call_update(CALL_INTERACTION, PRECEDENCE_FILES, "i", 1500, 4500),
                                 request_update("r", 1500, 4500)};
    for (size_t i = 0; i < sizeof of_nested / sizeof *of_nested; i++) {
        of_nested[i].session_id = model_text("n");
        model_update(&model, &of_nested[i]);
    }
    model_flush(&model);
    put_turns(model.swarm, 100000, text, sizeof text);
    assert_string_equal(text, "5000 main.1, 3000 main.1");
    assert_true(reasons_make(&reasons, model.swarm, model_ns(100000), all_count, NULL));
    assert_int_equal(reasons.total_ns, 5000 * INT64_C(1000000));
    reasons_release(&reasons);
    model_release(&model);
}
