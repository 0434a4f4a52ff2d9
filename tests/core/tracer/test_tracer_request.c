/* core/tracer: a request that was reported while it ran keeps its attempts and phases at its end. */
#include "core/model/request_sample.h"
#include "core/tracer/tracer.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>

#define NONE ((double)NAN)

struct attempt {
    double at_ms, retry_in_ms; /* at_ms 0: no more */
};

struct row {
    struct attempt attempts[3];
    double first_token_ms; /* 0: none was reported */
    double end_ms;
    double ttft_ms, ttlt_ms, setup_ms; /* as the end states them */
    double stated_ms[2];               /* attempts; the first is the start. 0: none stated */
    double retry, setup, first_token, sampling, rest;
    uint64_t retries;
};

static const struct row rows[] = {
    /* A back-off that was announced belongs to the attempt that failed. */
    {{{1000, 3000}}, 4200, 7200, NONE, NONE, NONE, {0}, 4000, 0, 200, 0, 3000, 1},
    {{{1000, 3000}}, 4200, 7200, NONE, NONE, NONE, {0, 4000}, 4000, 0, 200, 0, 3000, 1},
    {{{1000, 3000}}, 4200, 7200, NONE, 7200, NONE, {0}, 4000, 0, 200, 3000, 0, 1},
    /* Where the end states the set-up, an attempt is at the time of its report. */
    {{{1000, 3000}}, 4200, 7200, 200, 7200, 4000, {0}, 1000, 3000, 200, 3000, 0, 1},
    {{{1000, 3000}}, 0, 4000, NONE, NONE, 1500, {0}, 1000, 500, 0, 0, 2500, 1},
    /* Without an announcement an attempt begins when it is reported. */
    {{{1000, NONE}, {6000, NONE}}, 0, 8000, 500, 8000, NONE, {0}, 6000, 0, 500, 1500, 0, 2},
    /* A report before the announced time shows that the attempt began sooner. */
    {{{1000, 9000}, {2000, 9000}}, 3000, 4000, NONE, NONE, NONE, {0}, 3000, 0, 0, 0, 1000, 2},
    {{{1000, 9000}}, 0, 4000, NONE, NONE, NONE, {0}, 4000, 0, 0, 0, 0, 1},
    /* Nothing is sampling that no time to the last token shows. */
    {{{0, 0}}, 4200, 7200, NONE, NONE, NONE, {0}, 0, 0, 4200, 0, 3000, 0},
    /* After its last token a request is of unknown phase. */
    {{{0, 0}}, 0, 16000, 500, 9000, NONE, {0}, 0, 0, 500, 8500, 7000, 0},
    {{{0, 0}}, 0, 16000, 500, NONE, NONE, {0}, 0, 0, 500, 0, 15500, 0},
    /* An attempt that lasts beyond the set-up counts once. */
    {{{0, 0}}, 0, 11700, 5500, 11700, 200, {0, 4600}, 4600, 0, 1100, 6000, 0, 1},
    /* The seed writes no phase of attempts that came without a set-up. */
    {{{0, 0}}, 0, 7200, 200, 7200, NONE, {0, 4000}, 0, 0, 200, 7000, 0, 0},
};

static void report_progress(struct model *model, const struct row *row)
{
    for (int i = 0; i < 3 && row->attempts[i].at_ms > 0; i++) {
        struct op_context at = model_at(model, row->attempts[i].at_ms, NULL);
        assert_int_equal(tracer_attempt(model->tracer, &at, model_text("r"), i + 2,
                                        model_text("529"), row->attempts[i].retry_in_ms),
                         TRACER_OK);
    }
    if (row->first_token_ms > 0) {
        struct op_context at = model_at(model, row->first_token_ms, NULL);
        assert_int_equal(tracer_first_token(model->tracer, &at, model_text("r")), TRACER_OK);
    }
}

static void run_request(struct model *model, const struct row *row)
{
    const double stated[] = {MODEL_START_MS, MODEL_START_MS + row->stated_ms[1]};
    struct start_llm_request_op start = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = NONE};
    struct end_llm_request_op end = {.span_id = model_text("r"),
                                     .ttft_ms = row->ttft_ms,
                                     .ttlt_ms = row->ttlt_ms,
                                     .prompt_tokens = NONE,
                                     .output_tokens = NONE,
                                     .cache_read_tokens = NONE,
                                     .cache_creation_tokens = NONE,
                                     .request_setup_ms = row->setup_ms,
                                     .attempt_start_times = row->stated_ms[1] > 0 ? stated : NULL,
                                     .attempt_count = row->stated_ms[1] > 0 ? 2 : 0};
    assert_true(model_init(model, &mem_libc));
    model_hello(model, "s", NULL);
    struct op_context at = model_at(model, 0, NULL);
    assert_int_equal(tracer_start_llm_request(model->tracer, &at, &start), TRACER_OK);
    report_progress(model, row);
    at = model_at(model, row->end_ms, NULL);
    assert_int_equal(tracer_end_llm_request(model->tracer, &at, &end), TRACER_OK);
}

static void assert_phase(const struct request_sample *sample, enum span_kind kind, double ms,
                         size_t row)
{
    if (fabs(sample->phase_ms[kind] - ms) > 0.01) {
        fail_msg("row %zu: %s took %g ms, not %g", row, span_kind_word(kind),
                 sample->phase_ms[kind], ms);
    }
}

TEST(a_request_keeps_the_attempts_and_phases_that_it_had_while_it_ran)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        struct request_sample sample;
        struct end_facts facts;
        run_request(&model, &rows[i]);
        const struct span *span = swarm_span(model.swarm, model_span(&model, "API Call", 0));
        span_end_facts(model.swarm, span, &facts);
        request_sample_make(model.swarm, span, &facts, &sample);
        assert_phase(&sample, SPAN_RETRY, rows[i].retry, i);
        assert_phase(&sample, SPAN_SETUP, rows[i].setup, i);
        assert_phase(&sample, SPAN_FIRST_TOKEN, rows[i].first_token, i);
        assert_phase(&sample, SPAN_SAMPLING, rows[i].sampling, i);
        assert_phase(&sample, SPAN_REQUEST, rows[i].rest, i);
        assert_int_equal(sample.retries, rows[i].retries);
        model_release(&model);
    }
}
