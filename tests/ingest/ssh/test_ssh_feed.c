/* The bytes of another machine: what a login prints before the feed, versions, marks, and what a
   reconnection sends again. */
#include "ingest/ssh/ssh_feed.h"

#include "tests/support/rig.h"

#include <math.h>
#include <string.h>

#define HEAD(version) \
    "{\"op\":\"journal\",\"t\":1760000000000,\"feed\":\"" version "\",\"swarmtop\":\"9.9\"}\n"
#define MARK(t) "{\"op\":\"journal\",\"t\":" t ",\"mark\":true}\n"
#define TOOL(id)                                                                  \
    "{\"op\":\"instant\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"" id \
    "\",\"cat\":\"x\"}\n"

static void start(struct rig *rig, struct ssh_feed *feed)
{
    const struct feed_options options = {.counters = &rig->counters,
                                         .where = "ssh:web1",
                                         .source = "ssh:web1",
                                         .host = "web1",
                                         .max_line_bytes = 1 << 20};
    assert_true(ssh_feed_init(feed, &options));
    ssh_feed_connect(feed);
}

static void push(struct ssh_feed *feed, const char *text)
{
    ssh_feed_push(feed, text, strlen(text));
}

RIG_TEST(what_a_login_prints_is_no_feed)
{
    struct rig *rig = *state;
    struct ssh_feed feed;
    start(rig, &feed);
    push(&feed, "Welcome to \x1b[1mweb1\x1b[0m\n\n{ not a feed }\n*** maintenance at 5 ***\n");
    assert_false(feed.begun);
    assert_int_equal(feed.skipped, 4);
    assert_string_equal(feed.banner, "*** maintenance at 5 ***");
    push(&feed, HEAD("1.1") MARK("1760000001000") TOOL("a"));
    assert_true(feed.begun);
    assert_int_equal(rig->counters.bad, 0);
    assert_int_equal(rig_events(rig), 1);
    ssh_feed_release(&feed);
}

RIG_TEST(its_sessions_have_its_host)
{
    struct rig *rig = *state;
    struct ssh_feed feed;
    start(rig, &feed);
    push(&feed,
         HEAD("1.1")
             TOOL("a") "{\"op\":\"update_session\",\"session_id\":\"u\",\"start_ms\":1760000000000,"
                       "\"host\":\"a longer name of its own\"}\n");
    assert_true(correlator_flush(rig->ingest.correlator));
    for (const char *const *id = (const char *const[]){"s", "u", NULL}; *id != NULL; id++) {
        const struct session *session = rig_session(rig, *id);
        assert_non_null(session);
        assert_string_equal(swarm_text(rig->model.swarm, session->texts[SESSION_HOST]), "web1");
    }
    ssh_feed_release(&feed);
}

RIG_TEST(a_reconnection_shows_nothing_twice_and_loses_nothing)
{
    struct rig *rig = *state;
    struct ssh_feed feed;
    start(rig, &feed);
    push(&feed,
         HEAD("1.1") MARK("1760000001000") TOOL("a") MARK("1760000002000") TOOL("b") TOOL("c"));
    push(&feed, "{\"op\":\"instant\",\"t\":10"); /* cut by the end of the connection */
    ssh_feed_disconnect(&feed, false);
    assert_int_equal(rig->counters.bad, 0);
    assert_int_equal(rig_events(rig), 3);
    assert_true((rig_session(rig, "s")->flags & SESSION_DISCONNECTED) != 0);

    assert_true(feed.mark_ms == 1760000002000);
    ssh_feed_connect(&feed);
    /* The journal since the last mark: two lines came, one did not. */
    push(&feed, HEAD("1.1") TOOL("b") TOOL("c") TOOL("d"));
    assert_int_equal(rig_events(rig), 4);
    assert_true((rig_session(rig, "s")->flags & SESSION_DISCONNECTED) == 0);
    /* It ends in the middle of that; then all of it comes again. */
    ssh_feed_disconnect(&feed, false);
    assert_true(feed.mark_ms == 1760000002000);
    ssh_feed_connect(&feed);
    push(&feed, HEAD("1.1") TOOL("b") TOOL("c") TOOL("d") TOOL("e") MARK("1760000009000"));
    assert_int_equal(rig_events(rig), 5);
    assert_true(feed.mark_ms == 1760000009000);
    /* What is new may look like what was. */
    push(&feed, TOOL("e") TOOL("e"));
    assert_int_equal(rig_events(rig), 7);
    ssh_feed_release(&feed);
}

RIG_TEST(a_mark_of_another_day_is_no_time_to_ask_for)
{
    static const char *const far[] = {MARK("1e300"), MARK("-1e300"), MARK("1759900000000"),
                                      MARK("1760090000000"),
                                      "{\"op\":\"journal\",\"mark\":true}\n"};
    struct rig *rig = *state;
    struct ssh_feed feed;
    start(rig, &feed);
    push(&feed, HEAD("1.1"));
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        push(&feed, far[i]);
        assert_true(isnan(feed.mark_ms));
    }
    push(&feed, MARK("1760080000000"));
    assert_true(feed.mark_ms == 1760080000000);
    ssh_feed_release(&feed);
}

RIG_TEST(equal_lines_count_where_no_mark_comes)
{
    static const char *const heads[] = {HEAD("1.1"), ""}; /* "": of a version that has none */
    struct rig *rig = *state;
    uint64_t events = 0;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct ssh_feed feed;
        start(rig, &feed);
        for (int connection = 0; connection < 3; connection++) {
            push(&feed, heads[i]);
            push(&feed, TOOL("a") TOOL("a"));
            events += 2;
            assert_int_equal(rig_events(rig), events);
            ssh_feed_disconnect(&feed, false);
            ssh_feed_connect(&feed);
        }
        assert_int_equal(feed.known.count, 0);
        ssh_feed_release(&feed);
    }
}

RIG_TEST(versions_are_compared)
{
    static const struct {
        const char *head, *version, *program;
        bool newer;
    } rows[] = {
        {HEAD("1.1"), "1.1", "9.9", false},
        {HEAD("1.0"), "1.0", "9.9", false},
        {HEAD("1.2"), "1.2", "9.9", true},
        {HEAD("1.10"), "1.10", "9.9", true},
        {HEAD("2"), "2", "9.9", true},
        {HEAD("x"), "x", "9.9", false},
        {"{\"op\":\"journal\",\"feed\":7,\"swarmtop\":null}\n", "", "", false},
        {"{\"op\":\"journal\",\"feed\":\"a version that is far longer than any\"}\n", "", "",
         false},
        {TOOL("a"), "", "", false}, /* one that has no head */
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ssh_feed feed;
        start(rig, &feed);
        push(&feed, rows[i].head);
        assert_true(feed.begun);
        assert_string_equal(feed.version, rows[i].version);
        assert_string_equal(feed.program, rows[i].program);
        assert_int_equal(ssh_feed_is_newer(&feed), rows[i].newer);
        ssh_feed_release(&feed);
    }
}

RIG_TEST(a_newer_feed_is_read_as_far_as_it_is_known)
{
    struct rig *rig = *state;
    struct ssh_feed feed;
    start(rig, &feed);
    push(&feed, HEAD("1.7") "{\"op\":\"telepathy\",\"t\":1760000000000}\n" TOOL("a"));
    assert_int_equal(rig->counters.bad, 1);
    assert_int_equal(rig_events(rig), 1);
    ssh_feed_release(&feed);
}
