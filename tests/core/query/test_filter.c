/* What an expression means is a table: the spans that it lets through, by a letter each, and the agents that match by themselves. */
#include "core/query/filter.h"
#include "core/tracer/print.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <string.h>

/* Each span is called by the letter in its args. */
static const struct model_span spans[] = {
    {1, "API Call", "api", 0, 1000, "{\"l\":\"r\",\"model\":\"claude-opus-4\"}",
     "{\"l\":\"r\",\"model\":\"claude-opus-4\",\"output_tokens\":120,\"success\":true}"},
    {1, "Tool: Bash", "tool", 1000, 9000, "{\"l\":\"b\",\"command\":\"make -j2 Test\"}",
     "{\"l\":\"b\",\"command\":\"make -j2 Test\",\"success\":false}"},
    {1, "Tool: Read", "tool", 9000, 9010, "{\"l\":\"d\",\"path\":\"/src/a \\u0022b\\u0022.c\"}",
     NULL},
    {1, "Tool: Agent", "tool", 9100, NAN,
     "{\"l\":\"a\",\"usage\":{\"in\":7,\"deep\":{\"x\":\"y\"}}}", NULL},
    {2, "Tool: Bash", "tool", 9200, NAN, "{\"l\":\"c\",\"command\":\"ls\",\"dotted.key\":\"v\"}",
     NULL},
    {2, "Waiting for User Input", "user_input", 9000, 9200, "{\"l\":\"u\"}", NULL},
};

static void build(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    assert_true(model_open_file(model, "session-9"));
    assert_true(model_name(model, 1, "main"));
    assert_true(model_name(model, 2, "Explore"));
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        assert_true(model_add(model, &spans[i]));
    }
}

static char letter_of(const struct swarm *swarm, span_no no)
{
    struct slice args = print_span_args(swarm, swarm_span(swarm, no));
    struct json_value object = {JSON_TYPE_OBJECT, args.bytes, args.len};
    return json_get(object, "l").raw[1];
}

static struct filter *make(const char *text)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct filter *filter = filter_new(&mem_libc, text, strlen(text), &error);
    if (filter == NULL) {
        fail_msg("%s: %s", text, error.data);
    }
    strbuf_release(&error);
    return filter;
}

static const struct {
    const char *expression, *spans, *agents;
} cases[] = {
    {"", "rbdacu", "main Explore "},
    {"bash", "bc", ""},
    {"status:tool", "cu", "Explore "},
    {"BASH make", "b", ""},
    {"name:Bash", "bc", ""},
    {"name=bash", "bc", ""},
    {"name=bas", "", ""},
    {"tool:read", "d", ""},
    {"kind:tool", "bdc", ""},
    {"kind:sub-agent", "a", ""},
    {"kind:subagent", "a", ""},
    {"kind:user", "u", ""},
    {"kind:request", "r", ""},
    {"-kind:tool", "rau", ""},
    {"model:opus", "r", ""},
    {"model=claude-opus-4", "r", ""},
    {"model=opus", "", ""},
    {"dur>5s", "b", ""},
    {"dur>=8s dur<=8000ms", "b", ""},
    {"dur<0.5", "dacu", ""}, /* the open ones as long as they are */
    {"error:yes", "b", ""},
    {"error:no kind:tool", "dc", ""},
    {"open:yes", "ac", ""},
    {"agent:explore", "cu", "Explore "},
    {"explore", "cu", "Explore "},
    {"explore bash", "c", ""},
    {"agent:explore name:Bash", "c", ""},
    {"-agent:explore", "rbda", "main "},
    {"-explore", "rbda", "main "},
    {"-explore -make", "rda", "main "},
    {"agent=main open:yes", "a", ""},
    {"session:session", "rbdacu", "main Explore "},
    {"session:other", "", ""},
    {"state:tool", "cu", "Explore "},
    {"args.command:make", "b", ""},
    {"args.command=ls", "c", ""},
    {"args.command=l", "", ""},
    {"args.output_tokens>100", "r", ""},
    {"args.output_tokens>120", "", ""},
    {"args.usage.in>=7", "a", ""},
    {"args.usage.deep.x=y", "a", ""},
    {"args.dotted.key=v", "c", ""},
    {"args.nothing:x", "", ""},
    {"-args.command:make kind:tool", "dc", ""},
    {"\"-j2 test\"", "b", ""},
    {"args.command:'make -j2'", "b", ""},
    {"\"a \\\"b\"", "", ""},  /* quotes are not escaped */
    {"'a \"b\".c'", "d", ""}, /* what is escaped in the trace is found as it reads */
    {"/src", "d", ""},
    {"http://x", "", ""}, /* texts with an operator, which no field precedes */
    {"localhost:8080", "", ""},
    {"main.c:12", "", ""},
    {"argv.c:12", "", ""},
    {"12:30", "", ""},
    {"std::sort", "", ""},
    {"TODO:", "", ""},
    {"note:", "", ""},
    {"C:\\dir", "", ""},
    {"file:/tmp", "", ""},
    {"LC_ALL=C", "", ""},
    {"-localhost:8080 -kind:tool", "rau", ""},
    {"- bash", "b", ""},
    {"-", "rb", ""}, /* alone it is one too: in -j2, in a model */
};

TEST(an_expression_lets_through_what_it_says)
{
    struct model model;
    build(&model);
    const int64_t now = model_ns(39000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter *filter = make(cases[i].expression);
        char letters[16] = "", agents[64] = "";
        for (span_no no = 0; no < swarm_span_end(model.swarm); no++) {
            if (filter_matches_span(filter, model.swarm, no, now)) {
                letters[strlen(letters)] = letter_of(model.swarm, no);
            }
        }
        for (agent_no no = 0; no < swarm_agent_count(model.swarm); no++) {
            if (filter_matches_agent(filter, model.swarm, no, now)) {
                strcat(agents, swarm_text(model.swarm, swarm_agent(model.swarm, no)->name));
                strcat(agents, " ");
            }
        }
        if (strcmp(letters, cases[i].spans) != 0 || strcmp(agents, cases[i].agents) != 0) {
            fail_msg("%s: spans %s, agents %s", cases[i].expression, letters, agents);
        }
        filter_free(filter);
    }
    model_release(&model);
}

TEST(what_is_wrong_is_said)
{
    static const struct {
        const char *expression, *error;
    } wrong[] = {
        {"kind:bash", "kind: one of span, interaction, request, set-up"},
        {"kind:", "kind: one of"},
        {"state:sleepy", "state: one of wait, retry"},
        {"error:perhaps", "error: yes or no"},
        {"dur:5s", "dur: > or < and a duration"},
        {"dur>", "dur: > or < and a duration"},
        {"dur>5x", "dur: > or < and a duration"},
        {"args.n>ten", "args.n: < and > want a number"},
        {"modle:opus", "modle: no such field; did you mean model? Quotes make it a text"},
        {"nmae:12", "nmae: no such field; did you mean name?"},
        {"colour:red", "colour: no such field (agent, session"},
        {"colour=red", "colour: no such field (agent, session"},
        {"colour>3", "colour: no such field (agent, session"},
        {"arg.command:make", "arg.command: no such field; did you mean args.command?"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        assert_null(
            filter_new(&mem_libc, wrong[i].expression, strlen(wrong[i].expression), &error));
        assert_non_null(error.data);
        if (strncmp(error.data, wrong[i].error, strlen(wrong[i].error)) != 0) {
            fail_msg("%s: %s", wrong[i].expression, error.data);
        }
        strbuf_release(&error);
    }
}

TEST(a_line_matches_by_its_text_and_by_its_agent)
{
    static const struct {
        const char *expression, *agent, *text; /* agent "": the line has none */
        bool want;
    } rows[] = {
        {"retry -Ten", "", "a Retry", true},
        {"retry -Ten", "", "retry often", false},
        {"retry -Ten", "main", "nothing", false},
        {"agent:Explore", "Explore", "x", true},
        {"agent:Explore", "main", "x", false},
        {"agent:Explore", "", "Explore", false},
        {"-agent:Explore", "main", "x", true},
        {"-agent:Explore", "", "x", true},
        {"session:session-9 retry", "main", "retry", true},
        {"state:tool", "Explore", "x", true},
        {"state:tool", "", "x", false},
        {"retry kind:tool", "Explore", "retry", false},
        {"-kind:tool", "Explore", "x", false},
    };
    struct model model;
    build(&model);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct filter *filter = make(rows[i].expression);
        agent_no agent = *rows[i].agent ? model_agent(&model, rows[i].agent) : NO_AGENT;
        if (filter_matches_line(filter, model.swarm, agent, model_ns(10000), rows[i].text,
                                strlen(rows[i].text)) != rows[i].want) {
            fail_msg("%s: the line \"%s\" of \"%s\"", rows[i].expression, rows[i].text,
                     rows[i].agent);
        }
        filter_free(filter);
    }
    assert_true(filter_is_empty(NULL));
    assert_true(filter_matches_line(NULL, model.swarm, NO_AGENT, 0, "x", 1));
    model_release(&model);
}

TEST(terms_about_time_and_state_move)
{
    static const char *const moving[] = {"dur>8s", "-dur<1s", "state:stale", "Bash state:tool"};
    static const char *const still[] = {"", "Bash", "error:yes", "open:yes", "agent:a -Bash"};
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++) {
        struct filter *filter = make(moving[i]);
        assert_true(filter_moves(filter));
        filter_free(filter);
    }
    for (size_t i = 0; i < sizeof still / sizeof *still; i++) {
        struct filter *filter = make(still[i]);
        assert_true(!filter_moves(filter));
        filter_free(filter);
    }
    assert_true(!filter_moves(NULL));
}

TEST(too_many_terms_are_refused)
{
    char text[200] = "";
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    for (int i = 0; i < 65; i++) {
        strcat(text, "a ");
    }
    assert_null(filter_new(&mem_libc, text, strlen(text), &error));
    assert_string_equal(error.data, "more than 64 terms");
    strbuf_release(&error);
}

TEST(a_filter_survives_a_lack_of_memory)
{
    static const char text[] = "a -b kind:tool args.x.y>=7 'c d'";
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        struct filter *filter = filter_new(&lack.mem, text, strlen(text), &error);
        lack.done = filter != NULL;
        filter_free(filter);
        strbuf_release(&error);
    }
}
