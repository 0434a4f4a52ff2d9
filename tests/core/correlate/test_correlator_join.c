/* Sessions that are one, and agents that are one: whatever belonged to the one belongs to the other
   then, in whatever order that becomes known, and the time for it is that of what moves. */
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct model begun(void)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    return model;
}

/* A run of the main agent: its call, which has its id, and one that names it. */
static void take_run(struct model *model, const char *run)
{
    struct update call = tool_update(run, 1, 90, "Agent", NULL);
    call.agent_id = model_text(run);
    model_update(model, &call);
    call = tool_update("named", 10, 20, "Bash", NULL);
    call.agent_id = model_text(run);
    update_string(&call, FIELD_PARENT_ID, run);
    model_update(model, &call);
    call = tool_update("below", 30, 40, "Read", NULL);
    update_string(&call, FIELD_PARENT_ID, run);
    model_update(model, &call);
}

static void take_end(struct model *model, const char *run)
{
    struct update end = agent_update(PRECEDENCE_FILES, run);
    update_string(&end, FIELD_NAME, "worker");
    update_string(&end, FIELD_PARENT_AGENT_ID, "s");
    update_number(&end, FIELD_START_MS, at_ms(1));
    update_number(&end, FIELD_END_MS, at_ms(1000));
    model_update(model, &end);
}

static void take_alias(struct model *model, const char *run)
{
    struct update alias = agent_update(PRECEDENCE_FILES, "s");
    update_string(&alias, FIELD_ALIAS, run);
    model_update(model, &alias);
}

static void assert_on_main(const struct model *model, const char *name)
{
    const struct span *span = swarm_span(model->swarm, model_span(model, name, 0));
    assert_true((swarm_agent(model->swarm, span->agent)->flags & AGENT_MAIN) != 0);
}

TEST(calls_of_a_run_are_the_main_agents_whoever_they_name)
{
    struct model model = begun();
    take_run(&model, "run");
    model_flush(&model);
    take_alias(&model, "run");
    model_flush(&model);
    assert_on_main(&model, "Tool: Agent");
    assert_on_main(&model, "Tool: Bash");
    assert_on_main(&model, "Tool: Read");
    model_release(&model);
}

TEST(the_end_of_a_run_is_not_the_end_of_its_main_agent)
{
    static const char orders[][4] = {"rea", "rae", "era", "ear", "are", "aer"};
    char *expected = NULL;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct model model = begun();
        for (const char *at = orders[i]; *at != '\0'; at++) {
            if (*at == 'r') {
                take_run(&model, "run");
            } else if (*at == 'e') {
                take_end(&model, "run");
            } else {
                take_alias(&model, "run");
            }
            model_flush(&model);
        }
        char *got = updates_describe(model.swarm, WITH_LIVE | WITH_FIGURES);
        assert_null(strstr(got, "done"));
        if (expected != NULL) {
            assert_described(expected, got, orders[i]);
        }
        free(expected);
        expected = got;
        model_release(&model);
    }
    free(expected);
}

/* An id of the session names its main agent, in calls, agents and parents. */
TEST(an_alias_of_a_session_is_its_main_agent)
{
    char *expected = NULL;
    for (int first = 0; first < 2; first++) {
        struct model model = begun();
        struct update alias = session_update(PRECEDENCE_FILES);
        update_string(&alias, FIELD_ALIAS, "trace:1");
        if (first == 0) {
            model_update(&model, &alias);
        }
        struct update call = tool_update("a", 10, 20, "Bash", NULL);
        call.agent_id = model_text("trace:1");
        model_update(&model, &call);
        struct update child = agent_update(PRECEDENCE_FILES, "kid");
        update_string(&child, FIELD_PARENT_AGENT_ID, "trace:1");
        model_update(&model, &child);
        model_flush(&model);
        if (first == 1) {
            model_update(&model, &alias);
            model_flush(&model);
        }
        assert_on_main(&model, "Tool: Bash");
        char *got = updates_describe(model.swarm, WITH_LIVE | WITH_FIGURES);
        if (expected != NULL) {
            assert_described(expected, got, "the alias comes last");
        }
        free(expected);
        expected = got;
        model_release(&model);
    }
    free(expected);
}

TEST(a_run_with_events_keeps_its_row)
{
    struct model model = begun();
    take_end(&model, "run");
    model_flush(&model);
    struct op_context at = {.session = correlator_session(model.correlator, model_text("s")),
                            .t_ms = at_ms(5),
                            .agent_id = model_text("run")};
    tracer_instant(model.tracer, &at, model_text("mark"), model_text("x"), model_text(NULL));
    tracer_start_tool(model.tracer, &at, model_text("1"), model_text("Edit"), model_text(NULL));
    take_alias(&model, "run");
    model_flush(&model);
    const struct span *span = swarm_span(model.swarm, model_span(&model, "Tool: Edit", 0));
    assert_int_equal(swarm_agent(model.swarm, span->agent)->flags & AGENT_DEAD, 0);
    model_release(&model);
}

/* The only time of a session may be that of an end. */
TEST(an_end_of_a_joined_session_is_no_start)
{
    struct model model = begun();
    struct update end = agent_update(PRECEDENCE_FILES, "kid");
    end.session_id = model_text("trace:1");
    update_number(&end, FIELD_END_MS, at_ms(100));
    model_update(&model, &end);
    struct update over = session_update(PRECEDENCE_FILES);
    update_number(&over, FIELD_START_MS, at_ms(0));
    update_number(&over, FIELD_END_MS, at_ms(90));
    update_string(&over, FIELD_ALIAS, "trace:1");
    model_update(&model, &over);
    model_flush(&model);
    session_no session = correlator_session(model.correlator, model_text("s"));
    assert_true((swarm_session(model.swarm, session)->flags & SESSION_ENDED) != 0);
    model_release(&model);
}

/* ---- the time ---- */

/* Joins sessions of a call each, and runs of two, in a model with so many other calls. */
static double seconds_of_joins(unsigned others)
{
    enum { JOINS = 1000 };
    struct model model = begun();
    char id[16], session[16];
    for (unsigned i = 0; i < others; i++) {
        snprintf(id, sizeof id, "c%u", i);
        struct update call = tool_update(id, i, i + 1, "Bash", NULL);
        call.session_id = model_text("other");
        model_update(&model, &call);
    }
    model_flush(&model);
    clock_t start = clock();
    for (unsigned i = 0; i < JOINS; i++) {
        snprintf(session, sizeof session, "t%u", i);
        snprintf(id, sizeof id, "j%u", i);
        struct update call = tool_update(id, i, i + 1, "Bash", NULL);
        call.session_id = model_text(session);
        call.agent_id = model_text(id);
        model_update(&model, &call);
        struct update alias = session_update(PRECEDENCE_FILES);
        update_string(&alias, FIELD_ALIAS, session);
        model_update(&model, &alias);
        model_flush(&model);
        take_alias(&model, id);
        model_flush(&model);
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    model_release(&model);
    return seconds;
}

TEST(a_join_costs_what_it_moves)
{
    double alone = seconds_of_joins(10), among_many = seconds_of_joins(200000);
    if (among_many > 4 * alone + 0.1) {
        fail_msg("%.3f s for joins among 200,000 calls, %.3f s alone", among_many, alone);
    }
}
