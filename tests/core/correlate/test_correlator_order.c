/* In whatever order updates come, however often one is repeated and whenever they are flushed: the
   model is the same in the end, corrected in place it is the model derived from scratch, and its
   document, opened again, is the same picture. Stories are random; a seed makes one. STORY=n runs
   one alone, STORIES=n the first ones (100). */
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORIES = 100, ORDERS = 5, MAX_UPDATES = 500, MAX_ATTEMPTS = 4, AGENTS = 5 };

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

/* An update with what it borrows. */
struct entry {
    struct update update;
    char id[16], alias[16], parent[16];
    double attempts[MAX_ATTEMPTS];
};

struct story {
    struct random random;
    struct entry updates[MAX_UPDATES];
    size_t count;
    double scale; /* of times: some stories are long enough for the sweep */
    bool late;    /* some calls come under trace:ID */
    bool joined;  /* a run turns out to be the main agent's, in updates of the agent */
    bool session; /* agents and parents are named by ids of their session, too */
};

static const char *const agent_ids[AGENTS] = {NULL, "kid", "kid-2", "other", "deep"};
static const char *const session_ids[] = {"s", "s2"};
static const char *const trace_ids[] = {"trace:1", "trace:2"};
static const char *const tools[] = {"Bash", "Read", "Task", "Agent", "Grep"};
static const char *const args[] = {"{\"a\":1}", "{\"a\":2}",
                                   "{ \"tool_name\" : \"odd\", \"b\": [1] }", "{}",
                                   "{\"command\":\"make \\\"x\\\"\",\"error\":true}"};
static const char *const texts[] = {"one", "two", "three \"quoted\"", "\xE4\xB8\xAD",
                                    "longer than they"};
/* model_open reads names as they are between the quotes. */
static const char *const names[] = {"Explore", "Plan", "api-server", "\xE4\xB8\xAD"};
#define PICK(random, list) (list)[pick(random, sizeof(list) / sizeof *(list))]

/* ---- making stories ---- */

static struct entry *add(struct story *story, struct update update, unsigned session)
{
    assert_true(story->count < MAX_UPDATES);
    struct entry *entry = &story->updates[story->count++];
    bool late = story->late && one_in(&story->random, 3);
    *entry = (struct entry){.update = update};
    entry->update.precedence = (enum precedence)pick(&story->random, PRECEDENCES);
    entry->update.session_id = model_text(late ? trace_ids[session] : session_ids[session]);
    entry->update.t_ms = at_ms(1 + (double)pick(&story->random, 100000));
    return entry;
}

/* The time as that source has it, or not. */
static void around(struct story *story, struct entry *entry, enum update_field field, double ms,
                   unsigned unknown)
{
    if (!isnan(ms) && !one_in(&story->random, unknown)) {
        double off = (double)pick(&story->random, 30);
        update_number(&entry->update, field, at_ms(floor(ms * story->scale) + off));
    }
}

static void maybe(struct story *story, struct entry *entry, enum update_field field,
                  const char *text)
{
    if (!one_in(&story->random, 3)) {
        update_string(&entry->update, field, text);
    }
}

static void maybe_number(struct story *story, struct entry *entry, enum update_field field,
                         unsigned below)
{
    if (one_in(&story->random, 2)) {
        update_number(&entry->update, field, (double)pick(&story->random, below));
    }
}

static void fill_in_request(struct story *story, struct entry *entry, double start)
{
    struct random *random = &story->random;
    maybe(story, entry, FIELD_MODEL, PICK(random, texts));
    maybe(story, entry, FIELD_QUERY_SOURCE, "sdk");
    maybe(story, entry, FIELD_MESSAGE_ID, PICK(random, texts));
    maybe_number(story, entry, FIELD_TTFT_MS, 300);
    maybe_number(story, entry, FIELD_PROMPT_TOKENS, 5000);
    maybe_number(story, entry, FIELD_OUTPUT_TOKENS, 5000);
    maybe_number(story, entry, FIELD_CACHE_READ_TOKENS, 5000);
    if (one_in(random, 3)) {
        size_t count = 1 + pick(random, MAX_ATTEMPTS);
        for (size_t i = 0; i < count; i++) {
            entry->attempts[i] = at_ms(floor(start * story->scale) + 40.0 * (double)i);
        }
        update_times(&entry->update, FIELD_ATTEMPTS, entry->attempts, count);
    }
    if (one_in(random, 8)) {
        update_retry(&entry->update, 1 + pick(random, 3), 500, floor(start * story->scale) + 10,
                     PICK(random, texts));
    }
}

static void fill_in_call(struct story *story, struct entry *entry, double start)
{
    struct random *random = &story->random;
    switch (entry->update.kind) {
    case CALL_TOOL:
        maybe(story, entry, FIELD_NAME, PICK(random, tools));
        maybe(story, entry, FIELD_ARGS, PICK(random, args));
        maybe_number(story, entry, FIELD_RESULT_TOKENS, 900);
        break;
    case CALL_SPAN:
        maybe(story, entry, FIELD_NAME, PICK(random, names));
        maybe(story, entry, FIELD_ARGS, PICK(random, args));
        break;
    case CALL_WAIT:
        maybe(story, entry, FIELD_CONTEXT, PICK(random, texts));
        maybe(story, entry, FIELD_DECISION, PICK(random, texts));
        maybe(story, entry, FIELD_DECISION_SOURCE, "user");
        break;
    case CALL_INTERACTION:
        maybe_number(story, entry, FIELD_PROMPT_LENGTH, 5000);
        maybe_number(story, entry, FIELD_PROMPT_TOKENS, 9000); /* which a run of an agent claims */
        maybe_number(story, entry, FIELD_OUTPUT_TOKENS, 9000);
        maybe_number(story, entry, FIELD_CACHE_READ_TOKENS, 9000);
        break;
    case CALL_REQUEST:
    case CALL_KINDS: fill_in_request(story, entry, start); break;
    }
}

/* An agent by its id; the main one by any id of its session. */
static const char *agent_id(struct story *story, unsigned session, const char *id)
{
    return story->session && id == NULL && one_in(&story->random, 2)
               ? one_in(&story->random, 2) && story->late ? trace_ids[session]
                                                          : session_ids[session]
               : id;
}

/* One call, as its sources know it, each in one update or in several. */
static void add_call(struct story *story, unsigned session, unsigned number)
{
    struct random *random = &story->random;
    enum call_kind kind = (enum call_kind)pick(random, CALL_KINDS);
    const char *agent = PICK(random, agent_ids);
    double start = pick(random, 2000), end = start + pick(random, 400);
    bool ends = !one_in(random, 6), aliased = one_in(random, 4), child = one_in(random, 3);
    unsigned parent = pick(random, number + 2);
    for (unsigned updates = 1 + pick(random, 5); updates > 0; updates--) {
        struct update update = call_update(kind, 0, NULL, UNKNOWN, UNKNOWN);
        struct entry *entry = add(story, update, session);
        snprintf(entry->id, sizeof entry->id, aliased && one_in(random, 2) ? "alias-%u" : "c%u",
                 number);
        if (aliased) {
            snprintf(entry->alias, sizeof entry->alias, entry->id[0] == 'a' ? "c%u" : "alias-%u",
                     number);
        }
        if (child) {
            snprintf(entry->parent, sizeof entry->parent, "c%u", parent);
        }
        if (!child && !one_in(random, 4)) {
            entry->update.agent_id = model_text(agent_id(story, session, agent));
        }
        around(story, entry, FIELD_START_MS, start, 4);
        around(story, entry, FIELD_END_MS, ends ? end : UNKNOWN, 3);
        update_bool(&entry->update, FIELD_SUCCESS, (enum tristate)pick(random, 3));
        if (one_in(random, 4)) {
            update_string(&entry->update, FIELD_ERROR, PICK(random, texts));
        }
        if (one_in(random, 6)) {
            update_number(&entry->update, FIELD_OUTCOME, 1 + pick(random, OUTCOME_REFUSED));
        }
        fill_in_call(story, entry, start);
    }
}

static void add_agents(struct story *story, unsigned session)
{
    struct random *random = &story->random;
    for (unsigned i = 0; i < 8; i++) {
        unsigned which = 1 + pick(random, AGENTS - 1);
        struct entry *entry = add(story, agent_update(0, agent_ids[which]), session);
        double start = pick(random, 1000);
        maybe(story, entry, FIELD_TYPE, PICK(random, names));
        maybe(story, entry, FIELD_DESCRIPTION, PICK(random, names));
        if (one_in(random, 2)) {
            update_string(&entry->update, FIELD_PARENT_AGENT_ID,
                          agent_id(story, session, agent_ids[pick(random, which)]));
        }
        around(story, entry, FIELD_START_MS, start, 2);
        around(story, entry, FIELD_END_MS, start + 1000, 3);
    }
}

/* The runs "kid" and "deep" are the main agent's. */
static void add_joined(struct story *story, unsigned session)
{
    static const char *const runs[] = {"kid", "deep"};
    for (unsigned i = 0; story->joined && i < 3; i++) {
        struct entry *entry = add(story, agent_update(0, session_ids[session]), session);
        entry->update.agent_id = entry->update.session_id;
        update_string(&entry->update, FIELD_ALIAS, PICK(&story->random, runs));
        around(story, entry, FIELD_START_MS, pick(&story->random, 1000), 2);
        around(story, entry, FIELD_END_MS, pick(&story->random, 3000), 3);
    }
}

static void add_session(struct story *story, unsigned session)
{
    struct random *random = &story->random;
    for (unsigned i = pick(random, 3); i > 0; i--) {
        struct entry *entry = add(story, session_update(0), session);
        entry->update.by = model_text(PICK(random, texts));
        maybe(story, entry, FIELD_NAME, PICK(random, names));
        maybe_number(story, entry, FIELD_PID, 900);
        maybe_number(story, entry, FIELD_COST_USD, 9);
        around(story, entry, FIELD_START_MS, pick(random, 100), 2);
    }
    for (unsigned i = pick(random, 3); i > 0; i--) {
        struct entry *entry = add(story, session_update(0), session);
        around(story, entry, FIELD_END_MS, 1000 + pick(random, 1600), 100);
        update_number(&entry->update, FIELD_OUTCOME,
                      one_in(random, 2) ? OUTCOME_ENDED : OUTCOME_GONE);
    }
    if (story->late) {
        struct entry *entry = add(story, session_update(0), session);
        entry->update.session_id = model_text(session_ids[session]);
        update_string(&entry->update, FIELD_ALIAS, trace_ids[session]);
    }
}

static void make_story(struct story *story, unsigned seed)
{
    *story = (struct story){.random = {seed * 7919 + 1}};
    struct random *random = &story->random;
    story->scale = one_in(random, 3) ? 1500 : 1;
    story->late = one_in(random, 3);
    story->joined = one_in(random, 2);
    story->session = one_in(random, 2);
    unsigned sessions = 1 + pick(random, 2);
    for (unsigned session = 0; session < sessions; session++) {
        for (unsigned i = 0, calls = 3 + pick(random, 15); i < calls; i++) {
            add_call(story, session, i);
        }
        add_agents(story, session);
        add_joined(story, session);
        add_session(story, session);
    }
    for (size_t i = 0; i < story->count; i++) {
        struct entry *entry = &story->updates[i];
        if (entry->update.op == UPDATE_CALL) {
            entry->update.id = model_text(entry->id);
            update_string(&entry->update, FIELD_ALIAS, entry->alias);
            update_string(&entry->update, FIELD_PARENT_ID, entry->parent);
        }
    }
}

/* ---- taking them ---- */

/* How a story is taken and what is checked as it goes. */
struct run {
    struct model *model;
    const struct story *story;
    unsigned number; /* 0: the order of the story, flushed once */
    bool derived;    /* after each flush: in place = from scratch */
    char what[64];
};

static void shuffle(struct random *random, size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = pick(random, (unsigned)i), held = order[i - 1];
        order[i - 1] = order[other];
        order[other] = held;
    }
}

static void assert_derived(const struct run *run)
{
    struct swarm *swarm = run->model->swarm;
    unsigned with = WITH_LIVE | WITH_FIGURES | WITH_MARKERS;
    char *in_place = updates_describe(swarm, with);
    assert_true(swarm_rederive(swarm, POOL_LIVE));
    char *from_scratch = updates_describe(swarm, with);
    assert_described(from_scratch, in_place, run->what);
    free(in_place);
    free(from_scratch);
}

static void flush(const struct run *run)
{
    model_flush(run->model);
    if (run->derived) {
        assert_derived(run);
    }
}

static void take(const struct run *run)
{
    struct random random = {run->number * 104729 + 5};
    const struct story *story = run->story;
    size_t order[2 * MAX_UPDATES], count = story->count;
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = 0; run->number > 0 && i < story->count; i++) {
        if (one_in(&random, 3)) {
            order[count++] = i;
        }
    }
    if (run->number > 0) {
        shuffle(&random, order, count);
    }
    unsigned flushes = 1 + pick(&random, 20);
    for (size_t i = 0; i < count; i++) {
        model_update(run->model, &story->updates[order[i]].update);
        if (run->number > 0 && one_in(&random, flushes)) {
            flush(run);
        }
    }
    flush(run);
}

static void assert_reopened(const struct run *run, unsigned with)
{
    enum document_tracks tracks = run->number % 2 == 0 ? TRACKS_AGENT : TRACKS_LANE;
    char *document = model_export(run->model->swarm, tracks);
    struct model opened;
    assert_true(model_init(&opened, &mem_libc));
    assert_true(model_open(&opened, document));
    char *expected = updates_describe(run->model->swarm, with);
    char *got = updates_describe(opened.swarm, with);
    assert_described(expected, got, run->what);
    free(expected);
    free(got);
    free(document);
    model_release(&opened);
}

static void for_each_story(void (*check)(const struct story *story, unsigned seed))
{
    struct story *story = malloc(sizeof *story);
    assert_non_null(story);
    const char *only = getenv("STORY"), *many = getenv("STORIES");
    unsigned stories = many != NULL ? (unsigned)atoi(many) : STORIES;
    for (unsigned seed = 0; seed < stories || only != NULL; seed++) {
        if (only == NULL || (unsigned)atoi(only) == seed) {
            make_story(story, seed);
            check(story, seed);
            if (only != NULL) {
                break;
            }
        }
    }
    free(story);
}

static struct run run_of(struct model *model, const struct story *story, unsigned seed,
                         unsigned number)
{
    struct run run = {.model = model, .story = story, .number = number};
    snprintf(run.what, sizeof run.what, "order %u (STORY=%u)", number, seed);
    return run;
}

/* ---- tests ---- */

static void check_orders(const struct story *story, unsigned seed)
{
    char *expected = NULL;
    for (unsigned order = 0; order < ORDERS; order++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        struct run run = run_of(&model, story, seed, order);
        take(&run);
        char *got = updates_describe(model.swarm, WITH_LIVE | WITH_FIGURES);
        if (expected != NULL) {
            assert_described(expected, got, run.what);
        }
        free(expected);
        expected = got;
        model_release(&model);
    }
    free(expected);
}

TEST(no_order_of_updates_matters)
{
    for_each_story(check_orders);
}

static void check_in_place(const struct story *story, unsigned seed)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    struct run run = run_of(&model, story, seed, 1);
    run.derived = true;
    take(&run);
    model_release(&model);
}

TEST(corrected_in_place_is_derived_from_scratch)
{
    for_each_story(check_in_place);
}

static void check_document(const struct story *story, unsigned seed)
{
    for (unsigned order = 0; order < 3; order++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        struct run run = run_of(&model, story, seed, order);
        take(&run);
        assert_reopened(&run, 0);
        assert_true(correlator_close(model.correlator, INT64_MIN, NULL, NULL));
        assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
        assert_reopened(&run, WITH_FIGURES | WITH_MARKERS);
        model_release(&model);
    }
}

TEST(the_document_is_the_picture)
{
    for_each_story(check_document);
}

/* How many events are in memory, or would be printed. */
static uint64_t events(const struct swarm *swarm)
{
    uint64_t count = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        count += session == NULL ? 0 : session->event_count;
    }
    return count;
}

/* With a cap the order does matter, for it decides what is dropped. What is left is whole all the same. */
static void check_cap(const struct story *story, unsigned seed)
{
    static const size_t caps[] = {20, 50, 200};
    for (unsigned order = 0; order < 3; order++) {
        struct swarm_config config = {.max_events = {caps[order], 0}};
        struct model model;
        assert_true(model_init_with(&model, &mem_libc, &config));
        struct run run = run_of(&model, story, seed, order);
        run.derived = true;
        take(&run);
        assert_true(events(model.swarm) < caps[order]);
        assert_true(correlator_close(model.correlator, INT64_MIN, NULL, NULL));
        /* Not its rows: of a session that has no events left a document does not show that its rows
           are agents. */
        assert_reopened(&run, WITHOUT_ROWS | WITH_MARKERS);
        model_release(&model);
    }
}

TEST(under_a_cap_the_document_is_the_picture)
{
    for_each_story(check_cap);
}
