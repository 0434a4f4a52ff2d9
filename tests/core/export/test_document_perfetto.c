/* A document in Perfetto's own format shows what the same document shows as JSON: both are read back by readers of the tests
   (perfetto_lines), line by line. */
#include "core/export/document.h"

#include "tests/support/failing_mem.h"
#include "tests/support/perfetto_lines.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct document_options all_as_json = {
    .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};

static bool collect(void *ctx, const char *bytes, size_t len)
{
    struct strbuf *out = ctx;
    strbuf_add(out, bytes, len);
    return !out->failed;
}

/* Returns false if out of memory. */
static bool export_trace(const struct swarm *swarm, const struct document_options *options,
                         struct strbuf *out)
{
    struct document_options perfetto = *options;
    bool no_memory;
    perfetto.format = FORMAT_PERFETTO;
    strbuf_init(out, &mem_libc, 0);
    bool good = document_write(swarm, &perfetto, collect, out, &no_memory);
    assert_true(good != no_memory);
    return good;
}

struct both {
    struct perfetto_lines json, trace;
    size_t json_len, trace_len;
};

static void read_both(struct both *both, const struct swarm *swarm,
                      const struct document_options *options)
{
    struct document_options lanes = *options;
    struct strbuf trace;
    lanes.tracks = TRACKS_LANE;
    char *json = model_export_with(swarm, &lanes);
    assert_true(export_trace(swarm, options, &trace));
    perfetto_lines_init(&both->json);
    perfetto_lines_init(&both->trace);
    both->json_len = strlen(json);
    both->trace_len = trace.len;
    perfetto_lines_of_json(&both->json, json, both->json_len);
    perfetto_lines_of_trace(&both->trace, trace.data, trace.len);
    free(json);
    strbuf_release(&trace);
}

static void release_both(struct both *both)
{
    perfetto_lines_release(&both->json);
    perfetto_lines_release(&both->trace);
}

static void assert_shows_the_same(const struct swarm *swarm, const struct document_options *options)
{
    struct both both;
    read_both(&both, swarm, options);
    perfetto_lines_compare(&both.json, &both.trace);
    release_both(&both);
}

static void assert_line(const struct perfetto_lines *lines, const char *line)
{
    if (lines->text.len == 0 || strstr(lines->text.data, line) == NULL) {
        fail_msg("no '%s' in %s", line, lines->text.len == 0 ? "" : lines->text.data);
    }
}

/* ---- a swarm ---- */

static void add_call(struct model *model, const char *agent, const struct update *call)
{
    struct update update = *call;
    update.agent_id = model_text(agent);
    model_update(model, &update);
}

/* A main agent with two sub-agents, tools that overlap, a request with phases, and one that is open. */
static void build_swarm(struct model *model)
{
    struct update session = session_update(PRECEDENCE_FILES), agent, call;
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
    for (unsigned i = 0; i < 2; i++) {
        char id[8], of[8];
        snprintf(id, sizeof id, "a%u", i);
        snprintf(of, sizeof of, "c%u", i);
        agent = agent_update(PRECEDENCE_FILES, id);
        update_string(&agent, FIELD_PARENT_AGENT_ID, "s");
        update_string(&agent, FIELD_TYPE, "Explore");
        model_update(model, &agent);
        call = tool_update(of, 100 + i, 300 + i, "Agent", NULL);
        update_string(&call, FIELD_CHILD_AGENT_ID, id);
        add_call(model, "s", &call);
        call = request_update(id, 110 + i, 290 + i);
        update_number(&call, FIELD_TTFT_MS, 40.125);
        update_number(&call, FIELD_OUTPUT_TOKENS, 100);
        add_call(model, id, &call);
    }
    call = tool_update("t1", 310, 350, "Bash",
                       "{\"command\":\"ls\",\"n\":-5,\"list\":[1,{\"a\":null,\"b\":true}]}");
    add_call(model, "s", &call);
    call = tool_update("t2", 320, 360, "Read", "{\"path\":\"/x\"}");
    add_call(model, "s", &call);
    call = request_update("r9", 400, UNKNOWN);
    add_call(model, "s", &call);
    model_flush(model);
}

TEST(a_swarm_is_the_same_in_both_formats)
{
    struct model model;
    struct both both;
    assert_true(model_init(&model, &mem_libc));
    build_swarm(&model);
    read_both(&both, model.swarm, &all_as_json);
    perfetto_lines_compare(&both.json, &both.trace);
    assert_int_equal(both.trace.arrow_count, 8);
    assert_line(
        &both.trace,
        " 310000000..350000000 Tool: Bash (tool) command=ls duration_ms=40 list=[1,{a:null,b:true,},] n=-5");
    assert_line(&both.trace, "Explore");
    assert_line(&both.trace, "400000000..open API Call");
    release_both(&both);
    model_release(&model);
}

TEST(a_part_of_a_swarm_is_the_same_in_both_formats)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_swarm(&model);
    struct document_options part = all_as_json;
    part.from_ns = model_ns(305);
    part.to_ns = model_ns(330);
    assert_shows_the_same(model.swarm, &part);
    model_release(&model);
}

/* Their process ids and names become others in such a document. */
TEST(several_sessions_are_the_same_in_both_formats)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    build_swarm(&model);
    model_hello(&model, "other", "Other");
    const struct model_span span = {
        1, "Tool: X", "tool", 5, 10, "{\"tool_name\":\"X\"}", "{\"duration_ms\":5}"};
    assert_true(model_add(&model, &span));
    assert_shows_the_same(model.swarm, &all_as_json);
    model_release(&model);
}

/* ---- traces of others ---- */

static void open_trace(struct model *model, const char *events)
{
    assert_true(model_init(model, &mem_libc));
    assert_true(model_open_trace(model, "x"));
    assert_true(model_events(model, events));
}

static void assert_events_are_the_same(const char *events)
{
    struct model model;
    open_trace(&model, events);
    assert_shows_the_same(model.swarm, &all_as_json);
    model_release(&model);
}

#define AT "\"pid\":4,\"tid\":9"

/* Each end comes among the events of its time where the complete event ends. */
TEST(complete_events_get_ends)
{
    assert_events_are_the_same("{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"c\",\"ts\":0,\"dur\":10," AT
                               ",\"args\":{\"v\":1}} "
                               "{\"ph\":\"X\",\"name\":\"b\",\"ts\":0,\"dur\":5," AT "} "
                               "{\"ph\":\"X\",\"name\":\"c\",\"ts\":5,\"dur\":5," AT "} "
                               "{\"ph\":\"X\",\"name\":\"none\",\"ts\":7,\"dur\":0," AT "} "
                               "{\"ph\":\"B\",\"name\":\"d\",\"ts\":10," AT "} "
                               "{\"ph\":\"X\",\"name\":\"e\",\"ts\":11.5,\"dur\":0.001," AT "} "
                               "{\"ph\":\"E\",\"name\":\"d\",\"ts\":12," AT "} "
                               "{\"ph\":\"X\",\"name\":\"f\",\"ts\":12,\"dur\":3," AT "} "
                               "{\"ph\":\"B\",\"name\":\"g\",\"ts\":13," AT "} "
                               "{\"ph\":\"E\",\"name\":\"g\",\"ts\":15," AT "}");
}

/* Perfetto pairs begins and ends as a stack: what outlives the complete event around it must not take that one's end. */
TEST(a_begin_ends_with_the_complete_event_around_it)
{
#define X "{\"ph\":\"X\",\"name\":\"x\",\"ts\":0,\"dur\":10," AT ",\"args\":{\"of\":\"x\"}} "
#define B "{\"ph\":\"B\",\"name\":\"b\",\"ts\":5," AT "} "
#define E "{\"ph\":\"E\",\"name\":\"b\",\"ts\":20," AT ",\"args\":{\"of\":\"b\"}} "
    static const struct {
        const char *events, *also; /* also: a line; NULL: none */
        const char *begin;
    } rows[] = {
        {X B E, NULL, " 5000..10000 b () of=b\n"},
        {X B, NULL, " 5000..10000 b ()\n"},
        {X B "{\"ph\":\"X\",\"name\":\"y\",\"ts\":10,\"dur\":4," AT "} " E, " 10000..14000 y ()\n",
         " 5000..10000 b () of=b\n"},
        {"{\"ph\":\"B\",\"name\":\"a\",\"ts\":-1," AT "} " X B
         "{\"ph\":\"E\",\"name\":\"a\",\"ts\":30," AT "} ",
         " 0..31000 a ()\n", " 6000..11000 b ()\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        struct both both;
        open_trace(&model, rows[i].events);
        read_both(&both, model.swarm, &all_as_json);
        assert_int_equal(both.trace.faults.len, 0);
        assert_line(&both.trace, i < 3 ? " 0..10000 x () of=x\n" : " 1000..11000 x () of=x\n");
        assert_line(&both.trace, rows[i].begin);
        assert_line(&both.trace, rows[i].also != NULL ? rows[i].also : "");
        release_both(&both);
        model_release(&model);
    }
#undef X
#undef B
#undef E
}

TEST(events_in_any_order_are_written_in_order_of_time)
{
    assert_events_are_the_same(
        "{\"ph\":\"X\",\"name\":\"late\",\"ts\":50,\"dur\":10," AT "} "
        "{\"ph\":\"X\",\"name\":\"early\",\"ts\":-20.5,\"dur\":10,\"pid\":4,\"tid\":8} "
        "{\"ph\":\"i\",\"name\":\"first\",\"ts\":-30," AT ",\"s\":\"t\"}");
}

TEST(instants_counters_and_async_events_are_the_same)
{
    assert_events_are_the_same(
        "{\"ph\":\"i\",\"name\":\"t\",\"ts\":1," AT ",\"s\":\"t\",\"args\":{\"why\":\"x\"}} "
        "{\"ph\":\"I\",\"name\":\"p\",\"ts\":2," AT ",\"s\":\"p\"} "
        "{\"ph\":\"R\",\"name\":\"g\",\"ts\":3," AT ",\"s\":\"g\"} "
        "{\"ph\":\"C\",\"name\":\"heap\",\"ts\":1,\"pid\":4,\"args\":{\"used\":3,\"free\":0.5}} "
        "{\"ph\":\"C\",\"name\":\"heap\",\"ts\":2,\"pid\":4,\"args\":{\"used\":-3,\"free\":0.5}} "
        "{\"ph\":\"b\",\"name\":\"wait\",\"cat\":\"c\",\"id\":7,\"ts\":3," AT
        ",\"args\":{\"k\":\"v\"}} "
        "{\"ph\":\"n\",\"name\":\"wait\",\"cat\":\"c\",\"id\":\"7\",\"ts\":4," AT "} "
        "{\"ph\":\"e\",\"name\":\"wait\",\"cat\":\"c\",\"id\":7,\"ts\":5," AT "} "
        "{\"ph\":\"s\",\"name\":\"go\",\"cat\":\"c\",\"id\":3,\"ts\":6," AT "} "
        "{\"ph\":\"f\",\"name\":\"go\",\"cat\":\"c\",\"id\":3,\"ts\":7," AT ",\"bp\":\"e\"}");
}

/* Perfetto takes numbers of 31 bits. */
TEST(processes_and_threads_get_numbers)
{
    struct model model;
    struct both both;
    open_trace(
        &model,
        "{\"ph\":\"X\",\"name\":\"text\",\"ts\":1,\"dur\":1,\"pid\":\"main\",\"tid\":\"worker\"} "
        "{\"ph\":\"X\",\"name\":\"zero\",\"ts\":1,\"dur\":1,\"pid\":0,\"tid\":0} "
        "{\"ph\":\"X\",\"name\":\"huge\",\"ts\":1,\"dur\":1,\"pid\":1e300,\"tid\":4294967296} "
        "{\"ph\":\"X\",\"name\":\"minus\",\"ts\":1,\"dur\":1,\"pid\":-1,\"tid\":-1} "
        "{\"ph\":\"X\",\"name\":\"own\",\"ts\":1,\"dur\":1,\"pid\":1,\"tid\":2} "
        "{\"ph\":\"X\",\"name\":\"spelt\",\"ts\":2,\"dur\":1,\"pid\":1,\"tid\":\"2\"}");
    read_both(&both, model.swarm, &all_as_json);
    assert_int_equal(both.trace.faults.len, 0);
    assert_int_equal(both.trace.count, both.json.count);
    assert_line(&both.trace, "1/2 1000..2000 own");
    assert_line(&both.trace, "1/2 2000..3000 spelt");
    release_both(&both);
    model_release(&model);
}

/* ---- hostile texts ---- */

TEST(texts_are_valid_whatever_came)
{
    assert_events_are_the_same(
        "{\"ph\":\"X\",\"name\":\"lone \\ud83d\",\"cat\":\"\\udc00\",\"ts\":1,\"dur\":1," AT
        ",\"args\":{\"\\ud800\":\"a\\ud800b\",\"pair\":\"\\ud83d\\ude00\",\"huge\":1e400,\"n\":12345678901234567890,"
        "\"more\":123456789012345678901,\"least\":-9223372036854775807,\"half\":-0.5,\"tiny\":5e-324,"
        "\"twice\":1,\"twice\":2,\"\":\"no key\",\"del\":\"\\u007f\",\"nul\":\"\"}}");
}

TEST(deep_args_are_cut_off_as_text)
{
    struct model model;
    struct strbuf events, trace;
    struct perfetto_lines lines;
    strbuf_init(&events, &mem_libc, 0);
    strbuf_adds(&events, "{\"ph\":\"X\",\"name\":\"a\",\"ts\":1,\"dur\":1,\"args\":{\"deep\":");
    for (unsigned i = 0; i < 50; i++) {
        strbuf_adds(&events, i % 2 == 0 ? "[" : "{\"k\":");
    }
    strbuf_adds(&events, "\"bottom\"");
    for (unsigned i = 50; i-- > 0;) {
        strbuf_adds(&events, i % 2 == 0 ? "]" : "}");
    }
    strbuf_adds(&events, "}}");
    open_trace(&model, events.data);
    assert_true(export_trace(model.swarm, &all_as_json, &trace));
    perfetto_lines_init(&lines);
    perfetto_lines_of_trace(&lines, trace.data, trace.len);
    assert_int_equal(lines.faults.len, 0);
    assert_line(&lines, "bottom");
    perfetto_lines_release(&lines);
    strbuf_release(&trace);
    strbuf_release(&events);
    model_release(&model);
}

/* ---- its size, and failures ---- */

/* Many calls of agents, as a day of work has: an end repeats what its begin has, and events look alike. */
TEST(it_has_a_third_of_the_bytes_of_json)
{
    struct model model;
    struct both both;
    assert_true(model_init(&model, &mem_libc));
    build_swarm(&model);
    for (unsigned i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof id, "more%u", i);
        struct update call = i % 2 == 0 ? request_update(id, 500 + 40 * i, 530.25 + 40 * i)
                                        : tool_update(id, 500 + 40 * i, 520 + 40 * i, "Read",
                                                      "{\"path\":\"/src/main.c\"}");
        add_call(&model, "s", &call);
    }
    model_flush(&model);
    read_both(&both, model.swarm, &all_as_json);
    perfetto_lines_compare(&both.json, &both.trace);
    if (both.trace_len * 3 > both.json_len) {
        fail_msg("%zu bytes for %zu of JSON", both.trace_len, both.json_len);
    }
    release_both(&both);
    model_release(&model);
}

TEST(a_lack_of_memory_is_reported_in_this_format_too)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct model model;
    struct strbuf trace;
    assert_true(model_init(&model, &mem));
    build_swarm(&model);
    size_t blocks = failing.live_blocks;
    bool done = false;
    for (long allow = 0; !done; allow++) {
        failing.allow = allow;
        done = export_trace(model.swarm, &all_as_json, &trace);
        strbuf_release(&trace);
        assert_int_equal(failing.live_blocks, blocks);
    }
    failing.allow = -1;
    model_release(&model);
    assert_int_equal(failing.live_blocks, 0);
}

static bool refuse(void *ctx, const char *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

TEST(a_sink_that_refuses_stops_this_format_too)
{
    struct model model;
    bool no_memory = true;
    struct document_options options = all_as_json;
    options.format = FORMAT_PERFETTO;
    assert_true(model_init(&model, &mem_libc));
    build_swarm(&model);
    assert_false(document_write(model.swarm, &options, refuse, NULL, &no_memory));
    assert_false(no_memory);
    model_release(&model);
}
