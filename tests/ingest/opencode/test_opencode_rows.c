/* What rows of OpenCode's database mean: requests beside their tools, names, copies, questions to a
   person, and parts that are not known. */
#include "core/query/query.h"
#include "ingest/source.h"
#include "tests/support/opencode_home.h"
#include "tests/support/records.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_SQLITE

/* ---- requests and their tools ---- */

/* The end of a request that is not complete, after all its parts so far. */
HOME_TEST(a_request_ends_where_its_tools_begin_unless_more_of_it_is_written)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), 0);
    home_start(h, true);
    home_until(h, "requests", "m1", "open");
    home_put_text(h, "m1", "p1", AT(1500), 0);
    home_put_tool(h, "s", "m1", "c1", "running", AT(2000), NULL); /* while the text grows */
    home_until(h, "tools", "c1", "open");
    assert_string_equal(home_outcome(h, "requests", "m1"), "open");
    home_put_text(h, "m1", "p1", AT(1500), AT(2500));
    home_until(h, "requests", "m1", "ended");
    home_until_end(h, "m1", -17500);
    /* Another tool is called, which the end follows. */
    home_put_tool(h, "s", "m1", "c2", "pending", AT(2600), NULL);
    home_until(h, "tools", "c2", "open");
    home_put_tool(h, "s", "m1", "c2", "running", AT(3000), NULL);
    home_until_end(h, "m1", -17000);
    assert_string_equal(home_outcome(h, "tools", "c1"), "open");
    /* A third one is called, but not well. */
    home_put_tool(h, "s", "m1", "c3", "pending", AT(3100), NULL);
    home_until(h, "tools", "c3", "open");
    home_put_tool(h, "s", "m1", "c3", "error", AT(3200), NULL);
    home_until_end(h, "m1", -16800);
}

/* Tools that the provider of the model runs are part of its answer. */
HOME_TEST(a_tool_of_the_provider_ends_no_request)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), 0);
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:s, s:{s:b}, s:{s:s, s:{s:f}}}}",
                       "id", "c1", "message_id", "m1", "session_id", "s", "time_created", AT(1500),
                       "time_updated", AT(1500), "data", "type", "tool", "callID", "c1", "tool",
                       "web_search", "metadata", "providerExecuted", 1, "state", "status",
                       "running", "time", "start", AT(1500)));
    home_start(h, true);
    home_until(h, "tools", "c1", "open");
    assert_string_equal(home_outcome(h, "requests", "m1"), "open");
}

/* The first attempt writes a text and fails; the second one writes the answer. */
HOME_TEST(a_stored_retry_is_an_attempt_and_the_first_token_follows_it)
{
    struct home *h = *state;
    double attempts[2] = {AT(1000), AT(1800)};
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), AT(3000));
    home_put_text(h, "m1", "p1", AT(1500), AT(1600));
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:i, s:{s:s}}}", "id", "p2", "message_id",
                       "m1", "session_id", "s", "time_created", AT(1800), "time_updated", AT(1800),
                       "data", "type", "retry", "attempt", 1, "error", "name", "APIError"));
    home_put_text(h, "m1", "p3", AT(2100), AT(2900));
    home_start(h, false);
    const struct record *request = records_find(&h->rig.model, CALL_REQUEST, "m1", 0);
    const double *starts;
    assert_non_null(request);
    assert_int_equal(facts_times(&request->facts, FIELD_ATTEMPTS, &starts), 2);
    assert_memory_equal(starts, attempts, sizeof attempts);
    assert_true(facts_number(&request->facts, FIELD_TTFT_MS) == 300);
}

/* A span outlives its answer where its process is slow: both have one usage and ran at once. */
HOME_TEST(an_answer_without_parts_is_the_span_of_its_usage_that_ran_then)
{
    struct home *h = *state;
    struct update span = {.op = UPDATE_CALL,
                          .kind = CALL_REQUEST,
                          .precedence = PRECEDENCE_TELEMETRY,
                          .session_id = model_text("s"),
                          .id = model_text("span")};
    update_text(&span, FIELD_MODEL, model_text("m"));
    update_number(&span, FIELD_START_MS, AT(1100));
    update_number(&span, FIELD_END_MS, AT(9000));
    update_number(&span, FIELD_PROMPT_TOKENS, 10);
    update_number(&span, FIELD_OUTPUT_TOKENS, 2);
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), AT(3000));
    home_start(h, false);
    assert_true(ingest_ctx_client_update(hub_ctx(h->rig.hub), &span));
    assert_int_equal(home_count(h, "requests"), 1);
}

/* ---- names ---- */

static const char *name_with_title(const char *title)
{
    static char name[200];
    struct home *h;
    void *state;
    home_setup(&state);
    h = state;
    home_put(h, "session",
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "id", "s", "project_id", "p",
                       "slug", "s", "directory", "/home/dev/api", "title", title, "version", "1",
                       "time_created", AT(0), "time_updated", AT(0)));
    home_put_answer(h, "s", "m1", AT(1000), AT(2000));
    home_start(h, false);
    snprintf(name, sizeof name, "%s",
             swarm_text(h->rig.model.swarm, records_agent(&h->rig.model, "s")->name));
    home_teardown(&state);
    return name;
}

TEST(a_title_that_is_only_a_date_is_no_name)
{
    static const struct {
        const char *title, *name;
    } rows[] = {
        {"New session - 2026-11-28T21:57:25.923Z", "api"},
        {"New session - 2026-11-28T21:57:25.923Z (fork #1)", "api"},
        {"Child session - 2026-11-28T21:57:25.923Z", "api"},
        {"New session - the plan", "New session - the plan"},
        {"New session - 2026", "New session - 2026"},
        {"Fix the parser", "Fix the parser"},
        {"", "api"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(name_with_title(rows[i].title), rows[i].name);
    }
}

/* ---- copies ---- */

/* A fork has copies of all messages, with ids of their own and the times of the originals. */
HOME_TEST(a_fork_counts_what_it_copied_once)
{
    struct home *h = *state;
    home_put_turn(h);
    home_put_session(h, "f", NULL, AT(10000));
    home_put_answer(h, "f", "k1", AT(1000), AT(3000));
    home_run(h, "INSERT INTO part SELECT 'copy', 'k1', 'f', time_created + 8000, time_updated + "
                "8000, data FROM part");
    home_put_answer(h, "f", "k2", AT(11000), AT(12000)); /* its own */
    home_put_tool(h, "f", "k2", "c2", "completed", AT(11500), NULL);
    home_start(h, false);
    assert_int_equal(home_count(h, "requests"), 2);
    assert_int_equal(home_count(h, "tools"), 2);
    assert_string_equal(home_outcome(h, "requests", "k2"), "ended");
    assert_string_equal(home_outcome(h, "requests", "m1"), "ended");
}

/* The session that was forked is no more: its messages are the fork's. */
HOME_TEST(a_fork_has_the_messages_that_nobody_else_has)
{
    struct home *h = *state;
    home_put_session(h, "f", NULL, AT(10000));
    home_put_answer(h, "f", "k1", AT(1000), AT(3000));
    home_put_answer(h, "f", "k2", AT(11000), AT(12000));
    home_start(h, false);
    assert_int_equal(home_count(h, "requests"), 2);
}

/* A session that is continued has new messages, and those that were there. */
HOME_TEST(a_session_that_is_continued_counts_once)
{
    struct home *h = *state;
    home_put_turn(h);
    home_start(h, true);
    home_until(h, "requests", "m1", "ended");
    home_run(h, "UPDATE session SET time_updated = time_updated + 9000");
    home_run(h, "UPDATE message SET time_updated = time_updated + 9000");
    home_put_answer(h, "s", "m2", AT(9000), AT(9500));
    home_until(h, "requests", "m2", "ended");
    assert_int_equal(home_count(h, "requests"), 2);
    assert_int_equal(home_count(h, "tools"), 1);
}

/* ---- questions to a person ---- */

static void put_part(struct home *h, const char *id, const char *data)
{
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:o}", "id", id, "message_id", "m1", "session_id",
                       "s", "time_created", AT(19000), "time_updated", AT(19000), "data",
                       json_loads(data, 0, NULL)));
}

#define RUNNING(status, more)                                                                        \
    "{\"type\": \"tool\", \"tool\": \"bash\", \"callID\": \"c1\", \"state\": {\"status\": \"" status \
    "\", \"time\": {\"start\": 1760000000000}" more "}}"
#define NOBODY                                                                          \
    "[{\"permission\": \"edit\", \"action\": \"ask\"}, {\"permission\": \"question\", " \
    "\"pattern\": \"*\", \"action\": \"deny\"}]"

/* A tool has metadata as soon as it does something, which is after the person was asked. */
TEST(a_tool_that_does_nothing_for_long_may_wait_for_a_person)
{
    static const struct {
        const char *permission, *data;
        enum agent_state state;
    } rows[] = {
        {NULL, RUNNING("running", ""), STATE_TOOL_OR_USER},
        {NULL, RUNNING("running", ", \"metadata\": {}"), STATE_TOOL_OR_USER},
        {NULL, RUNNING("running", ", \"metadata\": {\"output\": \"\"}"), STATE_TOOL},
        {NOBODY, RUNNING("running", ""), STATE_TOOL},
        {"[{\"permission\": \"bash\", \"action\": \"ask\"}]", RUNNING("running", ""),
         STATE_TOOL_OR_USER},
        {"no JSON", RUNNING("running", ""), STATE_TOOL_OR_USER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *made;
        home_setup(&made);
        struct home *h = made;
        home_put(h, "session",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:s*}", "id", "s",
                           "project_id", "p", "slug", "s", "directory", "/home/dev/api", "title",
                           "Do", "version", "1", "time_created", AT(0), "time_updated", AT(0),
                           "permission", rows[i].permission));
        home_put_answer(h, "s", "m1", AT(18000), 0);
        put_part(h, "p1", rows[i].data);
        home_start(h, true);
        home_until(h, "tools", "c1", "open");
        print_message("  %zu\n", i);
        assert_int_equal(
            query_status(h->rig.model.swarm, 0, h->rig.now_ns + INT64_C(60000000000)).state,
            rows[i].state);
        home_teardown(&made);
    }
}

/* ---- what is not known ---- */

HOME_TEST(parts_of_unknown_types_are_counted_once_a_session)
{
    struct home *h = *state;
    home_put_turn(h);
    put_part(h, "p1", "{\"type\": \"hologram\"}");
    put_part(h, "p2", "{\"type\": \"hologram\"}");
    put_part(h, "p3", "{\"type\": \"step-start\"}");
    put_part(h, "p4",
             "{\"type\": \"tool\", \"callID\": \"c9\", \"state\": {\"status\": \"dreaming\"}}");
    home_put_session(h, "t", NULL, AT(5000));
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "o", "session_id", "t",
                       "time_created", AT(6000), "time_updated", AT(6000), "data", "role",
                       "observer"));
    home_start(h, false);
    assert_non_null(rig_logged(&h->rig, "session s: 3 parts of unknown types were ignored, such as "
                                        "'hologram'"));
    assert_non_null(rig_logged(&h->rig, "session t: 1 parts of unknown types were ignored, such as "
                                        "'observer'"));
}

#else

TEST(without_sqlite_nothing_is_tested)
{
}

#endif
