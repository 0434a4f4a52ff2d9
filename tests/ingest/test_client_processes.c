/* The processes of clients: who of a hook's ancestors is the client, that it is gone when that one
   dies, and which agent started it. */
#include "core/query/query.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

enum { INIT = 1, TERMINAL = 50, CLIENT = 100, SHELL = 101, SCRIPT = 102, HOOK = 103, NEXT = 200 };

/* A terminal, and in it a client. */
static int setup(void **state)
{
    struct rig *rig = NULL;
    assert_int_equal(rig_set_up((void **)&rig), 0);
    const char *proc = processes_new();
    rig->ingest.processes.proc = proc;
    processes_start(proc, TERMINAL, INIT, 5, "bash", NULL);
    processes_start(proc, CLIENT, TERMINAL, 7, "claude", NULL);
    *state = rig;
    return 0;
}

/* A hook of session S, sent now by a process whose parent is `pid`. */
static void hook(struct rig *rig, const char *session, int pid, const char *event, const char *more)
{
    char text[600];
    struct strbuf sender;
    struct json_value payload, from = {.type = JSON_TYPE_NONE};
    int len =
        snprintf(text, sizeof text,
                 "{\"session_id\":\"%s\",\"hook_event_name\":\"%s\",\"tool_name\":\"Bash\"%s}",
                 session, event, more);
    assert_true(json_check(text, (size_t)len, 64, &payload, NULL));
    strbuf_init(&sender, &mem_libc, 0);
    client_processes_print(rig->ingest.processes.proc, pid, &sender);
    if (sender.len > 0) {
        assert_true(json_check(sender.data, sender.len, 64, &from, NULL));
    }
    struct hook_arrival arrival = {
        .t_ms = (double)rig->now_ns / 1e6, .local_ns = rig->now_ns, .sender = from};
    assert_null(hook_take(&rig->ingest, "claude", payload, &arrival));
    assert_true(correlator_flush(rig->model.correlator));
    strbuf_release(&sender);
}

static void begin_call(struct rig *rig, int pid, const char *id)
{
    char more[100];
    snprintf(more, sizeof more, ",\"tool_input\":{\"command\":\"make\"},\"tool_use_id\":\"%s\"",
             id);
    hook(rig, "S", pid, "PreToolUse", more);
}

static void pass(struct rig *rig, int64_t ns)
{
    for (; ns > 0; ns -= S) {
        rig->now_ns += ns < S ? ns : S;
        assert_true(client_processes_look(&rig->ingest));
        assert_true(correlator_flush(rig->model.correlator));
    }
}

static enum agent_state state_of(const struct rig *rig)
{
    return query_status(rig->model.swarm, 0, rig->now_ns).state;
}

static void check_gone(struct rig *rig)
{
    assert_int_equal(state_of(rig), STATE_GONE);
    assert_int_equal(query_in_flight(rig->model.swarm, rig->now_ns, NULL, 0), 0);
}

TEST_WITH(a_client_that_only_hooks_report_is_gone_when_it_dies, setup, rig_tear_down)
{
    struct rig *rig = *state;
    const char *proc = rig->ingest.processes.proc;
    begin_call(rig, CLIENT, "t");
    pass(rig, 2 * S);
    assert_int_equal(state_of(rig), STATE_TOOL);
    records_check(&rig->model, "sessions", "{'S':{'pid':100,'start_ms':0}}", NULL);
    pass(rig, 3600 * S); /* its calls are not swept */
    assert_int_equal(state_of(rig), STATE_TOOL);
    processes_end(proc, CLIENT);
    pass(rig, 2 * S);
    check_gone(rig);
}

/* Its wait for a person too. Another process may have its number. */
TEST_WITH(so_is_one_whose_number_is_used_again, setup, rig_tear_down)
{
    struct rig *rig = *state;
    begin_call(rig, CLIENT, "t");
    hook(rig, "S", CLIENT, "PermissionRequest", ",\"tool_input\":{\"command\":\"make\"}");
    pass(rig, 2 * S);
    assert_int_equal(state_of(rig), STATE_USER);
    processes_start(rig->ingest.processes.proc, CLIENT, TERMINAL, 900, "claude", NULL);
    pass(rig, 2 * S);
    check_gone(rig);
}

/* Shells and scripts between client and hook end with the hook, or soon after. */
TEST_WITH(what_is_between_the_client_and_its_hook_is_not_the_client, setup, rig_tear_down)
{
    static const struct {
        const char *shell, *script; /* script NULL: none */
        int hooks;
        bool outlives; /* the last one runs on after its hook */
    } rows[] = {
        {"sh", NULL, 1, false},
        {"sh", NULL, 1, true}, /* a shell below a client */
        {"bash", "python3", 1, false},
        {"sh", "python3", 2, true}, /* two hooks show what they share */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *rig = NULL;
        assert_int_equal(setup((void **)&rig), 0);
        const char *proc = rig->ingest.processes.proc;
        for (int k = 0; k < rows[i].hooks; k++) {
            int from = rows[i].script != NULL ? SCRIPT : SHELL;
            processes_start(proc, SHELL, CLIENT, 100 + k, rows[i].shell, NULL);
            if (rows[i].script != NULL) {
                processes_start(proc, SCRIPT, SHELL, 100 + k, rows[i].script, NULL);
            }
            begin_call(rig, from, "t");
            if (!rows[i].outlives || k + 1 < rows[i].hooks) {
                processes_end(proc, SCRIPT);
                processes_end(proc, SHELL);
            }
        }
        pass(rig, 2 * S);
        processes_end(proc, SCRIPT);
        processes_end(proc, SHELL);
        pass(rig, 2 * S);
        assert_int_equal(state_of(rig), STATE_TOOL);
        processes_end(proc, CLIENT);
        pass(rig, 2 * S);
        check_gone(rig);
        rig_tear_down((void **)&rig);
    }
}

/* It was on its way when the client died, and the terminal has taken its shell over. */
TEST_WITH(a_late_hook_of_a_dead_client_revives_nothing, setup, rig_tear_down)
{
    struct rig *rig = *state;
    const char *proc = rig->ingest.processes.proc;
    begin_call(rig, CLIENT, "t");
    pass(rig, 2 * S);
    processes_end(proc, CLIENT);
    pass(rig, S);
    check_gone(rig);
    rig->now_ns += S / 10;
    processes_start(proc, SHELL, TERMINAL, 300, "sh", NULL);
    begin_call(rig, SHELL, "u");
    processes_end(proc, SHELL);
    assert_int_equal(state_of(rig), STATE_TOOL);
    pass(rig, 3 * S);
    check_gone(rig);
}

/* Else the hub would look at it each second for ever. */
TEST_WITH(a_dead_client_is_forgotten_once_its_last_hooks_have_arrived, setup, rig_tear_down)
{
    struct rig *rig = *state;
    begin_call(rig, CLIENT, "t");
    pass(rig, 2 * S);
    processes_end(rig->ingest.processes.proc, CLIENT);
    pass(rig, S);
    check_gone(rig);
    assert_int_equal(rig->ingest.processes.count, 1);
    pass(rig, 4 * S);
    assert_int_equal(rig->ingest.processes.count, 0);
    check_gone(rig);
}

TEST_WITH(a_session_that_is_resumed_lives_again, setup, rig_tear_down)
{
    struct rig *rig = *state;
    const char *proc = rig->ingest.processes.proc;
    begin_call(rig, CLIENT, "t");
    pass(rig, 2 * S);
    processes_end(proc, CLIENT);
    pass(rig, 5 * S);
    processes_start(proc, NEXT, TERMINAL, 400, "claude", NULL);
    begin_call(rig, NEXT, "u");
    pass(rig, 3 * S);
    assert_int_equal(state_of(rig), STATE_TOOL);
    processes_end(proc, NEXT);
    pass(rig, 2 * S);
    check_gone(rig);
}

TEST_WITH(a_session_that_ended_is_not_gone, setup, rig_tear_down)
{
    struct rig *rig = *state;
    begin_call(rig, CLIENT, "t");
    pass(rig, 2 * S);
    hook(rig, "S", CLIENT, "SessionEnd", "");
    processes_end(rig->ingest.processes.proc, CLIENT);
    pass(rig, 3 * S);
    assert_int_equal(state_of(rig), STATE_DONE);
    assert_int_equal(rig->ingest.processes.count, 0);
}

/* Of another machine or namespace the numbers mean nothing; recorded hooks are of no process now. */
TEST_WITH(numbers_of_elsewhere_and_of_the_past_are_left_alone, setup, rig_tear_down)
{
    static const char *const senders[] = {
        "{}",
        "{\"domain\":\"boot:pid:[1]\"}",
        "{\"domain\":\"boot:pid:[2]\",\"chain\":[[100,\"7\"]]}",
        "{\"domain\":\"other:pid:[1]\",\"chain\":[[100,\"7\"]]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[[1,\"7\"]]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[[1e99,\"7\"]]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[[100,7]]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[\"100\"]}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":{\"100\":\"7\"}}",
        "{\"domain\":\"boot:pid:[1]\",\"chain\":[[100,\"7777777777777777777777777777777\"]]}",
    };
    struct rig *rig = *state;
    struct slice session = {"S", 1};
    struct json_value sender;
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        assert_true(json_check(senders[i], strlen(senders[i]), 64, &sender, NULL));
        assert_true(client_processes_take_hook(&rig->ingest, session, sender, MODEL_START_MS));
        assert_int_equal(rig->ingest.processes.count, 0);
    }
    static const char good[] = "{\"domain\":\"boot:pid:[1]\",\"chain\":[[100,\"7\"]]}";
    assert_true(json_check(good, sizeof good - 1, 64, &sender, NULL));
    assert_true(client_processes_take_hook(&rig->ingest, session, sender, MODEL_START_MS - 120000));
    assert_int_equal(rig->ingest.processes.count, 0);
    assert_true(client_processes_take_hook(&rig->ingest, session, sender, MODEL_START_MS));
    assert_int_equal(rig->ingest.processes.count, 1);
}

/* ---- nested ones ---- */

/* An agent of session S calls Bash with that command. */
static void run_command(struct rig *rig, const char *agent, const char *id, const char *command)
{
    char more[500];
    snprintf(more, sizeof more,
             ",\"agent_id\":\"%s\",\"agent_type\":\"Explore\",\"tool_input\":{\"command\":\"%s\"},"
             "\"tool_use_id\":\"%s\"",
             agent, command, id);
    hook(rig, "S", CLIENT, "PreToolUse", more);
}

static void check_parent(struct rig *rig, const char *want)
{
    const struct agent *child = records_agent(&rig->model, "nested");
    assert_non_null(child);
    assert_string_equal(swarm_text(rig->model.swarm, child->parent_id), want);
}

/* The shell quotes the command again, and adds to it. */
TEST_WITH(a_nested_client_is_below_the_agent_that_started_it, setup, rig_tear_down)
{
    static const struct {
        const char *shell, *parent;
    } rows[] = {
        {"/bin/bash -c -l source /x.sh && eval 'claude -p '\"'\"'count files'\"'\"'' && pwd", "a1"},
        {"/bin/bash -c -l source /x.sh && eval 'claude -p \"read them\"' && pwd", "a2"},
        {"/bin/bash -c -l source /x.sh && eval 'claude -p main' && pwd", "S"},
        {"/bin/bash -c some wrapper", "S"}, /* several have calls: the session's own agent */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *rig = NULL;
        assert_int_equal(setup((void **)&rig), 0);
        const char *proc = rig->ingest.processes.proc;
        begin_call(rig, CLIENT, "t0");
        run_command(rig, "a1", "t1", "claude -p 'count files'");
        run_command(rig, "a2", "t2", "claude -p \\\"read them\\\"");
        hook(rig, "S", CLIENT, "PreToolUse",
             ",\"tool_input\":{\"command\":\"claude -p main\"},\"tool_use_id\":\"t3\"");
        pass(rig, 2 * S);
        processes_start(proc, SHELL, CLIENT, 20, "bash", rows[i].shell);
        processes_start(proc, NEXT, SHELL, 21, "claude", NULL);
        hook(rig, "nested", NEXT, "UserPromptSubmit", "");
        pass(rig, 5 * S);
        check_parent(rig, rows[i].parent);
        rig_tear_down((void **)&rig);
    }
}

/* A short command is in many a longer one; what is stored of a call may be masked and cut. */
TEST_WITH(the_call_that_fits_best_is_the_caller, setup, rig_tear_down)
{
    static const struct {
        const char *first, *second; /* commands of the agents a1 and a2 */
        const char *shell;
        bool late; /* the second one is reported later than the child */
        const char *parent;
    } rows[] = {
        /* No part of a longer term. */
        {"ls", "claude -p also", "bash -c eval 'claude -p tools also'", false, "S"},
        /* A short one is not final. */
        {"claude", "claude -p 'count all files'", "bash -c eval 'claude -p count all files'", true,
         "a2"},
        {"claude -p x", "claude -p x", "bash -c eval 'claude -p x'", false, "S"},
        {"make", "claude --token sk-abcdefghijklmnopqrstuvwxyz012345 -p go",
         "bash -c eval 'claude --token sk-abcdefghijklmnopqrstuvwxyz012345 -p go'", false, "a2"},
        {"make",
         "claude -p 'a long prompt 0123456789 0123456789 0123456789 0123456789 0123456789 "
         "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
         "0123456789 0123456789 then the end'",
         "bash -c eval 'claude -p a long prompt 0123456789 0123456789 0123456789 0123456789 "
         "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
         "0123456789 0123456789 0123456789 then the end'",
         false, "a2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *rig = NULL;
        assert_int_equal(setup((void **)&rig), 0);
        const char *proc = rig->ingest.processes.proc;
        begin_call(rig, CLIENT, "t0");
        run_command(rig, "a1", "t1", rows[i].first);
        if (!rows[i].late) {
            run_command(rig, "a2", "t2", rows[i].second);
        }
        pass(rig, S);
        processes_start(proc, SHELL, CLIENT, 20, "bash", rows[i].shell);
        processes_start(proc, NEXT, SHELL, 21, "claude", NULL);
        hook(rig, "nested", NEXT, "UserPromptSubmit", "");
        pass(rig, 2 * S);
        if (rows[i].late) {
            run_command(rig, "a2", "t2", rows[i].second);
        }
        pass(rig, 5 * S);
        check_parent(rig, rows[i].parent);
        rig_tear_down((void **)&rig);
    }
}

/* A transcript has the call half a second after its answer, which may be later than the child. */
TEST_WITH(a_call_that_is_reported_late_is_found, setup, rig_tear_down)
{
    struct rig *rig = *state;
    const char *proc = rig->ingest.processes.proc;
    begin_call(rig, CLIENT, "t0");
    pass(rig, 2 * S);
    processes_start(proc, SHELL, CLIENT, 20, "bash", "bash -c claude");
    processes_start(proc, NEXT, SHELL, 21, "claude", NULL);
    hook(rig, "nested", NEXT, "UserPromptSubmit", "");
    pass(rig, 2 * S);
    check_parent(rig, "S");
    run_command(rig, "a1", "t1", "claude");
    pass(rig, 2 * S);
    check_parent(rig, "a1");
}

/* Its child dies alone; it dies with its child. */
TEST_WITH(parent_and_child_die_each_for_itself, setup, rig_tear_down)
{
    struct rig *rig = *state;
    const char *proc = rig->ingest.processes.proc;
    begin_call(rig, CLIENT, "t0");
    processes_start(proc, NEXT, CLIENT, 21, "claude", NULL);
    hook(rig, "nested", NEXT, "UserPromptSubmit", "");
    pass(rig, 2 * S);
    processes_end(proc, NEXT);
    pass(rig, 2 * S);
    assert_int_equal(state_of(rig), STATE_TOOL);
    assert_int_equal(query_status(rig->model.swarm, 1, rig->now_ns).state, STATE_GONE);
    check_parent(rig, "S");
}

TEST_WITH(of_many_sessions_the_newest_are_watched, setup, rig_tear_down)
{
    struct rig *rig = *state;
    for (int i = 0; i < CLIENT_PROCESSES_MAX + 10; i++) {
        char session[20];
        snprintf(session, sizeof session, "s%d", i);
        hook(rig, session, CLIENT, "UserPromptSubmit", "");
    }
    assert_int_equal(rig->ingest.processes.count, CLIENT_PROCESSES_MAX);
}

/* ---- between calls ---- */

/* No hook reports a request: while a turn runs and no tool does, a request does, however long. */
TEST_WITH(by_hooks_alone_an_agent_in_its_turn_waits_for_its_model, setup, rig_tear_down)
{
    struct rig *rig = *state;
    hook(rig, "S", CLIENT, "SessionStart", "");
    assert_int_equal(state_of(rig), STATE_IDLE);
    hook(rig, "S", CLIENT, "UserPromptSubmit", ",\"prompt\":\"go\"");
    pass(rig, 40 * S);
    assert_int_equal(state_of(rig), STATE_WAIT);
    assert_int_equal(rig->now_ns - query_status(rig->model.swarm, 0, rig->now_ns).since_ns, 40 * S);
    begin_call(rig, CLIENT, "t");
    rig->now_ns += S;
    assert_int_equal(state_of(rig), STATE_TOOL);
    hook(rig, "S", CLIENT, "PostToolUse", ",\"tool_use_id\":\"t\"");
    pass(rig, 20 * S);
    assert_int_equal(state_of(rig), STATE_WAIT);
    assert_int_equal(rig->now_ns - query_status(rig->model.swarm, 0, rig->now_ns).since_ns, 20 * S);
    hook(rig, "S", CLIENT, "SubagentStart", ",\"agent_id\":\"a1\",\"agent_type\":\"Explore\"");
    pass(rig, 20 * S);
    assert_int_equal(query_status(rig->model.swarm, 1, rig->now_ns).state, STATE_WAIT);
    hook(rig, "S", CLIENT, "SubagentStop", ",\"agent_id\":\"a1\",\"agent_type\":\"Explore\"");
    assert_int_equal(query_status(rig->model.swarm, 1, rig->now_ns).state, STATE_DONE);
    hook(rig, "S", CLIENT, "Stop", "");
    assert_int_equal(state_of(rig), STATE_IDLE);
}
