/* The medians of a run beside those of another one. */
#include "tui/views/baseline.h"

#include "core/query/summary_difference.h"
#include "tests/support/failing_mem.h"
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct baseline_item ttft = {
    .figure = BASELINE_TTFT, .count = 30, .p50 = 400, .p50_low = 370, .p50_high = 460};

/* MOVER: 400 - hypot(100, 60), 400 + hypot(100, 30). */
TEST(a_difference_has_the_interval_of_both_medians)
{
    const struct summary a = {.p50 = 900, .p50_low = 800, .p50_high = 1000};
    const struct summary b = {.p50 = 500, .p50_low = 470, .p50_high = 560};
    const struct summary few = {.p50 = 500, .p50_low = (double)NAN, .p50_high = (double)NAN};
    struct difference difference = summary_difference(&a, &b);
    assert_true(difference.delta == 400);
    assert_true(fabs(difference.low - 283.381) < 0.001);
    assert_true(fabs(difference.high - 504.403) < 0.001);
    difference = summary_difference(&a, &few);
    assert_true(difference.delta == 400 && isnan(difference.low) && isnan(difference.high));
}

/* Seven requests of 900 ms and a tool of 1 s. */
static void feed(struct picture *picture)
{
    picture_feed(picture, "{'op':'hello','t':0,'session_id':'s'}\n");
    for (int i = 0; i < 7; i++) {
        char text[400];
        snprintf(
            text, sizeof text,
            "{'op':'start_llm_request','t':%d,'session_id':'s','span_id':'%d','model':'opus'}\n"
            "{'op':'end_llm_request','t':%d,'session_id':'s','span_id':'%d','ttft_ms':%d,"
            "'ttlt_ms':4000,'output_tokens':155}\n",
            i * 10000 + 1, i, i * 10000 + 4001, i, 897 + i);
        picture_feed(picture, text);
    }
    picture_feed(picture,
                 "{'op':'start_tool','t':80000,'session_id':'s','span_id':'b','tool_name':'Bash'}\n"
                 "{'op':'end_tool','t':81000,'session_id':'s','span_id':'b','success':true}\n");
}

TEST(the_statistics_have_the_medians_of_both_runs)
{
    struct picture picture;
    struct baseline baseline;
    struct baseline_item tool = {.figure = BASELINE_TOOL,
                                 .count = 2,
                                 .p50 = 1500,
                                 .p50_low = (double)NAN,
                                 .p50_high = (double)NAN};
    struct baseline_item model = ttft, otps = ttft;
    picture_init(&picture, 110, 50);
    feed(&picture);
    picture_at(&picture, 90000);
    baseline_init(&baseline, &mem_libc, "old\x1b[31m.json");
    model.of_model = true;
    otps.figure = BASELINE_OTPS;
    assert_true(baseline_add(&baseline, &ttft, "", ""));
    assert_true(baseline_add(&baseline, &otps, "", ""));
    model.p50 = 10;
    assert_true(baseline_add(&baseline, &model, "haiku", ""));
    model.p50 = 400;
    assert_true(baseline_add(&baseline, &model, "opus", "claude")); /* this run has no client */
    assert_true(baseline_add(&baseline, &tool, "Bash", ""));
    assert_true(baseline_add(&baseline, &tool, "Read", ""));
    picture_press(&picture, "4");
    picture_lacks(&picture, "AGAINST");
    picture.input.baseline = &baseline;
    picture_has(&picture, "AGAINST old");
    picture_lacks(&picture, "\x1b");
    picture_has(&picture, "TTFT       900ms (7)  400ms (30)      +500ms  clear  +440ms to +530ms");
    picture_has(&picture, "opus TTFT  900ms (7)  400ms (30)");
    picture_has(&picture, "OTPS          50 (7)    400 (30)        −350  clear");
    picture_has(&picture, "Bash        1.0s (1)    1.5s (2)");
    picture_lacks(&picture, "haiku");
    picture_lacks(&picture, "Read");
    baseline_release(&baseline);
    picture_release(&picture);
}

/* The other run was read with the filter of the command line, which another one may replace. */
TEST(the_heading_marks_a_filter_that_the_other_run_lacks)
{
    struct picture picture;
    struct baseline baseline;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    picture_init(&picture, 110, 50);
    feed(&picture);
    picture_at(&picture, 90000);
    baseline_init(&baseline, &mem_libc, "old.json");
    assert_true(baseline_add(&baseline, &ttft, "", ""));
    picture.input.baseline = &baseline;
    picture_press(&picture, "4");
    picture_lacks(&picture, "OTHER has");
    assert_true(view_set_filter(&picture.state, "kind:request", &error));
    picture_has(&picture, "AGAINST old.json (OTHER has no filter)");
    assert_true(baseline_set_filter(&baseline, "kind:request"));
    picture_has(&picture, "AGAINST old.json");
    picture_lacks(&picture, "OTHER has");
    assert_true(baseline_set_filter(&baseline, "kind:tool"));
    picture_has(&picture, "AGAINST old.json (OTHER has another filter)");
    baseline_release(&baseline);
    strbuf_release(&error);
    picture_release(&picture);
}

TEST(the_baseline_is_bounded_and_memory_may_lack)
{
    struct baseline baseline;
    baseline_init(&baseline, &mem_libc, "x");
    for (int i = 0; i < BASELINE_ITEMS_MAX + 10; i++) {
        assert_true(baseline_add(&baseline, &ttft, "tool", ""));
    }
    assert_int_equal(baseline.count, BASELINE_ITEMS_MAX);
    baseline_release(&baseline);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        baseline_init(&baseline, &lack.mem, "x");
        lack.done = baseline_add(&baseline, &ttft, "a", "b");
        assert_int_equal(baseline.count, lack.done);
        baseline_release(&baseline);
    }
}

/* The name is copied: what it was made of may go. */
TEST(the_name_of_the_other_is_kept)
{
    struct baseline baseline;
    char name[] = "nats://***@h/a";
    baseline_init(&baseline, &mem_libc, name);
    name[0] = 'x';
    assert_true(baseline_set_filter(&baseline, "tool:Bash"));
    assert_string_equal(baseline_label(&baseline), "nats://***@h/a");
    assert_string_equal(baseline_filter(&baseline), "tool:Bash");
    baseline_release(&baseline);
}
