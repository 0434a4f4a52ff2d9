/* FEED.md: sessions, time, raw events, and every row of "Bad input". What the operations append is the tracer's matter and
   tested with it. */
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\"}\n"

/* ---- bad input ---- */

static const struct {
    const char *line;   /* without its '\n' */
    const char *reason; /* what the log says of it */
} refused[] = {
    {"what", "not JSON: value expected near 'what'"},
    {"{\"op\":\"instant\"", "not JSON: unexpected end near"},
    {"{\"op\":\"instant\"} x", "not JSON: more after the value"},
    {"[1]", "not an object"},
    {"7", "not an object"},
    {"\"op\"", "not an object"},
    {"null", "not an object"},
    {"{}", "neither op nor ph"},
    {"{\"name\":\"x\",\"ts\":1}", "neither op nor ph"},
    {"{\"op\":null}", "neither op nor ph"},
    {"{\"op\":5}", "op is not a string"},
    {"{\"op\":\"frobnicate\"}", "unknown op"},
    {"{\"op\":\"\"}", "unknown op"},
    {"{\"op\":\"hello\"}", "hello: session_id is missing"},
    {"{\"op\":\"hello\",\"session_id\":7}", "hello: session_id is not a string"},
    {"{\"op\":\"register_agent\",\"agent_id\":\"a\"}", "register_agent: agent_name is missing"},
    {"{\"op\":\"register_agent\",\"agent_name\":\"a\"}", "register_agent: agent_id is missing"},
    {"{\"op\":\"unregister_agent\"}", "unregister_agent: agent_id is missing"},
    {"{\"op\":\"start_llm_request\",\"span_id\":\"x\"}", "start_llm_request: model is missing"},
    {"{\"op\":\"start_llm_request\",\"model\":\"x\"}", "start_llm_request: span_id is missing"},
    {"{\"op\":\"start_tool\",\"span_id\":null,\"tool_name\":\"x\"}",
     "start_tool: span_id is missing"},
    {"{\"op\":\"start_tool\",\"span_id\":true,\"tool_name\":\"x\"}",
     "start_tool: span_id is not a string or a number"},
    {"{\"op\":\"start_tool\",\"span_id\":1e999,\"tool_name\":\"x\"}",
     "start_tool: span_id is not a string or a number"},
    {"{\"op\":\"instant\",\"name\":\"x\"}", "instant: cat is missing"},
    {"{\"op\":\"counter\",\"name\":\"x\"}", "counter: values is missing"},
    {"{\"op\":\"counter\",\"name\":\"x\",\"values\":{\"a\":\"1\"}}",
     "counter: values is not an object of numbers"},
    {"{\"op\":\"counter\",\"name\":\"x\",\"values\":{\"a\":1e400}}",
     "counter: values is not an object of numbers"},
    {"{\"op\":\"counter\",\"name\":\"x\",\"values\":[1]}",
     "counter: values is not an object of numbers"},
    {"{\"op\":\"progress\",\"span_id\":\"x\",\"output_tokens\":1e999}",
     "progress: output_tokens is not a number"},
    {"{\"op\":\"attempt\",\"span_id\":\"x\"}", "attempt: attempt is missing"},
    {"{\"op\":\"log\"}", "log: message is missing"},
    {"{\"op\":\"hello\",\"session_id\":\"x\",\"t\":1760000000}",
     "t is in seconds? (FEED wants milliseconds)"},
    {"{\"op\":\"hello\",\"session_id\":\"x\",\"t\":1760000000000000}",
     "t is in microseconds or nanoseconds?"},
    {"{\"op\":\"end_session\",\"t\":1e300}", "t is in microseconds or nanoseconds?"},
    {"{\"ph\":\"B\",\"name\":\"x\"}", "ts is missing"},
    {"{\"ph\":\"B\",\"ts\":\"1\"}", "ts is"},
    {"{\"ph\":\"B\",\"ts\":1e400}", "ts is"},
    {"{\"ph\":\"BE\",\"ts\":1}", "ph is no one-letter string"},
    {"{\"ph\":\"\",\"ts\":1}", "ph is no"},
    {"{\"ph\":66,\"ts\":1}", "ph is no"},
    {"{\"ph\":\"B\",\"ts\":1e300}", "ts is out of range"},
    {"{\"ph\":\"X\",\"ts\":1,\"dur\":1e16}", "out of range"},
    {"{\"ph\":\"X\",\"ts\":3.9e15,\"dur\":3.9e15}", "ts is out of range"},
    {"{\"op\":\"instant\",\"name\":\"\xff\",\"cat\":\"x\"}", "not JSON: bad UTF-8"},
    {"{\"op\":\"instant\",\"name\":\"\xed\xa0\xbd\",\"cat\":\"x\"}", "not JSON: bad UTF-8"},
    {"{\"op\":\"instant\",\"name\":\"a\x01\",\"cat\":\"x\"}", "not JSON: control character"},
    {"{\"op\":\"instant\",\"name\":\"a\tb\",\"cat\":\"x\"}", "not JSON: control character"},
};

RIG_TEST(a_bad_line_has_no_effect_but_a_count_and_a_log_entry)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    rig_push(feed,
             HELLO "{\"op\":\"instant\",\"t\":1760000000010,\"name\":\"before\",\"cat\":\"x\"}\n");
    char *before = rig_dump(rig);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uint64_t bad = rig->counters.bad, events = rig->counters.events;
        rig_push(feed, refused[i].line);
        rig_push(feed, "\n");
        char *after = rig_dump(rig);
        assert_string_equal(after, before);
        free(after);
        assert_int_equal(rig->counters.bad, bad + 1);
        assert_int_equal(rig->counters.events, events);
        const struct log_entry *last = event_log_get(rig->log, event_log_count(rig->log) - 1);
        char number[32];
        snprintf(number, sizeof number, "test: line %zu", i + 3);
        assert_string_equal(last->origin, number);
        if (strstr(last->text, refused[i].reason) == NULL) {
            fail_msg("%s\nis logged as %s", refused[i].line, last->text);
        }
    }
    rig_push(feed, "{\"op\":\"instant\",\"t\":1760000000020,\"name\":\"after\",\"cat\":\"x\"}\n");
    assert_int_equal(rig_events(rig), 2);
    free(before);
    feed_finish(feed, SESSION_DISCONNECTED);
    feed_free(feed);
}

RIG_TEST(a_bad_line_does_not_move_the_clock_nor_open_a_session)
{
    struct rig *rig = *state;
    rig_take(
        rig,
        "{\"op\":\"frob\",\"t\":1760000009000,\"session_id\":\"new\"}\n"
        "{\"op\":\"start_tool\",\"t\":1760000009000,\"session_id\":\"new\",\"span_id\":\"x\"}\n"
        "{\"op\":\"end_tool\",\"t\":1760000009000,\"session_id\":\"new\",\"span_id\":\"x\"}\n"
        "{\"ph\":\"B\",\"name\":\"x\"}\n");
    assert_int_equal(rig_live_sessions(rig), 0);
    assert_int_equal(rig->counters.bad, 4);
}

RIG_TEST(a_nul_makes_a_line_bad)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    static const char bytes[] = "{\"op\":\"instant\",\"name\":\"a\0b\",\"cat\":\"x\"}\n\0\n" HELLO;
    assert_true(feed_push(feed, bytes, sizeof bytes - 1));
    assert_int_equal(rig->counters.bad, 2);
    assert_non_null(rig_logged(rig, "\\x00"));
    assert_non_null(rig_session(rig, "s"));
    feed_finish(feed, 0);
    feed_free(feed);
}

RIG_TEST(nesting_beyond_64_is_bad_and_64_is_not)
{
    struct rig *rig = *state;
    for (int depth = 64; depth <= 65; depth++) {
        char line[400];
        int n = snprintf(line, sizeof line,
                         "{\"op\":\"instant\",\"name\":\"x\",\"cat\":\"x\",\"args\":{\"a\":");
        for (int i = 2; i < depth; i++) {
            line[n++] = '[';
        }
        for (int i = 2; i < depth; i++) {
            line[n++] = ']';
        }
        snprintf(line + n, sizeof line - (size_t)n, "}}\n");
        rig_take(rig, line);
        assert_int_equal(rig->counters.bad, depth == 64 ? 0 : 1);
    }
    assert_non_null(rig_logged(rig, "nested too deep"));
}

RIG_TEST(what_is_escaped_passes_byte_for_byte)
{
    struct rig *rig = *state;
    static const char args[] =
        "{\"a\":\"\\u001b[31m\",\"b\":\"\\ud83d\",\"c\":\"\\u0000\",\"d\":1e400,"
        "\"e\":123456789012345678901234567890,\"f\":96.2,\"g\":-0,\"n\":null}";
    char line[600];
    snprintf(line, sizeof line,
             HELLO
             "{\"op\":\"instant\",\"t\":1760000000001,\"name\":\"i\",\"cat\":\"x\",\"args\":%s}\n"
             "{\"ph\":\"i\",\"ts\":2,\"name\":\"\\ud83d\",\"args\":%s,\"tts\":[1e400]}\n",
             args, args);
    rig_take(rig, line);
    assert_int_equal(rig->counters.bad, 0);
    char *dump = rig_dump(rig);
    char *first = strstr(dump, args);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, args));
    assert_non_null(strstr(dump, "\"tts\":[1e400]"));
    free(dump);
}

RIG_TEST(an_optional_field_of_the_wrong_type_is_ignored_and_counted)
{
    struct rig *rig = *state;
    rig_take(rig, HELLO "{\"op\":\"start_tool\",\"t\":\"now\",\"agent_id\":3,\"session_id\":false,"
                        "\"span_id\":\"x\",\"tool_name\":\"Bash\",\"args\":[]}\n");
    assert_int_equal(rig->counters.bad, 4);
    assert_int_equal(rig->counters.events, 2);
    assert_int_equal(rig_events(rig), 1);
    assert_non_null(rig_logged(rig, "start_tool: args is not an object, ignored"));
    assert_non_null(rig_logged(rig, "start_tool: t is not a time in Unix milliseconds, ignored"));
}

RIG_TEST(null_is_absent_and_unknown_fields_are_ignored)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"op\":\"start_tool\",\"t\":null,\"agent_id\":null,\"session_id\":null,\"args\":null,"
        "\"span_id\":\"x\",\"tool_name\":\"Bash\",\"color\":[1],\"model\":7}\n");
    assert_int_equal(rig->counters.bad, 0);
    assert_int_equal(rig_events(rig), 1);
}

RIG_TEST(the_last_of_fields_of_one_name_counts)
{
    struct rig *rig = *state;
    rig_take(rig,
             "{\"op\":\"frob\",\"op\":\"hello\",\"session_id\":\"a\",\"session_id\":\"b\"}\n"
             "{\"\\u006fp\":\"h\\u0065llo\",\"session_id\":\"c\",\"name\":\"x\",\"name\":null}\n");
    assert_null(rig_session(rig, "a"));
    assert_non_null(rig_session(rig, "b"));
    assert_non_null(rig_session(rig, "c"));
    assert_int_equal(rig->counters.bad, 0);
}

RIG_TEST(ends_of_what_is_not_open_are_counted)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"op\":\"end_tool\",\"span_id\":\"x\"}\n{\"op\":\"end_llm_request\",\"span_id\":\"x\"}\n"
        "{\"op\":\"end_user_input\",\"span_id\":\"x\"}\n{\"op\":\"end_interaction\",\"span_id\":\"x\"}\n");
    assert_int_equal(rig->counters.bad, 4);
    assert_int_equal(rig_events(rig), 0);
}

RIG_TEST(a_start_of_an_open_span_closes_it_first)
{
    struct rig *rig = *state;
    rig_take(rig, HELLO
             "{\"op\":\"start_tool\",\"t\":1760000000001,\"span_id\":\"x\",\"tool_name\":\"A\"}\n"
             "{\"op\":\"start_tool\",\"t\":1760000000002,\"span_id\":\"x\",\"tool_name\":\"B\"}\n");
    char *dump = rig_dump(rig);
    assert_int_equal(rig_events(rig), 3);
    assert_non_null(strstr(dump, "\"incomplete\":true"));
    free(dump);
    assert_int_equal(rig->counters.bad, 0);
}

RIG_TEST(a_line_that_is_too_long_is_dropped_to_its_end)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    char *long_name = malloc((1 << 20) + 1);
    memset(long_name, 'x', 1 << 20);
    long_name[1 << 20] = '\0';
    rig_push(feed, HELLO "{\"op\":\"instant\",\"cat\":\"x\",\"name\":\"");
    rig_push(feed, long_name);
    rig_push(feed, "\"}\n{\"op\":\"instant\",\"cat\":\"x\",\"name\":\"next\"}\n");
    free(long_name);
    assert_int_equal(rig->counters.bad, 1);
    assert_int_equal(rig_events(rig), 1);
    assert_non_null(rig_logged(rig, "test: line 2: line too long, dropped: {\"op\":\"instant\""));
    feed_finish(feed, 0);
    feed_free(feed);
}

RIG_TEST(a_last_line_without_its_end_is_taken_when_it_is_whole)
{
    struct rig *rig = *state;
    rig_take(rig, HELLO "{\"op\":\"instant\",\"cat\":\"x\",\"name\":\"last\"}");
    assert_int_equal(rig_events(rig), 1);
    assert_int_equal(rig->counters.bad, 0);
    rig_take(rig, HELLO "{\"op\":\"instant\",\"cat\":\"x\",\"name\":\"la");
    assert_int_equal(rig_events(rig), 1);
    assert_int_equal(rig->counters.bad, 1);
    assert_non_null(rig_logged(rig, "test: line 2: cut off: not JSON: unexpected end near"));
}

RIG_TEST(a_journal_may_be_cut_anywhere)
{
    static const char head[] = "{\"op\":\"journal\",\"t\":1760625065000,\"version\":1}\n";
    static const char text[] = "{\"op\":\"journal\",\"t\":1760625065000,\"version\":1}\n" HELLO
                               "{\"op\":\"instant\",\"cat\":\"x\",\"name\":\"la\"}\n";
    struct rig *rig = *state;
    for (size_t len = 8; len < sizeof text; len++) {
        struct feed *feed = rig_feed(rig);
        feed_push(feed, text, len);
        feed_finish(feed, SESSION_FINISHED);
        feed_free(feed);
        assert_int_equal(rig->counters.bad, 0);
    }
    assert_true(rig->counters.events > 0);
    /* Nothing but the last line. */
    rig_take(rig, head);
    rig_take(rig, "{\"op\":\"journal\"}\n{\"op\":\"inst\n" HELLO);
    assert_int_equal(rig->counters.bad, 1);
    rig_take(rig, "{\"op\":\"");
    assert_int_equal(rig->counters.bad, 2);
}

/* Messages are of several senders. */
RIG_TEST(a_journal_is_one_only_to_the_end_of_its_message)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    rig_push(feed, "{\"op\":\"journal\",\"t\":1760625065000,\"version\":1}\n{\"op\":\"ins");
    feed_end_message(feed);
    assert_int_equal(rig->counters.bad, 0);
    rig_push(feed, HELLO "{\"op\":\"ins");
    feed_end_message(feed);
    assert_int_equal(rig->counters.bad, 1);
    feed_finish(feed, 0);
    feed_free(feed);
}

RIG_TEST(blank_lines_and_carriage_returns_are_nothing)
{
    struct rig *rig = *state;
    rig_take(rig, "\n\r\n  \t\n{\"op\":\"hello\",\"session_id\":\"s\"}\r\n\n");
    assert_non_null(rig_session(rig, "s"));
    assert_int_equal(rig->counters.bad, 0);
}

RIG_TEST(a_flood_of_bad_lines_is_counted_in_full_and_said_in_part)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    for (int i = 0; i < 5000; i++) {
        rig_push(feed, "bad\n");
    }
    assert_int_equal(rig->counters.bad, 5000);
    assert_in_range(event_log_count(rig->log), 100, 110);
    feed_finish(feed, 0);
    feed_free(feed);
}

/* ---- sessions ---- */

RIG_TEST(a_sender_without_hello_gets_a_session_of_its_own)
{
    struct rig *rig = *state;
    static const char line[] =
        "{\"op\":\"instant\",\"t\":1760000005000,\"name\":\"i\",\"cat\":\"x\"}\n";
    rig_take(rig, line);
    rig_take(rig, line);
    assert_int_equal(rig_live_sessions(rig), 2);
    assert_int_equal(rig_session(rig, "feed-1")->start_ns, model_ns(5000));
    assert_non_null(rig_session(rig, "feed-2"));
}

RIG_TEST(an_id_that_is_taken_is_not_made_again)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"op\":\"hello\",\"session_id\":\"feed-1\"}\n");
    rig_take(rig, "{\"op\":\"instant\",\"name\":\"i\",\"cat\":\"x\"}\n");
    assert_non_null(rig_session(rig, "feed-2"));
    assert_int_equal(rig_session(rig, "feed-1")->event_count, 0);
}

RIG_TEST(lines_go_to_the_session_they_name_else_to_the_last_hellos)
{
    struct rig *rig = *state;
    rig_take(rig,
             "{\"op\":\"hello\",\"session_id\":\"a\"}\n{\"op\":\"hello\",\"session_id\":\"b\"}\n"
             "{\"op\":\"instant\",\"name\":\"1\",\"cat\":\"x\",\"session_id\":\"a\"}\n"
             "{\"op\":\"instant\",\"name\":\"2\",\"cat\":\"x\"}\n"
             "{\"op\":\"instant\",\"name\":\"3\",\"cat\":\"x\",\"session_id\":\"c\"}\n"
             "{\"op\":\"instant\",\"name\":\"4\",\"cat\":\"x\"}\n");
    assert_int_equal(rig_session(rig, "a")->event_count, 1);
    assert_int_equal(rig_session(rig, "b")->event_count, 2);
    assert_int_equal(rig_session(rig, "c")->event_count, 1);
}

RIG_TEST(a_second_hello_keeps_the_start_and_appends_nothing)
{
    struct rig *rig = *state;
    rig_take(rig, HELLO);
    uint64_t metadata = rig_session(rig, "s")->metadata_count;
    rig_take(rig, "{\"op\":\"hello\",\"t\":1760000009000,\"session_id\":\"s\"}\n");
    assert_int_equal(rig_session(rig, "s")->start_ns, MODEL_START_NS);
    assert_int_equal(rig_session(rig, "s")->metadata_count, metadata);
    assert_int_equal(rig_live_sessions(rig), 1);
}

RIG_TEST(a_session_is_disconnected_when_its_last_sender_goes_until_one_is_back)
{
    struct rig *rig = *state;
    struct feed *one = rig_feed(rig), *two = rig_feed(rig);
    rig_push(one, HELLO "{\"op\":\"start_tool\",\"span_id\":\"x\",\"tool_name\":\"A\"}\n");
    rig_push(two, HELLO);
    feed_finish(one, SESSION_DISCONNECTED);
    feed_free(one);
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_DISCONNECTED, 0);
    feed_finish(two, SESSION_DISCONNECTED);
    feed_free(two);
    assert_int_not_equal(rig_session(rig, "s")->flags & SESSION_DISCONNECTED, 0);
    assert_int_equal(rig_events(rig), 1); /* its span stays open */
    struct feed *three = rig_feed(rig);
    rig_push(three, "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":\"x\"}\n");
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_DISCONNECTED, 0);
    assert_int_equal(rig->counters.bad, 0);
    feed_finish(three, SESSION_DISCONNECTED);
    feed_free(three);
}

/* ---- time ---- */

RIG_TEST(the_clock_is_the_greatest_t_and_arrival_where_there_is_none)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    rig_push(feed, HELLO "{\"op\":\"instant\",\"t\":1760000000500.5,\"name\":\"a\",\"cat\":\"x\"}\n"
                         "{\"op\":\"instant\",\"t\":1760000000100,\"name\":\"b\",\"cat\":\"x\"}\n");
    assert_int_equal(rig_session(rig, "s")->clock_ns, model_ns(500.5));
    rig->now_ns = model_ns(2000);
    rig_push(feed, "{\"op\":\"instant\",\"name\":\"c\",\"cat\":\"x\"}\n");
    assert_int_equal(rig_session(rig, "s")->clock_ns, model_ns(2000));
    char *dump = rig_dump(rig);
    assert_non_null(strstr(dump, "i 500500 "));
    assert_non_null(strstr(dump, "i 100000 "));
    assert_non_null(strstr(dump, "i 2000000 "));
    free(dump);
    feed_finish(feed, 0);
    feed_free(feed);
}

RIG_TEST(a_t_that_is_no_time_is_ignored)
{
    struct rig *rig = *state;
    static const char *const times[] = {"8.7e13", "-8.7e15", "-1e400", "\"x\"",  "true",
                                        "{}",     "1e14",    "9.3e12", "-9.3e12"};
    struct feed *feed = rig_feed(rig);
    rig_push(feed, HELLO);
    rig->now_ns = model_ns(10);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char line[200];
        snprintf(line, sizeof line, "{\"op\":\"instant\",\"t\":%s,\"name\":\"a\",\"cat\":\"x\"}\n",
                 times[i]);
        rig_push(feed, line);
        assert_int_equal(rig->counters.bad, i + 1);
        assert_int_equal(rig_events(rig), i + 1);
    }
    assert_int_equal(rig_session(rig, "s")->clock_ns, model_ns(10));
    feed_finish(feed, 0);
    feed_free(feed);
}

/* ---- raw events ---- */

RIG_TEST(raw_events_are_appended_as_they_are)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"ph\":\"B\",\"ts\":1.5,\"pid\":\"p\",\"tid\":\"t\",\"name\":\"x\",\"cat\":\"c\",\"id2\":{\"local\":\"1\"},\"s\":\"g\"}\n"
        "{\"ph\":\"s\",\"ts\":2,\"id\":\"0x1\",\"pid\":1,\"tid\":2,\"bind_id\":7}\n"
        "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":2,\"args\":{\"name\":\"n\"}}\n");
    assert_int_equal(rig->counters.bad, 0);
    char *dump = rig_dump(rig);
    assert_non_null(
        strstr(dump, "  B 1.5 nan \"p\"/\"t\" |x |c | | |\"id2\":{\"local\":\"1\"},\"s\":\"g\"\n"));
    assert_non_null(strstr(dump, "  s 2 nan 1/2 | | |\"0x1\" | |\"bind_id\":7\n"));
    assert_non_null(strstr(dump, "  M nan nan 1/2 |thread_name | | |{\"name\":\"n\"} |\n"));
    free(dump);
}

RIG_TEST(an_op_wins_over_a_ph)
{
    struct rig *rig = *state;
    rig_take(
        rig,
        "{\"op\":\"hello\",\"ph\":\"B\",\"ts\":1,\"session_id\":\"s\"}\n{\"op\":\"frob\",\"ph\":\"B\",\"ts\":1}\n");
    assert_int_equal(rig_events(rig), 0);
    assert_int_equal(rig->counters.bad, 1);
}

RIG_TEST(raw_events_move_the_clock_forward_alone)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"ph\":\"i\",\"ts\":5000,\"name\":\"a\"}\n{\"ph\":\"i\",\"ts\":1000,\"name\":\"b\"}\n");
    assert_int_equal(rig_session(rig, "s")->clock_ns, model_ns(5));
}

RIG_TEST(raw_events_alone_make_a_session_that_is_drawn_where_they_arrive)
{
    struct rig *rig = *state;
    rig->now_ns = model_ns(7000);
    rig_take(rig, "{\"ph\":\"B\",\"ts\":2000000,\"name\":\"a\",\"pid\":1,\"tid\":1}\n");
    const struct session *session = rig_session(rig, "feed-1");
    assert_int_equal(session->start_ns, model_ns(5000));
    assert_int_equal(session->clock_ns, model_ns(7000));
    assert_int_equal(session->flags & SESSION_AGENTS, 0);
}

RIG_TEST(an_operation_makes_it_a_session_of_agents)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"ph\":\"i\",\"ts\":0,\"name\":\"a\",\"pid\":1,\"tid\":1}\n"
                  "{\"op\":\"start_tool\",\"span_id\":\"x\",\"tool_name\":\"Bash\"}\n");
    assert_int_equal(rig_live_sessions(rig), 1);
    assert_int_not_equal(rig_session(rig, "feed-1")->flags & SESSION_AGENTS, 0);
    assert_int_equal(rig_events(rig), 2);
}

RIG_TEST(raw_events_run_the_sweep)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"op\":\"start_tool\",\"t\":1760000000000,\"span_id\":\"x\",\"tool_name\":\"Bash\"}\n"
        "{\"ph\":\"i\",\"ts\":1900000000,\"name\":\"late\"}\n");
    char *dump = rig_dump(rig);
    assert_non_null(strstr(dump, "\"evicted\":true"));
    free(dump);
}

/* ---- log and auth ---- */

RIG_TEST(log_lines_reach_the_log_at_their_time_and_level)
{
    struct rig *rig = *state;
    rig_take(
        rig, HELLO
        "{\"op\":\"log\",\"t\":1760000000250,\"message\":\"disk \\u0000 full\",\"level\":\"error\"}\n"
        "{\"op\":\"log\",\"message\":\"plain\",\"level\":\"loud\"}\n");
    assert_int_equal(event_log_count(rig->log), 2);
    const struct log_entry *first = event_log_get(rig->log, 0);
    assert_int_equal(first->level, LOG_LEVEL_ERROR);
    assert_int_equal(first->at_ns, model_ns(250));
    assert_int_equal(first->session, rig_session_no(rig, "s"));
    assert_memory_equal(first->text, "disk \0 full", 11);
    assert_int_equal(event_log_get(rig->log, 1)->level, LOG_LEVEL_INFO);
    assert_int_equal(rig_session(rig, "s")->clock_ns, model_ns(250));
}

/* A number and its decimal text are one id, however it is spelled. */
RIG_TEST(a_span_id_may_be_a_number)
{
    static const struct {
        const char *start, *end;
    } ids[] = {{"7", "7"},       {"7", "\"7\""},
               {"\"8\"", "8.0"}, {"1.5", "\"1.5\""},
               {"1e3", "1000"},  {"-3", "\"-3\""},
               {"0", "0"},       {"18446744073709551616", "\"18446744073709551616\""}};
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char lines[512];
        snprintf(lines, sizeof lines,
                 "{\"op\":\"start_tool\",\"session_id\":\"s\",\"span_id\":%s,\"tool_name\":\"x\"}\n"
                 "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":%s}\n",
                 ids[i].start, ids[i].end);
        rig_take(rig, lines);
        if (rig->counters.bad != 0) {
            fail_msg("%s and %s: %s", ids[i].start, ids[i].end, event_log_get(rig->log, 0)->text);
        }
    }
    rig_take(
        rig,
        "{\"op\":\"update_call\",\"session_id\":\"u\",\"kind\":\"tool\",\"id\":9,\"name\":\"y\","
        "\"start_ms\":1760000000000,\"end_ms\":1760000001000}\n");
    assert_int_equal(rig->counters.bad, 0);
}

/* Orphan ends and ignored fields are counted, but nothing is lost with them. */
RIG_TEST(refused_lines_are_counted_apart_and_the_first_is_kept)
{
    struct rig *rig = *state;
    rig_take(
        rig,
        "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":\"none\"}\n"
        "{\"op\":\"start_tool\",\"session_id\":\"s\",\"span_id\":\"a\",\"tool_name\":\"x\",\"args\":1}\n");
    assert_int_equal(rig->counters.bad, 2);
    assert_int_equal(rig->counters.refused, 0);
    assert_string_equal(rig->counters.first, "");
    assert_int_equal(event_log_troubles(rig->log), 0);
    rig_take(rig, "\ngarbage\n{\"op\":\"x\"}\n");
    assert_int_equal(rig->counters.bad, 4);
    assert_int_equal(rig->counters.refused, 2);
    assert_string_equal(rig->counters.first,
                        "line 2: not JSON: value expected near 'garbage': garbage");
    assert_int_equal(event_log_troubles(rig->log), 2);
}

RIG_TEST(an_auth_line_where_none_is_asked_for_is_nothing)
{
    struct rig *rig = *state;
    rig_take(rig,
             "{\"op\":\"auth\",\"token\":\"x\"}\n" HELLO "{\"op\":\"auth\",\"token\":\"y\"}\n");
    assert_int_equal(rig->counters.bad, 0);
    assert_int_equal(rig_live_sessions(rig), 1);
}

static struct feed *guarded(struct rig *rig)
{
    struct feed_options options = {.counters = &rig->counters,
                                   .where = "test",
                                   .source = "test",
                                   .max_line_bytes = 1000,
                                   .token = "secret"};
    return feed_new(&options);
}

RIG_TEST(a_token_that_is_asked_for_has_to_come_first)
{
    struct rig *rig = *state;
    static const char *const wrong[] = {HELLO,
                                        "{\"op\":\"auth\",\"token\":\"secre\"}\n",
                                        "{\"op\":\"auth\",\"token\":\"secrets\"}\n",
                                        "{\"op\":\"auth\",\"token\":\"\"}\n",
                                        "{\"op\":\"auth\",\"token\":6}\n",
                                        "{\"op\":\"auth\"}\n",
                                        "what\n",
                                        "[]\n",
                                        "{\"ph\":\"i\",\"ts\":1}\n",
                                        "{\"op\":\"frob\"}\n",
                                        "{\"op\":\"auth\",\"token\":\"secretsecret\"}\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct feed *feed = guarded(rig);
        assert_false(feed_push(feed, wrong[i], strlen(wrong[i])));
        assert_false(
            feed_push(feed, "{\"op\":\"auth\",\"token\":\"secret\"}\n" HELLO, strlen(HELLO)));
        feed_finish(feed, 0);
        feed_free(feed);
        assert_int_equal(rig_live_sessions(rig), 0);
        assert_int_equal(rig->counters.bad, i + 1);
        assert_null(rig_logged(rig, "secre")); /* of a token nothing is shown */
    }
    struct feed *feed = guarded(rig);
    rig_push(feed, "\n{\"op\":\"auth\",\"token\":\"secr\\u0065t\"}\n" HELLO);
    assert_non_null(rig_session(rig, "s"));
    feed_finish(feed, 0);
    feed_free(feed);
}
