/* core/witness: what several witnesses say of one call is one span. (That no order of the words matters: test_witness_order.c.) */
#include "tests/support/witnesses.h"

#include "core/query/query.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model begun(void)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    return model;
}

static void say_tool(struct model *model, enum witness_rank rank, const char *agent, const char *id,
                     double start, double end, const char *name, const char *args)
{
    struct witness_place place = at_place(rank, agent);
    struct witness_tool_fact fact = tool_fact(start, end, name, args);
    assert_true(witness_tool(model->witness, &place, model_text(id), &fact));
}

static void say_request(struct model *model, enum witness_rank rank, const char *id,
                        const struct witness_request_fact *fact)
{
    struct witness_place place = at_place(rank, NULL);
    assert_true(witness_request(model->witness, &place, model_text(id), fact));
}

static void settle(const struct model *model)
{
    assert_true(witness_settle(model->witness));
}

static const struct span *span_of(const struct model *model, const char *name)
{
    settle(model);
    return swarm_span(model->swarm, model_span(model, name, 0));
}

static void assert_span(const struct model *model, const char *name, double start, double end,
                        int flags)
{
    const struct span *span = span_of(model, name);
    assert_int_equal(span->start_ns, model_ns(start));
    if (!isnan(end)) {
        assert_int_equal(span->end_ns, model_ns(end));
    }
    assert_int_equal(span->flags, flags);
}

static void assert_args(const struct model *model, const char *name, const char *expected)
{
    struct slice args = swarm_span_args(model->swarm, span_of(model, name));
    char text[1024];
    assert_true(args.len < sizeof text);
    memcpy(text, args.bytes, args.len);
    text[args.len] = '\0';
    assert_string_equal(text, expected);
}

static size_t span_count(const struct model *model)
{
    size_t count = 0;
    settle(model);
    for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
        count += swarm_span(model->swarm, no) != NULL;
    }
    return count;
}

static size_t events(const struct model *model)
{
    return event_store_count(swarm_store(model->swarm, POOL_LIVE));
}

/* ---- order ---- */

/* A file says how an answer ended behind the next question: in the trace it comes before. */
static void what_is_said_at_once_is_told_in_order_of_time(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_request_fact first = request_fact(100, UNKNOWN),
                                second = request_fact(900, UNKNOWN),
                                answer = request_fact(UNKNOWN, 400);
    say_request(&model, WITNESS_FILES, "first", &first);
    say_tool(&model, WITNESS_FILES, NULL, "t", 400, 900, "Bash", NULL);
    say_request(&model, WITNESS_FILES, "second", &second);
    say_request(&model, WITNESS_FILES, "first", &answer);
    settle(&model);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(swarm_span(model.swarm, model_span(&model, "API Call", i))->lane, 0);
    }
    assert_int_equal(span_of(&model, "Tool: Bash")->lane, 0);
    model_release(&model);
}

/* Whatever a file says: what lies beyond all times is not said. */
static void a_retry_that_never_comes_is_no_time(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_request_fact fact = request_fact(100, UNKNOWN);
    say_request(&model, WITNESS_FILES, "r", &fact);
    fact.retry_attempt = 1;
    fact.retry_in_ms = 5e15;
    fact.retry_said_ms = at_ms(200);
    say_request(&model, WITNESS_FILES, "r", &fact);
    settle(&model);
    const struct live_request *live =
        swarm_live_request(model.swarm, span_of(&model, "API Call")->begin_no);
    assert_non_null(live);
    assert_int_equal(live->retry_at_ns, INT64_MIN);
    assert_int_equal(live->attempt_ns, model_ns(200));
    model_release(&model);
}

/* ---- tools ---- */

static void a_start_opens_a_span_and_an_end_closes_it(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 5, UNKNOWN, "Bash", "{\"command\":\"make\"}");
    assert_span(&model, "Tool: Bash", 5, UNKNOWN, SPAN_OPEN);
    assert_args(&model, "Tool: Bash", "{\"tool_name\":\"Bash\",\"command\":\"make\"}");
    say_tool(&model, WITNESS_HOOKS, NULL, "t", UNKNOWN, 25, NULL, NULL);
    assert_span(&model, "Tool: Bash", 5, 25, 0);
    assert_args(
        &model, "Tool: Bash",
        "{\"tool_name\":\"Bash\",\"command\":\"make\",\"success\":true,\"duration_ms\":20}");
    model_release(&model);
}

static void an_end_waits_for_its_start(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_place place = at_place(WITNESS_FILES, "a");
    struct witness_tool_fact fact = tool_fact(UNKNOWN, 25, NULL, NULL);
    fact.success = NO;
    fact.error = model_text("no \"way\"");
    assert_true(witness_tool(model.witness, &place, model_text("t"), &fact));
    assert_int_equal(span_count(&model), 0);
    say_tool(&model, WITNESS_FILES, NULL, "t", 5, UNKNOWN, "Read", "{\"a\":1}");
    settle(&model);
    assert_span(&model, "Tool: Read", 5, 25, SPAN_ERROR);
    assert_args(&model, "Tool: Read",
                "{\"tool_name\":\"Read\",\"a\":1,\"success\":false,\"error\":\"no \\\"way\\\"\","
                "\"duration_ms\":20}");
    const struct agent *agent = swarm_agent(model.swarm, span_of(&model, "Tool: Read")->agent);
    assert_string_equal(swarm_text(model.swarm, agent->agent_id), "a");
    model_release(&model);
}

static void a_better_witness_corrects_what_is_drawn(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_FILES, NULL, "t", 7, 30, "Bash", "{\"a\":1}");
    say_tool(&model, WITNESS_TELEMETRY, NULL, "t", 5, 25, NULL, NULL);
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 6, 28, NULL,
             "{\"a\":1,\"b\":\"longer than before\"}");
    settle(&model);
    assert_int_equal(span_count(&model), 1);
    assert_span(&model, "Tool: Bash", 5, 25, 0);
    assert_args(&model, "Tool: Bash",
                "{\"tool_name\":\"Bash\",\"a\":1,\"b\":\"longer than before\",\"success\":true,"
                "\"duration_ms\":20}");
    model_release(&model);
}

static void a_name_that_comes_late_is_the_name(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_FILES, NULL, "t", 5, 30, NULL, "{ \"a\" : 1 }");
    assert_span(&model, "Tool: tool", 5, 30, 0);
    say_tool(&model, WITNESS_FILES, NULL, "t", UNKNOWN, UNKNOWN, "Task", NULL);
    settle(&model);
    assert_int_equal(span_count(&model), 1);
    assert_int_equal(span_of(&model, "Tool: Task")->kind, SPAN_AGENT_CALL);
    model_release(&model);
}

static void in_the_usual_order_nothing_is_amended(void **state)
{
    (void)state;
    struct model model = begun();
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        say_tool(&model, WITNESS_HOOKS, NULL, id, 100 * i, UNKNOWN, "Bash", "{\"a\":1}");
        say_tool(&model, WITNESS_FILES, NULL, id, 100 * i + 3, UNKNOWN, "Bash", "{\"a\":1}");
        say_tool(&model, WITNESS_HOOKS, NULL, id, UNKNOWN, 100 * i + 50, NULL, NULL);
        say_tool(&model, WITNESS_FILES, NULL, id, UNKNOWN, 100 * i + 57, NULL, NULL);
    }
    settle(&model);
    /* Derived again, spans would have had other numbers. */
    assert_int_equal(swarm_span_end(model.swarm), 50);
    assert_int_equal(events(&model), 100);
    uint64_t revision = swarm_revision(model.swarm);
    settle(&model);
    assert_int_equal(swarm_revision(model.swarm), revision);
    model_release(&model);
}

/* ---- requests ---- */

static void a_request_has_its_phases(void **state)
{
    (void)state;
    struct model model = begun();
    double attempts[] = {at_ms(0), at_ms(100)};
    struct witness_request_fact fact = request_fact(0, 1000);
    fact.model = model_text("opus");
    fact.attempt_ms = attempts;
    fact.attempt_count = 2;
    fact.ttft_ms = 300;
    fact.output_tokens = 60;
    say_request(&model, WITNESS_TELEMETRY, "r", &fact);
    settle(&model);
    assert_span(&model, "API Call", 0, 1000, 0);
    assert_span(&model, "Request Setup", 0, 100, 0);
    assert_span(&model, "Attempt 1 (retry)", 0, 100, 0);
    assert_span(&model, "First Token", 100, 400, 0);
    assert_span(&model, "Sampling", 400, 1000, 0);
    model_release(&model);
}

static void phases_that_come_late_are_the_requests_own(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_request_fact fact = request_fact(0, 1000), late = request_fact(UNKNOWN, 990);
    say_request(&model, WITNESS_FILES, "r", &fact);
    struct witness_request_fact next = request_fact(1001, 2000);
    say_request(&model, WITNESS_FILES, "r2", &next);
    say_tool(&model, WITNESS_FILES, NULL, "t", 1500, UNKNOWN, "Bash", NULL);
    late.ttft_ms = 300;
    late.output_tokens = 60;
    say_request(&model, WITNESS_TELEMETRY, "r", &late);
    settle(&model);
    span_no request = model_span(&model, "API Call", 0);
    assert_int_equal(span_of(&model, "First Token")->parent, request);
    assert_span(&model, "Sampling", 300, 990, 0);
    assert_int_equal(swarm_agent(model.swarm, span_of(&model, "API Call")->agent)->lane_count, 2);
    /* More of them than there is room for. */
    double attempts[] = {at_ms(0), at_ms(100), at_ms(150)};
    late.attempt_ms = attempts;
    late.attempt_count = 3;
    say_request(&model, WITNESS_TELEMETRY, "r", &late);
    settle(&model);
    assert_span(&model, "First Token", 150, 450, 0);
    const struct span *owner =
        swarm_span(model.swarm, span_of(&model, "Attempt 2 (retry)")->parent);
    assert_int_equal(owner->start_ns, model_ns(0));
    assert_int_equal(span_count(&model), 8);
    model_release(&model);
}

static void a_place_for_a_phase_is_no_event(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_request_fact fact = request_fact(0, 1000);
    say_request(&model, WITNESS_FILES, "r", &fact);
    settle(&model);
    session_no number = witness_session_number(model.witness, model_text("s"));
    assert_int_equal(swarm_session(model.swarm, number)->event_count, 2);
    assert_true(events(&model) > 2);
    char *document = model_export(model.swarm, TRACKS_AGENT);
    assert_null(strstr(document, "u0000"));
    free(document);
    fact.ttft_ms = 300;
    say_request(&model, WITNESS_TELEMETRY, "r", &fact);
    settle(&model);
    assert_int_equal(swarm_session(model.swarm, number)->event_count, 6);
    model_release(&model);
}

static void a_retry_shows_while_the_request_runs(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_request_fact fact = request_fact(0, UNKNOWN);
    say_request(&model, WITNESS_FILES, "r", &fact);
    fact = request_fact(UNKNOWN, UNKNOWN);
    fact.error = model_text("overloaded");
    fact.retry_attempt = 1;
    fact.retry_in_ms = 5000;
    fact.retry_said_ms = at_ms(100);
    say_request(&model, WITNESS_FILES, "r", &fact);
    struct agent_status status = query_status(model.swarm, 0, model_ns(200));
    assert_int_equal(status.state, STATE_RETRY);
    fact = request_fact(UNKNOWN, 6000);
    say_request(&model, WITNESS_FILES, "r", &fact);
    settle(&model);
    assert_span(&model, "API Call", 0, 6000, 0);
    model_release(&model);
}

/* ---- waits, turns ---- */

static void waits_and_turns_are_spans_of_their_kinds(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_place place = at_place(WITNESS_HOOKS, NULL);
    struct witness_wait_fact wait = {.what = model_text("Bash: make"),
                                     .decision = model_text("accept"),
                                     .start_ms = at_ms(5),
                                     .end_ms = at_ms(8)};
    struct witness_turn_fact turn = {
        .start_ms = at_ms(0), .end_ms = at_ms(90), .prompt_length = 12};
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 5, 20, "Bash", NULL);
    assert_true(witness_wait(model.witness, &place, model_text("t"), &wait));
    assert_true(witness_turn(model.witness, &place, model_text("t"), &turn));
    settle(&model);
    assert_int_equal(span_of(&model, "Waiting for User Input")->kind, SPAN_USER);
    assert_args(&model, "Waiting for User Input",
                "{\"context\":\"Bash: make\",\"decision\":\"accept\",\"duration_ms\":3}");
    assert_args(&model, "Interaction", "{\"user_prompt_length\":12,\"duration_ms\":90}");
    assert_span(&model, "Tool: Bash", 5, 20, 0);
    model_release(&model);
}

/* ---- agents ---- */

static void who_an_agent_is_may_come_late(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, "kid", "t", 5, 20, "Bash", NULL);
    struct witness_place place = at_place(WITNESS_FILES, "kid");
    struct witness_agent_fact fact = {.type = model_text("Explore"),
                                      .description = model_text("find it"),
                                      .parent_id = model_text("boss"),
                                      .start_ms = at_ms(3),
                                      .end_ms = UNKNOWN};
    assert_true(witness_agent(model.witness, &place, &fact));
    settle(&model);
    const struct agent *kid = swarm_agent(model.swarm, model_agent(&model, "Explore"));
    assert_string_equal(swarm_text(model.swarm, kid->description), "find it");
    assert_string_equal(swarm_text(model.swarm, kid->parent_id), "boss");
    char *document = model_export(model.swarm, TRACKS_AGENT);
    assert_null(strstr(document, "\"name\":\"kid\""));
    assert_non_null(strstr(document, "{\"parent_agent_id\":\"boss\"}"));
    free(document);
    fact.end_ms = at_ms(30);
    assert_true(witness_agent(model.witness, &place, &fact));
    agent_no number = model_agent(&model, "Explore");
    assert_int_equal(query_status(model.swarm, number, model_ns(40)).state, STATE_DONE);
    model_release(&model);
}

static void a_call_goes_to_the_agent_that_is_named_later(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_TELEMETRY, NULL, "t", 5, 20, "Bash", NULL);
    say_tool(&model, WITNESS_FILES, "kid", "t", 6, 21, "Bash", NULL);
    settle(&model);
    assert_span(&model, "Tool: Bash", 5, 20, 0);
    assert_int_equal(span_of(&model, "Tool: Bash")->agent, model_agent(&model, "kid"));
    assert_int_equal(span_count(&model), 1);
    model_release(&model);
}

/* ---- sessions ---- */

static void a_session_begins_at_the_earliest_time_known(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 500, 600, "Bash", NULL);
    struct witness_place place = at_place(WITNESS_FILES, NULL);
    struct witness_session_fact fact = {
        .name = model_text("api"), .source = "files", .start_ms = at_ms(100)};
    assert_true(witness_session(model.witness, &place, &fact));
    settle(&model);
    session_no number = witness_session_number(model.witness, model_text("s"));
    const struct session *session = swarm_session(model.swarm, number);
    assert_int_equal(session->start_ns, model_ns(100));
    assert_string_equal(swarm_text(model.swarm, session->name), "api");
    assert_string_equal(swarm_text(model.swarm, session->source), "files");
    assert_span(&model, "Tool: Bash", 500, 600, 0);
    char *document = model_export(model.swarm, TRACKS_AGENT);
    assert_non_null(strstr(document, "\"ph\":\"B\",\"ts\":400000,"));
    free(document);
    say_tool(&model, WITNESS_HOOKS, NULL, "u", 700, 800, "Read", NULL);
    assert_span(&model, "Tool: Read", 700, 800, 0);
    model_release(&model);
}

static void nothing_is_drawn_of_what_has_no_time(void **state)
{
    (void)state;
    struct model model = begun();
    struct witness_place place = at_place(WITNESS_FILES, "a");
    struct witness_agent_fact agent = {
        .type = model_text("Explore"), .start_ms = UNKNOWN, .end_ms = UNKNOWN};
    assert_true(witness_agent(model.witness, &place, &agent));
    assert_int_equal(witness_session_number(model.witness, model_text("s")), NO_SESSION);
    assert_int_equal(witness_session_number(model.witness, model_text("x")), NO_SESSION);
    say_tool(&model, WITNESS_FILES, NULL, "t", 5, 20, "Bash", NULL);
    model_agent(&model, "Explore");
    model_release(&model);
}

static void the_end_of_a_session_closes_what_is_open(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 5, UNKNOWN, "Bash", NULL);
    struct witness_place place = at_place(WITNESS_HOOKS, NULL);
    assert_true(witness_session_end(model.witness, &place, at_ms(50), false));
    assert_span(&model, "Tool: Bash", 5, 50, SPAN_INCOMPLETE);
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_DONE);
    /* It had ended after all. */
    say_tool(&model, WITNESS_FILES, NULL, "t", UNKNOWN, 45, NULL, NULL);
    settle(&model);
    assert_span(&model, "Tool: Bash", 5, 45, 0);
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_DONE);
    /* What begins later opens it again. */
    say_tool(&model, WITNESS_HOOKS, NULL, "u", 100, UNKNOWN, "Read", NULL);
    settle(&model);
    assert_int_equal(query_status(model.swarm, 0, model_ns(110)).state, STATE_TOOL);
    model_release(&model);
}

static void a_process_that_died_is_gone(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, "kid", "t", 5, UNKNOWN, "Bash", NULL);
    struct witness_place place = at_place(WITNESS_FILES, NULL);
    assert_true(witness_session_end(model.witness, &place, at_ms(50), true));
    agent_no kid = model_agent(&model, "kid");
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_GONE);
    assert_int_equal(query_status(model.swarm, kid, model_ns(60)).state, STATE_GONE);
    assert_span(&model, "Tool: Bash", 5, 50, SPAN_INCOMPLETE);
    say_tool(&model, WITNESS_HOOKS, "kid", "u", 100, UNKNOWN, "Read", NULL);
    settle(&model);
    assert_int_equal(query_status(model.swarm, kid, model_ns(110)).state, STATE_TOOL);
    model_release(&model);
}

/* ---- the sweep ---- */

#define MINUTE 60000.0

static void a_stale_span_is_swept_and_stays_in_flight_until_it_ends(void **state)
{
    (void)state;
    struct model model = begun();
    say_tool(&model, WITNESS_HOOKS, NULL, "t", 0, UNKNOWN, "Bash", "{\"a\":1}");
    say_tool(&model, WITNESS_HOOKS, NULL, "u", 35 * MINUTE, 36 * MINUTE, "Read", NULL);
    settle(&model);
    assert_span(&model, "Tool: Bash", 0, 31 * MINUTE, SPAN_EVICTED | SPAN_STALE);
    assert_int_equal(query_status(model.swarm, 0, model_ns(37 * MINUTE)).state, STATE_STALE);
    say_tool(&model, WITNESS_HOOKS, NULL, "t", UNKNOWN, 40 * MINUTE, NULL, NULL);
    settle(&model);
    assert_span(&model, "Tool: Bash", 0, 40 * MINUTE, 0);
    assert_args(&model, "Tool: Bash",
                "{\"tool_name\":\"Bash\",\"a\":1,\"success\":true,\"duration_ms\":2400000}");
    assert_int_equal(query_status(model.swarm, 0, model_ns(41 * MINUTE)).state, STATE_IDLE);
    model_release(&model);
}

/* ---- the cap ---- */

static void what_was_dropped_is_forgotten_and_does_not_come_back(void **state)
{
    (void)state;
    struct swarm_config config = {.max_events = {40, 0}};
    struct swarm *swarm = swarm_new(&mem_libc, &config);
    struct tracer *tracer = tracer_new(swarm);
    struct model model = {.swarm = swarm, .tracer = tracer, .session = NO_SESSION};
    model.witness = witness_new(swarm, tracer);
    say_tool(&model, WITNESS_HOOKS, NULL, "long", 1, UNKNOWN, "Task", "{\"a\":1}");
    for (int i = 0; i < 200; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        say_tool(&model, WITNESS_HOOKS, NULL, id, 100 * i + 10, 100 * i + 60, "Bash", NULL);
        settle(&model);
    }
    size_t before = span_count(&model);
    for (int i = 0; i < 200; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        say_tool(&model, WITNESS_FILES, NULL, id, 100 * i + 11, 100 * i + 61, "Bash", NULL);
    }
    say_tool(&model, WITNESS_TELEMETRY, NULL, "long", 2, UNKNOWN, NULL, NULL);
    settle(&model);
    assert_int_equal(span_count(&model), before);
    assert_span(&model, "Tool: Task", 1, UNKNOWN, SPAN_OPEN | SPAN_LOST_BEGIN);
    say_tool(&model, WITNESS_HOOKS, NULL, "long", UNKNOWN, 30000, NULL, NULL);
    settle(&model);
    assert_span(&model, "Tool: Task", 1, 30000, SPAN_LOST_BEGIN);
    assert_args(&model, "Tool: Task",
                "{\"tool_name\":\"Task\",\"a\":1,\"success\":true,\"duration_ms\":29999}");
    model_release(&model);
}

/* ---- memory ---- */

static bool say_all(struct model *model)
{
    struct witness_place hooks = at_place(WITNESS_HOOKS, "kid");
    struct witness_place telemetry = at_place(WITNESS_TELEMETRY, NULL);
    struct witness_session_fact session = {
        .name = model_text("n"), .source = "x", .start_ms = at_ms(1)};
    struct witness_tool_fact tool = tool_fact(5, UNKNOWN, "Bash", "{\"a\":1}");
    struct witness_tool_fact more = tool_fact(4, 9, "Bash", "{\"a\":1,\"b\":\"a longer one\"}");
    more.error = model_text("why");
    double attempts[] = {at_ms(10), at_ms(12), at_ms(14)};
    struct witness_request_fact request = request_fact(10, 30), late = request_fact(10, 31);
    request.message_id = model_text("m");
    late.attempt_ms = attempts;
    late.attempt_count = 3;
    late.ttft_ms = 3;
    struct witness_agent_fact agent = {.type = model_text("Explore"),
                                       .description = model_text("d"),
                                       .parent_id = model_text("p"),
                                       .start_ms = at_ms(3),
                                       .end_ms = at_ms(40)};
    struct witness_wait_fact wait = {
        .what = model_text("w"), .start_ms = at_ms(6), .end_ms = UNKNOWN};
    struct slice id = model_text("t"), id2 = model_text("r");
    return witness_tool(model->witness, &hooks, id, &tool) &&
           witness_tool(model->witness, &telemetry, id, &more) &&
           witness_request(model->witness, &telemetry, id2, &request) &&
           witness_request(model->witness, &telemetry, id2, &late) &&
           witness_agent(model->witness, &hooks, &agent) &&
           witness_wait(model->witness, &hooks, id, &wait) &&
           witness_session(model->witness, &telemetry, &session) &&
           witness_session_end(model->witness, &hooks, at_ms(50), true) &&
           witness_settle(model->witness) && tracer_close_all(model->tracer) == TRACER_OK;
}

static void every_lack_of_memory_is_an_answer(void **state)
{
    (void)state;
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct model model;
        done = model_init(&model, &mem) && say_all(&model);
        if (!done && model.witness != NULL) {
            /* What was missed is made up for once there is memory again. */
            failing.allow = -1;
            assert_true(say_all(&model));
        }
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_at_once_is_told_in_order_of_time),
        cmocka_unit_test(a_retry_that_never_comes_is_no_time),
        cmocka_unit_test(a_start_opens_a_span_and_an_end_closes_it),
        cmocka_unit_test(an_end_waits_for_its_start),
        cmocka_unit_test(a_better_witness_corrects_what_is_drawn),
        cmocka_unit_test(a_name_that_comes_late_is_the_name),
        cmocka_unit_test(in_the_usual_order_nothing_is_amended),
        cmocka_unit_test(a_request_has_its_phases),
        cmocka_unit_test(phases_that_come_late_are_the_requests_own),
        cmocka_unit_test(a_place_for_a_phase_is_no_event),
        cmocka_unit_test(a_retry_shows_while_the_request_runs),
        cmocka_unit_test(waits_and_turns_are_spans_of_their_kinds),
        cmocka_unit_test(who_an_agent_is_may_come_late),
        cmocka_unit_test(a_call_goes_to_the_agent_that_is_named_later),
        cmocka_unit_test(a_session_begins_at_the_earliest_time_known),
        cmocka_unit_test(nothing_is_drawn_of_what_has_no_time),
        cmocka_unit_test(the_end_of_a_session_closes_what_is_open),
        cmocka_unit_test(a_process_that_died_is_gone),
        cmocka_unit_test(a_stale_span_is_swept_and_stays_in_flight_until_it_ends),
        cmocka_unit_test(what_was_dropped_is_forgotten_and_does_not_come_back),
        cmocka_unit_test(every_lack_of_memory_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
