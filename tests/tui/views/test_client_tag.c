/* Rows show their client where several are in the picture, and nothing more where one is. */
#include "tui/views/client_tag.h"

#include "tests/support/picture.h"
#include "tests/support/support.h"
#include "tui/views/agent_labels.h"

#include <string.h>

#define SESSION(id, more) "{'op':'update_session','session_id':'" id "','start_ms':0" more "}\n"
#define TOOL(id)                                                                             \
    "{'op':'update_call','session_id':'" id "','kind':'tool','id':'" id "-t','name':'Bash'," \
    "'start_ms':1000}\n"
#define SUB(id)                                                                          \
    "{'op':'update_agent','session_id':'" id "','agent_id':'" id "-a','type':'Explore'," \
    "'parent_agent_id':'" id "','start_ms':1000}\n"
#define WORK(id, client) SESSION(id, ",'name':'work','client':'" client "'") TOOL(id)

static void start(struct picture *picture, int cols, int rows, const char *feed)
{
    picture_init(picture, cols, rows);
    picture_at(picture, 2000);
    picture_feed(picture, feed);
}

#define ON(id, host) SESSION(id, ",'name':'work','host':'" host "'") TOOL(id)

TEST(a_label_has_its_host_where_several_are_there)
{
    static const struct {
        const char *feed;
        unsigned form;
        int cols;
        const char *want;
    } rows[] = {
        {ON("s1", "web1") ON("s2", "web1"), LABEL_ROW | LABEL_CLIENT, 40, "work s1"},
        {ON("s1", "web1") ON("s2", "web2"), LABEL_ROW | LABEL_CLIENT, 40, "web1 work"},
        {ON("s1", "web1") ON("s2", "web2"), LABEL_ROW | LABEL_HOST, 40, "web1 work"},
        {ON("s1", "web1") ON("s2", "web2"), LABEL_ROW, 40, "work"},
        /* An agent of this machine has none. */
        {ON("s1", "web1") SESSION("s2", ",'name':'work'") TOOL("s2"), LABEL_ROW | LABEL_CLIENT, 40,
         "web1 work"},
        {ON("s1", "web1") ON("s2", "web2"), LABEL_ROW | LABEL_CLIENT, 13, "eb1 work"},
        /* A cut one leaves out what all share. */
        {ON("s1", "worker-number-17") ON("s2", "worker-number-23"), LABEL_ROW | LABEL_CLIENT, 40,
         "er-number-17 work"},
        {ON("s1", "alpha") ON("s2", "alphb"), LABEL_ROW | LABEL_CLIENT, 12, "pha work"},
        {ON("s1", "web1") ON("s2", "web2") WORK("s3", "codex") WORK("s4", "claude")
             SESSION("s1", ",'client':'codex'"),
         LABEL_ROW | LABEL_CLIENT, 40, "web1 codex work"},
    };
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        start(&picture, 80, 24, rows[i].feed);
        picture_label(&picture, 0, rows[i].form, rows[i].cols, &text);
        assert_string_equal(text.data, rows[i].want);
        picture_release(&picture);
    }
    strbuf_release(&text);
}

TEST(a_label_has_its_client_where_several_are_there)
{
    static const struct {
        const char *feed;
        unsigned form;
        int cols;
        const char *want;
    } rows[] = {
        {WORK("s1", "codex") SUB("s1"), LABEL_LIST | LABEL_CLIENT, 40, "work"},
        {WORK("s1", "codex") WORK("s2", "codex"), LABEL_ROW | LABEL_CLIENT, 40, "work s1"},
        {WORK("s1", "codex") SESSION("s2", ",'name':'work'") TOOL("s2"), LABEL_ROW | LABEL_CLIENT,
         40, "work s1"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW | LABEL_CLIENT, 40, "codex work"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW, 40, "work"},
        {WORK("s1", "codex") WORK("s2", "claude") WORK("s3", "codex"), LABEL_ROW | LABEL_CLIENT, 40,
         "codex work s1"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW | LABEL_CLIENT, 18, "codex work"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW | LABEL_CLIENT, 17, "cod work"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW | LABEL_CLIENT, 8, "cod work"},
        {WORK("s1", "codex") WORK("s2", "claude"), LABEL_ROW | LABEL_CLIENT, 7, "work"},
        {WORK("s1", "copilot") WORK("s2", "copper"), LABEL_ROW | LABEL_CLIENT, 12, "copi work"},
        {WORK("s1", "a service of a long name") WORK("s2", "codex"), LABEL_ROW | LABEL_CLIENT, 40,
         "a service of work"},
        {WORK("s1", "x") WORK("s2", "y"), LABEL_ROW | LABEL_CLIENT, 40, "x work"},
        {WORK("s1", "") WORK("s2", "y"), LABEL_ROW | LABEL_CLIENT, 40, "work s1"},
    };
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        start(&picture, 80, 24, rows[i].feed);
        picture_label(&picture, 0, rows[i].form, rows[i].cols, &text);
        assert_string_equal(text.data, rows[i].want);
        for (int cols = 1; cols < 50; cols++) {
            picture_label(&picture, 0, rows[i].form, cols, &text);
            assert_true((int)text_cols(text.data, text.len, false) <= cols);
        }
        picture_release(&picture);
    }
    strbuf_release(&text);
}

TEST(sub_agents_of_several_clients_are_of_one_session_each)
{
    struct picture picture;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    start(&picture, 80, 24,
          WORK("s1", "codex") SUB("s1") WORK("s2", "claude") SUB("s2") WORK("s3", "claude"));
    picture_label(&picture, 1, LABEL_LIST | LABEL_CLIENT, 40, &text);
    assert_string_equal(text.data, "codex work › Explore");
    picture_label(&picture, 3, LABEL_LIST | LABEL_CLIENT, 40, &text);
    assert_string_equal(text.data, "claude work s2 › Explore");
    picture_release(&picture);
    strbuf_release(&text);
}

/* Every view, at sizes from a phone to a wall. */
TEST(a_picture_of_one_client_does_not_name_it)
{
    static const char *const pages[] = {"1", "2", "3", "4", "5"};
    for (size_t i = 0; i < 5; i++) {
        struct picture picture;
        start(&picture, 160, 40, WORK("s1", "codex") SUB("s1") WORK("s2", "codex"));
        picture_press(&picture, pages[i]);
        picture_lacks(&picture, "codex");
        picture_lacks(&picture, "CLIENT");
        picture_release(&picture);
    }
}

#define REQUEST(session, id, model, tokens)                                                      \
    "{'op':'update_call','session_id':'" session "','kind':'request','id':'" session id          \
    "','model':'" model "','start_ms':1000,'end_ms':1900,'success':true,'output_tokens':" tokens \
    "}\n"

TEST(views_name_each_client_of_several)
{
    static const char feed[] = WORK("s1", "codex") SUB("s1") REQUEST("s1", "r", "mock-1", "10")
        WORK("s2", "claude") REQUEST("s2", "r", "mock-1", "20");
    static const struct {
        const char *keys, *want[3];
    } rows[] = {
        {"1", {"work        cod", "work        cla", " └ Explore          ○"}},
        {"2", {"CLIENT", "codex", "claude"}},
        {"3", {" codex ", " claude ", "Tool: Bash"}},
        {"4", {"REQUESTS BY CLIENT AND MODEL", "claude  mock-1", "codex   mock-1"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        start(&picture, 80, 40, feed);
        picture_press(&picture, rows[i].keys);
        for (size_t k = 0; k < 3; k++) {
            picture_has(&picture, rows[i].want[k]);
        }
        picture_release(&picture);
    }
}

/* A session that a tool of another client started lies in that client's tree. */
TEST(a_row_below_another_clients_row_names_its_own)
{
    struct picture picture;
    start(&picture, 120, 30,
          WORK("s1", "claude") SESSION("s2", ",'name':'inner','client':'codex',"
                                             "'parent_session_id':'s1','parent_agent_id':'s1'")
              TOOL("s2") SUB("s2") SUB("s1"));
    picture_has(&picture, "›▾ work             claude ");
    picture_has(&picture, " ├▾inner            codex  ");
    picture_has(&picture, " │└ Explore                ");
    picture_has(&picture, " └ Explore          claude ");
    picture_release(&picture);
}
