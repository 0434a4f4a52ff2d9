/* What a document has for other viewers alone: arrows between Agent calls and their sub-agents, and
   counters. The checker of documents (perfetto_check) sees in each export that arrows lie in slices. */
#include "core/export/document.h"
#include "core/trace/event_added.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- swarms ---- */

static void init(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
}

static void add_agent(struct model *model, const char *id, const char *parent)
{
    struct update update = agent_update(PRECEDENCE_FILES, id);
    update_string(&update, FIELD_PARENT_AGENT_ID, parent);
    update_string(&update, FIELD_TYPE, "Explore");
    model_update(model, &update);
}

static void add_request(struct model *model, const char *agent, const char *id, double start,
                        double end)
{
    struct update update = request_update(id, start, end);
    update.agent_id = model_text(agent);
    model_update(model, &update);
}

/* `child` NULL: the call does not name the agent that it starts. */
static void add_call(struct model *model, const char *agent, const char *id, double start,
                     double end, const char *child)
{
    struct update update = tool_update(id, start, end, "Agent", NULL);
    update.agent_id = model_text(agent);
    update_string(&update, FIELD_CHILD_AGENT_ID, child);
    model_update(model, &update);
}

/* A main agent that waits for one sub-agent, which has two requests. */
static void add_pair(struct model *model)
{
    init(model);
    add_agent(model, "a", "s");
    add_request(model, "s", "r1", 0, 100);
    add_call(model, "s", "c", 100, 300, "a");
    add_request(model, "a", "r2", 110, 150);
    add_request(model, "a", "r3", 160, 290);
    model_flush(model);
}

/* ---- what is added ---- */

/* Returns new (free): the added events as lines `ph name ts pid[ id]` in order of the document;
   counters with their args in place of the id. */
static char *added(const char *document, const char *phases, bool ids)
{
    struct json_value json, item;
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_adds(&out, "");
    assert_true(json_check(document, strlen(document), 64, &json, NULL));
    struct json_walk walk = json_walk(json_get(json, "traceEvents"));
    while (json_next_item(&walk, &item)) {
        struct json_value ph = json_get(item, "ph"), name = json_get(item, "name");
        struct json_value ts = json_get(item, "ts"), pid = json_get(item, "pid");
        struct json_value id = json_get(item, ph.raw[1] == 'C' ? "args" : "id");
        if (!json_string_is(json_get(item, "cat"), EVENT_CAT_ADDED) ||
            strchr(phases, ph.raw[1]) == NULL) {
            continue;
        }
        strbuf_addf(&out, "%c %.*s %.*s %.*s", ph.raw[1], (int)name.len - 2, name.raw + 1,
                    (int)ts.len, ts.raw, (int)pid.len, pid.raw);
        if (ids) {
            strbuf_addf(&out, " %.*s", (int)id.len, id.raw);
        }
        strbuf_adds(&out, "\n");
    }
    assert_false(out.failed);
    return out.data == NULL ? strdup("") : out.data;
}

static void assert_added(const struct model *model, const char *phases, bool ids, const char *want)
{
    char *document = model_export(model->swarm, TRACKS_LANE);
    char *got = added(document, phases, ids);
    assert_string_equal(got, want);
    free(got);
    free(document);
}

#define THERE(from, to, pid)          \
    "s sub-agent starts " from " 1\n" \
    "f sub-agent starts " to " " pid "\n"

TEST(an_arrow_leads_to_the_sub_agents_first_call_and_one_back)
{
    struct model model;
    add_pair(&model);
    assert_added(&model, "sf", false,
                 "s sub-agent starts 100000 1\nf sub-agent ends 299999.999 1\n"
                 "f sub-agent starts 110000 2\ns sub-agent ends 289999.999 2\n");
    model_release(&model);
}

TEST(the_seeds_own_document_has_nothing_added)
{
    struct model model;
    add_pair(&model);
    char *document = model_export(model.swarm, TRACKS_AGENT), *got = added(document, "sfC", false);
    assert_string_equal(got, "");
    free(got);
    free(document);
    model_release(&model);
}

TEST(nothing_doubles_when_a_document_is_opened_and_written_again)
{
    struct model model, again;
    add_pair(&model);
    char *first = model_export(model.swarm, TRACKS_LANE);
    assert_true(model_init(&again, &mem_libc) && model_open(&again, first));
    char *second = model_export(again.swarm, TRACKS_LANE);
    assert_string_equal(second, first);
    assert_int_equal(swarm_counter_count(again.swarm), 0);
    free(first);
    free(second);
    model_release(&again);
    model_release(&model);
}

TEST(the_sub_agent_of_a_call_without_its_id_is_found)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c", 100, 300, NULL);
    add_request(&model, "a", "r", 110, 290);
    model_flush(&model);
    assert_added(&model, "sf", false,
                 "s sub-agent starts 100000 1\nf sub-agent ends 299999.999 1\n"
                 "f sub-agent starts 110000 2\ns sub-agent ends 289999.999 2\n");
    model_release(&model);
}

/* As a call that only starts a sub-agent in the background does. */
TEST(an_arrow_begins_at_the_end_of_a_call_that_did_not_wait)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c", 100, 300, "a");
    add_request(&model, "a", "r", 317, 990);
    model_flush(&model);
    assert_added(&model, "sf", false,
                 "s sub-agent starts 299999.999 1\nf sub-agent starts 317000 2\n");
    model_release(&model);
}

/* Clocks of two sources differ: an arrow does not lead back in time, or out of its slice. */
TEST(an_arrow_stays_within_its_slices_where_clocks_differ)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c", 100, 300, "a");
    add_request(&model, "a", "r", 90, 320);
    model_flush(&model);
    assert_added(&model, "sf", false,
                 "f sub-agent starts 100000.001 2\ns sub-agent ends 299999.998 2\n"
                 "s sub-agent starts 100000 1\nf sub-agent ends 299999.999 1\n");
    model_release(&model);
}

TEST(no_arrow_leads_back_from_an_agent_that_works_on)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c", 100, 120, "a");
    add_request(&model, "a", "r", 110, 290);
    model_flush(&model);
    assert_added(&model, "sf", false, THERE("100000", "110000", "2"));
    model_release(&model);
}

TEST(no_arrow_leads_back_to_a_call_whose_end_nobody_reported)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c", 100, UNKNOWN, "a");
    add_request(&model, "a", "r", 110, 290);
    model_flush(&model);
    assert_added(&model, "sf", false, THERE("100000", "110000", "2"));
    correlator_close(model.correlator, INT64_MIN, NULL, NULL);
    assert_added(&model, "sf", false, THERE("100000", "110000", "2"));
    model_release(&model);
}

/* An agent that is called again gets an arrow to the first call of each time; one that a call waits
   for while it works gets none. */
TEST(a_call_of_an_agent_that_has_begun_leads_to_its_next_call)
{
    struct model model;
    init(&model);
    add_agent(&model, "a", "s");
    add_call(&model, "s", "c1", 100, 200, "a");
    add_request(&model, "a", "r1", 110, 190);
    add_call(&model, "s", "c2", 1000, 1200, "a");
    add_request(&model, "a", "r2", 1010, 1110);
    add_request(&model, "a", "r3", 1115, 1190);
    add_call(&model, "s", "c3", 1080, 1200, "a");
    model_flush(&model);
    assert_added(&model, "s", false,
                 "s sub-agent starts 100000 1\ns sub-agent ends 189999.999 2\n"
                 "s sub-agent starts 1000000 1\n"
                 "s sub-agent ends 1189999.999 2\ns sub-agent ends 1189999.999 2\n");
    model_release(&model);
}

/* Two sessions with agents of the same ids, in documents of their own: viewers that get both join
   nothing. */
TEST(arrows_of_two_sessions_have_other_ids)
{
    struct model model;
    char *ids[2];
    for (int i = 0; i < 2; i++) {
        struct update session, call, request;
        assert_true(model_init(&model, &mem_libc));
        session = session_update(PRECEDENCE_FILES);
        session.session_id = model_text(i == 0 ? "one" : "two");
        update_number(&session, FIELD_START_MS, at_ms(0));
        call = tool_update("c", 100, 300, "Agent", NULL);
        call.agent_id = model_text("b");
        update_string(&call, FIELD_CHILD_AGENT_ID, "a");
        request = request_update("r", 110, 290);
        request.agent_id = model_text("a");
        call.session_id = request.session_id = session.session_id;
        model_update(&model, &session);
        model_update(&model, &call);
        model_update(&model, &request);
        model_flush(&model);
        char *document = model_export(model.swarm, TRACKS_LANE);
        ids[i] = added(document, "s", true);
        free(document);
        model_release(&model);
    }
    assert_int_equal(strlen(ids[0]), strlen(ids[1]));
    assert_true(strlen(ids[0]) > 40);
    assert_string_not_equal(ids[0], ids[1]);
    free(ids[0]);
    free(ids[1]);
}

TEST(no_arrow_has_an_end_that_is_left_out)
{
    struct model model;
    add_pair(&model);
    struct document_options options = {
        .tracks = TRACKS_LANE, .only = NO_SESSION, .from_ns = model_ns(0), .to_ns = model_ns(105)};
    char *document = model_export_with(model.swarm, &options), *got = added(document, "sf", false);
    assert_string_equal(got, "");
    free(got);
    free(document);
    model_release(&model);
}

/* ---- counters ---- */

#define STATES "C Agents by state "
#define ARGS(user, request, tool, agents, idle)                                              \
    " 1 {\"user\":" #user ",\"request\":" #request ",\"tool\":" #tool ",\"agents\":" #agents \
    ",\"idle\":" #idle "}\n"
#define BUSY(ts, count) "C Effective parallelism " ts " 1 {\"agents\":" #count "}\n"

TEST(counters_have_a_sample_for_each_change)
{
    struct model model;
    add_pair(&model);
    struct update tool = tool_update("t", 200, 250, "Bash", NULL);
    struct update wait = call_update(CALL_WAIT, PRECEDENCE_FILES, "w", 210, 220);
    add_request(&model, "s", "r beside r1", 10, 20);
    tool.agent_id = wait.agent_id = model_text("a");
    model_update(&model, &tool);
    model_update(&model, &wait);
    model_flush(&model);
    assert_added(&model, "C", true,
                 STATES "0" ARGS(0, 1, 0, 0, 0) BUSY("0", 1)           /* r1 */
                 STATES "100000" ARGS(0, 0, 0, 1, 0)                   /* the Agent call */
                 STATES "110000" ARGS(0, 1, 0, 1, 0) BUSY("110000", 2) /* r2 */
                 STATES "150000" ARGS(0, 0, 0, 1, 1) BUSY("150000", 1) /* between two requests */
                 STATES "160000" ARGS(0, 1, 0, 1, 0) BUSY("160000", 2) /* r3, under which t runs */
                 STATES "210000" ARGS(1, 0, 0, 1, 0)                   /* a person is asked */
                 STATES "220000" ARGS(0, 1, 0, 1, 0)                   /* and has answered */
                 STATES "290000" ARGS(0, 0, 0, 1, 0) BUSY("290000", 1) /* the sub-agent is done */
                 STATES "300000" ARGS(0, 0, 0, 0, 1) BUSY("300000", 0)); /* the main one idles */
    model_release(&model);
}

TEST(one_agent_alone_has_no_counters)
{
    struct model model;
    init(&model);
    add_request(&model, "s", "r", 0, 100);
    model_flush(&model);
    assert_added(&model, "C", false, "");
    model_release(&model);
}

TEST(counters_are_bounded_and_end_at_the_last_state)
{
    struct model model;
    char id[32];
    init(&model);
    add_agent(&model, "a", "s");
    for (int i = 0; i < 4000; i++) {
        snprintf(id, sizeof id, "r%d", i);
        add_request(&model, i % 2 == 0 ? "s" : "a", id, i * 10, i * 10 + 15);
    }
    model_flush(&model);
    char *document = model_export(model.swarm, TRACKS_LANE), *got = added(document, "C", true);
    size_t lines = 0;
    for (const char *at = got; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_true(lines > 1000 && lines <= 2 * 2048);
    const char *states = strstr(got + strlen(got) - 160, STATES);
    assert_non_null(states);
    assert_non_null(strstr(states, ARGS(0, 0, 0, 0, 1)));
    free(got);
    free(document);
    model_release(&model);
}

/* ---- any swarm ---- */

static uint64_t random_below(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

/* A tree of agents, some calls without the id, some without an end, times in any order. */
static void play(struct model *model, uint64_t *seed)
{
    char agents[12][8], id[16];
    snprintf(agents[0], sizeof agents[0], "s");
    for (int i = 1; i < 12; i++) {
        int parent = (int)random_below(seed, (uint64_t)i);
        double start = (double)random_below(seed, 1000), length = (double)random_below(seed, 400);
        snprintf(agents[i], sizeof agents[i], "a%d", i);
        snprintf(id, sizeof id, "c%d", i);
        add_agent(model, agents[i], agents[parent]);
        add_call(model, agents[parent], id, start,
                 random_below(seed, 5) == 0 ? UNKNOWN : start + length,
                 random_below(seed, 3) == 0 ? NULL : agents[i]);
        for (uint64_t k = random_below(seed, 4); k > 0; k--) {
            double begin = start - 60 + (double)random_below(seed, 300);
            snprintf(id, sizeof id, "r%d.%d", i, (int)k);
            add_request(model, agents[i], id, begin,
                        random_below(seed, 9) == 0 ? UNKNOWN
                                                   : begin + (double)random_below(seed, 100));
        }
    }
    model_flush(model);
}

TEST(perfetto_shows_the_arrows_of_any_swarm_and_it_reopens_with_them)
{
    size_t arrows = 0;
    for (uint64_t round = 1; round <= 300; round++) {
        uint64_t seed = round;
        struct model model, again;
        init(&model);
        play(&model, &seed);
        correlator_close(model.correlator, INT64_MIN, NULL, NULL);
        char *first = model_export(model.swarm, TRACKS_LANE);
        assert_true(model_init(&again, &mem_libc) && model_open(&again, first));
        char *second = model_export(again.swarm, TRACKS_LANE);
        char *got = added(second, "sfC", true), *want = added(first, "sfC", true);
        assert_string_equal(got, want);
        arrows += strstr(want, "sub-agent ends") != NULL;
        free(got);
        free(want);
        free(first);
        free(second);
        model_release(&again);
        model_release(&model);
    }
    assert_true(arrows > 100);
}

TEST(no_arrow_leads_to_what_a_cap_dropped)
{
    size_t arrows = 0;
    for (uint64_t round = 1; round <= 300; round++) {
        uint64_t seed = round * 31;
        struct swarm_config config = {.max_events = {20 + round % 80, 0}};
        struct model model;
        assert_true(model_init_with(&model, &mem_libc, &config));
        struct update session = session_update(PRECEDENCE_FILES);
        update_number(&session, FIELD_START_MS, at_ms(0));
        model_update(&model, &session);
        play(&model, &seed);
        char *document = model_export(model.swarm, TRACKS_LANE); /* which checks it */
        arrows += strstr(document, "sub-agent starts") != NULL;
        free(document);
        model_release(&model);
    }
    assert_true(arrows > 30);
}
