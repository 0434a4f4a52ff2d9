/* One run of a client that its files and its telemetry report: each call counts once, whichever
   comes first, and the figures are those of the files alone. */
#include "tests/support/opencode_database.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BODIES = 2, SOURCES = 3, SHUFFLES = 3, LINES_MAX = 2000 };

#define GEMINI "samples/gemini/sub"
#define TWO    "cases/gemini-two-agents"

static const struct run_row {
    const char *client, *files; /* files NULL: OpenCode's database */
    const char *telemetry[BODIES];
    /* What telemetry alone reports: conversations of the client's own (a title), attempts. */
    unsigned more_agents, more_requests, more_tools;
} runs[] = {
    {"codex", "samples/codex/swarm", {"samples/codex/swarm/otlp/logs.jsonl"}, 0, 0, 0},
    {"codex", "samples/codex/tui", {"samples/codex/tui/otlp/logs.jsonl"}, 1, 3, 2},
    {"qwen",
     "samples/qwen/swarm",
     {"samples/qwen/swarm/otlp/traces.jsonl", "samples/qwen/swarm/otlp/logs.jsonl"},
     0,
     0,
     0},
    {"qwen", "samples/qwen/swarm", {"samples/qwen/swarm/otlp/traces.jsonl"}, 0, 0, 0},
    {"qwen", "samples/qwen/swarm", {"samples/qwen/swarm/otlp/logs.jsonl"}, 0, 0, 0},
    {"gemini", GEMINI, {GEMINI "/otlp/traces.jsonl", GEMINI "/otlp/logs.jsonl"}, 0, 0, 0},
    {"gemini", GEMINI, {GEMINI "/otlp/logs.jsonl", GEMINI "/otlp/traces.jsonl"}, 0, 0, 0},
    {"gemini", GEMINI, {GEMINI "/otlp/traces.jsonl"}, 0, 0, 0},
    {"gemini", GEMINI, {GEMINI "/otlp/logs.jsonl"}, 0, 0, 0},
    /* Two sub-agents of one name, at almost the same time, with the same usage. */
    {"gemini", TWO, {TWO "/otlp/traces.jsonl", TWO "/otlp/logs.jsonl"}, 0, 0, 0},
    {"gemini", TWO, {TWO "/otlp/traces.jsonl"}, 0, 0, 0},
    {"gemini", TWO, {TWO "/otlp/logs.jsonl"}, 0, 0, 0},
#ifdef HAVE_SQLITE
    {"opencode", NULL, {"samples/opencode/swarm/otlp/traces.jsonl"}, 0, 2, 0},
#endif
};

/* Of up to SOURCES sources, which are read in this order; NULL: none. Returns new. */
static json_t *report_of(const char *const sources[SOURCES])
{
    struct support_run run;
    const char *argv[] = {support_program(), "report",   "--json", sources[0],
                          sources[1],        sources[2], NULL};
    support_run(&run, argv, NULL, 0, 120000);
    if (run.status != 0) {
        fail_msg("report %s: status %d: %s", sources[0], run.status, run.err);
    }
    json_t *report = json_loads(run.out, 0, NULL);
    assert_non_null(report);
    support_run_release(&run);
    return report;
}

/* Returns the sum of a figure ("count", "errors") of all tools. */
static json_int_t tool_calls(const json_t *of, const char *figure)
{
    const char *name;
    json_t *tool;
    json_int_t count = 0;
    json_object_foreach(json_object_get(of, "tools"), name, tool)
    {
        count += report_number(tool, figure);
    }
    return count;
}

/* The agents of the files have their own figures; what else there is, telemetry alone reports. */
static void same_figures(const json_t *joined, const json_t *files, const struct run_row *run)
{
    const json_t *agent, *totals = json_object_get(joined, "totals");
    const json_t *all = json_object_get(files, "totals");
    size_t i;
    json_array_foreach(json_object_get(files, "agents"), i, agent)
    {
        const json_t *same =
            report_agent(joined, json_string_value(json_object_get(agent, "session_id")),
                         json_string_value(json_object_get(agent, "agent_id")));
        assert_int_equal(tool_calls(same, "count"), tool_calls(agent, "count"));
        assert_int_equal(tool_calls(same, "errors"), tool_calls(agent, "errors"));
        report_text_is(same, "description",
                       json_string_value(json_object_get(agent, "description")));
        report_text_is(same, "parent_agent_id",
                       json_string_value(json_object_get(agent, "parent_agent_id")));
        if (i > 0 || run->more_requests == 0 || run->more_agents > 0) {
            assert_int_equal(report_number(same, "requests"), report_number(agent, "requests"));
            assert_int_equal(report_number(same, "failed"), report_number(agent, "failed"));
            assert_int_equal(report_number(same, "output_tokens"),
                             report_number(agent, "output_tokens"));
            assert_int_equal(report_number(same, "prompt_tokens"),
                             report_number(agent, "prompt_tokens"));
        }
    }
    assert_int_equal(json_array_size(json_object_get(joined, "agents")),
                     json_array_size(json_object_get(files, "agents")) + run->more_agents);
    assert_int_equal(report_number(totals, "requests"),
                     report_number(all, "requests") + run->more_requests);
    assert_int_equal(tool_calls(totals, "count"), tool_calls(all, "count") + run->more_tools);
}

static void put_line(void *ctx, const char *line, size_t len)
{
    assert_int_equal(fwrite(line, 1, len, ctx), len);
}

/* Writes all that the telemetry gives as a feed. */
static void write_telemetry(const struct run_row *run, const char *path)
{
    struct otlp_rig otlp;
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    otlp_rig_init(&otlp);
    otlp.rig.ingest.tap = (struct ingest_tap){put_line, to};
    for (size_t k = 0; k < BODIES && run->telemetry[k] != NULL; k++) {
        otlp_rig_take_sample(&otlp, run->telemetry[k]);
    }
    otlp_settle(&otlp.rig);
    otlp_rig_release(&otlp);
    assert_int_equal(fclose(to), 0);
}

/* Writes all that the files give as a feed. */
static void write_files_feed(const char *files, const char *path)
{
    struct support_run run;
    const char *argv[] = {support_program(), "record", "--feed", path, "-o",
                          "/dev/null",       files,    NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    support_run_release(&run);
}

static size_t read_lines(const char *path, char *lines[LINES_MAX], size_t count)
{
    char *line = NULL;
    size_t size = 0;
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    while (getline(&line, &size, from) > 0) {
        assert_true(count < LINES_MAX);
        if (strstr(line, "\"op\":\"end_session\"") == NULL) { /* the programs end at no such time */
            lines[count++] = line;
            line = NULL;
        }
    }
    free(line);
    assert_int_equal(fclose(from), 0);
    return count;
}

/* Writes the lines of two feeds in an order that the seed gives, a third of them twice. */
static void shuffle_feeds(const char *a, const char *b, unsigned seed, const char *path)
{
    static char *lines[LINES_MAX];
    size_t count = read_lines(b, lines, read_lines(a, lines, 0));
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    for (size_t i = count; i > 1; i--) {
        seed = seed * 1103515245u + 12345u;
        size_t other = (seed >> 8) % i;
        char *line = lines[i - 1];
        lines[i - 1] = lines[other];
        lines[other] = line;
    }
    for (size_t i = 0; i < count + count / 3; i++) {
        assert_true(fputs(lines[i % count], to) >= 0);
    }
    for (size_t i = 0; i < count; i++) {
        free(lines[i]);
    }
    assert_int_equal(fclose(to), 0);
}

TEST(files_and_telemetry_of_one_run_count_once)
{
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        const struct run_row *run = &runs[i];
        char files[600], telemetry[600], feed[600], mixed[600];
        snprintf(telemetry, sizeof telemetry, "%s",
                 support_path(support_tmpdir(), "telemetry.ndjson"));
        snprintf(feed, sizeof feed, "%s", support_path(support_tmpdir(), "files.ndjson"));
        snprintf(mixed, sizeof mixed, "%s", support_path(support_tmpdir(), "mixed.ndjson"));
        snprintf(files, sizeof files, "%s:%s", run->client,
                 run->files == NULL ? opencode_sample_directory() : support_data(run->files));
        write_telemetry(run, telemetry);
        write_files_feed(files, feed);
        const char *const orders[][SOURCES] = {
            {files, telemetry, NULL}, {telemetry, files, NULL}, {telemetry, files, telemetry}};
        const size_t order_count = sizeof orders / sizeof *orders;
        const char *const any[SOURCES] = {mixed, NULL, NULL};
        json_t *alone = report_of((const char *const[SOURCES]){files});
        for (size_t k = 0; k < order_count + SHUFFLES; k++) {
            print_message("%s %s, order %zu\n", run->client, run->telemetry[0], k);
            if (k >= order_count) {
                shuffle_feeds(telemetry, feed, (unsigned)(k * 7919 + i), mixed);
            }
            json_t *joined = report_of(k < order_count ? orders[k] : any);
            same_figures(joined, alone, run);
            json_decref(joined);
        }
        json_decref(alone);
    }
}

/* ---- Claude Code's requests that the API never answered ---- */

#define SESSION "93df749b-2244-4e93-97b6-046d5aa085e2"

static void put_failed_lines(FILE *to, int second)
{
    fprintf(
        to,
        "{\"type\":\"api-request\",\"sessionId\":\"" SESSION "\",\"id\":\"a%d\",\"timestamp\":"
        "\"2026-11-22T18:41:%02d.100Z\",\"querySource\":\"sdk\",\"params\":{\"model\":\"m\"}}\n"
        "{\"type\":\"assistant\",\"sessionId\":\"" SESSION "\",\"uuid\":\"u%d\",\"timestamp\":"
        "\"2026-11-22T18:41:%02d.900Z\",\"isApiErrorMessage\":true,\"error\":\"unknown\","
        "\"message\":{\"role\":\"assistant\",\"model\":\"<synthetic>\",\"content\":[{\"type\":\"text\","
        "\"text\":\"API Error: Connection error.\"}]}}\n",
        second, second, second, second);
}

/* Writes the client's files below `dir`, in which so many requests failed, a second each. */
static void write_files(int count, const char *dir)
{
    static const char *const parts[] = {"", "/projects", "/-home-dev"};
    char path[600] = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = strlen(path);
        snprintf(path + len, sizeof path - len, "%s%s", i == 0 ? dir : "", parts[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    strcat(path, "/" SESSION ".jsonl");
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    fprintf(to, "{\"type\":\"user\",\"sessionId\":\"" SESSION "\",\"uuid\":\"p\",\"timestamp\":"
                "\"2026-11-22T18:40:59.000Z\",\"cwd\":\"/home/dev\",\"message\":{\"role\":\"user\","
                "\"content\":\"x\"}}\n");
    for (int i = 0; i < count; i++) {
        put_failed_lines(to, i);
    }
    assert_int_equal(fclose(to), 0);
}

/* The same by telemetry: spans that are some ms longer. */
static void write_failures(int count, const char *path)
{
    struct otlp_rig otlp;
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    otlp_rig_init(&otlp);
    otlp.rig.ingest.tap = (struct ingest_tap){put_line, to};
    for (int i = 0; i < count; i++) {
        char body[2000];
        int len = snprintf(
            body, sizeof body,
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
            "{\"stringValue\":\"claude-code\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":"
            "\"com.anthropic.claude_code.tracing\"},\"spans\":[{\"traceId\":"
            "\"000000000000000000000000000000aa\",\"spanId\":\"00000000000000%02x\",\"name\":"
            "\"claude_code.llm_request\",\"startTimeUnixNano\":\"%lld090000000\",\"endTimeUnixNano\":"
            "\"%lld908000000\",\"attributes\":[{\"key\":\"session.id\",\"value\":{\"stringValue\":\"" SESSION
            "\"}},{\"key\":\"span.type\",\"value\":{\"stringValue\":\"llm_request\"}},{\"key\":\"model\","
            "\"value\":{\"stringValue\":\"m\"}},{\"key\":\"success\",\"value\":{\"boolValue\":false}},"
            "{\"key\":\"error\",\"value\":{\"stringValue\":\"Connection error.\"}}]}]}]}]}",
            i + 1, 1795372860LL + i, 1795372860LL + i);
        otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
    }
    otlp_rig_release(&otlp);
    assert_int_equal(fclose(to), 0);
}

TEST(a_request_that_the_api_never_answered_counts_once)
{
    enum { FAILURES = 4 };
    char files[600], telemetry[600];
    snprintf(files, sizeof files, "claude:%s", support_path(support_tmpdir(), "home"));
    write_files(FAILURES, strchr(files, ':') + 1);
    snprintf(telemetry, sizeof telemetry, "%s", support_path(support_tmpdir(), "failed.ndjson"));
    write_failures(FAILURES, telemetry);
    const char *const orders[][SOURCES] = {{files, NULL},
                                           {telemetry, NULL},
                                           {files, telemetry, NULL},
                                           {telemetry, files, NULL},
                                           {telemetry, files, telemetry}};
    for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
        print_message("order %zu\n", k);
        json_t *report = report_of(orders[k]);
        const json_t *totals = json_object_get(report, "totals");
        assert_int_equal(report_number(totals, "requests"), FAILURES);
        assert_int_equal(report_number(totals, "failed"), FAILURES);
        json_decref(report);
    }
}
