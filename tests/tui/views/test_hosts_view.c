/* The list of hosts: its counts, its bars, and the filter that Enter sets. */
#include "tui/views/host_list.h"

#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define ON(id, host) \
    "{'op':'update_session','session_id':'" id "','start_ms':0,'name':'work','host':'" host "'}\n"
#define HERE(id) "{'op':'update_session','session_id':'" id "','start_ms':0,'name':'work'}\n"
#define CALL(id, kind, name)                                                                    \
    "{'op':'update_call','session_id':'" id "','kind':'" kind "','id':'" id "-c','name':'" name \
    "','start_ms':1000}\n"
#define FAILED(id)                                                                        \
    "{'op':'update_call','session_id':'" id "','kind':'tool','id':'" id "-c','name':'X'," \
    "'start_ms':1000,'end_ms':1500,'success':false}\n"

static void start(struct picture *picture, int cols, const char *feed)
{
    picture_init(picture, cols, 20);
    picture_at(picture, 3000);
    picture_feed(picture, feed);
    picture_press(picture, "6");
}

TEST(a_line_counts_the_states_of_a_hosts_agents)
{
    struct picture picture;
    start(&picture, 80,
          ON("a", "web1") CALL("a", "tool", "Bash") ON("b", "web2") CALL("b", "wait", "")
              ON("c", "web1") FAILED("c") HERE("d") CALL("d", "tool", "Bash"));
    picture_has(&picture, "HOST 3                 AGENTS FOR YOU TROUBLE   WORKS   RESTS");
    picture_has(&picture, "web1                        2       0       1       1       0");
    picture_has(&picture, "web2                        1       1       0       0       0");
    picture_has(&picture, "(no host named)             1       0       0       1       0");
    /* A call that has stalled is trouble, not work. */
    picture_at(&picture, 3600000);
    picture_has(&picture, "web1                        2       0       2       0       0");
    picture_release(&picture);
}

TEST(enter_shows_the_agents_of_one_host_alone)
{
    static const char feed[] =
        ON("a", "web 1") CALL("a", "tool", "Bash") ON("b", "web2") CALL("b", "tool", "Grep");
    struct picture picture;
    start(&picture, 100, feed);
    picture_press(&picture, "Enter");
    assert_string_equal(picture.state.filter_text, "host=\"web 1\"");
    assert_int_equal(picture.state.page, PAGE_TIMELINE);
    picture_has(&picture, "1 of 2 agents");
    picture_press(&picture, "6");
    picture_has(&picture, "web2                      0/1       0       0       0       0");
    picture_press(&picture, "j Enter");
    assert_string_equal(picture.state.filter_text, "host=web2");
    picture_release(&picture);

    /* No filter selects sessions without a host: that is shown, and nothing else happens. */
    start(&picture, 100, HERE("a") CALL("a", "tool", "Bash"));
    picture_press(&picture, "Enter");
    picture_has(&picture, "no filter selects them");
    assert_int_equal(picture.state.page, PAGE_HOSTS);
    picture_release(&picture);
}

TEST(a_bar_is_in_proportion_and_leaves_no_state_out)
{
    struct host_row row = {.states = {[STATE_TOOL] = 97, [STATE_USER] = 1, [STATE_IDLE] = 2}};
    int cells[STATES], sum = 0;
    host_bar(&row, 20, cells);
    for (int i = 0; i < STATES; i++) {
        sum += cells[i];
    }
    assert_int_equal(sum, 20);
    assert_int_equal(cells[STATE_TOOL], 18);
    assert_int_equal(cells[STATE_USER], 1);
    assert_int_equal(cells[STATE_IDLE], 1);
    /* Not even a cell for each. */
    host_bar(&row, 2, cells);
    assert_int_equal(cells[STATE_TOOL], 0);
    row = (struct host_row){.agents = 3};
    host_bar(&row, 20, cells);
    assert_int_equal(cells[STATE_DONE], 0);
}
