/* Captures of the real Codex CLI, against what the API that it talked to counted (expected.json).

   What rollouts cannot give, and is not compared: when a request was sent (its start is that of the
   prompt or of the last output before it, some 30 to 100 ms early), attempts that failed before one
   succeeded, the time to the first token of an answer without text that was not its turn's first,
   how long a person was asked, and that the request of a killed client failed (it is incomplete). */
#include "core/query/query.h"
#include "tests/support/report.h"
#include "tests/support/tail.h"

#include <stdio.h>
#include <string.h>

static void same_agent(const json_t *agent, const json_t *want)
{
    print_message("  %s\n", json_string_value(json_object_get(agent, "agent_id")));
    assert_int_equal(report_number(agent, "requests"), report_number(want, "attempts"));
    assert_int_equal(report_number(agent, "failed"), 0);
    assert_int_equal(report_number(agent, "open_requests"), 0);
    assert_int_equal(report_number(agent, "prompt_tokens"), report_number(want, "input_tokens"));
    assert_int_equal(report_number(agent, "cache_read_tokens"),
                     report_number(want, "cached_input_tokens"));
    assert_int_equal(report_number(agent, "output_tokens"), report_number(want, "output_tokens"));
    report_text_is(agent, "parent_agent_id", json_string_value(json_object_get(want, "parent")));
}

TEST(the_metrics_are_those_of_the_api)
{
    static const char *const samples[] = {"swarm", "tui", "killed"};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char rel[100];
        const char *session, *agent;
        json_t *agents, *want, *report;
        size_t count = 0;
        snprintf(rel, sizeof rel, "codex/%s", samples[i]);
        report = report_of_sample("codex:", rel);
        snprintf(rel, sizeof rel, "samples/codex/%s/expected.json", samples[i]);
        json_t *all = json_load_file(support_data(rel), 0, NULL);
        print_message("%s\n", samples[i]);
        json_object_foreach(all, session, agents) json_object_foreach(agents, agent, want)
        {
            /* A conversation of the client's own leaves no file. */
            if (!json_is_false(json_object_get(want, "rollout"))) {
                same_agent(report_agent(report, session, agent), want);
                count++;
            }
        }
        assert_int_equal(json_array_size(json_object_get(report, "agents")), count);
        assert_int_equal(report_number(json_object_get(report, "events"), "bad"), 0);
        json_decref(all);
        json_decref(report);
    }
}

TEST(tools_agents_and_their_names)
{
    static const char root[] = "01a2241d-65dc-7d31-945a-195717ecb7f7";
    json_t *report = report_of_sample("codex:", "codex/swarm");
    const json_t *main_agent = report_agent(report, root, root);
    const json_t *sub = report_agent(report, root, "01a2241d-6dae-77b2-a86a-c30ec88e5460");
    assert_int_equal(report_tool(main_agent, "spawn_agent", "count"), 2);
    assert_int_equal(report_tool(main_agent, "wait_agent", "count"), 1);
    assert_int_equal(report_tool(main_agent, "exec_command", "count"), 1);
    assert_int_equal(report_tool(main_agent, "exec_command", "errors"), 0);
    assert_int_equal(report_tool(sub, "exec_command", "errors"), 1);
    report_text_is(sub, "name", "Franklin");
    report_text_is(sub, "description", "[[script:sub2]] run checks");
    report_text_is(sub, "client", "codex");
    assert_int_equal(report_number(sub, "context_window"), 258400);
    assert_int_equal(report_number(json_object_get(sub, "ttft_ms"), "count"), 2);
    json_decref(report);
}

TEST(a_call_that_a_person_refused_is_no_error_and_the_waits_for_the_person_are_known_afterwards)
{
    json_t *report = report_of_sample("codex:", "codex/tui");
    const json_t *agent = json_array_get(json_object_get(report, "agents"), 0);
    assert_int_equal(report_tool(agent, "exec_command", "count"), 2);
    assert_int_equal(report_tool(agent, "exec_command", "errors"), 0);
    assert_int_equal(report_number(agent, "refused"), 1);
    assert_int_equal(report_number(agent, "interrupted"), 0);
    /* It was asked twice for some 4 s (actions.txt), from shortly after its calls on. */
    assert_in_range((int)json_number_value(json_object_get(agent, "user_wait_ms")), 8000, 9300);
    report_text_is(agent, "name", "[[script:ask]] please do it");
    json_decref(report);
}

TEST(rows_are_found_by_their_client)
{
    struct support_run run;
    char codex[600], qwen[600];
    snprintf(codex, sizeof codex, "codex:%s", support_data("samples/codex/swarm"));
    snprintf(qwen, sizeof qwen, "qwen:%s", support_data("samples/qwen/swarm"));
    const char *argv[] = {support_program(), "dump", "--size", "120x30", "--filter",
                          "client:qwen",     codex,  qwen,     NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "Helper A"));
    assert_null(strstr(run.out, "Raman"));
    support_run_release(&run);
}

/* ---- as it was written ---- */

/* What is open by the lines so far. */
struct open_now {
    json_t *tools; /* ids, a set */
    json_t *asks;  /* by file: whether the model works */
};

static bool has_tool_of(const struct open_now *now, const char *file)
{
    const char *id;
    json_t *of;
    json_object_foreach(now->tools, id, of)
    {
        if (strcmp(json_string_value(of), file) == 0) {
            return true;
        }
    }
    return false;
}

static void take_line(struct open_now *now, const char *file, const json_t *line)
{
    const json_t *payload = json_object_get(line, "payload");
    const json_t *item = json_object_get(payload, "item");
    const char *type = json_string_value(json_object_get(line, "type"));
    const char *what = json_string_value(json_object_get(payload, "type"));
    const char *id = json_string_value(json_object_get(payload, "call_id"));
    const char *output = json_string_value(json_object_get(payload, "output"));
    const char *item_type = json_string_value(json_object_get(item, "type"));
    what = what == NULL ? "" : what;
    if (strcmp(what, "function_call") == 0) {
        json_object_set_new(now->tools, id, json_string(file));
    } else if (strcmp(what, "function_call_output") == 0) {
        json_object_del(now->tools, id);
        if (strstr(output, "aborted by user") == NULL && !has_tool_of(now, file)) {
            json_object_set_new(now->asks, file, json_true());
        }
    } else if (item_type != NULL && strcmp(item_type, "UserMessage") == 0) {
        json_object_set_new(now->asks, file, json_true());
    } else if (item_type != NULL && strcmp(item_type, "AgentMessage") != 0) {
        json_object_del(now->tools, json_string_value(json_object_get(item, "id")));
    }
    if (strcmp(type, "token_usage_record") == 0) {
        json_object_del(now->asks, file);
    }
}

static void check(struct rig *rig, const char *file, const json_t *line, unsigned line_number,
                  void *ctx)
{
    struct open_now *now = ctx;
    take_line(now, file, line);
    json_t *open = tail_open(rig, "tools"), *asks = tail_open(rig, "requests");
    size_t i;
    json_t *id;
    json_array_foreach(open, i, id)
    {
        if (json_object_get(now->tools, json_string_value(id)) == NULL) {
            fail_msg("line %u of %s: %s is open", line_number, file, json_string_value(id));
        }
    }
    assert_int_equal(json_array_size(open), json_object_size(now->tools));
    if (json_array_size(asks) != json_object_size(now->asks)) {
        fail_msg("line %u of %s: %zu requests are open", line_number, file, json_array_size(asks));
    }
    json_decref(open);
    json_decref(asks);
}

RIG_TEST(what_is_open_is_seen_after_each_line)
{
    struct rig *rig = *state;
    struct open_now now = {json_object(), json_object()};
    tail_replay(rig, "codex/swarm", "sessions", "codex:", check, &now);
    assert_int_equal(json_object_size(now.tools), 0);
    json_t *open = tail_open(rig, "requests");
    assert_int_equal(json_array_size(open), 0);
    json_decref(open);
    json_decref(now.tools);
    json_decref(now.asks);
}

RIG_TEST(a_person_who_is_asked_keeps_the_call_open)
{
    struct rig *rig = *state;
    struct open_now now = {json_object(), json_object()};
    tail_replay(rig, "codex/tui", "sessions", "codex:", check, &now);
    assert_int_equal(json_object_size(now.tools), 0);
    json_decref(now.tools);
    json_decref(now.asks);
}

/* Counts the rows whose call would be taken for a tool, and for a tool or a person, were nothing
   written for a while. */
struct long_calls {
    unsigned tools, either;
};

static void count_long(struct rig *rig, const char *file, const json_t *line, unsigned number,
                       void *ctx)
{
    struct long_calls *calls = ctx;
    (void)file, (void)line, (void)number;
    for (size_t i = 0; i < swarm_agent_count(rig->model.swarm); i++) {
        const int64_t later_ns = rig->now_ns + INT64_C(60000000000);
        enum agent_state state = query_status(rig->model.swarm, (agent_no)i, later_ns).state;
        calls->tools += state == STATE_TOOL;
        calls->either += state == STATE_TOOL_OR_USER;
    }
}

/* The policy of approvals is "never" in the one capture, "on-request" in the other. */
RIG_TEST(a_long_call_may_wait_for_a_person_by_the_policy)
{
    struct long_calls calls = {0, 0};
    tail_replay(*state, "codex/swarm", "sessions", "codex:", count_long, &calls);
    assert_true(calls.tools > 0);
    assert_int_equal(calls.either, 0);
}

RIG_TEST(a_long_call_of_a_client_that_asks_may_wait_for_a_person)
{
    struct long_calls calls = {0, 0};
    tail_replay(*state, "codex/tui", "sessions", "codex:", count_long, &calls);
    assert_true(calls.either > 0);
    assert_int_equal(calls.tools, 0);
}
