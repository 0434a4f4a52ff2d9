/* The swarm as a document: its bytes, several sessions, parts of it, and what it re-opens to. */
#include "core/export/document.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN ((double)NAN)

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in %s", part, text);
    }
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("%s in %s", part, text);
    }
}

static void export_has(const struct model *model, const char *part)
{
    char *text = model_export(model->swarm, TRACKS_AGENT);
    assert_has(text, part);
    free(text);
}

/* ---- one event ---- */

static void assert_written(const char *event, const char *written)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    assert_true(model_events(&model, event));
    char expected[512];
    snprintf(expected, sizeof expected, "{\"traceEvents\":[%s],\"metadata\":{", written);
    export_has(&model, expected);
    model_release(&model);
}

TEST(events_are_written_as_they_came)
{
    const char *const events[] = {
        "{\"name\":\"a\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":1.5,\"pid\":1,\"tid\":2}",
        "{\"name\":\"a\",\"cat\":\"\",\"ph\":\"X\",\"ts\":0,\"pid\":1,\"tid\":2,\"dur\":0.25,\"args\":{}}",
        "{\"ph\":\"i\",\"ts\":-3}",
        "{\"name\":\"\",\"ph\":\"n\",\"ts\":3,\"pid\":\"p\",\"tid\":\"t\",\"id\":\"0x1\",\"args\":[1e40, "
        "\"\\u00ff\" ]}",
        "{\"name\":\"q\\\"\\u0000\\n\",\"cat\":\"é\",\"ph\":\"b\",\"ts\":1e+21,\"pid\":1,\"tid\":2,\"id\":7,"
        "\"args\":null,\"tts\":12,\"sf\":{\"a\": 1}}",
        "{\"name\":\"C\",\"ph\":\"C\",\"ts\":1,\"pid\":1,\"args\":{\"n\":1.10}}",
        "{\"name\":\"s\",\"ph\":\"i\",\"ts\":1,\"s\":\"g\"}",
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        assert_written(events[i], events[i]);
    }
}

/* A value of the wrong type is another member: `"name":5,"name":"a"`. */
TEST(no_key_is_written_twice_however_it_is_spelled)
{
    static const char *const extras[] = {"\"name\":5", "\"n\\u0061me\":5", "\"\\u006eame\":[]",
                                         "\"nam\\u0065\":null", "\"t\\u0073\":\"x\""};
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        struct model model;
        struct raw_event raw = {.ph = 'i', .ts_us = 1, .dur_us = OPEN};
        raw.name = (struct json_value){JSON_TYPE_STRING, "\"a\"", 3};
        raw.extra = model_text(extras[i]);
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        assert_true(swarm_append_raw(model.swarm, model.session, &raw));
        export_has(&model, "{\"name\":\"a\",\"ph\":\"i\",\"ts\":1}");
        model_release(&model);
    }
}

TEST(what_perfetto_refuses_is_written_otherwise_wherever_it_is)
{
    static const struct {
        const char *event, *written;
    } events[] = {
        {"{\"name\":\"a\\ud83d\",\"cat\":\"\\udc00\",\"ph\":\"i\",\"ts\":1}",
         "{\"name\":\"a\\ufffd\",\"cat\":\"\\ufffd\",\"ph\":\"i\",\"ts\":1}"},
        {"{\"name\":\"\x7f\\ud83d\\ude00\",\"ph\":\"i\",\"ts\":1,\"args\":{\"\\ud83d\\ude00\":-1e400}}",
         "{\"name\":\"\\u007f😀\",\"ph\":\"i\",\"ts\":1,\"args\":{\"😀\":\"-1e400\"}}"},
        {"{\"ph\":\"b\",\"ts\":1,\"pid\":\"\\ud800\",\"tid\":\"\x7f\",\"id\":\"\\ud800\",\"id2\":{\"local\":"
         "\"\\ud800\"}}",
         "{\"ph\":\"b\",\"ts\":1,\"pid\":\"\\ufffd\",\"tid\":\"\\u007f\",\"id\":\"\\ufffd\",\"id2\":{"
         "\"local\":\"\\ufffd\"}}"},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        assert_written(events[i].event, events[i].written);
    }
}

TEST(long_args_go_out_whole)
{
    struct model model;
    const size_t size = 200000;
    char *text = malloc(size + 100);
    char *at = text + sprintf(text, "{\"ph\":\"i\",\"ts\":1,\"args\":{\"a\":\"");
    memset(at, 'x', size);
    strcpy(at + size, "\"}}");
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    assert_true(model_events(&model, text));
    export_has(&model, text);
    model_release(&model);
    free(text);
}

/* ---- the whole ---- */

TEST(a_session_has_the_seeds_metadata_and_ours)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "sid", "api");
    struct op_context context = model_at(&model, 5, NULL);
    tracer_register_agent(model.tracer, &context, model_text("a1"), model_text("coder"),
                          model_text("sid"));
    tracer_instant(model.tracer, &context, model_text("hi"), model_text("x"), model_text(NULL));
    export_has(
        &model,
        "\"metadata\":{\"session_id\":\"sid\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\","
        "\"agent_count\":2,\"total_event_count\":6,\"swarmtop\":{\"version\":2,\"sessions\":[{"
        "\"id\":\"sid\",\"name\":\"api\",\"start\":\"2025-10-09T08:53:20.000Z\","
        "\"start_ns\":\"1760000000000000000\",\"pids\":[1,2]}],\"agents\":["
        "{\"pid\":1,\"agent_id\":\"sid\",\"session_id\":\"sid\",\"name\":\"api\",\"main\":true},"
        "{\"pid\":2,\"agent_id\":\"a1\",\"parent_agent_id\":\"sid\",\"session_id\":\"sid\","
        "\"name\":\"coder\"}]}}}");
    model_release(&model);
}

TEST(starts_have_their_milliseconds_and_their_exact_time)
{
    const struct {
        int64_t start_ns;
        const char *iso, *exact;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z", "0"},
        {999999, "1970-01-01T00:00:00.000Z", "999999"},
        {-1, "1969-12-31T23:59:59.999Z", "-1"},
        {-1000000, "1969-12-31T23:59:59.999Z", "-1000000"},
        {1709210096123456789, "2024-02-29T12:34:56.123Z", "1709210096123456789"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        char expected[200];
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        swarm_session_edit(model.swarm, model.session)->start_ns = rows[i].start_ns;
        snprintf(expected, sizeof expected, "\"start\":\"%s\",\"start_ns\":\"%s\"", rows[i].iso,
                 rows[i].exact);
        export_has(&model, expected);
        snprintf(expected, sizeof expected, "\"trace_start_time\":\"%s\"", rows[i].iso);
        export_has(&model, expected);
        model_release(&model);
    }
}

TEST(what_came_with_a_document_goes_out_with_it)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    struct session *session = swarm_session_edit(model.swarm, model.session);
    strbuf_adds(&session->metadata_extra, "\"host\":\"h\",\"n\" : [1, 2]");
    strbuf_adds(&session->extra, "\"displayTimeUnit\":\"ms\"");
    export_has(&model, ",\"total_event_count\":0,\"host\":\"h\",\"n\":[1, 2],\"swarmtop\":{");
    export_has(&model, "}},\"displayTimeUnit\":\"ms\"}");

    assert_true(model_open_file(&model, "t"));
    session = swarm_session_edit(model.swarm, model.session);
    strbuf_adds(&session->metadata_extra, "\"n\":3,\"m\":4");
    export_has(&model, ",\"host\":\"h\",\"n\":[1, 2],\"m\":4,\"swarmtop\":{");
    model_release(&model);
}

TEST(nothing_is_a_document_too)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    export_has(&model,
               "{\"traceEvents\":[],\"metadata\":{\"agent_count\":0,\"total_event_count\":0,"
               "\"swarmtop\":{\"version\":2,\"sessions\":[],\"agents\":[]}}}");
    model_release(&model);
}

/* ---- several sessions ---- */

static void tool(struct model *model, double ms, const char *agent, const char *id, double end_ms)
{
    struct op_context context = model_at(model, ms, agent);
    assert_int_equal(tracer_start_tool(model->tracer, &context, model_text(id), model_text("Bash"),
                                       model_text(NULL)),
                     TRACER_OK);
    struct end_tool_op end = {.span_id = model_text(id), .result_tokens = OPEN};
    context = model_at(model, end_ms, agent);
    if (!isnan(end_ms)) {
        assert_int_equal(tracer_end_tool(model->tracer, &context, &end), TRACER_OK);
    }
}

/* Two sessions, the second half a second and a bit after the first, both with pids 1 and 2. */
static void build_two(struct model *model)
{
    const char *const ids[] = {"first", "second"};
    const char *const names[] = {"api", NULL};
    for (size_t i = 0; i < 2; i++) {
        struct hello_op hello = {
            .session_id = model_text(ids[i]), .name = model_text(names[i]), .source = "test"};
        double start_ms = MODEL_START_MS + (i == 0 ? 0 : 500.25);
        assert_int_equal(
            tracer_hello(model->tracer, start_ms, MODEL_START_NS, &hello, &model->session),
            TRACER_OK);
        struct op_context context = model_at(model, 600, NULL);
        tracer_register_agent(model->tracer, &context, model_text("a1"), model_text("coder"),
                              model_text(ids[i]));
        tool(model, 700, NULL, "t1", 800);
        tool(model, 700, "a1", "t2", 900);
        tool(model, 750, "a1", "t3", 850);
    }
}

TEST(several_sessions_share_one_time_and_number_their_processes_anew)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_two(&model);
    export_has(&model, "\"pid\":1,\"tid\":0,\"args\":{\"name\":\"api\"}}");
    export_has(&model, "\"pid\":2,\"tid\":0,\"args\":{\"name\":\"api · coder\"}}");
    export_has(&model, "\"pid\":3,\"tid\":0,\"args\":{\"name\":\"second · main\"}}");
    export_has(&model, "\"pid\":4,\"tid\":0,\"args\":{\"name\":\"second · coder\"}}");
    export_has(&model,
               "{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":700000,\"pid\":1,");
    export_has(&model,
               "{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":700000,\"pid\":3,");
    export_has(&model, "\"metadata\":{\"session_id\":\"first\",\"trace_start_time\":"
                       "\"2025-10-09T08:53:20.000Z\",\"agent_count\":4,");
    export_has(&model, "\"id\":\"second\",\"start\":\"2025-10-09T08:53:20.500Z\",\"start_ns\":"
                       "\"1760000000500250000\",\"pids\":[3,4]}");
    export_has(&model,
               "{\"pid\":4,\"agent_id\":\"a1\",\"parent_agent_id\":\"second\",\"session_id\":"
               "\"second\",\"name\":\"coder\"}");
    model_release(&model);
}

TEST(ids_of_several_traces_stay_apart)
{
    static const char events[] =
        "{\"name\":\"a\",\"cat\":\"c\",\"ph\":\"b\",\"ts\":1,\"pid\":1,\"id\":\"7\"} "
        "{\"name\":\"a\",\"cat\":\"c\",\"ph\":\"e\",\"ts\":2,\"pid\":1,\"id\":7} ";
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_trace(&model, "first") && model_events(&model, events));
    export_has(&model, "\"id\":\"7\"");
    export_has(&model, "\"id\":7");
    assert_true(model_open_trace(&model, "second") && model_events(&model, events));
    export_has(&model, "\"id\":\"1:7\"");
    export_has(&model, "\"id\":\"2:7\"");
    char *text = model_export(model.swarm, TRACKS_AGENT);
    assert_has_not(text, "\"id\":\"7\"");
    assert_has_not(text, "\"id\":7");
    free(text);
    model_release(&model);
}

TEST(one_of_several_sessions_is_the_seeds_document)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_two(&model);
    struct document_options options = {
        .tracks = TRACKS_AGENT, .only = 1, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    char *text = model_export_with(model.swarm, &options);
    assert_has(text, "\"pid\":2,\"tid\":0,\"args\":{\"name\":\"coder\"}}");
    assert_has(text, "\"ph\":\"B\",\"ts\":199750,\"pid\":1,");
    assert_has(text, "\"session_id\":\"second\",\"trace_start_time\":\"2025-10-09T08:53:20.500Z\","
                     "\"agent_count\":2,\"total_event_count\":11,");
    assert_has_not(text, "first");
    free(text);
    model_release(&model);
}

/* ---- opened again ---- */

/* Takes what a document has for other viewers alone out of its text, and their count. */
static void strip_added(char *document)
{
    static const char *const begins[] = {"{\"name\":\"Agents by state\"",
                                         "{\"name\":\"Effective parallelism\""};
    for (size_t i = 0; i < 2; i++) {
        for (char *at; (at = strstr(document, begins[i])) != NULL;) {
            char *end = strstr(at, "}}") + 2;
            end += *end == ',';
            memmove(at, end, strlen(end) + 1);
        }
    }
    char *last = strstr(document, "],\"metadata\"");
    memmove(last[-1] == ',' ? last - 1 : last, last, strlen(last) + 1);
    char *count = strstr(document, "\"total_event_count\""), *comma = strchr(count, ',');
    memmove(count, comma, strlen(comma) + 1);
}

static void assert_reopens_to_the_same(const struct model *model, enum document_tracks tracks)
{
    struct model again;
    char *text = model_export(model->swarm, tracks), *want = model_describe(model->swarm);
    assert_true(model_init(&again, &mem_libc) && model_open(&again, text));
    char *got = model_describe(again.swarm);
    assert_string_equal(got, want);
    char *second = model_export(again.swarm, tracks);
    assert_string_equal(second, text);
    /* Lanes, once made, stay. */
    if (tracks == TRACKS_LANE) {
        char *plain = model_export(again.swarm, TRACKS_AGENT);
        strip_added(plain);
        strip_added(text);
        assert_string_equal(plain, text);
        free(plain);
    }
    free(second);
    free(got);
    free(want);
    free(text);
    model_release(&again);
}

static void a_request(struct model *model, const char *agent, const char *id, double from_ms,
                      double to_ms)
{
    const double attempts[] = {MODEL_START_MS + from_ms, MODEL_START_MS + from_ms + 10,
                               MODEL_START_MS + from_ms + 30};
    struct start_llm_request_op start = {
        .span_id = model_text(id), .model = model_text("opus"), .prompt_tokens = OPEN};
    struct end_llm_request_op end = {.span_id = model_text(id),
                                     .ttft_ms = 40,
                                     .ttlt_ms = 120,
                                     .prompt_tokens = 1000,
                                     .output_tokens = 50,
                                     .cache_read_tokens = OPEN,
                                     .cache_creation_tokens = OPEN,
                                     .request_setup_ms = 50,
                                     .attempt_start_times = attempts,
                                     .attempt_count = 3};
    struct op_context context = model_at(model, from_ms, agent);
    assert_int_equal(tracer_start_llm_request(model->tracer, &context, &start), TRACER_OK);
    context = model_at(model, to_ms, agent);
    assert_int_equal(tracer_end_llm_request(model->tracer, &context, &end), TRACER_OK);
}

/* Everything that a session can hold, two of three tools beside a request. */
static void work(struct model *model)
{
    struct op_context context = model_at(model, 1000, NULL);
    tracer_start_interaction(model->tracer, &context, model_text("i"), 12);
    tool(model, 1050, NULL, "open-1", OPEN);
    a_request(model, NULL, "r1", 1060, 1200);
    tool(model, 1100, NULL, "t4", 1300);
    tool(model, 1150, NULL, "t5", 1250);
    a_request(model, "a1", "r2", 1100, 1200);
    context = model_at(model, 1400, NULL);
    tracer_instant(model->tracer, &context, model_text("mark"), model_text("x"), model_text("{}"));
    tracer_end_interaction(model->tracer, &context, model_text("i"));
    tracer_start_user_input(model->tracer, &context, model_text("u"), model_text("permission"));
    correlator_close(model->correlator, INT64_MIN, NULL, NULL);
}

TEST(a_session_reopens_to_the_same_picture)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "sid", "api");
    struct op_context context = model_at(&model, 600, NULL);
    tracer_register_agent(model.tracer, &context, model_text("a1"), model_text("coder"),
                          model_text("sid"));
    work(&model);
    assert_reopens_to_the_same(&model, TRACKS_AGENT);
    assert_reopens_to_the_same(&model, TRACKS_LANE);
    model_release(&model);
}

TEST(several_sessions_reopen_to_the_same_picture)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_two(&model);
    work(&model);
    assert_reopens_to_the_same(&model, TRACKS_AGENT);
    assert_reopens_to_the_same(&model, TRACKS_LANE);
    model_release(&model);
}

TEST(a_session_taken_out_of_several_gets_its_names_back)
{
    struct model model, again;
    assert_true(model_init(&model, &mem_libc));
    build_two(&model);
    struct document_options options = {
        .tracks = TRACKS_AGENT, .only = 1, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    char *direct = model_export_with(model.swarm, &options);
    char *both = model_export(model.swarm, TRACKS_AGENT);
    assert_true(model_init(&again, &mem_libc) && model_open(&again, both));
    char *taken = model_export_with(again.swarm, &options);
    assert_has(direct, "\"args\":{\"name\":\"coder\"}");
    assert_has(taken, "\"args\":{\"name\":\"coder\"}");
    assert_has(taken, "\"args\":{\"name\":\"main\"}");
    assert_has(taken, "\"ph\":\"B\",\"ts\":199750,");
    assert_has_not(taken, "second · ");
    free(direct);
    free(both);
    free(taken);
    model_release(&again);
    model_release(&model);
}

/* ---- a part ---- */

TEST(a_range_keeps_both_ends_of_what_it_touches)
{
    struct model model;
    const struct model_span spans[] = {
        {1, "Tool: before", "tool", 0, 99, NULL, NULL},
        {1, "Tool: touches", "tool", 50, 100, NULL, NULL},
        {1, "Tool: around", "tool", 0, 900, NULL, NULL},
        {1, "Tool: inside", "tool", 110, 120, NULL, NULL},
        {1, "Tool: last", "tool", 200, 300, NULL, NULL},
        {1, "Tool: after", "tool", 201, 300, NULL, NULL},
        {1, "Tool: open", "tool", 20, OPEN, NULL, NULL},
    };
    const int events[] = {0, 2, 2, 2, 2, 0, 1};
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    assert_true(model_name(&model, 1, "main"));
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        assert_true(model_add(&model, &spans[i]));
    }
    assert_true(model_events(&model, "{\"name\":\"in\",\"ph\":\"i\",\"ts\":150000} "
                                     "{\"name\":\"out\",\"ph\":\"i\",\"ts\":200001}"));
    struct document_options options = {.tracks = TRACKS_AGENT,
                                       .only = NO_SESSION,
                                       .from_ns = model_ns(100),
                                       .to_ns = model_ns(200)};
    char *text = model_export_with(model.swarm, &options);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        int found = 0;
        for (const char *at = text; (at = strstr(at, spans[i].name)) != NULL; at++) {
            found++;
        }
        assert_int_equal(found, events[i]);
    }
    assert_has(text, "\"name\":\"in\"");
    assert_has_not(text, "\"name\":\"out\"");
    assert_has(text, "\"process_name\"");
    assert_has(text, "\"total_event_count\":12,");
    free(text);
    model_release(&model);
}

/* ---- when it fails ---- */

struct stingy {
    size_t left;
};

static bool take_some(void *ctx, const char *bytes, size_t len)
{
    (void)bytes;
    struct stingy *stingy = ctx;
    bool good = len <= stingy->left;
    stingy->left -= good ? len : stingy->left;
    return good;
}

TEST(a_sink_that_fails_stops_the_writing)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_two(&model);
    struct document_options options = {
        .tracks = TRACKS_LANE, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    struct stingy stingy = {100};
    bool no_memory = true;
    assert_false(document_write(model.swarm, &options, take_some, &stingy, &no_memory));
    assert_false(no_memory);
    stingy.left = 1000000;
    assert_true(document_write(model.swarm, &options, take_some, &stingy, NULL));
    model_release(&model);
}

TEST(a_lack_of_memory_is_told)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct model model;
    assert_true(model_init(&model, &mem));
    build_two(&model);
    work(&model);
    size_t blocks = failing.live_blocks;
    bool done = false;
    for (long allow = 0; !done; allow++) {
        failing.allow = allow;
        char *text = model_export(model.swarm, TRACKS_LANE);
        done = text != NULL;
        free(text);
        assert_int_equal(failing.live_blocks, blocks);
    }
    model_release(&model);
    assert_int_equal(failing.live_blocks, 0);
}

/* Appends a member of lists in lists around an object that has a key twice. */
static void add_deep_twins(struct strbuf *out, const char *key, int depth)
{
    strbuf_addf(out, "%s\"%s\":", out->len > 0 ? "," : "", key);
    for (int i = 0; i < depth; i++) {
        strbuf_addc(out, '[');
    }
    strbuf_addf(out, "{\"k\":1,\"k\":\"%s\"}", key);
    for (int i = 0; i < depth; i++) {
        strbuf_addc(out, ']');
    }
}

/* The copy without the twins is then cut within a value: nothing may be read after its end. */
TEST(a_lack_of_memory_while_twins_are_dropped_is_told)
{
    enum { DEPTH = 40 };
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct model model;
    struct strbuf event;
    assert_true(model_init(&model, &mem));
    build_two(&model);
    strbuf_init(&event, &mem_libc, 0);
    add_deep_twins(&event, "x", DEPTH);
    struct raw_event raw = {.ph = 'i', .ts_us = 1, .dur_us = OPEN};
    raw.extra = (struct slice){event.data, event.len};
    raw.args = (struct json_value){JSON_TYPE_OBJECT, "{\"v\":[{\"k\":0,\"k\":\"args\"}]}", 26};
    assert_true(swarm_append_raw(model.swarm, model.session, &raw));
    struct session *session = swarm_session_edit(model.swarm, model.session);
    add_deep_twins(&session->metadata_extra, "m", DEPTH);
    add_deep_twins(&session->extra, "t", DEPTH);
    char *text = NULL;
    long allow = 0;
    for (; text == NULL; allow++) {
        failing.allow = allow;
        text = model_export(model.swarm, TRACKS_LANE);
    }
    static const char *const kept[] = {"[{\"k\":\"x\"}]", "[{\"k\":\"args\"}]", "[{\"k\":\"m\"}]",
                                       "[{\"k\":\"t\"}]"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        assert_has(text, kept[i]);
    }
    assert_true(allow > 10);
    free(text);
    strbuf_release(&event);
    model_release(&model);
    assert_int_equal(failing.live_blocks, 0);
}
