/* core/correlate: what several sources know of one call is one span. (That no order of updates
   matters: test_correlator_order.c.) */
#include "tests/support/updates.h"

#include "core/query/query.h"
#include "core/tracer/print.h"
#include "tests/support/failing_mem.h"
#include "tests/support/records.h"
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

static void take_tool(struct model *model, enum precedence precedence, const char *agent,
                      const char *id, double start, double end, const char *name, const char *args)
{
    struct update update = tool_update(id, start, end, name, args);
    update.precedence = precedence;
    update.agent_id = model_text(agent);
    model_update(model, &update);
}

static void take_end(struct model *model, enum precedence precedence, double end,
                     enum outcome outcome)
{
    struct update update = session_update(precedence);
    update_number(&update, FIELD_END_MS, at_ms(end));
    update_number(&update, FIELD_OUTCOME, outcome);
    model_update(model, &update);
}

static const struct span *span_of(const struct model *model, const char *name)
{
    model_flush(model);
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
    struct slice args = print_span_args(model->swarm, span_of(model, name));
    char text[1024];
    assert_true(args.len < sizeof text);
    memcpy(text, args.bytes, args.len);
    text[args.len] = '\0';
    assert_string_equal(text, expected);
}

static size_t span_count(const struct model *model)
{
    size_t count = 0;
    model_flush(model);
    for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
        count += swarm_span(model->swarm, no) != NULL;
    }
    return count;
}

/* What would be printed. */
static uint64_t events(const struct model *model)
{
    session_no number = correlator_session(model->correlator, model_text("s"));
    return swarm_session(model->swarm, number)->event_count;
}

/* ---- order ---- */

/* A file has the end of an answer after the next question: in the trace it comes before. */
TEST(updates_of_one_batch_are_shown_in_order_of_time)
{
    struct model model = begun();
    struct update first = request_update("first", 100, UNKNOWN),
                  second = request_update("second", 900, UNKNOWN),
                  answer = request_update("first", UNKNOWN, 400);
    model_update(&model, &first);
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 400, 900, "Bash", NULL);
    model_update(&model, &second);
    model_update(&model, &answer);
    model_flush(&model);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(swarm_span(model.swarm, model_span(&model, "API Call", i))->lane, 0);
    }
    assert_int_equal(span_of(&model, "Tool: Bash")->lane, 0);
    model_release(&model);
}

/* A time beyond all times is no time. */
TEST(a_retry_that_never_comes_is_no_time)
{
    struct model model = begun();
    struct update update = request_update("r", 100, UNKNOWN);
    model_update(&model, &update);
    update_retry(&update, 1, 5e15, 200, NULL);
    model_update(&model, &update);
    model_flush(&model);
    const struct request_progress *live =
        request_progress_get(model.swarm, span_of(&model, "API Call")->begin_no);
    assert_non_null(live);
    assert_int_equal(live->retry_at_ns, INT64_MIN);
    assert_int_equal(live->attempt_ns, model_ns(200));
    model_release(&model);
}

/* ---- tools ---- */

TEST(a_start_opens_a_span_and_an_end_closes_it)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 5, UNKNOWN, "Bash", "{\"command\":\"make\"}");
    assert_span(&model, "Tool: Bash", 5, UNKNOWN, SPAN_OPEN);
    assert_args(&model, "Tool: Bash", "{\"tool_name\":\"Bash\",\"command\":\"make\"}");
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", UNKNOWN, 25, NULL, NULL);
    assert_span(&model, "Tool: Bash", 5, 25, 0);
    assert_args(
        &model, "Tool: Bash",
        "{\"tool_name\":\"Bash\",\"command\":\"make\",\"success\":true,\"duration_ms\":20}");
    model_release(&model);
}

TEST(an_end_waits_for_its_start)
{
    struct model model = begun();
    struct update update = tool_update("t", UNKNOWN, 25, NULL, NULL);
    update.agent_id = model_text("a");
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_string(&update, FIELD_ERROR, "no \"way\"");
    model_update(&model, &update);
    assert_int_equal(span_count(&model), 0);
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 5, UNKNOWN, "Read", "{\"a\":1}");
    model_flush(&model);
    assert_span(&model, "Tool: Read", 5, 25, SPAN_ERROR);
    assert_args(&model, "Tool: Read",
                "{\"tool_name\":\"Read\",\"a\":1,\"success\":false,\"error\":\"no \\\"way\\\"\","
                "\"duration_ms\":20}");
    const struct agent *agent = swarm_agent(model.swarm, span_of(&model, "Tool: Read")->agent);
    assert_string_equal(swarm_text(model.swarm, agent->agent_id), "a");
    model_release(&model);
}

TEST(a_higher_precedence_corrects_what_is_drawn)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 7, 30, "Bash", "{\"a\":1}");
    take_tool(&model, PRECEDENCE_TELEMETRY, NULL, "t", 5, 25, NULL, NULL);
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 6, 28, NULL,
              "{\"a\":1,\"b\":\"longer than before\"}");
    model_flush(&model);
    assert_int_equal(span_count(&model), 1);
    assert_span(&model, "Tool: Bash", 5, 25, 0);
    assert_args(&model, "Tool: Bash",
                "{\"tool_name\":\"Bash\",\"a\":1,\"b\":\"longer than before\",\"success\":true,"
                "\"duration_ms\":20}");
    model_release(&model);
}

TEST(a_name_that_comes_late_is_the_name)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 5, 30, NULL, "{ \"a\" : 1 }");
    assert_span(&model, "Tool: tool", 5, 30, 0);
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", UNKNOWN, UNKNOWN, "Task", NULL);
    model_flush(&model);
    assert_int_equal(span_count(&model), 1);
    assert_int_equal(span_of(&model, "Tool: Task")->kind, SPAN_AGENT_CALL);
    model_release(&model);
}

TEST(in_the_usual_order_spans_keep_their_numbers)
{
    struct model model = begun();
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        take_tool(&model, PRECEDENCE_HOOKS, NULL, id, 100 * i, UNKNOWN, "Bash", "{\"a\":1}");
        take_tool(&model, PRECEDENCE_FILES, NULL, id, 100 * i + 3, UNKNOWN, "Bash", "{\"a\":1}");
        take_tool(&model, PRECEDENCE_HOOKS, NULL, id, UNKNOWN, 100 * i + 50, NULL, NULL);
        take_tool(&model, PRECEDENCE_FILES, NULL, id, UNKNOWN, 100 * i + 57, NULL, NULL);
    }
    model_flush(&model);
    assert_int_equal(swarm_span_end(model.swarm), 50);
    assert_int_equal(events(&model), 100);
    uint64_t revision = swarm_revision(model.swarm);
    model_flush(&model);
    assert_int_equal(swarm_revision(model.swarm), revision);
    model_release(&model);
}

/* ---- requests ---- */

TEST(a_request_has_its_phases)
{
    struct model model = begun();
    double attempts[] = {at_ms(0), at_ms(100)};
    struct update update = request_update("r", 0, 1000);
    update_string(&update, FIELD_MODEL, "opus");
    update_times(&update, FIELD_ATTEMPTS, attempts, 2);
    update_number(&update, FIELD_TTFT_MS, 300);
    update_number(&update, FIELD_OUTPUT_TOKENS, 60);
    update.precedence = PRECEDENCE_TELEMETRY;
    model_update(&model, &update);
    model_flush(&model);
    assert_span(&model, "API Call", 0, 1000, 0);
    assert_span(&model, "Request Setup", 0, 100, 0);
    assert_span(&model, "Attempt 1 (retry)", 0, 100, 0);
    assert_span(&model, "First Token", 100, 400, 0);
    assert_span(&model, "Sampling", 400, 1000, 0);
    model_release(&model);
}

static bool args_have(const struct model *model, const char *name, const char *text)
{
    struct slice args = print_span_args(model->swarm, span_of(model, name));
    return memmem(args.bytes, args.len, text, strlen(text)) != NULL;
}

TEST(a_failed_request_has_no_time_to_its_last_token)
{
    for (int success = TRI_FALSE; success <= TRI_TRUE; success++) {
        struct model model = begun();
        struct update update = request_update("r", 100, 900);
        update_number(&update, FIELD_SUCCESS, success);
        model_update(&model, &update);
        assert_int_equal(args_have(&model, "API Call", "\"ttlt_ms\":800"), success == TRI_TRUE);
        model_release(&model);
    }
}

TEST(a_span_has_the_success_that_was_reported)
{
    for (int success = TRI_UNSET; success <= TRI_TRUE; success++) {
        struct model model = begun();
        struct update update = call_update(CALL_SPAN, PRECEDENCE_FILES, "x", 100, 900);
        update_string(&update, FIELD_NAME, "build");
        if (success != TRI_UNSET) {
            update_number(&update, FIELD_SUCCESS, success);
        }
        model_update(&model, &update);
        assert_int_equal(args_have(&model, "build", "\"success\":true"), success == TRI_TRUE);
        assert_int_equal(args_have(&model, "build", "\"success\":false"), success == TRI_FALSE);
        model_release(&model);
    }
}

TEST(setup_lasts_from_the_first_attempt_to_the_last)
{
    struct model model = begun();
    struct update update = request_update("r", 100, 900);
    const double attempts[] = {at_ms(100), at_ms(150), at_ms(250), at_ms(400)};
    update_times(&update, FIELD_ATTEMPTS, attempts, 4);
    model_update(&model, &update);
    assert_true(args_have(&model, "API Call", "\"request_setup_ms\":300"));
    model_release(&model);
}

TEST(a_call_that_begins_with_an_event_is_written_after_it)
{
    struct model model = begun();
    struct update update = request_update("r", 100, 900);
    model_hello(&model, "s", NULL);
    struct op_context context = model_at(&model, 100, NULL);
    assert_int_equal(tracer_instant(model.tracer, &context, model_text("the mark"), model_text("c"),
                                    (struct slice){0}),
                     TRACER_OK);
    model_update(&model, &update);
    model_flush(&model);
    char *document = model_export(model.swarm, TRACKS_AGENT);
    const char *mark = strstr(document, "the mark"), *call = strstr(document, "API Call");
    assert_true(mark != NULL && call != NULL && mark < call);
    free(document);
    model_release(&model);
}

TEST(an_agent_that_works_again_is_not_done)
{
    struct model model = begun();
    struct update agent = agent_update(PRECEDENCE_FILES, "a");
    update_number(&agent, FIELD_END_MS, at_ms(500));
    model_update(&model, &agent);
    take_tool(&model, PRECEDENCE_FILES, "a", "t", 100, 400, "Bash", NULL);
    model_flush(&model);
    assert_true((records_agent(&model, "a")->flags & AGENT_UNREGISTERED) != 0);
    take_tool(&model, PRECEDENCE_FILES, "a", "u", 600, UNKNOWN, "Read", NULL);
    model_flush(&model);
    assert_int_equal(records_agent(&model, "a")->flags & AGENT_UNREGISTERED, 0);
    model_release(&model);
}

TEST(a_phase_of_a_record_has_args_of_its_own)
{
    struct model model = begun();
    double attempts[] = {at_ms(0), at_ms(100)};
    struct update update = request_update("r", 0, 1000);
    update_times(&update, FIELD_ATTEMPTS, attempts, 2);
    update_number(&update, FIELD_TTFT_MS, 300);
    model_update(&model, &update);
    assert_args(&model, "Request Setup", "{\"request_setup_ms\":100,\"attempt_count\":2}");
    assert_args(&model, "Attempt 1 (retry)", "{\"attempt\":1}");
    assert_args(&model, "First Token", "{\"ttft_ms\":300}");
    assert_args(&model, "Sampling", "{\"sampling_ms\":600}");
    model_release(&model);
}

TEST(phases_that_come_late_are_the_requests_own)
{
    struct model model = begun();
    struct update first = request_update("r", 0, 1000), late = request_update("r", UNKNOWN, 990);
    model_update(&model, &first);
    struct update next = request_update("r2", 1001, 2000);
    model_update(&model, &next);
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 1500, UNKNOWN, "Bash", NULL);
    late.precedence = PRECEDENCE_TELEMETRY;
    update_number(&late, FIELD_TTFT_MS, 300);
    update_number(&late, FIELD_OUTPUT_TOKENS, 60);
    model_update(&model, &late);
    model_flush(&model);
    span_no request = model_span(&model, "API Call", 0);
    assert_int_equal(span_of(&model, "First Token")->parent, request);
    assert_span(&model, "Sampling", 300, 990, 0);
    assert_int_equal(swarm_agent(model.swarm, span_of(&model, "API Call")->agent)->lane_count, 2);
    double attempts[] = {at_ms(0), at_ms(100), at_ms(150)};
    update_times(&late, FIELD_ATTEMPTS, attempts, 3);
    model_update(&model, &late);
    model_flush(&model);
    assert_span(&model, "First Token", 150, 450, 0);
    const struct span *owner =
        swarm_span(model.swarm, span_of(&model, "Attempt 2 (retry)")->parent);
    assert_int_equal(owner->start_ns, model_ns(0));
    assert_int_equal(span_count(&model), 8);
    model_release(&model);
}

TEST(a_record_counts_the_events_that_it_prints)
{
    struct model model = begun();
    struct update update = request_update("r", 0, 1000);
    model_update(&model, &update);
    model_flush(&model);
    session_no number = correlator_session(model.correlator, model_text("s"));
    assert_int_equal(swarm_session(model.swarm, number)->event_count, 2);
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_LIVE)), 0);
    update_number(&update, FIELD_TTFT_MS, 300);
    update.precedence = PRECEDENCE_TELEMETRY;
    model_update(&model, &update);
    model_flush(&model);
    assert_int_equal(swarm_session(model.swarm, number)->event_count, 6);
    model_release(&model);
}

TEST(a_retry_shows_while_the_request_runs)
{
    struct model model = begun();
    struct update update = request_update("r", 0, UNKNOWN);
    model_update(&model, &update);
    update = request_update("r", UNKNOWN, UNKNOWN);
    update_retry(&update, 1, 5000, 100, "overloaded");
    model_update(&model, &update);
    model_flush(&model);
    struct agent_status status = query_status(model.swarm, 0, model_ns(200));
    assert_int_equal(status.state, STATE_RETRY);
    update = request_update("r", UNKNOWN, 6000);
    model_update(&model, &update);
    model_flush(&model);
    assert_span(&model, "API Call", 0, 6000, 0);
    model_release(&model);
}

/* ---- waits, turns ---- */

TEST(waits_and_interactions_are_spans_of_their_kinds)
{
    struct model model = begun();
    struct update wait = call_update(CALL_WAIT, PRECEDENCE_HOOKS, "wait:t", 5, 8);
    struct update turn = call_update(CALL_INTERACTION, PRECEDENCE_HOOKS, "turn:t", 0, 90);
    update_string(&wait, FIELD_CONTEXT, "Bash: make");
    update_string(&wait, FIELD_DECISION, "accept");
    update_number(&turn, FIELD_PROMPT_LENGTH, 12);
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 5, 20, "Bash", NULL);
    model_update(&model, &wait);
    model_update(&model, &turn);
    model_flush(&model);
    assert_int_equal(span_of(&model, "Waiting for User Input")->kind, SPAN_USER);
    assert_args(&model, "Waiting for User Input",
                "{\"context\":\"Bash: make\",\"decision\":\"accept\",\"duration_ms\":3}");
    assert_args(&model, "Interaction", "{\"user_prompt_length\":12,\"duration_ms\":90}");
    assert_span(&model, "Tool: Bash", 5, 20, 0);
    model_release(&model);
}

/* ---- ids ---- */

/* A cursor on either of them stays. */
TEST(two_shown_calls_that_are_one_keep_the_smaller_number)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 5, 20, "Bash", NULL);
    take_tool(&model, PRECEDENCE_TELEMETRY, NULL, "span-1", 6, 21, "Read", NULL);
    model_flush(&model);
    span_no kept = model_span(&model, "Tool: Bash", 0), gone = model_span(&model, "Tool: Read", 0);
    struct update update = tool_update("t", UNKNOWN, UNKNOWN, NULL, NULL);
    update_string(&update, FIELD_ALIAS, "span-1");
    model_update(&model, &update);
    model_flush(&model);
    assert_true(kept < gone);
    assert_ptr_equal(swarm_span(model.swarm, gone), swarm_span(model.swarm, kept));
    assert_span(&model, "Tool: Read", 6, 21, 0);
    session_no number = correlator_session(model.correlator, model_text("s"));
    assert_int_equal(swarm_session(model.swarm, number)->event_count, 2);
    /* Each id is one of the call. */
    take_tool(&model, PRECEDENCE_TELEMETRY, NULL, "span-1", UNKNOWN, 25, NULL, NULL);
    assert_span(&model, "Tool: Read", 6, 25, 0);
    model_release(&model);
}

TEST(a_call_is_on_the_row_of_its_nearest_ancestor_with_an_agent)
{
    struct model model = begun();
    struct update child = tool_update("child", 5, 20, "Bash", NULL);
    struct update middle = call_update(CALL_SPAN, PRECEDENCE_FILES, "middle", UNKNOWN, UNKNOWN);
    struct update top = call_update(CALL_SPAN, PRECEDENCE_FILES, "top", UNKNOWN, UNKNOWN);
    update_string(&child, FIELD_PARENT_ID, "middle");
    update_string(&middle, FIELD_PARENT_ID, "top");
    top.agent_id = model_text("kid");
    model_update(&model, &child);
    model_update(&model, &middle);
    model_flush(&model);
    model_update(&model, &top);
    model_flush(&model);
    assert_int_equal(span_of(&model, "Tool: Bash")->agent, model_agent(&model, "kid"));
    /* A cycle is cut. */
    update_string(&top, FIELD_PARENT_ID, "child");
    top.agent_id = model_text(NULL);
    model_update(&model, &top);
    model_flush(&model);
    assert_int_equal(span_of(&model, "Tool: Bash")->agent, model_agent(&model, "kid"));
    model_release(&model);
}

TEST(a_call_moves_to_its_session_when_that_is_known)
{
    struct model model = begun();
    struct update call = tool_update("t", 5, UNKNOWN, "Bash", NULL);
    struct update session = session_update(PRECEDENCE_FILES);
    call.session_id = model_text("trace:1");
    update_string(&session, FIELD_ALIAS, "trace:1");
    model_update(&model, &call);
    model_flush(&model);
    model_update(&model, &session);
    model_flush(&model);
    session_no number = correlator_session(model.correlator, model_text("s"));
    assert_int_equal(correlator_session(model.correlator, model_text("trace:1")), number);
    const struct span *span = span_of(&model, "Tool: Bash");
    assert_int_equal(swarm_agent(model.swarm, span->agent)->session, number);
    /* It is one of those that the session's end closes. */
    take_end(&model, PRECEDENCE_FILES, 30, OUTCOME_ENDED);
    assert_span(&model, "Tool: Bash", 5, 30, SPAN_INCOMPLETE);
    model_release(&model);
}

/* ---- agents ---- */

TEST(the_names_of_an_agent_may_come_late)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, "kid", "t", 5, 20, "Bash", NULL);
    struct update update = agent_update(PRECEDENCE_FILES, "kid");
    update_string(&update, FIELD_TYPE, "Explore");
    update_string(&update, FIELD_DESCRIPTION, "find it");
    update_string(&update, FIELD_PARENT_AGENT_ID, "boss");
    update_number(&update, FIELD_START_MS, at_ms(3));
    model_update(&model, &update);
    model_flush(&model);
    const struct agent *kid = swarm_agent(model.swarm, model_agent(&model, "Explore"));
    assert_string_equal(swarm_text(model.swarm, kid->description), "find it");
    assert_string_equal(swarm_text(model.swarm, kid->parent_id), "boss");
    char *document = model_export(model.swarm, TRACKS_AGENT);
    assert_null(strstr(document, "\"name\":\"kid\""));
    assert_non_null(strstr(document, "{\"parent_agent_id\":\"boss\"}"));
    free(document);
    update_number(&update, FIELD_END_MS, at_ms(30));
    model_update(&model, &update);
    model_flush(&model);
    agent_no number = model_agent(&model, "Explore");
    assert_int_equal(query_status(model.swarm, number, model_ns(40)).state, STATE_DONE);
    model_release(&model);
}

TEST(a_call_goes_to_the_agent_that_is_named_later)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_TELEMETRY, NULL, "t", 5, 20, "Bash", NULL);
    take_tool(&model, PRECEDENCE_FILES, "kid", "t", 6, 21, "Bash", NULL);
    model_flush(&model);
    assert_span(&model, "Tool: Bash", 5, 20, 0);
    assert_int_equal(span_of(&model, "Tool: Bash")->agent, model_agent(&model, "kid"));
    assert_int_equal(span_count(&model), 1);
    model_release(&model);
}

/* ---- sessions ---- */

TEST(a_session_begins_at_the_earliest_time_known)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 500, 600, "Bash", NULL);
    struct update update = session_update(PRECEDENCE_FILES);
    update.by = model_text("files");
    update_string(&update, FIELD_NAME, "api");
    update_number(&update, FIELD_START_MS, at_ms(100));
    model_update(&model, &update);
    model_flush(&model);
    session_no number = correlator_session(model.correlator, model_text("s"));
    const struct session *session = swarm_session(model.swarm, number);
    assert_int_equal(session->start_ns, model_ns(100));
    assert_string_equal(swarm_text(model.swarm, session->name), "api");
    assert_string_equal(swarm_text(model.swarm, session->source), "files");
    assert_span(&model, "Tool: Bash", 500, 600, 0);
    char *document = model_export(model.swarm, TRACKS_AGENT);
    assert_non_null(strstr(document, "\"ph\":\"B\",\"ts\":400000,"));
    free(document);
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "u", 700, 800, "Read", NULL);
    assert_span(&model, "Tool: Read", 700, 800, 0);
    model_release(&model);
}

TEST(nothing_is_drawn_of_what_has_no_time)
{
    struct model model = begun();
    struct update agent = agent_update(PRECEDENCE_FILES, "a");
    update_string(&agent, FIELD_TYPE, "Explore");
    model_update(&model, &agent);
    model_flush(&model);
    assert_int_equal(correlator_session(model.correlator, model_text("s")), NO_SESSION);
    assert_int_equal(correlator_session(model.correlator, model_text("x")), NO_SESSION);
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", 5, 20, "Bash", NULL);
    model_agent(&model, "Explore");
    model_release(&model);
}

TEST(the_end_of_a_session_closes_what_is_open)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 5, UNKNOWN, "Bash", NULL);
    take_end(&model, PRECEDENCE_HOOKS, 50, OUTCOME_ENDED);
    assert_span(&model, "Tool: Bash", 5, 50, SPAN_INCOMPLETE);
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_DONE);
    /* It had ended after all. */
    take_tool(&model, PRECEDENCE_FILES, NULL, "t", UNKNOWN, 45, NULL, NULL);
    model_flush(&model);
    assert_span(&model, "Tool: Bash", 5, 45, 0);
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_DONE);
    /* What begins later opens it again. */
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "u", 100, UNKNOWN, "Read", NULL);
    model_flush(&model);
    assert_int_equal(query_status(model.swarm, 0, model_ns(110)).state, STATE_TOOL);
    model_release(&model);
}

TEST(a_process_that_died_is_gone)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, "kid", "t", 5, UNKNOWN, "Bash", NULL);
    take_end(&model, PRECEDENCE_FILES, 50, OUTCOME_GONE);
    model_flush(&model);
    agent_no kid = model_agent(&model, "kid");
    assert_int_equal(query_status(model.swarm, 0, model_ns(60)).state, STATE_GONE);
    assert_int_equal(query_status(model.swarm, kid, model_ns(60)).state, STATE_GONE);
    assert_span(&model, "Tool: Bash", 5, 50, SPAN_INCOMPLETE);
    take_tool(&model, PRECEDENCE_HOOKS, "kid", "u", 100, UNKNOWN, "Read", NULL);
    model_flush(&model);
    assert_int_equal(query_status(model.swarm, kid, model_ns(110)).state, STATE_TOOL);
    model_release(&model);
}

/* ---- the sweep ---- */

#define MINUTE 60000.0

TEST(a_stale_span_is_swept_and_stays_in_flight_until_it_ends)
{
    struct model model = begun();
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", 0, UNKNOWN, "Bash", "{\"a\":1}");
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "u", 35 * MINUTE, 36 * MINUTE, "Read", NULL);
    model_flush(&model);
    assert_span(&model, "Tool: Bash", 0, 31 * MINUTE, SPAN_EVICTED | SPAN_STALE);
    assert_int_equal(query_status(model.swarm, 0, model_ns(37 * MINUTE)).state, STATE_STALE);
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "t", UNKNOWN, 40 * MINUTE, NULL, NULL);
    model_flush(&model);
    assert_span(&model, "Tool: Bash", 0, 40 * MINUTE, 0);
    assert_args(&model, "Tool: Bash",
                "{\"tool_name\":\"Bash\",\"a\":1,\"success\":true,\"duration_ms\":2400000}");
    assert_int_equal(query_status(model.swarm, 0, model_ns(41 * MINUTE)).state, STATE_IDLE);
    model_release(&model);
}

/* ---- the cap ---- */

TEST(calls_that_were_dropped_do_not_come_back)
{
    struct swarm_config config = {.max_events = {40, 0}};
    struct model model;
    assert_true(model_init_with(&model, &mem_libc, &config));
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "long", 1, UNKNOWN, "Task", "{\"a\":1}");
    for (int i = 0; i < 200; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        take_tool(&model, PRECEDENCE_HOOKS, NULL, id, 100 * i + 10, 100 * i + 60, "Bash", NULL);
        model_flush(&model);
    }
    size_t before = span_count(&model);
    for (int i = 0; i < 200; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        take_tool(&model, PRECEDENCE_FILES, NULL, id, 100 * i + 11, 100 * i + 61, "Bash", NULL);
    }
    take_tool(&model, PRECEDENCE_TELEMETRY, NULL, "long", 2, UNKNOWN, NULL, NULL);
    model_flush(&model);
    assert_int_equal(span_count(&model), before);
    /* Open records are dropped last, and are corrected meanwhile. */
    assert_span(&model, "Tool: Task", 2, UNKNOWN, SPAN_OPEN);
    take_tool(&model, PRECEDENCE_HOOKS, NULL, "long", UNKNOWN, 30000, NULL, NULL);
    model_flush(&model);
    assert_span(&model, "Tool: Task", 2, 30000, 0);
    assert_args(&model, "Tool: Task",
                "{\"tool_name\":\"Task\",\"a\":1,\"success\":true,\"duration_ms\":29998}");
    model_release(&model);
}

/* Twelve calls of two events each meet a cap of 24: six go, and the marker counts their events. */
TEST(the_marker_counts_what_would_have_been_printed)
{
    struct swarm_config config = {.max_events = {24, 0}};
    struct model model;
    assert_true(model_init_with(&model, &mem_libc, &config));
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        take_tool(&model, PRECEDENCE_FILES, NULL, id, 100 * i, 100 * i + 50, "Bash", NULL);
    }
    model_flush(&model);
    assert_int_equal(span_count(&model), 6);
    assert_int_equal(swarm_dropped(model.swarm, POOL_LIVE), 12);
    char *text = updates_describe(model.swarm, WITH_MARKERS | WITHOUT_ROWS);
    assert_non_null(strstr(text, "marker trace_truncated at 550000000 {\"dropped_events\":12}\n"));
    free(text);
    model_release(&model);
}

TEST(a_session_with_operations_stays_when_its_calls_move)
{
    struct model model = begun();
    struct update call = tool_update("t", 5, 9, "Bash", NULL);
    struct update session = session_update(PRECEDENCE_FILES);
    call.session_id = model_text("trace:1");
    update_string(&session, FIELD_ALIAS, "trace:1");
    model_hello(&model, "trace:1", "api");
    struct op_context at = model_at(&model, 2, NULL);
    assert_int_equal(
        tracer_start_tool(model.tracer, &at, model_text("o"), model_text("Read"), model_text(NULL)),
        TRACER_OK);
    model_update(&model, &call);
    model_flush(&model);
    model_update(&model, &session);
    model_flush(&model);
    assert_non_null(swarm_session(model.swarm, at.session));
    assert_int_equal(swarm_session(model.swarm, at.session)->event_count, 1);
    assert_int_equal(swarm_agent(model.swarm, span_of(&model, "Tool: Read")->agent)->session,
                     at.session);
    assert_int_equal(swarm_agent(model.swarm, span_of(&model, "Tool: Bash")->agent)->session,
                     correlator_session(model.correlator, model_text("s")));
    model_release(&model);
}

/* ---- memory ---- */

static bool take_all(struct model *model)
{
    struct update updates[9];
    double attempts[] = {at_ms(10), at_ms(12), at_ms(14)};
    updates[0] = tool_update("t", 5, UNKNOWN, "Bash", "{\"a\":1}");
    updates[0].agent_id = model_text("kid");
    updates[1] = tool_update("t", 4, 9, "Bash", "{\"a\":1,\"b\":\"a longer one\"}");
    updates[1].precedence = PRECEDENCE_TELEMETRY;
    update_string(&updates[1], FIELD_ERROR, "why");
    updates[2] = request_update("r", 10, 30);
    update_string(&updates[2], FIELD_MESSAGE_ID, "m");
    updates[3] = request_update("r", 10, 31);
    update_times(&updates[3], FIELD_ATTEMPTS, attempts, 3);
    update_number(&updates[3], FIELD_TTFT_MS, 3);
    update_string(&updates[3], FIELD_ALIAS, "r2");
    updates[4] = agent_update(PRECEDENCE_HOOKS, "kid");
    update_string(&updates[4], FIELD_TYPE, "Explore");
    update_string(&updates[4], FIELD_DESCRIPTION, "d");
    update_string(&updates[4], FIELD_PARENT_AGENT_ID, "p");
    update_number(&updates[4], FIELD_START_MS, at_ms(3));
    update_number(&updates[4], FIELD_END_MS, at_ms(40));
    updates[5] = call_update(CALL_WAIT, PRECEDENCE_HOOKS, "wait:t", 6, UNKNOWN);
    update_string(&updates[5], FIELD_CONTEXT, "w");
    update_string(&updates[5], FIELD_PARENT_ID, "t");
    updates[6] = call_update(CALL_SPAN, PRECEDENCE_TELEMETRY, "held", 7, 8);
    updates[6].session_id = model_text("trace:1");
    updates[7] = session_update(PRECEDENCE_TELEMETRY);
    updates[7].by = model_text("x");
    update_string(&updates[7], FIELD_NAME, "n");
    update_string(&updates[7], FIELD_ALIAS, "trace:1");
    update_number(&updates[7], FIELD_START_MS, at_ms(1));
    updates[8] = session_update(PRECEDENCE_HOOKS);
    update_number(&updates[8], FIELD_END_MS, at_ms(50));
    update_number(&updates[8], FIELD_OUTCOME, OUTCOME_GONE);
    bool good = true;
    for (size_t i = 0; i < 9; i++) {
        good = correlator_update(model->correlator, &updates[i]) &&
               (i % 3 != 0 || correlator_flush(model->correlator)) && good;
    }
    return correlator_flush(model->correlator) && good;
}

/* What was missed is made up for once there is memory again. */
TEST(every_lack_of_memory_is_an_answer)
{
    bool done = false;
    struct model whole = begun();
    assert_true(take_all(&whole));
    char *expected = updates_describe(whole.swarm, WITH_LIVE | WITH_FIGURES);
    model_release(&whole);
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct model model;
        char what[32];
        snprintf(what, sizeof what, "allocation %ld", allow);
        done = model_init(&model, &mem) && take_all(&model);
        failing.allow = -1;
        if (model.correlator != NULL) {
            assert_true(take_all(&model));
            assert_true(swarm_relane(model.swarm));
            char *got = updates_describe(model.swarm, WITH_LIVE | WITH_FIGURES);
            assert_described(expected, got, what);
            free(got);
            assert_true(correlator_close(model.correlator, INT64_MIN, NULL, NULL));
        }
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
    free(expected);
}
