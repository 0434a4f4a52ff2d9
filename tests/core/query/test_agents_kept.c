/* What is kept of the agents between frames equals what is worked out anew, whatever came and however much time
   passed: random swarms of operations, updates and raw events, with and without a cap. */
#include "core/query/agents_kept.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SESSIONS = 4, AGENTS = 6, CALLS = 12, STEPS = 1500 };

struct random_swarm {
    struct model model;
    struct agents_kept kept;
    uint64_t seed;
    double ms; /* the present, after the start */
};

static unsigned below(struct random_swarm *of, unsigned limit)
{
    return (unsigned)support_random_below(&of->seed, limit);
}

/* ---- what comes ---- */

static struct slice id_of(char room[16], char letter, unsigned number)
{
    int len = snprintf(room, 16, "%c%u", letter, number);
    return (struct slice){room, (size_t)len};
}

/* Sessions u0 … are of updates. */
static void send_update(struct random_swarm *of)
{
    static const char *const hosts[] = {"web", "db", "a"};
    static const struct retry retry = {1, 3, 2000, 0, {"overloaded", 10}};
    char session[16], agent[16], call[16], parent[16];
    struct update update = {.op = (enum update_op)below(of, UPDATE_OPS),
                            .kind = (enum call_kind)below(of, CALL_KINDS),
                            .precedence = (enum precedence)below(of, PRECEDENCES),
                            .t_ms = MODEL_START_MS + of->ms,
                            .local_ns = model_ns(of->ms),
                            .wall_ns = below(of, 9) == 0 ? model_ns(of->ms + 500) : 0,
                            .session_id = id_of(session, 'u', below(of, SESSIONS))};
    if (update.op != UPDATE_SESSION && below(of, 4) != 0) {
        update.agent_id = id_of(agent, 'a', below(of, AGENTS));
    }
    if (update.op == UPDATE_CALL) {
        update.id = id_of(call, 'c', below(of, CALLS));
        update_bool(&update, FIELD_MAY_ASK, (enum tristate)below(of, 3));
        update_bool(&update, FIELD_SUCCESS, (enum tristate)below(of, 3));
        update_text(&update, FIELD_NAME, (struct slice){"Bash", below(of, 2) * 4});
        if (below(of, 5) == 0) {
            update.values[FIELD_RETRY].retry = retry;
            update.values[FIELD_RETRY].retry.at_ms = MODEL_START_MS + of->ms;
            update.present |= (uint64_t)1 << FIELD_RETRY;
        }
    } else if (below(of, 6) == 0) {
        update_text(&update, FIELD_NAME, id_of(parent, 'n', below(of, 3)));
        update_text(&update, FIELD_PARENT_AGENT_ID, id_of(call, 'a', below(of, AGENTS)));
        update_text(&update, FIELD_HOST, model_text(hosts[below(of, 3)]));
        update_bool(&update, FIELD_ALIVE, (enum tristate)below(of, 3));
    }
    update_number(&update, FIELD_START_MS, MODEL_START_MS + of->ms - below(of, 20000));
    if (below(of, 3) == 0) {
        update_number(&update, FIELD_END_MS, MODEL_START_MS + of->ms - below(of, 3000));
    }
    assert_true(correlator_update(of->model.correlator, &update));
}

/* Operations of the one session that the tracer opened. */
static void send_operation(struct random_swarm *of)
{
    char agent[16], span[16];
    struct tracer *tracer = of->model.tracer;
    struct op_context context = model_at(&of->model, of->ms, NULL);
    context.agent_id = id_of(agent, 'o', below(of, AGENTS));
    struct slice id = id_of(span, 's', below(of, CALLS));
    struct start_llm_request_op request = {
        .span_id = id, .model = model_text("m"), .prompt_tokens = (double)NAN};
    struct end_llm_request_op end = {.span_id = id, .success = (enum tristate)below(of, 3)};
    struct end_tool_op tool = {.span_id = id, .success = (enum tristate)below(of, 3)};
    switch (below(of, 14)) {
    case 0: tracer_register_agent(tracer, &context, context.agent_id, model_text("n"), id); break;
    case 1: tracer_unregister_agent(tracer, &context, context.agent_id); break;
    case 2: tracer_start_llm_request(tracer, &context, &request); break;
    case 3: tracer_end_llm_request(tracer, &context, &end); break;
    case 4: tracer_start_tool(tracer, &context, id, model_text("Bash"), (struct slice){0}); break;
    case 5: tracer_end_tool(tracer, &context, &tool); break;
    case 6: tracer_start_user_input(tracer, &context, id, model_text("permission")); break;
    case 7: tracer_end_user_input(tracer, &context, id, model_text("y"), model_text("x")); break;
    case 8: tracer_start_interaction(tracer, &context, id, 1); break;
    case 9: tracer_end_interaction(tracer, &context, id); break;
    case 10: tracer_first_token(tracer, &context, id); break;
    case 11: tracer_attempt(tracer, &context, id, 2, model_text("busy"), 3000); break;
    case 12: tracer_instant(tracer, &context, id, id, (struct slice){0}); break;
    default: tracer_advance(tracer, &context); break;
    }
}

/* A trace without agents, whose second process shows itself by an instant or a name. */
static void send_raw(struct random_swarm *of)
{
    static const char *const lines[] = {
        "{\"ph\":\"B\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f,\"name\":\"x\",\"cat\":\"y\"}",
        "{\"ph\":\"E\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f}",
        "{\"ph\":\"i\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f,\"name\":\"i\",\"s\":\"p\"}",
        "{\"ph\":\"C\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f,\"name\":\"c\",\"args\":{\"n\":1}}",
        "{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f,\"dur\":5000,\"name\":\"x\"}",
        "{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"ts\":%.0f,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":-1}}",
    };
    char text[200];
    const char *line = lines[below(of, 6)];
    unsigned pid = 100 + below(of, 3), tid = 1 + below(of, 3);
    double ts = (below(of, 20) == 0 ? -(double)below(of, 100000) : of->ms) * 1000;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, line, pid, tid, ts);
#pragma GCC diagnostic pop
    assert_true(model_events(&of->model, text));
}

/* ---- the comparison ---- */

static void assert_same_tree(const struct random_swarm *of)
{
    size_t count;
    struct tree_row *rows = query_tree(of->model.swarm, &count);
    assert_int_equal(count, of->kept.row_count);
    for (size_t i = 0; i < count; i++) {
        const struct tree_row *a = &rows[i], *b = &of->kept.rows[i];
        assert_true(a->agent == b->agent && a->parent == b->parent && a->depth == b->depth &&
                    a->descendants == b->descendants && a->last == b->last);
    }
    mem_free(swarm_mem(of->model.swarm), rows, count * sizeof *rows);
}

static void assert_same(struct random_swarm *of, int64_t local_ns)
{
    const struct swarm *swarm = of->model.swarm;
    assert_true(agents_keep(&of->kept, swarm, local_ns, &mem_libc));
    assert_same_tree(of);
    for (agent_no i = 0; i < swarm_agent_count(swarm); i++) {
        if ((swarm_agent(swarm, i)->flags & AGENT_DEAD) != 0) {
            continue;
        }
        struct agent_status now = query_status(swarm, i, local_ns);
        const struct agent_status *kept = &of->kept.statuses[i];
        assert_string_equal(query_state_name(now.state), query_state_name(kept->state));
        assert_int_equal(now.since_ns, kept->since_ns);
        assert_int_equal(now.span, kept->span);
        assert_ptr_equal(now.live, kept->live);
    }
    int64_t from, to, kept_from, kept_to;
    bool known = query_extent(swarm, local_ns, &from, &to);
    assert_int_equal(known, agents_kept_extent(&of->kept, local_ns, &kept_from, &kept_to));
    if (known) {
        assert_int_equal(from, kept_from);
        assert_int_equal(to, kept_to);
    }
}

static void run(uint64_t seed, size_t max_events, bool threads)
{
    struct swarm_config config = {.max_events = {max_events, 0}};
    struct random_swarm of = {.seed = seed};
    assert_true(model_init_with(&of.model, &mem_libc, &config));
    if (threads) {
        assert_true(model_open_trace(&of.model, "t"));
    } else {
        model_hello(&of.model, "s", NULL);
    }
    for (int i = 0; i < STEPS; i++) {
        for (unsigned n = below(&of, 4); n > 0; n--) {
            if (below(&of, 2) == 0) {
                send_update(&of);
            } else if (threads) {
                send_raw(&of);
            } else {
                send_operation(&of);
            }
        }
        assert_true(correlator_flush(of.model.correlator));
        assert_true(swarm_arrange(of.model.swarm));
        assert_same(&of, model_ns(of.ms));
        static const double steps_ms[] = {0, 1, 100, 900, 3000, 11000, 120000, 2400000};
        of.ms += steps_ms[below(&of, below(&of, 40) == 0 ? 8 : 5)];
        assert_same(&of, model_ns(of.ms)); /* time alone */
        if (below(&of, 20) == 0) {         /* a display that is frozen shows the past */
            assert_same(&of, model_ns(of.ms - below(&of, 30000)));
        }
    }
    agents_kept_release(&of.kept);
    model_release(&of.model);
}

TEST(what_is_kept_of_random_swarms_equals_what_is_worked_out_anew)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        run(seed, 0, false);
        run(100 + seed, 300, false);
    }
}

TEST(what_is_kept_of_traces_of_threads_equals_what_is_worked_out_anew)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run(seed, 0, true);
    }
}

/* ---- what is not worked out again ---- */

TEST(agents_that_rest_are_not_looked_at_again)
{
    struct model model;
    struct agents_kept kept = {.swarm = NULL};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    for (int pid = 2; pid < 102; pid++) {
        struct model_span span = {pid, "Tool: Bash", "tool", 0, 10, NULL, NULL};
        assert_true(model_add(&model, &span));
    }
    assert_true(agents_keep(&kept, model.swarm, model_ns(60000), &mem_libc));
    uint64_t states = kept.states;
    assert_true(states >= 100);
    for (int i = 1; i <= 50; i++) {
        assert_true(agents_keep(&kept, model.swarm, model_ns(60000 + 100.0 * i), &mem_libc));
    }
    assert_int_equal(kept.states, states);
    struct model_span one = {7, "Tool: Bash", "tool", 20, UNKNOWN, NULL, NULL};
    assert_true(model_add(&model, &one));
    assert_true(agents_keep(&kept, model.swarm, model_ns(66000), &mem_libc));
    assert_int_equal(kept.states, states + 1);
    assert_int_equal(kept.trees, 1);
    agents_kept_release(&kept);
    model_release(&model);
}

/* ---- without memory ---- */

TEST(without_memory_nothing_is_kept_and_the_next_look_is_whole)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct model_span span = {2, "Tool: Bash", "tool", 0, 10, NULL, NULL};
    assert_true(model_add(&model, &span));
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct agents_kept kept = {.swarm = NULL};
        lack.done = agents_keep(&kept, model.swarm, model_ns(20), &lack.mem);
        assert_true(lack.done || kept.swarm == NULL);
        agents_kept_release(&kept);
    }
    model_release(&model);
}
