/* Tests time and columns, labels, and numbers for people. */
#include "tui/screen/number.h"
#include "tui/views/axis.h"

#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define S  INT64_C(1000000000)
#define T0 (INT64_C(1760711400) * S) /* 2025-10-17 14:30:00 UTC */

TEST(a_column_holds_its_time)
{
    for (unsigned zoom = AXIS_ZOOM_MIN; zoom <= AXIS_ZOOM_MAX; zoom++) {
        struct axis axis = axis_ending(T0, zoom, 80);
        assert_int_equal(axis.t0_ns % axis_col_ns(&axis), 0);
        assert_int_equal(axis_col(&axis, T0), 79);
        for (int col = 0; col < 80; col++) {
            assert_int_equal(axis_col(&axis, axis_time(&axis, col)), col);
            assert_int_equal(axis_col(&axis, axis_time(&axis, col + 1) - 1), col);
        }
        assert_int_equal(axis_col(&axis, axis.t0_ns - 1), -1);
        assert_int_equal(axis_col(&axis, INT64_MAX), 80);
        assert_int_equal(axis_col(&axis, INT64_MIN), -1);
    }
}

TEST(a_live_axis_moves_by_whole_columns)
{
    struct axis before = axis_ending(T0, 27, 80);
    for (int64_t t = T0; t < T0 + 3 * S; t += S / 50) {
        struct axis now = axis_ending(t, 27, 80);
        int64_t moved = now.t0_ns - before.t0_ns;
        assert_true(moved == 0 || moved == axis_col_ns(&now));
        before = now;
    }
}

TEST(all_fits_at_the_smallest_zoom)
{
    for (int64_t length = 1; length < INT64_C(1) << 50; length = length * 3 + 7) {
        struct axis axis = axis_fitting(T0, T0 + length, AXIS_ZOOM_MAX, 80);
        assert_int_equal(axis_col(&axis, T0), 0);
        assert_true(axis_col(&axis, T0 + length) < 80 || axis.zoom == AXIS_ZOOM_MAX);
        if (axis.zoom > AXIS_ZOOM_MIN) {
            struct axis closer = {axis_floor(T0, axis.zoom - 1), axis.zoom - 1, 80};
            assert_int_equal(axis_col(&closer, T0 + length), 80);
        }
    }
    struct axis end = axis_fitting(T0, T0 + 1000 * S, 30, 80);
    assert_int_equal(end.zoom, 30);
    assert_int_equal(axis_col(&end, T0 + 1000 * S), 79);
    axis_fitting(INT64_MIN, INT64_MAX, AXIS_ZOOM_MAX, 80);
}

TEST(labels_are_round_and_never_touch)
{
    const struct axis_clock clocks[] = {{.wall = true, .origin_ns = T0},
                                        {.wall = false, .origin_ns = T0}};
    for (unsigned zoom = AXIS_ZOOM_MIN; zoom <= AXIS_ZOOM_MAX; zoom++) {
        for (int cols = 1; cols < 200; cols += 13) {
            for (int i = 0; i < 2; i++) {
                struct axis axis = axis_ending(T0 + 3 * S, zoom, cols);
                struct axis_label labels[64];
                size_t count = axis_labels(&axis, &clocks[i], 2, labels, 64);
                int free = 0;
                for (size_t j = 0; j < count; j++) {
                    assert_true(labels[j].col >= free);
                    free = labels[j].col + (int)strlen(labels[j].text) + 1;
                    assert_true(free - 1 <= cols);
                    assert_int_equal(axis_col(&axis, labels[j].t_ns), labels[j].col);
                }
                assert_true(cols < 60 || count > 0);
            }
        }
    }
}

static void check_first_label(unsigned zoom, bool wall, const char *want)
{
    struct axis axis = {axis_floor(T0 + 1, zoom), zoom, 100};
    struct axis_clock clock = {.wall = wall, .origin_ns = T0 - 12500000000};
    struct axis_label labels[8];
    assert_true(axis_labels(&axis, &clock, 2, labels, 8) > 0);
    assert_string_equal(labels[0].text, want);
}

TEST(labels_say_what_the_zoom_needs)
{
    check_first_label(30, true, "14:30:00");
    check_first_label(33, true, "14:30");
    check_first_label(40, true, "10-17 18:00");
    check_first_label(44, true, "2025-10-23");
    check_first_label(23, true, "14:30:00.0");
    check_first_label(20, true, "14:30:00.00");
    check_first_label(13, true, "14:30:00.0000");
    check_first_label(30, false, "0:20");
    /* Times less than a second from the origin. */
    struct axis axis = {0, 20, 100};
    struct axis_label labels[16];
    assert_true(axis_labels(&axis, &(struct axis_clock){.wall = false}, 2, labels, 16) > 2);
    assert_string_equal(labels[1].text, "10ms");
    axis.zoom = 10;
    assert_true(axis_labels(&axis, &(struct axis_clock){.wall = false}, 2, labels, 16) > 2);
    assert_string_equal(labels[1].text, "10us");
}

/* Only a trace shorter than a second counts from its start. */
TEST(brief_traces_are_labelled_from_their_start)
{
    struct axis axis = {axis_floor(T0, 20), 20, 100};
    struct axis_clock clock = {.wall = true, .origin_ns = T0, .brief = true};
    struct axis_label labels[16];
    assert_true(axis_labels(&axis, &clock, 2, labels, 16) > 2);
    assert_string_equal(labels[1].text, "10ms");
}

TEST(labels_are_round_in_the_local_zone)
{
    struct axis axis = {axis_floor(T0, 38), 38, 100}; /* 275 s a column: labels by the hour */
    struct axis_label labels[16];
    setenv("TZ", "XXX-05:45", 1);
    tzset();
    assert_true(
        axis_labels(&axis, &(struct axis_clock){.wall = true, .origin_ns = T0}, 2, labels, 16) > 0);
    assert_string_equal(labels[0].text, "21:00");
    char moment[AXIS_LABEL_BYTES];
    axis_moment(&(struct axis_clock){.wall = true, .origin_ns = T0}, T0 + 26412000000, false,
                moment);
    assert_string_equal(moment, "20:15:26.412");
    setenv("TZ", "UTC", 1);
    tzset();
    axis_moment(&(struct axis_clock){.wall = true, .origin_ns = T0}, T0 + 26412000000, true,
                moment);
    assert_string_equal(moment, "2025-10-17 14:30:26.412");
    axis_moment(&(struct axis_clock){.wall = false, .origin_ns = T0}, T0 + 3726412000000, false,
                moment);
    assert_string_equal(moment, "1:02:06.412");
    static const struct {
        int64_t fine_ns, at_ns;
        const char *text;
    } fine[] = {{570, 50, "50ns"},
                {57000, 12345, "12.345us"},
                {570000000, 12345678, "12.345678ms"},
                {9000000000, 1012345678, "0:01.012345"},
                {900000000000, 1012345678, "0:01.012"}};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        const struct axis_clock clock = {.origin_ns = T0, .fine_ns = fine[i].fine_ns};
        axis_moment(&clock, T0 + fine[i].at_ns, false, moment);
        assert_string_equal(moment, fine[i].text);
    }
}

TEST(numbers_are_short)
{
    static const struct {
        double ms;
        const char *want;
    } times[] = {{0.083, "83us"},   {0, "0s"},          {1.25, "1.2ms"},     {742.4, "742ms"},
                 {999.4, "999ms"},  {999.6, "1.0s"},    {1940, "1.9s"},      {41000, "41.0s"},
                 {192000, "3m12s"}, {7500000, "2h05m"}, {356400000, "4d03h"}};
    static const struct {
        int64_t ns;
        const char *age, *rest;
    } ages[] = {{-5, "0.0s", "0s"},           {41 * S + 90000000, "41.0s", "41s"},
                {60 * S - 1, "59.9s", "59s"}, {60 * S, "1m", "1m"},
                {3599 * S, "59m", "59m"},     {3600 * S, "1h", "1h"},
                {7190 * S, "1h59m", "1h59m"}, {7200 * S, "2h", "2h"},
                {36060 * S, "10h", "10h"},    {172800 * S, "2d", "2d"}};
    char text[NUMBER_BYTES];
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        number_ms(times[i].ms, true, text);
        assert_string_equal(text, times[i].want);
    }
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        number_age(ages[i].ns, text);
        assert_string_equal(text, ages[i].age);
        number_rest(ages[i].ns, text);
        assert_string_equal(text, ages[i].rest);
    }
    number_count(UINT64_MAX, text);
    assert_string_equal(text, "18,446,744,073,709,551,615");
    number_count(12431, text);
    assert_string_equal(text, "12,431");
    number_short(4.94, text);
    assert_string_equal(text, "4.9");
    number_short(1204, text);
    assert_string_equal(text, "1,204");
    number_ms(NAN, true, text);
    number_ms(1e300, true, text);
    number_short(1e300, text);
}
