/* When the next frame may go out, by what the terminal answers. */
#include "tests/support/support.h"
#include "tui/screen/pace.h"

#define SECOND 1000000000LL

TEST(small_changes_ask_nothing)
{
    struct pace pace = {0};
    for (int i = 0; i < 20; i++) {
        assert_false(pace_sent(&pace, PACE_ASK_BYTES / 20 - 1, i * SECOND));
        assert_int_equal(pace_free_ns(&pace, i * SECOND), i * SECOND);
    }
    assert_true(pace_sent(&pace, PACE_ASK_BYTES, 21 * SECOND));
}

TEST(a_terminal_that_answers_late_gets_no_more_than_the_window)
{
    struct pace pace = {0};
    size_t behind = 0;
    int64_t now = 5 * SECOND;
    assert_true(pace_sent(&pace, 50000, now)); /* the first frame */
    while (pace_free_ns(&pace, now) == now) {
        assert_false(pace_sent(&pace, 1000, now));
        behind += 1000;
        now += SECOND / 100;
    }
    assert_in_range(behind, PACE_WINDOW_BYTES, PACE_WINDOW_BYTES + 1000);
    assert_true(pace_free_ns(&pace, now) > now);
    pace_answered(&pace);
    assert_int_equal(pace_free_ns(&pace, now), now);
    /* What went out meanwhile is asked about with the next frame. */
    assert_true(pace_sent(&pace, 1, now));
}

TEST(one_that_never_answers_is_not_asked_again)
{
    struct pace pace = {0};
    assert_true(pace_sent(&pace, PACE_ASK_BYTES, 0));
    pace_sent(&pace, PACE_WINDOW_BYTES, 0);
    assert_int_equal(pace_free_ns(&pace, 1), PACE_DEAF_NS);
    assert_int_equal(pace_free_ns(&pace, PACE_DEAF_NS), PACE_DEAF_NS);
    for (int i = 0; i < 100; i++) {
        assert_false(pace_sent(&pace, PACE_WINDOW_BYTES, PACE_DEAF_NS + i));
        assert_int_equal(pace_free_ns(&pace, PACE_DEAF_NS + i), PACE_DEAF_NS + i);
    }
    /* It was only slow. */
    pace_answered(&pace);
    assert_true(pace_sent(&pace, PACE_ASK_BYTES, 9 * SECOND));
}

TEST(a_clock_that_is_set_back_stops_nothing)
{
    struct pace pace = {0};
    assert_true(pace_sent(&pace, PACE_ASK_BYTES, 100 * SECOND));
    pace_sent(&pace, PACE_WINDOW_BYTES, 100 * SECOND);
    assert_int_equal(pace_free_ns(&pace, 2 * SECOND), 2 * SECOND);
}
