/* Whatever order the words of witnesses come in, however often one repeats itself and whenever things settle between: the model is the same in the end,
   and its document, opened again, is the same picture. Stories are random; a seed says which. */
#include "tests/support/support.h"
#include "tests/support/witnesses.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORIES = 150, ORDERS = 8, MAX_FACTS = 400, MAX_ATTEMPTS = 4, AGENTS = 5, RANKS = 3 };

struct random {
    uint64_t state;
};

static unsigned pick(struct random *random, unsigned below)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random->state >> 33) % below;
}

static bool one_in(struct random *random, unsigned of)
{
    return pick(random, of) == 0;
}

enum fact_kind { F_SESSION, F_SESSION_END, F_AGENT, F_TOOL, F_REQUEST, F_WAIT, F_TURN };

struct fact {
    enum fact_kind kind;
    struct witness_place place;
    char id[16];
    double attempts[MAX_ATTEMPTS];
    double at;
    bool gone;
    union {
        struct witness_session_fact session;
        struct witness_agent_fact agent;
        struct witness_tool_fact tool;
        struct witness_request_fact request;
        struct witness_wait_fact wait;
        struct witness_turn_fact turn;
    } of;
};

struct story {
    struct random random;
    struct fact facts[MAX_FACTS];
    size_t count;
    double scale; /* of times: some stories are long enough for the sweep */
};

static const char *const agent_ids[AGENTS] = {NULL, "kid", "kid-2", "other", "deep"};
static const char *const session_ids[] = {"s", "s2"};
static const char *const tools[] = {"Bash", "Read", "Task", "Agent", "Grep"};
static const char *const args[] = {"{\"a\":1}", "{\"a\":2}",
                                   "{ \"tool_name\" : \"odd\", \"b\": [1] }", "{}",
                                   "{\"command\":\"make \\\"x\\\"\",\"error\":true}"};
static const char *const texts[] = {"one", "two", "three \"quoted\"", "\xE4\xB8\xAD",
                                    "longer than they"};
/* model_open reads names as they stand between the quotes. */
static const char *const names[] = {"Explore", "Plan", "api-server", "\xE4\xB8\xAD"};
#define PICK(random, list) (list)[pick(random, sizeof(list) / sizeof *(list))]

/* ---- making stories ---- */

static struct fact *add(struct story *story, enum fact_kind kind, const char *session,
                        const char *agent, enum witness_rank rank)
{
    assert_true(story->count < MAX_FACTS);
    struct fact *fact = &story->facts[story->count++];
    *fact = (struct fact){.kind = kind, .place = at_place(rank, agent)};
    fact->place.session_id = model_text(session);
    return fact;
}

/* The time as that witness has it, or not. */
static double around(struct story *story, double ms, unsigned unsaid)
{
    if (isnan(ms) || one_in(&story->random, unsaid)) {
        return UNKNOWN;
    }
    return at_ms(floor(ms * story->scale) + (double)pick(&story->random, 30));
}

static struct slice maybe(struct story *story, const char *text)
{
    return model_text(one_in(&story->random, 3) ? NULL : text);
}

static double maybe_number(struct story *story)
{
    return one_in(&story->random, 2) ? UNKNOWN : (double)pick(&story->random, 5000);
}

static void fill_in_request(struct story *story, struct fact *fact, double start, double end)
{
    struct random *random = &story->random;
    fact->of.request = request_fact(UNKNOWN, UNKNOWN);
    struct witness_request_fact *request = &fact->of.request;
    request->start_ms = around(story, start, 3);
    request->end_ms = around(story, end, 3);
    request->model = maybe(story, PICK(random, texts));
    request->query_source = maybe(story, "sdk");
    request->message_id = maybe(story, PICK(random, texts));
    request->error = one_in(random, 6) ? model_text(PICK(random, texts)) : model_text(NULL);
    request->ttft_ms = one_in(random, 2) ? UNKNOWN : (double)pick(random, 300);
    request->prompt_tokens = maybe_number(story);
    request->output_tokens = maybe_number(story);
    request->cache_read_tokens = maybe_number(story);
    request->success = (enum tristate)pick(random, 3);
    if (one_in(random, 3)) {
        request->attempt_count = 1 + pick(random, MAX_ATTEMPTS);
        for (size_t i = 0; i < request->attempt_count; i++) {
            fact->attempts[i] = at_ms(floor(start * story->scale) + 40.0 * (double)i);
        }
    }
    if (one_in(random, 8)) {
        request->retry_attempt = 1 + pick(random, 3);
        request->retry_in_ms = 500;
    }
}

static void fill_in_call(struct story *story, struct fact *fact, double start, double end)
{
    struct random *random = &story->random;
    double from = around(story, start, 4), to = around(story, end, 3);
    if (fact->kind == F_TOOL) {
        fact->of.tool = (struct witness_tool_fact){
            .name = maybe(story, PICK(random, tools)),
            .args_json = maybe(story, PICK(random, args)),
            .error = one_in(random, 4) ? model_text(PICK(random, texts)) : model_text(NULL),
            .start_ms = from,
            .end_ms = to,
            .success = (enum tristate)pick(random, 3)};
    } else if (fact->kind == F_WAIT) {
        fact->of.wait = (struct witness_wait_fact){.what = maybe(story, PICK(random, texts)),
                                                   .decision = maybe(story, PICK(random, texts)),
                                                   .source = maybe(story, "user"),
                                                   .start_ms = from,
                                                   .end_ms = to};
    } else if (fact->kind == F_TURN) {
        fact->of.turn = (struct witness_turn_fact){
            .start_ms = from, .end_ms = to, .prompt_length = maybe_number(story)};
    } else {
        fill_in_request(story, fact, start, end);
    }
}

/* One call, as one to three witnesses see it, each in one word or in several. */
static void add_call(struct story *story, const char *session, unsigned number)
{
    struct random *random = &story->random;
    enum fact_kind kind = (enum fact_kind)(F_TOOL + pick(random, 4));
    const char *agent = PICK(random, agent_ids);
    double start = pick(random, 2000), end = start + pick(random, 400);
    bool ends = !one_in(random, 6);
    for (unsigned words = 1 + pick(random, 5); words > 0; words--) {
        bool knows = !one_in(random, 4);
        struct fact *fact =
            add(story, kind, session, knows ? agent : NULL, (enum witness_rank)pick(random, RANKS));
        snprintf(fact->id, sizeof fact->id, "c%u", number / 2);
        fill_in_call(story, fact, start, ends ? end : UNKNOWN);
    }
}

static void add_agents(struct story *story, const char *session)
{
    struct random *random = &story->random;
    for (unsigned i = 0; i < 8; i++) {
        unsigned which = 1 + pick(random, AGENTS - 1);
        struct fact *fact =
            add(story, F_AGENT, session, agent_ids[which], (enum witness_rank)pick(random, RANKS));
        double start = pick(random, 1000);
        fact->of.agent = (struct witness_agent_fact){
            .type = maybe(story, PICK(random, names)),
            .description = maybe(story, PICK(random, names)),
            .parent_id = model_text(one_in(random, 2) ? NULL : agent_ids[pick(random, which)]),
            .start_ms = around(story, start, 2),
            .end_ms = around(story, start + 1000, 3)};
    }
}

static void make_story(struct story *story, unsigned seed)
{
    *story = (struct story){.random = {seed * 7919 + 1}};
    struct random *random = &story->random;
    story->scale = one_in(random, 3) ? 1500 : 1;
    unsigned sessions = 1 + pick(random, 2);
    for (unsigned s = 0; s < sessions; s++) {
        const char *session = session_ids[s];
        for (unsigned i = 0, calls = 3 + pick(random, 20); i < calls; i++) {
            add_call(story, session, i);
        }
        add_agents(story, session);
        for (unsigned i = pick(random, 3); i > 0; i--) {
            struct fact *fact =
                add(story, F_SESSION, session, NULL, (enum witness_rank)pick(random, RANKS));
            fact->of.session =
                (struct witness_session_fact){.name = maybe(story, PICK(random, names)),
                                              .source = PICK(random, texts),
                                              .start_ms = around(story, pick(random, 100), 2)};
        }
        for (unsigned i = pick(random, 3); i > 0; i--) {
            struct fact *fact = add(story, F_SESSION_END, session, NULL, WITNESS_FILES);
            fact->at = around(story, 1000 + pick(random, 1600), 100);
            fact->gone = one_in(random, 2);
        }
    }
}

/* ---- telling them ---- */

static void say(struct model *model, struct fact *fact)
{
    struct witness *witness = model->witness;
    struct slice id = model_text(fact->id);
    switch (fact->kind) {
    case F_SESSION: assert_true(witness_session(witness, &fact->place, &fact->of.session)); break;
    case F_SESSION_END:
        assert_true(witness_session_end(witness, &fact->place, fact->at, fact->gone));
        break;
    case F_AGENT: assert_true(witness_agent(witness, &fact->place, &fact->of.agent)); break;
    case F_TOOL: assert_true(witness_tool(witness, &fact->place, id, &fact->of.tool)); break;
    case F_REQUEST:
        fact->of.request.attempt_ms = fact->attempts;
        assert_true(witness_request(witness, &fact->place, id, &fact->of.request));
        break;
    case F_WAIT: assert_true(witness_wait(witness, &fact->place, id, &fact->of.wait)); break;
    case F_TURN: assert_true(witness_turn(witness, &fact->place, id, &fact->of.turn)); break;
    }
}

static void shuffle(struct random *random, size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = pick(random, (unsigned)i), held = order[i - 1];
        order[i - 1] = order[other];
        order[other] = held;
    }
}

/* Order 0 is that of the story, settled once. */
static void tell(struct model *model, struct story *story, unsigned number)
{
    struct random random = {number * 104729 + 5};
    size_t order[2 * MAX_FACTS], count = story->count;
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = 0; number > 0 && i < story->count; i++) {
        if (one_in(&random, 3)) {
            order[count++] = i;
        }
    }
    if (number > 0) {
        shuffle(&random, order, count);
    }
    unsigned settles = 1 + pick(&random, 20);
    for (size_t i = 0; i < count; i++) {
        say(model, &story->facts[order[i]]);
        if (number > 0 && one_in(&random, settles)) {
            assert_true(witness_settle(model->witness));
        }
    }
    assert_true(witness_settle(model->witness));
}

static void print_what_only(const char *who, const char *text, const char *other)
{
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n") + 1;
        char *line = strndup(at, len);
        if (strstr(other, line) == NULL) {
            fprintf(stderr, "%s: %s", who, line);
        }
        free(line);
        at += len;
    }
}

static void assert_same(const char *expected, const char *got, unsigned seed, unsigned order)
{
    if (strcmp(expected, got) != 0) {
        print_what_only("expected", expected, got);
        print_what_only("got     ", got, expected);
        fail_msg("story %u, order %u (STORY=%u)", seed, order, seed);
    }
}

static void assert_reopened(const struct model *model, unsigned seed, unsigned order, unsigned with)
{
    enum document_tracks tracks = order % 2 == 0 ? TRACKS_AGENT : TRACKS_LANE;
    char *document = model_export(model->swarm, tracks);
    struct model opened;
    assert_true(model_init(&opened, &mem_libc));
    assert_true(model_open(&opened, document));
    char *expected = witnesses_describe(model->swarm, with);
    char *got = witnesses_describe(opened.swarm, with);
    assert_same(expected, got, seed, order);
    free(expected);
    free(got);
    free(document);
    model_release(&opened);
}

static void no_order_of_the_words_matters(void **state)
{
    (void)state;
    struct story *story = malloc(sizeof *story);
    assert_non_null(story);
    const char *only = getenv("STORY");
    for (unsigned seed = 0; seed < STORIES; seed++) {
        if (only != NULL && (unsigned)atoi(only) != seed) {
            continue;
        }
        char *expected = NULL;
        make_story(story, seed);
        for (unsigned order = 0; order < ORDERS; order++) {
            struct model model;
            assert_true(model_init(&model, &mem_libc));
            tell(&model, story, order);
            char *got = witnesses_describe(model.swarm, WITH_LIVE | WITH_FIGURES);
            if (expected != NULL) {
                assert_same(expected, got, seed, order);
            }
            free(expected);
            expected = got;
            assert_reopened(&model, seed, order, 0);
            if (order == ORDERS - 1) {
                assert_int_equal(tracer_close_all(model.tracer), TRACER_OK);
                assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
                assert_reopened(&model, seed, order, WITH_FIGURES);
            }
            model_release(&model);
        }
        free(expected);
    }
    free(story);
}

/* With a cap the order does matter, for it says what is dropped. What is left is whole all the same. */
static void under_a_cap_the_document_is_the_picture(void **state)
{
    (void)state;
    struct story *story = malloc(sizeof *story);
    assert_non_null(story);
    for (unsigned seed = 0; seed < STORIES; seed++) {
        make_story(story, seed);
        for (unsigned order = 0; order < 3; order++) {
            struct swarm_config config = {.max_events = {20 + 10 * order, 0}};
            struct model model = {.swarm = swarm_new(&mem_libc, &config), .session = NO_SESSION};
            model.tracer = tracer_new(model.swarm);
            model.witness = witness_new(model.swarm, model.tracer);
            tell(&model, story, order);
            assert_int_equal(tracer_close_all(model.tracer), TRACER_OK);
            /* Not its rows: of a session that has no events left a document does not show that its rows are agents. */
            assert_reopened(&model, seed, order, WITHOUT_ROWS);
            model_release(&model);
        }
    }
    free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_the_words_matters),
        cmocka_unit_test(under_a_cap_the_document_is_the_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
