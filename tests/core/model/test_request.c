/* core/model/request: which phases a request has, and its rates. */
#include "core/model/request.h"

#include "tests/support/support.h"

#include <math.h>

static struct request_shape shape_of(double setup_ms, double ttft_ms, double ttlt_ms)
{
    return (struct request_shape){.start_us = 1000,
                                  .end_us = 1000 + ttlt_ms * 1000,
                                  .setup_ms = setup_ms,
                                  .ttft_ms = ttft_ms,
                                  .ttlt_ms = ttlt_ms,
                                  .prompt_tokens = 1000,
                                  .output_tokens = 60,
                                  .cache_read_tokens = 250};
}

static void assert_phase(const struct request_shape *shape, size_t index, enum span_kind kind,
                         double from_us, double to_us)
{
    struct request_phase phase;
    assert_true(request_shape_phase(shape, index, &phase));
    assert_int_equal(phase.kind, kind);
    assert_true(phase.from_us == from_us);
    assert_true(phase.to_us == to_us);
}

static void assert_no_phase(const struct request_shape *shape, size_t index)
{
    struct request_phase phase;
    assert_false(request_shape_phase(shape, index, &phase));
}

TEST(what_is_unknown_is_no_phase)
{
    struct request_shape none = shape_of((double)NAN, (double)NAN, 100);
    struct request_shape setup = shape_of(20, (double)NAN, 100);
    assert_no_phase(&none, 0);
    assert_phase(&setup, 0, SPAN_SETUP, 1000, 21000);
    assert_no_phase(&setup, 1);
}

TEST(sampling_is_what_is_left)
{
    struct request_shape shape = shape_of(20, 30, 100), all = shape_of(0, 100, 100);
    assert_phase(&shape, 0, SPAN_SETUP, 1000, 21000);
    assert_phase(&shape, 1, SPAN_FIRST_TOKEN, 21000, 51000);
    assert_phase(&shape, 2, SPAN_SAMPLING, 51000, 101000);
    assert_no_phase(&shape, 3);
    assert_phase(&all, 0, SPAN_FIRST_TOKEN, 1000, 101000);
    assert_no_phase(&all, 1);
}

TEST(retries_lie_inside_the_set_up)
{
    const double attempts[] = {500, 510, 520};
    struct request_shape shape = shape_of(20, 30, 100);
    struct request_phase phase;
    char room[PHASE_NAME_MAX];
    shape.attempts = attempts;
    shape.attempt_count = 3;
    assert_phase(&shape, 0, SPAN_SETUP, 1000, 21000);
    assert_phase(&shape, 1, SPAN_RETRY, 1000, 11000);
    assert_phase(&shape, 2, SPAN_RETRY, 11000, 21000);
    assert_phase(&shape, 3, SPAN_FIRST_TOKEN, 21000, 51000);
    assert_true(request_shape_phase(&shape, 2, &phase));
    assert_string_equal(request_phase_name(&phase, room), "Attempt 2 (retry)");
    assert_string_equal(request_phase_cat(phase.kind), "api,retry");
}

TEST(rates_are_rounded_to_hundredths)
{
    struct request_shape shape = shape_of(0, 30, 100);
    request_shape_rates(&shape);
    assert_true(shape.itps == 33333.33);
    assert_true(shape.otps == 857.14);
    assert_true(shape.cache_hit_rate_pct == 25);
    shape.ttft_ms = 0;
    request_shape_rates(&shape);
    assert_true(isnan(shape.itps));
}

TEST(without_sampling_or_a_prompt_there_is_no_rate)
{
    struct request_shape shape = shape_of(0, 100, 100);
    request_shape_rates(&shape);
    assert_true(isnan(shape.otps));
    shape.prompt_tokens = 0;
    request_shape_rates(&shape);
    assert_true(isnan(shape.cache_hit_rate_pct));
}

TEST(a_second_attempt_makes_the_first_a_retry)
{
    const double attempts[] = {500, 510};
    struct request_shape shape = shape_of(10, 30, 100);
    shape.attempts = attempts;
    shape.attempt_count = 2;
    assert_phase(&shape, 0, SPAN_SETUP, 1000, 11000);
    assert_phase(&shape, 1, SPAN_RETRY, 1000, 11000);
    assert_phase(&shape, 2, SPAN_FIRST_TOKEN, 11000, 41000);
}
