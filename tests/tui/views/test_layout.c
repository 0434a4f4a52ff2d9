/* Tests the layout: strips inside the screen that never overlap, at every size, and the order in
   which parts disappear. */
#include "tui/views/layout.h"

#include "tests/support/support.h"

static void claim(struct strip strip, char *used, int rows)
{
    assert_true(strip.rows >= 0 && strip.y >= 0 && strip.y + strip.rows <= rows);
    for (int y = strip.y; y < strip.y + strip.rows; y++) {
        assert_int_equal(used[y]++, 0);
    }
}

static void check(const struct layout_want *want, int cols, int rows)
{
    struct layout layout = layout_compute(want, cols, rows);
    char used[400] = {0};
    if (layout.too_small) {
        assert_true(cols < LAYOUT_MIN_COLS || rows < LAYOUT_MIN_ROWS);
        return;
    }
    claim(layout.header, used, rows);
    claim(layout.metrics, used, rows);
    claim(layout.legend, used, rows);
    claim(layout.heads, used, rows);
    claim(layout.body, used, rows);
    claim(layout.inflight, used, rows);
    if (layout.inflight.rows == 0) {
        claim(layout.detail, used, rows);
    } else if (layout.detail.rows > 0) {
        assert_true(layout.detail_x >= layout.inflight_cols && layout.detail_x < cols);
    }
    claim(layout.trouble, used, rows);
    claim(layout.caption, used, rows);
    claim(layout.hint, used, rows);
    assert_true(layout.body.rows > 0 || layout.detail.rows > 0 || want->rows == 0);
    assert_true(layout.body.rows > 0 || !want->marks_rows || want->rows == 0 || rows < 8);
    assert_true(layout.name_x + layout.name_cols <= layout.now_x);
    assert_true(layout.now_x + layout.now_cols < layout.bars_x);
    assert_true(layout.bars_cols >= 1 && layout.bars_x + layout.bars_cols <= cols);
}

TEST(strips_never_overlap)
{
    static const int wants[] = {0, 1, 3, 12, 200};
    for (int cols = 1; cols <= 220; cols++) {
        for (int rows = 1; rows <= 70; rows++) {
            for (int i = 0; i < 5 * 5 * 5 * 8; i++) {
                struct layout_want want = {
                    wants[i % 5],       wants[i / 5 % 5],   wants[i / 25 % 5], (i / 125 % 2) != 0,
                    (i / 250 % 2) != 0, (i / 500 % 2) != 0, i % 3 == 0,        i % 7 == 0};
                check(&want, cols, rows);
            }
        }
    }
}

TEST(panels_fold_away_in_their_order)
{
    struct layout_want want = {.rows = 30, .inflight_lines = 6, .detail_lines = 6, .legend = true};
    struct layout big = layout_compute(&want, 120, 40);
    assert_true(big.inflight.rows > 0 && big.detail.rows > 0 && big.now_age && big.legend.rows > 0);
    /* At 80 columns the detail replaces the panel. */
    struct layout small = layout_compute(&want, 80, 24);
    assert_true(small.inflight.rows == 0 && small.detail.rows > 0 && small.now_age);
    want.detail_lines = 0;
    assert_true(layout_compute(&want, 80, 24).inflight.rows > 0);
    assert_true(layout_compute(&want, 80, 14).inflight.rows == 0);
    assert_false(layout_compute(&want, 70, 24).now_age);
    struct layout tiny = layout_compute(&want, 40, 10);
    assert_true(tiny.one_line && tiny.now_word && !tiny.now_age && tiny.inflight.rows == 0);
    assert_int_equal(tiny.body.rows, 6);
}

TEST(rows_get_what_the_panels_leave)
{
    struct layout_want want = {.rows = 5, .inflight_lines = 30, .legend = true};
    struct layout layout = layout_compute(&want, 120, 40);
    assert_int_equal(layout.body.rows, 5);
    assert_int_equal(layout.inflight.y, layout.body.y + 6);
    want.rows = 100;
    layout = layout_compute(&want, 120, 40);
    assert_true(layout.body.rows >= layout.inflight.rows * 2 - 1);
}
