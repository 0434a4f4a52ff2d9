/* core/tracer: the rules of the seed that FEED.md lists, one by one. (The golden documents have them all together.) */
#include "tests/support/support.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE ((double)NAN)

static struct model begun(void)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", "main");
    return model;
}

/* The model's document as of the agent's one thread, without its metadata member. */
static char *events_of(const struct model *model)
{
    char *text = model_export(model->swarm, TRACKS_AGENT);
    char *end = strstr(text, "],\"metadata\"");
    assert_non_null(end);
    *end = '\0';
    return text;
}

static void assert_has(const struct model *model, const char *part)
{
    char *text = events_of(model);
    if (strstr(text, part) == NULL) {
        fail_msg("%s\nis not in\n%s", part, text);
    }
    free(text);
}

static void assert_has_not(const struct model *model, const char *part)
{
    char *text = events_of(model);
    if (strstr(text, part) != NULL) {
        fail_msg("%s\nis in\n%s", part, text);
    }
    free(text);
}

static void add_agent(struct model *model, double ms, const char *id, const char *name,
                      const char *parent)
{
    struct op_context at = model_at(model, ms, NULL);
    assert_int_equal(tracer_register_agent(model->tracer, &at, model_text(id), model_text(name),
                                           model_text(parent)),
                     TRACER_OK);
}

static void drop_agent(struct model *model, double ms, const char *id)
{
    struct op_context at = model_at(model, ms, NULL);
    assert_int_equal(tracer_unregister_agent(model->tracer, &at, model_text(id)), TRACER_OK);
}

static void mark(struct model *model, double ms, const char *agent, const char *name)
{
    struct op_context at = model_at(model, ms, agent);
    assert_int_equal(
        tracer_instant(model->tracer, &at, model_text(name), model_text("c"), (struct slice){0}),
        TRACER_OK);
}

static void begin_tool(struct model *model, double ms, const char *agent, const char *span,
                       const char *args)
{
    struct op_context at = model_at(model, ms, agent);
    assert_int_equal(tracer_start_tool(model->tracer, &at, model_text(span), model_text("Bash"),
                                       model_text(args)),
                     TRACER_OK);
}

static enum tracer_result end_tool(struct model *model, double ms, const char *span)
{
    struct op_context at = model_at(model, ms, NULL);
    struct end_tool_op op = {.span_id = model_text(span), .result_tokens = NONE};
    return tracer_end_tool(model->tracer, &at, &op);
}

static void end_session(struct model *model, double ms)
{
    struct op_context at = model_at(model, ms, NULL);
    assert_int_equal(tracer_end_session(model->tracer, &at), TRACER_OK);
}

static uint32_t registrations(const struct model *model)
{
    return swarm_session(model->swarm, model->session)->registrations;
}

/* ---- agents ---- */

TEST(the_main_agent_is_process_1_and_names_its_thread)
{
    struct model model = begun();
    assert_has(
        &model,
        "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,\"tid\":0,\"args\":{\"name\":\"main\"}}");
    assert_has(
        &model,
        "{\"name\":\"thread_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,\"tid\":3343801,\"args\":{\"name\":\"main\"}}");
    assert_int_equal(registrations(&model), 1);
    model_release(&model);
}

TEST(agents_get_processes_from_2_on_and_keep_them_when_registered_again)
{
    struct model model = begun();
    add_agent(&model, 1, "a", "coder", "s");
    add_agent(&model, 2, "b", "tester", "");
    add_agent(&model, 3, "a", "renamed", NULL);
    assert_has(&model, "\"ph\":\"M\",\"ts\":0,\"pid\":2,\"tid\":0,\"args\":{\"name\":\"coder\"}");
    assert_has(&model,
               "\"ph\":\"M\",\"ts\":0,\"pid\":2,\"tid\":0,\"args\":{\"parent_agent_id\":\"s\"}");
    assert_has(&model, "\"ph\":\"M\",\"ts\":0,\"pid\":3,\"tid\":0,\"args\":{\"name\":\"tester\"}");
    assert_has_not(
        &model, "\"pid\":3,\"tid\":0,\"args\":{\"parent_agent_id\""); /* an empty parent is none */
    assert_has(
        &model,
        "\"ph\":\"M\",\"ts\":0,\"pid\":2,\"tid\":1092333798,\"args\":{\"name\":\"renamed\"}");
    assert_int_equal(registrations(&model), 4);
    model_release(&model);
}

TEST(an_unregistered_agent_gets_a_new_process_when_it_comes_back)
{
    struct model model = begun();
    add_agent(&model, 1, "a", "coder", "s");
    begin_tool(&model, 2, "a", "t", NULL);
    drop_agent(&model, 3, "a");
    add_agent(&model, 4, "a", "coder", "s");
    mark(&model, 5, "a", "here");
    assert_has(&model, "\"name\":\"here\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":5000,\"pid\":3,");
    assert_int_equal(end_tool(&model, 6, "t"), TRACER_OK);
    assert_has(&model, "\"ph\":\"E\",\"ts\":6000,\"pid\":2,"); /* as it was at the start */
    model_release(&model);
}

TEST(an_unknown_agent_is_registered_by_its_first_operation)
{
    struct model model = begun();
    mark(&model, 1, "x", "hi");
    assert_has(&model, "\"pid\":2,\"tid\":0,\"args\":{\"name\":\"x\"}");
    assert_has(&model, "\"pid\":2,\"tid\":0,\"args\":{\"parent_agent_id\":\"s\"}");
    assert_int_equal(registrations(&model), 2);
    model_release(&model);
}

TEST(the_sessions_own_id_is_the_main_agent_until_it_is_registered)
{
    struct model model = begun();
    mark(&model, 1, "s", "before");
    add_agent(&model, 2, "s", "again", NULL);
    mark(&model, 3, NULL, "after");
    assert_has(&model, "\"name\":\"before\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":1000,\"pid\":1,");
    assert_has(&model, "\"name\":\"after\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":3000,\"pid\":2,");
    model_release(&model);
}

TEST(a_teammate_has_a_process_of_its_own_and_a_parent)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    struct hello_op op = {.session_id = model_text("s"),
                          .name = model_text("mate"),
                          .agent_id = model_text("mate-1"),
                          .parent_session_id = model_text("boss")};
    assert_int_equal(tracer_hello(model.tracer, MODEL_START_MS, 0, &op, &model.session), TRACER_OK);
    mark(&model, 1, NULL, "hi");
    assert_has(&model, "\"name\":\"hi\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":1000,\"pid\":2,");
    assert_has(&model, "\"pid\":2,\"tid\":0,\"args\":{\"parent_agent_id\":\"boss\"}");
    model_release(&model);
}

TEST(a_second_hello_keeps_the_start_and_appends_nothing)
{
    struct model model = begun();
    char *before = events_of(&model);
    struct hello_op op = {.session_id = model_text("s"), .name = model_text("other")};
    session_no again;
    assert_int_equal(tracer_hello(model.tracer, MODEL_START_MS + 5000, 0, &op, &again), TRACER_OK);
    assert_int_equal(again, model.session);
    assert_int_equal(swarm_session(model.swarm, again)->start_ns, MODEL_START_NS);
    char *after = events_of(&model);
    assert_string_equal(after, before);
    free(before);
    free(after);
    model_release(&model);
}

/* ---- args ---- */

TEST(args_merge_as_objects_do_in_javascript)
{
    struct model model = begun();
    begin_tool(
        &model, 1, NULL, "t",
        "{\"tool_name\":\"override\",\"error\":\"e\",\"success\":false,\"nul\":null,\"duration_ms\":\"x\",\"deep\":{\"a\":[1e40,\"\\u00ff\"]}}");
    assert_int_equal(end_tool(&model, 3, "t"), TRACER_OK);
    assert_has(
        &model,
        "\"args\":{\"tool_name\":\"override\",\"error\":\"e\",\"success\":false,\"nul\":null,\"duration_ms\":\"x\",\"deep\":{\"a\":[1e40,\"\\u00ff\"]}}");
    assert_has(
        &model,
        "\"args\":{\"tool_name\":\"override\",\"success\":true,\"nul\":null,\"duration_ms\":2,\"deep\":{\"a\":[1e40,\"\\u00ff\"]}}");
    model_release(&model);
}

TEST(empty_args_are_written_and_an_instant_without_has_none)
{
    struct model model = begun();
    struct op_context at = model_at(&model, 1, NULL);
    assert_int_equal(tracer_start_user_input(model.tracer, &at, model_text("u"), (struct slice){0}),
                     TRACER_OK);
    assert_has(
        &model,
        "\"name\":\"Waiting for User Input\",\"cat\":\"user_input\",\"ph\":\"B\",\"ts\":1000,\"pid\":1,\"tid\":3343801,\"args\":{}}");
    mark(&model, 2, NULL, "bare");
    assert_has(
        &model,
        "\"name\":\"bare\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":2000,\"pid\":1,\"tid\":3343801}");
    model_release(&model);
}

TEST(an_end_of_another_kind_closes_the_span_with_its_own_args)
{
    struct model model = begun();
    struct op_context at = model_at(&model, 1, NULL);
    struct start_llm_request_op op = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = NONE};
    assert_int_equal(tracer_start_llm_request(model.tracer, &at, &op), TRACER_OK);
    assert_int_equal(end_tool(&model, 2, "r"), TRACER_OK);
    assert_has(
        &model,
        "\"name\":\"API Call\",\"cat\":\"api\",\"ph\":\"E\",\"ts\":2000,\"pid\":1,\"tid\":3343801,\"args\":{\"model\":\"m\",\"is_speculative\":false,\"success\":true,\"duration_ms\":1}");
    assert_int_equal(end_tool(&model, 3, "r"), TRACER_NOT_OPEN);
    model_release(&model);
}

TEST(a_start_for_an_open_span_closes_that_one_first)
{
    struct model model = begun();
    begin_tool(&model, 1, NULL, "t", NULL);
    begin_tool(&model, 5, NULL, "t", NULL);
    assert_has(
        &model,
        "\"ph\":\"E\",\"ts\":5000,\"pid\":1,\"tid\":3343801,\"args\":{\"tool_name\":\"Bash\",\"incomplete\":true,\"duration_ms\":4}},{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":5000");
    model_release(&model);
}

/* ---- requests ---- */

struct request {
    double ttft_ms, ttlt_ms, prompt_tokens, output_tokens, cache_read_tokens, setup_ms;
    double attempts[4];
    int attempt_count; /* -1: not said */
};

static struct model requested(const struct request *request)
{
    struct model model = begun();
    struct op_context at = model_at(&model, 1000, NULL);
    struct start_llm_request_op start = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = 100};
    assert_int_equal(tracer_start_llm_request(model.tracer, &at, &start), TRACER_OK);
    at = model_at(&model, 3000, NULL);
    double attempts[4];
    for (int i = 0; i < request->attempt_count; i++) {
        attempts[i] = MODEL_START_MS + request->attempts[i];
    }
    struct end_llm_request_op end = {
        .span_id = model_text("r"),
        .ttft_ms = request->ttft_ms,
        .ttlt_ms = request->ttlt_ms,
        .prompt_tokens = request->prompt_tokens,
        .output_tokens = request->output_tokens,
        .cache_read_tokens = request->cache_read_tokens,
        .cache_creation_tokens = NONE,
        .request_setup_ms = request->setup_ms,
        .attempt_start_times = request->attempt_count < 0 ? NULL : attempts,
        .attempt_count = request->attempt_count < 0 ? 0 : (size_t)request->attempt_count};
    assert_int_equal(tracer_end_llm_request(model.tracer, &at, &end), TRACER_OK);
    return model;
}

TEST(derived_metrics_are_rounded_as_javascript_rounds)
{
    struct request request = {300, 500, NONE, 10, 33, NONE, {0}, -1};
    struct model model = requested(&request);
    assert_has(
        &model,
        "\"prompt_tokens\":100,\"is_speculative\":false,\"ttft_ms\":300,\"ttlt_ms\":500,\"output_tokens\":10,\"cache_read_tokens\":33,\"success\":true,\"duration_ms\":2000,\"itps\":333.33,\"otps\":50,\"cache_hit_rate_pct\":33}");
    model_release(&model);
}

TEST(sampling_ends_before_the_setup_is_counted_twice)
{
    struct request request = {300, 700, 5, 10, NONE, 100, {1000, 1060}, 2};
    struct model model = requested(&request);
    assert_has(
        &model,
        "\"name\":\"Request Setup\",\"cat\":\"api,setup\",\"ph\":\"B\",\"ts\":1000000,\"pid\":1,\"tid\":3343801,\"args\":{\"request_setup_ms\":100,\"attempt_count\":2}}"
        ",{\"name\":\"Attempt 1 (retry)\",\"cat\":\"api,retry\",\"ph\":\"B\",\"ts\":1000000,\"pid\":1,\"tid\":3343801,\"args\":{\"attempt\":1}}"
        ",{\"name\":\"Attempt 1 (retry)\",\"cat\":\"api,retry\",\"ph\":\"E\",\"ts\":1060000,\"pid\":1,\"tid\":3343801}"
        ",{\"name\":\"Request Setup\",\"cat\":\"api,setup\",\"ph\":\"E\",\"ts\":1100000,\"pid\":1,\"tid\":3343801}"
        ",{\"name\":\"First Token\",\"cat\":\"api,ttft\",\"ph\":\"B\",\"ts\":1100000,");
    assert_has(&model,
               "\"name\":\"Sampling\",\"cat\":\"api,sampling\",\"ph\":\"E\",\"ts\":1700000,");
    model_release(&model);
}

TEST(there_is_no_sampling_where_no_time_is_left_for_it)
{
    struct request request = {300, 500, 5, 10, NONE, 250, {0}, 0};
    struct model model = requested(&request);
    assert_has(&model, "\"attempt_count\":0");
    assert_has(&model, "\"name\":\"First Token\"");
    assert_has_not(&model, "\"name\":\"Sampling\"");
    model_release(&model);
}

TEST(attempts_without_a_setup_leave_no_spans_and_none_said_count_as_one)
{
    struct request request = {300, 500, 5, 10, NONE, NONE, {1000, 1010}, 2};
    struct model model = requested(&request);
    assert_has_not(&model, "Attempt");
    assert_has_not(&model, "Request Setup");
    model_release(&model);
    struct request unsaid = {NONE, NONE, NONE, NONE, NONE, 10, {0}, -1};
    model = requested(&unsaid);
    assert_has(&model, "\"attempt_count\":1");
    assert_has_not(&model, "First Token");
    model_release(&model);
}

TEST(what_was_seen_while_it_ran_stands_in_for_what_the_end_does_not_bring)
{
    struct model model = begun();
    struct op_context at = model_at(&model, 1000, NULL);
    struct start_llm_request_op start = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = NONE};
    struct end_llm_request_op end = {.span_id = model_text("r"),
                                     .ttft_ms = NONE,
                                     .ttlt_ms = 900,
                                     .prompt_tokens = NONE,
                                     .output_tokens = 5,
                                     .cache_read_tokens = NONE,
                                     .cache_creation_tokens = NONE,
                                     .request_setup_ms = 200};
    assert_int_equal(tracer_start_llm_request(model.tracer, &at, &start), TRACER_OK);
    at = model_at(&model, 1200, NULL);
    assert_int_equal(tracer_attempt(model.tracer, &at, model_text("r"), 2, model_text("529"), 50),
                     TRACER_OK);
    uint64_t begin = swarm_span(model.swarm, model_span(&model, "API Call", 0))->begin_no;
    assert_int_equal(request_progress_get(model.swarm, begin)->attempt, 2);
    at = model_at(&model, 1500, NULL);
    assert_int_equal(tracer_first_token(model.tracer, &at, model_text("r")), TRACER_OK);
    assert_int_equal(tracer_progress(model.tracer, &at, model_text("r"), 3), TRACER_OK);
    assert_true(request_progress_get(model.swarm, begin)->output_tokens == 3);
    assert_int_equal(request_progress_get(model.swarm, begin)->first_token_ns, model_ns(1500));
    at = model_at(&model, 2000, NULL);
    assert_int_equal(tracer_end_llm_request(model.tracer, &at, &end), TRACER_OK);
    assert_has(&model, "\"ttft_ms\":300"); /* 1500 - 1000 - 200 */
    assert_has(&model, "\"attempt_count\":2");
    assert_has(&model,
               "\"name\":\"Attempt 1 (retry)\",\"cat\":\"api,retry\",\"ph\":\"E\",\"ts\":1200000");
    assert_null(request_progress_get(model.swarm, begin));
    assert_int_equal(tracer_first_token(model.tracer, &at, model_text("r")), TRACER_NOT_OPEN);
    model_release(&model);
}

/* ---- time ---- */

enum { MINUTE = 60 * 1000 };

TEST(a_span_is_swept_when_it_is_older_than_thirty_minutes_at_a_tick)
{
    struct model model = begun();
    begin_tool(&model, MINUTE, NULL, "t", NULL);
    mark(&model, 31 * MINUTE, NULL, "exactly thirty minutes are not older");
    assert_has_not(&model, "evicted");
    mark(&model, 32 * MINUTE, NULL, "the tick of this very moment runs first");
    assert_has(
        &model,
        "\"ph\":\"E\",\"ts\":1920000000,\"pid\":1,\"tid\":3343801,\"args\":{\"tool_name\":\"Bash\",\"evicted\":true,\"duration_ms\":1860000}},{\"name\":\"the tick of");
    model_release(&model);
}

TEST(a_tick_that_sweeps_one_span_leaves_one_of_exactly_thirty_minutes)
{
    struct model model = begun();
    begin_tool(&model, 0, NULL, "older", "{\"n\":1}");
    begin_tool(&model, MINUTE, NULL, "of thirty minutes", "{\"n\":2}");
    mark(&model, 31 * MINUTE, NULL, "now");
    assert_has(&model, "\"n\":1,\"evicted\":true");
    assert_has_not(&model, "\"n\":2,\"evicted\":true");
    mark(&model, 32 * MINUTE, NULL, "a minute later");
    assert_has(&model, "\"n\":2,\"evicted\":true");
    model_release(&model);
}

TEST(the_tick_that_closes_a_call_is_the_first_at_which_it_is_older_than_thirty_minutes)
{
    static const struct {
        double start_ms, tick_ms;
    } rows[] = {{0, 31 * MINUTE},
                {1, 31 * MINUTE},
                {MINUTE - 1, 31 * MINUTE},
                {MINUTE, 32 * MINUTE},
                {90 * 1000, 32 * MINUTE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double tick_ms = tracer_stale_tick(5000, 5000 + rows[i].start_ms);
        assert_true(tick_ms == 5000 + rows[i].tick_ms);
    }
}

TEST(a_long_silence_costs_nothing_and_sweeps_at_the_right_tick)
{
    struct model model = begun();
    begin_tool(&model, 90 * 1000, NULL, "t", NULL);
    mark(&model, 1e12, NULL, "thirty years later");
    assert_has(
        &model,
        "\"ts\":1920000000,\"pid\":1,\"tid\":3343801,\"args\":{\"tool_name\":\"Bash\",\"evicted\":true");
    model_release(&model);
}

TEST(a_swept_span_stays_in_flight_until_its_owner_ends_it)
{
    struct model model = begun();
    begin_tool(&model, 0, NULL, "t", NULL);
    mark(&model, 40 * MINUTE, NULL, "later");
    span_no no = model_span(&model, "Tool: Bash", 0);
    assert_int_equal(swarm_span(model.swarm, no)->flags, SPAN_EVICTED | SPAN_STALE);
    assert_int_equal(swarm_first_in_flight(model.swarm), no);
    assert_int_equal(
        swarm_span_end_ns(model.swarm, swarm_span(model.swarm, no), model_ns(41 * MINUTE)),
        model_ns(41 * MINUTE));
    char *before = events_of(&model);
    assert_int_equal(end_tool(&model, 42 * MINUTE, "t"), TRACER_OK);
    char *after = events_of(&model);
    assert_string_equal(after, before); /* the trace has its end already */
    assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
    assert_int_equal(
        swarm_span_end_ns(model.swarm, swarm_span(model.swarm, no), model_ns(50 * MINUTE)),
        model_ns(42 * MINUTE));
    free(before);
    free(after);
    model_release(&model);
}

TEST(an_earlier_time_is_taken_as_it_is_and_does_not_turn_the_clock_back)
{
    struct model model = begun();
    begin_tool(&model, 5000, NULL, "t", NULL);
    mark(&model, 2000, NULL, "early");
    assert_has(&model, "\"name\":\"early\",\"cat\":\"c\",\"ph\":\"i\",\"ts\":2000000");
    end_session(&model, 3000);
    assert_has(&model, "\"ph\":\"E\",\"ts\":5000000,"); /* closed at the clock */
    model_release(&model);
}

TEST(the_end_of_a_session_closes_what_is_open_in_the_order_of_starts)
{
    struct model model = begun();
    begin_tool(&model, 1, NULL, "b", "{\"n\":1}");
    begin_tool(&model, 2, NULL, "a", "{\"n\":2}");
    end_session(&model, 10);
    assert_has(
        &model,
        "\"args\":{\"tool_name\":\"Bash\",\"n\":1,\"incomplete\":true,\"duration_ms\":9}},{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"E\",\"ts\":10000,\"pid\":1,\"tid\":3343801,"
        "\"args\":{\"tool_name\":\"Bash\",\"n\":2,\"incomplete\":true,\"duration_ms\":8}}");
    assert_true((swarm_session(model.swarm, model.session)->flags & SESSION_ENDED) != 0);
    mark(&model, 11, NULL, "again"); /* a later operation reopens it */
    assert_true((swarm_session(model.swarm, model.session)->flags & SESSION_ENDED) == 0);
    model_release(&model);
}

TEST(every_lack_of_memory_is_an_answer)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct model model;
        if (model_init(&model, &lack.mem)) {
            struct hello_op op = {.session_id = model_text("s")};
            bool good =
                tracer_hello(model.tracer, MODEL_START_MS, 0, &op, &model.session) == TRACER_OK;
            struct op_context at =
                model.session == NO_SESSION ? (struct op_context){0} : model_at(&model, 1, "x");
            struct start_llm_request_op start = {
                .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = 1};
            struct end_llm_request_op end = {.span_id = model_text("r"),
                                             .ttft_ms = 1,
                                             .ttlt_ms = 5,
                                             .prompt_tokens = NONE,
                                             .output_tokens = 5,
                                             .cache_read_tokens = NONE,
                                             .cache_creation_tokens = NONE,
                                             .request_setup_ms = 1};
            good = good &&
                   tracer_start_tool(model.tracer, &at, model_text("t"), model_text("Bash"),
                                     model_text("{\"a\":1}")) == TRACER_OK &&
                   tracer_start_llm_request(model.tracer, &at, &start) == TRACER_OK &&
                   tracer_first_token(model.tracer, &at, model_text("r")) == TRACER_OK &&
                   tracer_end_llm_request(model.tracer, &at, &end) == TRACER_OK &&
                   correlator_close(model.correlator, INT64_MIN, NULL, NULL);
            lack.done = good;
        }
        model_release(&model);
    }
}
