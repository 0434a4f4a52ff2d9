/* Chains that hold agents up, stalled calls and loops in `report --json` and in `status`. */
#include "tests/support/support.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *run(const char *const argv[])
{
    struct support_run r;
    support_run(&r, argv, NULL, 0, 60000);
    assert_int_equal(r.status, 0);
    free(r.err);
    return r.out;
}

/* tests/screens/waits.feed.ndjson: api-server waits for coder, that for reviewer, that for a Bash
   that has stalled; web is in a loop. */
static json_t *report(const char *filter)
{
    const char *const argv[] = {support_program(),
                                "report",
                                "--json",
                                "--filter",
                                filter,
                                support_tests("screens/waits.feed.ndjson"),
                                NULL};
    char *text = run(argv);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

static const json_t *agent_of(const json_t *json, const char *id)
{
    const json_t *agent;
    size_t i;
    json_array_foreach(json_object_get(json, "agents"), i, agent)
    {
        if (strcmp(json_string_value(json_object_get(agent, "agent_id")), id) == 0) {
            return agent;
        }
    }
    fail_msg("no agent %s", id);
    return NULL;
}

static void assert_member(const json_t *object, const char *name, const char *want)
{
    json_t *value = json_loads(want, JSON_DECODE_ANY, NULL);
    char *got = json_dumps(json_object_get(object, name), JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (!json_equal(json_object_get(object, name), value)) {
        fail_msg("%s is %s, not %s", name, got == NULL ? "absent" : got, want);
    }
    free(got);
    json_decref(value);
}

#define STEP(agent, name, age)                                                                   \
    "{\"session_id\":\"s1\",\"agent_id\":\"" agent "\",\"kind\":\"tool\",\"name\":\"" name "\"," \
    "\"age_ms\":" #age "}"

TEST(the_chain_of_each_agent_ends_with_the_call_that_runs)
{
    json_t *json = report("");
    assert_member(
        agent_of(json, "s1"), "held_up_by",
        "{\"path\":[" STEP("s1", "Agent", 139000) "," STEP("c1", "Agent", 134700) "," STEP(
            "r1", "Bash", 130000) "],\"age_ms\":130000,\"p95_ms\":40000}");
    assert_member(agent_of(json, "r1"), "held_up_by",
                  "{\"path\":[" STEP("r1", "Bash", 130000) "],\"age_ms\":130000,\"p95_ms\":40000}");
    const json_t *path =
        json_object_get(json_object_get(agent_of(json, "s2"), "held_up_by"), "path");
    assert_member(json_array_get(path, 0), "kind", "\"request\"");
    assert_null(json_object_get(agent_of(json, "s3"), "held_up_by"));
    json_decref(json);
}

TEST(stalled_calls_and_loops_are_counted_where_they_are)
{
    json_t *json = report("");
    assert_member(json_object_get(json, "totals"), "stalled", "1");
    assert_member(json_object_get(json, "totals"), "loops", "1");
    assert_member(agent_of(json, "r1"), "stalled", "1");
    assert_member(agent_of(json, "r1"), "loops", "0");
    assert_member(agent_of(json, "s2"), "loops", "1");
    assert_member(agent_of(json, "s2"), "stalled", "0");
    assert_member(agent_of(json, "s1"), "stalled", "0");
    json_decref(json);
    json = report("session:web");
    assert_member(json_object_get(json, "totals"), "stalled", "0");
    assert_member(json_object_get(json, "totals"), "loops", "1");
    json_decref(json);
}

/* Runs the report with a condition on a feed, which may be a trace. Returns new: its stderr. */
static char *fail_if(const char *condition, const char *feed)
{
    const char *const argv[] = {support_program(), "report", "--json", "--fail-if",
                                condition,         "-",      NULL};
    struct support_run r;
    support_run(&r, argv, feed, strlen(feed), 60000);
    assert_int_equal(r.status, 0);
    free(r.out);
    return r.err;
}

TEST(a_count_of_a_healthy_run_is_zero_and_of_a_foreign_trace_unknown)
{
    static const char *const conditions[] = {"stalled>0", "loops>0", "refused>0", "interrupted>0",
                                             "tools.Bash.refused>0"};
    static const char healthy[] =
        "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\"}\n"
        "{\"op\":\"start_tool\",\"t\":1760000000000,\"session_id\":\"s\",\"span_id\":\"t\","
        "\"tool_name\":\"Bash\"}\n"
        "{\"op\":\"end_tool\",\"t\":1760000001000,\"session_id\":\"s\",\"span_id\":\"t\","
        "\"success\":true}\n";
    static const char foreign[] =
        "[{\"ph\":\"X\",\"ts\":0,\"dur\":5,\"pid\":1,\"tid\":1,\"name\":\"work\"}]\n";
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        char *err = fail_if(conditions[i], healthy);
        assert_string_equal(err, "");
        free(err);
        err = fail_if(conditions[i], foreign);
        assert_non_null(strstr(err, "no such figure"));
        free(err);
    }
}

TEST(a_status_bar_shows_the_longest_chain)
{
    const char *const argv[] = {support_program(), "status",
                                support_tests("screens/waits.feed.ndjson"), NULL};
    char *text = run(argv);
    assert_string_equal(text, "1 sampling  1 tool  2 agents  1 done  1 stalled  1 loop  ttft 400ms"
                              "  held up: api-server <- coder <- reviewer <- Bash make test 2m10s"
                              " (p95 40.0s)\n");
    free(text);
}

/* Returns new: what the command prints of a feed of these lines. */
static char *run_on(const char *command, const char *option, const char *feed)
{
    const char *path = support_path(support_tmpdir(), "own.feed.ndjson");
    support_write_file(path, feed, strlen(feed));
    const char *const argv[] = {support_program(), command, option, path, NULL};
    return run(argv);
}

#define LINE(op, t, more) "{\"op\":\"" op "\",\"t\":" #t ",\"session_id\":\"s\"" more "}\n"
#define TOOL(t, more)     LINE("start_tool", t, ",\"span_id\":\"" #t "\"," more)
#define NOW(t)            LINE("instant", t, ",\"name\":\"x\",\"cat\":\"c\"")

static void assert_chain(const char *command, const char *option, const char *begin,
                         const char *want, const char *feed)
{
    char *text = run_on(command, option, feed);
    const char *at = strstr(text, begin);
    if (at == NULL || strstr(at, want) != at + strlen(begin)) {
        fail_msg("%s: no %s%s in\n%s", command, begin, want, text);
    }
    free(text);
}

TEST(the_chain_is_one_line_whatever_its_texts_hold)
{
    const char *feed = LINE("hello", 1760000000000, ",\"name\":\"a\\nb\"")
        TOOL(1760000000000, "\"tool_name\":\"Ba\\nsh\",\"args\":{\"command\":\"c\\u001b[2J\\nd\"}")
            NOW(1760000091500);
    assert_chain("report", "--ascii", "held up   ", "a b <- Ba sh c?[2J d 91.5s\n", feed);
    assert_chain("status", "--no-mask", "held up: ", "a b <- Ba sh c?[2J d 91.5s\n", feed);
}

TEST(a_chain_ends_with_the_retry_that_its_request_waits_for)
{
    const char *feed = LINE("hello", 1760000000000, ",\"name\":\"a\"")
        LINE("start_llm_request", 1760000000000, ",\"span_id\":\"r\",\"model\":\"m\"")
            LINE("attempt", 1760000001000,
                 ",\"span_id\":\"r\",\"attempt\":2,\"error\":\"52\\n9\",\"retry_in_ms\":30000")
                NOW(1760000022000);
    assert_chain("report", "--ascii", "held up   ", "a <- retry 2 in 9s after 52 9, 22.0s\n", feed);
    assert_chain("status", "--no-mask", "held up: ", "a <- retry 2 in 9s after 52 9, 22.0s\n",
                 feed);
    char *json = run_on("report", "--json", feed);
    assert_non_null(strstr(json, "\"kind\":\"retry\""));
    free(json);
}

#define KEY "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123"

TEST(a_key_is_masked_before_the_chain_is_cut)
{
    const char *feed = LINE("hello", 1760000000000, ",\"name\":\"a\"")
        TOOL(1760000000000,
             "\"tool_name\":\"Bash\",\"args\":{\"command\":\"deploy --really --to-prod -k " KEY
             "\"}") NOW(1760000091500);
    assert_chain("report", "--ascii", "held up   ",
                 "a <- Bash deploy --really --to-prod -k ghp_*** 91.5s\n", feed);
    assert_chain("status", "--from=0s",
                 "held up: ", "a <- Bash deploy --really --to-prod -k ghp_*** 91.5s\n", feed);
    assert_chain("status", "--no-mask",
                 "held up: ", "a <- Bash deploy --really --to-prod -k ghp_ABCDEF", feed);
}

TEST(no_table_has_a_part_of_a_key)
{
    for (int padding = 0; padding < 50; padding += 4) {
        char feed[1000], title[100] = "";
        memset(title, 'x', (size_t)padding);
        snprintf(feed, sizeof feed,
                 LINE("hello", 1760000000000, ",\"name\":\"%s " KEY "\"")
                     TOOL(1760000000000, "\"tool_name\":\"Bash\",\"args\":{\"command\":\"%s " KEY
                                         " tail\"}") NOW(1760000091500),
                 title, title);
        static const char *const options[] = {"--ascii", "--why"};
        for (size_t i = 0; i < 2; i++) {
            char *text = run_on("report", options[i], feed);
            if (strstr(text, "ABC") != NULL) {
                fail_msg("after %d bytes:\n%s", padding, text);
            }
            free(text);
        }
    }
}

#define AGENT(id) \
    LINE("register_agent", 1760000000000, ",\"agent_id\":\"" id "\",\"agent_name\":\"" id "\"")
#define RUNS(t, id) \
    TOOL(t, "\"agent_id\":\"" id "\",\"tool_name\":\"Bash\",\"args\":{\"command\":\"" id "\"}")

TEST(a_filter_shows_the_longest_chain_of_those_that_match)
{
    const char *feed = LINE("hello", 1760000000000, "") AGENT("k") AGENT("j")
        RUNS(1760000000000, "k") RUNS(1760000010000, "j") NOW(1760000091500);
    assert_chain("report", "--filter=agent:j", "held up   ", "j \xe2\x86\x90 Bash j 81.5s\n", feed);
    assert_chain("report", "--filter=agent:k", "held up   ", "k \xe2\x86\x90 Bash k 91.5s\n", feed);
}

TEST(the_tables_show_the_chain_the_slowest_calls_and_who_waited_for_a_person)
{
    static const char *const lines[] = {
        "held up   api-server \xe2\x86\x90 coder \xe2\x86\x90 reviewer \xe2\x86\x90 "
        "Bash make test 2m10s (p95 40.0s)\n",
        "stalled   1, loops 1\n",
        "\n\nSLOWEST CALL  AGENT                                  TOOK    P95\n"
        "Bash          api-server \xe2\x80\xba reviewer  make test      2m10s  40.0s\n"
        "API Call      web                    claude-opus-4  51.4s   8.2s\n"
        "Bash          docs                   make docs-18   40.0s  40.0s\n",
    };
    const char *const argv[] = {support_program(), "report",
                                support_tests("screens/waits.feed.ndjson"), NULL};
    char *text = run(argv);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(text, lines[i]) == NULL) {
            fail_msg("no %sin\n%s", lines[i], text);
        }
    }
    assert_null(strstr(text, "WAITED FOR A PERSON"));
    free(text);
    const char *const of_story[] = {support_program(),
                                    "report",
                                    "--filter",
                                    "agent:api-server",
                                    support_tests("screens/story.feed.ndjson"),
                                    NULL};
    text = run(of_story);
    assert_non_null(strstr(text, "\n\nWAITED FOR A PERSON  LONGEST             WAITS  TOTAL   MAX\n"
                                 "api-server           Bash: rm -rf build      1   8.0s  8.0s\n"));
    assert_non_null(strstr(text, "held up   api-server \xe2\x86\x90 user Bash: rm -rf build 8.0s"));
    free(text);
}

/* The sweep closes a question in the trace after 30 minutes; to people it stays one. A younger call
   of the agent does not hide it. */
static const char *const old_questions[] = {
    "{\"op\":\"update_session\",\"session_id\":\"s\",\"name\":\"api\",\"start_ms\":1760625065000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"wait\",\"id\":\"w\","
    "\"start_ms\":1760625066000,\"context\":\"Bash\"}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Read\","
    "\"start_ms\":1760632264000}\n"
    "{\"op\":\"log\",\"message\":\"x\",\"session_id\":\"s\",\"t\":1760632266000}\n",
    "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"api\"}\n"
    "{\"op\":\"start_user_input\",\"t\":1760625066000,\"session_id\":\"s\",\"span_id\":\"1\","
    "\"context\":\"Bash\"}\n"
    "{\"op\":\"start_tool\",\"t\":1760632264000,\"session_id\":\"s\",\"span_id\":\"2\","
    "\"tool_name\":\"Read\"}\n"
    "{\"op\":\"log\",\"message\":\"x\",\"session_id\":\"s\",\"t\":1760632266000}\n"};

static char *run_feed(const char *feed, const char *command, const char *option, const char *value)
{
    const char *const argv[] = {support_program(), command, option, value, "-", NULL};
    const char *const plain[] = {support_program(), command, "-", NULL};
    struct support_run r;
    support_run(&r, option == NULL ? plain : argv, feed, strlen(feed), 60000);
    assert_int_equal(r.status, 0);
    free(r.err);
    return r.out;
}

static void expect(char *text, const char *part, bool has)
{
    if ((strstr(text, part) != NULL) != has) {
        fail_msg("%s '%s': %s", has ? "without" : "with", part, text);
    }
    free(text);
}

TEST(a_question_that_the_sweep_closed_still_waits_for_a_person)
{
    for (size_t i = 0; i < sizeof old_questions / sizeof *old_questions; i++) {
        const char *feed = old_questions[i];
        expect(run_feed(feed, "status", NULL, NULL), "1 user  held up: api <- user Bash 2h", true);
        expect(run_feed(feed, "status", NULL, NULL), "stale", false);
        expect(run_feed(feed, "dump", NULL, NULL), " user 1 ", true);
        expect(run_feed(feed, "dump", NULL, NULL), "stale", false);
        expect(run_feed(feed, "dump", "--keys", "u"), "no agent waits", false);
        expect(run_feed(feed, "dump", "--filter", "state:user"), " user 1 ", true);
        expect(run_feed(feed, "report", NULL, NULL), "people 2h00m", true);
        char *text = run_feed(feed, "report", "--max-events", "0");
        expect(text, "\napi    user ", true);
    }
}
