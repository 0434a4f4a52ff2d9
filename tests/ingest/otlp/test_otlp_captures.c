/* Telemetry that real clients sent, against what the API that they talked to counted. */
#include "ingest/otlp/otlp_attributes.h"
#include "tests/support/otlp_reading.h"

#include "core/query/counters.h"
#include "core/query/query.h"

#include <math.h>
#include <string.h>

struct capture_row {
    const char *sample;
    size_t sessions, requests, failed, tools, tool_errors, waits, times;
    double prompt, output, cache_read, cache_creation;
};

static const struct capture_row rows[] = {
    {"claude/solo-json", 1, 5, 0, 7, 2, 0, 5, 62875, 491, 49854, 12993},
    {"claude/swarm-json", 1, 19, 0, 17, 2, 0, 19, 174919, 1161, 120314, 54515},
    {"claude/tui-perm", 1, 2, 0, 3, 0, 3, 2, 27105, 67, 13462, 13632},
    {"claude/dead", 2, 3, 2, 1, 0, 0, 1, 12049, 14, 0, 12046},
    {"codex/swarm", 3, 8, 0, 6, 0, 0, 8, 71848, 200, 55453, 0},
    {"codex/tui", 2, 5, 0, 3, 2, 0, 5, 42368, 105, 23605, 0},
    /* Its thoughts (20 tokens) are counted beside the answers (105). */
    {"gemini/sub", 1, 4, 0, 4, 0, 0, 0, 46500, 125, 34258, 0},
    /* One call of a tool was refused for its input: no span, but a log. */
    {"qwen/swarm", 1, 9, 0, 8, 3, 0, 9, 145764, 361, 101561, 44153},
    {"opencode/swarm", 3, 8, 1, 6, 0, 0, 7, 35577, 188, 17291, 17630},
};

static json_t *list(json_t *reading, const char *name)
{
    return json_object_get(reading, name);
}

static double sum(json_t *calls, const char *key)
{
    size_t i;
    json_t *call;
    double all = 0;
    json_array_foreach(calls, i, call)
    {
        all += json_number_value(json_object_get(call, key));
    }
    return all;
}

static size_t count_with(json_t *calls, const char *key)
{
    size_t i, count = 0;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        count += json_object_get(call, key) != NULL;
    }
    return count;
}

static void check(const struct capture_row *row, json_t *reading)
{
    json_t *requests = list(reading, "requests"), *tools = list(reading, "tools");
    print_message("%s\n", row->sample);
    assert_int_equal(json_array_size(list(reading, "sessions")), row->sessions);
    assert_int_equal(json_array_size(requests), row->requests);
    assert_int_equal(count_with(requests, "error"), row->failed);
    assert_int_equal(count_with(requests, "ttft_ms"), row->times);
    assert_int_equal(json_array_size(tools), row->tools);
    assert_int_equal(count_with(tools, "error"), row->tool_errors);
    assert_int_equal(json_array_size(list(reading, "waits")), row->waits);
    assert_int_equal((long)sum(requests, "prompt"), (long)row->prompt);
    assert_int_equal((long)sum(requests, "output"), (long)row->output);
    assert_int_equal((long)sum(requests, "cache_read"), (long)row->cache_read);
    assert_int_equal((long)sum(requests, "cache_creation"), (long)row->cache_creation);
    assert_int_equal(json_integer_value(json_object_get(reading, "open")), 0);
}

/* Takes a capture: all signals in one file, or logs and traces apart. */
static void take(struct otlp_rig *otlp, const char *sample, bool traces_first)
{
    static const char *const parts[] = {"logs", "traces"};
    char rel[200];
    snprintf(rel, sizeof rel, "samples/%s/otlp.jsonl", sample);
    if (strncmp(sample, "claude", 6) == 0) {
        otlp_rig_take_sample(otlp, rel);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        const char *part = parts[traces_first ? 1 - i : i];
        snprintf(rel, sizeof rel, "samples/%s/otlp/%s.jsonl", sample, part);
        if (strcmp(sample, "codex/tui") != 0 || strcmp(part, "logs") == 0) {
            otlp_rig_take_sample(otlp, rel);
        }
    }
}

TEST(telemetry_of_real_clients_is_what_the_api_counted)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, rows[i].sample, i % 2 == 0);
        json_t *reading = otlp_reading(&otlp);
        check(&rows[i], reading);
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
}

TEST(telemetry_that_is_sent_twice_counts_once)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, rows[i].sample, false);
        take(&otlp, rows[i].sample, true);
        json_t *reading = otlp_reading(&otlp);
        check(&rows[i], reading);
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
}

TEST(a_client_that_died_leaves_its_calls_open)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(&otlp, "claude/abort", false);
    json_t *reading = otlp_reading(&otlp);
    json_t *requests = list(reading, "requests");
    assert_int_equal(json_array_size(list(reading, "sessions")), 3);
    assert_int_equal(json_array_size(requests), 9);
    assert_int_equal(count_with(requests, "ttft_ms"), 9);
    assert_true(json_integer_value(json_object_get(reading, "open")) > 0);
    json_decref(reading);
    otlp_rig_release(&otlp);
}

/* The last value of a counter's member; NAN: there is none. */
static double counter_last(const struct counters *counters, const struct swarm *swarm,
                           const char *name, const char *key)
{
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->items[i];
        if (slice_is(swarm_text_slice(swarm, counter->name), name) &&
            strcmp(counter->key.data, key) == 0) {
            return counter->last;
        }
    }
    return (double)NAN;
}

/* Sums are exported as differences, once a minute. */
TEST(metrics_are_counters_of_the_session)
{
    struct otlp_rig otlp;
    struct counters counters;
    otlp_rig_init(&otlp);
    otlp_rig_take_sample(&otlp, "samples/claude/solo-json/otlp.jsonl");
    otlp_rig_take_sample(&otlp, "samples/claude/solo-json/otlp.jsonl");
    const struct swarm *swarm = otlp.rig.model.swarm;
    const struct session *session = swarm_session(swarm, 0);
    assert_true(counters_compute(swarm, session->start_ns, 1000000000, 600, &counters));
    double output = counter_last(&counters, swarm, "claude_code.token.usage",
                                 "claude-opus-5-5/main/medium/output");
    assert_int_equal((long)output, 491);
    counters_release(&counters);
    otlp_rig_release(&otlp);
}

TEST(a_session_that_only_telemetry_reports_has_no_live_source)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    otlp_rig_take_sample(&otlp, "samples/claude/solo-json/otlp.jsonl");
    const struct swarm *swarm = otlp.rig.model.swarm;
    assert_true((swarm_session(swarm, 0)->flags & SESSION_NOT_LIVE) != 0);
    assert_string_equal(query_state_text(swarm, 0, STATE_IDLE), "no live source");
    assert_string_equal(query_state_text(swarm, 0, STATE_TOOL), "tool");
    struct update files = {.op = UPDATE_SESSION,
                           .precedence = PRECEDENCE_FILES,
                           .session_id = swarm_text_slice(swarm, swarm_session(swarm, 0)->id)};
    update_text(&files, FIELD_NAME, (struct slice){"x", 1});
    assert_true(ingest_ctx_update(&otlp.rig.ingest, &files));
    assert_true(correlator_flush(otlp.rig.model.correlator));
    assert_string_equal(query_state_text(swarm, 0, STATE_IDLE), "idle");
    otlp_rig_release(&otlp);
}

/* A request that failed has no id in files, so the two reports cannot be joined. */
TEST(a_failed_request_counts_once_where_files_report_it)
{
    static const char *const sessions[] = {"4bdb982a-a855-424c-a01a-d43c6c1ff090",
                                           "93df749b-2244-4e93-97b6-046d5aa085e2"};
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    for (size_t i = 0; i < 2; i++) {
        struct update files = {.op = UPDATE_SESSION,
                               .precedence = PRECEDENCE_FILES,
                               .session_id = {sessions[i], strlen(sessions[i])}};
        update_number(&files, FIELD_START_MS, 1795372859000);
        assert_true(ingest_ctx_update(&otlp.rig.ingest, &files));
    }
    otlp_rig_take_sample(&otlp, "samples/claude/dead/otlp.jsonl");
    json_t *reading = otlp_reading(&otlp);
    assert_int_equal(json_array_size(list(reading, "requests")), 1);
    assert_int_equal(count_with(list(reading, "requests"), "error"), 0);
    json_decref(reading);
    otlp_rig_release(&otlp);
}
