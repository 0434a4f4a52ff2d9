/* What an agent is doing, what is in flight, and what time it is. */
#include "core/query/query.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OPEN ((double)NAN)

/* ---- of what is open ---- */

TEST(what_needs_a_person_speaks_first_then_work_then_waiting)
{
    const struct model_span request = {1, "API Call", "api", 10, OPEN, NULL, NULL};
    const struct model_span tool = {1, "Tool: Bash", "tool", 20, OPEN, NULL, NULL};
    const struct model_span agent = {1, "Tool: Agent", "tool", 30, OPEN, NULL, NULL};
    const struct model_span user = {1,   "Waiting for User Input", "user_input", 40, OPEN, NULL,
                                    NULL};
    const struct model_span turn = {1, "Interaction", "interaction", 0, OPEN, NULL, NULL};
    const struct model_span older = {1, "Tool: Read", "tool", 5, OPEN, NULL, NULL};
    const struct {
        const struct model_span *spans[6];
        enum agent_state state;
        double since_ms;
    } rows[] = {
        {{&request, &tool, &agent, &user}, STATE_USER, 40},
        {{&agent, &tool, &request}, STATE_WAIT, 10},
        {{&agent, &tool}, STATE_TOOL, 20},
        {{&tool, &older, &agent}, STATE_TOOL, 5},
        {{&agent}, STATE_AGENTS, 30},
        {{&turn, &agent}, STATE_AGENTS, 30},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, "s", NULL);
        for (size_t k = 0; rows[i].spans[k] != NULL; k++) {
            assert_true(model_add(&model, rows[i].spans[k]));
        }
        struct agent_status status = query_status(model.swarm, 0, model_ns(100));
        assert_string_equal(query_state_name(status.state), query_state_name(rows[i].state));
        assert_int_equal(status.since_ns, model_ns(rows[i].since_ms));
        assert_int_equal(swarm_span(model.swarm, status.span)->start_ns, status.since_ns);
        model_release(&model);
    }
}

/* ---- of a request while it runs ---- */

static void start_request(struct model *model, double ms)
{
    struct start_llm_request_op op = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = OPEN};
    struct op_context context = model_at(model, ms, NULL);
    assert_int_equal(tracer_start_llm_request(model->tracer, &context, &op), TRACER_OK);
}

TEST(a_request_waits_retries_and_samples)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    const struct {
        char what; /* s: start, a: attempt, f: first token, p: progress, -: nothing */
        double at_ms, retry_in_ms;
        enum agent_state state;
        enum span_kind phase;
        double asked_ms;
    } steps[] = {
        {'s', 100, 0, STATE_WAIT, SPAN_FIRST_TOKEN, 150},
        {'a', 200, 1000, STATE_RETRY, SPAN_RETRY, 1199},
        {'-', 200, 0, STATE_WAIT, SPAN_FIRST_TOKEN, 1200},
        {'a', 1300, OPEN, STATE_RETRY, SPAN_RETRY, 5000},
        {'f', 5100, 0, STATE_SAMPLING, SPAN_SAMPLING, 5200},
        {'a', 5300, 500, STATE_RETRY, SPAN_RETRY, 5400},
        {'p', 6000, 0, STATE_SAMPLING, SPAN_SAMPLING, 6001},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct op_context context = model_at(&model, steps[i].at_ms, NULL);
        struct slice id = model_text("r");
        switch (steps[i].what) {
        case 's': start_request(&model, steps[i].at_ms); break;
        case 'a':
            tracer_attempt(model.tracer, &context, id, 2, model_text("529"), steps[i].retry_in_ms);
            break;
        case 'f': tracer_first_token(model.tracer, &context, id); break;
        case 'p': tracer_progress(model.tracer, &context, id, 12); break;
        default: break;
        }
        int64_t now = model_ns(steps[i].asked_ms);
        struct agent_status status = query_status(model.swarm, 0, now);
        if (status.state != steps[i].state) {
            fail_msg("step %zu: %s", i, query_state_name(status.state));
        }
        const struct span *span = swarm_span(model.swarm, status.span);
        assert_int_equal(query_request_phase(model.swarm, span, now), steps[i].phase);
        assert_int_equal(status.live != NULL,
                         status.state == STATE_RETRY || status.state == STATE_SAMPLING);
    }
    model_release(&model);
}

/* ---- of an agent that rests ---- */

static struct agent_status status_of(const struct model *model)
{
    return query_status(model->swarm, 0, model_ns(1e6));
}

TEST(nothing_open_is_idle_done_error_or_gone)
{
    struct model model;
    const struct model_span good = {1, "Tool: A", "tool", 10, 20, NULL, "{\"success\":true}"};
    const struct model_span bad = {1, "Tool: B", "tool", 30, 40, NULL, "{\"success\":false}"};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    assert_int_equal(status_of(&model).state, STATE_IDLE);
    assert_int_equal(status_of(&model).since_ns, INT64_MIN);

    assert_true(model_add(&model, &good));
    assert_int_equal(status_of(&model).state, STATE_IDLE);
    assert_int_equal(status_of(&model).since_ns, model_ns(20));

    swarm_session_edit(model.swarm, model.session)->flags |= SESSION_ENDED;
    assert_int_equal(status_of(&model).state, STATE_DONE);
    swarm_session_edit(model.swarm, model.session)->flags &= (uint8_t)~SESSION_ENDED;
    swarm_flag_agent(model.swarm, model.session, 1, AGENT_UNREGISTERED, 0);
    assert_int_equal(status_of(&model).state, STATE_DONE);

    assert_true(model_add(&model, &bad));
    assert_int_equal(status_of(&model).state, STATE_ERROR);
    assert_int_equal(status_of(&model).span, model_span(&model, "Tool: B", 0));
    assert_int_equal(status_of(&model).since_ns, model_ns(40));

    swarm_flag_agent(model.swarm, model.session, 1, AGENT_GONE, 0);
    assert_int_equal(status_of(&model).state, STATE_GONE);
    model_release(&model);
}

TEST(of_two_calls_that_end_together_the_one_that_failed_shows)
{
    const struct model_span good = {1, "Tool: A", "tool", 10, 40, NULL, "{\"success\":true}"};
    const struct model_span bad = {1, "Tool: B", "tool", 30, 40, NULL, "{\"success\":false}"};
    for (int good_first = 0; good_first < 2; good_first++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, "s", NULL);
        assert_true(model_add(&model, good_first ? &good : &bad));
        assert_true(model_add(&model, good_first ? &bad : &good));
        assert_int_equal(status_of(&model).state, STATE_ERROR);
        assert_int_equal(status_of(&model).span, model_span(&model, "Tool: B", 0));
        model_release(&model);
    }
}

TEST(an_agent_is_idle_since_its_last_call_not_since_the_end_of_its_turn)
{
    struct model model;
    const struct model_span tool = {1, "Tool: A", "tool", 10, 20, NULL, NULL};
    const struct model_span turn = {1, "Interaction", "interaction", 0, 50, NULL, NULL};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    assert_true(model_add(&model, &tool) && model_add(&model, &turn));
    assert_int_equal(status_of(&model).state, STATE_IDLE);
    assert_int_equal(status_of(&model).since_ns, model_ns(20));
    model_release(&model);
}

/* Hooks report no requests: a turn without a tool has no calls. */
TEST(an_agent_without_calls_rests_since_the_end_of_its_turn)
{
    struct model model;
    const struct model_span turn = {1, "Interaction", "interaction", 0, 50, NULL, NULL};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    assert_true(model_add(&model, &turn));
    assert_int_equal(status_of(&model).since_ns, model_ns(50));
    model_release(&model);
}

/* A decision is no error. */
TEST(an_agent_whose_call_was_refused_or_interrupted_is_idle)
{
    static const char *const args[] = {"{\"success\":false,\"outcome\":\"refused\"}",
                                       "{\"outcome\":\"interrupted\",\"success\":false}"};
    for (size_t i = 0; i < 2; i++) {
        struct model model;
        struct swarm_metrics metrics;
        const struct model_span span = {1, "Tool: A", "tool", 10, 20, NULL, args[i]};
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, "s", NULL);
        assert_true(model_add(&model, &span));
        assert_int_equal(status_of(&model).state, STATE_IDLE);
        assert_int_equal(swarm_error_count(model.swarm), 0);
        assert_true(metrics_compute(model.swarm, model_ns(1e6), &metrics));
        assert_int_equal(metrics.totals.tool_errors, 0);
        assert_int_equal(metrics.totals.refused, i == 0);
        assert_int_equal(metrics.totals.interrupted, i == 1);
        metrics_release(&metrics);
        model_release(&model);
    }
}

/* Its next request begins within moments: meanwhile it is not idle. */
TEST(a_turn_that_pauses_is_not_idle)
{
    struct model model;
    const struct model_span tool = {1, "Tool: A", "tool", 10, 20, NULL, "{\"success\":true}"};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct op_context context = model_at(&model, 0, NULL);
    assert_int_equal(tracer_start_interaction(model.tracer, &context, model_text("i"), 5),
                     TRACER_OK);
    assert_true(model_add(&model, &tool));
    assert_int_equal(query_status(model.swarm, 0, model_ns(1000)).state, STATE_WAIT);
    assert_int_equal(query_status(model.swarm, 0, model_ns(1000)).since_ns, model_ns(20));
    assert_int_equal(query_status(model.swarm, 0, model_ns(4000)).state, STATE_IDLE);
    model_release(&model);
}

TEST(a_sub_agent_does_not_rest_between_a_call_and_its_next_request)
{
    static const struct model_span calls[] = {
        {2, "Tool: Agent", "tool", 10, 20, NULL, "{\"success\":true}"},
        {2, "Tool: Read", "tool", 5000, 5020, NULL, "{\"success\":true}"},
    };
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct op_context context = model_at(&model, 0, NULL);
    assert_int_equal(tracer_register_agent(model.tracer, &context, model_text("a"),
                                           model_text("Explore"), model_text("s")),
                     TRACER_OK);
    agent_no sub_agent = model_agent(&model, "Explore");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        double ms = calls[i].to_ms;
        assert_true(model_add(&model, &calls[i]));
        assert_int_equal(query_status(model.swarm, sub_agent, model_ns(ms + 900)).state,
                         STATE_WAIT);
        assert_int_equal(query_status(model.swarm, sub_agent, model_ns(ms + 3900)).state,
                         STATE_IDLE);
    }
    model_release(&model);
}

TEST(a_swept_span_is_stale_until_its_owner_ends_it)
{
    struct model model;
    struct end_tool_op end = {.span_id = model_text("t"), .result_tokens = OPEN};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct op_context context = model_at(&model, 1000, NULL);
    assert_int_equal(tracer_start_tool(model.tracer, &context, model_text("t"), model_text("Bash"),
                                       model_text(NULL)),
                     TRACER_OK);
    double later_ms = 40.0 * 60 * 1000;
    context = model_at(&model, later_ms, NULL);
    assert_int_equal(tracer_advance(model.tracer, &context), TRACER_OK);

    struct agent_status status = query_status(model.swarm, 0, model_ns(later_ms));
    assert_int_equal(status.state, STATE_STALE);
    assert_int_equal(status.since_ns, model_ns(1000));
    span_no flying[2];
    assert_int_equal(query_in_flight(model.swarm, model_ns(later_ms), flying, 2), 1);
    assert_int_equal(flying[0], status.span);

    tracer_end_tool(model.tracer, &context, &end);
    assert_int_equal(query_status(model.swarm, 0, model_ns(later_ms)).state, STATE_IDLE);
    assert_int_equal(query_in_flight(model.swarm, model_ns(later_ms), flying, 2), 0);
    model_release(&model);
}

/* ---- in flight ---- */

TEST(spans_in_flight_come_longest_first)
{
    struct model model;
    const double starts[] = {50, 10, 30, 10, 90, 70, 20};
    const char *const names[] = {"e50", "b10", "d30", "b10", "g90", "f70", "c20"};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    for (size_t i = 0; i < 7; i++) {
        char name[32];
        snprintf(name, sizeof name, "Tool: %s", names[i]);
        struct model_span span = {(int)i % 3 + 1, name, "tool", starts[i], OPEN, NULL, NULL};
        struct model_span done = {1, "Tool: done", "tool", 5, 6, NULL, NULL};
        assert_true(model_add(&model, &span) && model_add(&model, &done));
    }
    for (size_t max = 0; max <= 8; max++) {
        span_no out[8];
        assert_int_equal(query_in_flight(model.swarm, model_ns(100), out, max), 7);
        for (size_t i = 1; i < max && i < 7; i++) {
            int64_t before = swarm_span(model.swarm, out[i - 1])->start_ns;
            int64_t after = swarm_span(model.swarm, out[i])->start_ns;
            assert_true(before < after || (before == after && out[i - 1] < out[i]));
        }
        assert_true(max == 0 || swarm_span(model.swarm, out[0])->start_ns == model_ns(10));
    }
    model_release(&model);
}

/* ---- time ---- */

TEST(now_is_the_greatest_clock_of_those_that_live)
{
    struct model model;
    int64_t from, to;
    assert_true(model_init(&model, &mem_libc));
    assert_int_equal(query_now(model.swarm, 77), 77);
    assert_false(query_extent(model.swarm, 77, &from, &to));

    const struct model_span late = {1, "Tool: A", "tool", -5, 9000, NULL, NULL};
    assert_true(model_open_file(&model, "file") && model_add(&model, &late));
    assert_int_equal(query_now(model.swarm, model_ns(123456)), model_ns(9000));
    assert_true(query_extent(model.swarm, model_ns(123456), &from, &to));
    assert_int_equal(from, model_ns(-5));
    assert_int_equal(to, model_ns(9000));

    model_hello(&model, "live", NULL);
    struct op_context context = model_at(&model, 1000, NULL);
    assert_int_equal(tracer_advance(model.tracer, &context), TRACER_OK);
    assert_int_equal(query_now(model.swarm, model_ns(1250)), model_ns(1250));
    assert_true(query_extent(model.swarm, model_ns(1250), &from, &to));
    assert_int_equal(from, model_ns(-5));
    assert_int_equal(to, model_ns(1250));
    model_release(&model);
}

TEST(the_wall_clock_is_followed_when_it_is_set_and_not_for_every_drift)
{
    static const struct {
        double change_ms, want_ms;
    } rows[] = {{50, 0}, {-50, 0}, {5000, 5000}, {-5000, -5000}, {86400e3, 86400e3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, "s", NULL);
        swarm_set_wall(model.swarm, model.session, model_ns(0), 1000);
        assert_int_equal(swarm_session_present(model.swarm, model.session, 1000), model_ns(0));
        swarm_set_wall(model.swarm, model.session, model_ns(rows[i].change_ms), 1000);
        assert_int_equal(swarm_session_present(model.swarm, model.session, 1000),
                         model_ns(rows[i].want_ms));
        model_release(&model);
    }
}
