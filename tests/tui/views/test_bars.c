/* The bars of spans: what marks a selected one. */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <stdio.h>

/* Calls of tools and requests by turns, several in each column. */
static void feed_many(struct picture *picture)
{
    char line[200];
    picture_feed(picture, "{'op':'update_session','session_id':'s','name':'api','start_ms':0}\n");
    for (int i = 0; i < 400; i++) {
        snprintf(line, sizeof line,
                 "{'op':'update_call','session_id':'s','kind':'%s','name':'Bash','id':'c%d',"
                 "'start_ms':%d,'end_ms':%d}\n",
                 i % 2 == 0 ? "tool" : "request", i, i * 1000, i * 1000 + 900);
        picture_feed(picture, line);
    }
    picture_at(picture, 400000);
}

TEST(a_column_of_many_spans_is_not_selected_while_nothing_is)
{
    struct picture picture;
    picture_init(&picture, 100, 20);
    feed_many(&picture);
    picture_press(&picture, "0");
    assert_int_equal(picture.state.selected, NO_SPAN);
    picture_has(&picture, "▓▓");
    picture_lacks(&picture, "«");
    picture_lacks(&picture, "»");
    picture_release(&picture);
}
