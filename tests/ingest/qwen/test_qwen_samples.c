/* A capture of the real Qwen Code, against what the API that it talked to counted (expected.json).

   What its files cannot give, and is not compared: attempts that failed before one succeeded (a 529
   is inside the request's duration), and the exact time to first token, which the client measures
   from the moment at which it began to prepare the request. */
#include "core/query/query.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/report.h"
#include "tests/support/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char session[] = "d941821c-4936-428e-a74a-6fd43a3b2732";

/* The names of the mock's scripts, and the agents that they were for. */
static const struct report_served agents[] = {
    {"qw", "d941821c-4936-428e-a74a-6fd43a3b2732", NULL, NULL},
    {"sub-a", "general-purpose-toolu_01LMbknznHr5c24AjHdqPqNb3Z", "general-purpose", "Helper A"},
    {"sub-b", "Explore-toolu_01JT606uNaUHUx5FmUTjsReAa7", "Explore", "Helper B"},
};

static void same_first_tokens(const json_t *agent, const json_t *want)
{
    const json_t *ttft = json_object_get(agent, "ttft_ms"), *of;
    double sum = 0;
    size_t i;
    json_array_foreach(json_object_get(want, "ttft_ms"), i, of) sum += json_number_value(of);
    double late = json_number_value(json_object_get(ttft, "mean")) - sum / (double)i;
    assert_true(late >= 0 && late < 300);
}

TEST(the_metrics_are_those_of_the_api)
{
    json_t *report = report_of_sample("qwen:", "qwen/swarm");
    json_t *all = json_load_file(support_data("samples/qwen/swarm/expected.json"), 0, NULL);
    report_is_as_served(report, "qwen/swarm", "qwen", agents, sizeof agents / sizeof *agents);
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        same_first_tokens(report_agent(report, session, agents[i].agent),
                          json_object_get(all, agents[i].script));
    }
    json_decref(all);
    json_decref(report);
}

/* A tool's time is that of its report, not from the answer on: tools of one answer wait for each
   other. */
TEST(tools_have_their_own_times_and_errors)
{
    json_t *report = report_of_sample("qwen:", "qwen/swarm");
    const json_t *agent = report_agent(report, session, session);
    assert_int_equal(report_tool(agent, "run_shell_command", "errors"), 1);
    assert_int_equal(report_tool(agent, "read_file", "errors"), 1);
    assert_int_equal(report_tool(agent, "agent", "errors"), 0);
    const json_t *file = json_object_get(json_object_get(agent, "tools"), "read_file");
    assert_true(json_number_value(json_object_get(file, "total_ms")) < 200);
    agent = report_agent(report, session, agents[2].agent);
    assert_int_equal(report_tool(agent, "run_shell_command", "errors"), 1); /* it was blocked */
    json_decref(report);
}

/* ---- as it was written ---- */

static json_t *open_tools, *ended_tools; /* sets of ids, by the lines so far */

static void note_calls(const json_t *parts)
{
    const json_t *part;
    size_t i;
    json_array_foreach(parts, i, part)
    {
        const char *id =
            json_string_value(json_object_get(json_object_get(part, "functionCall"), "id"));
        if (id != NULL && json_object_get(ended_tools, id) == NULL) {
            json_object_set_new(open_tools, id, json_true());
        }
    }
}

static void note_end(const json_t *id)
{
    if (id != NULL) {
        json_object_del(open_tools, json_string_value(id));
        json_object_set_new(ended_tools, json_string_value(id), json_true());
    }
}

/* By the order of a file's lines: the model is asked by a prompt and by the last result of an
   answer's tools, and answers. */
static void check_requests(struct rig *rig, const char *file, const json_t *line, unsigned number)
{
    static struct {
        char file[200];
        int calls;
        bool asked;
    } files[3];
    static size_t count;
    size_t i = 0, open = 0;
    while (i < count && strcmp(files[i].file, file) != 0) {
        i++;
    }
    if (i == count) {
        assert_true(count < 3);
        snprintf(files[count++].file, sizeof files->file, "%s", file);
    }
    const char *type = json_string_value(json_object_get(line, "type"));
    const json_t *event = json_object_get(json_object_get(line, "systemPayload"), "uiEvent"), *part;
    const char *name = json_string_value(json_object_get(event, "event.name"));
    bool own = json_object_get(event, "subagent_id") == NULL;
    if (strcmp(type, "user") == 0) {
        files[i].asked = true;
    } else if (strcmp(type, "assistant") == 0) {
        size_t k;
        files[i].asked = false;
        json_array_foreach(json_object_get(json_object_get(line, "message"), "parts"), k, part)
        {
            files[i].calls += json_object_get(part, "functionCall") != NULL;
        }
    } else if (strcmp(type, "tool_result") == 0) {
        files[i].asked = --files[i].calls == 0;
    } else if (own && name != NULL && strcmp(name, "qwen-code.api_response") == 0) {
        files[i].asked = false;
    }
    for (size_t k = 0; k < count; k++) {
        open += files[k].asked;
    }
    json_t *asks = tail_open(rig, "requests");
    if (json_array_size(asks) > open) { /* a report ends one before the agent's own line does */
        fail_msg("line %u of %s: %zu requests are open", number, file, json_array_size(asks));
    }
    json_decref(asks);
}

static void check(struct rig *rig, const char *file, const json_t *line, unsigned number, void *ctx)
{
    const json_t *event = json_object_get(json_object_get(line, "systemPayload"), "uiEvent");
    (void)ctx;
    note_calls(json_object_get(json_object_get(line, "message"), "parts"));
    note_end(json_object_get(event, "call_id"));
    note_end(json_object_get(json_object_get(line, "toolCallResult"), "callId"));
    json_t *open = tail_open(rig, "tools"), *id;
    size_t i;
    json_array_foreach(open, i, id)
    {
        if (json_object_get(open_tools, json_string_value(id)) == NULL) {
            fail_msg("line %u of %s: %s is open", number, file, json_string_value(id));
        }
    }
    if (json_array_size(open) != json_object_size(open_tools)) {
        fail_msg("line %u of %s: %zu tools are open", number, file, json_array_size(open));
    }
    json_decref(open);
    check_requests(rig, file, line, number);
}

RIG_TEST(what_is_open_is_seen_after_each_line)
{
    struct rig *rig = *state;
    open_tools = json_object();
    ended_tools = json_object();
    tail_replay(rig, "qwen/swarm", "projects", "qwen:", check, NULL);
    assert_int_equal(json_object_size(ended_tools), 8);
    json_t *asks = tail_open(rig, "requests");
    assert_int_equal(json_array_size(asks), 0);
    json_decref(asks);
    json_decref(open_tools);
    json_decref(ended_tools);
}

/* ---- made for it ---- */

static bool has_ended(struct rig *rig, void *ctx)
{
    const struct session *found = rig_session(rig, ctx);
    return found != NULL && (found->flags & SESSION_ENDED) != 0;
}

static const char *make_project(void)
{
    static const char *const dirs[] = {"projects", "projects/p", "projects/p/chats",
                                       "projects/p/subagents", "projects/p/subagents/s"};
    const char *dir = support_tmpdir();
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        mkdir(support_path(dir, dirs[i]), 0700);
    }
    return dir;
}

/* Process 10 is a client in the directory of the sessions. */
static const char *start_client(void)
{
    const char *proc = processes_new();
    processes_start(proc, 10, 1, 1, "node", "node /usr/bin/qwen");
    processes_work_in(proc, 10, "/home/dev/api");
    return proc;
}

/* A call of run_shell_command, and the report of its end with the decision about it. */
#define SHELL_CALL(n, tool)                                                                  \
    "{\"uuid\":\"c" n                                                                        \
    "\",\"sessionId\":\"s\",\"cwd\":\"/home/dev/api\",\"timestamp\":\"2025-10-09T08:53:1" n  \
    ".000Z\",\"type\":\"assistant\",\"message\":{\"parts\":[{\"functionCall\":{\"id\":\"t" n \
    "\",\"name\":\"" tool "\",\"args\":{\"command\":\"make\"}}}]}}\n"
#define SHELL_END(n, tool, decision)                                                           \
    "{\"uuid\":\"e" n "\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:1" n            \
    ".500Z\",\"type\":\"system\",\"subtype\":\"ui_telemetry\",\"systemPayload\":{\"uiEvent\":" \
    "{\"event.name\":\"qwen-code.tool_call\",\"event.timestamp\":\"2025-10-09T08:53:1" n       \
    ".500Z\",\"call_id\":\"t" n "\",\"function_name\":\"" tool                                 \
    "\",\"duration_ms\":100,\"success\":true,\"decision\":\"" decision "\"}}}\n"

/* Whether a person is asked is not in the file; what was decided about the calls before is. */
TEST(a_long_call_may_wait_for_a_person_unless_the_client_decides_itself)
{
    static const struct {
        const char *lines;
        enum agent_state state;
    } rows[] = {
        {SHELL_CALL("1", "run_shell_command"), STATE_TOOL_OR_USER},
        {SHELL_CALL("1", "read_file"), STATE_TOOL},
        {SHELL_CALL("1", "run_shell_command") SHELL_END("1", "run_shell_command", "auto_accept")
             SHELL_CALL("2", "run_shell_command"),
         STATE_TOOL},
        {SHELL_CALL("1", "read_file") SHELL_END("1", "read_file", "auto_accept")
             SHELL_CALL("2", "run_shell_command"),
         STATE_TOOL_OR_USER},
        {SHELL_CALL("1", "edit") SHELL_END("1", "edit", "accept") SHELL_CALL("2", "mcp__db__drop"),
         STATE_TOOL_OR_USER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        rig_init(&rig);
        const char *dir = make_project();
        const struct source_setting settings[] = {
            {"qwen:", "dir", dir}, {"qwen:", "proc", start_client()}, {0}};
        support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), rows[i].lines,
                           strlen(rows[i].lines));
        rig_start_hub(&rig, (struct hub_options){.follow = true, .settings = settings});
        rig_add(&rig, "qwen:");
        rig_until_events(&rig, 1 + (strchr(rows[i].lines, '\n')[1] != '\0') * 2);
        assert_int_equal(query_status(rig.model.swarm, 0, rig.now_ns + INT64_C(60000000000)).state,
                         rows[i].state);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

/* A sub-agent is asked about as its session is, unless it is in the background or may do all. */
TEST(a_long_call_of_a_sub_agent_may_wait_for_a_person_too)
{
#define AGENT_CALL                                                                               \
    "{\"uuid\":\"a1\",\"sessionId\":\"s\",\"agentId\":\"a\",\"timestamp\":\"2025-10-09T08:53:15" \
    ".000Z\",\"type\":\"assistant\",\"message\":{\"parts\":[{\"functionCall\":{\"id\":\"t9\","   \
    "\"name\":\"run_shell_command\",\"args\":{}}}]}}\n"
#define AGENT_META(more) \
    "{\"agentId\":\"a\",\"parentSessionId\":\"s\",\"createdAt\":\"2025-10-09T08:53:14Z\"" more "}"
    static const struct {
        const char *chat, *meta;
        enum agent_state state;
    } rows[] = {
        {SHELL_CALL("1", "agent"), AGENT_META(""), STATE_TOOL_OR_USER},
        {SHELL_CALL("1", "agent"), AGENT_META(",\"resolvedApprovalMode\":\"default\""),
         STATE_TOOL_OR_USER},
        {SHELL_CALL("1", "agent"), AGENT_META(",\"resolvedApprovalMode\":\"yolo\""), STATE_TOOL},
        {SHELL_CALL("1", "agent"), AGENT_META(",\"isBackgrounded\":true"), STATE_TOOL},
        {SHELL_CALL("1", "edit") SHELL_END("1", "edit", "auto_accept"), AGENT_META(""), STATE_TOOL},
        {SHELL_CALL("1", "edit") SHELL_END("1", "edit", "accept"), AGENT_META(""),
         STATE_TOOL_OR_USER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        rig_init(&rig);
        const char *dir = make_project();
        const struct source_setting settings[] = {
            {"qwen:", "dir", dir}, {"qwen:", "proc", start_client()}, {0}};
        support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), rows[i].chat,
                           strlen(rows[i].chat));
        support_write_file(support_path(dir, "projects/p/subagents/s/agent-a.meta.json"),
                           rows[i].meta, strlen(rows[i].meta));
        support_write_file(support_path(dir, "projects/p/subagents/s/agent-a.jsonl"), AGENT_CALL,
                           strlen(AGENT_CALL));
        rig_start_hub(&rig, (struct hub_options){.follow = true, .settings = settings});
        rig_add(&rig, "qwen:");
        rig_until_events(&rig, 3 + (strchr(rows[i].chat, '\n')[1] != '\0'));
        agent_no agent =
            (agent_no)(records_agent(&rig.model, "a") - swarm_agent(rig.model.swarm, 0));
        print_message("  %zu\n", i);
        assert_int_equal(
            query_status(rig.model.swarm, agent, rig.now_ns + INT64_C(60000000000)).state,
            rows[i].state);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

/* Types of a newer version are counted for each session. */
RIG_TEST(lines_of_unknown_types_are_counted_once_a_session)
{
#define NEW(session, uuid)                            \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"" session \
    "\",\"timestamp\":\"2025-10-09T08:53:10.000Z\",\"type\":\"hologram\"}\n"
#define KNOWN(session, uuid)                          \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"" session \
    "\",\"timestamp\":\"2025-10-09T08:53:10.000Z\",\"type\":\"user\"}\n"
    static const char one[] = KNOWN("s", "k1") NEW("s", "u1") NEW("s", "u2");
    static const char other[] = KNOWN("t", "k2") NEW("t", "u3");
    struct rig *rig = *state;
    const char *dir = make_project();
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {0}};
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), one, strlen(one));
    support_write_file(support_path(dir, "projects/p/chats/t.jsonl"), other, strlen(other));
    rig_start_hub(rig, (struct hub_options){.settings = settings});
    rig_add(rig, "qwen:");
    rig_until_finished(rig);
    assert_non_null(rig_logged(rig, "session s: 2 lines of unknown types were ignored, such as "
                                    "'hologram'"));
    assert_non_null(rig_logged(rig, "session t: 1 lines of unknown types were ignored"));
}

/* The small files of sub-agents have no line with a time: without a named directory they are read
   by the file's own. */
RIG_TEST(sub_agents_of_recent_sessions_have_their_parents)
{
    static const char line[] =
        "{\"uuid\":\"u\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:10.000Z\","
        "\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n";
    static const char meta[] =
        "{\"agentId\":\"a\",\"agentType\":\"Explore\",\"description\":\"Look\","
        "\"parentSessionId\":\"s\",\"toolUseId\":\"t\",\"status\":\"completed\","
        "\"createdAt\":\"2025-10-09T08:53:11Z\",\"lastUpdatedAt\":\"2025-10-09T08:53:12Z\"}";
    struct rig *rig = *state;
    const char *dir = make_project();
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), line, strlen(line));
    support_write_file(support_path(dir, "projects/p/subagents/s/agent-a.meta.json"), meta,
                       strlen(meta));
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {0}};
    rig_start_hub(rig, (struct hub_options){.settings = settings});
    rig_add(rig, "qwen:");
    rig_until_finished(rig);
    const struct agent *agent = records_agent(&rig->model, "a");
    assert_non_null(agent);
    assert_true((agent->flags & AGENT_UNREGISTERED) != 0);
}

/* An agent in the background has a file of its own: its session lasts while that is written, though
   its own chat is quiet. */
RIG_TEST(a_session_lasts_as_long_as_its_sub_agents)
{
    static const char chat[] =
        "{\"uuid\":\"u1\",\"sessionId\":\"s\",\"cwd\":\"/home/dev/api\",\"timestamp\":\"2025-10-09T08:52:10.000Z\","
        "\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n"
        "{\"uuid\":\"u2\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:52:12.000Z\","
        "\"type\":\"assistant\",\"message\":{\"parts\":[{\"text\":\"Started\"}]}}\n";
    static const char agent[] =
        "{\"uuid\":\"u3\",\"sessionId\":\"s\",\"agentId\":\"a\",\"timestamp\":"
        "\"2025-10-09T08:53:20.000Z\",\"type\":\"user\",\"message\":{\"parts\":"
        "[{\"text\":\"Look\"}]}}\n"; /* it is seen to be written */
    static const char answer[] =
        "{\"uuid\":\"u4\",\"sessionId\":\"s\",\"agentId\":\"a\",\"timestamp\":"
        "\"2025-10-09T08:53:21.000Z\",\"type\":\"assistant\",\"message\":{\"parts\":"
        "[{\"text\":\"Seen\"}]}}\n";
    struct rig *rig = *state;
    const char *dir = make_project();
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {0}};
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), chat, strlen(chat));
    const char *path = support_path(dir, "projects/p/subagents/s/agent-a.jsonl");
    support_write_file(path, agent, strlen(agent));
    rig_start_hub(rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(rig, "qwen:");
    rig_until_events(rig, 3);
    rig->now_ns += (int64_t)15 * 1000000000; /* the agent waits for its model */
    rig_run_ms(rig, 1200);
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_ENDED, 0);
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_true(fd >= 0 && write(fd, answer, strlen(answer)) == (ssize_t)strlen(answer));
    close(fd);
    char id[] = "s";
    rig_until(rig, has_ended, id);
    records_check(&rig->model, "sessions",
                  "{'s': {'start_ms': -70000, 'end_ms': 1000, 'gone': false, 'name': 'api'}}",
                  NULL);
}

/* What the client reports to the model while tools run comes to it with their results. */
TEST(a_report_to_the_model_asks_nothing_while_tools_run)
{
#define RESULT(n, s)                                                               \
    "{\"uuid\":\"r" n "\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:" s \
    ".000Z\",\"type\":\"tool_result\",\"toolCallResult\":{\"callId\":\"t" n "\"}}\n"
#define REFUSED(n, s)                                                              \
    "{\"uuid\":\"r" n "\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:" s \
    ".000Z\",\"type\":\"tool_result\",\"toolCallResult\":{\"callId\":\"t" n        \
    "\",\"status\":\"cancelled\"}}\n"
#define NOTE(n, s)                                                                 \
    "{\"uuid\":\"n" n "\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:" s \
    ".000Z\",\"type\":\"user\",\"subtype\":\"notification\"}\n"
    static const struct {
        const char *lines;
        size_t open;
    } rows[] = {
        {SHELL_CALL("1", "read_file") NOTE("1", "12"), 0},
        {SHELL_CALL("1", "read_file") NOTE("1", "12") RESULT("1", "13"), 1},
        {SHELL_CALL("1", "read_file") RESULT("1", "13") NOTE("1", "14"), 1},
        /* What a person refuses is no question to the model, as long as nothing else is. */
        {SHELL_CALL("1", "edit") REFUSED("1", "13"), 0},
        {SHELL_CALL("1", "edit") SHELL_CALL("2", "read_file") REFUSED("1", "13") RESULT("2", "14"),
         1},
        {SHELL_CALL("1", "edit") SHELL_CALL("2", "read_file") RESULT("2", "13") REFUSED("1", "14"),
         1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        rig_init(&rig);
        const char *dir = make_project();
        const struct source_setting settings[] = {
            {"qwen:", "dir", dir}, {"qwen:", "proc", start_client()}, {0}};
        size_t lines = 0;
        for (const char *at = rows[i].lines; (at = strchr(at, '\n')) != NULL; at++) {
            lines++;
        }
        support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), rows[i].lines,
                           strlen(rows[i].lines));
        rig_start_hub(&rig, (struct hub_options){.follow = true, .settings = settings});
        rig_add(&rig, "qwen:");
        rig_until_events(&rig, lines);
        json_t *asks = tail_open(&rig, "requests");
        print_message("  %zu\n", i);
        assert_int_equal(json_array_size(asks), rows[i].open);
        json_decref(asks);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

#define WORK(session, uuid, s)                                         \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"" session                  \
    "\",\"cwd\":\"/home/dev/api\",\"timestamp\":\"2025-10-09T08:53:" s \
    ".000Z\",\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n"

/* `host` NULL: this one. */
static void write_runtime(const char *dir, const char *of, int pid, const char *host)
{
    char name[100], text[600], here[256];
    assert_int_equal(gethostname(here, sizeof here), 0);
    snprintf(name, sizeof name, "projects/p/chats/%s.runtime.json", of);
    snprintf(
        text, sizeof text,
        "{\"schema_version\":1,\"pid\":%d,\"session_id\":\"%s\",\"work_dir\":\"/home/dev/api\","
        "\"hostname\":\"%s\",\"started_at\":1759999990.5}",
        pid, of, host == NULL ? here : host);
    support_write_file(support_path(dir, name), text, strlen(text));
}

/* Two clients of one directory write down which session each has. */
RIG_TEST(a_client_that_names_its_process_dies_alone)
{
    static const char one[] = WORK("s", "u1", "19"), other[] = WORK("t", "u2", "19");
    struct rig *rig = *state;
    const char *dir = make_project(), *proc = start_client();
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {"qwen:", "proc", proc}, {0}};
    char id[] = "s";
    processes_start(proc, 20, 1, 1, "node", "node /usr/bin/qwen");
    processes_work_in(proc, 20, "/home/dev/api");
    write_runtime(dir, "s", 10, NULL);
    write_runtime(dir, "t", 20, NULL);
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), one, strlen(one));
    support_write_file(support_path(dir, "projects/p/chats/t.jsonl"), other, strlen(other));
    rig_start_hub(rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(rig, "qwen:");
    rig_until_events(rig, 4);
    rig_run_ms(rig, 600);
    assert_int_equal(rig_session(rig, "s")->pid, 10);
    assert_int_equal(rig_session(rig, "t")->pid, 20);
    processes_end(proc, 10);
    rig_until(rig, has_ended, id);
    assert_int_equal(rig_session(rig, "t")->flags & SESSION_ENDED, 0);
    assert_true(records_agent(&rig->model, "s")->flags & AGENT_GONE);
}

/* The report of an answer comes before its line, which has the tools that it calls. */
TEST(a_client_that_dies_between_a_report_and_its_answer_is_gone)
{
#define REPORTED                                                                                 \
    "{\"uuid\":\"u2\",\"sessionId\":\"s\",\"cwd\":\"/home/dev/api\",\"timestamp\":"              \
    "\"2025-10-09T08:53:19.500Z\",\"type\":\"system\",\"subtype\":\"ui_telemetry\","             \
    "\"systemPayload\":{\"uiEvent\":{\"event.name\":\"qwen-code.api_response\",\"response_id\":" \
    "\"r\",\"event.timestamp\":\"2025-10-09T08:53:19.500Z\",\"duration_ms\":400,"                \
    "\"input_token_count\":10,\"output_token_count\":2}}}\n"
#define ANSWERED                                                                             \
    "{\"uuid\":\"u3\",\"sessionId\":\"s\",\"cwd\":\"/home/dev/api\",\"timestamp\":"          \
    "\"2025-10-09T08:53:19.600Z\",\"type\":\"assistant\",\"message\":{\"parts\":[{\"text\":" \
    "\"Done\"}]}}\n"
    static const struct {
        const char *lines;
        unsigned count;
        bool gone;
    } rows[] = {{WORK("s", "u1", "19") REPORTED, 2, true},
                {WORK("s", "u1", "19") REPORTED ANSWERED, 3, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        const char *dir = make_project(), *proc = start_client();
        const struct source_setting settings[] = {
            {"qwen:", "dir", dir}, {"qwen:", "proc", proc}, {0}};
        char id[] = "s";
        rig_init(&rig);
        write_runtime(dir, "s", 10, NULL);
        support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), rows[i].lines,
                           strlen(rows[i].lines));
        rig_start_hub(&rig, (struct hub_options){.follow = true, .settings = settings});
        rig_add(&rig, "qwen:");
        rig_until_events(&rig, rows[i].count + 1);
        rig_run_ms(&rig, 600);
        processes_end(proc, 10);
        rig_until(&rig, has_ended, id);
        assert_int_equal((records_agent(&rig.model, "s")->flags & AGENT_GONE) != 0, rows[i].gone);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

/* A directory that a container or another machine writes too: the file names the process there, and
   a process of that number here is another one. */
RIG_TEST(a_client_of_another_host_has_its_name_and_no_process_here)
{
    static const char one[] = WORK("s", "u1", "19"), other[] = WORK("t", "u2", "19");
    struct rig *rig = *state;
    const char *dir = make_project(), *proc = start_client();
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {"qwen:", "proc", proc}, {0}};
    write_runtime(dir, "s", 10, "3f9c1a2b4d5e");
    write_runtime(dir, "t", 10, NULL);
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), one, strlen(one));
    support_write_file(support_path(dir, "projects/p/chats/t.jsonl"), other, strlen(other));
    rig_start_hub(rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(rig, "qwen:");
    rig_until_events(rig, 4);
    rig_run_ms(rig, 600);
    const struct session *there = rig_session(rig, "s"), *here = rig_session(rig, "t");
    assert_string_equal(swarm_text(rig->model.swarm, there->texts[SESSION_HOST]), "3f9c1a2b4d5e");
    assert_int_equal(there->pid, 0);
    assert_string_equal(swarm_text(rig->model.swarm, here->texts[SESSION_HOST]), "");
    assert_int_equal(here->pid, 10);
}

/* Some providers count ids from one in each conversation. */
RIG_TEST(equal_ids_of_two_agents_are_two_calls)
{
#define CALL(agent, s, uuid)                                                                   \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"s\"," agent "\"timestamp\":\"2025-10-09T08:53:" s  \
    ".000Z\",\"type\":\"assistant\",\"message\":{\"parts\":[{\"functionCall\":{\"id\":\"c1\"," \
    "\"name\":\"read_file\",\"args\":{}}}]}}\n"
#define REPORT(prompt, s, uuid)                                                                     \
    "{\"uuid\":\"" uuid "\",\"sessionId\":\"s\",\"timestamp\":\"2025-10-09T08:53:" s                \
    ".000Z\",\"type\":\"system\",\"subtype\":\"ui_telemetry\",\"systemPayload\":{\"uiEvent\":"      \
    "{\"event.name\":\"qwen-code.tool_call\",\"call_id\":\"c1\",\"prompt_id\":\"" prompt            \
    "\",\"function_name\":\"read_file\",\"success\":true,\"duration_ms\":1000,\"event.timestamp\":" \
    "\"2025-10-09T08:53:" s ".000Z\"}}}\n"
    static const char chat[] =
        CALL("", "01", "u1") REPORT("s########0", "03", "u2") REPORT("s#a#0", "05", "u3");
    static const char agent[] = CALL("\"agentId\":\"a\",", "04", "u4");
    struct rig *rig = *state;
    const char *dir = make_project();
    const struct source_setting settings[] = {{"qwen:", "dir", dir}, {0}};
    support_write_file(support_path(dir, "projects/p/chats/s.jsonl"), chat, strlen(chat));
    support_write_file(support_path(dir, "projects/p/subagents/s/agent-a.jsonl"), agent,
                       strlen(agent));
    rig_start_hub(rig, (struct hub_options){.settings = settings});
    rig_add(rig, "qwen:");
    rig_until_finished(rig);
    records_check(&rig->model, "tools",
                  "{'c1': {'of': 's/', 'name': 'read_file', 'args': '{}', 'start_ms': -18000, "
                  "'end_ms': -17000, 'success': true}, 'a:c1': {'of': 's/a', 'name': 'read_file', "
                  "'args': '{}', 'start_ms': -16000, 'end_ms': -15000, 'success': true}}",
                  NULL);
}
