/* Cursor and scroll of every list. */
#include "tui/views/list.h"

#include "tests/support/support.h"

TEST(a_list_scrolls_no_farther_than_its_cursor_needs)
{
    static const struct {
        size_t scroll, cursor, count, space, want;
    } rows[] = {
        {0, 0, 100, 10, 0},    {0, 9, 100, 10, 0},  {0, 10, 100, 10, 1}, {0, 11, 100, 10, 2},
        {5, 4, 100, 10, 4},    {5, 14, 100, 10, 5}, {5, 15, 100, 10, 6}, {95, 99, 100, 10, 90},
        {50, 99, 100, 10, 90}, {3, 2, 5, 10, 0},    {7, 0, 0, 10, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t got = list_scroll(rows[i].scroll, rows[i].cursor, rows[i].count, rows[i].space);
        if (got != rows[i].want) {
            fail_msg("row %zu: %zu", i, got);
        }
    }
}

TEST(a_page_keeps_a_row_of_the_one_before)
{
    static const struct {
        enum action action;
        size_t cursor;
        int space;
        size_t want;
    } rows[] = {
        {ACTION_PAGE_DOWN, 0, 10, 9},  {ACTION_PAGE_DOWN, 95, 10, 99}, {ACTION_PAGE_UP, 50, 10, 41},
        {ACTION_PAGE_UP, 3, 10, 0},    {ACTION_PAGE_DOWN, 5, 1, 6},    {ACTION_PAGE_DOWN, 5, 0, 6},
        {ACTION_ROW_DOWN, 98, 10, 99}, {ACTION_ROW_DOWN, 99, 10, 99},  {ACTION_ROW_UP, 0, 10, 0},
        {ACTION_TOP, 50, 10, 0},       {ACTION_BOTTOM, 50, 10, 99},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t got = 1000;
        assert_true(list_move(rows[i].action, rows[i].cursor, 100, rows[i].space, &got));
        if (got != rows[i].want) {
            fail_msg("row %zu: %zu", i, got);
        }
    }
    size_t none;
    assert_false(list_move(ACTION_QUIT, 0, 100, 10, &none));
}
