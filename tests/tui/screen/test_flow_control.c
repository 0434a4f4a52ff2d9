/* Tests when the next frame may be sent, depending on the terminal's replies. */
#include "tests/support/support.h"
#include "tui/screen/flow_control.h"

#define SECOND 1000000000LL

TEST(small_changes_ask_nothing)
{
    struct flow_control flow = {0};
    for (int i = 0; i < 20; i++) {
        assert_false(flow_control_sent(&flow, FLOW_CONTROL_ASK_BYTES / 20 - 1, i * SECOND));
        assert_int_equal(flow_control_free_ns(&flow, i * SECOND), i * SECOND);
    }
    assert_true(flow_control_sent(&flow, FLOW_CONTROL_ASK_BYTES, 21 * SECOND));
}

TEST(a_terminal_that_answers_late_gets_no_more_than_the_window)
{
    struct flow_control flow = {0};
    size_t behind = 0;
    int64_t now = 5 * SECOND;
    assert_true(flow_control_sent(&flow, 50000, now)); /* the first frame */
    while (flow_control_free_ns(&flow, now) == now) {
        assert_false(flow_control_sent(&flow, 1000, now));
        behind += 1000;
        now += SECOND / 100;
    }
    assert_in_range(behind, FLOW_CONTROL_WINDOW_BYTES, FLOW_CONTROL_WINDOW_BYTES + 1000);
    assert_true(flow_control_free_ns(&flow, now) > now);
    flow_control_answered(&flow);
    assert_int_equal(flow_control_free_ns(&flow, now), now);
    /* Bytes sent meanwhile count for the next request. */
    assert_true(flow_control_sent(&flow, 1, now));
}

TEST(one_that_never_answers_is_not_asked_again)
{
    struct flow_control flow = {0};
    assert_true(flow_control_sent(&flow, FLOW_CONTROL_ASK_BYTES, 0));
    flow_control_sent(&flow, FLOW_CONTROL_WINDOW_BYTES, 0);
    assert_int_equal(flow_control_free_ns(&flow, 1), FLOW_CONTROL_NO_REPLY_NS);
    assert_int_equal(flow_control_free_ns(&flow, FLOW_CONTROL_NO_REPLY_NS),
                     FLOW_CONTROL_NO_REPLY_NS);
    for (int i = 0; i < 100; i++) {
        assert_false(
            flow_control_sent(&flow, FLOW_CONTROL_WINDOW_BYTES, FLOW_CONTROL_NO_REPLY_NS + i));
        assert_int_equal(flow_control_free_ns(&flow, FLOW_CONTROL_NO_REPLY_NS + i),
                         FLOW_CONTROL_NO_REPLY_NS + i);
    }
    /* The terminal was only slow. */
    flow_control_answered(&flow);
    assert_true(flow_control_sent(&flow, FLOW_CONTROL_ASK_BYTES, 9 * SECOND));
}

TEST(a_clock_that_is_set_back_stops_nothing)
{
    struct flow_control flow = {0};
    assert_true(flow_control_sent(&flow, FLOW_CONTROL_ASK_BYTES, 100 * SECOND));
    flow_control_sent(&flow, FLOW_CONTROL_WINDOW_BYTES, 100 * SECOND);
    assert_int_equal(flow_control_free_ns(&flow, 2 * SECOND), 2 * SECOND);
}
