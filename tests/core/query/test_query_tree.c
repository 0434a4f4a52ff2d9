/* The tree of agents, and what its rows are called. */
#include "core/query/query.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An agent by its process: its id, its parent's id, its process_sort_index (0: none). */
struct timeline_row {
    int pid;
    const char *id, *parent;
    int sort_index;
    bool main;
};

static bool add_rows(struct model *model, const struct timeline_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct timeline_row *row = &rows[i];
        struct agent_identity who = {.pid = row->pid,
                                     .agent_id = row->id,
                                     .agent_id_len = strlen(row->id),
                                     .parent_id = row->parent,
                                     .parent_id_len = row->parent == NULL ? 0 : strlen(row->parent),
                                     .main = row->main};
        struct model_span span = {row->pid,      "Tool: X", "tool", (double)i,
                                  (double)i + 1, NULL,      NULL};
        char text[200];
        snprintf(
            text, sizeof text,
            "{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":%d,\"args\":{\"sort_index\":%d}}",
            row->pid, row->sort_index);
        if (!model_name(model, row->pid, row->id) || !model_add(model, &span) ||
            (row->sort_index != 0 && !model_events(model, text)) ||
            !swarm_identify(model->swarm, model->session, &who)) {
            return false;
        }
    }
    return true;
}

/* "a(bc(d))": a with the children b and c, c with the child d. */
static void write_tree(const struct model *model, char *out)
{
    size_t count;
    struct tree_row *rows = query_tree(model->swarm, &count);
    assert_true(rows != NULL || count == 0);
    uint32_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        for (; depth < rows[i].depth; depth++) {
            *out++ = '(';
        }
        for (; depth > rows[i].depth; depth--) {
            *out++ = ')';
        }
        const struct agent *agent = swarm_agent(model->swarm, rows[i].agent);
        const char *id = swarm_text(model->swarm, agent->agent_id);
        out += sprintf(out, "%s", id[0] != '\0' ? id : swarm_text(model->swarm, agent->name));

        size_t end = i + 1;
        while (end < count && rows[end].depth > rows[i].depth) {
            end++;
        }
        assert_int_equal(rows[i].descendants, end - i - 1);
        assert_int_equal(rows[i].last, end == count || rows[end].depth < rows[i].depth);
        assert_int_equal(rows[i].parent == NO_AGENT, rows[i].depth == 0);
    }
    while (depth-- > 0) {
        *out++ = ')';
    }
    *out = '\0';
    mem_free(swarm_mem(model->swarm), rows, count * sizeof *rows);
}

static void assert_tree(const struct model *model, const char *expected)
{
    char text[4000];
    write_tree(model, text);
    assert_string_equal(text, expected);
}

TEST(children_stand_under_their_parents)
{
    const struct {
        struct timeline_row rows[6];
        const char *tree;
    } cases[] = {
        {{{1, "s", NULL, 0, true}}, "s"},
        {{{1, "s", NULL, 0, true},
          {2, "a", "s", 0, false},
          {3, "b", "a", 0, false},
          {4, "c", "s", 0, false}},
         "s(a(b)c)"},
        /* by sort index, then by appearance */
        {{{1, "s", NULL, 0, true},
          {2, "a", "s", 9, false},
          {3, "b", "s", 3, false},
          {4, "c", "s", 0, false},
          {5, "d", "s", 3, false}},
         "s(bdac)"},
        /* without a parent: a root */
        {{{1, "s", NULL, 0, true}, {2, "a", NULL, 0, false}}, "sa"},
        /* before its parent appears */
        {{{2, "b", "a", 0, false}, {3, "a", "s", 0, false}, {1, "s", NULL, 0, true}}, "s(a(b))"},
        /* registered twice under one id: the one that was there before the child */
        {{{1, "s", NULL, 0, true},
          {2, "a", "s", 0, false},
          {3, "b", "a", 0, false},
          {4, "a", "s", 0, false},
          {5, "c", "a", 0, false}},
         "s(a(b)a(c))"},
        /* in a circle: cut at the first */
        {{{1, "s", NULL, 0, true},
          {2, "a", "c", 0, false},
          {3, "b", "a", 0, false},
          {4, "c", "b", 0, false},
          {5, "d", "b", 0, false}},
         "sa(b(cd))"},
        {{{1, "s", NULL, 0, true}, {2, "a", "a", 0, false}}, "sa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model;
        size_t count = 0;
        while (count < 6 && cases[i].rows[count].id != NULL) {
            count++;
        }
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        assert_true(add_rows(&model, cases[i].rows, count));
        assert_tree(&model, cases[i].tree);
        model_release(&model);
    }
}

TEST(an_unknown_parent_is_a_row_for_its_children)
{
    struct model model;
    const struct timeline_row rows[] = {
        {1, "s", NULL, 0, true}, {2, "a", "x", 0, false}, {3, "b", "x", 0, false}};
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    assert_true(add_rows(&model, rows, 3));
    assert_tree(&model, "sx(ab)");
    model_release(&model);
}

TEST(a_parent_may_be_in_another_session)
{
    struct model model;
    const struct timeline_row first[] = {{1, "s", NULL, 0, true}, {2, "a", "s", 0, false}};
    const struct timeline_row second[] = {{1, "t", "a", 0, true}, {2, "a2", "t", 0, false}};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && add_rows(&model, first, 2));
    assert_true(model_open_file(&model, "t") && add_rows(&model, second, 2));
    assert_tree(&model, "s(a(t(a2)))");
    model_release(&model);
}

TEST(the_own_session_is_asked_first)
{
    struct model model;
    const struct timeline_row first[] = {{1, "s", NULL, 0, true}, {2, "a", "s", 0, false}};
    const struct timeline_row second[] = {
        {1, "t", NULL, 0, true}, {2, "a", "t", 0, false}, {3, "b", "a", 0, false}};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && add_rows(&model, first, 2));
    assert_true(model_open_file(&model, "t") && add_rows(&model, second, 3));
    assert_tree(&model, "s(a)t(a(b))");
    model_release(&model);
}

TEST(an_older_agent_of_another_session_is_no_parent_if_the_own_session_has_one)
{
    struct model model;
    const struct timeline_row main = {1, "s", NULL, 0, true};
    const struct timeline_row other[] = {{1, "t", NULL, 0, true}, {2, "a", "t", 0, false}};
    const struct timeline_row later[] = {{2, "a", "s", 0, false}, {3, "b", "a", 0, false}};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && add_rows(&model, &main, 1));
    session_no own = model.session;
    assert_true(model_open_file(&model, "t") && add_rows(&model, other, 2));
    model.session = own;
    assert_true(add_rows(&model, later, 2));
    assert_tree(&model, "s(a(b))t(a)");
    model_release(&model);
}

#define THREAD(pid, tid, name)                                            \
    "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":" pid ",\"tid\":" tid \
    ",\"args\":{\"name\":\"" name "\"}} "
#define PROCESS(pid, what, args) \
    "{\"name\":\"process_" what "\",\"ph\":\"M\",\"pid\":" pid ",\"args\":{" args "}} "
#define SPAN(pid, tid) "{\"name\":\"f\",\"ph\":\"X\",\"ts\":1,\"dur\":5,\"pid\":" pid tid "} "

TEST(threads_are_below_their_processes)
{
    static const struct {
        const char *events, *tree;
    } rows[] = {
        /* One process without a name is worth no row. */
        {SPAN("1", ",\"tid\":1") SPAN("1", ",\"tid\":2") THREAD("1", "1", "A")
             THREAD("1", "2", "B"),
         "AB"},
        {SPAN("1", ",\"tid\":1") THREAD("1", "1", "A") PROCESS("1", "name", "\"name\":\"P\""),
         "P(A)"},
        {SPAN("1", ",\"tid\":1") SPAN("2", ",\"tid\":1") THREAD("1", "1", "A") THREAD("2", "1", "B")
             PROCESS("1", "name", "\"name\":\"P\"") PROCESS("2", "name", "\"name\":\"Q\"")
                 PROCESS("1", "sort_index", "\"sort_index\":\"7\""),
         "Q(B)P(A)"},
        /* A sort index orders siblings alone; what has none has 0. */
        {SPAN("1", ",\"tid\":1") SPAN("1", ",\"tid\":2") SPAN("1", ",\"tid\":3")
             THREAD("1", "1", "A") THREAD("1", "2", "B") THREAD("1", "3", "C") PROCESS(
                 "1", "name",
                 "\"name\":\"P\"") "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":1,\"tid\":3,"
                                   "\"args\":{\"sort_index\":-1}} "
                                   "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":1,\"tid\":1,"
                                   "\"args\":{\"sort_index\":4}}",
         "P(CBA)"},
        /* Ids in strings, and a thread that has its process's id. */
        {SPAN("1", ",\"tid\":1") SPAN("\"1\"", ",\"tid\":\"1\"") SPAN("1", "")
             THREAD("1", "1", "A"),
         "A"},
        {SPAN("1", "") THREAD("1", "1", "A"), "A"},
        /* Threads without events. */
        {SPAN("1", ",\"tid\":1") THREAD("1", "1", "A") THREAD("2", "1", "B")
             PROCESS("2", "name", "\"name\":\"Q\""),
         "A"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "trace"));
        assert_true(model_events(&model, rows[i].events));
        assert_tree(&model, rows[i].tree);
        model_release(&model);
    }
}

TEST(async_spans_and_instants_of_a_process_are_no_threads)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "trace"));
    assert_true(model_events(
        &model, "{\"name\":\"b\",\"ph\":\"b\",\"cat\":\"c\",\"id\":1,\"ts\":0,\"pid\":1,\"tid\":1} "
                "{\"name\":\"f\",\"ph\":\"X\",\"ts\":1,\"dur\":5,\"pid\":1,\"tid\":1} "
                "{\"name\":\"e\",\"ph\":\"e\",\"cat\":\"c\",\"id\":1,\"ts\":9,\"pid\":1,\"tid\":3} "
                "{\"name\":\"i\",\"ph\":\"i\",\"s\":\"p\",\"ts\":9,\"pid\":1,\"tid\":4} "
                "{\"name\":\"i\",\"ph\":\"i\",\"ts\":9,\"pid\":1} "
                "{\"name\":\"c\",\"ph\":\"C\",\"ts\":9,\"pid\":1,\"tid\":5,\"args\":{\"v\":1}} "
                "{\"name\":\"s\",\"ph\":\"s\",\"id\":1,\"ts\":9,\"pid\":1,\"tid\":6}"));
    size_t count;
    struct tree_row *rows = query_tree(model.swarm, &count);
    assert_int_equal(count, 3);
    static const uint16_t flags[] = {AGENT_PROCESS, AGENT_THREAD, AGENT_ASYNC};
    for (size_t i = 0; i < 3; i++) {
        const struct agent *row = swarm_agent(model.swarm, rows[i].agent);
        assert_int_equal(row->flags & (AGENT_PROCESS | AGENT_THREAD | AGENT_ASYNC), flags[i]);
        assert_int_equal(row->lane_count, i > 0);
    }
    mem_free(&mem_libc, rows, count * sizeof *rows);
    model_release(&model);
}

TEST(a_very_deep_tree_is_no_recursion)
{
    enum { DEPTH = 20000 };
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    for (int i = 1; i <= DEPTH; i++) {
        char id[16], parent[16];
        snprintf(id, sizeof id, "%d", i);
        snprintf(parent, sizeof parent, "%d", i - 1);
        struct agent_identity who = {.pid = i,
                                     .agent_id = id,
                                     .agent_id_len = strlen(id),
                                     .parent_id = i == 1 ? NULL : parent,
                                     .parent_id_len = strlen(parent),
                                     .main = i == 1};
        assert_true(swarm_identify(model.swarm, model.session, &who));
    }
    swarm_session_edit(model.swarm, model.session)->flags |= SESSION_AGENTS;
    size_t count;
    struct tree_row *rows = query_tree(model.swarm, &count);
    assert_int_equal(count, DEPTH);
    assert_int_equal(rows[DEPTH - 1].depth, DEPTH - 1);
    assert_int_equal(rows[0].descendants, DEPTH - 1);
    mem_free(&mem_libc, rows, count * sizeof *rows);
    model_release(&model);
}

TEST(a_lack_of_memory_is_told_from_an_empty_tree)
{
    const struct timeline_row rows[] = {{1, "s", NULL, 0, true}, {2, "a", "s", 0, false}};
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct model model;
    size_t count = 1;
    assert_true(model_init(&model, &mem) && model_open_file(&model, "s"));
    assert_null(query_tree(model.swarm, &count));
    assert_int_equal(count, 0);
    assert_true(add_rows(&model, rows, 2));
    size_t blocks = failing.live_blocks;
    struct tree_row *tree = NULL;
    for (long allow = 0; tree == NULL; allow++) {
        failing.allow = allow;
        tree = query_tree(model.swarm, &count);
        assert_true(count > 0);
        assert_int_equal(failing.live_blocks, blocks + (tree != NULL));
    }
    mem_free(&mem, tree, count * sizeof *tree);
    model_release(&model);
    assert_int_equal(failing.live_blocks, 0);
}

/* ---- names ---- */

static void assert_title(const struct model *model, agent_no agent, const char *expected)
{
    struct strbuf title;
    strbuf_init(&title, &mem_libc, 0);
    query_agent_title(model->swarm, agent, &title);
    assert_string_equal(title.data, expected);
    strbuf_release(&title);
}

TEST(a_root_is_called_by_its_sessions_name)
{
    const struct {
        const char *session_id, *name, *title;
    } rows[] = {
        {"0123456789abc", NULL, "main 01234567"},
        {"ab", NULL, "main ab"},
        {"0123456789abc", "api-server", "api-server"},
        {"éééééééééé", NULL, "main éééééééé"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, rows[i].session_id, rows[i].name);
        assert_title(&model, 0, rows[i].title);
        model_release(&model);
    }
}

TEST(other_rows_are_called_by_what_is_known)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    struct op_context context = model_at(&model, 5, NULL);
    assert_int_equal(tracer_register_agent(model.tracer, &context, model_text("id-7"),
                                           model_text("coder"), model_text("s")),
                     TRACER_OK);
    assert_title(&model, model_agent(&model, "coder"), "coder");
    assert_true(model_open_trace(&model, "trace"));
    assert_true(model_events(
        &model, "{\"name\":\"f\",\"ph\":\"X\",\"ts\":1,\"dur\":5,\"pid\":1,\"tid\":\"x\"} "
                "{\"name\":\"f\",\"ph\":\"X\",\"ts\":1,\"dur\":5,\"pid\":1,\"tid\":7}"));
    assert_title(&model, (agent_no)swarm_agent_count(model.swarm) - 3, "process 1");
    assert_title(&model, (agent_no)swarm_agent_count(model.swarm) - 2, "x");
    assert_title(&model, (agent_no)swarm_agent_count(model.swarm) - 1, "thread 7");
    model_release(&model);
}
