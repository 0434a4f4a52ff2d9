/* Under a cap numbers of agents and sessions become others'. Folds, pins, marks, a frozen display
   and entries of the log must not pass to the next one. */
#include "tests/support/picture.h"
#include "tui/views/log_list.h"
#include "tui/views/rows.h"

#include <stdio.h>

enum { CAP = 3000, MANY = 12000, LINE = 400 };

static void open_capped(struct picture *picture)
{
    const struct swarm_config config = {.max_events = {CAP, CAP}};
    picture_init_capped(picture, &config, 120, 30);
    picture_feed(
        picture,
        "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"
        "{'op':'register_agent','t':0,'session_id':'s','agent_id':'first','agent_name':'first',"
        "'parent_agent_id':'s'}\n"
        "{'op':'start_tool','t':1,'session_id':'s','agent_id':'first','span_id':'1','tool_name':'B'}\n"
        "{'op':'end_tool','t':2,'session_id':'s','span_id':'1'}\n"
        "{'op':'unregister_agent','t':2,'session_id':'s','agent_id':'first'}\n");
    picture_at(picture, 10);
    picture_draw(picture);
}

/* Agents come and go until the number is another one's. */
static void use_again(struct picture *picture, agent_no number)
{
    uint64_t serial = swarm_agent(picture->rig.model.swarm, number)->serial;
    char lines[LINE];
    for (int i = 0; i < MANY; i++) {
        const struct agent *agent = swarm_agent(picture->rig.model.swarm, number);
        if (agent->serial != serial && (agent->flags & AGENT_DEAD) == 0) {
            return;
        }
        snprintf(
            lines, sizeof lines,
            "{'op':'register_agent','t':%d,'session_id':'s','agent_id':'a%d','agent_name':'n%d','parent_agent_id':'s'}\n"
            "{'op':'instant','t':%d,'session_id':'s','agent_id':'a%d','name':'x','cat':'c'}\n"
            "{'op':'unregister_agent','t':%d,'session_id':'s','agent_id':'a%d'}\n",
            20 + i, i, i, 20 + i, i, 20 + i, i);
        picture_feed(picture, lines);
    }
    fail_msg("the number was not used again");
}

TEST(what_was_done_to_an_agent_does_not_pass_to_the_next_one_of_its_number)
{
    struct picture picture;
    struct view_state *view = &picture.state;
    open_capped(&picture);
    agent_no number = model_agent(&picture.rig.model, "first");
    picture_press(&picture, "j");
    assert_int_equal(view->cursor, number);
    picture_press(&picture, "p m x");
    assert_true(rows_set_fold(view, number, FOLD_FOLDED));
    picture_press(&picture, "2 1");
    assert_int_equal(view->pin_count, 1);
    assert_int_equal(view->marks['x' - 'a'].place.cursor, number);
    use_again(&picture, number);
    picture_draw(&picture);
    assert_int_equal(view->pin_count, 0);
    assert_int_equal(view->folds[number], FOLD_AUTO);
    assert_int_not_equal(view->cursor, number);
    assert_true(view->marks['x' - 'a'].set);
    assert_int_equal(view->marks['x' - 'a'].place.cursor, NO_AGENT);
    /* The next one can be pinned. */
    view->cursor = number;
    picture_press(&picture, "p");
    picture_draw(&picture);
    assert_int_equal(view->pin_count, 1);
    picture_release(&picture);
}

TEST(a_frozen_display_does_not_show_the_next_one_of_a_number)
{
    struct picture picture;
    struct agent_status status;
    open_capped(&picture);
    const struct swarm *swarm = picture.rig.model.swarm;
    agent_no number = model_agent(&picture.rig.model, "first");
    picture_press(&picture, "Space");
    assert_non_null(picture.state.frozen_view);
    assert_true(frozen_view_status(picture.state.frozen_view, swarm, number, &status));
    use_again(&picture, number);
    assert_false(frozen_view_status(picture.state.frozen_view, swarm, number, &status));
    picture_draw(&picture);
    picture_release(&picture);
}

TEST(an_entry_of_the_log_does_not_pass_to_the_next_session_of_its_number)
{
    struct picture picture;
    char lines[LINE];
    open_capped(&picture);
    const struct swarm *swarm = picture.rig.model.swarm;
    picture_feed(&picture,
                 "{'op':'hello','t':5,'session_id':'gone','name':'gone'}\n"
                 "{'op':'log','t':5,'session_id':'gone','level':'error','message':'m'}\n");
    session_no number = rig_session_no(&picture.rig, "gone");
    struct log_row row = {.kind = LOG_NOTICE,
                          .index = (uint32_t)event_log_count(picture.rig.log) - 1};
    agent_no agent = log_row_agent(&row, swarm, picture.rig.log);
    assert_string_equal(swarm_text(swarm, swarm_agent(swarm, agent)->name), "gone");
    uint64_t serial = swarm_session_serial(swarm, number);
    for (int i = 0; i < MANY; i++) {
        const struct session *now = swarm_session(swarm, number);
        if (swarm_session_serial(swarm, number) != serial && now != NULL) {
            break;
        }
        snprintf(lines, sizeof lines, "{'op':'hello','t':%d,'session_id':'s%d','name':'n%d'}\n",
                 20 + i, i, i);
        picture_feed(&picture, lines);
    }
    assert_non_null(swarm_session(swarm, number));
    assert_int_not_equal(swarm_session_serial(swarm, number), serial);
    assert_int_equal(log_row_agent(&row, swarm, picture.rig.log), NO_AGENT);
    picture_release(&picture);
}
