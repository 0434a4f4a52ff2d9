/* Tests the other views, and functions that all of them share: the filter and searching. */
#include "tests/support/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED                                                                                                                                  \
    "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"                                                                                   \
    "{'op':'register_agent','t':0,'agent_id':'a','agent_name':'first','parent_agent_id':'s'}\n"                                               \
    "{'op':'register_agent','t':0,'agent_id':'b','agent_name':'second','parent_agent_id':'s'}\n"                                              \
    "{'op':'start_llm_request','t':500,'agent_id':'b','span_id':'r','model':'opus'}\n"                                                        \
    "{'op':'end_llm_request','t':3500,'span_id':'r','ttft_ms':400,'ttlt_ms':2900,'output_tokens':100,'prompt_tokens':12000,'success':true}\n" \
    "{'op':'start_tool','t':1000,'agent_id':'a','span_id':'1','tool_name':'Read','args':{'file_path':'/src/x.c'}}\n"                          \
    "{'op':'end_tool','t':2000,'span_id':'1','success':false}\n"                                                                              \
    "{'op':'start_tool','t':3000,'agent_id':'b','span_id':'2','tool_name':'Bash','args':{'command':'make test'}}\n"                           \
    "{'op':'end_tool','t':8000,'span_id':'2','success':true}\n"                                                                               \
    "{'op':'start_tool','t':5000,'agent_id':'a','span_id':'3','tool_name':'Bash','args':{'command':'ls -l'}}\n"                               \
    "{'op':'log','t':6000,'agent_id':'a','level':'warning','message':'low on disk'}\n"

static void open_picture(struct picture *picture, int cols, int rows)
{
    picture_init(picture, cols, rows);
    picture->input.log = picture->rig.log;
    picture_feed(picture, FEED);
    picture_at(picture, 9000);
    picture_draw(picture);
}

/* ---- views ---- */

TEST(keys_1_to_5_turn_to_the_views)
{
    static const struct {
        const char *key, *shows;
    } views[] = {{"2", "TTFT P50"},
                 {"3", "ELAPSED"},
                 {"4", "TIME BY ACTIVITY"},
                 {"5", "LEVEL    "},
                 {"1", "AGENT"}};
    struct picture picture;
    open_picture(&picture, 120, 40);
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        assert_int_equal(picture_press(&picture, views[i].key), VIEW_REDRAW);
        picture_has(&picture, views[i].shows);
        picture_has(&picture, "? help");
        picture_press(&picture, "?");
        picture_has(&picture, "keys");
        picture_press(&picture, "Esc");
        picture_has(&picture, views[i].shows);
    }
    picture_press(&picture, "5 Esc");
    assert_int_equal(picture.state.page, PAGE_TIMELINE);
    picture_release(&picture);
}

TEST(log_rows_of_one_time_keep_their_order)
{
    static const char feed[] = "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"
                               "{'op':'start_tool','t':1000,'span_id':'1','tool_name':'Read'}\n"
                               "{'op':'log','t':2000,'level':'warning','message':'the entry'}\n"
                               "{'op':'instant','t':2000,'name':'the mark','cat':'x'}\n"
                               "{'op':'end_tool','t':2000,'span_id':'1','success':false}\n";
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture.input.log = picture.rig.log;
    picture_feed(&picture, feed);
    picture_at(&picture, 9000);
    picture_press(&picture, "5");
    const char *text = picture_draw(&picture);
    const char *failed = strstr(text, "Read"), *mark = strstr(text, "the mark"),
               *entry = strstr(text, "the entry");
    assert_true(failed != NULL && mark != NULL && entry != NULL);
    assert_true(failed < mark && mark < entry);
    picture_release(&picture);
}

TEST(agents_are_sorted_when_somebody_asks)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "2");
    picture_has(&picture, "›root ");
    assert_int_equal(picture.state.agents.count, 3);
    picture_press(&picture, "> > I"); /* by requests, the fewest first */
    picture_press(&picture, "I");     /* the most first */
    picture_draw(&picture);
    assert_int_equal(picture.state.agents.order[0], 2);
    picture_press(&picture, "j");
    agent_no cursor = picture.state.cursor;
    /* New data changes neither the order nor the cursor. */
    picture_feed(
        &picture,
        "{'op':'register_agent','session_id':'s','t':9000,'agent_id':'d','agent_name':'late','parent_agent_id':'s'}\n"
        "{'op':'start_llm_request','session_id':'s','t':9000,'agent_id':'d','span_id':'q','model':'m'}\n"
        "{'op':'end_llm_request','session_id':'s','t':9500,'span_id':'q','success':true}\n"
        "{'op':'start_llm_request','session_id':'s','t':9600,'agent_id':'d','span_id':'q2','model':'m'}\n"
        "{'op':'end_llm_request','session_id':'s','t':9700,'span_id':'q2','success':true}\n");
    picture_at(&picture, 10000);
    picture_draw(&picture);
    assert_int_equal(picture.state.agents.order[0], 2);
    assert_int_equal(picture.state.agents.order[3], 3);
    assert_int_equal(picture.state.cursor, cursor);
    picture_press(&picture, "I I");
    picture_draw(&picture);
    assert_int_equal(picture.state.agents.order[0], 3);
    picture_press(&picture, "Enter");
    assert_int_equal(picture.state.page, PAGE_TIMELINE);
    assert_int_equal(picture.state.cursor, cursor);
    picture_release(&picture);
}

TEST(the_table_says_what_the_report_says)
{
    struct picture picture;
    open_picture(&picture, 200, 30);
    picture_press(&picture, "2");
    /* second: one request of 12,000 tokens, 100 out; TTFT 400 ms; sampling 2.5 s: 40 a second. */
    picture_has(&picture, "second                           ● wait     opus");
    picture_has(&picture, "   400ms           40  12.0k    100");
    picture_has(&picture, "all 3");
    picture_lacks(&picture, "$");
    swarm_session_edit(picture.rig.model.swarm, 0)->cost_usd = 1.5;
    picture_has(&picture, "$1.50");
    picture_release(&picture);
}

/* Three calls that a person or a rule stopped: no errors, wherever they are counted. */
#define STOPPED                                                                                  \
    "{'op':'update_call','session_id':'s','kind':'tool','id':'x','name':'Bash','start_ms':0,"    \
    "'end_ms':4000,'success':false,'outcome':'refused'}\n"                                       \
    "{'op':'update_call','session_id':'s','kind':'tool','id':'y','name':'Bash','start_ms':5000," \
    "'end_ms':9000,'success':false,'outcome':'refused'}\n"                                       \
    "{'op':'update_call','session_id':'s','kind':'request','id':'z','model':'opus',"             \
    "'start_ms':10000,'end_ms':14000,'success':false,'outcome':'interrupted'}\n"

TEST(what_was_stopped_is_marked_and_counted_apart_from_errors)
{
    struct picture picture;
    picture_init(&picture, 160, 40);
    picture_feed(&picture, "{'op':'hello','t':0,'session_id':'s','name':'root'}\n");
    picture_at(&picture, 16000);
    picture_feed(&picture, STOPPED);
    picture_has(&picture, "errors 0  refused 2  interrupted 1");
    picture_has(&picture, "▒⊘");
    picture_lacks(&picture, "✕ error  ");
    picture_press(&picture, "2");
    picture_has(&picture, "2r 1i");
    picture_press(&picture, "4");
    picture_has(&picture, "REFUSED");
    picture_has(&picture, "INTERRUPTED");
    picture_press(&picture, "1 e");
    picture_has(&picture, "no errors");
    picture_release(&picture);
}

TEST(home_and_end_go_to_the_ends_of_lists)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_feed(&picture, "{'op':'log','session_id':'s','t':7000,'message':'later'}\n");
    picture_press(&picture, "2 End");
    assert_int_equal(picture.state.cursor, 2);
    picture_press(&picture, "Home");
    assert_int_equal(picture.state.cursor, 0);
    picture_press(&picture, "G");
    assert_int_equal(picture.state.cursor, 2);
    picture_press(&picture, "5 g");
    assert_int_equal(picture.state.log.cursor, 0);
    picture_press(&picture, "End");
    assert_int_equal(picture.state.log.cursor + 1, picture.state.log.list.count);
    picture_press(&picture, "4 End");
    picture_draw(&picture);
    assert_true(picture.state.statistics_scroll > 0);
    picture_press(&picture, "g");
    assert_int_equal(picture.state.statistics_scroll, 0);
    /* In the timeline End follows now, after its start. */
    picture_press(&picture, "1 Home");
    assert_int_equal(picture.state.window, WINDOW_FIXED);
    picture_press(&picture, "End");
    assert_int_equal(picture.state.window, WINDOW_FOLLOW);
    picture_release(&picture);
}

TEST(a_frozen_display_keeps_its_moment)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "Space");
    picture_has(&picture, "first                   ● tool      4.0s");
    picture_has(&picture, "Tool: Bash  ls -l");
    picture_feed(
        &picture,
        "{'op':'end_tool','session_id':'s','t':9500,'span_id':'3','success':true}\n"
        "{'op':'register_agent','session_id':'s','t':9600,'agent_id':'n','agent_name':'new','parent_agent_id':'a'}\n"
        "{'op':'start_tool','session_id':'s','t':9700,'agent_id':'n','span_id':'9','tool_name':'Grep'}\n"
        "{'op':'start_tool','session_id':'s','t':9800,'agent_id':'a','span_id':'10','tool_name':'Edit'}\n");
    picture_at(&picture, 20000);
    picture_press(&picture, "j k");
    picture_has(&picture, "first                   ● tool      4.0s");
    picture_has(&picture, "Tool: Bash  ls -l");
    picture_lacks(&picture, "Grep");
    picture_lacks(&picture, "Edit");
    picture_press(&picture, "3");
    picture_has(&picture, "Tool: Bash  ls -l");
    picture_press(&picture, "1 Space");
    picture_has(&picture, "new");
    picture_has(&picture, "Tool: Grep");
    picture_lacks(&picture, "Tool: Bash  ls -l");
    picture_release(&picture);
}

/* A filter, or another view, asks for figures that nobody had computed when the display was frozen.
 */
TEST(figures_of_a_frozen_display_are_of_its_moment)
{
    struct picture picture;
    open_picture(&picture, 160, 40);
    picture_press(&picture, "Space");
    picture_feed(
        &picture,
        "{'op':'end_tool','session_id':'s','t':9500,'span_id':'3','success':false}\n"
        "{'op':'start_llm_request','session_id':'s','t':9600,'agent_id':'b','span_id':'r2','model':'opus'}\n"
        "{'op':'end_llm_request','session_id':'s','t':9900,'span_id':'r2','ttft_ms':100,'ttlt_ms':200,'output_tokens':100,"
        "'prompt_tokens':12000,'success':true}\n"
        "{'op':'start_tool','session_id':'s','t':9800,'agent_id':'b','span_id':'10','tool_name':'Bash'}\n");
    picture_at(&picture, 60000);
    picture_press(&picture, "\\ - a g e n t : x Enter");
    picture_has(&picture, "ttft p50 400ms");
    picture_has(&picture, "errors 1");
    picture_press(&picture, "\\ C-u n a m e : B a s h Enter");
    picture_has(&picture, "2 of 3 agents");
    picture_press(&picture, "\\ C-u n a m e : B a s h Space e r r o r : y e s Enter");
    picture_has(&picture, "nothing matches the filter");
    picture_press(&picture, "\\ C-u Enter 4");
    picture_has(&picture, "400ms");
    picture_lacks(&picture, "ttft p50 100ms");
    picture_press(&picture, "1 Space");
    picture_has(&picture, "errors 2");
    picture_release(&picture);
}

/* Keys that look for spans find those of the moment, as they were then. */
TEST(keys_of_a_frozen_display_act_on_its_moment)
{
    struct picture picture;
    open_picture(&picture, 160, 40);
    picture_press(&picture, "e");
    span_no error = picture.state.selected;
    assert_true(error != NO_SPAN);
    picture_press(&picture, "Space");
    picture_feed(
        &picture,
        "{'op':'end_tool','session_id':'s','t':9500,'span_id':'3','success':false}\n"
        "{'op':'start_tool','session_id':'s','t':9800,'agent_id':'b','span_id':'10','tool_name':'Late'}\n"
        "{'op':'start_user_input','session_id':'s','t':9850,'agent_id':'b','span_id':'11'}\n"
        "{'op':'end_tool','session_id':'s','t':9900,'agent_id':'b','span_id':'10','success':false}\n");
    picture_at(&picture, 60000);
    picture_press(&picture, "e");
    assert_int_equal(picture.state.selected, error);
    picture_press(&picture, "E");
    assert_int_equal(picture.state.selected, error);
    picture_press(&picture, "/ L a t e");
    picture_has(&picture, "no match");
    picture_press(&picture, "Esc / e r r o r : y e s Enter n");
    picture_has(&picture, "1 of 1");
    picture_press(&picture, "Esc u");
    picture_has(&picture, "no agent waits for a person");
    picture_press(&picture, "Space e");
    picture_has(&picture, " of 3");
    picture_press(&picture, "/ C-u L a t e Enter n");
    picture_lacks(&picture, "no match");
    picture_release(&picture);
}

TEST(the_agents_view_names_a_filter_that_nothing_matches)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "2 \\ z z z Enter");
    picture_has(&picture, "no agent matches the filter \"zzz\"");
    picture_lacks(&picture, "0 of 3\n");
    picture_press(&picture, "\\ C-u f i r s t Enter");
    picture_has(&picture, "1 of 3");
    picture_lacks(&picture, "no agent matches");
    picture_release(&picture);
}

TEST(a_figure_shows_what_it_covers)
{
    struct picture picture;
    char feed[4000] = "{'op':'hello','t':0,'session_id':'s','name':'root'}\n";
    for (int i = 0; i < 6; i++) {
        size_t len = strlen(feed);
        snprintf(feed + len, sizeof feed - len,
                 "{'op':'start_llm_request','t':%d,'span_id':'r%d','model':'opus'}\n"
                 "{'op':'end_llm_request','t':%d,'span_id':'r%d'%s,'success':%s}\n",
                 1000 * i + 1, i, 1000 * i + 900, i, i < 2 ? ",'ttft_ms':400" : "",
                 i == 5 ? "false" : "true");
    }
    picture_init(&picture, 160, 30);
    picture_feed(&picture, feed);
    picture_at(&picture, 7000);
    picture_draw(&picture);
    picture_has(&picture, "ttft p50 400ms (2 of 6)   ");
    picture_press(&picture, "4");
    picture_has(&picture, "400ms (2 of 6)  ");
    picture_release(&picture);
}

TEST(retries_of_an_open_request_are_counted)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"
                           "{'op':'start_llm_request','t':1000,'span_id':'r','model':'opus'}\n"
                           "{'op':'attempt','t':2000,'span_id':'r','attempt':2,'error':'529'"
                           ",'retry_in_ms':500}\n"
                           "{'op':'attempt','t':3000,'span_id':'r','attempt':3,'error':'529'"
                           ",'retry_in_ms':9000}\n");
    picture_at(&picture, 4000);
    picture_draw(&picture);
    picture_has(&picture, "retries 2");
    assert_int_equal(picture.metrics.totals.retries, 2);
    assert_true(picture.metrics.totals.phase_ms[SPAN_RETRY] >= 1000);
    picture_release(&picture);
}

TEST(a_retry_shows_its_attempts_and_what_comes_next)
{
    static const struct {
        int cols;
        const char *now;
    } rows[] = {{260, "◌ retry  529 3/10, next in 12s"}, {120, "◌ retry 3/10 12s"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        picture_init(&picture, rows[i].cols, 24);
        picture_feed(&picture, "{'op':'hello','t':0,'session_id':'s','name':'root'}\n"
                               "{'op':'start_llm_request','t':1000,'span_id':'r','model':'opus'}\n"
                               "{'op':'attempt','t':4000,'span_id':'r','attempt':3,'error':'529'"
                               ",'retry_in_ms':13000}\n");
        picture_at(&picture, 5000);
        struct swarm *swarm = picture.rig.model.swarm;
        const struct span *span = swarm_span(swarm, swarm_first_in_flight(swarm));
        request_progress_edit(swarm, span->begin_no)->max_attempts = 10;
        picture_has(&picture, rows[i].now);
        picture_has(&picture, "529 3/10, next in 12s");
        picture_release(&picture);
    }
}

TEST(a_narrow_header_keeps_errors_and_waits)
{
    static const struct {
        int cols;
        const char *has, *lacks;
    } rows[] = {
        {160, "cache 50%", "xxx"},  {100, "parallel", "cache"}, {70, "errors 1", "parallel"},
        {40, "user 1", "parallel"}, {40, "errors 1", "cache"},  {22, "errors 1", "idle"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        picture_init(&picture, rows[i].cols, 24);
        picture_feed(
            &picture,
            FEED "{'op':'start_llm_request','t':8100,'agent_id':'b','span_id':'q','model':'opus'}\n"
                 "{'op':'end_llm_request','t':8400,'span_id':'q','prompt_tokens':100,"
                 "'cache_read_tokens':6050,'success':true}\n"
                 "{'op':'start_user_input','t':8500,'agent_id':'a','span_id':'u'}\n");
        picture_at(&picture, 9000);
        picture_draw(&picture);
        picture_has(&picture, rows[i].has);
        picture_lacks(&picture, rows[i].lacks);
        picture_release(&picture);
    }
}

TEST(what_is_in_flight_is_shown_in_the_timeline)
{
    struct picture picture;
    open_picture(&picture, 100, 30);
    picture_press(&picture, "3");
    picture_has(&picture, "IN FLIGHT 1");
    picture_has(&picture, "›    4.0s  first                         Tool: Bash  ls -l");
    picture_press(&picture, "Enter");
    assert_int_equal(picture.state.page, PAGE_TIMELINE);
    picture_has(&picture, "first · Tool: Bash · 4.0 s and running");
    picture_release(&picture);
}

TEST(the_log_follows_its_end_and_stays_where_one_looks)
{
    struct picture picture;
    open_picture(&picture, 100, 30);
    picture_press(&picture, "5");
    picture_has(&picture, " 08:53:22.000  failed   first               Tool: Read  /src/x.c");
    picture_has(&picture, "›08:53:26.000  warning  ");
    picture_has(&picture, "low on disk");
    picture_feed(
        &picture,
        "{'op':'start_tool','session_id':'s','t':9000,'agent_id':'a','span_id':'9','tool_name':'Grep'}\n"
        "{'op':'end_tool','session_id':'s','t':9500,'span_id':'9','success':false}\n");
    picture_at(&picture, 10000);
    picture_has(&picture, "›08:53:29.500  failed   first               Tool: Grep");
    picture_press(&picture, "k k");
    picture_has(&picture, "›08:53:22.000  failed");
    picture_feed(&picture, "{'op':'log','session_id':'s','t':9900,'message':'one more'}\n");
    picture_has(&picture, "›08:53:22.000  failed");
    picture_press(&picture, "e");
    picture_has(&picture, "›08:53:29.500  failed");
    picture_press(&picture, "Enter");
    picture_has(&picture, "first · Tool: Grep · 500 ms · failed");
    picture_release(&picture);
}

/* The reason first and the source last; what does not fit is wrapped in the panel. */
TEST(a_log_line_has_its_reason_first_and_its_source_last)
{
    static const int sizes[][2] = {{80, 24}, {120, 36}, {200, 50}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct picture picture;
        open_picture(&picture, sizes[i][0], sizes[i][1]);
        struct source_counters counters = {.ingest = &picture.rig.ingest};
        struct reject reject = {
            .where = "unix:/run/user/1000/a-directory-with-a-long-name/swarmtop.sock sender 12",
            .line = 3,
            .reason = "start_tool: span_id is missing",
            .bytes = {"{\"op\":\"start_tool\"}", 19},
            .level = LOG_LEVEL_WARNING};
        source_counters_reject(&counters, &reject);
        picture_press(&picture, "5");
        picture_has(&picture, "start_tool: span_id is missing");
        picture_has(&picture, "\n  start_tool: span_id is missing: {\"op\":\"start_tool\"}\n"
                              "  unix:/run/user/1000/a-directory-with-a-long-name/swarmtop.sock");
        picture_has(&picture, "sender 12:");
        picture_press(&picture, "k");
        picture_has(&picture, "─ warning · ");
        picture_has(&picture, "\n  low on disk\n");
        picture_release(&picture);
    }
}

TEST(work_in_flight_is_above_waits_and_interactions)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_feed(
        &picture,
        "{'op':'start_interaction','session_id':'s','t':0,'span_id':'i','user_prompt_length':3}\n"
        "{'op':'start_tool','session_id':'s','t':100,'span_id':'w','tool_name':'Task','args':{}}\n"
        "{'op':'start_tool','session_id':'s','t':8000,'agent_id':'b','span_id':'9','tool_name':'Grep'}\n");
    picture_at(&picture, 10000);
    picture_press(&picture, "3");
    const char *text = picture_draw(&picture);
    const char *bash = strstr(text, "Tool: Bash"), *grep = strstr(text, "Tool: Grep"),
               *task = strstr(text, "Tool: Task"), *interaction = strstr(text, "Interaction");
    assert_true(bash && grep && task && interaction);
    assert_true(bash < grep && grep < task && task < interaction);
    picture_release(&picture);
}

TEST(statistics_have_pictures)
{
    struct picture picture;
    open_picture(&picture, 120, 100);
    picture_press(&picture, "4");
    picture_has(&picture, "REQUESTS BY MODEL");
    picture_has(&picture, "opus");
    picture_has(&picture, "p50 400ms");
    picture_has(&picture, "ACTIVE AGENTS");
    assert_true(grid_resize(picture.grid, 120, 20));
    picture_lacks(&picture, "ACTIVE AGENTS");
    picture_press(&picture, "PgDn PgDn PgDn PgDn PgDn PgDn");
    picture_has(&picture, "TOTAL OUTPUT TOKENS/S");
    picture_press(&picture, "Home");
    picture_has(&picture, "TIME BY ACTIVITY");
    picture_release(&picture);
}

/* ---- the filter ---- */

TEST(a_filter_shows_what_matches_while_it_is_typed)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "\\ f i r");
    picture_has(&picture, " \\ fir");
    picture_has(&picture, "2 of 3 rows"); /* root, as an ancestor */
    picture_has(&picture, "└ first");
    picture_lacks(&picture, "second");
    picture_press(&picture, "C-u n a m e : b a s h");
    picture_has(&picture, "second");
    picture_lacks(&picture, "[Read");
    picture_has(&picture, "[Bash make test");
    picture_press(&picture, "Space k i n d");
    picture_has(&picture, "[Bash make test"); /* it may become kind: */
    picture_press(&picture, ":");
    picture_has(&picture, "kind: one of");
    picture_has(&picture, "[Bash make test"); /* the last valid filter remains */
    picture_press(&picture, "C-u z z");
    picture_lacks(&picture, " first  ");
    picture_press(&picture, "Esc");
    picture_has(&picture, "second");
    assert_null(picture.state.filter_cache);
    picture_release(&picture);
}

TEST(a_filter_that_nothing_matches_says_so)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "\\ z z z z Enter");
    picture_has(&picture, "nothing matches the filter");
    picture_press(&picture, "2");
    picture_has(&picture, "0 of 3 agents");
    picture_press(&picture, "3");
    picture_has(&picture, "nothing open matches the filter");
    picture_press(&picture, "5");
    picture_has(&picture, "no line matches the filter");
    picture_press(&picture, "1");
    picture_press(&picture, "\\ Backspace Backspace Backspace Backspace Enter");
    picture_lacks(&picture, "nothing matches the filter");
    picture_release(&picture);
}

TEST(a_filter_holds_in_every_view)
{
    struct picture picture;
    open_picture(&picture, 120, 30);
    picture_press(&picture, "\\ l s Enter");
    picture_has(&picture, " \\ ls   space freeze");
    picture_press(&picture, "3");
    picture_has(&picture, "IN FLIGHT 1");
    picture_press(&picture, "2");
    picture_lacks(&picture, "second");
    picture_has(&picture, " 1 of 3 agents ");
    picture_has(&picture, " 1 of 3  ");
    picture_press(&picture, "4");
    picture_has(&picture, " matching ");
    picture_lacks(&picture, "Read ");
    picture_press(&picture, "5");
    picture_lacks(&picture, "Tool: Read");
    picture_press(&picture, "\\ C-u d i s k Enter");
    picture_has(&picture, "low on disk");
    picture_press(&picture, "1 Esc");
    picture_has(&picture, "second");
    picture_release(&picture);
}

TEST(a_filter_of_the_command_line_is_as_if_typed)
{
    struct picture picture;
    struct strbuf error;
    open_picture(&picture, 120, 30);
    strbuf_init(&error, &mem_libc, 0);
    assert_true(view_set_filter(&picture.state, "second", &error));
    picture_lacks(&picture, " first  ");
    picture_has(&picture, " \\ second ");
    assert_false(view_set_filter(&picture.state, "dur>x", &error));
    picture_has(&picture, " \\ second ");
    strbuf_release(&error);
    picture_release(&picture);
}

/* ---- searching ---- */

TEST(a_search_goes_to_matches_in_order_of_time)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "Home / b a s h");
    assert_int_equal(picture.state.cursor, 2);
    picture_press(&picture, "Enter Enter");
    picture_has(&picture, "second · Tool: Bash");
    picture_press(&picture, "n");
    picture_has(&picture, "first · Tool: Bash");
    picture_press(&picture, "n");
    picture_has(&picture, "second · Tool: Bash");
    picture_has(&picture, "continued from the first");
    picture_press(&picture, "N");
    picture_has(&picture, "first · Tool: Bash");
    picture_has(&picture, "continued from the last");
    picture_press(&picture, "/ z z");
    picture_has(&picture, "no match");
    picture_press(&picture, "Esc");
    picture_has(&picture, "first · Tool: Bash"); /* the former position */
    picture_release(&picture);
}

TEST(what_was_not_searched_has_no_next)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "n");
    picture_has(&picture, "no search yet");
    picture_press(&picture, "/ Esc");
    picture_press(&picture, "q"); /* a key again, no letter */
    assert_int_equal(picture.state.prompt.kind, PROMPT_NONE);
    picture_release(&picture);
}

/* ---- ranges, marks, pins, the clipboard ---- */

TEST(a_range_has_metrics)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "/ m a k e Enter v");
    /* The range of the selected span. */
    picture_has(&picture, "RANGE 08:53:23.000 – 08:53:28.000  5.0 s");
    picture_has(&picture, "requests 1");
    picture_has(&picture, "Bash                          1     5.0s  1 open");
    picture_press(&picture, "h h h h h h h h");
    picture_lacks(&picture, "08:53:28.000");
    picture_press(&picture, "v l");
    picture_lacks(&picture, "08:53:23.000");
    picture_press(&picture, "Enter");
    picture_lacks(&picture, "the other edge");
    picture_has(&picture, "RANGE");
    picture_press(&picture, "l"); /* pans again */
    picture_has(&picture, "RANGE");
    picture_press(&picture, "Esc");
    picture_lacks(&picture, "RANGE");
    picture_release(&picture);
}

TEST(the_edges_of_a_range_pass_each_other)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "v");
    for (int i = 0; i < 300; i++) {
        const struct view_range *range = &picture.state.range;
        picture_press(&picture, i % 3 ? "h" : "S-Left");
        assert_true(range->from_ns < range->to_ns);
    }
    picture_release(&picture);
}

TEST(a_mark_is_where_it_was_set)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "/ m a k e Enter m b");
    picture_has(&picture, "marked b");
    unsigned zoom = picture.state.marks[1].place.zoom;
    picture_press(&picture, "0 w w w j j Esc ' b");
    assert_int_equal(picture.state.zoom, zoom);
    assert_int_equal(picture.state.cursor, 2);
    picture_press(&picture, "' '");
    assert_int_equal(picture.state.zoom, zoom - 3);
    picture_press(&picture, "' z");
    picture_has(&picture, "no mark z");
    picture_press(&picture, "m Esc");
    picture_has(&picture, "marks are letters");
    assert_int_equal(picture.state.pending, ACTION_NONE);
    picture_release(&picture);
}

TEST(a_pinned_agent_stays_on_top)
{
    struct picture picture;
    open_picture(&picture, 120, 14);
    picture_press(&picture, "j j p k k");
    picture_has(&picture, "^second");
    picture_has(&picture, "›▾ root");
    for (int i = 0; i < 30; i++) {
        char line[200];
        snprintf(
            line, sizeof line,
            "{'op':'register_agent','session_id':'s','t':9000,'agent_id':'n%d','agent_name':'n%d','parent_agent_id':'s'}\n",
            i, i);
        picture_feed(&picture, line);
    }
    picture_press(&picture, "PgDn PgDn PgDn PgDn");
    picture_has(&picture, "^second");
    picture_has(&picture, "n29");
    picture_press(&picture, "PgUp PgUp PgUp PgUp PgUp PgUp j j p");
    picture_lacks(&picture, "^second");
    for (int i = 0; i < 9; i++) {
        picture_press(&picture, "j p");
    }
    picture_has(&picture, "8 agents pinned");
    picture_release(&picture);
}

TEST(what_is_copied_is_json)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    assert_int_equal(picture_press(&picture, "y"), VIEW_COPY);
    assert_string_equal(picture.state.copied.data,
                        "{\"agent\":\"root\",\"agent_id\":\"s\",\"session_id\":\"s\"}");
    assert_int_equal(picture_press(&picture, "/ m a k e Enter y"), VIEW_COPY);
    assert_non_null(
        strstr(picture.state.copied.data, "\"name\":\"Tool: Bash\",\"agent\":\"second\""));
    assert_non_null(strstr(picture.state.copied.data, "\"duration_ms\":5000,\"running\":false"));
    assert_non_null(strstr(picture.state.copied.data, "\"command\":\"make test\""));
    assert_int_equal(picture_press(&picture, "5 y"), VIEW_COPY);
    assert_string_equal(picture.state.copied.data, "low on disk");
    picture_release(&picture);
}

TEST(what_is_copied_can_be_pasted_into_a_shell)
{
    struct picture picture;
    picture_init(&picture, 120, 40);
    picture.input.log = picture.rig.log;
    picture_feed(&picture,
                 "{'op':'hello','session_id':'s\\u001b','t':1000}\n"
                 "{'op':'register_agent','agent_id':'a','agent_name':'n\xE2\x80\xAE','t':1000}\n"
                 "{'op':'log','t':2000,'level':'error',"
                 "'message':'x\\nid > f\\n\\u001b[201~\\rid\xC2\x9B'}\n");
    picture_at(&picture, 9000);
    picture_draw(&picture);
    assert_int_equal(picture_press(&picture, "j y"), VIEW_COPY);
    assert_non_null(strstr(picture.state.copied.data, "\"session_id\":\"s\\u001b\""));
    assert_non_null(strstr(picture.state.copied.data, "\"agent\":\"n\\u202e\""));
    assert_int_equal(picture_press(&picture, "5 G y"), VIEW_COPY);
    assert_non_null(strstr(picture.state.copied.data, "x id > f \xEF\xBF\xBD[201~ id\xEF\xBF\xBD"));
    picture_release(&picture);
}

/* ---- the mouse ---- */

static void point(struct picture *picture, uint32_t code, int x, int y, int from_x)
{
    struct key key = {.code = code, .x = (int16_t)x, .y = (int16_t)y, .from_x = (int16_t)from_x};
    picture_draw(picture);
    view_key(&picture->input, &picture->state, key, grid_cols(picture->grid),
             grid_rows(picture->grid));
}

/* Returns the screen line with the text. */
static int line_of(struct picture *picture, const char *text)
{
    const char *drawn = picture_draw(picture), *at = strstr(drawn, text);
    int line = 0;
    assert_non_null(at);
    for (; drawn < at; drawn++) {
        line += *drawn == '\n';
    }
    return line;
}

TEST(the_mouse_selects_pans_and_zooms)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    assert_int_equal(picture_press(&picture, "F2"), VIEW_MOUSE);
    assert_true(picture.state.mouse);
    point(&picture, KEY_CODE_CLICK, 5, line_of(&picture, "├ first"), 5);
    assert_int_equal(picture.state.cursor, 1);
    /* A click on a bar selects it; a second one shows its detail. */
    int y = line_of(&picture, "[Bash ls");
    const char *drawn = strstr(picture_draw(&picture), "[Bash ls");
    int x = 0;
    for (const char *at = drawn; at[-1] != '\n'; at--) {
        x += ((unsigned char)at[-1] & 0xC0) != 0x80;
    }
    point(&picture, KEY_CODE_CLICK, x + 3, y, x + 3);
    assert_int_not_equal(picture.state.selected, NO_SPAN);
    point(&picture, KEY_CODE_CLICK, x + 3, y, x + 3);
    picture_has(&picture, "first · Tool: Bash · 4.0 s and running");
    /* The wheel zooms around the pointer. */
    unsigned zoom = picture.state.zoom;
    point(&picture, KEY_CODE_WHEEL_UP, x + 3, y, x + 3);
    unsigned in = picture.state.zoom;
    point(&picture, KEY_CODE_WHEEL_DOWN, x + 3, y, x + 3);
    assert_int_equal(picture.state.zoom, in + 1);
    assert_int_equal(picture.state.window, WINDOW_FIXED);
    (void)zoom;
    int64_t t0_ns = picture.state.t0_ns;
    point(&picture, KEY_CODE_DRAG, x, y, x + 4);
    assert_true(picture.state.t0_ns == t0_ns + ((int64_t)4 << picture.state.zoom));
    picture_release(&picture);
}

TEST(the_mouse_sorts_and_scrolls_lists)
{
    struct picture picture;
    open_picture(&picture, 120, 40);
    picture_press(&picture, "2");
    int heads = line_of(&picture, "AGENT  ");
    const char *drawn = picture_draw(&picture), *req = strstr(drawn, "REQ"), *line = req;
    while (line[-1] != '\n') {
        line--;
    }
    point(&picture, KEY_CODE_CLICK, (int)(req - line), heads, 0);
    picture_draw(&picture);
    assert_int_equal(picture.state.agents.order[0], 2);
    point(&picture, KEY_CODE_CLICK, (int)(req - line), heads, 0);
    picture_draw(&picture);
    assert_int_equal(picture.state.agents.order[0], 0);
    point(&picture, KEY_CODE_CLICK, 3, heads + 3, 0);
    assert_int_equal(picture.state.cursor, 2);
    point(&picture, KEY_CODE_WHEEL_UP, 3, heads + 3, 0);
    assert_int_equal(picture.state.cursor, 1);
    picture_press(&picture, "5");
    point(&picture, KEY_CODE_CLICK, 3, line_of(&picture, "Tool: Read"), 0);
    picture_has(&picture, "›08:53:22.000  failed");
    picture_release(&picture);
}
