/* Operations of a feed and updates of other sources in the same two sessions, in random order. The
   model corrected in place is the model derived from scratch; Perfetto shows its document at any
   moment as it is; opened again, the document is the same picture; neither a cap nor a lack of memory
   breaks it. STORY=n runs one story alone. */
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORIES = 250, STEPS = 120, IDS = 12 };

struct story {
    struct model *model;
    uint64_t state; /* of the random numbers */
    double ms;      /* the time of the last operation */
    bool derive;    /* compare with the model derived from scratch after each flush */
    bool good;      /* no memory has run out */
    char what[32];
};

static unsigned pick(struct story *story, unsigned below)
{
    story->state = story->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(story->state >> 33) % below;
}

static void note(struct story *story, enum tracer_result result)
{
    story->good &= result != TRACER_NO_MEMORY;
}

static struct slice pick_id(struct story *story, char prefix, char room[16])
{
    snprintf(room, 16, "%c%u", prefix, pick(story, IDS));
    return model_text(room);
}

static const char *pick_agent(struct story *story)
{
    static const char *const agents[] = {NULL, "kid", "kid-2", "other"};
    return agents[pick(story, 4)];
}

/* ---- operations ---- */

static void say_hello(struct story *story, struct op_context *at)
{
    static const char *const sessions[] = {"s", "s2"};
    struct hello_op op = {.session_id = model_text(sessions[pick(story, 2)]),
                          .name = model_text("api")};
    note(story, tracer_hello(story->model->tracer, at->t_ms, at->local_ns, &op, &at->session));
}

static void end_request(struct story *story, const struct op_context *at, struct slice id)
{
    struct end_llm_request_op op = {.span_id = id,
                                    .ttft_ms = 20,
                                    .ttlt_ms = pick(story, 2) == 0 ? 60 : (double)NAN,
                                    .prompt_tokens = 100,
                                    .output_tokens = 10,
                                    .cache_read_tokens = (double)NAN,
                                    .cache_creation_tokens = (double)NAN,
                                    .request_setup_ms = (double)NAN,
                                    .success = (enum tristate)pick(story, 3)};
    note(story, tracer_end_llm_request(story->model->tracer, at, &op));
}

static void operate(struct story *story)
{
    struct tracer *tracer = story->model->tracer;
    char room[16];
    struct op_context at = model_at(story->model, story->ms, pick_agent(story));
    say_hello(story, &at);
    if (at.session == NO_SESSION || !story->good) {
        return;
    }
    unsigned what = pick(story, 9);
    char prefix = pick(story, 6) == 0 ? "rti"[pick(story, 3)] : "rrttiim--"[what];
    struct slice id = pick_id(story, prefix, room), absent = {NULL, 0};
    struct end_tool_op end = {
        .span_id = id, .result_tokens = (double)NAN, .success = (enum tristate)pick(story, 3)};
    struct start_llm_request_op request = {
        .span_id = id, .model = model_text("m"), .prompt_tokens = (double)NAN};
    switch (what) {
    case 0: note(story, tracer_start_llm_request(tracer, &at, &request)); break;
    case 1: end_request(story, &at, id); break;
    case 2: note(story, tracer_start_tool(tracer, &at, id, model_text("Bash"), absent)); break;
    case 3: note(story, tracer_end_tool(tracer, &at, &end)); break;
    case 4: note(story, tracer_start_interaction(tracer, &at, id, 3)); break;
    case 5: note(story, tracer_end_interaction(tracer, &at, id)); break;
    case 6: note(story, tracer_instant(tracer, &at, model_text("mark"), absent, absent)); break;
    case 7:
        note(story, tracer_register_agent(tracer, &at, model_text("kid"), model_text("Explore"),
                                          model_text("s")));
        break;
    default:
        if (pick(story, 8) == 0) {
            note(story, tracer_end_session(tracer, &at));
        }
    }
}

/* ---- updates ---- */

static void update_call_of(struct story *story)
{
    char id[16], other[16];
    (void)pick_id(story, 'u', id);
    double start = pick(story, 3) == 0 ? (double)NAN : floor(story->ms) - pick(story, 300);
    double end = pick(story, 2) == 0 ? (double)NAN : floor(story->ms) + pick(story, 100);
    struct update update = call_update((enum call_kind)pick(story, CALL_KINDS),
                                       (enum precedence)pick(story, PRECEDENCES), id, start, end);
    static const char *const sessions[] = {"s", "s2"};
    const char *agent = pick_agent(story);
    update.session_id = model_text(sessions[pick(story, 2)]);
    update.agent_id = model_text(agent);
    update.t_ms = at_ms(floor(story->ms));
    if (pick(story, 3) == 0) {
        update_string(&update, FIELD_NAME, "Read");
    }
    if (pick(story, 3) == 0) {
        update_number(&update, FIELD_TTFT_MS, 15);
        update_number(&update, FIELD_OUTPUT_TOKENS, 7);
    }
    if (pick(story, 4) == 0) {
        update_bool(&update, FIELD_SUCCESS, pick(story, 2) == 0 ? TRI_FALSE : TRI_TRUE);
    }
    (void)pick_id(story, 'u', other);
    if (pick(story, 6) == 0) {
        update_string(&update, FIELD_PARENT_ID, other);
    } else if (pick(story, 12) == 0) {
        update_string(&update, FIELD_ALIAS, other);
    }
    story->good &= correlator_update(story->model->correlator, &update);
}

static void update_session_of(struct story *story)
{
    struct update update = session_update((enum precedence)pick(story, PRECEDENCES));
    update.session_id = model_text(pick(story, 2) == 0 ? "s" : "s2");
    update.t_ms = at_ms(story->ms);
    switch (pick(story, 4)) {
    case 0: update_number(&update, FIELD_END_MS, at_ms(floor(story->ms))); break;
    case 1: update_number(&update, FIELD_START_MS, at_ms(-(double)pick(story, 500))); break;
    default: update_string(&update, FIELD_NAME, "named");
    }
    story->good &= correlator_update(story->model->correlator, &update);
}

/* ---- a story ---- */

static void assert_derived(const struct story *story)
{
    struct swarm *swarm = story->model->swarm;
    unsigned with = WITH_LIVE | WITH_FIGURES | WITH_MARKERS;
    assert_true(swarm_relane(swarm));
    char *in_place = updates_describe(swarm, with);
    assert_true(swarm_rederive(swarm, POOL_LIVE));
    char *from_scratch = updates_describe(swarm, with);
    assert_described(from_scratch, in_place, story->what);
    free(in_place);
    free(from_scratch);
}

static void step(struct story *story)
{
    story->ms += pick(story, 40) == 0 ? 40.0 * 60000 : pick(story, 50);
    unsigned what = pick(story, 20);
    if (what < 9) {
        operate(story);
    } else if (what < 17) {
        update_call_of(story);
    } else if (what < 18) {
        update_session_of(story);
    } else {
        story->good &= correlator_flush(story->model->correlator);
        if (story->derive && story->good) {
            assert_derived(story);
        }
    }
}

static void run(struct story *story, struct model *model, unsigned seed)
{
    *story = (struct story){.model = model,
                            .state = seed * UINT64_C(7919) + 3,
                            .derive = story->derive,
                            .good = true,
                            .ms = 1};
    snprintf(story->what, sizeof story->what, "STORY=%u", seed);
    for (unsigned i = 0; i < STEPS; i++) {
        step(story);
        if (i % 30 == 17 && story->derive) {
            assert_true(correlator_flush(model->correlator) && swarm_relane(model->swarm));
            free(model_export(model->swarm, TRACKS_LANE)); /* which checks it */
        }
    }
    story->good &= correlator_flush(model->correlator);
}

static void assert_reopened(const struct story *story, unsigned with)
{
    char *document = model_export(story->model->swarm, TRACKS_LANE);
    struct model opened;
    assert_true(model_init(&opened, &mem_libc));
    assert_true(model_open(&opened, document));
    char *expected = updates_describe(story->model->swarm, with);
    char *got = updates_describe(opened.swarm, with);
    assert_described(expected, got, story->what);
    free(expected);
    free(got);
    free(document);
    model_release(&opened);
}

static void check_with_cap(unsigned seed, size_t cap)
{
    struct swarm_config config = {.max_events = {cap, 0}};
    struct story story = {.derive = true};
    struct model model;
    assert_true(model_init_with(&model, &mem_libc, &config));
    run(&story, &model, seed);
    assert_true(story.good);
    assert_derived(&story);
    assert_true(correlator_close(model.correlator, INT64_MIN, NULL, NULL));
    assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
    assert_reopened(&story, cap > 0 ? WITHOUT_ROWS | WITH_MARKERS : WITH_FIGURES | WITH_MARKERS);
    model_release(&model);
}

/* Caps are tiny: most of what is open loses its begin. */
static void for_each_story(bool capped)
{
    const char *only = getenv("STORY");
    unsigned first = only == NULL ? 0 : (unsigned)atoi(only);
    for (unsigned seed = first; seed < (only == NULL ? STORIES : first + 1); seed++) {
        check_with_cap(seed, capped ? 4 + seed % 29 : 0);
    }
}

TEST(operations_and_updates_make_one_picture)
{
    for_each_story(false);
}

TEST(operations_and_updates_make_one_picture_under_a_cap)
{
    for_each_story(true);
}

/* One allocation fails at a time: what comes next is taken in all the same. */
TEST(a_lack_of_memory_leaves_a_model_that_can_be_used)
{
    for (unsigned seed = 0; seed < 3; seed++) {
        for (long allow = 0, done = false; !done; allow += 1 + allow / 50) {
            struct failing_mem failing = {.allow = -1};
            struct mem mem = failing_mem(&failing);
            struct swarm_config config = {.max_events = {seed * 25, 0}};
            struct story story = {.derive = false};
            struct model model;
            assert_true(model_init_with(&model, &mem, &config));
            failing.allow = allow;
            run(&story, &model, seed);
            done = failing.allow > 0;
            failing.allow = -1;
            assert_true(correlator_flush(model.correlator));
            assert_true(swarm_rederive(model.swarm, POOL_LIVE));
            assert_derived(&story);
            assert_true(correlator_close(model.correlator, INT64_MIN, NULL, NULL));
            model_release(&model);
            assert_int_equal(failing.live_blocks, 0);
        }
    }
}

/* Both kinds of calls end with the session, and what begins later opens it again. */
TEST(an_end_of_the_session_ends_calls_of_operations_and_of_updates)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", "main");
    struct op_context at = model_at(&model, 10, NULL);
    assert_int_equal(tracer_start_tool(model.tracer, &at, model_text("o"), model_text("Bash"),
                                       (struct slice){NULL, 0}),
                     TRACER_OK);
    struct update call = tool_update("u", 20, UNKNOWN, "Read", NULL);
    model_update(&model, &call);
    model_flush(&model);
    at = model_at(&model, 70, NULL);
    assert_int_equal(correlator_end_session(model.correlator, &at), TRACER_OK);
    model_flush(&model);
    assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
    assert_int_equal(swarm_span(model.swarm, model_span(&model, "Tool: Bash", 0))->end_ns,
                     model_ns(70));
    assert_int_equal(swarm_span(model.swarm, model_span(&model, "Tool: Read", 0))->end_ns,
                     model_ns(70));
    assert_true(swarm_session(model.swarm, model.session)->flags & SESSION_ENDED);
    call = tool_update("later", 90, UNKNOWN, "Grep", NULL);
    model_update(&model, &call);
    model_flush(&model);
    assert_false(swarm_session(model.swarm, model.session)->flags & SESSION_ENDED);
    assert_int_not_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
    model_release(&model);
}
