/* Operations and updates share one table of sessions and agents: what one of them knows of a
   session holds for what the other has in it. */
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model begun(size_t cap)
{
    struct model model;
    struct swarm_config config = {.max_events = {[POOL_LIVE] = cap}};
    assert_true(model_init_with(&model, &mem_libc, &config));
    return model;
}

static void take_call(struct model *model, const char *session, const char *id, double start)
{
    struct update call = tool_update(id, start, UNKNOWN, "Bash", NULL);
    call.session_id = model_text(session);
    model_update(model, &call);
}

static void take_alias(struct model *model, const char *session, const char *alias)
{
    struct update update = session_update(PRECEDENCE_FILES);
    update.session_id = model_text(session);
    update_string(&update, FIELD_ALIAS, alias);
    model_update(model, &update);
    model_flush(model);
}

static session_no session_of(const struct model *model, const char *id)
{
    return correlator_session(model->correlator, model_text(id));
}

TEST(an_alias_of_an_alias_leads_to_the_last_session)
{
    struct model model = begun(0);
    take_call(&model, "trace:1", "a", 5);
    take_alias(&model, "s", "trace:1");
    take_alias(&model, "s2", "s");
    take_alias(&model, "s", "s2"); /* and back */
    take_call(&model, "trace:1", "late", 7);
    model_flush(&model);
    session_no number = session_of(&model, "s2");
    assert_int_not_equal(number, NO_SESSION);
    assert_int_equal(session_of(&model, "trace:1"), number);
    assert_int_equal(session_of(&model, "s"), number);
    for (unsigned i = 0; i < 2; i++) {
        const struct span *span = swarm_span(model.swarm, model_span(&model, "Tool: Bash", i));
        assert_int_equal(swarm_agent(model.swarm, span->agent)->session, number);
    }
    char *described = updates_describe(model.swarm, WITH_LIVE);
    assert_null(strstr(described, "trace:1"));
    free(described);
    model_release(&model);
}

/* Thousands of idle sessions go under the cap; one without any time is none of them. */
TEST(sessions_are_forgotten_while_one_without_a_time_has_calls)
{
    struct model model = begun(200);
    for (unsigned i = 0; i < 5000; i++) {
        take_call(&model, "held", "a", UNKNOWN); /* the cap drops it now and then */
        char id[16];
        snprintf(id, sizeof id, "one-%u", i);
        struct op_context at = model_at(&model, i, NULL);
        struct hello_op hello = {.session_id = model_text(id)};
        tracer_hello(model.tracer, at.t_ms, at.local_ns, &hello, &at.session);
        tracer_instant(model.tracer, &at, model_text("mark"), model_text("x"), model_text(NULL));
    }
    assert_true(swarm_session_count(model.swarm) < 5000);
    assert_int_equal(session_of(&model, "held"), NO_SESSION);
    take_call(&model, "held", "a", 6000);
    model_flush(&model);
    const struct span *span = swarm_span(model.swarm, model_span(&model, "Tool: Bash", 0));
    assert_int_equal(swarm_agent(model.swarm, span->agent)->session, session_of(&model, "held"));
    model_release(&model);
}

/* The sweep has one clock. What both began more than thirty minutes ago is closed at one tick. */
TEST(operations_move_the_clock_that_sweeps_calls_of_updates)
{
    enum { MINUTE = 60000 };
    struct model model = begun(0);
    model_hello(&model, "s", NULL);
    struct op_context at = model_at(&model, 10, NULL);
    tracer_start_tool(model.tracer, &at, model_text("op"), model_text("Read"), model_text(NULL));
    take_call(&model, "s", "a", 0);
    take_call(&model, "s", "b", 20.0 * MINUTE);
    model_flush(&model);
    at = model_at(&model, 40.0 * MINUTE, NULL);
    tracer_advance(model.tracer, &at);
    model_flush(&model);
    const struct span *a = swarm_span(model.swarm, model_span(&model, "Tool: Bash", 0));
    const struct span *b = swarm_span(model.swarm, model_span(&model, "Tool: Bash", 1));
    const struct span *op = swarm_span(model.swarm, model_span(&model, "Tool: Read", 0));
    assert_int_equal(a->end_ns, model_ns(31.0 * MINUTE));
    assert_int_equal(op->end_ns, model_ns(31.0 * MINUTE));
    assert_true((a->flags & SPAN_STALE) != 0 && (op->flags & SPAN_STALE) != 0);
    assert_true((b->flags & SPAN_OPEN) != 0);
    at = model_at(&model, 51.0 * MINUTE, NULL);
    tracer_advance(model.tracer, &at);
    model_flush(&model);
    b = swarm_span(model.swarm, model_span(&model, "Tool: Bash", 1));
    assert_int_equal(b->end_ns, model_ns(51.0 * MINUTE));
    model_release(&model);
}

/* In whatever order: the teammate's own id is the main agent's. */
TEST(an_update_may_name_a_teammate_before_its_session_begins)
{
    for (int first = 0; first < 2; first++) {
        struct model model = begun(0);
        struct update update = agent_update(PRECEDENCE_FILES, "mate");
        update_string(&update, FIELD_DESCRIPTION, "look it up");
        struct hello_op hello = {.session_id = model_text("s"),
                                 .name = model_text("Mate"),
                                 .agent_id = model_text("mate"),
                                 .parent_session_id = model_text("lead")};
        session_no session;
        for (int step = 0; step < 2; step++) {
            if (step == first) {
                model_update(&model, &update);
            } else {
                tracer_hello(model.tracer, MODEL_START_MS, MODEL_START_NS, &hello, &session);
            }
        }
        take_call(&model, "s", "a", 5);
        model_flush(&model);
        const struct agent *mate = swarm_agent(model.swarm, model_agent(&model, "Mate"));
        assert_true((mate->flags & AGENT_MAIN) != 0);
        assert_string_equal(swarm_text(model.swarm, mate->description), "look it up");
        const struct span *span = swarm_span(model.swarm, model_span(&model, "Tool: Bash", 0));
        assert_ptr_equal(swarm_agent(model.swarm, span->agent), mate);
        model_release(&model);
    }
}

/* ---- a session that is an agent of another ---- */

enum { PIECES = 7, MOST_PIECES = 12, ORDERS = 5040 };

/* How many there are. */
static unsigned make_pieces(struct update *pieces)
{
    pieces[0] = session_update(PRECEDENCE_TELEMETRY); /* telemetry has a session of its own */
    pieces[0].session_id = model_text("kid");
    update_string(&pieces[0], FIELD_NAME, "Raman");
    update_string(&pieces[0], FIELD_PARENT_SESSION_ID, "s");
    pieces[1] = request_update("r", 10, 20);
    pieces[1].precedence = PRECEDENCE_TELEMETRY;
    pieces[1].session_id = model_text("kid");
    pieces[2] = tool_update("t", 30, 40, "Bash", NULL);
    pieces[2].session_id = model_text("kid");
    update_string(&pieces[2], FIELD_PARENT_ID, "r");
    pieces[3] = agent_update(PRECEDENCE_FILES, "kid"); /* files have an agent */
    update_string(&pieces[3], FIELD_ALIAS, "kid");
    update_string(&pieces[3], FIELD_TYPE, "reviewer");
    pieces[4] = tool_update("t", 31, 41, "Bash", "{\"a\":1}");
    pieces[4].agent_id = model_text("kid");
    pieces[5] = request_update("main", 1, 50);
    pieces[6] = agent_update(PRECEDENCE_TELEMETRY, "kid");
    pieces[6].session_id = model_text("kid");
    update_string(&pieces[6], FIELD_DESCRIPTION, "reads the module");
    return PIECES;
}

/* Of the session "kid" another id is known, "trace", of its main agent a run, "run"; each of them
   may be named in the session of which it is an agent, too. */
static unsigned make_chain(struct update *pieces)
{
    pieces[0] = tool_update("t", 10, 20, "Bash", NULL);
    pieces[0].session_id = model_text("trace");
    pieces[1] = session_update(PRECEDENCE_TELEMETRY);
    pieces[1].session_id = model_text("kid");
    update_string(&pieces[1], FIELD_ALIAS, "trace");
    pieces[2] = agent_update(PRECEDENCE_FILES, "kid");
    update_string(&pieces[2], FIELD_ALIAS, "kid");
    update_string(&pieces[2], FIELD_TYPE, "reviewer");
    update_number(&pieces[2], FIELD_END_MS, at_ms(900));
    pieces[3] = tool_update("u", 30, 40, "Read", NULL);
    pieces[3].agent_id = model_text("trace");
    pieces[4] = agent_update(PRECEDENCE_TELEMETRY, "kid");
    pieces[4].session_id = model_text("kid");
    update_string(&pieces[4], FIELD_ALIAS, "run");
    pieces[5] = tool_update("v", 50, 60, "Grep", NULL);
    pieces[5].agent_id = model_text("run");
    pieces[6] = agent_update(PRECEDENCE_TELEMETRY, "run");
    pieces[6].session_id = model_text("kid");
    update_string(&pieces[6], FIELD_DESCRIPTION, "reads the module");
    update_number(&pieces[6], FIELD_END_MS, at_ms(1000));
    pieces[7] = tool_update("w", 70, 80, "Edit", NULL);
    pieces[7].session_id = model_text("trace");
    pieces[7].agent_id = model_text("kid");
    pieces[8] = agent_update(PRECEDENCE_FILES, "below");
    update_string(&pieces[8], FIELD_PARENT_AGENT_ID, "run");
    pieces[9] = agent_update(PRECEDENCE_FILES, "below-2");
    update_string(&pieces[9], FIELD_PARENT_AGENT_ID, "trace");
    pieces[10] = tool_update("x", 82, 90, "Glob", NULL);
    pieces[10].session_id = model_text("kid");
    pieces[10].agent_id = model_text("run");
    pieces[11] = request_update("main", 1, 95);
    return 12;
}

/* The session has another id, of which the agent's own is one. */
static unsigned make_reverse(struct update *pieces)
{
    unsigned count = make_chain(pieces);
    pieces[1].session_id = model_text("trace");
    update_string(&pieces[1], FIELD_ALIAS, "kid");
    return count;
}

/* Takes the pieces in the order of that number. Returns new: the model as text. */
static char *describe_order(unsigned (*make)(struct update *pieces), uint64_t number)
{
    struct model model = begun(0);
    struct update pieces[MOST_PIECES];
    for (unsigned left = make(pieces); left > 0; left--) {
        unsigned at = (unsigned)(number % left);
        number /= left;
        model_update(&model, &pieces[at]);
        pieces[at] = pieces[left - 1];
        if (number % 2 == 0) {
            model_flush(&model);
        }
    }
    model_flush(&model);
    assert_int_equal(session_of(&model, "kid"), session_of(&model, "s"));
    char *described = updates_describe(model.swarm, WITH_FIGURES);
    model_release(&model);
    return described;
}

static void assert_no_order_matters(unsigned (*make)(struct update *pieces), uint64_t step)
{
    char *expected = describe_order(make, 0);
    for (unsigned i = 1; i < ORDERS; i++) {
        char *got = describe_order(make, i * step), what[40];
        snprintf(what, sizeof what, "order %u", i);
        assert_described(expected, got, what);
        free(got);
    }
    free(expected);
}

TEST(a_session_that_is_an_agent_of_another_is_one_row_in_any_order)
{
    char *described = describe_order(make_pieces, 0);
    assert_non_null(strstr(described, "Raman"));
    free(described);
    assert_no_order_matters(make_pieces, 1);
}

/* Some of the 479,001,600 orders. */
TEST(other_ids_of_a_session_that_is_an_agent_are_that_agents_in_any_order)
{
    char *described = describe_order(make_chain, 0);
    assert_null(strstr(described, "s/run"));
    assert_null(strstr(described, "s/trace"));
    free(described);
    assert_no_order_matters(make_chain, 94121);
    assert_no_order_matters(make_reverse, 94121);
}
