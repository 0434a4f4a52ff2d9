/* The library for programs that trace themselves: its documents are the program's, it writes when it is to, and values
   that cannot be change nothing. */
#include "core/base/json_read.h"
#include "ingest/swarmtrace/swarmtrace.h"
#include "tests/support/support.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUN_MS 120000

static double now_of(void *context)
{
    return *(const double *)context;
}

/* A trace at `path` with a clock of the test's own. */
static struct swarmtrace *open_at(const char *path, double *now_ms, unsigned flags)
{
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    swarmtrace_options_init(&options);
    options.path = path;
    options.session_id = "s1";
    options.now_ms = now_of;
    options.context = now_ms;
    options.flags = flags;
    assert_int_equal(swarmtrace_open(&options, &trace), 0);
    assert_non_null(trace);
    return trace;
}

static const char *new_path(void)
{
    return support_path(support_tmpdir(), "trace.json");
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static size_t count_in(const char *path, const char *what)
{
    size_t count = 0;
    char *text = support_read_file(path, NULL);
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
        count++;
    }
    free(text);
    return count;
}

/* ---- the same document as the program's, whose own are the seed's (test_golden) ---- */

static const char *text_of(const json_t *op, const char *key)
{
    return json_string_value(json_object_get(op, key));
}

static double number_of(const json_t *op, const char *key)
{
    const json_t *value = json_object_get(op, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int truth_of(const json_t *op, const char *key)
{
    const json_t *value = json_object_get(op, key);
    return value == NULL ? -1 : json_is_true(value);
}

struct replayed {
    struct swarmtrace *trace;
    json_t *spans; /* by the feed's ids */
    double now_ms;
    const char *line;
};

/* Returns new: the bytes of that member of the line; NULL: it has none. */
static char *raw_of(const struct replayed *r, const char *key)
{
    struct json_value object, value;
    assert_true(json_check(r->line, strlen(r->line), 64, &object, NULL));
    value = json_get(object, key);
    return value.type == JSON_TYPE_NONE ? NULL : strndup(value.raw, value.len);
}

static void begun(struct replayed *r, const json_t *op, uint64_t span)
{
    assert_true(span != 0);
    json_object_set_new(r->spans, text_of(op, "span_id"), json_integer((json_int_t)span));
}

/* The span of an end; one that was never open has a number that nobody has. */
static uint64_t span_of(const struct replayed *r, const json_t *op)
{
    const json_t *span = json_object_get(r->spans, text_of(op, "span_id"));
    return span != NULL ? (uint64_t)json_integer_value(span) : UINT64_MAX;
}

static void start_request(struct replayed *r, const json_t *op)
{
    struct swarmtrace_request request;
    swarmtrace_request_init(&request);
    request.model = text_of(op, "model");
    request.message_id = text_of(op, "message_id");
    request.query_source = text_of(op, "query_source");
    request.prompt_tokens = number_of(op, "prompt_tokens");
    request.is_speculative = truth_of(op, "is_speculative");
    begun(r, op, swarmtrace_start_request(r->trace, text_of(op, "agent_id"), &request));
}

static void end_request(struct replayed *r, const json_t *op)
{
    double attempts[64];
    struct swarmtrace_response response;
    const json_t *times = json_object_get(op, "attempt_start_times");
    swarmtrace_response_init(&response);
    response.message_id = text_of(op, "message_id");
    response.error = text_of(op, "error");
    response.success = truth_of(op, "success");
    response.ttft_ms = number_of(op, "ttft_ms");
    response.ttlt_ms = number_of(op, "ttlt_ms");
    response.prompt_tokens = number_of(op, "prompt_tokens");
    response.output_tokens = number_of(op, "output_tokens");
    response.cache_read_tokens = number_of(op, "cache_read_tokens");
    response.cache_creation_tokens = number_of(op, "cache_creation_tokens");
    response.request_setup_ms = number_of(op, "request_setup_ms");
    for (size_t i = 0; i < json_array_size(times) && i < 64; i++) {
        attempts[i] = json_number_value(json_array_get(times, i));
    }
    response.attempt_start_ms = times != NULL ? attempts : NULL;
    response.attempt_count = json_array_size(times);
    swarmtrace_end_request(r->trace, span_of(r, op), &response);
}

static void start_tool(struct replayed *r, const json_t *op)
{
    char *text = raw_of(r, "args");
    begun(r, op,
          swarmtrace_start_tool(r->trace, text_of(op, "agent_id"), text_of(op, "tool_name"), text));
    free(text);
}

static void end_tool(struct replayed *r, const json_t *op)
{
    struct swarmtrace_result result;
    swarmtrace_result_init(&result);
    result.error = text_of(op, "error");
    result.success = truth_of(op, "success");
    result.result_tokens = number_of(op, "result_tokens");
    swarmtrace_end_tool(r->trace, span_of(r, op), &result);
}

static void start_user_input(struct replayed *r, const json_t *op)
{
    begun(r, op,
          swarmtrace_start_user_input(r->trace, text_of(op, "agent_id"), text_of(op, "context")));
}

static void end_user_input(struct replayed *r, const json_t *op)
{
    swarmtrace_end_user_input(r->trace, span_of(r, op), text_of(op, "decision"),
                              text_of(op, "source"));
}

static void start_interaction(struct replayed *r, const json_t *op)
{
    double length = number_of(op, "user_prompt_length");
    char *prompt = isnan(length) ? NULL : calloc((size_t)length + 1, 1);
    if (prompt != NULL) {
        memset(prompt, 'x', (size_t)length);
    }
    begun(r, op, swarmtrace_start_interaction(r->trace, text_of(op, "agent_id"), prompt));
    free(prompt);
}

static void end_interaction(struct replayed *r, const json_t *op)
{
    swarmtrace_end_interaction(r->trace, span_of(r, op));
}

static void instant(struct replayed *r, const json_t *op)
{
    char *text = raw_of(r, "args");
    assert_int_equal(swarmtrace_instant(r->trace, text_of(op, "agent_id"), text_of(op, "name"),
                                        text_of(op, "cat"), text),
                     0);
    free(text);
}

static void counter(struct replayed *r, const json_t *op)
{
    struct swarmtrace_value values[32];
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(op, "values"), key, value)
    {
        assert_true(count < 32);
        values[count++] = (struct swarmtrace_value){key, json_number_value(value)};
    }
    assert_int_equal(
        swarmtrace_counter(r->trace, text_of(op, "agent_id"), text_of(op, "name"), values, count),
        0);
}

static void register_agent(struct replayed *r, const json_t *op)
{
    assert_int_equal(swarmtrace_register_agent(r->trace, text_of(op, "agent_id"),
                                               text_of(op, "agent_name"),
                                               text_of(op, "parent_agent_id")),
                     0);
}

static void unregister_agent(struct replayed *r, const json_t *op)
{
    assert_int_equal(swarmtrace_unregister_agent(r->trace, text_of(op, "agent_id")), 0);
}

static void hello(struct replayed *r, const json_t *op, const char *path)
{
    struct swarmtrace_options options;
    swarmtrace_options_init(&options);
    options.path = path;
    options.session_id = text_of(op, "session_id");
    options.agent_id = text_of(op, "agent_id");
    options.agent_name = text_of(op, "name");
    options.parent_session_id = text_of(op, "parent_session_id");
    options.now_ms = now_of;
    options.context = &r->now_ms;
    options.flags = SWARMTRACE_AGENT_THREADS;
    assert_int_equal(swarmtrace_open(&options, &r->trace), 0);
    assert_string_equal(swarmtrace_path(r->trace), path);
}

static const struct {
    const char *op;
    void (*call)(struct replayed *r, const json_t *op);
} calls[] = {
    {"register_agent", register_agent},
    {"unregister_agent", unregister_agent},
    {"start_llm_request", start_request},
    {"end_llm_request", end_request},
    {"start_tool", start_tool},
    {"end_tool", end_tool},
    {"start_user_input", start_user_input},
    {"end_user_input", end_user_input},
    {"start_interaction", start_interaction},
    {"end_interaction", end_interaction},
    {"instant", instant},
    {"counter", counter},
};

static void replay_line(struct replayed *r, const char *line, const char *path)
{
    json_t *op = json_loads(line, JSON_ALLOW_NUL, NULL);
    assert_non_null(op);
    const char *name = text_of(op, "op");
    r->line = line;
    r->now_ms = number_of(op, "t");
    if (strcmp(name, "hello") == 0) {
        hello(r, op, path);
        json_decref(op);
        return;
    }
    bool known = strcmp(name, "end_session") == 0; /* the close does this */
    for (size_t i = 0; i < sizeof calls / sizeof *calls && !known; i++) {
        if (strcmp(name, calls[i].op) == 0) {
            calls[i].call(r, op);
            known = true;
        }
    }
    if (!known) {
        fail_msg("no call for %s", name);
    }
    json_decref(op);
}

/* Makes the calls that the feed names, at its times. */
static void replay(const char *feed_path, const char *path)
{
    struct replayed r = {.spans = json_object()};
    char *feed = support_read_file(feed_path, NULL), *rest = feed;
    for (const char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        replay_line(&r, line, path);
    }
    assert_int_equal(swarmtrace_close(r.trace), 0);
    free(feed);
    json_decref(r.spans);
}

static void assert_same_as_recorded(const char *feed_path)
{
    const char *got = support_path(support_tmpdir(), "got.agent.json"),
               *want = support_path(support_tmpdir(), "want.agent.json");
    const char *argv[] = {support_program(), "record", "--tracks", "agent",   "--max-events",
                          "100000",          "-o",     want,       feed_path, NULL};
    struct support_run run;
    support_run(&run, argv, NULL, 0, RUN_MS);
    assert_int_equal(run.status, 0);
    support_run_release(&run);
    replay(feed_path, got);
    char *ours = support_read_file(got, NULL), *theirs = support_read_file(want, NULL);
    if (strcmp(ours, theirs) != 0) {
        size_t at = 0;
        while (ours[at] == theirs[at]) {
            at++;
        }
        size_t from = at > 100 ? at - 100 : 0;
        fail_msg("%s: at %zu: %.200s, recorded: %.200s", feed_path, at, ours + from, theirs + from);
    }
    free(ours);
    free(theirs);
}

TEST(a_golden_feed_gives_the_recorded_document)
{
    assert_same_as_recorded(support_data("golden/small.feed.ndjson"));
    assert_same_as_recorded(support_data("golden/swarm.feed.ndjson"));
    assert_same_as_recorded(support_data("golden/stale.feed.ndjson"));
    assert_same_as_recorded(support_data("golden/quirks.feed.ndjson"));
}

/* ---- the environment ---- */

static struct swarmtrace *open_with(const char *trace, const char *interval)
{
    struct swarmtrace_options options;
    struct swarmtrace *opened;
    swarmtrace_options_init(&options);
    options.session_id = "a/b";
    setenv("CLAUDE_CODE_PERFETTO_TRACE", trace, 1);
    setenv("CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S", interval, 1);
    assert_int_equal(swarmtrace_open(&options, &opened), 0);
    return opened;
}

TEST(the_environment_decides_whether_and_where)
{
    static const char *const off[] = {"", "0", "no", " Off "};
    double next_s;
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        assert_null(open_with(off[i], ""));
    }
    unsetenv("CLAUDE_CODE_PERFETTO_TRACE");
    struct swarmtrace *trace = (void *)&next_s;
    assert_int_equal(swarmtrace_open(NULL, &trace), 0);
    assert_null(trace);

    setenv("HOME", support_tmpdir(), 1);
    unsetenv("CLAUDE_CONFIG_DIR");
    trace = open_with("1", "7");
    assert_string_equal(swarmtrace_path(trace),
                        support_path(getenv("HOME"), ".claude/traces/trace-a_b.json"));
    assert_int_equal(swarmtrace_poll(trace, &next_s), 0);
    assert_true(next_s > 5 && next_s <= 7);
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_true(exists(support_path(getenv("HOME"), ".claude/traces/trace-a_b.json")));

    setenv("CLAUDE_CONFIG_DIR", "/conf", 1);
    trace = open_with("yes", "-3");
    assert_string_equal(swarmtrace_path(trace), "/conf/traces/trace-a_b.json");
    swarmtrace_poll(trace, &next_s);
    assert_true(next_s < 0);
    unsetenv("CLAUDE_CONFIG_DIR");
    const char *path = new_path();
    struct swarmtrace *other = open_with(path, "x");
    assert_string_equal(swarmtrace_path(other), path);
    assert_int_equal(swarmtrace_close(other), 0);
    unsetenv("CLAUDE_CODE_PERFETTO_TRACE");
    assert_int_equal(swarmtrace_close(trace), geteuid() == 0 ? 0 : EIO);
}

TEST(without_a_trace_nothing_is_done)
{
    char text[8] = "x";
    double next_s = 1;
    assert_int_equal(swarmtrace_start_tool(NULL, NULL, "Bash", NULL), 0);
    assert_int_equal(swarmtrace_end_tool(NULL, 1, NULL), 0);
    assert_int_equal(swarmtrace_register_agent(NULL, NULL, NULL, NULL), 0);
    assert_int_equal(swarmtrace_instant(NULL, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(swarmtrace_counter(NULL, NULL, NULL, NULL, 0), 0);
    assert_int_equal(swarmtrace_write(NULL), 0);
    assert_int_equal(swarmtrace_poll(NULL, &next_s), 0);
    assert_true(next_s < 0);
    assert_int_equal(swarmtrace_error(NULL, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_null(swarmtrace_path(NULL));
    assert_int_equal(swarmtrace_close(NULL), 0);
}

/* ---- when it is written ---- */

TEST(poll_writes_when_the_interval_is_over)
{
    const char *path = new_path();
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    double now_ms = 1e12, next_s;
    swarmtrace_options_init(&options);
    options.path = path;
    options.write_interval_s = 2;
    options.now_ms = now_of;
    options.context = &now_ms;
    assert_int_equal(swarmtrace_open(&options, &trace), 0);
    swarmtrace_start_tool(trace, NULL, "Bash", NULL);
    now_ms += 1500;
    assert_int_equal(swarmtrace_poll(trace, &next_s), 0);
    assert_false(exists(path));
    assert_true(next_s == 0.5);
    now_ms += 500;
    assert_int_equal(swarmtrace_poll(trace, &next_s), 0);
    assert_true(exists(path) && next_s == 2);
    assert_int_equal(count_in(path, "Tool: Bash"), 1); /* open: no end yet */

    now_ms -= 3600e3; /* the clock was set back */
    unlink(path);
    assert_int_equal(swarmtrace_poll(trace, &next_s), 0);
    assert_true(exists(path) && next_s == 2);
    now_ms += 7200e3;
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "\"evicted\":true"), 1);
}

TEST(a_thread_writes_if_it_is_asked_for)
{
    const char *path = new_path();
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    swarmtrace_options_init(&options);
    options.path = path;
    options.write_interval_s = 0.01;
    options.flags = SWARMTRACE_THREAD;
    assert_int_equal(swarmtrace_open(&options, &trace), 0);
    swarmtrace_instant(trace, NULL, "first", "note", "{\"a\":1}");
    for (int i = 0; i < 10000 && (!exists(path) || count_in(path, "first") == 0); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_int_equal(count_in(path, "first"), 1);
    assert_int_equal(swarmtrace_close(trace), 0);
}

/* Runs `body` in a process of its own, which then ends by exit. */
static void in_a_child(void (*body)(void *context), void *context)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body(context);
        exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void trace_and_exit(void *path)
{
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    swarmtrace_options_init(&options);
    options.path = path;
    swarmtrace_open(&options, &trace);
    swarmtrace_start_tool(trace, NULL, "Bash", NULL);
    free(trace == NULL ? NULL : calloc(1, 1)); /* the tracer is left as it is */
}

TEST(the_exit_writes_and_closes_what_is_open)
{
    const char *path = new_path();
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    in_a_child(trace_and_exit, copy);
    assert_int_equal(count_in(path, "Tool: Bash"), 2);
    assert_int_equal(count_in(path, "\"incomplete\":true"), 1);
}

static void use_it(void *trace)
{
    swarmtrace_instant(trace, NULL, "of the child", "note", NULL);
    swarmtrace_write(trace);
}

TEST(a_child_does_not_continue_its_parents_trace)
{
    const char *path = new_path();
    double now_ms = 1e12;
    struct swarmtrace *trace = open_at(path, &now_ms, 0);
    in_a_child(use_it, trace);
    assert_false(exists(path));
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "of the child"), 0);
}

TEST(a_file_that_cannot_be_written_is_an_error)
{
    const char *directory = support_tmpdir();
    char text[512], cut[5];
    double now_ms = 1e12;
    support_write_file(support_path(directory, "file"), "x", 1);
    struct swarmtrace *trace = open_at(support_path(directory, "file/trace.json"), &now_ms, 0);
    assert_int_equal(swarmtrace_error(trace, text, sizeof text), 0);
    assert_int_equal(swarmtrace_write(trace), EIO);
    size_t len = swarmtrace_error(trace, text, sizeof text);
    assert_int_equal(strlen(text), len);
    assert_non_null(strstr(text, "file/trace.json"));
    assert_int_equal(swarmtrace_error(trace, cut, sizeof cut), len);
    assert_int_equal(strlen(cut), 4);
    assert_int_equal(swarmtrace_close(trace), EIO);
}

/* ---- values ---- */

TEST(values_that_cannot_be_change_nothing)
{
    const char *path = new_path();
    double now_ms = 1e12, times[] = {1e12, (double)INFINITY};
    struct swarmtrace *trace = open_at(path, &now_ms, 0);
    struct swarmtrace_request request;
    struct swarmtrace_response response;
    swarmtrace_request_init(&request);
    assert_int_equal(swarmtrace_start_request(trace, NULL, &request), 0); /* no model */
    request.model = "m";
    uint64_t span = swarmtrace_start_request(trace, NULL, &request);
    assert_true(span != 0);
    swarmtrace_response_init(&response);
    response.attempt_start_ms = times;
    response.attempt_count = 2;
    assert_int_equal(swarmtrace_end_request(trace, span, &response), EINVAL);
    response.attempt_count = 0;
    response.ttft_ms = (double)INFINITY;
    assert_int_equal(swarmtrace_end_request(trace, span, &response), 0);
    assert_int_equal(swarmtrace_end_request(trace, span, &response), ENOENT);
    assert_int_equal(swarmtrace_end_request(trace, 0, NULL), 0);
    assert_int_equal(swarmtrace_start_tool(trace, NULL, "Bash", "[1]"), 0);
    assert_int_equal(swarmtrace_start_tool(trace, NULL, "Bash", "{\"a\":1"), 0);
    assert_int_equal(swarmtrace_instant(trace, NULL, "i", "c", "{\"a\":1}}"), EINVAL);
    assert_int_equal(swarmtrace_register_agent(trace, "", "x", NULL), EINVAL);
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "Bash"), 0);
    assert_int_equal(count_in(path, "First Token"), 0);
}

TEST(bytes_that_are_no_text_become_replacements)
{
    const char *path = new_path();
    double now_ms = 1e12;
    struct swarmtrace *trace = open_at(path, &now_ms, 0);
    struct swarmtrace_value value = {"\xFF", 1};
    uint64_t span =
        swarmtrace_start_tool(trace, "a\xFF", "b\xED\xA0\x80\xFF", "{\"c\":\"\\ud800\"}");
    struct swarmtrace_result result;
    swarmtrace_result_init(&result);
    result.error = "\x1b[31m\xC0";
    assert_int_equal(swarmtrace_end_tool(trace, span, &result), 0);
    assert_int_equal(swarmtrace_counter(trace, NULL, "\xFE", &value, 1), 0);
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_true(count_in(path, "Tool: b\xEF\xBF\xBD\xEF\xBF\xBD\"") > 0);
    assert_int_equal(count_in(path, "\xFF"), 0);
    assert_int_equal(count_in(path, "\x1b"), 0);
}

/* A caller that was compiled with an older header has shorter structs. */
TEST(a_shorter_struct_is_read_as_far_as_it_goes)
{
    const char *path = new_path();
    double now_ms = 1e12;
    struct swarmtrace *trace = open_at(path, &now_ms, 0);
    struct swarmtrace_result result;
    uint64_t span = swarmtrace_start_tool(trace, NULL, "Bash", NULL);
    swarmtrace_result_init(&result);
    result.error = "refused";
    result.result_tokens = 4711;
    result.size = offsetof(struct swarmtrace_result, result_tokens);
    assert_int_equal(swarmtrace_end_tool(trace, span, &result), 0);
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "refused"), 1);
    assert_int_equal(count_in(path, "4711"), 0);
}

/* ---- much, and at once ---- */

enum { THREADS = 4, CALLS = 300 };

static void *call_tools(void *trace)
{
    for (int i = 0; i < CALLS; i++) {
        uint64_t span = swarmtrace_start_tool(trace, NULL, "Bash", NULL);
        if (i % 100 == 0) {
            swarmtrace_write(trace);
        }
        swarmtrace_end_tool(trace, span, NULL);
    }
    return NULL;
}

TEST(threads_share_a_tracer)
{
    const char *path = new_path();
    pthread_t threads[THREADS];
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    swarmtrace_options_init(&options);
    options.path = path;
    assert_int_equal(swarmtrace_open(&options, &trace), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_tools, trace), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "Tool: Bash"), 2 * THREADS * CALLS);
}

TEST(the_cap_drops_the_oldest_events)
{
    const char *path = new_path();
    struct swarmtrace_options options;
    struct swarmtrace *trace;
    double now_ms = 1e12;
    char name[32];
    swarmtrace_options_init(&options);
    options.path = path;
    options.max_events = 1000;
    options.now_ms = now_of;
    options.context = &now_ms;
    assert_int_equal(swarmtrace_open(&options, &trace), 0);
    for (int i = 0; i < 5000; i++) {
        now_ms += 1;
        snprintf(name, sizeof name, "note %d", i);
        assert_int_equal(swarmtrace_instant(trace, NULL, name, "note", NULL), 0);
    }
    assert_int_equal(swarmtrace_close(trace), 0);
    assert_int_equal(count_in(path, "trace_truncated"), 1);
    assert_int_equal(count_in(path, "\"note 4999\""), 1);
    assert_true(count_in(path, "\"note ") < 1000);
}
