/* How many requests a figure covers. */
#include "tui/views/coverage.h"

#include "tests/support/support.h"

TEST(a_figure_names_its_coverage_if_requests_that_succeeded_are_not_in_it)
{
    static const struct {
        uint64_t count, failed, requests;
        const char *text, *brief;
    } rows[] = {
        {2, 0, 19, " (2 of 19)", "2/19"},    {19, 0, 19, "", ""}, {17, 2, 19, "", ""},
        {16, 2, 19, " (16 of 19)", "16/19"}, {0, 0, 19, "", ""},  {19, 2, 19, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct metrics metrics = {.requests = rows[i].requests, .failed = rows[i].failed};
        struct summary summary = {.count = rows[i].count};
        char text[COVERAGE_BYTES];
        coverage_text(&metrics, &summary, text);
        assert_string_equal(text, rows[i].text);
        coverage_short(&metrics, &summary, text);
        assert_string_equal(text, rows[i].brief);
    }
}
