/* Calls that have stalled, and agents in loops. */
#include "core/analysis/stalled.h"

#include "core/analysis/loops.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"
#include "tests/support/waits.h"

#include <stdio.h>

static void assert_stalled(const struct model *model, double ms, uint64_t calls, uint64_t loops)
{
    struct swarm_metrics metrics;
    struct stalled stalled;
    int64_t now = waits_now(model, ms);
    assert_true(metrics_compute_totals(model->swarm, now, &metrics));
    assert_true(stalled_make(model->swarm, &metrics, now, &mem_libc, &stalled));
    assert_int_equal(stalled.calls, calls);
    assert_int_equal(stalled.loops, loops);
    stalled_release(&stalled);
    metrics_release(&metrics);
}

/* ---- stalled ---- */

TEST(a_tool_stalls_at_three_times_its_p95_or_at_thirty_seconds)
{
    const struct {
        size_t before;
        double ms, not_yet_ms, stalled_ms;
    } rows[] = {
        {20, 20000, 59000, 60000},
        {20, 100, 29000, 30000},
        {19, 100, 599000, 600000},
        {0, 0, 599000, 600000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        waits_init(&model);
        waits_before(&model, "Bash", rows[i].before, rows[i].ms);
        waits_tool(&model, NULL, "Bash", NULL, 0, UNKNOWN, NULL);
        assert_stalled(&model, rows[i].not_yet_ms, 0, 0);
        assert_stalled(&model, rows[i].stalled_ms, 1, 0);
        model_release(&model);
    }
}

TEST(a_request_stalls_without_a_token_but_not_before_an_announced_attempt)
{
    struct model model;
    char id[24] = "r";
    waits_init(&model);
    struct update request = request_update(id, 0, UNKNOWN);
    model_update(&model, &request);
    assert_stalled(&model, 299000, 0, 0);
    assert_stalled(&model, 300000, 1, 0);
    /* The next attempt begins at 400 s. */
    update_retry(&request, 1, 200000, 200000, "529");
    model_update(&model, &request);
    assert_stalled(&model, 399000, 0, 0);
    assert_stalled(&model, 699000, 0, 0);
    assert_stalled(&model, 700000, 1, 0);
    model_release(&model);
}

TEST(a_call_stalls_five_minutes_after_its_sub_agent_began_to_rest)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_tool(&model, "a", "Bash", NULL, 10, 500000, NULL);
    assert_stalled(&model, 799000, 0, 0);
    assert_stalled(&model, 800000, 1, 0);
    waits_tool(&model, "a", "Bash", NULL, 700000, UNKNOWN, NULL);
    assert_stalled(&model, 1299000, 0, 0);
    model_release(&model);
}

TEST(tokens_that_come_keep_a_request_from_stalling)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct start_llm_request_op op = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = UNKNOWN};
    struct op_context context = model_at(&model, 0, NULL);
    assert_int_equal(tracer_start_llm_request(model.tracer, &context, &op), TRACER_OK);
    context = model_at(&model, 290000, NULL);
    tracer_first_token(model.tracer, &context, model_text("r"));
    assert_stalled(&model, 589000, 0, 0);
    context = model_at(&model, 580000, NULL);
    tracer_progress(model.tracer, &context, model_text("r"), 12);
    assert_stalled(&model, 879000, 0, 0);
    assert_stalled(&model, 880000, 1, 0);
    model_release(&model);
}

TEST(who_waits_for_a_person_or_a_sub_agent_has_not_stalled)
{
    struct model model;
    waits_init(&model);
    waits_agent(&model, "a", NULL, "coder");
    waits_tool(&model, NULL, "Agent", NULL, 0, UNKNOWN, "a");
    waits_person(&model, "a", 10, UNKNOWN);
    assert_stalled(&model, 1e7, 0, 0);
    waits_tool(&model, "a", "Bash", NULL, 5, UNKNOWN, NULL);
    assert_stalled(&model, 1e6, 0, 0);
    waits_tool(&model, NULL, "Bash", NULL, 5, UNKNOWN, NULL);
    assert_stalled(&model, 1e6, 1, 0);
    model_release(&model);
}

TEST(nothing_of_an_agent_that_died_has_stalled)
{
    struct model model;
    waits_init(&model);
    waits_tool(&model, NULL, "Bash", NULL, 0, UNKNOWN, NULL);
    assert_stalled(&model, 1e6, 1, 0);
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_OUTCOME, OUTCOME_GONE);
    update_number(&session, FIELD_END_MS, at_ms(1e6));
    model_update(&model, &session);
    assert_stalled(&model, 2e6, 0, 0);
    model_release(&model);
}

TEST(a_tool_in_the_background_has_not_stalled)
{
    struct model model;
    waits_init(&model);
    waits_request(&model, NULL, 0, 900);
    waits_tool(&model, NULL, "Bash", NULL, 1000, UNKNOWN, NULL);
    assert_stalled(&model, 1e6, 1, 0);
    waits_request(&model, NULL, 2000, 3000);
    assert_stalled(&model, 1e6, 0, 0);
    waits_tool(&model, NULL, "Bash", NULL, 4000, UNKNOWN, NULL);
    assert_stalled(&model, 1e6, 1, 0);
    model_release(&model);
}

/* ---- loops ---- */

static void end_session(struct model *model, double at)
{
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_END_MS, at_ms(at));
    model_update(model, &session);
}

/* A change of a file whose text is left out of its args; hash NAN: no source has it. */
static void fail_edit(struct model *model, double at, double end, double hash)
{
    static unsigned last;
    char id[24];
    snprintf(id, sizeof id, "edit %u", ++last);
    struct update update = tool_update(id, at, end, "Edit", "{\"file_path\":\"/a.c\"}");
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_INPUT_HASH, hash);
    model_update(model, &update);
}

/* A letter is a call of the main agent: f fails, F fails with other arguments, g is another tool that fails with the
   same ones, n fails without arguments, o succeeds, r is refused, i interrupted, p fails beside the one before, q is a
   request, t a turn that begins, e fails with an argument more, s fails with arguments that identify it to nobody,
   w changes a file without success, W and V do with what is left out of their input,
   E the session's end. Each call takes 1 ms longer than the one before. */
static void play(struct model *model, const char *calls)
{
    const char *same = "{\"command\":\"make\"}", *other = "{\"command\":\"make all\"}";
    const char *more = "{\"command\":\"make\",\"old_string\":\"x\"}";
    const char *sql = "{\"sql\":\"select 1\"}";
    double at = 0, ms = 30;
    for (; *calls != '\0'; calls++, at += 100, ms++) {
        double end = at + ms;
        switch (*calls) {
        case 'f': waits_failure(model, NULL, "Bash", same, at, end, OUTCOME_NONE); break;
        case 'F': waits_failure(model, NULL, "Bash", other, at, end, OUTCOME_NONE); break;
        case 'e': waits_failure(model, NULL, "Bash", more, at, end, OUTCOME_NONE); break;
        case 'g': waits_failure(model, NULL, "Grep", same, at, end, OUTCOME_NONE); break;
        case 's': waits_failure(model, NULL, "Bash", sql, at, end, OUTCOME_NONE); break;
        case 'n': waits_failure(model, NULL, "Bash", NULL, at, end, OUTCOME_NONE); break;
        case 'o': waits_tool(model, NULL, "Bash", same, at, end, NULL); break;
        case 'r': waits_failure(model, NULL, "Bash", same, at, end, OUTCOME_REFUSED); break;
        case 'i': waits_failure(model, NULL, "Bash", same, at, end, OUTCOME_INTERRUPTED); break;
        case 'p': waits_failure(model, NULL, "Bash", same, at - 80, at - 10, OUTCOME_NONE); break;
        case 'q': waits_request(model, NULL, at, end); break;
        case 'w': fail_edit(model, at, end, UNKNOWN); break;
        case 'W': fail_edit(model, at, end, 7); break;
        case 'V': fail_edit(model, at, end, 8); break;
        case 'E': end_session(model, at); break;
        default: {
            struct update turn =
                call_update(CALL_INTERACTION, PRECEDENCE_FILES, "turn", at, UNKNOWN);
            model_update(model, &turn);
            break;
        }
        }
    }
}

TEST(a_loop_is_the_same_call_that_fails_three_times_in_a_row)
{
    const struct {
        const char *calls;
        uint64_t loops;
    } rows[] = {
        {"fff", 1},   {"ff", 0},   {"qfqfqf", 1}, {"ofqfqfqfq", 1}, {"fffo", 0},   {"ffof", 0},
        {"ffoff", 0}, {"ffF", 0},  {"FFF", 1},    {"ffg", 0},       {"nnn", 0},    {"ffr", 0},
        {"rrr", 0},   {"iii", 0},  {"ffi", 0},    {"ffrf", 0},      {"fpp", 0},    {"ffp", 0},
        {"tfff", 1},  {"fftf", 0}, {"ffft", 0},   {"ooooofff", 1},  {"ffffff", 1}, {"ffe", 0},
        {"eee", 1},   {"sss", 1},  {"ssf", 0},    {"fffE", 0},      {"fffqE", 0},  {"WWW", 1},
        {"WWV", 0},   {"WVW", 0},  {"www", 0},    {"WWw", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        waits_init(&model);
        waits_request(&model, NULL, -100, -50);
        play(&model, rows[i].calls);
        struct swarm_metrics metrics;
        struct stalled stalled;
        int64_t now = waits_now(&model, 5000);
        assert_true(metrics_compute_totals(model.swarm, now, &metrics));
        assert_true(stalled_make(model.swarm, &metrics, now, &mem_libc, &stalled));
        if (stalled.loops != rows[i].loops) {
            fail_msg("%s: %u loops", rows[i].calls, (unsigned)stalled.loops);
        }
        stalled_release(&stalled);
        metrics_release(&metrics);
        model_release(&model);
    }
}

TEST(loops_that_are_kept_follow_the_calls)
{
    static const char *const calls[] = {"fff", "qfqfqfo"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct model model;
        struct loops_kept kept = {.swarm = NULL};
        struct stalled stalled;
        waits_init(&model);
        waits_request(&model, NULL, -100, -50);
        assert_true(stalled_make_kept(model.swarm, NULL, NULL, waits_now(&model, 0), &kept,
                                      &mem_libc, &stalled));
        assert_int_equal(stalled.loops, 0);
        stalled_release(&stalled);
        play(&model, calls[i]);
        assert_true(stalled_make_kept(model.swarm, NULL, NULL, waits_now(&model, 5000), &kept,
                                      &mem_libc, &stalled));
        assert_int_equal(stalled.loops, i == 0);
        stalled_release(&stalled);
        loops_kept_release(&kept);
        model_release(&model);
    }
}

TEST(without_memory_nothing_is_found)
{
    struct model model;
    waits_init(&model);
    play(&model, "fff");
    waits_now(&model, 0);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct stalled stalled;
        lack.done = stalled_make(model.swarm, NULL, MODEL_START_NS, &lack.mem, &stalled);
        assert_int_equal(stalled_of(&stalled, 0).loop != NO_SPAN, lack.done);
        stalled_release(&stalled);
    }
    model_release(&model);
}
