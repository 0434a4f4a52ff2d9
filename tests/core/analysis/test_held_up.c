/* The chain from an agent that waits to the call at its end. */
#include "core/analysis/held_up.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"
#include "tests/support/waits.h"

#include <stdio.h>
#include <string.h>

/* ---- chains as text ---- */

/* The chain as `main Agent, reviewer Bash 50000 (p95 8000) beyond`; "": nothing is open. */
static void put_chain(const struct model *model, const struct held_up *held, agent_no agent,
                      struct strbuf *out)
{
    struct held_up_chain chain;
    held_up_chain(held, agent, &chain);
    strbuf_clear(out);
    strbuf_adds(out, "");
    for (size_t i = 0; i < chain.count; i++) {
        const struct span *span = swarm_span(model->swarm, chain.steps[i].call);
        assert_int_equal(span->agent, chain.steps[i].agent);
        const struct agent *of = swarm_agent(model->swarm, chain.steps[i].agent);
        strbuf_addf(out, "%s%s %s", i > 0 ? ", " : "",
                    (of->flags & AGENT_MAIN) != 0 ? "main" : swarm_text(model->swarm, of->agent_id),
                    span_short_name(swarm_text(model->swarm, span->name)));
    }
    if (chain.count > 0) {
        strbuf_addf(out, " %g", (double)chain.age_ns / 1e6);
    }
    if (!isnan(chain.p95_ms)) {
        strbuf_addf(out, " (p95 %g)", chain.p95_ms);
    }
    strbuf_adds(out, chain.beyond ? " beyond" : "");
    assert_false(out->failed);
}

struct swarm_chains {
    struct swarm_metrics metrics;
    struct held_up held;
    struct strbuf text;
};

static void chains_at(const struct model *model, double ms, struct swarm_chains *out)
{
    int64_t now = waits_now(model, ms);
    assert_true(metrics_compute_totals(model->swarm, now, &out->metrics));
    assert_true(held_up_make(model->swarm, &out->metrics, now, NULL, &mem_libc, &out->held));
    strbuf_init(&out->text, &mem_libc, 0);
}

static void chains_release(struct swarm_chains *chains)
{
    metrics_release(&chains->metrics);
    held_up_release(&chains->held);
    strbuf_release(&chains->text);
}

/* What holds up an agent ("": the main one) when the time is `ms`. */
static void assert_chain(const struct model *model, double ms, const char *id, const char *want)
{
    struct swarm_chains chains;
    agent_no agent = 0;
    chains_at(model, ms, &chains);
    for (size_t i = 0; i < swarm_agent_count(model->swarm); i++) {
        const struct agent *other = swarm_agent(model->swarm, (agent_no)i);
        bool main_agent = (other->flags & AGENT_MAIN) != 0;
        if (*id == '\0' ? main_agent : strcmp(swarm_text(model->swarm, other->agent_id), id) == 0) {
            agent = (agent_no)i;
        }
    }
    put_chain(model, &chains.held, agent, &chains.text);
    assert_string_equal(chains.text.data, want);
    chains_release(&chains);
}

/* The longest chain of the swarm; "none". */
static void assert_longest(const struct model *model, double ms, const char *want)
{
    struct swarm_chains chains;
    chains_at(model, ms, &chains);
    agent_no first = held_up_longest(&chains.held, NULL, NULL);
    if (first == NO_AGENT) {
        assert_string_equal("none", want);
    } else {
        put_chain(model, &chains.held, first, &chains.text);
        assert_string_equal(chains.text.data, want);
    }
    chains_release(&chains);
}

/* ---- the chain ---- */

TEST(a_chain_leads_through_sub_agents_to_the_call_that_runs)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_agent(&model, "b", "a", "reviewer");
    assert_chain(&model, 50, "", "");
    waits_tool(&model, NULL, "Agent", NULL, 100, UNKNOWN, "a");
    assert_chain(&model, 200, "", "main Agent 100");
    waits_tool(&model, "a", "Agent", NULL, 300, UNKNOWN, "b");
    waits_tool(&model, "b", "Bash", NULL, 1000, UNKNOWN, NULL);
    assert_chain(&model, 2000, "", "main Agent, a Agent, b Bash 1000");
    assert_chain(&model, 2000, "a", "a Agent, b Bash 1000");
    assert_chain(&model, 2000, "b", "b Bash 1000");
    model_release(&model);
}

TEST(a_sub_agent_in_the_background_holds_nobody_up)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 0, 3, "a");
    waits_tool(&model, "a", "Bash", NULL, 10, UNKNOWN, NULL);
    waits_request(&model, NULL, 20, UNKNOWN);
    assert_chain(&model, 100000, "", "main API Call 99980 beyond");
    assert_longest(&model, 100000, "a Bash 99990 beyond");
    model_release(&model);
}

TEST(a_tool_that_is_open_when_the_next_request_begins_holds_nobody_up)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 100, UNKNOWN, "a");
    waits_tool(&model, "a", "Bash", NULL, 1000, UNKNOWN, NULL);
    assert_chain(&model, 3000, "", "main Agent, a Bash 2000");
    waits_request(&model, "a", 3000, 3400);
    assert_chain(&model, 3500, "a", "");
    assert_chain(&model, 3500, "", "main Agent 3400");
    waits_request(&model, "a", 3600, UNKNOWN);
    assert_chain(&model, 50000, "", "main Agent, a API Call 46400 beyond");
    waits_tool(&model, "a", "Grep", NULL, 4000, UNKNOWN, NULL);
    assert_chain(&model, 50000, "", "main Agent, a API Call 46400 beyond");
    waits_request(&model, NULL, 60000, UNKNOWN);
    assert_chain(&model, 70000, "", "main API Call 10000");
    model_release(&model);
}

TEST(tools_that_begin_while_their_request_streams_hold_the_agent_up)
{
    struct model model;
    waits_init(&model);
    waits_request(&model, NULL, 0, 900);
    waits_request(&model, NULL, 1000, UNKNOWN);
    waits_tool(&model, NULL, "Read", NULL, 2000, UNKNOWN, NULL);
    waits_tool(&model, NULL, "Bash", NULL, 1500, UNKNOWN, NULL);
    assert_chain(&model, 40000, "", "main API Call 39000 beyond");
    model_release(&model);

    waits_init(&model);
    waits_request(&model, NULL, 1000, 3000);
    waits_tool(&model, NULL, "Read", NULL, 2000, UNKNOWN, NULL);
    waits_tool(&model, NULL, "Bash", NULL, 1500, UNKNOWN, NULL);
    assert_chain(&model, 40000, "", "main Bash 38500 beyond");
    model_release(&model);
}

static void request_for(struct model *model, const char *id, double start, double end,
                        const char *source)
{
    struct update update = request_update(id, start, end);
    update_string(&update, FIELD_QUERY_SOURCE, source);
    model_update(model, &update);
}

TEST(a_request_beside_the_conversation_puts_no_call_in_the_background)
{
    struct model model;
    waits_init(&model);
    request_for(&model, "r1", 0, 900, "main");
    request_for(&model, "r2", 1000, 1900, "main");
    waits_tool(&model, NULL, "Bash", NULL, 2000, UNKNOWN, NULL);
    request_for(&model, "title", 3000, 4000, "title");
    assert_chain(&model, 9000, "", "main Bash 7000");
    request_for(&model, "r3", 5000, 6000, "main");
    assert_chain(&model, 9000, "", "");
    model_release(&model);
}

TEST(a_call_that_names_the_last_request_is_waited_for_whatever_its_clock)
{
    struct model model;
    waits_init(&model);
    waits_request(&model, NULL, 0, 100);
    struct update request = request_update("r", 1000, 2000);
    struct update tool = tool_update("t", 900, UNKNOWN, "Bash", NULL);
    model_update(&model, &request);
    model_update(&model, &tool);
    assert_chain(&model, 9000, "", "");
    update_string(&tool, FIELD_PARENT_ID, "r");
    model_update(&model, &tool);
    assert_chain(&model, 9000, "", "main Bash 8100");
    model_release(&model);
}

/* ---- the usual time ---- */

TEST(the_usual_time_is_that_of_five_calls_and_ten_seconds_at_least)
{
    struct model model;
    waits_init(&model);
    waits_before(&model, "Bash", 4, 20000);
    waits_tool(&model, NULL, "Bash", NULL, 0, UNKNOWN, NULL);
    assert_chain(&model, 29000, "", "main Bash 29000");
    assert_chain(&model, 31000, "", "main Bash 31000 beyond");
    waits_tool(&model, NULL, "Bash", NULL, -40000, -20000, NULL);
    assert_chain(&model, 19000, "", "main Bash 19000 (p95 20000)");
    assert_chain(&model, 21000, "", "main Bash 21000 (p95 20000) beyond");
    model_release(&model);

    waits_init(&model);
    waits_before(&model, "Read", 9, 20);
    waits_tool(&model, NULL, "Read", NULL, 0, UNKNOWN, NULL);
    assert_chain(&model, 9000, "", "main Read 9000 (p95 20)");
    assert_chain(&model, 11000, "", "main Read 11000 (p95 20) beyond");
    model_release(&model);
}

/* ---- several calls ---- */

TEST(of_several_calls_the_one_furthest_beyond_its_usual_time_holds_the_agent_up)
{
    struct model model;
    waits_init(&model);
    waits_before(&model, "Build", 5, 300000);
    waits_tool(&model, NULL, "Build", NULL, 0, UNKNOWN, NULL);
    waits_tool(&model, NULL, "Bash", NULL, 10000, UNKNOWN, NULL);
    assert_chain(&model, 50000, "", "main Bash 40000 beyond");
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 10005, UNKNOWN, "a");
    assert_chain(&model, 50000, "", "main Bash 40000 beyond");
    waits_tool(&model, "a", "Grep", NULL, 9000, UNKNOWN, NULL);
    assert_chain(&model, 50000, "", "main Agent, a Grep 41000 beyond");
    model_release(&model);
}

TEST(a_person_at_the_end_comes_first)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Bash", NULL, 0, UNKNOWN, NULL);
    waits_tool(&model, NULL, "Agent", NULL, 5, UNKNOWN, "a");
    waits_person(&model, "a", 60000, UNKNOWN);
    assert_chain(&model, 65000, "", "main Agent, a Waiting for User Input 5000");
    assert_longest(&model, 65000, "main Agent, a Waiting for User Input 5000");
    assert_longest(&model, 71000, "main Agent, a Waiting for User Input 11000 beyond");
    model_release(&model);
}

/* ---- the swarm's longest ---- */

TEST(the_longest_of_the_swarm_begins_where_nobody_waits_for_it)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_agent(&model, "b", "a", "reviewer");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_tool(&model, "a", "Agent", NULL, 10, UNKNOWN, "b");
    waits_tool(&model, "b", "Bash", NULL, 1000, UNKNOWN, NULL);
    assert_longest(&model, 20000, "main Agent, a Agent, b Bash 19000");
    assert_longest(&model, 32000, "main Agent, a Agent, b Bash 31000 beyond");
    model_release(&model);
}

TEST(agents_that_wait_for_each_other_make_no_endless_chain)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_agent(&model, "b", "a", "reviewer");
    waits_tool(&model, "a", "Agent", NULL, 10, UNKNOWN, "b");
    waits_tool(&model, "b", "Agent", NULL, 20, UNKNOWN, "a");
    assert_chain(&model, 100, "a", "a Agent, b Agent 80");
    assert_chain(&model, 100, "b", "b Agent 80");
    assert_longest(&model, 1000000, "a Agent, b Agent 999980");
    model_release(&model);
}

/* The call that leads back may be followed when the agent has chosen another, and chooses again. */
TEST(what_leads_back_to_an_agent_ends_there_whatever_that_waits_for)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_agent(&model, "b", "a", "reviewer");
    waits_tool(&model, "a", "Old", NULL, 10, UNKNOWN, NULL);
    waits_tool(&model, "a", "Agent", NULL, 20, UNKNOWN, "b");
    waits_tool(&model, "a", "New", NULL, 90000, UNKNOWN, NULL);
    waits_tool(&model, "b", "Agent", NULL, 30, UNKNOWN, "a");
    assert_chain(&model, 100000, "a", "a Old 99990 beyond");
    assert_chain(&model, 100000, "b", "b Agent 99970");
    model_release(&model);
}

/* The main agent waits for a1, that for a2 ... and the last runs a call. */
static void chain_of(struct model *model, int agents)
{
    char id[16] = "", parent[16];
    for (int i = 1; i <= agents; i++) {
        snprintf(id, sizeof id, "a%d", i);
        snprintf(parent, sizeof parent, "a%d", i - 1);
        waits_agent(model, id, i == 1 ? NULL : parent, "coder");
        waits_tool(model, i == 1 ? NULL : parent, "Agent", NULL, i, UNKNOWN, id);
    }
    waits_tool(model, id, "Bash", NULL, 1000, UNKNOWN, NULL);
}

TEST(a_chain_of_any_length_ends_with_its_call)
{
    const int agents = 20 * HELD_UP_STEPS;
    struct model model;
    struct swarm_chains chains;
    waits_init(&model);
    chain_of(&model, agents);
    chains_at(&model, 100000, &chains);
    span_no bash = model_span(&model, "Tool: Bash", 0);
    for (size_t i = 0; i < swarm_agent_count(model.swarm); i++) {
        struct held_up_chain chain;
        held_up_chain(&chains.held, (agent_no)i, &chain);
        assert_in_range(chain.count, 1, HELD_UP_STEPS);
        assert_int_equal(chain.steps[0].agent, i);
        assert_int_equal(chain.steps[chain.count - 1].call, bash);
        assert_true(chain.beyond);
        assert_int_equal(chain.count, chain.length < HELD_UP_STEPS ? chain.length : HELD_UP_STEPS);
    }
    agent_no first = held_up_longest(&chains.held, NULL, NULL);
    struct held_up_chain chain;
    held_up_chain(&chains.held, first, &chain);
    assert_int_equal(chain.length, agents + 1);
    assert_int_equal(held_up_begin(&chains.held, chain.steps[chain.count - 1].agent), first);
    chains_release(&chains);
    model_release(&model);
}

static bool is_even(void *ctx, agent_no agent)
{
    (void)ctx;
    return agent % 2 == 0;
}

TEST(of_the_agents_that_match_the_longest_chain_is_found)
{
    struct model model;
    struct swarm_chains chains;
    struct held_up_chain all, even;
    waits_init(&model);
    chain_of(&model, 5);
    chains_at(&model, 100000, &chains);
    held_up_chain(&chains.held, held_up_longest(&chains.held, NULL, NULL), &all);
    held_up_chain(&chains.held, held_up_longest(&chains.held, is_even, NULL), &even);
    assert_int_equal(even.steps[0].agent, all.steps[0].agent + all.steps[0].agent % 2);
    chains_release(&chains);
    model_release(&model);
}

TEST(of_chains_within_their_usual_time_the_longest_is_found_too)
{
    struct model model;
    waits_init(&model);
    waits_before(&model, "Build", 5, 300000);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Build", NULL, 0, UNKNOWN, NULL);
    waits_tool(&model, "a", "Bash", NULL, 10000, UNKNOWN, NULL);
    assert_longest(&model, 30000, "main Build 30000 (p95 300000)");
    assert_longest(&model, 41000, "a Bash 31000 beyond");
    model_release(&model);
}

/* ---- sub-agents that rest ---- */

TEST(a_call_holds_up_since_its_sub_agent_rests)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_tool(&model, "a", "Bash", NULL, 10, 100000, NULL);
    assert_chain(&model, 129000, "", "main Agent 129000");
    assert_chain(&model, 131000, "", "main Agent 131000 beyond");
    waits_failure(&model, "a", "Bash", NULL, 131000, 140000, OUTCOME_NONE);
    assert_chain(&model, 169000, "", "main Agent 169000");
    assert_chain(&model, 171000, "", "main Agent 171000 beyond");
    model_release(&model);
}

TEST(a_call_whose_sub_agent_never_began_is_beyond_after_thirty_seconds)
{
    struct model model;
    waits_init(&model);
    struct update agent = agent_update(PRECEDENCE_FILES, "a");
    update_string(&agent, FIELD_PARENT_AGENT_ID, "s");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, NULL);
    waits_request(&model, NULL, -100, -50);
    assert_chain(&model, 900000, "", "main Agent 900000");
    model_update(&model, &agent);
    assert_chain(&model, 29000, "", "main Agent 29000");
    assert_chain(&model, 31000, "", "main Agent 31000 beyond");
    waits_request(&model, "a", 10, 20);
    assert_chain(&model, 31000, "", "main Agent 31000 beyond");
    waits_request(&model, "a", 25000, UNKNOWN);
    assert_chain(&model, 31000, "", "main Agent, a API Call 6000");
    model_release(&model);
}

TEST(a_sub_agent_works_while_one_below_it_does)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_agent(&model, "b", "a", "reviewer");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_tool(&model, "a", "Agent", NULL, 10, 20, "b");
    waits_tool(&model, "b", "Bash", NULL, 30, UNKNOWN, NULL);
    assert_chain(&model, 400000, "", "main Agent 400000");
    model_release(&model);
}

/* ---- bounds ---- */

TEST(an_agent_that_died_waits_for_nothing)
{
    struct model model;
    waits_init(&model);
    waits_tool(&model, NULL, "Bash", NULL, 0, UNKNOWN, NULL);
    assert_longest(&model, 40000, "main Bash 40000 beyond");
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_OUTCOME, OUTCOME_GONE);
    update_number(&session, FIELD_END_MS, at_ms(40000));
    model_update(&model, &session);
    assert_longest(&model, 50000, "none");
    model_release(&model);
}

TEST(without_memory_no_chain_is_made)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_tool(&model, "a", "Bash", NULL, 10, UNKNOWN, NULL);
    int64_t now = waits_now(&model, 1000);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct held_up held;
        struct held_up_chain chain;
        lack.done = held_up_make(model.swarm, NULL, now, NULL, &lack.mem, &held);
        held_up_chain(&held, 0, &chain);
        held_up_longest(&held, NULL, NULL);
        held_up_release(&held);
    }
    model_release(&model);
}
