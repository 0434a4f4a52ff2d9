/* Codex's requests are two logs each that have no id in common: paired by their times, once what may
   come before them had a second to come. */
#include "tests/support/otlp_reading.h"
#include "tests/support/otlp_requests.h"
#include "tests/support/otlp_samples.h"
#include "tests/support/records.h"
#include "tests/support/report.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20, LATE_MAX = 400 };

static const char *const samples[] = {"samples/codex/swarm/otlp/logs.jsonl",
                                      "samples/codex/tui/otlp/logs.jsonl"};

/* ---- any order ---- */

static json_t *read_in(const char *rel, enum otlp_order order, uint64_t seed)
{
    struct otlp_requests requests = {0};
    struct rig rig;
    rig_init(&rig);
    otlp_set_clock(&rig);
    otlp_requests_add_sample(&requests, rel);
    struct otlp_sender *sender = otlp_sender_new(&rig, OTLP_HTTP_JSON);
    otlp_requests_send(&requests, order, &seed, sender);
    json_t *reading = otlp_reading(&rig);
    otlp_sender_free(sender);
    rig_release(&rig);
    otlp_requests_release(&requests);
    return reading;
}

TEST(logs_of_codex_in_any_order_read_as_in_order)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        json_t *want = read_in(samples[i], OTLP_ONE_BY_ONE, 0);
        json_object_del(want, "sessions"); /* in the order in which they came */
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            json_t *reading = read_in(samples[i], OTLP_SHUFFLED, seed);
            char *differs = otlp_reading_differs(reading, want);
            if (differs != NULL) {
                fail_msg("%s, seed %d: %s", samples[i], (int)seed, differs);
            }
            json_decref(reading);
        }
        json_decref(want);
    }
}

/* ---- late ---- */

/* Logs by when they arrived together. */
struct deliveries {
    struct {
        int64_t received_ms;
        struct slice body; /* for free */
    } items[LATE_MAX];
    size_t count;
};

static void add_delivered(void *ctx, const struct otlp_sample *sample)
{
    struct deliveries *all = ctx;
    char *body = malloc(sample->body.len);
    assert_true(body != NULL && all->count < LATE_MAX && sample->encoding == OTLP_JSON);
    memcpy(body, sample->body.bytes, sample->body.len);
    all->items[all->count].received_ms = sample->received_ms;
    all->items[all->count++].body = (struct slice){body, sample->body.len};
}

/* Takes all deliveries, that of the time given as the last; it may be later than a second. */
static void take_late(struct otlp_rig *otlp, const struct deliveries *all, int64_t late_ms,
                      bool by_seconds)
{
    for (size_t i = 0; i < 2 * all->count; i++) {
        bool late = all->items[i % all->count].received_ms == late_ms;
        struct slice body = all->items[i % all->count].body;
        if (i == all->count && by_seconds) {
            otlp_settle(&otlp->rig);
        }
        if (late == (i >= all->count)) {
            otlp_rig_take(otlp, OTLP_LOGS, OTLP_JSON, body.bytes, body.len);
        }
    }
}

static void check_late(const char *rel, bool by_seconds)
{
    struct deliveries *all = calloc(1, sizeof *all);
    json_t *want = read_in(rel, OTLP_ONE_BY_ONE, 0);
    json_object_del(want, "sessions");
    otlp_samples(rel, add_delivered, all);
    for (size_t k = 0; k < all->count; k++) {
        struct otlp_rig otlp;
        if (k > 0 && all->items[k].received_ms == all->items[k - 1].received_ms) {
            continue;
        }
        otlp_rig_init(&otlp);
        take_late(&otlp, all, all->items[k].received_ms, by_seconds);
        json_t *reading = otlp_reading(&otlp.rig);
        char *differs = otlp_reading_differs(reading, want);
        if (differs != NULL) {
            fail_msg("%s, that of %lld: %s", rel, (long long)all->items[k].received_ms, differs);
        }
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
    for (size_t k = 0; k < all->count; k++) {
        free((char *)(uintptr_t)all->items[k].body.bytes);
    }
    free(all);
    json_decref(want);
}

/* A sender tries again what was not taken, after what followed it. */
TEST(any_delivery_of_codex_may_be_late)
{
    check_late(samples[0], false);
    check_late(samples[1], false);
}

/* One that ends a request and begins the next, as those of codex/tui, leads to a wrong pair. */
TEST(a_delivery_of_codex_may_be_later_than_a_second)
{
    check_late(samples[0], true);
}

/* ---- live ---- */

static const char head[] =
    "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
    "\"stringValue\":\"codex_exec\"}}]},\"scopeLogs\":[{\"logRecords\":[{"
    "\"timeUnixNano\":\"%lld000000\",\"attributes\":[{\"key\":\"conversation.id\",\"value\":{"
    "\"stringValue\":\"c1\"}},{\"key\":\"event.name\",\"value\":{\"stringValue\":\"%s\"}}%s]}]}]}]}";

static void take(struct otlp_rig *otlp, int ms, const char *event, const char *attributes)
{
    char body[2048], rest[1024];
    snprintf(rest, sizeof rest, "%s", attributes);
    for (char *at = rest; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    int len = snprintf(body, sizeof body, head, 1795903200000LL + ms, event, rest);
    otlp_rig_take(otlp, OTLP_LOGS, OTLP_JSON, body, (size_t)len);
}

static void take_request(struct otlp_rig *otlp, int ms, const char *attempt)
{
    char rest[256];
    snprintf(rest, sizeof rest,
             ",{'key':'duration_ms','value':{'stringValue':'300'}},"
             "{'key':'attempt','value':{'stringValue':'%s'}}",
             attempt);
    take(otlp, ms, "codex.api_request", rest);
}

static void take_answer(struct otlp_rig *otlp, int ms, int output)
{
    char rest[512];
    snprintf(rest, sizeof rest,
             ",{'key':'event.kind','value':{'stringValue':'response.completed'}},"
             "{'key':'input_token_count','value':{'stringValue':'100'}},"
             "{'key':'output_token_count','value':{'stringValue':'%d'}},"
             "{'key':'ttft_ms','value':{'stringValue':'500'}}",
             output);
    take(otlp, ms, "codex.sse_event", rest);
}

static void is_read_as(struct otlp_rig *otlp, const char *expected)
{
    json_t *reading = otlp_reading_now(&otlp->rig), *want = json_loads(expected, 0, NULL);
    assert_non_null(want);
    char *differs = otlp_reading_differs(reading, want);
    if (differs != NULL || json_array_size(json_object_get(reading, "requests")) !=
                               json_array_size(json_object_get(want, "requests"))) {
        fail_msg("%s\n%s", differs, json_dumps(reading, 0));
    }
    json_decref(want);
    json_decref(reading);
}

TEST(a_request_of_codex_is_over_at_once_and_has_its_figures_a_second_later)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_request(&otlp, 1300, "0");
    is_read_as(&otlp, "{\"open\":1,\"requests\":[{\"start_ms\":1000}]}");
    take_answer(&otlp, 3000, 20);
    is_read_as(&otlp, "{\"open\":0,\"requests\":[{\"start_ms\":1000,\"end_ms\":3000}]}");
    otlp.rig.now_ns += 999000000;
    assert_true(otlp_reader_settle(otlp.reader, false));
    otlp.rig.now_ns += 1000000;
    assert_false(otlp_reader_settle(otlp.reader, false));
    is_read_as(&otlp, "{\"open\":0,\"requests\":[{\"start_ms\":1000,\"end_ms\":3000,"
                      "\"output\":20,\"ttft_ms\":500}]}");
    otlp_rig_release(&otlp);
}

/* The first has waited for its second: what is earlier is before it, though it has just come. */
TEST(what_is_earlier_is_paired_first)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_answer(&otlp, 6000, 22);
    otlp.rig.now_ns += 900000000;
    take_request(&otlp, 4300, "0");
    take_answer(&otlp, 3000, 20);
    take_request(&otlp, 1300, "0");
    otlp.rig.now_ns += 100000000;
    assert_false(otlp_reader_settle(otlp.reader, false));
    is_read_as(&otlp, "{\"open\":0,\"requests\":["
                      "{\"start_ms\":1000,\"end_ms\":3000,\"output\":20},"
                      "{\"start_ms\":4000,\"end_ms\":6000,\"output\":22}]}");
    otlp_rig_release(&otlp);
}

/* The repeat is the same request, whichever of its logs comes first. */
TEST(a_request_of_codex_that_is_repeated_is_one)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (int i = 0; i < 3; i++) {
            switch (backwards != 0 ? 2 - i : i) {
            case 0: take_request(&otlp, 1300, "0"); break;
            case 1: take_request(&otlp, 2300, "1"); break;
            default: take_answer(&otlp, 4000, 20); break;
            }
        }
        otlp_settle(&otlp.rig);
        is_read_as(&otlp, "{\"open\":0,\"requests\":[{\"start_ms\":1000,\"end_ms\":4000,"
                          "\"output\":20,\"retries\":1}]}");
        otlp_rig_release(&otlp);
    }
}

static bool has_figures(struct rig *rig, void *ctx)
{
    json_t *reading = otlp_reading_now(rig);
    bool has = json_object_get(json_array_get(json_object_get(reading, "requests"), 0), "output");
    (void)ctx;
    json_decref(reading);
    return has;
}

/* ---- outcomes of tools ---- */

/* What the files report of the call: a command that failed. */
static void take_exit_of_files(struct otlp_rig *otlp)
{
    struct update update = {.op = UPDATE_CALL,
                            .kind = CALL_TOOL,
                            .precedence = PRECEDENCE_FILES,
                            .session_id = {"c1", 2},
                            .id = {"t", 1},
                            .t_ms = (double)NAN};
    update_number(&update, FIELD_END_MS, 1795903202100.0);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_text(&update, FIELD_ERROR, (struct slice){"Exit code 1", 11});
    model_update(&otlp->rig.model, &update);
}

/* The client's flag is true for any command that ran. */
TEST(a_tool_of_codex_that_ran_has_failed_by_its_exit_code)
{
    static const struct {
        const char *output, *error; /* NULL: none */
        int files;                  /* 1: before the log, 2: after it, 0: never */
    } rows[] = {
        {"Chunk ID: 6\\nProcess exited with code 1\\nOutput:\\nx", "Exit code 1", 0},
        {"Chunk ID: 6\\nProcess exited with code 0\\nOutput:\\nx", NULL, 0},
        {"Exit code: 127\\nOutput:\\nx", "Exit code 127", 0},
        {"{\\'output\\':\\'x\\',\\'metadata\\':{\\'exit_code\\':2}}", "Exit code 2", 0},
        {"Process exited with code ", NULL, 0},
        {"x", NULL, 0},
        {"x", "Exit code 1", 1},
        {"x", "Exit code 1", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        char rest[512];
        otlp_rig_init(&otlp);
        snprintf(rest, sizeof rest,
                 ",{'key':'call_id','value':{'stringValue':'t'}},"
                 "{'key':'tool_name','value':{'stringValue':'exec_command'}},"
                 "{'key':'duration_ms','value':{'stringValue':'1000'}},"
                 "{'key':'success','value':{'stringValue':'true'}},"
                 "{'key':'output','value':{'stringValue':'%s'}}",
                 rows[i].output);
        if (rows[i].files == 1) {
            take_exit_of_files(&otlp);
        }
        take(&otlp, 2000, "codex.tool_result", rest);
        if (rows[i].files == 2) {
            take_exit_of_files(&otlp);
        }
        json_t *all = records_of(&otlp.rig.model);
        const json_t *tool = json_object_get(json_object_get(all, "tools"), "t");
        print_message("  %zu\n", i);
        assert_non_null(tool);
        assert_int_equal(json_is_true(json_object_get(tool, "success")), rows[i].error == NULL);
        report_text_is(tool, "error", rows[i].error);
        json_decref(all);
        otlp_rig_release(&otlp);
    }
}

TEST(a_source_takes_what_has_waited_by_itself)
{
    static const size_t first = 40; /* deliveries that have a whole request */
    struct deliveries *all = calloc(1, sizeof *all);
    struct rig rig;
    rig_init(&rig);
    otlp_set_clock(&rig);
    otlp_samples(samples[0], add_delivered, all);
    struct otlp_sender *sender = otlp_sender_new(&rig, OTLP_HTTP_JSON);
    struct otlp_requests requests = {0};
    for (size_t i = 0; i < all->count; i++) {
        if (i < first) {
            otlp_requests_add(&requests, OTLP_LOGS, OTLP_JSON, all->items[i].body.bytes,
                              all->items[i].body.len);
        }
        free((char *)(uintptr_t)all->items[i].body.bytes);
    }
    uint64_t seed = 1;
    otlp_requests_send(&requests, OTLP_AT_ONCE, &seed, sender);
    assert_false(has_figures(&rig, NULL));
    rig.now_ns += 1000000000;
    rig_until(&rig, has_figures, NULL);
    otlp_sender_free(sender);
    rig_release(&rig);
    otlp_requests_release(&requests);
    free(all);
}
