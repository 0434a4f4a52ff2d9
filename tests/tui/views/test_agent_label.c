/* Labels that distinguish each agent from every other. */
#include "tui/views/agent_labels.h"

#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define SESSION(id, name) "{'op':'hello','t':0,'session_id':'" id "','name':'" name "'}\n"
#define AGENT(session, id, name)                                              \
    "{'op':'register_agent','t':0,'session_id':'" session "','agent_id':'" id \
    "','agent_name':'" name "','parent_agent_id':'" session "'}\n"

/* A description comes with updates alone. */
static void describe(struct picture *picture, agent_no number, const char *text)
{
    struct swarm *swarm = picture->rig.model.swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    struct agent_identity who = {
        .pid = agent->pid_number, .description = text, .description_len = strlen(text)};
    assert_true(swarm_identify(swarm, agent->session, &who));
}

static void assert_label(struct picture *picture, agent_no agent, unsigned form, int cols,
                         const char *want)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    picture_label(picture, agent, form, cols, &text);
    assert_string_equal(text.data, want);
    assert_true((int)text_cols(text.data, text.len, false) <= cols);
    strbuf_release(&text);
}

TEST(those_alike_show_what_distinguishes_them)
{
    static const char *const want[] = {
        "web",
        "Explore find callers …0001",
        "Explore find callers …0002",
        "Explore find tests",
    };
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, SESSION("s", "web") AGENT("s", "aaaa0001", "Explore")
                               AGENT("s", "aaaa0002", "Explore") AGENT("s", "bbbb0001", "Explore"));
    describe(&picture, 1, "find callers");
    describe(&picture, 2, "find callers");
    describe(&picture, 3, "find tests");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_label(&picture, (agent_no)i, LABEL_ROW, 40, want[i]);
        assert_label(&picture, (agent_no)i, LABEL_LIST, 40, want[i]);
    }
    picture_release(&picture);
}

TEST(sessions_of_one_name_show_characters_of_their_ids)
{
    static const char *const want[] = {"web 9f3c…", "web 9f3d…", "web 41aa…"};
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture,
                 SESSION("9f3c1111-2222", "web") AGENT("9f3c1111-2222", "a", "coder")
                     SESSION("9f3d1111-2222", "web") AGENT("9f3d1111-2222", "a", "coder")
                         SESSION("41aa1111-2222", "web") AGENT("41aa1111-2222", "a", "coder"));
    for (size_t i = 0; i < 3; i++) {
        char sub[64];
        snprintf(sub, sizeof sub, "%s › coder", want[i]);
        assert_label(&picture, (agent_no)(2 * i), LABEL_LIST, 40, want[i]);
        assert_label(&picture, (agent_no)(2 * i + 1), LABEL_ROW, 40, "coder");
        assert_label(&picture, (agent_no)(2 * i + 1), LABEL_LIST, 40, sub);
    }
    picture_release(&picture);
}

#define UPDATED(id, more) "{'op':'update_session','session_id':'" id "','start_ms':0," more "}\n"
#define TOOL(id)                                                                             \
    "{'op':'update_call','session_id':'" id "','kind':'tool','id':'" id "-t','name':'Bash'," \
    "'start_ms':1000}\n"
#define PROMPT(id, text)                                                              \
    "{'op':'update_call','session_id':'" id "','kind':'interaction','id':'" id "-p'," \
    "'start_ms':900,'args':{'user_prompt':'" text "'}}\n"

TEST(what_distinguishes_sessions_is_sought_in_order)
{
    /* Directory, branch, prompt, id; of a directory as many parts as differ. */
    static const struct {
        const char *feed;
        const char *want[3];
    } cases[] = {
        {UPDATED("s1", "'name':'fix','cwd':'/home/a/api'") TOOL("s1")
             UPDATED("s2", "'name':'fix','cwd':'/home/b/api/'") TOOL("s2")
                 UPDATED("s3", "'name':'fix','cwd':'/home/a/web'") TOOL("s3"),
         {"fix a/api", "fix b/api", "fix web"}},
        {UPDATED("s1", "'name':'fix','cwd':'/a','branch':'one'") TOOL("s1")
             UPDATED("s2", "'name':'fix','cwd':'/a','branch':'two'") TOOL("s2")
                 UPDATED("s3", "'name':'fix','cwd':'/b','branch':'two'") TOOL("s3"),
         {"fix ⎇ one", "fix s2", "fix b"}},
        {UPDATED("s1", "'name':'fix','cwd':'/a'") TOOL("s1") PROMPT("s1", "Add a test\\nfor x")
             UPDATED("s2", "'name':'fix','cwd':'/a'") TOOL("s2") PROMPT("s2", "Mend the build")
                 UPDATED("s3", "'name':'fix','cwd':'/a'") TOOL("s3"),
         {"fix Add a test", "fix Mend the build", "fix s3"}},
        {UPDATED("s1", "'cwd':'/x/api','branch':'main'") TOOL("s1")
             UPDATED("s2", "'cwd':'/y/api','branch':'main'") TOOL("s2")
                 UPDATED("s3", "'cwd':'/y/api','branch':'old'") TOOL("s3"),
         {"api ⎇ main x/api", "api ⎇ main y/api", "api ⎇ old"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct picture picture;
        picture_init(&picture, 120, 30);
        picture_at(&picture, 2000);
        picture_feed(&picture, cases[i].feed);
        for (size_t k = 0; k < 3; k++) {
            assert_label(&picture, (agent_no)k, LABEL_ROW, 60, cases[i].want[k]);
        }
        picture_release(&picture);
    }
}

/* Ids that begin with a time: those of one minute begin alike. */
TEST(sessions_without_a_name_show_where_their_ids_differ)
{
    static const char *const want[] = {"main …9-43…", "main …9-49…", "main 41aa0000"};
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_at(&picture, 2000);
    picture_feed(&picture,
                 UPDATED("01a227a9-43d79", "'client':'codex'") TOOL("01a227a9-43d79")
                     UPDATED("01a227a9-49178", "'client':'codex'") TOOL("01a227a9-49178")
                         UPDATED("41aa0000-43d79", "'client':'codex'") TOOL("41aa0000-43d79"));
    for (size_t i = 0; i < 3; i++) {
        assert_label(&picture, (agent_no)i, LABEL_ROW, 40, want[i]);
    }
    picture_release(&picture);
}

/* A session of a framework may have nothing but its agent's name. */
TEST(main_agents_of_one_name_show_characters_of_their_sessions)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_at(&picture, 2000);
    picture_feed(
        &picture,
        UPDATED("aa01", "'client':'x'") TOOL("aa01") UPDATED("ab01", "'client':'x'") TOOL(
            "ab01") "{'op':'update_agent','session_id':'aa01','agent_id':'aa01','type':'P'}\n"
                    "{'op':'update_agent','session_id':'ab01','agent_id':'ab01','type':'P'}\n");
    assert_label(&picture, 0, LABEL_ROW, 40, "P aa01");
    assert_label(&picture, 1, LABEL_ROW, 40, "P ab01");
    picture_release(&picture);
}

TEST(a_long_label_is_cut_in_the_middle_of_its_parts)
{
    static const struct {
        int cols;
        const char *want;
    } rows[] = {
        {60, "a long session name › reviewer check the third module"},
        {48, "a long se…ion name › reviewer check the…d module"},
        {30, "a lo…name › reviewer chec…dule"},
        {20, "a lo…name › reviewer"},
        {10, "reviewer"},
        {6, "rev…er"},
        {1, "…"},
    };
    struct picture picture;
    struct strbuf text;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, SESSION("s", "a long session name") AGENT("s", "a", "reviewer")
                               SESSION("t", "other") AGENT("t", "b", "coder"));
    describe(&picture, 1, "check the third module");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_label(&picture, 1, LABEL_LIST, rows[i].cols, rows[i].want);
    }
    /* At any width it fits. */
    strbuf_init(&text, &mem_libc, 0);
    for (int cols = 1; cols < 80; cols++) {
        picture_label(&picture, 1, LABEL_LIST, cols, &text);
        assert_true((int)text_cols(text.data, text.len, false) <= cols);
        assert_true(text.len > 0);
    }
    strbuf_release(&text);
    picture_release(&picture);
}

/* Sub-agents of one type: the ends of their ids differ, or their descriptions do. */
TEST(sub_agents_of_one_name_differ_at_any_width)
{
    static const char *const described[] = {"find the callers", "find the tests", "write a report",
                                            "find the callers"};
    for (int with = 0; with < 2; with++) {
        struct picture picture;
        struct strbuf texts[4];
        picture_init(&picture, 120, 30);
        picture_feed(&picture,
                     SESSION("s", "api-server") AGENT("s", "aaaa0001", "general-purpose")
                         AGENT("s", "aaaa0002", "general-purpose")
                             AGENT("s", "aaaa0003", "general-purpose")
                                 AGENT("s", "bbbb0001", "general-purpose") SESSION("t", "web")
                                     AGENT("t", "aaaa0001", "general-purpose"));
        for (agent_no i = 0; i < 4; i++) {
            strbuf_init(&texts[i], &mem_libc, 0);
            if (with) {
                describe(&picture, i + 1, described[i]);
            }
        }
        for (int cols = with ? 16 : 7; cols < 60; cols++) {
            for (unsigned form = LABEL_ROW; form <= LABEL_LIST; form++) {
                for (agent_no i = 0; i < 4; i++) {
                    picture_label(&picture, i + 1, form, cols, &texts[i]);
                    assert_true((int)text_cols(texts[i].data, texts[i].len, false) <= cols);
                    for (agent_no k = 0; k < i; k++) {
                        assert_string_not_equal(texts[i].data, texts[k].data);
                    }
                }
            }
        }
        for (size_t i = 0; i < 4; i++) {
            strbuf_release(&texts[i]);
        }
        picture_release(&picture);
    }
}

/* Tasks of one wording: what differs is in the middle, where a cut would take it away. */
TEST(descriptions_are_cut_around_their_difference)
{
    static const char *const modules[] = {"alpha", "alphabet", "beta", "über", "alpha"};
    struct picture picture;
    struct strbuf texts[5];
    picture_init(&picture, 120, 30);
    picture_feed(&picture,
                 SESSION("s", "api") AGENT("s", "aaaa0001", "general-purpose")
                     AGENT("s", "aaaa0002", "general-purpose")
                         AGENT("s", "aaaa0003", "general-purpose")
                             AGENT("s", "aaaa0004", "general-purpose")
                                 AGENT("s", "bbbb0001", "general-purpose") SESSION("t", "web"));
    for (agent_no i = 0; i < 5; i++) {
        char text[120];
        snprintf(text, sizeof text, "Review the errors of module %s in the repository and report",
                 modules[i]);
        describe(&picture, i + 1, text);
        strbuf_init(&texts[i], &mem_libc, 0);
    }
    assert_label(&picture, 2, LABEL_ROW, 34, "genera…urpose …alphabet in the re…");
    assert_label(&picture, 3, LABEL_ROW, 34, "genera…urpose …beta in the reposi…");
    assert_label(&picture, 4, LABEL_ROW, 17, "gen…se …über in …");
    for (int cols = 20; cols < 110; cols++) {
        for (agent_no i = 0; i < 5; i++) {
            picture_label(&picture, i + 1, LABEL_ROW, cols, &texts[i]);
            assert_true((int)text_cols(texts[i].data, texts[i].len, false) <= cols);
            for (agent_no k = 0; k < i; k++) {
                assert_string_not_equal(texts[i].data, texts[k].data);
            }
        }
    }
    for (size_t i = 0; i < 5; i++) {
        strbuf_release(&texts[i]);
    }
    picture_release(&picture);
}

#define TASK(id, module, at)                                                           \
    "{'op':'update_agent','session_id':'s','agent_id':'" id                            \
    "','type':'coder','description':'Review the error handling of module " module      \
    " in the repository and report everything','parent_agent_id':'s','start_ms':0}\n"  \
    "{'op':'update_call','session_id':'s','agent_id':'" id "','kind':'tool','id':'" id \
    "-t','name':'Bash','start_ms':" at "}\n"

TEST(every_list_shows_what_differs_in_descriptions)
{
    static const char *const pages[] = {"1", "2", "3"};
    static const int cols[] = {80, 120};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
        struct picture picture;
        picture_init(&picture, cols[i], 24);
        picture_at(&picture, 4000);
        picture_feed(&picture, UPDATED("s", "'name':'api'") UPDATED("t", "'name':'web'") TOOL("t")
                                   TASK("x1", "alpha", "1000") TASK("x2", "beta", "1001")
                                       TASK("x3", "gamma", "1002"));
        for (size_t k = 0; k < sizeof pages / sizeof *pages; k++) {
            picture_press(&picture, pages[k]);
            picture_has(&picture, "…alpha");
            picture_has(&picture, "…beta");
            picture_has(&picture, "…gamma");
        }
        picture_release(&picture);
    }
}

TEST(a_note_that_is_needed_outlives_the_session)
{
    static const struct {
        int cols;
        const char *want;
    } rows[] = {
        {40, "api-server › general-purpose …0002"},
        {28, "ap…er › general…urpose …0002"},
        {22, "ap…er › gene…ose …0002"},
        {16, "gener…pose …0002"},
        {11, "ge…se …0002"},
        {7, "… …0002"},
    };
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, SESSION("s", "api-server") AGENT("s", "aaaa0001", "general-purpose")
                               AGENT("s", "aaaa0002", "general-purpose") SESSION("t", "web"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_label(&picture, 2, LABEL_LIST, rows[i].cols, rows[i].want);
    }
    picture_release(&picture);
}
