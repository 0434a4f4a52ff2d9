/* A state has one name: on the screen, for the filter, in a status bar, in reports. */
#include "tests/support/model.h"
#include "tests/support/picture.h"
#include "tests/support/support.h"
#include "tui/cmd/report_json.h"
#include "tui/cmd/status_line.h"
#include "tui/views/report.h"

#include <stdio.h>
#include <string.h>

#define OP(op, t, more) "{'op':'" op "','t':" #t ",'session_id':'s'" more "}\n"
#define HELLO           OP("hello", 0, ",'name':'api'")
#define REQUEST         OP("start_llm_request", 1000, ",'span_id':'r','model':'m'")
#define TOOL            OP("start_tool", 1000, ",'span_id':'t','tool_name':'Bash'")
#define END             OP("end_tool", 1500, ",'span_id':'t','success':true")
#define UPDATED         "{'op':'update_session','session_id':'s','name':'api','start_ms':0"
#define CALL            "{'op':'update_call','session_id':'s','kind':'tool','id':'c','start_ms':1000"

static const struct {
    enum agent_state state;
    const char *word, *key; /* of people and of `report --json` */
    const char *feed;
    double at_ms;
} rows[] = {
    {STATE_WAIT, "wait", "wait", HELLO REQUEST, 2000},
    {STATE_RETRY, "retry", "retry",
     HELLO REQUEST OP("attempt", 1500,
                      ",'span_id':'r','attempt':2,'error':'529','retry_in_ms':9000"),
     2000},
    {STATE_SAMPLING, "sampling", "sampling",
     HELLO REQUEST OP("first_token", 1500, ",'span_id':'r'"), 2000},
    {STATE_TOOL, "tool", "tool", HELLO TOOL, 2000},
    {STATE_TOOL_OR_USER, "tool?", "tool", UPDATED "}\n" CALL ",'name':'exec','may_ask':true}\n",
     12000},
    {STATE_AGENTS, "agents", "agents", UPDATED "}\n" CALL ",'name':'Agent','child_agent_id':'a'}\n",
     2000},
    {STATE_USER, "user", "user", HELLO OP("start_user_input", 1000, ",'span_id':'u'"), 2000},
    {STATE_IDLE, "idle", "idle", HELLO TOOL END, 2000},
    {STATE_DONE, "done", "done", HELLO TOOL END OP("end_session", 1600, ""), 2000},
    {STATE_ERROR, "error", "error",
     HELLO TOOL OP("end_tool", 1500, ",'span_id':'t','success':false,'error':'no'"), 2000},
    {STATE_STALE, "stale", "stale", HELLO TOOL OP("instant", 9000000, ",'name':'x','cat':'c'"),
     9000000},
    {STATE_GONE, "gone", "gone",
     UPDATED "}\n" CALL "}\n" UPDATED ",'outcome':'gone','end_ms':1500}\n", 2000},
    {STATE_UNKNOWN, "unknown", "unknown",
     UPDATED "}\n" CALL "}\n" UPDATED ",'outcome':'disconnected','end_ms':1500}\n", 2000},
};
_Static_assert(sizeof rows / sizeof *rows == STATES, "each state is tried");

/* Fails unless the text has `word` between blanks, signs or its ends. */
static void has_word(const char *where, const char *text, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz?";
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        bool begins = at == text || strchr(letters, at[-1]) == NULL;
        if (begins && (at[len] == '\0' || strchr(letters, at[len]) == NULL)) {
            return;
        }
    }
    fail_msg("%s has no \"%s\":\n%s", where, word, text);
}

static void put_reports(struct picture *picture, struct strbuf *text, struct strbuf *json)
{
    struct swarm_metrics metrics;
    const struct swarm *swarm = picture->input.swarm;
    assert_true(metrics_compute(swarm, picture->input.local_ns, &metrics));
    struct report report = {
        .swarm = swarm, .metrics = &metrics, .local_ns = picture->input.local_ns};
    report_text(&report, false, text);
    report_json(&report, json);
    metrics_release(&metrics);
}

TEST(each_state_has_one_name_everywhere)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        struct strbuf text, error;
        char want[80];
        print_message("%s\n", rows[i].word);
        strbuf_init(&text, &mem_libc, 0);
        strbuf_init(&error, &mem_libc, 0);
        picture_init(&picture, 120, 30);
        picture_feed(&picture, rows[i].feed);
        picture_at(&picture, rows[i].at_ms);
        const struct swarm *swarm = picture.input.swarm;
        assert_int_equal(query_status(swarm, 0, picture.input.local_ns).state, rows[i].state);
        assert_string_equal(query_state_name(rows[i].state), rows[i].word);
        snprintf(want, sizeof want, "%s 1", rows[i].word);
        picture_has(&picture, want); /* the header */
        has_word("the timeline", strstr(picture_draw(&picture), "api"), rows[i].word);
        picture_press(&picture, "2");
        has_word("the table", strstr(picture_draw(&picture), "api"), rows[i].word);
        snprintf(want, sizeof want, "state:%s", rows[i].word);
        assert_true(view_set_filter(&picture.state, want, &error));
        picture_has(&picture, "1 of 1 agent");
        status_bar(swarm, NULL, picture.input.local_ns, false, &text);
        snprintf(want, sizeof want, "1 %s", rows[i].word);
        assert_memory_equal(text.data, want, strlen(want)); /* a call that hangs may follow */
        strbuf_clear(&text);
        status_line(swarm, NULL, picture.input.local_ns, &text);
        has_word("a line of figures", text.data, rows[i].word);
        struct strbuf json;
        strbuf_init(&json, &mem_libc, 0);
        strbuf_clear(&text);
        put_reports(&picture, &text, &json);
        has_word("the report", text.data, rows[i].word);
        snprintf(want, sizeof want, "\"state\":\"%s\"", rows[i].key);
        if (strstr(json.data, want) == NULL) {
            fail_msg("report --json has no %s:\n%s", want, json.data);
        }
        strbuf_release(&json);
        strbuf_release(&error);
        strbuf_release(&text);
        picture_release(&picture);
    }
}

TEST(a_status_bar_begins_with_those_that_need_a_person)
{
    struct picture picture;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    picture_init(&picture, 120, 30);
    status_bar(picture.input.swarm, NULL, picture.input.local_ns, false, &text);
    assert_string_equal(text.data, "no agents");
    strbuf_clear(&text);
    picture_feed(&picture,
                 "{'op':'start_tool','t':0,'session_id':'a','span_id':'t','tool_name':'Bash'}\n"
                 "{'op':'start_tool','t':0,'session_id':'b','span_id':'t','tool_name':'Bash'}\n"
                 "{'op':'hello','t':0,'session_id':'c'}\n"
                 "{'op':'start_user_input','t':0,'session_id':'d','span_id':'u'}\n");
    status_bar(picture.input.swarm, NULL, picture.input.local_ns, false, &text);
    assert_string_equal(text.data, "1 user  2 tool  1 idle");
    strbuf_release(&text);
    picture_release(&picture);
}

TEST(a_line_of_figures_counts_no_threads_as_agents)
{
    struct model model;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_trace(&model, "t"));
    assert_true(model_events(
        &model, "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"a\",\"ts\":1,\"dur\":5},"
                "{\"ph\":\"X\",\"pid\":1,\"tid\":2,\"name\":\"b\",\"ts\":2,\"dur\":5}"));
    assert_true(swarm_agent_count(model.swarm) >= 2);
    status_line(model.swarm, NULL, model_ns(10), &text);
    assert_non_null(strstr(text.data, "0 agents"));
    strbuf_release(&text);
    model_release(&model);
}

#define UPDATE(op, rest) "{'op':'update_" op "','session_id':'s'," rest "}\n"

/* With its requests a session showed that a source reports them: that holds when a cap has dropped
   them, and an agent that rests does not wait for one for ever. */
TEST(an_agent_whose_requests_were_dropped_rests)
{
    static const struct swarm_config capped = {.max_events = {20, 20}};
    struct picture picture;
    char line[300];
    picture_init_capped(&picture, &capped, 100, 12);
    picture_at(&picture, 1000);
    picture_feed(&picture,
                 UPDATE("session", "'start_ms':0,'name':'work'")
                     UPDATE("agent", "'agent_id':'a','type':'Explore','parent_agent_id':'s'")
                         UPDATE("call", "'agent_id':'a','kind':'request','id':'r','model':'m',"
                                        "'start_ms':10,'end_ms':20,'success':true"));
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line,
                 UPDATE("call", "'agent_id':'a','kind':'tool','id':'t%d','name':'Bash',"
                                "'start_ms':%d,'end_ms':%d,'success':true"),
                 i, 100 + i * 10, 105 + i * 10);
        picture_feed(&picture, line);
    }
    picture_at(&picture, 60000);
    picture_has(&picture, "dropped");
    picture_has(&picture, "○ idle");
    picture_lacks(&picture, "● wait");
    picture_release(&picture);
}
