/* Telemetry that real clients sent, by each of the four ways and in several orders, against what the
   API that they talked to counted. */
#include "ingest/otlp/otlp_attributes.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/otlp_requests.h"
#include "tests/support/otlp_samples.h"

#include "core/query/counters.h"
#include "core/query/metrics.h"
#include "core/query/query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct capture_row {
    const char *sample;
    unsigned sessions, requests, failed, tools, tool_errors, waits, times, retries;
    double prompt, output, cache_read, cache_creation, open;
};

static const struct capture_row rows[] = {
    {"claude/solo-json", 1, 5, 0, 7, 2, 0, 5, 2, 62875, 491, 49854, 12993, 0},
    {"claude/swarm-json", 1, 19, 0, 17, 2, 0, 19, 1, 174919, 1161, 120314, 54515, 0},
    {"claude/tui-perm", 1, 2, 0, 3, 0, 3, 2, 0, 27105, 67, 13462, 13632, 0},
    /* Calls of a tool that does not exist and one with a wrong input have neither span nor log. */
    {"claude/concurrent-pb", 4, 29, 0, 29, 2, 0, 29, 7, 309212, 1896, 227307, 81749, 0},
    /* A client was killed: its interaction and five calls were open. */
    {"claude/abort", 3, 9, 0, 15, 0, 0, 9, 0, 78714, 375, 0, 78658, 6},
    {"claude/dead", 2, 3, 2, 1, 0, 0, 1, 4, 12049, 14, 0, 12046, 0},
    {"codex/swarm", 3, 8, 0, 6, 1, 0, 8, 0, 71848, 200, 55453, 0, 0},
    {"codex/tui", 2, 5, 0, 3, 2, 0, 5, 0, 42368, 105, 23605, 0, 0},
    {"gemini/sub", 1, 4, 0, 4, 0, 0, 0, 0, 46500, 105, 34258, 0, 0},
    /* One call of a tool was refused for its input: no span, but a log. */
    {"qwen/swarm", 1, 9, 0, 8, 3, 0, 9, 1, 145764, 361, 101561, 44153, 0},
    {"opencode/swarm", 3, 8, 1, 6, 0, 0, 7, 0, 35577, 188, 17291, 17630, 0},
    {"genai-sdk/otlp-json", 1, 7, 1, 5, 1, 0, 6, 0, 27400, 970, 18900, 8500, 0},
    {"genai-sdk/otlp-pb", 1, 7, 1, 5, 1, 0, 6, 0, 27400, 970, 18900, 8500, 0},
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

/* Returns whether the reading has the row's figures; prints those that differ. */
static bool has_figures(const struct capture_row *row, json_t *reading, const char *how)
{
    json_t *requests = list(reading, "requests"), *tools = list(reading, "tools");
    const struct {
        const char *name;
        double has, wants;
    } figures[] = {
        {"sessions", (double)json_array_size(list(reading, "sessions")), (double)row->sessions},
        {"requests", (double)json_array_size(requests), (double)row->requests},
        {"failed", (double)count_with(requests, "error"), (double)row->failed},
        {"times to first token", (double)count_with(requests, "ttft_ms"), (double)row->times},
        {"tools", (double)json_array_size(tools), (double)row->tools},
        {"errors of tools", (double)count_with(tools, "error"), (double)row->tool_errors},
        {"retries", sum(requests, "retries"), (double)row->retries},
        {"waits", (double)json_array_size(list(reading, "waits")), (double)row->waits},
        {"prompt", sum(requests, "prompt"), row->prompt},
        {"output", sum(requests, "output"), row->output},
        {"cache read", sum(requests, "cache_read"), row->cache_read},
        {"cache creation", sum(requests, "cache_creation"), row->cache_creation},
        {"open", json_number_value(list(reading, "open")), row->open},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (fabs(figures[i].has - figures[i].wants) > 0.5) {
            print_message("%s by %s: %s: has %.0f, wants %.0f\n", row->sample, how, figures[i].name,
                          figures[i].has, figures[i].wants);
            good = false;
        }
    }
    return good;
}

static void load(const char *sample, struct otlp_requests *requests)
{
    static const char *const files[] = {"otlp/logs.jsonl", "otlp/traces.jsonl"};
    const char *ending = strstr(sample, "-pb") != NULL ? "pb" : "json";
    char rel[200];
    for (int i = 1; strncmp(sample, "genai", 5) == 0 && i <= 8; i++) {
        snprintf(rel, sizeof rel, "samples/%s/%04d-traces.%s", sample, i, ending);
        otlp_requests_add_body(requests, rel);
    }
    if (strncmp(sample, "claude", 6) == 0) {
        snprintf(rel, sizeof rel, "samples/%s/otlp.jsonl", sample);
        otlp_requests_add_sample(requests, rel);
    }
    bool parts = requests->count == 0;
    for (size_t i = 0; parts && i < 2; i++) {
        snprintf(rel, sizeof rel, "samples/%s/%s", sample, files[i]);
        if (strcmp(sample, "codex/tui") != 0 || i == 0) {
            otlp_requests_add_sample(requests, rel);
        }
    }
}

static void check_each(enum otlp_order order)
{
    uint64_t seed = 7;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_requests requests = {0};
        bool protobuf = strstr(rows[i].sample, "-pb") != NULL;
        if (protobuf && !otlp_way_is_built(OTLP_HTTP_PROTOBUF)) {
            continue;
        }
        load(rows[i].sample, &requests);
        for (enum otlp_way way = 0; way < OTLP_WAYS; way++) {
            struct rig rig;
            if (!otlp_way_is_built(way)) {
                continue;
            }
            rig_init(&rig);
            otlp_set_clock(&rig);
            struct otlp_sender *sender = otlp_sender_new(&rig, way);
            otlp_requests_send(&requests, order, &seed, sender);
            json_t *reading = otlp_reading(&rig);
            wrong += !has_figures(&rows[i], reading, otlp_way_name(way));
            json_decref(reading);
            otlp_sender_free(sender);
            rig_release(&rig);
        }
        otlp_requests_release(&requests);
    }
    assert_int_equal(wrong, 0);
}

TEST(telemetry_of_real_clients_is_what_the_api_counted)
{
    check_each(OTLP_AT_ONCE);
}

TEST(telemetry_that_is_sent_twice_counts_once)
{
    check_each(OTLP_DOUBLED);
}

TEST(telemetry_may_come_in_reverse)
{
    check_each(OTLP_IN_REVERSE);
}

TEST(telemetry_may_come_in_any_order)
{
    check_each(OTLP_SHUFFLED);
}

/* The API refused one of Qwen Code's requests. Its span reports neither that nor the attempt after
   it, but its first token from the request's begin; the spans of HTTP below it show both. */
static void check_refused(json_t *reading)
{
    size_t i;
    json_t *request;
    unsigned retried = 0;
    json_array_foreach(list(reading, "requests"), i, request)
    {
        if (json_number_value(json_object_get(request, "retries")) > 0) {
            double ttft_ms = json_number_value(json_object_get(request, "ttft_ms"));
            double setup_ms = json_number_value(json_object_get(request, "setup_ms"));
            assert_true(fabs(setup_ms - 743) < 1);
            assert_true(fabs(ttft_ms + setup_ms - 1279.3) < 1);
            retried++;
        }
    }
    assert_int_equal(retried, 1);
}

TEST(calls_by_http_below_a_request_are_its_attempts)
{
    uint64_t seed = 11;
    for (int i = 0; i < 20; i++) {
        struct otlp_requests requests = {0};
        struct rig rig;
        rig_init(&rig);
        otlp_set_clock(&rig);
        load("qwen/swarm", &requests);
        struct otlp_sender *sender = otlp_sender_new(&rig, OTLP_HTTP_JSON);
        otlp_requests_send(&requests, i < OTLP_ORDERS ? (enum otlp_order)i : OTLP_SHUFFLED, &seed,
                           sender);
        json_t *reading = otlp_reading(&rig);
        check_refused(reading);
        json_decref(reading);
        otlp_sender_free(sender);
        rig_release(&rig);
        otlp_requests_release(&requests);
    }
}

/* Sets *parent to the title of the parent of the agent with that title. False: there is no such
   agent below another. */
static bool find_parent(const struct swarm *swarm, const char *title, struct strbuf *parent)
{
    size_t count;
    bool found = false;
    struct tree_row *tree = query_tree(swarm, &count);
    for (size_t i = 0; i < count && !found; i++) {
        strbuf_clear(parent);
        query_agent_title(swarm, tree[i].agent, parent);
        found = strcmp(parent->data, title) == 0 && tree[i].parent != NO_AGENT;
        if (found) {
            strbuf_clear(parent);
            query_agent_title(swarm, tree[i].parent, parent);
        }
    }
    mem_free(&mem_libc, tree, count * sizeof *tree);
    return found;
}

/* Codex has a session for each sub-agent, Qwen Code an id in its logs. */
TEST(sub_agents_have_names_and_parents_in_any_order)
{
    static const struct {
        const char *sample, *agents[2], *parent;
        size_t rows;
    } clients[] = {
        {"codex/swarm", {"Raman", "Franklin"}, "main 01a2241d", 3},
        {"qwen/swarm", {"Explore", "general-purpose"}, "main d941821c", 3},
        {"gemini/sub", {"generalist", "generalist"}, "main c67dcebc", 2},
    };
    struct strbuf parent;
    strbuf_init(&parent, &mem_libc, 0);
    for (size_t i = 0; i < 2 * sizeof clients / sizeof *clients; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (size_t k = 0; k < 2; k++) {
            char rel[200];
            snprintf(rel, sizeof rel, "samples/%s/otlp/%s.jsonl", clients[i / 2].sample,
                     k == i % 2 ? "logs" : "traces");
            otlp_rig_take_sample(&otlp, rel);
        }
        assert_int_equal(swarm_agent_count(otlp.rig.model.swarm), clients[i / 2].rows);
        for (size_t k = 0; k < 2; k++) {
            print_message("%s: %s\n", clients[i / 2].sample, clients[i / 2].agents[k]);
            assert_true(find_parent(otlp.rig.model.swarm, clients[i / 2].agents[k], &parent));
            assert_string_equal(parent.data, clients[i / 2].parent);
        }
        otlp_rig_release(&otlp);
    }
    strbuf_release(&parent);
}

/* Each request of Codex has both phases. What doubles of times lose is no third part. */
TEST(phases_that_fill_their_requests_leave_nothing)
{
    struct otlp_rig otlp;
    struct swarm_metrics metrics;
    otlp_rig_init(&otlp);
    otlp_rig_take_sample(&otlp, "samples/codex/swarm/otlp/logs.jsonl");
    otlp_settle(&otlp.rig);
    assert_true(metrics_compute(otlp.rig.model.swarm, otlp.rig.now_ns, &metrics));
    assert_true(metrics.totals.phase_ms[SPAN_SAMPLING] > 0);
    assert_true(!(metrics.totals.phase_ms[SPAN_REQUEST] > 0));
    metrics_release(&metrics);
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

/* Sums are exported as differences by Claude Code, as totals by Gemini. */
static const struct metric_row {
    const char *files[2], *counter, *key;
    long last;
} metrics[] = {
    {{"claude/solo-json/otlp.jsonl", NULL},
     "claude_code.token.usage (tokens)",
     "claude-opus-5-5/main/medium/output",
     491},
    {{"gemini/sub/otlp/logs.jsonl", "gemini/sub/otlp/metrics.jsonl"},
     "gemini_cli.token.usage",
     "4e06f4e7-c5e5-4279-99fc-f0984dca4418/gemini-api-key/gemini-mock/output",
     105},
};

struct two_lists {
    struct otlp_requests rest, metrics;
};

static void add_to_list(void *ctx, const struct otlp_sample *sample)
{
    struct two_lists *lists = ctx;
    otlp_requests_add(sample->signal == OTLP_METRICS ? &lists->metrics : &lists->rest,
                      sample->signal, sample->encoding, sample->body.bytes, sample->body.len);
}

static void check_metric(const struct metric_row *row, enum otlp_way way, enum otlp_order order,
                         bool metrics_first)
{
    uint64_t seed = 7;
    struct two_lists lists = {.rest = {0}};
    struct counters counters;
    struct rig rig;
    rig_init(&rig);
    otlp_set_clock(&rig);
    for (size_t i = 0; i < 2 && row->files[i] != NULL; i++) {
        char rel[200];
        snprintf(rel, sizeof rel, "samples/%s", row->files[i]);
        otlp_samples(rel, add_to_list, &lists);
    }
    struct otlp_sender *sender = otlp_sender_new(&rig, way);
    for (int i = 0; i < 2; i++) {
        if (metrics_first == (i == 0)) {
            otlp_requests_send(&lists.metrics, order, &seed, sender);
        } else {
            otlp_requests_send(&lists.rest, OTLP_AT_ONCE, &seed, sender);
        }
    }
    otlp_settle(&rig);
    const struct swarm *swarm = rig.model.swarm;
    const struct session *session = swarm_session(swarm, 0);
    assert_non_null(session);
    assert_true(counters_compute(swarm, session->start_ns, 1000000000, 600, &counters));
    double last = counter_last(&counters, swarm, row->counter, row->key);
    if (lround(last) != row->last) {
        fail_msg("%s by %s, %s: %s is %.0f", row->files[0], otlp_way_name(way),
                 otlp_order_name(order), row->counter, last);
    }
    counters_release(&counters);
    otlp_sender_free(sender);
    rig_release(&rig);
    otlp_requests_release(&lists.rest);
    otlp_requests_release(&lists.metrics);
}

TEST(metrics_are_counters_of_the_session_by_each_way)
{
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        for (enum otlp_way way = 0; way < OTLP_WAYS; way++) {
            for (enum otlp_order order = 0; order < OTLP_ORDERS && otlp_way_is_built(way);
                 order++) {
                check_metric(&metrics[i], way, order, false);
                check_metric(&metrics[i], way, order, true);
            }
        }
    }
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
