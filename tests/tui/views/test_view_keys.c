/* Tests the effect of keys on the display, and that the display survives changes of the model. */
#include "tests/support/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED                                                                                     \
    "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"                                      \
    "{'op':'register_agent','t':0,'agent_id':'a','agent_name':'first','parent_agent_id':'s'}\n"  \
    "{'op':'register_agent','t':0,'agent_id':'b','agent_name':'second','parent_agent_id':'s'}\n" \
    "{'op':'register_agent','t':0,'agent_id':'c','agent_name':'third','parent_agent_id':'b'}\n"  \
    "{'op':'start_tool','t':1000,'agent_id':'a','span_id':'1','tool_name':'Read'}\n"             \
    "{'op':'end_tool','t':2000,'span_id':'1','success':false}\n"                                 \
    "{'op':'start_tool','t':3000,'agent_id':'c','span_id':'2','tool_name':'Edit'}\n"             \
    "{'op':'end_tool','t':4000,'span_id':'2','success':false}\n"                                 \
    "{'op':'start_tool','t':5000,'agent_id':'a','span_id':'3','tool_name':'Bash'}\n"             \
    "{'op':'end_tool','t':6000,'span_id':'3'}\n"                                                 \
    "{'op':'start_user_input','t':6000,'agent_id':'c','span_id':'4','context':'Bash'}\n"

/* When the picture changes next without new data. */
static int64_t wake_ns(struct picture *picture)
{
    struct frame *frame = view_frame_new(&picture->input, &picture->state, 120, 30);
    assert_non_null(frame);
    int64_t at_ns = view_frame_wake_ns(frame);
    view_frame_free(frame);
    return at_ns;
}

static void open_picture(struct picture *picture, int cols, int rows)
{
    picture_init(picture, cols, rows);
    picture_feed(picture, FEED);
    picture_at(picture, 9000);
    picture_draw(picture);
}

TEST(the_cursor_goes_through_names)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_has(&picture, "›▾ root");
    picture_press(&picture, "j");
    picture_has(&picture, "›├ first");
    assert_int_equal(picture.state.cursor, 1);
    picture_press(&picture, "j j j j");
    assert_int_equal(picture.state.cursor, 3);
    picture_press(&picture, "[");
    assert_int_equal(picture.state.cursor, 2);
    picture_press(&picture, "[ [");
    assert_int_equal(picture.state.cursor, 0);
    picture_press(&picture, "] PgDn PgUp k");
    assert_int_equal(picture.state.cursor, 0);
    picture_release(&picture);
}

TEST(errors_are_found_in_time_and_around)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "e Enter");
    picture_has(&picture, "first · Tool: Read · 1.0 s · failed");
    picture_press(&picture, "e");
    picture_has(&picture, "third · Tool: Edit");
    picture_press(&picture, "e");
    picture_has(&picture, "first · Tool: Read");
    picture_has(&picture, "continued from the first");
    picture_press(&picture, "E");
    picture_has(&picture, "third · Tool: Edit");
    picture_press(&picture, "E");
    picture_has(&picture, "first · Tool: Read");
    picture_release(&picture);
}

TEST(folded_rows_open_for_what_is_found_in_them)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "C");
    picture_has(&picture, "▸ root");
    picture_lacks(&picture, "second");
    picture_press(&picture, "u");
    picture_has(&picture, "second");
    assert_int_equal(picture.state.cursor, 3);
    picture_press(&picture, "C C");
    picture_has(&picture, "└▾second");
    picture_release(&picture);
}

TEST(spans_of_a_row_are_stepped_through)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "j Enter");
    picture_has(&picture, "first · Tool: Bash");
    picture_press(&picture, ",");
    picture_has(&picture, "first · Tool: Read");
    picture_press(&picture, ". .");
    picture_has(&picture, "first · Tool: Bash");
    /* Another row: its nearest span is selected. */
    picture_press(&picture, "j j");
    picture_has(&picture, "third · Waiting for User Input");
    picture_press(&picture, "Esc");
    picture_lacks(&picture, "third ·");
    assert_int_not_equal(picture.state.selected, NO_SPAN);
    picture_press(&picture, "Esc");
    assert_int_equal(picture.state.selected, NO_SPAN);
    picture_release(&picture);
}

TEST(a_span_that_goes_is_unselected)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "j Enter");
    assert_int_not_equal(picture.state.selected, NO_SPAN);
    picture.state.selected = swarm_span_end(picture.rig.model.swarm) + 5;
    picture.state.cursor = 77;
    picture_draw(&picture);
    assert_int_equal(picture.state.selected, NO_SPAN);
    assert_int_equal(picture.state.cursor, 0);
    picture_release(&picture);
}

TEST(agents_that_appear_do_not_move_the_cursor)
{
    struct picture picture;
    char lines[200];
    open_picture(&picture, 120, 14);
    picture_press(&picture, "j j j");
    for (int i = 0; i < 30; i++) {
        snprintf(
            lines, sizeof lines,
            "{'op':'register_agent','session_id':'s','t':7000,'agent_id':'n%d','agent_name':'new%d','parent_agent_id':'a'}\n",
            i, i);
        picture_feed(&picture, lines);
        picture_draw(&picture);
        assert_int_equal(picture.state.cursor, 3);
        picture_has(&picture, "third");
    }
    picture_release(&picture);
}

TEST(a_frozen_picture_stands_still)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "Space");
    assert_true(view_frozen(&picture.state));
    picture_has(&picture, "◌ past 08:53:29 ");
    picture_lacks(&picture, "LIVE");
    int64_t t0 = picture.state.t0_ns;
    picture_at(&picture, 21000);
    picture_feed(
        &picture,
        "{'op':'start_tool','session_id':'s','t':20000,'agent_id':'b','span_id':'9','tool_name':'Late'}\n");
    /* Any key shows how far it lags. */
    assert_int_equal(picture_press(&picture, "F12"), VIEW_REDRAW);
    picture_has(&picture, "◌ past 08:53:29  LIVE -12 s, 1 new");
    assert_int_equal(picture.state.t0_ns, t0);
    picture_lacks(&picture, "Late");
    assert_true(wake_ns(&picture) == INT64_MAX);
    picture_press(&picture, "Space");
    picture_has(&picture, "● LIVE");
    assert_int_equal(picture.state.window, WINDOW_AUTO);
    picture_press(&picture, "Space h h F");
    assert_false(view_frozen(&picture.state));
    assert_int_equal(picture.state.window, WINDOW_AUTO);
    picture_release(&picture);
}

TEST(zoom_and_pan_keep_to_columns)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "w");
    assert_int_equal(picture.state.window, WINDOW_FOLLOW);
    picture_press(&picture, "h");
    assert_int_equal(picture.state.window, WINDOW_FIXED);
    static const char *const keys[] = {"w", "a",       "s",    "d", "S-Left", "+",
                                       "+", "S-Right", "Home", "-", "f",      "l"};
    for (size_t i = 0; i < 60; i++) {
        picture_press(&picture, keys[i % (sizeof keys / sizeof keys[0])]);
        picture_draw(&picture);
        assert_int_equal(picture.state.t0_ns & ((INT64_C(1) << picture.state.zoom) - 1), 0);
    }
    for (int i = 0; i < 100; i++) {
        picture_press(&picture, "w");
    }
    assert_int_equal(picture.state.zoom, AXIS_ZOOM_MIN);
    for (int i = 0; i < 100; i++) {
        picture_press(&picture, "s");
    }
    assert_int_equal(picture.state.zoom, 45);
    picture_press(&picture, "0");
    picture_has(&picture, "[Bash");
    picture_press(&picture, "F");
    picture_has(&picture, "│\n");
    picture_release(&picture);
}

TEST(the_picture_follows_now)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    for (int seconds = 10; seconds < 600; seconds += 7) {
        picture_at(&picture, seconds * 1000.0);
        /* The line at now is in the last column. */
        const char *text = picture_draw(&picture);
        const char *line = strstr(text, "root");
        const char *end = strchr(line, '\n');
        assert_memory_equal(end - 3, "│", 3);
    }
    picture_release(&picture);
}

TEST(it_wakes_when_something_moves)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    int64_t left = wake_ns(&picture) - picture.input.local_ns;
    assert_true(left > 0 && left <= 100000000);
    picture_feed(&picture, "{'op':'end_user_input','session_id':'s','t':9000,'span_id':'4'}\n");
    picture_at(&picture, 200000);
    left = wake_ns(&picture) - picture.input.local_ns;
    assert_true(left > 100000000 && left <= INT64_C(1) << 30);
    /* A followed file: its clock stops. */
    swarm_session_edit(picture.rig.model.swarm, 0)->flags |= SESSION_FINISHED;
    left = wake_ns(&picture) - picture.input.local_ns;
    assert_true(left > INT64_C(1) << 30 && left <= INT64_C(60000000000));
    picture.input.live = false;
    assert_true(wake_ns(&picture) == INT64_MAX);
    picture_release(&picture);
}

TEST(some_keys_are_the_apps)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    assert_int_equal(picture_press(&picture, "q"), VIEW_QUIT);
    assert_int_equal(picture_press(&picture, "C-c"), VIEW_QUIT);
    assert_int_equal(picture_press(&picture, "x"), VIEW_WRITE);
    assert_int_equal(picture_press(&picture, "O"), VIEW_OPEN);
    assert_int_equal(picture_press(&picture, "C-z"), VIEW_SUSPEND);
    assert_int_equal(picture_press(&picture, "C-l"), VIEW_REPAINT);
    assert_int_equal(picture_press(&picture, "F5"), VIEW_IGNORED);
    view_message(&picture.state, true, "disk full: %d", 28);
    picture_has(&picture, "disk full: 28");
    assert_int_equal(picture_press(&picture, "F5"), VIEW_REDRAW);
    picture_lacks(&picture, "disk full");
    picture_release(&picture);
}

TEST(the_pane_of_an_agent_is_that_of_its_process)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_draw(&picture);
    assert_int_equal(picture_press(&picture, "g"), VIEW_REDRAW);
    picture_has(&picture, "no process known for this agent");
    swarm_session_edit(picture.rig.model.swarm, 0)->pid = 4711;
    assert_int_equal(picture_press(&picture, "g"), VIEW_PANE);
    assert_int_equal(picture.state.pane_pid, 4711);
    picture_press(&picture, "j 2");
    assert_int_equal(picture_press(&picture, "g"), VIEW_PANE);
    /* The number of another machine's process is no process here. */
    struct session *session = swarm_session_edit(picture.rig.model.swarm, 0);
    session->texts[SESSION_HOST] = intern_put(swarm_names(picture.rig.model.swarm), "web1", 4);
    assert_int_equal(picture_press(&picture, "g"), VIEW_REDRAW);
    picture_has(&picture, "this agent runs on web1");
    picture_release(&picture);
}

TEST(q_closes_what_lies_over_a_view_before_it_quits)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "?");
    assert_int_equal(picture_press(&picture, "q"), VIEW_REDRAW);
    assert_false(picture.state.help);
    picture_press(&picture, "j . Enter");
    assert_true(picture.state.detail && picture.state.selected != NO_SPAN);
    assert_int_equal(picture_press(&picture, "q"), VIEW_REDRAW);
    assert_false(picture.state.detail);
    picture_press(&picture, "v");
    assert_int_equal(picture_press(&picture, "q"), VIEW_REDRAW);
    assert_int_equal(picture.state.range.mode, RANGE_NONE);
    /* In a prompt it is a letter. */
    picture_press(&picture, "/ q");
    assert_int_equal(picture.state.prompt.kind, PROMPT_SEARCH);
    picture_press(&picture, "Esc");
    assert_int_equal(picture_press(&picture, "q"), VIEW_QUIT);
    /* C-c quits from anywhere. */
    picture_press(&picture, "?");
    assert_int_equal(picture_press(&picture, "C-c"), VIEW_QUIT);
    picture_release(&picture);
}

TEST(help_shows_where_one_is)
{
    struct picture picture;
    open_picture(&picture, 80, 24);
    picture_press(&picture, "?");
    picture_has(&picture, "1-21 of ");
    picture_press(&picture, "j");
    picture_has(&picture, "2-22 of ");
    static const struct {
        const char *key;
        bool end;
    } keys[] = {{"End", true}, {"Home", false}, {"G", true}, {"g", false}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        picture_press(&picture, keys[i].key);
        if (keys[i].end) {
            picture_lacks(&picture, " 1-21 of ");
        } else {
            picture_has(&picture, " 1-21 of ");
        }
        if (keys[i].end) {
            picture_has(&picture, "its process died");
        }
    }
    picture_release(&picture);
}

TEST(help_names_every_key)
{
    struct picture picture;
    const struct action_info *info;
    open_picture(&picture, 120, 160);
    picture_press(&picture, "?");
    picture_has(&picture, "While a range is selected\n   h l            move an edge");
    picture_has(&picture, "C-w C-u C-k    delete a term");
    picture_has(&picture, "wheel          zoom at the pointer");
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        picture_has(&picture, info->keys);
        picture_has(&picture, info->help);
    }
    picture_press(&picture, "q");
    picture_press(&picture, "j j j k Esc");
    picture_has(&picture, "root");
    assert_true(grid_resize(picture.grid, 60, 12));
    picture_press(&picture,
                  "? PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn");
    picture_has(&picture, "its process died");
    picture_release(&picture);
}
