/* The interactions of two reports side by side. */
#include "tui/cmd/report_turns.h"

#include "core/base/strbuf.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN(id, session, agent, turn, ms)                                                 \
    "{\"session_id\":\"" id "\",\"agent_id\":\"" id "\",\"session\":\"" session "\"" agent \
    ",\"turn\":" turn ",\"dur_ms\":" ms "}"

static const char ours[] =
    "{\"turns\":[" TURN("1", "api", "", "1", "900") "," TURN("1", "api", "", "2", "100") "," TURN(
        "2", "title of today", "", "1", "70") "," TURN("3", "web", ",\"agent\":\"coder\"", "1",
                                                       "7") "]}";
static const char theirs[] = "{\"turns\":[" TURN("8", "another title", "", "1", "50") "," TURN(
    "9", "api", "", "1", "1000") "," TURN("9", "api", "", "2",
                                          "100") "," TURN("9", "api", "", "3",
                                                          "20") "," TURN("7", "docs", "", "1",
                                                                         "5") "]}";

static json_t *against(const char *a, const char *b)
{
    json_t *report = json_loads(a, 0, NULL), *other = json_loads(b, 0, NULL);
    json_t *turns;
    assert_true(report_turns_against(report, other, &turns));
    json_decref(report);
    json_decref(other);
    return turns;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

TEST(turns_are_matched_by_name_and_order)
{
    static const struct {
        const char *session, *agent;
        int turn;
        double a, b;
        const char *change;
    } rows[] = {
        {"api", "", 1, 900, 1000, ""},        {"api", "", 2, 100, 100, ""},
        {"api", "", 3, NAN, 20, "removed"},   {"title of today", "", 1, 70, NAN, "added"},
        {"web", "coder", 1, 7, NAN, "added"}, {"another title", "", 1, NAN, 50, "removed"},
        {"docs", "", 1, NAN, 5, "removed"},
    };
    json_t *turns = against(ours, theirs);
    assert_int_equal(json_array_size(turns), sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const json_t *turn = json_array_get(turns, i);
        double a = number_of(turn, "a"), b = number_of(turn, "b");
        assert_string_equal(text_of(turn, "session"), rows[i].session);
        assert_string_equal(text_of(turn, "agent"), rows[i].agent);
        assert_string_equal(text_of(turn, "change"), rows[i].change);
        assert_true(number_of(turn, "turn") == rows[i].turn);
        assert_true(isnan(rows[i].a) ? isnan(a) : a == rows[i].a);
        assert_true(isnan(rows[i].b) ? isnan(b) : b == rows[i].b);
        double delta = number_of(turn, "delta");
        assert_true(isnan(a) || isnan(b) ? isnan(delta) : delta == a - b);
    }
    json_decref(turns);
}

TEST(the_table_has_names_lengths_and_changes)
{
    json_t *turns = against(ours, theirs);
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    report_turns_text(turns, true, &mem_libc, &text);
    assert_non_null(strstr(text.data, "-100ms"));
    assert_null(strstr(text.data, "title of today (another title)"));
    assert_non_null(strstr(text.data, "web > coder"));
    assert_non_null(strstr(text.data, "only here"));
    assert_non_null(strstr(text.data, "only there"));
    strbuf_release(&text);
    json_decref(turns);
}

TEST(a_report_of_before_has_none)
{
    assert_null(against(ours, "{\"totals\":{}}"));
    json_t *none = against("{\"turns\":[]}", "{\"turns\":[]}");
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    report_turns_text(NULL, true, &mem_libc, &text);
    assert_non_null(strstr(text.data, "no interactions of the other"));
    strbuf_release(&text);
}

/* A saved report may hold anything. */
TEST(what_is_no_list_of_turns_is_compared_without_harm)
{
    static const char *const odd[] = {
        "{\"turns\":[1,null,\"x\",[],{}]}",
        "{\"turns\":[{\"session_id\":1,\"dur_ms\":\"x\",\"turn\":\"y\"},{\"dur_ms\":-1e300}]}",
        "{\"turns\":[{\"turn\":1e300,\"open\":3,\"dur_ms\":1e300,\"session\":\"\\u001b[31m\"}]}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *turns = against(ours, odd[i]);
        struct strbuf text;
        assert_non_null(turns);
        strbuf_init(&text, &mem_libc, 0);
        report_turns_text(turns, true, &mem_libc, &text);
        assert_false(text.failed);
        assert_null(strchr(text.data, '\x1b'));
        strbuf_release(&text);
        json_decref(turns);
    }
}

/* 40 rows are shown. */
TEST(a_long_list_is_cut)
{
    struct strbuf list, text;
    strbuf_init(&list, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&list, "{\"turns\":[");
    for (int i = 0; i < 45; i++) {
        strbuf_addf(&list, "%s{\"session\":\"s\",\"turn\":%d,\"dur_ms\":5}", i > 0 ? "," : "",
                    i + 1);
    }
    strbuf_adds(&list, "]}");
    json_t *turns = against(list.data, list.data);
    assert_int_equal(json_array_size(turns), 45);
    report_turns_text(turns, true, &mem_libc, &text);
    assert_non_null(strstr(text.data, "and 5 more"));
    json_decref(turns);
    strbuf_release(&list);
    strbuf_release(&text);
}

static long allowed = -1; /* allocations of Jansson that succeed; -1: all */

/* Appends a list of agents with different names, from `from` on by `step`; `session` of all. */
static void put_agents(struct strbuf *out, int from, int step, int count, const char *session)
{
    strbuf_adds(out, "{\"turns\":[");
    for (int i = 0; i < count; i++) {
        strbuf_addf(out,
                    "%s{\"session_id\":\"%d\",\"agent_id\":\"%d\",\"session\":\"%s\","
                    "\"agent\":\"a%d\",\"turn\":1,\"dur_ms\":%d}",
                    i > 0 ? "," : "", i, i, session, from + i * step, i);
    }
    strbuf_adds(out, "]}");
}

/* With a look at every pair of agents this would take minutes. */
TEST(many_agents_are_matched_by_name_in_any_order)
{
    enum { COUNT = 40000 };
    struct strbuf a, b;
    strbuf_init(&a, &mem_libc, 0);
    strbuf_init(&b, &mem_libc, 0);
    put_agents(&a, 0, 1, COUNT, "today");
    put_agents(&b, COUNT - 1, -1, COUNT, "today");
    json_t *turns = against(a.data, b.data);
    assert_int_equal(json_array_size(turns), COUNT);
    for (int i = 0; i < COUNT; i += 997) {
        const json_t *turn = json_array_get(turns, (size_t)i);
        assert_true(number_of(turn, "a") == i && number_of(turn, "b") == COUNT - 1 - i);
    }
    json_decref(turns);
    strbuf_release(&a);
    strbuf_release(&b);
}

static void *allocate(size_t size)
{
    if (allowed == 0) {
        return NULL;
    }
    allowed -= allowed > 0;
    return malloc(size);
}

/* A lack of memory must not look like a report without turns. */
TEST(a_lack_of_memory_is_no_report_of_before)
{
    json_t *turns = NULL;
    json_set_alloc_funcs(allocate, free);
    json_t *report = json_loads(ours, 0, NULL), *other = json_loads(theirs, 0, NULL);
    size_t failures = 0;
    for (allowed = 0; !report_turns_against(report, other, &turns); allowed = (long)failures) {
        assert_null(turns);
        failures++;
    }
    allowed = -1;
    assert_true(failures > 10);
    assert_int_equal(json_array_size(turns), 7);
    json_decref(turns);
    json_decref(report);
    json_decref(other);
    json_set_alloc_funcs(malloc, free);
}
