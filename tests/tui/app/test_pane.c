/* Finds the tmux pane of a process. */
#include "tests/support/support.h"
#include "tui/app/pane.h"

/* 1 ← 10 ← 100 ← 1000; 7 is its own parent, a cycle. */
static int64_t parent_of(void *ctx, int64_t pid)
{
    (void)ctx;
    return pid == 7 ? 7 : pid / 10;
}

TEST(the_nearest_pane_above_is_it)
{
    static const char panes[] = "10 %0\n55 %12\n100 %3\nrubbish\n\n1000x %4\n";
    char pane[PANE_BYTES];
    assert_true(pane_find(panes, 1000, parent_of, NULL, pane));
    assert_string_equal(pane, "%3");
    assert_true(pane_find(panes, 10, parent_of, NULL, pane));
    assert_string_equal(pane, "%0");
    assert_true(pane_find(panes, 551, parent_of, NULL, pane));
    assert_string_equal(pane, "%12");
    assert_true(pane_find("55 %2", 55, parent_of, NULL, pane));
    assert_string_equal(pane, "%2");
}

TEST(a_process_may_be_in_none)
{
    char pane[PANE_BYTES];
    assert_false(pane_find("", 1000, parent_of, NULL, pane));
    assert_false(pane_find("55 %1\n", 1000, parent_of, NULL, pane));
    assert_false(pane_find("0 %1\n1 %2\n", 0, parent_of, NULL, pane));
    assert_false(pane_find("8 %1\n", 7, parent_of, NULL, pane)); /* the cycle is cut */
    assert_false(pane_find("5 1\n5 %12345678901234567890\n", 5, parent_of, NULL, pane));
}
