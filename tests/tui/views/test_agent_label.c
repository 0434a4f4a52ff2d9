/* Labels that distinguish each agent from every other. */
#include "tui/views/agent_label.h"

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

static void label(struct picture *picture, agent_no agent, enum label_form form, int cols,
                  struct strbuf *out)
{
    struct agent_labels labels;
    struct agent_label parts;
    assert_true(agent_labels_init(&labels, picture->rig.model.swarm, &mem_libc));
    agent_label_init(&parts, &mem_libc, false);
    agent_labels_get(&labels, agent, form, &parts);
    strbuf_clear(out);
    agent_label_text(&parts, cols, out);
    agent_label_release(&parts);
    agent_labels_release(&labels);
}

static void assert_label(struct picture *picture, agent_no agent, enum label_form form, int cols,
                         const char *want)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    label(picture, agent, form, cols, &text);
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
        label(&picture, 1, LABEL_LIST, cols, &text);
        assert_true((int)text_cols(text.data, text.len, false) <= cols);
        assert_true(text.len > 0);
    }
    strbuf_release(&text);
    picture_release(&picture);
}
