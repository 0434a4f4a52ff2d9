/* The critical path over the timeline: the key, the turn that it chooses, a turn that runs. */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define CALL(kind, id, from, more)                                                               \
    "{'op':'update_call','session_id':'s','kind':'" kind "','id':'" id "','start_ms':" from more \
    "}\n"
#define SESSION "{'op':'update_session','session_id':'s','name':'api','start_ms':0}\n"

/* A turn of 10 s that has ended, and one that runs a tool since its 2nd second. */
static const char *const feed[] = {
    SESSION,
    CALL("interaction", "i1", "0", ",'end_ms':10000"),
    CALL("request", "r1", "1000", ",'end_ms':4000"),
    CALL("tool", "t1", "4000", ",'end_ms':7000,'name':'Bash'"),
    CALL("request", "r2", "8000", ",'end_ms':10000"),
    CALL("interaction", "i2", "20000", ""),
    CALL("request", "r3", "20000", ",'end_ms':22000"),
    CALL("tool", "t2", "22000", ",'name':'Grep'"),
};

static void start(struct picture *picture)
{
    picture_init(picture, 120, 30);
    picture_at(picture, 22000);
    for (size_t i = 0; i < sizeof feed / sizeof *feed; i++) {
        picture_feed(picture, feed[i]);
    }
    picture_at(picture, 30000);
}

TEST(a_key_shows_the_path_of_the_turn_that_runs_and_ends_it)
{
    struct picture picture;
    start(&picture);
    picture_lacks(&picture, "WHY");
    picture_press(&picture, "t");
    picture_has(&picture, "WHY turn 2 of api, running");
    picture_has(&picture, "10.0s = requests 2.0s  tools 8.0s");
    /* No data has come, but the tool still runs. */
    picture_at(&picture, 35000);
    picture_has(&picture, "15.0s = requests 2.0s  tools 13.0s");
    picture_press(&picture, "t");
    picture_lacks(&picture, "WHY");
    picture_press(&picture, "t Esc");
    picture_lacks(&picture, "WHY");
    picture_release(&picture);
}

TEST(the_path_follows_the_selected_call_to_its_turn)
{
    struct picture picture;
    start(&picture);
    picture_press(&picture, "0 , , , t");
    picture_has(&picture, "WHY turn 1 of api");
    picture_has(&picture, "10.0s = requests 5.0s  tools 3.0s  overhead 2.0s");
    picture_release(&picture);
}

TEST(keys_go_from_turn_to_turn)
{
    struct picture picture;
    start(&picture);
    picture_press(&picture, "t");
    picture_has(&picture, "WHY turn 2 of api");
    picture_press(&picture, ",");
    picture_has(&picture, "WHY turn 1 of api");
    picture_press(&picture, ",");
    picture_has(&picture, "this is the first turn");
    picture_press(&picture, ".");
    picture_has(&picture, "WHY turn 2 of api");
    picture_press(&picture, ".");
    picture_has(&picture, "this is the last turn");
    picture_release(&picture);
}

TEST(a_frozen_display_has_no_later_turn)
{
    struct picture picture;
    start(&picture);
    picture_press(&picture, "t Space");
    picture_feed(&picture, CALL("interaction", "i2", "20000", ",'end_ms':35000"));
    picture_feed(&picture, CALL("interaction", "i3", "36000", ",'end_ms':39000"));
    picture_at(&picture, 40000);
    picture_press(&picture, ".");
    picture_has(&picture, "WHY turn 2 of api");
    picture_has(&picture, "this is the last turn");
    picture_release(&picture);
}

/* The turn's first call that the filter matches is selected. */
TEST(a_turn_selects_what_the_filter_shows)
{
    struct picture picture;
    start(&picture);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    picture_press(&picture, "t");
    assert_true(view_set_filter(&picture.state, "kind:tool", &error));
    picture_press(&picture, ",");
    strbuf_release(&error);
    const struct span *span = swarm_span(picture.input.swarm, picture.state.selected);
    assert_non_null(span);
    assert_int_equal(span->kind, SPAN_TOOL);
    picture_release(&picture);
}

TEST(the_path_follows_the_cursor_to_another_agent)
{
    struct picture picture;
    start(&picture);
    picture_feed(&picture, "{'op':'update_session','session_id':'w','name':'web','start_ms':0}\n");
    picture_feed(&picture, "{'op':'update_call','session_id':'w','kind':'interaction','id':'i',"
                           "'start_ms':21000,'end_ms':25000}\n");
    picture_feed(&picture, "{'op':'update_call','session_id':'w','kind':'request','id':'r',"
                           "'start_ms':21000,'end_ms':24000}\n");
    picture_press(&picture, "t");
    picture_has(&picture, "WHY turn 2 of api");
    picture_press(&picture, "j");
    picture_has(&picture, "WHY turn 1 of web");
    picture_press(&picture, "k");
    picture_has(&picture, "WHY turn 2 of api");
    picture_release(&picture);
}

TEST(new_data_changes_the_path)
{
    struct picture picture;
    start(&picture);
    picture_press(&picture, "t");
    picture_has(&picture, "tools 8.0s");
    picture_feed(&picture, CALL("tool", "t2", "22000", ",'end_ms':24000"));
    picture_has(&picture, " 4.0s = requests 2.0s  tools 2.0s");
    picture_release(&picture);
}

TEST(without_a_turn_there_is_no_path)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_press(&picture, "t");
    picture_lacks(&picture, "WHY");
    picture_feed(&picture, SESSION);
    picture_press(&picture, "t");
    picture_lacks(&picture, "WHY");
    picture_release(&picture);
}

/* Spans that came later, and what became of those of then, are not of a frozen display. */
TEST(a_frozen_display_shows_the_path_of_its_moment)
{
    struct picture picture;
    start(&picture);
    picture_press(&picture, "t");
    picture_has(&picture, "10.0s = requests 2.0s  tools 8.0s");
    picture_press(&picture, "Space");
    picture_feed(&picture, CALL("tool", "t2", "22000", ",'end_ms':31000"));
    picture_feed(&picture, CALL("request", "r4", "31000", ",'end_ms':35000"));
    picture_feed(&picture, CALL("interaction", "i2", "20000", ",'end_ms':35000"));
    picture_feed(&picture, CALL("interaction", "i3", "36000", ""));
    picture_at(&picture, 40000);
    picture_has(&picture, "WHY turn 2 of api, running");
    picture_has(&picture, "10.0s = requests 2.0s  tools 8.0s");
    picture_press(&picture, "t t");
    picture_has(&picture, "10.0s = requests 2.0s  tools 8.0s");
    picture_press(&picture, "Space");
    picture_lacks(&picture, "10.0s = requests 2.0s  tools 8.0s");
    picture_release(&picture);
}

TEST(the_sum_continues_on_the_next_line)
{
    struct picture picture;
    picture_init(&picture, 48, 24);
    picture_at(&picture, 22000);
    for (size_t i = 0; i < sizeof feed / sizeof *feed; i++) {
        picture_feed(&picture, feed[i]);
    }
    picture_at(&picture, 30000);
    picture_press(&picture, "0 t . , , ,");
    picture_has(&picture, "10.0s = requests 5.0s  tools 3.0s");
    picture_has(&picture, "   overhead 2.0s");
    picture_release(&picture);
}

static void start_with_stray(struct picture *picture)
{
    picture_init(picture, 120, 30);
    picture_at(picture, 22000);
    for (size_t i = 0; i + 3 < sizeof feed / sizeof *feed; i++) {
        picture_feed(picture, feed[i]);
    }
    picture_feed(picture, CALL("span", "late", "90000000", ",'name':'stray','end_ms':90000001"));
    picture_at(picture, 90000001);
}

/* A stray event a day later leaves the turn one column, or none. */
TEST(a_turn_far_from_the_window_comes_into_view)
{
    static const char *const windows[] = {"t", "0 t", "f t"};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct picture picture;
        start_with_stray(&picture);
        picture_press(&picture, windows[i]);
        picture_has(&picture, "WHY turn 1 of api");
        picture_has(&picture, "[Bash");
        picture_release(&picture);
    }
}

TEST(on_a_small_screen_rows_stay_beside_the_path)
{
    struct picture picture;
    picture_init(&picture, 40, 10);
    picture_at(&picture, 22000);
    for (size_t i = 0; i < sizeof feed / sizeof *feed; i++) {
        picture_feed(&picture, feed[i]);
    }
    picture_at(&picture, 30000);
    picture_press(&picture, "t");
    picture_has(&picture, "WHY turn 2 of api");
    picture_has(&picture, "10.0s = requests 2.0s");
    picture_has(&picture, "api   ");
    picture_release(&picture);
}
