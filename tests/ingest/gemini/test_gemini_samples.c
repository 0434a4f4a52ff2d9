/* A capture of the real Gemini CLI, against what the API that it talked to counted (expected.json).

   What its files cannot give, and is not compared: the start of a request and its first token,
   attempts that failed (a 503 leaves nothing), tools while they run, and the failure of a command,
   which the client counts as a success. */
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/report.h"
#include "tests/support/tail.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char session[] = "c67dcebc-4da7-47f7-8c63-141d7e39a8bb";
static const char helper[] = "117d9abd-c867-4b2a-b709-8701573b4347";

TEST(the_metrics_are_those_of_the_api)
{
    json_t *report = report_of_sample("gemini:", "gemini/sub");
    json_t *all = json_load_file(support_data("samples/gemini/sub/expected.json"), 0, NULL);
    static const struct {
        const char *script, *agent;
    } agents[] = {{"main", session}, {"generalist", helper}};
    assert_int_equal(json_array_size(json_object_get(report, "agents")), 2);
    assert_int_equal(report_number(json_object_get(report, "events"), "bad"), 0);
    for (size_t i = 0; i < 2; i++) {
        const json_t *want = json_object_get(all, agents[i].script), *of;
        const json_t *agent = report_agent(report, session, agents[i].agent);
        json_int_t output = 0;
        size_t k;
        const char *tool;
        json_t *count;
        json_array_foreach(json_object_get(want, "output_tokens_served"), k, of)
        {
            output += json_integer_value(of);
        }
        assert_int_equal(report_number(agent, "requests"), report_number(want, "ok"));
        assert_int_equal(report_number(agent, "open_requests"), 0);
        assert_int_equal(report_number(agent, "output_tokens"), output);
        json_object_foreach(json_object_get(want, "tools"), tool, count)
        {
            assert_int_equal(report_tool(agent, tool, "count"), json_integer_value(count));
        }
        report_text_is(agent, "parent_agent_id", i == 0 ? NULL : session);
        report_text_is(agent, "name", i == 0 ? "work" : "generalist");
        report_text_is(agent, "description", i == 0 ? NULL : "[[sub]] look around");
        report_text_is(agent, "client", "gemini");
    }
    const json_t *agent = report_agent(report, session, session);
    assert_int_equal(report_number(agent, "prompt_tokens"), 11741 + 11861);
    assert_int_equal(report_number(agent, "cache_read_tokens"), 11538);
    /* Its start is in the id of the call. */
    const json_t *call = json_object_get(json_object_get(agent, "tools"), "invoke_agent");
    assert_int_equal(report_number(call, "total_ms"), 1795903460015 - 1795903456467);
    json_decref(all);
    json_decref(report);
}

/* ---- as it was written ---- */

struct counts {
    unsigned asks; /* a user's line without an answer after it, over both files */
    bool open[2];
};

static void check(struct rig *rig, const char *file, const json_t *line, unsigned number, void *ctx)
{
    struct counts *counts = ctx;
    const char *type = json_string_value(json_object_get(line, "type"));
    bool *open = &counts->open[strstr(file, helper) != NULL];
    if (type != NULL) {
        *open = strcmp(type, "user") == 0;
    }
    json_t *asks = tail_open(rig, "requests"), *tools = tail_open(rig, "tools");
    if (json_array_size(asks) != (size_t)counts->open[0] + counts->open[1]) {
        fail_msg("line %u of %s: %zu requests are open", number, file, json_array_size(asks));
    }
    assert_int_equal(json_array_size(tools), 0);
    json_decref(asks);
    json_decref(tools);
}

RIG_TEST(what_is_open_is_seen_after_each_line)
{
    struct rig *rig = *state;
    struct counts counts = {0};
    tail_replay(rig, "gemini/sub", "tmp", "gemini:", check, &counts);
    assert_false(counts.open[0] || counts.open[1]);
}

/* ---- made for it ---- */

static bool has_ended(struct rig *rig, void *ctx)
{
    (void)ctx;
    return (rig_session(rig, "s")->flags & SESSION_ENDED) != 0;
}

#define AT(s) "\"timestamp\":\"2025-10-09T08:53:" s "Z\"" /* MODEL_START_MS is 08:53:20 */
#define ASK(id, s) \
    "{\"id\":\"" id "\"," AT(s) ",\"type\":\"user\",\"content\":[{\"text\":\"Do\"}]}\n"
#define ANSWER(id, s)                                                                   \
    "{\"id\":\"" id "\"," AT(s) ",\"type\":\"gemini\",\"content\":\"Done\",\"tokens\":" \
                                "{\"input\":10,\"output\":2}}\n"

static void read_chat(struct rig *rig, const char *text)
{
    char spec[600];
    const char *dir = support_tmpdir();
    mkdir(support_path(dir, "tmp"), 0700);
    mkdir(support_path(dir, "tmp/p"), 0700);
    mkdir(support_path(dir, "tmp/p/chats"), 0700);
    support_write_file(support_path(dir, "tmp/p/chats/session-1.jsonl"), text, strlen(text));
    rig_start_hub(rig, (struct hub_options){0});
    snprintf(spec, sizeof spec, "gemini:%s", dir);
    rig_add(rig, spec);
    rig_until_finished(rig);
}

RIG_TEST(a_request_that_a_person_stopped_ends_before_the_next)
{
    struct rig *rig = *state;
    read_chat(
        rig, "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:00Z\",\"kind\":\"main\"}\n" ASK(
                 "u1", "01.000") ASK("u2", "09.000") ANSWER("a1", "10.000"));
    json_t *all = records_of(&rig->model), *requests = json_object_get(all, "requests");
    assert_int_equal(json_object_size(requests), 2);
    const json_t *stopped = json_object_get(requests, "s:1"),
                 *next = json_object_get(requests, "a1");
    assert_string_equal(json_string_value(json_object_get(stopped, "outcome")), "interrupted");
    assert_int_equal(json_integer_value(json_object_get(next, "start_ms")), -11000);
    json_decref(all);
}

RIG_TEST(a_request_that_failed_counts_once)
{
    struct rig *rig = *state;
    read_chat(
        rig,
        "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:00Z\",\"kind\":\"main\"}\n" ASK(
            "u1", "01.000") "{\"id\":\"e1\"," AT("02.000") ",\"type\":\"error\","
                                                           "\"content\":\"[API Error: x]\"}\n");
    json_t *all = records_of(&rig->model), *requests = json_object_get(all, "requests");
    assert_int_equal(json_object_size(requests), 1);
    const json_t *failed = json_object_get(requests, "s:1");
    assert_true(json_is_false(json_object_get(failed, "success")));
    json_decref(all);
}

RIG_TEST(messages_that_are_set_again_count_once)
{
    struct rig *rig = *state;
    read_chat(
        rig, "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:00Z\",\"kind\":\"main\"}\n" ASK(
                 "u1", "01.000")
                 ANSWER("a1", "02.000") "{\"$set\":{\"messages\":[{\"id\":\"u1\"," AT(
                     "01.000") ",\"type\":\"user\","
                               "\"content\":[{\"text\":\"Do\"}]},{\"id\":\"a1\"," AT(
                                   "02.000") ",\"type\":\"gemini\","
                                             "\"tokens\":{\"input\":10,\"output\":2}}]}}\n");
    json_t *all = records_of(&rig->model);
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 1);
    json_decref(all);
}

/* `gemini --resume` writes a head, its context and all messages into the file again, with other times
   and some with other ids. */
TEST(a_chat_that_is_resumed_counts_once)
{
#define HEAD(s) \
    "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:" s "Z\",\"kind\":\"main\"}\n"
#define CONTEXT(s) \
    "{\"id\":\"c\"," AT(s) ",\"type\":\"user\",\"content\":[{\"text\":\"<session_context>\"}]}"
#define SET(messages)    "{\"$set\":{\"messages\":[" messages "]}}\n"
#define WAS(type, id, s) "{\"id\":\"" id "\"," AT(s) ",\"type\":\"" type "\",\"content\":[]}"
#define HISTORY                                                                                  \
    HEAD("10")                                                                                   \
    SET(CONTEXT("10.001"))                                                                       \
    "{\"$set\":{\"sessionId\":\"s\"}}\n" SET(                                                    \
        CONTEXT("10.001") "," WAS("user", "u1", "10.100") "," WAS(                               \
            "gemini", "a1", "10.100") "," WAS("user", "a1-tools", "10.100")) ASK("u2", "11.000") \
        ANSWER("a2", "12.000")
    static const struct {
        const char *lines;
        size_t requests;
        int first_end_ms; /* of the first interaction, after MODEL_START_MS */
    } rows[] = {
        {HEAD("00") SET(CONTEXT("00.001")) ASK("u1", "01.000") ANSWER("a1", "02.000") HISTORY, 2,
         -18000},
        {HISTORY, 1, -8000}, /* in a file of its own */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        rig_init(&rig);
        read_chat(&rig, rows[i].lines);
        json_t *all = records_of(&rig.model), *turns = json_object_get(all, "interactions");
        const json_t *turn = json_object_get(turns, i == 0 ? "u1" : "u2");
        assert_int_equal(json_object_size(json_object_get(all, "requests")), rows[i].requests);
        assert_int_equal(json_object_size(turns), rows[i].requests);
        assert_float_equal(json_number_value(json_object_get(turn, "end_ms")), rows[i].first_end_ms,
                           0);
        json_decref(all);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

#define INFO(id, s, text) \
    "{\"id\":\"" id "\"," AT(s) ",\"type\":\"info\",\"content\":\"" text "\"}\n"

/* After a turn that a person has stopped the client writes the history again, with other ids. */
RIG_TEST(a_history_after_a_cancelled_turn_counts_once)
{
    struct rig *rig = *state;
    read_chat(rig,
              HEAD("00") SET(CONTEXT("00.001")) ASK("u1", "01.000") ANSWER("a1", "02.000") ASK(
                  "u2", "03.000") INFO("i1", "04.000", "Request cancelled.")
                  CONTEXT("04.001") "\n" WAS("user", "v1", "04.001") "\n" WAS(
                      "gemini", "b1",
                      "04.002") "\n" WAS("user", "v2",
                                         "04.002") "\n" SET(CONTEXT("04.001") "," WAS("user", "v1",
                                                                                      "04.001"))
                      INFO("i2", "04.100", "Model switched.") ASK("u3", "04.200")
                          ANSWER("a3", "10.000"));
    json_t *all = records_of(&rig->model), *turns = json_object_get(all, "interactions");
    const json_t *requests = json_object_get(all, "requests");
    const json_t *stopped = json_object_get(requests, "s:2");
    assert_int_equal(json_object_size(turns), 3);
    assert_int_equal(json_object_size(requests), 3);
    assert_string_equal(json_string_value(json_object_get(stopped, "outcome")), "interrupted");
    assert_int_equal(json_integer_value(json_object_get(stopped, "end_ms")), -16000);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(turns, "u2"), "end_ms")),
                     -16000);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(requests, "a3"), "start_ms")), -15800);
    json_decref(all);
}

/* However long that takes, and whatever the clock does: the form of its lines shows it. An answer in
   the form of one that just came shows that the history was cut off. */
RIG_TEST(a_history_that_is_written_slowly_counts_once)
{
    struct rig *rig = *state;
    read_chat(rig,
              HEAD("00") SET(CONTEXT("00.001")) ASK("u1", "01.000") ANSWER("a1", "02.000")
                  CONTEXT("04.001") "\n" WAS("user", "v1", "07.001") "\n" WAS(
                      "gemini", "b1",
                      "09.002") "\n" WAS("user", "v2",
                                         "03.000") "\n" SET(CONTEXT("04.001") "," WAS("user", "v1",
                                                                                      "04.001"))
                      ASK("u3", "10.000") ANSWER("a3", "11.000") CONTEXT("12.000") "\n" WAS(
                          "user", "w1", "12.001") "\n" ANSWER("a4", "14.000"));
    json_t *all = records_of(&rig->model), *requests = json_object_get(all, "requests");
    assert_int_equal(json_object_size(json_object_get(all, "interactions")), 2);
    assert_int_equal(json_object_size(requests), 3);
    assert_non_null(json_object_get(requests, "a4"));
    json_decref(all);
}

/* A tool that runs is not in the file: while its process lives the session does not end, to be open
   again when the tool returns. */
RIG_TEST(a_session_whose_process_lives_does_not_blink)
{
    static const char text[] =
        "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:00Z\",\"kind\":\"main\"}\n" ASK(
            "u1", "18.000") ANSWER("a1", "19.000");
    struct rig *rig = *state;
    const char *dir = support_tmpdir(), *proc = processes_new();
    const struct source_setting settings[] = {
        {"gemini:", "dir", dir}, {"gemini:", "proc", proc}, {0}};
    processes_start(proc, 10, 1, 1, "node", "node /opt/gemini-cli/bundle/gemini.js");
    processes_work_in(proc, 10, "/home/dev/p");
    mkdir(support_path(dir, "tmp"), 0700);
    mkdir(support_path(dir, "tmp/p"), 0700);
    mkdir(support_path(dir, "tmp/p/chats"), 0700);
    support_write_file(support_path(dir, "tmp/p/.project_root"), "/home/dev/p", 11);
    support_write_file(support_path(dir, "tmp/p/chats/session-1.jsonl"), text, strlen(text));
    rig_start_hub(rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(rig, "gemini:");
    rig_until_events(rig, 3);
    rig_run_ms(rig, 300);
    rig->now_ns += (int64_t)300 * 1000000000; /* the tool runs */
    rig_run_ms(rig, 1200);
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_ENDED, 0);
    processes_end(proc, 10);
    rig_until(rig, has_ended, NULL);
}
