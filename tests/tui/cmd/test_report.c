/* The command report: keys and values for a small feed; metrics without data are omitted. */
#include "core/base/strbuf.h"
#include "tests/support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char feed[] =
    "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"api\"}\n"
    "{\"op\":\"register_agent\",\"t\":1760625065100,\"session_id\":\"s\",\"agent_id\":\"a\",\"agent_name\":\"Explore\","
    "\"parent_agent_id\":\"s\"}\n"
    "{\"op\":\"start_llm_request\",\"t\":1760625066000,\"session_id\":\"s\",\"span_id\":\"1\",\"model\":\"m\"}\n"
    "{\"op\":\"end_llm_request\",\"t\":1760625070000,\"session_id\":\"s\",\"span_id\":\"1\",\"ttft_ms\":500,\"ttlt_ms\":4000,"
    "\"prompt_tokens\":1000,\"output_tokens\":100,\"cache_read_tokens\":750,\"request_setup_ms\":1500,"
    "\"attempt_start_times\":[1760625066000,1760625067500]}\n"
    "{\"op\":\"start_tool\",\"t\":1760625070000,\"session_id\":\"s\",\"span_id\":\"2\",\"tool_name\":\"Bash\"}\n"
    "{\"op\":\"end_tool\",\"t\":1760625072000,\"session_id\":\"s\",\"span_id\":\"2\",\"success\":false,\"error\":\"no\"}\n"
    "{\"op\":\"instant\",\"t\":1760625073000,\"session_id\":\"s\",\"name\":\"mark\",\"cat\":\"c\",\"args\":{\"k\":[1,\"\\ud83d\"],"
    "\"d\":0.009}}\n"
    "not a line\n";

/* Runs report on the feed. The caller frees the output. */
static char *run(const char *option, size_t *len)
{
    const char *argv[] = {support_program(), "report", option, "-", NULL};
    const char *plain[] = {support_program(), "report", "-", NULL};
    struct support_run r;
    support_run(&r, option != NULL ? argv : plain, feed, sizeof feed - 1, 120000);
    assert_int_equal(r.status, 1); /* for the bad line */
    free(r.err);
    if (len != NULL) {
        *len = r.out_len;
    }
    return r.out;
}

static json_t *report(void)
{
    size_t len;
    char *text = run("--json", &len);
    json_t *json = json_loadb(text, len, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

static double number(const json_t *object, const char *path)
{
    char key[64];
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        memcpy(key, path, (size_t)(dot - path));
        key[dot - path] = '\0';
        object = json_object_get(object, key);
    }
    if (!json_is_number(json_object_get(object, path))) {
        fail_msg("%s is not there", path);
    }
    return json_number_value(json_object_get(object, path));
}

#define assert_number(object, path, value) \
    assert_true(number(object, path) >= (value)-1e-6 && number(object, path) <= (value) + 1e-6)

TEST(what_is_slower_is_listed)
{
    const char *argv[] = {support_program(),
                          "report",
                          "--json",
                          "--fail-if",
                          "slower.claude-opus-4.recent.p50>2000",
                          support_tests("screens/slower.feed.ndjson"),
                          NULL};
    struct support_run r;
    support_run(&r, argv, NULL, 0, 120000);
    assert_int_equal(r.status, 3);
    json_t *json = json_loadb(r.out, r.out_len, 0, NULL);
    const json_t *slower = json_object_get(json, "slower");
    assert_int_equal(json_array_size(slower), 2);
    const json_t *opus = json_array_get(slower, 0), *sonnet = json_array_get(slower, 1);
    assert_string_equal(json_string_value(json_object_get(opus, "model")), "claude-opus-4");
    assert_string_equal(json_string_value(json_object_get(opus, "figure")), "ttft_ms");
    assert_string_equal(json_string_value(json_object_get(opus, "part")), "prefill");
    assert_number(opus, "recent.count", 14);
    assert_number(opus, "recent.p50", 2336);
    assert_number(opus, "before.count", 84);
    assert_number(opus, "prompt_tokens.recent.count", 14);
    assert_number(opus, "prompt_tokens.recent.p50", 47272);
    assert_number(opus, "prompt_tokens.before.p50", 40034);
    assert_true(number(opus, "p") < 0.001);
    assert_string_equal(json_string_value(json_object_get(sonnet, "part")), "queueing");
    json_decref(json);
    support_run_release(&r);
    json = report();
    assert_true(json_is_array(json_object_get(json, "slower")));
    assert_int_equal(json_array_size(json_object_get(json, "slower")), 0);
    assert_number(json_object_get(json, "slower_compared"), "models", 0);
    json_decref(json);
}

/* A request of the model at `t` ms; with `retried` its second attempt begins a second later. */
static void put_request(struct strbuf *lines, int number, double t, bool retried)
{
    char attempts[64], again[24];
    snprintf(again, sizeof again, ",%.0f", t + 1050);
    snprintf(attempts, sizeof attempts, "%.0f%s", t + 50, retried ? again : "");
    strbuf_addf(lines,
                "{\"op\":\"start_llm_request\",\"session_id\":\"s\",\"span_id\":\"%d\","
                "\"model\":\"opus\",\"t\":%.0f}\n",
                number, t);
    strbuf_addf(lines,
                "{\"op\":\"end_llm_request\",\"session_id\":\"s\",\"span_id\":\"%d\","
                "\"ttft_ms\":500,\"ttlt_ms\":2000,\"request_setup_ms\":%d,\"success\":true,"
                "\"attempt_start_times\":[%s],\"t\":%.0f}\n",
                number, retried ? 1050 : 50, attempts, t + (retried ? 3050 : 2050));
}

TEST(a_share_of_retries_that_has_grown_is_listed)
{
    const double start = 1760000000000.0;
    const char *argv[] = {support_program(),
                          "report",
                          "--json",
                          "--fail-if",
                          "slower.opus.recent.share>0.25",
                          "-",
                          NULL};
    struct strbuf lines;
    struct support_run r;
    strbuf_init(&lines, &mem_libc, 0);
    strbuf_addf(&lines, "{\"op\":\"hello\",\"session_id\":\"s\",\"t\":%.0f}\n", start);
    for (int i = 0; i < 200; i++) {
        put_request(&lines, i, start + i * 15000, i % 100 == 0);
    }
    for (int i = 0; i < 20; i++) {
        put_request(&lines, 200 + i, start + 3600000 + i * 20000, i % 3 == 0);
    }
    support_run(&r, argv, lines.data, lines.len, 120000);
    assert_int_equal(r.status, 3);
    json_t *json = json_loadb(r.out, r.out_len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "slower")), 1);
    const json_t *opus = json_array_get(json_object_get(json, "slower"), 0);
    assert_string_equal(json_string_value(json_object_get(opus, "figure")), "retries");
    assert_string_equal(json_string_value(json_object_get(opus, "part")), "queueing");
    assert_number(opus, "recent.share", 0.35);
    assert_number(opus, "recent.count", 20);
    assert_number(opus, "before.share", 0.01);
    assert_number(opus, "before.count", 200);
    assert_null(json_object_get(json_object_get(opus, "recent"), "p50"));
    assert_null(json_object_get(opus, "prompt_tokens"));
    json_decref(json);
    support_run_release(&r);
    strbuf_release(&lines);
}

TEST(every_figure_has_its_key)
{
    json_t *r = report(), *agent = json_array_get(json_object_get(r, "agents"), 0);
    assert_number(agent, "requests", 1);
    assert_number(agent, "failed", 0);
    assert_number(agent, "retries", 1);
    assert_number(agent, "open_requests", 0);
    assert_number(agent, "prompt_tokens", 1000);
    assert_number(agent, "output_tokens", 100);
    assert_number(agent, "cache_read_tokens", 750);
    assert_number(agent, "cache_hit_rate_pct", 75);
    assert_number(agent, "ttft_ms.p50", 500);
    assert_number(agent, "ttlt_ms.max", 4000);
    assert_number(agent, "itps.mean", 2000);
    assert_number(agent, "otps.p50", 50); /* 100 tokens in 2 s of sampling */
    assert_number(agent, "setup_ms.count", 1);
    assert_number(agent, "tools.Bash.count", 1);
    assert_number(agent, "tools.Bash.errors", 1);
    assert_number(agent, "tools.Bash.open", 0);
    assert_number(agent, "tools.Bash.total_ms", 2000);
    assert_number(agent, "tools.Bash.max", 2000);
    assert_number(agent, "api_ms", 4000);
    assert_number(agent, "tool_ms", 2000);
    assert_number(agent, "busy_ms", 6000);
    assert_number(agent, "phases.tool", 2000);
    assert_number(agent, "phases.first_token", 500);
    assert_number(r, "events.bad", 1);
    assert_number(r, "spans.closed", number(r, "spans.closed"));
    assert_number(json_array_get(json_object_get(r, "models"), 0), "requests", 1);
    assert_number(r, "totals.requests", 1);
    json_decref(r);
}

TEST(who_is_who)
{
    json_t *r = report(), *session = json_array_get(json_object_get(r, "sessions"), 0);
    json_t *main_agent = json_array_get(json_object_get(r, "agents"), 0);
    json_t *sub_agent = json_array_get(json_object_get(r, "agents"), 1);
    json_t *marker = json_array_get(json_object_get(r, "markers"), 0);
    assert_string_equal(json_string_value(json_object_get(session, "session_id")), "s");
    assert_string_equal(json_string_value(json_object_get(session, "name")), "api");
    assert_string_equal(json_string_value(json_object_get(session, "start")),
                        "2025-10-16T14:31:05.000Z");
    assert_string_equal(json_string_value(json_object_get(main_agent, "agent_id")), "s");
    assert_null(json_object_get(main_agent, "parent_agent_id"));
    assert_number(main_agent, "pid", 1);
    assert_string_equal(json_string_value(json_object_get(main_agent, "state")), "error");
    assert_string_equal(json_string_value(json_object_get(sub_agent, "agent_id")), "a");
    assert_string_equal(json_string_value(json_object_get(sub_agent, "parent_agent_id")), "s");
    assert_string_equal(json_string_value(json_object_get(sub_agent, "name")), "Explore");
    assert_string_equal(json_string_value(json_object_get(marker, "name")), "mark");
    assert_number(marker, "ts_us", 8e6);
    assert_number(marker, "pid", 1);
    /* jansson refuses a lone surrogate: the report has U+FFFD. */
    json_t *args = json_object_get(json_object_get(marker, "args"), "k");
    assert_int_equal(json_array_size(args), 2);
    assert_string_equal(json_string_value(json_array_get(args, 1)), "\xEF\xBF\xBD");
    json_decref(r);
}

TEST(a_decimal_is_written_as_it_was)
{
    char *text = run("--json", NULL);
    assert_non_null(strstr(text, "\"d\":0.009}"));
    free(text);
}

/* A call and a session that updates report; and again from the document. */
static const char stated[] =
    "{\"op\":\"update_session\",\"session_id\":\"s\",\"start_ms\":1760625065000,\"client\":\"codex\","
    "\"cwd\":\"/home/a/api\",\"branch\":\"main\",\"cost_usd\":1.25}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r1\",\"model\":\"m\","
    "\"start_ms\":1760625066000,\"end_ms\":1760625067000,\"prompt_tokens\":500,\"context_window\":200000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r2\",\"model\":\"m\","
    "\"start_ms\":1760625068000,\"end_ms\":1760625069000,\"prompt_tokens\":900,\"context_window\":200000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"span\",\"id\":\"m\",\"name\":\"compact\","
    "\"start_ms\":1760625065500,\"end_ms\":1760625065600}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r3\",\"model\":\"m\","
    "\"start_ms\":1760625070000,\"end_ms\":1760625071000,\"success\":false,\"outcome\":\"interrupted\"}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Bash\","
    "\"start_ms\":1760625072000,\"end_ms\":1760625073000,\"success\":false,\"outcome\":\"refused\"}\n";

TEST(what_a_source_states_is_reported_and_survives_the_document)
{
    const char *path = support_path(support_tmpdir(), "o.json");
    const char *record[] = {support_program(), "record", "-o", path, "-", NULL};
    const char *live[] = {support_program(), "report", "--json", "-", NULL};
    const char *opened[] = {support_program(), "report", "--json", path, NULL};
    struct support_run r;
    support_run(&r, record, stated, sizeof stated - 1, 120000);
    assert_int_equal(r.status, 0);
    free(r.out);
    free(r.err);
    for (int i = 0; i < 2; i++) {
        support_run(&r, i == 0 ? live : opened, i == 0 ? stated : "",
                    i == 0 ? sizeof stated - 1 : 0, 120000);
        json_t *json = json_loadb(r.out, r.out_len, 0, NULL);
        json_t *agent = json_array_get(json_object_get(json, "agents"), 0);
        assert_int_equal(r.status, 0);
        assert_number(agent, "context_tokens", 900); /* the last one is unknown */
        assert_number(agent, "context_window", 200000);
        assert_null(json_object_get(agent, "context_window_assumed"));
        assert_number(agent, "context_growth_per_turn", 400);
        assert_number(agent, "compactions", 1);
        assert_number(json, "totals.compactions", 1);
        assert_number(json_array_get(json_object_get(json, "sessions"), 0), "cost_usd", 1.25);
        assert_number(agent, "cost_usd", 1.25);
        assert_number(json, "totals.context_tokens", 900);
        assert_number(json, "totals.cost_usd", 1.25);
        assert_number(agent, "refused", 1);
        assert_number(agent, "interrupted", 1);
        assert_number(agent, "tools.Bash.refused", 1);
        assert_number(json_array_get(json_object_get(json, "models"), 0), "interrupted", 1);
        assert_string_equal(json_string_value(json_object_get(agent, "client")), "codex");
        json_decref(json);
        free(r.out);
        free(r.err);
    }
}

#define CLIENTS_SESSION(id, more) \
    "{\"op\":\"update_session\",\"session_id\":\"" id "\",\"start_ms\":1760625065000" more "}\n"
#define CLIENTS_REQUEST(session, id, model, more)                                              \
    "{\"op\":\"update_call\",\"session_id\":\"" session "\",\"kind\":\"request\",\"id\":\"" id \
    "\",\"model\":\"" model "\",\"start_ms\":1760625065000,\"end_ms\":1760625066000" more "}\n"

/* Two clients may call one model; a session may be of no known client. */
TEST(models_are_apart_by_client_where_there_are_several)
{
    static const char mixed[] = CLIENTS_SESSION("a", ",\"client\":\"qwen\"")
        CLIENTS_REQUEST("a", "1", "m", ",\"success\":true,\"output_tokens\":5")
            CLIENTS_REQUEST("a", "2", "m", ",\"success\":false")
                CLIENTS_SESSION("b", ",\"client\":\"codex\"")
                    CLIENTS_REQUEST("b", "3", "m", ",\"success\":true,\"output_tokens\":7")
                        CLIENTS_REQUEST("b", "4", "l", ",\"success\":true,\"ttft_ms\":500")
                            CLIENTS_SESSION("c", "")
                                CLIENTS_REQUEST("c", "5", "l", ",\"success\":true");
    static const struct {
        const char *client, *model;
        double requests, failed;
    } want[] = {{"codex", "l", 1, 0}, {"codex", "m", 1, 0}, {"qwen", "m", 2, 1}, {NULL, "l", 1, 0}};
    const char *argv[] = {support_program(), "report", "--json", "-", NULL};
    struct support_run r;
    support_run(&r, argv, mixed, sizeof mixed - 1, 120000);
    assert_int_equal(r.status, 0);
    json_t *json = json_loads(r.out, 0, NULL), *models = json_object_get(json, "models");
    assert_int_equal(json_array_size(models), sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const json_t *model = json_array_get(models, i);
        const char *client = json_string_value(json_object_get(model, "client"));
        assert_string_equal(client == NULL ? "" : client, want[i].client ? want[i].client : "");
        assert_string_equal(json_string_value(json_object_get(model, "model")), want[i].model);
        assert_number(model, "requests", want[i].requests);
        assert_number(model, "failed", want[i].failed);
    }
    json_decref(json);
    free(r.out);
    free(r.err);
}

/* A session of an unknown client is no second one. */
TEST(tables_of_one_client_do_not_name_it)
{
    static const char one[] =
        CLIENTS_SESSION("a", ",\"client\":\"qwen\"") CLIENTS_REQUEST("a", "1", "m", "")
            CLIENTS_SESSION("b", "") CLIENTS_REQUEST("b", "2", "m", "");
    static const char *const options[] = {"--json", "--ascii"};
    for (size_t i = 0; i < 2; i++) {
        const char *argv[] = {support_program(), "report", options[i], "-", NULL};
        struct support_run r;
        support_run(&r, argv, one, sizeof one - 1, 120000);
        assert_int_equal(r.status, 0);
        assert_null(strstr(r.out, "CLIENT"));
        if (i == 0) {
            json_t *json = json_loads(r.out, 0, NULL), *models = json_object_get(json, "models");
            assert_int_equal(json_array_size(models), 1);
            assert_null(json_object_get(json_array_get(models, 0), "client"));
            assert_number(json_array_get(models, 0), "requests", 2);
            json_decref(json);
        }
        free(r.out);
        free(r.err);
    }
}

TEST(what_nothing_is_behind_is_absent)
{
    static const char *const keys[] = {"requests",      "failed",
                                       "retries",       "open_requests",
                                       "prompt_tokens", "output_tokens",
                                       "tools",         "ttft_ms",
                                       "otps",          "setup_ms",
                                       "user_wait_ms",  "api_ms",
                                       "tool_ms",       "cache_hit_rate_pct"};
    json_t *r = report(), *sub_agent = json_array_get(json_object_get(r, "agents"), 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (json_object_get(sub_agent, keys[i]) != NULL) {
            fail_msg("%s exists", keys[i]);
        }
    }
    assert_null(json_object_get(json_object_get(r, "totals"), "user_wait_ms"));
    assert_null(json_object_get(json_object_get(r, "totals"), "cache_creation_tokens"));
    json_decref(r);
}

TEST(the_tables_say_the_same)
{
    static const char *const says[] = {"sessions  1", "1 bad", "AGENT", "api",   "Explore",
                                       "MODEL",       "TOOL",  "Bash",  "500ms", "2.0s"};
    char *text = run(NULL, NULL);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        if (strstr(text, says[i]) == NULL) {
            fail_msg("'%s' is not in:\n%s", says[i], text);
        }
    }
    free(text);
}

TEST(no_control_of_a_terminal_is_written)
{
    static const char odd[] = "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\","
                              "\"name\":\"a\\u202Eb\\u009Bc\\u007Fd\"}\n";
    const char *argv[] = {support_program(), "report", "--json", "-", NULL};
    struct support_run r;
    support_run(&r, argv, odd, sizeof odd - 1, 120000);
    assert_int_equal(r.status, 0);
    for (size_t i = 0; i < r.out_len; i++) {
        assert_true(r.out[i] == '\n' || (r.out[i] >= ' ' && r.out[i] < 0x7F));
    }
    assert_non_null(strstr(r.out, "a\\u202Eb\\u009Bc\\u007Fd"));
    free(r.out);
    free(r.err);
}

TEST(a_report_of_nothing_is_one)
{
    const char *argv[] = {support_program(), "report", "--json", "-", NULL};
    struct support_run r;
    support_run(&r, argv, "", 0, 120000);
    assert_int_equal(r.status, 0);
    json_t *json = json_loadb(r.out, r.out_len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "sessions")), 0);
    assert_true(json_is_array(json_object_get(json, "sessions")));
    json_decref(json);
    free(r.out);
    free(r.err);
}
