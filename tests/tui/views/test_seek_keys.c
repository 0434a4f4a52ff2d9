/* Keys that find agents and calls, pressed in every view. */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define OP(op, t, more) "{'op':'" op "','t':" #t ",'session_id':'s'" more "}\n"
#define OF(agent)       ",'agent_id':'" agent "'"
#define AGENT(id, name) \
    OP("register_agent", 1, OF(id) ",'agent_name':'" name "','parent_agent_id':'s'")

/* `asks` waits for a person, `fails` has failed and has a call that has stalled. */
#define FEED                                                                                       \
    OP("hello", 0, ",'name':'api'")                                                                \
    OP("interaction_start", 1, ",'span_id':'i','user_prompt':'go'")                                \
    AGENT("a", "asks")                                                                             \
    AGENT("f", "fails")                                                                            \
    OP("start_tool", 100, ",'span_id':'call','tool_name':'Agent','args':{'subagent_type':'asks'}") \
    OP("start_user_input", 2000, OF("a") ",'span_id':'u','context':'permission'")                  \
    OP("start_tool", 1000, OF("f") ",'span_id':'e','tool_name':'Read'")                            \
    OP("end_tool", 1500, OF("f") ",'span_id':'e','success':false,'error':'gone'")                  \
    OP("start_tool", 3000, OF("f") ",'span_id':'b','tool_name':'Bash','args':{'command':'make'}")

static void open_picture(struct picture *picture, const char *page)
{
    picture_init(picture, 120, 30);
    picture->input.log = picture->rig.log;
    picture_feed(picture, FEED);
    picture_at(picture, 700000);
    picture_press(picture, page);
}

static const char *cursor_name(const struct picture *picture)
{
    const struct swarm *swarm = picture->rig.model.swarm;
    const struct agent *agent = swarm_agent(swarm, picture->state.cursor);
    return agent == NULL ? "" : swarm_text(swarm, agent->name);
}

static const char *selected_name(const struct picture *picture)
{
    const struct swarm *swarm = picture->rig.model.swarm;
    const struct span *span = swarm_span(swarm, picture->state.selected);
    return span == NULL ? "" : swarm_text(swarm, span->name);
}

TEST(what_a_key_finds_is_shown_in_every_view_or_else_in_the_timeline)
{
    static const struct {
        const char *key;
        const char *agent, *span;
        enum page shown_in[PAGES]; /* by the view in which the key is pressed */
    } rows[] = {
        {"u",
         "asks",
         "Waiting for User Input",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_INFLIGHT, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_TIMELINE}},
        {"U",
         "asks",
         "Waiting for User Input",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_INFLIGHT, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_TIMELINE}},
        {"e",
         "fails",
         "Tool: Read",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_LOG, PAGE_TIMELINE}},
        {"E",
         "fails",
         "Tool: Read",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_LOG, PAGE_TIMELINE}},
        {"!",
         "fails",
         "Tool: Bash",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_INFLIGHT, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_TIMELINE}},
        {"}",
         "api",
         "Tool: Agent",
         {PAGE_TIMELINE, PAGE_AGENTS, PAGE_INFLIGHT, PAGE_TIMELINE, PAGE_TIMELINE, PAGE_TIMELINE}},
    };
    static const char *const pages[PAGES] = {"1", "2", "3", "4", "5", "6"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int from = 0; from < PAGES; from++) {
            struct picture picture;
            open_picture(&picture, pages[from]);
            assert_int_equal(picture_press(&picture, rows[i].key), VIEW_REDRAW);
            bool own = rows[i].shown_in[from] == PAGE_LOG;
            if (picture.state.page != rows[i].shown_in[from] ||
                (!own && (strcmp(cursor_name(&picture), rows[i].agent) != 0 ||
                          strcmp(selected_name(&picture), rows[i].span) != 0))) {
                fail_msg("%s in view %d: view %d, %s: %s", rows[i].key, from + 1,
                         (int)picture.state.page + 1, cursor_name(&picture),
                         selected_name(&picture));
            }
            picture_release(&picture);
        }
    }
}

TEST(the_cursor_of_a_list_goes_to_what_is_found)
{
    struct picture picture;
    open_picture(&picture, "3");
    picture_press(&picture, "u");
    const char *line = strstr(picture_draw(&picture), "Waiting for User Input");
    while (line[-1] != '\n') {
        line--;
    }
    assert_memory_equal(line, "›", strlen("›"));
    picture_release(&picture);
}

TEST(a_narrow_list_shows_what_a_person_is_asked_before_all_else)
{
    struct picture picture;
    open_picture(&picture, "3");
    picture_feed(&picture, OP("start_user_input", 4000,
                              ",'span_id':'v','context':'permission: Bash rm -rf build/'"));
    picture_has(&picture, "Waiting for User Input  permission: Bash rm -rf build/");
    assert_true(grid_resize(picture.grid, 80, 24));
    picture_has(&picture, "  permission: Bash rm -rf build/");
    picture_lacks(&picture, "Input  permission: Bash");
    /* A shorter one has room for its name. */
    picture_has(&picture, "Waiting for User Input  permission\n");
    picture_release(&picture);
}

TEST(a_filter_hides_no_alarm)
{
    static const struct {
        const char *filter, *header, *user, *stalled;
    } rows[] = {
        {"agent:asks", "user 1  idle 0  +1 stalled outside the filter", "",
         "nothing has stalled; 1 outside the filter"},
        {"agent:fails", "stalled 1  +1 user outside the filter",
         "no agent waits for a person; 1 outside the filter", "1 of 1"},
        {"agent:nobody", "+1 user +1 stalled outside the filter",
         "no agent waits for a person; 1 outside the filter",
         "nothing has stalled; 1 outside the filter"},
        {"-agent:nobody", "stalled 1   parallel", "", "1 of 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        open_picture(&picture, "1");
        assert_true(view_set_filter(&picture.state, rows[i].filter, &error));
        picture_has(&picture, rows[i].header);
        picture_press(&picture, "u");
        assert_string_equal(picture.state.message, rows[i].user);
        picture_press(&picture, "!");
        assert_string_equal(picture.state.message, rows[i].stalled);
        picture_release(&picture);
        strbuf_release(&error);
    }
}

/* A narrow line loses the end of the text and not the counts. */
TEST(a_narrow_header_keeps_what_is_outside_the_filter)
{
    struct picture picture;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    open_picture(&picture, "1");
    assert_true(view_set_filter(&picture.state, "agent:nobody", &error));
    assert_true(grid_resize(picture.grid, 36, 24));
    picture_has(&picture, "+1 user +1 stalled outside");
    picture_lacks(&picture, "outside the");
    picture_release(&picture);
    strbuf_release(&error);
}

/* An agent that matches is found, and others that wait are counted. */
TEST(a_search_that_finds_names_what_is_outside_too)
{
    struct picture picture;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    open_picture(&picture, "1");
    picture_feed(&picture, OP("start_user_input", 4000, OF("f") ",'span_id':'v','context':'x'"));
    assert_true(view_set_filter(&picture.state, "agent:asks", &error));
    picture_press(&picture, "u");
    assert_string_equal(picture.state.message, "1 outside the filter");
    assert_string_equal(cursor_name(&picture), "asks");
    picture_release(&picture);
    strbuf_release(&error);
}

TEST(a_search_without_a_result_stays_in_its_view)
{
    static const struct {
        const char *key, *message;
    } rows[] = {{"u", "no agent waits for a person"},
                {"e", "no errors"},
                {"!", "nothing has stalled"},
                {"}", "nothing holds this agent up"},
                {"t", "no turn here"}};
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, OP("hello", 0, ",'name':'api'"));
    picture_at(&picture, 1000);
    picture_press(&picture, "4");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        picture_press(&picture, rows[i].key);
        assert_string_equal(picture.state.message, rows[i].message);
        assert_int_equal(picture.state.page, PAGE_STATISTICS);
    }
    picture_release(&picture);
}

TEST(t_shows_the_path_from_every_view)
{
    static const char *const pages[] = {"2", "3", "4"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct picture picture;
        open_picture(&picture, pages[i]);
        picture_press(&picture, "t");
        assert_int_equal(picture.state.page, PAGE_TIMELINE);
        assert_true(picture.state.why);
        /* Shown already, it is shown again and not switched off. */
        picture_press(&picture, pages[i]);
        picture_press(&picture, "t");
        assert_int_equal(picture.state.page, PAGE_TIMELINE);
        assert_true(picture.state.why);
        picture_release(&picture);
    }
}

TEST(a_key_of_another_view_names_that_view)
{
    static const struct {
        const char *page, *key, *message;
    } rows[] = {
        {"2", "v", "v: in the timeline (1)"},
        {"3", "w", "w: in the timeline (1)"},
        {"5", "S-Left", "S-Left: in the timeline (1)"},
        {"1", "<", "<: in agents (2)"},
        {"4", "I", "I: in agents (2)"},
        {"4", "z", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        open_picture(&picture, rows[i].page);
        enum view_result result = picture_press(&picture, rows[i].key);
        assert_int_equal(result, rows[i].message[0] ? VIEW_REDRAW : VIEW_IGNORED);
        assert_string_equal(picture.state.message, rows[i].message);
        picture_release(&picture);
    }
}

TEST(the_hint_has_the_keys_that_the_user_bound)
{
    struct picture picture;
    struct keymap keymap = {0};
    const char *wrong;
    assert_true(keymap_bind(&keymap, "range", 5, "r C-r", &wrong));
    assert_true(keymap_bind(&keymap, "timeline", 8, "F5", &wrong));
    open_picture(&picture, "2");
    picture.input.keymap = &keymap;
    picture_press(&picture, "C-r");
    assert_string_equal(picture.state.message, "C-r: in the timeline (F5)");
    picture_release(&picture);
}
