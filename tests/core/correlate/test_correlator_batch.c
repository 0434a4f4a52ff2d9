/* One batch: its calls are shown in the order of their begins, whatever the order of its lines. */
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <stdlib.h>

enum { CALLS = 5, ORDERS = 120 };

/* Takes the calls in the order of that number, in one batch. Returns new: the model as text. */
static char *describe_order(unsigned number)
{
    struct update calls[CALLS] = {
        tool_update("a", 50, 100, "Bash", NULL), tool_update("b", UNKNOWN, 90, "Read", NULL),
        tool_update("c", 30, 80, "Grep", NULL), tool_update("d", UNKNOWN, UNKNOWN, "Edit", NULL),
        tool_update("e", 40, 95, "Glob", NULL)};
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    for (unsigned left = CALLS; left > 0; left--) {
        unsigned at = number % left;
        number /= left;
        model_update(&model, &calls[at]);
        calls[at] = calls[left - 1];
    }
    model_flush(&model);
    char *described = updates_describe(model.swarm, WITH_LANES);
    model_release(&model);
    return described;
}

/* Of two hooks only the end came: nothing is known of when these calls began. */
TEST(lanes_are_those_of_the_begins_where_some_are_unknown)
{
    char *expected = describe_order(0);
    for (unsigned i = 1; i < ORDERS; i++) {
        char *got = describe_order(i), what[40];
        snprintf(what, sizeof what, "order %u", i);
        assert_described(expected, got, what);
        free(got);
    }
    free(expected);
}
