/* What a cap makes the model forget leaves whole what stays: names, open spans, counts. */
#include "core/model/swarm_edit.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP = 3000, MANY = 12000, LINE = 1024 };

#define T0 1760000000000.0

static void open_capped(struct rig *rig)
{
    const struct swarm_config config = {.max_events = {CAP, CAP}};
    assert_true(rig_init_capped(rig, &mem_libc, &config));
}

/* Pushes the lines so often, %u being the number, %t a time. */
static void push_many(struct rig *rig, struct feed *feed, const char *lines, unsigned from,
                      unsigned to)
{
    for (unsigned number = from; number < to; number++) {
        char text[LINE];
        size_t len = 0;
        for (const char *at = lines; *at != '\0'; at++) {
            if (*at != '%') {
                text[len++] = *at == '\'' ? '"' : *at;
                continue;
            }
            at++;
            len += (size_t)(*at == 'u' ? sprintf(text + len, "%u", number)
                                       : sprintf(text + len, "%.0f", T0 + number));
        }
        assert_true(feed_push(feed, text, len));
        if (number % 50 == 0) {
            assert_true(correlator_flush(rig->model.correlator));
        }
    }
    assert_true(correlator_flush(rig->model.correlator));
    assert_int_equal(rig->counters.bad, 0);
}

static void push(struct rig *rig, struct feed *feed, const char *lines)
{
    push_many(rig, feed, lines, 0, 1);
}

static const char agents_come_and_go[] =
    "{'op':'register_agent','t':%t,'session_id':'s','agent_id':'a%u','agent_name':'n%u','parent_agent_id':'s'}\n"
    "{'op':'instant','t':%t,'session_id':'s','agent_id':'a%u','name':'x','cat':'c'}\n";
static const char sessions_come_and_go[] =
    "{'op':'hello','t':%t,'session_id':'s%u','name':'n%u'}\n"
    "{'op':'instant','t':%t,'session_id':'s%u','name':'x','cat':'c'}\n";

static unsigned count_metadata(const struct swarm *swarm, session_no session, const char *name,
                               const char *args)
{
    unsigned count = 0;
    struct event event;
    for (uint64_t i = 0; i < swarm_session(swarm, session)->metadata_count; i++) {
        count += swarm_metadata(swarm, session, i, &event) &&
                 strcmp(swarm_text(swarm, event.name), name) == 0 &&
                 event.args.len == strlen(args) &&
                 memcmp(event.args.bytes, args, event.args.len) == 0;
    }
    return count;
}

TEST(the_main_agent_of_a_feed_keeps_its_names)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig);
    push(&rig, feed,
         "{'op':'hello','t':%t,'session_id':'s','name':'root'}\n"
         "{'op':'instant','t':%t,'session_id':'s','name':'x','cat':'c'}\n");
    push_many(&rig, feed, agents_come_and_go, 1, MANY);
    const struct swarm *swarm = rig.model.swarm;
    assert_true(swarm_forgotten(swarm, FORGOTTEN_AGENTS) > 0);
    session_no session = rig_session_no(&rig, "s");
    assert_int_equal(count_metadata(swarm, session, "process_name", "{\"name\":\"root\"}"), 1);
    assert_int_equal(count_metadata(swarm, session, "thread_name", "{\"name\":\"root\"}"), 1);
    feed_free(feed);
    rig_release(&rig);
}

/* Prints a raw end on the only thread of the agent. */
static void end_raw(struct rig *rig, struct feed *feed, const char *agent)
{
    const struct swarm *swarm = rig->model.swarm;
    agent_no number = model_agent(&rig->model, agent);
    char line[LINE];
    snprintf(line, sizeof line, "{'ph':'E','ts':1,'pid':%s,'tid':%s}\n",
             swarm_text(swarm, swarm_agent(swarm, number)->pid),
             swarm_text(swarm, swarm_agent(swarm, number)->tid));
    push(rig, feed, line);
}

/* A raw event has ended the span in the model; its owner has not. */
TEST(an_open_call_keeps_its_track_until_its_end)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig);
    push(
        &rig, feed,
        "{'op':'hello','t':%t,'session_id':'s','name':'root'}\n"
        "{'op':'register_agent','t':%t,'session_id':'s','agent_id':'mine','agent_name':'mine','parent_agent_id':'s'}\n"
        "{'op':'start_tool','t':%t,'session_id':'s','agent_id':'mine','span_id':'1','tool_name':'B'}\n");
    end_raw(&rig, feed, "mine");
    push_many(&rig, feed, agents_come_and_go, 1, MANY);
    const struct swarm *swarm = rig.model.swarm;
    assert_true(swarm_forgotten(swarm, FORGOTTEN_AGENTS) > 0);
    push_many(&rig, feed,
              "{'op':'end_tool','t':%t,'session_id':'s','span_id':'1','success':true}\n", MANY,
              MANY + 1);
    struct event event;
    const struct event_store *store = swarm_store(swarm, POOL_LIVE);
    assert_true(event_store_get(store, event_store_end(store) - 1, &event));
    assert_int_equal(event.ph, 'E');
    const struct track *track = swarm_get_track(swarm, event.track);
    assert_int_not_equal(track->agent, NO_AGENT);
    assert_string_equal(swarm_text(swarm, swarm_agent(swarm, track->agent)->name), "mine");
    /* Nothing is open any more, and it may go. */
    push_many(&rig, feed, agents_come_and_go, MANY + 1, 2 * MANY);
    assert_int_equal(
        count_metadata(swarm, rig_session_no(&rig, "s"), "process_name", "{\"name\":\"mine\"}"), 0);
    feed_free(feed);
    rig_release(&rig);
}

TEST(an_open_call_keeps_its_session)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig), *other = rig_feed(&rig);
    push(&rig, other,
         "{'op':'hello','t':%t,'session_id':'first','name':'first'}\n"); /* it has the markers */
    push(&rig, feed,
         "{'op':'hello','t':%t,'session_id':'mine','name':'mine'}\n"
         "{'op':'start_tool','t':%t,'session_id':'mine','span_id':'1','tool_name':'B'}\n");
    end_raw(&rig, feed, "mine");
    uint64_t serial = swarm_session_serial(rig.model.swarm, rig_session_no(&rig, "mine"));
    push_many(&rig, other, sessions_come_and_go, 1, MANY);
    assert_true(swarm_forgotten(rig.model.swarm, FORGOTTEN_SESSIONS) > 0);
    assert_non_null(rig_session(&rig, "mine"));
    push(&rig, feed, "{'op':'end_tool','t':%t,'session_id':'mine','span_id':'1','success':true}\n");
    assert_int_equal(swarm_session_serial(rig.model.swarm, rig_session_no(&rig, "mine")), serial);
    push_many(&rig, other, sessions_come_and_go, MANY, 2 * MANY);
    assert_null(rig_session(&rig, "mine"));
    feed_free(feed);
    feed_free(other);
    rig_release(&rig);
}

/* The session that was joined is freed when no span is on its rows any more. */
TEST(calls_that_moved_survive_an_eviction_before_they_are_shown)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig);
    push(&rig, feed, "{'op':'hello','t':%t,'session_id':'s','name':'root'}\n");
    push_many(&rig, feed, "{'op':'instant','t':%t,'session_id':'s','name':'x','cat':'c'}\n", 1,
              CAP - 10);
    push(
        &rig, feed,
        "{'op':'update_call','t':%t,'session_id':'b','kind':'tool','id':'c','name':'B','start_ms':%t}\n");
    rig_push(feed, "{\"op\":\"update_session\",\"session_id\":\"s\",\"alias\":\"b\"}\n");
    for (unsigned i = 0; i < 20; i++) {
        char line[LINE];
        snprintf(
            line, sizeof line,
            "{\"op\":\"instant\",\"t\":%.0f,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"name\":\"x\",\"cat\":\"c\"}\n",
            T0 + CAP, i);
        rig_push(feed, line);
    }
    assert_true(correlator_flush(rig.model.correlator));
    const struct swarm *swarm = rig.model.swarm;
    const struct span *span = swarm_span(swarm, model_span(&rig.model, "Tool: B", 0));
    assert_int_equal(swarm_agent(swarm, span->agent)->session, rig_session_no(&rig, "s"));
    assert_true((swarm_agent(swarm, span->agent)->flags & AGENT_MAIN) != 0);
    feed_free(feed);
    rig_release(&rig);
}

/* The numbers of the sessions that were joined are other sessions' then. */
TEST(calls_that_moved_are_not_found_in_the_next_session_of_the_number)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig);
    push(&rig, feed, "{'op':'hello','t':%t,'session_id':'s','name':'root'}\n");
    push_many(
        &rig, feed,
        "{'op':'update_call','t':%t,'session_id':'b%u','kind':'tool','id':'c','name':'B','start_ms':%t}\n"
        "{'op':'update_session','t':%t,'session_id':'s%u','alias':'b%u','start_ms':%t}\n",
        1, 1200);
    size_t sessions = swarm_session_count(rig.model.swarm);
    push_many(
        &rig, feed,
        "{'op':'update_call','t':%t,'session_id':'n%u','kind':'tool','id':'c','name':'B','start_ms':%t}\n",
        1, 1000);
    assert_true(swarm_session_count(rig.model.swarm) <
                sessions + 1000); /* numbers were used again */
    for (unsigned i = 1; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "n%u", i);
        assert_non_null(rig_session(&rig, id));
        assert_int_equal(rig_session(&rig, id)->event_count, 1);
    }
    feed_free(feed);
    rig_release(&rig);
}

/* Each attempt beyond those that are kept counts once, and one that fills the room does not. */
TEST(attempts_that_were_forgotten_add_up)
{
    struct rig rig;
    open_capped(&rig);
    struct feed *feed = rig_feed(&rig);
    const char *lines =
        "{'op':'update_call','t':%t,'session_id':'s','kind':'request','id':'r','model':'m','attempt_start_times':[%t]}\n";
    push_many(&rig, feed, lines, 0, 1000);
    assert_int_equal(swarm_forgotten(rig.model.swarm, FORGOTTEN_ATTEMPTS), 0);
    push_many(&rig, feed, lines, 900, 1500);
    push_many(&rig, feed, lines, 0, 1500); /* again */
    assert_int_equal(swarm_forgotten(rig.model.swarm, FORGOTTEN_ATTEMPTS), 500);
    feed_free(feed);
    rig_release(&rig);
}

/* A list that crosses the limit counts too. */
TEST(attempts_beyond_the_limit_count_in_whatever_lists_they_come)
{
    static const struct {
        unsigned counts[3]; /* of attempts in one update each, one after the other */
        uint64_t forgotten;
    } cases[] = {{{600, 400}, 0},      {{600, 500}, 100},     {{1500}, 500},
                 {{1000, 1200}, 1200}, {{600, 500, 50}, 150}, {{2000, 0, 10}, 1010}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model;
        double times[2000], next = T0;
        assert_true(model_init(&model, &mem_libc));
        for (size_t n = 0; n < 3; n++) {
            struct update update = {.op = UPDATE_CALL,
                                    .kind = CALL_REQUEST,
                                    .precedence = PRECEDENCE_FILES,
                                    .t_ms = T0,
                                    .session_id = model_text("s"),
                                    .id = model_text("r"),
                                    .present = (uint64_t)1 << FIELD_ATTEMPTS};
            for (unsigned k = 0; k < cases[i].counts[n]; k++) {
                times[k] = next++;
            }
            update.values[FIELD_ATTEMPTS].times.ms = times;
            update.values[FIELD_ATTEMPTS].times.count = cases[i].counts[n];
            assert_true(correlator_update(model.correlator, &update));
            assert_true(correlator_update(model.correlator, &update)); /* again */
        }
        assert_int_equal(swarm_forgotten(model.swarm, FORGOTTEN_ATTEMPTS), cases[i].forgotten);
        model_release(&model);
    }
}
