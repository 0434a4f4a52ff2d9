/* Chains that hold agents up, and flags of what has stalled, on the screen. */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#define OP(op, t, more) "{'op':'" op "','t':" #t ",'session_id':'s'" more "}\n"
#define OF(agent)       ",'agent_id':'" agent "'"
#define HELLO           OP("hello", 0, ",'name':'api'")
#define CODER \
    OP("register_agent", 1000, ",'agent_id':'c','agent_name':'coder','parent_agent_id':'s'")
#define CALL \
    OP("start_tool", 900, ",'span_id':'a','tool_name':'Agent','args':{'subagent_type':'coder'}")
#define BASH(t) \
    OP("start_tool", t, OF("c") ",'span_id':'b" #t "','tool_name':'Bash','args':{'command':'make'}")
#define FAILS(t, id)                                                                      \
    OP("start_tool", t, ",'span_id':'" id "','tool_name':'Grep','args':{'pattern':'x('}") \
    OP("end_tool", t, ",'span_id':'" id "','success':false,'error':'no'")
#define LOOP FAILS(2000, "1") FAILS(3000, "2") FAILS(4000, "3")

static void expect_message(struct picture *picture, const char *keys, const char *message)
{
    picture_press(picture, keys);
    if (strcmp(picture->state.message, message) != 0) {
        fail_msg("%s: \"%s\", not \"%s\"", keys, picture->state.message, message);
    }
}

TEST(the_header_shows_what_has_held_up_for_ten_seconds)
{
    struct picture picture;
    picture_init(&picture, 120, 20);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_at(&picture, 11000);
    picture_lacks(&picture, "←");
    picture_at(&picture, 13000);
    picture_has(&picture, "api ← coder ← Bash make 11s");
    picture_at(&picture, 33000);
    picture_has(&picture, "api ← coder ← Bash make 31s");
    picture_feed(&picture, OP("end_tool", 34000, OF("c") ",'span_id':'b2000','success':true"));
    picture_at(&picture, 43000);
    picture_lacks(&picture, "←");
    picture_at(&picture, 45000);
    picture_has(&picture, "api ← Agent → coder, idle 44s");
    picture_release(&picture);
}

TEST(a_request_in_its_back_off_shows_the_retry)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO OP("start_llm_request", 1000, ",'span_id':'r','model':'m'"));
    picture_at(&picture, 20000);
    picture_has(&picture, "held up: api ← API Call m 19s");
    picture_feed(&picture, OP("attempt", 20000,
                              ",'span_id':'r','attempt':2,'error':'529','retry_in_ms':30000"));
    picture_at(&picture, 21000);
    picture_has(&picture, "held up: api ← retry 2 in 29s after 529, 20s");
    picture_press(&picture, "} Enter");
    picture_has(&picture, "attempt  ");
    picture_has(&picture, "error  ");
    picture_has(&picture, "next  ");
    picture_at(&picture, 51000);
    picture_has(&picture, "held up: api ← API Call m 50s");
    picture_lacks(&picture, "next  ");
    picture_release(&picture);
}

TEST(a_request_whose_tokens_come_is_no_chain_of_the_header)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO OP("start_llm_request", 1000, ",'span_id':'r','model':'m'")
                               OP("first_token", 30000, ",'span_id':'r'"));
    picture_at(&picture, 39000);
    picture_lacks(&picture, "←");
    picture_feed(&picture, OP("progress", 39000, ",'span_id':'r','output_tokens':300"));
    picture_at(&picture, 48000);
    picture_lacks(&picture, "←");
    picture_at(&picture, 50000);
    picture_has(&picture, "held up: api ← API Call m 49s");
    picture_release(&picture);
}

TEST(a_narrow_header_loses_the_chain_before_the_clock)
{
    struct picture picture;
    const struct {
        int cols;
        const char *has, *lacks;
    } rows[] = {
        {120, "api ← coder ← Bash make 31s", "…"},
        {84, "2 agents   ● LIVE 08:53   held up: coder ← Bash make 31s", "events"},
        {76, "1 session   ● LIVE 08:53   held up: api ← coder ← Bash make 31s", "agents"},
        {70, "1 session   ● LIVE 08:53   held up: coder ← Bash make 31s", "agents"},
        {65, "1 session   ● LIVE 08:53   held up: coder ← Bash 31s", "make 31s"},
        {52, "LIVE", "←"},
        {20, "LIVE", "←"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        picture_init(&picture, rows[i].cols, 8);
        picture_feed(&picture, HELLO CALL CODER BASH(2000));
        picture_at(&picture, 33000);
        const char *text = picture_draw(&picture);
        size_t len = strcspn(text, "\n");
        char line[500];
        assert_in_range(len, 0, sizeof line - 1);
        memcpy(line, text, len);
        line[len] = '\0';
        if (strstr(line, rows[i].has) == NULL || strstr(line, rows[i].lacks) != NULL) {
            fail_msg("%d columns: %s", rows[i].cols, line);
        }
        picture_release(&picture);
    }
}

/* Two directories of one name, each with an agent that starts an Explore. */
#define SESSION(id, cwd, t)                                                                  \
    "{'op':'update_session','session_id':'" id "','cwd':'" cwd "','start_ms':0}\n"           \
    "{'op':'update_call','session_id':'" id                                                  \
    "','kind':'tool','id':'a','name':'Agent','start_ms':" #t ",'child_agent_id':'x" id       \
    "','args':{'subagent_type':'Explore'}}\n"                                                \
    "{'op':'update_agent','session_id':'" id "','agent_id':'x" id "','name':'Explore',"      \
    "'parent_agent_id':'" id "'}\n"                                                          \
    "{'op':'update_call','session_id':'" id "','agent_id':'x" id "','kind':'tool','id':'b'," \
    "'name':'Bash','start_ms':" #t ",'args':{'command':'make'}}\n"

TEST(of_namesakes_in_two_sessions_the_chain_names_the_session)
{
    static const struct {
        int cols;
        const char *has;
    } rows[] = {
        {120, "held up: api web/api ← Explore ← Bash make 43s"},
        {90, "held up: api web/api ← Explore ← Bash make 43s"},
        {83, "held up: api web/api › Explore ← Bash 43s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        picture_init(&picture, rows[i].cols, 12);
        picture_feed(&picture,
                     SESSION("w", "/srv/web/api", 3000) SESSION("o", "/srv/ops/api", 2000));
        picture_at(&picture, 43000);
        picture_has(&picture, rows[i].has);
        picture_release(&picture);
    }
}

TEST(braces_walk_along_the_chain)
{
    struct picture picture;
    picture_init(&picture, 120, 20);
    picture_feed(&picture, HELLO);
    expect_message(&picture, "}", "nothing holds this agent up");
    picture_feed(&picture, CALL CODER BASH(2000));
    picture_at(&picture, 33000);
    expect_message(&picture, "}", "1 of 2");
    assert_int_equal(picture.state.selected, model_span(&picture.rig.model, "Tool: Agent", 0));
    expect_message(&picture, "}", "2 of 2");
    assert_int_equal(picture.state.selected, model_span(&picture.rig.model, "Tool: Bash", 0));
    assert_int_equal(picture.state.cursor, model_agent(&picture.rig.model, "coder"));
    expect_message(&picture, "}", "the end of what holds it up");
    expect_message(&picture, "{", "1 of 2");
    expect_message(&picture, "{", "the begin of what holds it up");
    expect_message(&picture, "} }", "the end of what holds it up");
    picture_release(&picture);
}

TEST(braces_walk_along_a_chain_of_any_length)
{
    enum { AGENTS = 100 };
    struct picture picture;
    char feed[400], want[40];
    picture_init(&picture, 120, 20);
    picture_feed(&picture, HELLO);
    for (int i = 1; i <= AGENTS; i++) {
        char parent[8] = "s", of[40] = "";
        if (i > 1) {
            snprintf(parent, sizeof parent, "c%d", i - 1);
            snprintf(of, sizeof of, ",'agent_id':'%s'", parent);
        }
        snprintf(feed, sizeof feed,
                 "{'op':'start_tool','t':%d,'session_id':'s'%s,'span_id':'a%d','tool_name':'Agent',"
                 "'args':{'subagent_type':'x'}}\n{'op':'register_agent','t':%d,'session_id':'s',"
                 "'agent_id':'c%d','agent_name':'x','parent_agent_id':'%s'}\n",
                 i, of, i, i, i, parent);
        picture_feed(&picture, feed);
    }
    picture_feed(&picture, OP("start_tool", 2000, OF("c100") ",'span_id':'b','tool_name':'Bash'"));
    picture_at(&picture, 60000);
    for (int i = 1; i <= AGENTS + 1; i++) {
        snprintf(want, sizeof want, "%d of %d", i, AGENTS + 1);
        expect_message(&picture, "}", want);
    }
    assert_int_equal(picture.state.selected, model_span(&picture.rig.model, "Tool: Bash", 0));
    expect_message(&picture, "}", "the end of what holds it up");
    for (int i = AGENTS; i >= 1; i--) {
        snprintf(want, sizeof want, "%d of %d", i, AGENTS + 1);
        expect_message(&picture, "{", want);
    }
    picture_release(&picture);
}

TEST(a_filter_shows_the_longest_chain_of_those_that_match)
{
    struct picture picture;
    struct strbuf error;
    picture_init(&picture, 120, 20);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_feed(&picture, "{'op':'hello','t':3000,'session_id':'w','name':'web'}\n"
                           "{'op':'start_tool','t':3000,'session_id':'w','span_id':'x',"
                           "'tool_name':'Fetch','args':{'url':'u'}}\n");
    picture_at(&picture, 60000);
    picture_has(&picture, "api ← coder ← Bash make 58s");
    strbuf_init(&error, &mem_libc, 0);
    assert_true(view_set_filter(&picture.state, "session:web", &error));
    picture_has(&picture, "web ← Fetch u 57s");
    assert_true(view_set_filter(&picture.state, "agent:coder", &error));
    picture_has(&picture, "held up: coder ← Bash make 58s");
    assert_true(view_set_filter(&picture.state, "name:Nothing", &error));
    picture_lacks(&picture, "←");
    strbuf_release(&error);
    picture_release(&picture);
}

TEST(from_an_agent_that_waits_for_nothing_braces_lead_to_what_the_header_shows)
{
    struct picture picture;
    picture_init(&picture, 120, 20);
    picture_feed(
        &picture,
        "{'op':'hello','t':0,'session_id':'idle','name':'aaa'}\n" HELLO CALL CODER BASH(2000));
    picture_at(&picture, 10000);
    expect_message(&picture, "}", "nothing holds this agent up");
    picture_at(&picture, 33000);
    expect_message(&picture, "}", "1 of 2");
    picture_press(&picture, "k");
    expect_message(&picture, "{", "2 of 2");
    picture_release(&picture);
}

TEST(the_detail_of_a_call_that_waits_shows_the_chain)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_at(&picture, 12000);
    picture_press(&picture, "} Enter");
    picture_has(&picture, "held up by");
    picture_has(&picture, "api ← coder ← Bash make 10s");
    picture_press(&picture, "}");
    picture_lacks(&picture, "held up by");
    picture_release(&picture);
}

TEST(a_stalled_call_and_a_loop_have_a_flag_everywhere)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_at(&picture, 601000);
    picture_lacks(&picture, "stalled");
    expect_message(&picture, "!", "nothing has stalled");
    picture_at(&picture, 602000);
    picture_has(&picture, "⚑ stalled    10m");
    picture_has(&picture, "stalled 1");
    picture_has(&picture, "Tool: Bash  ⚑ stalled  make");
    picture_lacks(&picture, "loops");
    picture_feed(&picture, LOOP);
    picture_has(&picture, "⚑ loop");
    picture_has(&picture, "loops 1");
    picture_press(&picture, "2");
    picture_has(&picture, "⚑ stalled");
    picture_has(&picture, "⚑ loop");
    picture.input.theme.ascii = true;
    picture_has(&picture, "! stalled");
    picture_release(&picture);
}

TEST(an_exclamation_mark_goes_round_what_is_flagged)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO CALL CODER LOOP BASH(5000));
    picture_at(&picture, 700000);
    expect_message(&picture, "!", "2 of 2");
    assert_int_equal(picture.state.selected, model_span(&picture.rig.model, "Tool: Bash", 0));
    expect_message(&picture, "!", "1 of 2");
    assert_int_equal(picture.state.selected, model_span(&picture.rig.model, "Tool: Grep", 2));
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_true(view_set_filter(&picture.state, "agent:coder", &error));
    picture_has(&picture, "stalled 1");
    picture_lacks(&picture, "loops");
    expect_message(&picture, "!", "1 of 1; 1 outside the filter");
    strbuf_release(&error);
    picture_release(&picture);
}

TEST(who_waits_for_a_person_shows_that_in_place_of_a_loop)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO LOOP OP("start_user_input", 5000, ",'span_id':'u'"));
    picture_at(&picture, 6000);
    picture_has(&picture, "◐ user");
    picture_has(&picture, "loops 1");
    picture_lacks(&picture, "⚑");
    picture_release(&picture);
}

TEST(a_frozen_display_keeps_its_chain)
{
    struct picture picture;
    picture_init(&picture, 140, 20);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_at(&picture, 40000);
    picture_press(&picture, "Space");
    picture_feed(&picture, OP("end_tool", 50000, OF("c") ",'span_id':'b2000','success':true"));
    picture_at(&picture, 90000);
    picture_has(&picture, "coder ← Bash make 38s");
    picture_press(&picture, "Space");
    picture_lacks(&picture, "← Bash");
    picture_feed(&picture, LOOP);
    picture_press(&picture, "Space");
    picture_feed(&picture, OP("start_tool", 91000, ",'span_id':'w','tool_name':'Write'")
                               OP("end_tool", 92000, ",'span_id':'w','success':true"));
    picture_has(&picture, "⚑ loop");
    picture_press(&picture, "Space");
    picture_lacks(&picture, "⚑");
    picture_release(&picture);
}

TEST(the_detail_of_a_frozen_display_is_of_its_moment)
{
    struct picture picture;
    picture_init(&picture, 140, 30);
    picture_feed(&picture, HELLO CALL CODER BASH(2000));
    picture_at(&picture, 700000);
    picture_press(&picture, "! Enter");
    picture_has(&picture, "stalled: far beyond its usual time");
    picture_press(&picture, "Space");
    picture_feed(&picture, OP("end_tool", 710000, OF("c") ",'span_id':'b2000','success':false"));
    picture_at(&picture, 720000);
    picture_has(&picture, "stalled: far beyond its usual time");
    picture_has(&picture, "running");
    picture_has(&picture, "Tool: Bash  ⚑ stalled");
    picture_lacks(&picture, "failed");
    picture_press(&picture, "Space");
    picture_lacks(&picture, "stalled:");
    picture_has(&picture, "failed");
    picture_release(&picture);
}

TEST(the_detail_of_a_frozen_display_has_the_phases_of_its_moment)
{
    struct picture picture;
    picture_init(&picture, 140, 30);
    picture_feed(&picture, HELLO OP("start_llm_request", 1000, ",'span_id':'r','model':'opus'"));
    picture_at(&picture, 4500);
    picture_press(&picture, "Enter Space");
    picture_feed(&picture, OP("end_llm_request", 11000,
                              ",'span_id':'r','ttft_ms':3000,'ttlt_ms':10000,'request_setup_ms':"
                              "1000,'output_tokens':100,'success':true"));
    picture_at(&picture, 12000);
    picture_has(&picture, "Request Setup");
    picture_has(&picture, "First Token");
    picture_lacks(&picture, "Sampling");
    picture_press(&picture, "Space");
    picture_has(&picture, "Sampling");
    picture_release(&picture);
}
