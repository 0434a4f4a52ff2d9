/* The threads of the exported document: on each of them spans nest. */
#include "core/export/document.h"
#include "core/trace/event_added.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN ((double)NAN)

/* ---- reading a document ---- */

struct line {
    char ph;
    double ts, dur;
    size_t index; /* in the document */
    struct json_value name, pid, tid, args;
};

struct lines {
    struct line items[4000];
    size_t count;
};

static double number_of(struct json_value value)
{
    return value.type == JSON_TYPE_NUMBER ? json_get_number(value) : 0;
}

static struct lines *read_lines(const char *text)
{
    struct lines *lines = calloc(1, sizeof *lines);
    struct json_value document, item;
    assert_true(json_check(text, strlen(text), 64, &document, NULL));
    struct json_walk walk = json_walk(json_get(document, "traceEvents"));
    while (json_next_item(&walk, &item)) {
        if (json_string_is(json_get(item, "cat"), EVENT_CAT_ADDED)) {
            continue;
        }
        assert_true(lines->count < sizeof lines->items / sizeof *lines->items);
        lines->items[lines->count] = (struct line){.ph = json_get(item, "ph").raw[1],
                                                   .ts = number_of(json_get(item, "ts")),
                                                   .dur = number_of(json_get(item, "dur")),
                                                   .index = lines->count,
                                                   .name = json_get(item, "name"),
                                                   .pid = json_get(item, "pid"),
                                                   .tid = json_get(item, "tid"),
                                                   .args = json_get(item, "args")};
        lines->count++;
    }
    return lines;
}

static int by_time(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->ts != y->ts) {
        return x->ts < y->ts ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

static bool same_value(struct json_value a, struct json_value b)
{
    return a.type == b.type && a.len == b.len && (a.len == 0 || memcmp(a.raw, b.raw, a.len) == 0);
}

static bool same_thread(const struct line *a, const struct line *b)
{
    return same_value(a->pid, b->pid) && same_value(a->tid, b->tid);
}

/* Sorted by time, stably, as readers of traces do. */
static struct lines *read_sorted(const char *text)
{
    struct lines *lines = read_lines(text);
    qsort(lines->items, lines->count, sizeof *lines->items, by_time);
    return lines;
}

/* Begins and ends of each thread, as a stack: every end is that of the innermost open span, and as long after it as it says. */
static void assert_nests(const char *text)
{
    struct lines *lines = read_sorted(text);
    bool *taken = calloc(lines->count + 1, sizeof *taken);
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *end = &lines->items[i];
        if (end->ph != 'E') {
            continue;
        }
        size_t b = i;
        while (b > 0 && !(lines->items[b - 1].ph == 'B' && !taken[b - 1] &&
                          same_thread(&lines->items[b - 1], end))) {
            b--;
        }
        if (b == 0 || !same_value(lines->items[b - 1].name, end->name)) {
            fail_msg("%.*s at %.0f ends %.*s", (int)end->name.len, end->name.raw, end->ts,
                     b == 0 ? 0 : (int)lines->items[b - 1].name.len,
                     b == 0 ? "" : lines->items[b - 1].name.raw);
        }
        const struct line *begin = &lines->items[b - 1];
        taken[b - 1] = true;
        double duration_us = number_of(json_get(end->args, "duration_ms")) * 1000;
        if (duration_us > 0 && fabs(end->ts - begin->ts - duration_us) > 0.5) {
            fail_msg("%.*s at %.0f ends another of its name", (int)end->name.len, end->name.raw,
                     end->ts);
        }
    }
    free(taken);
    free(lines);
}

/* Complete events of one thread lie in one another or apart. */
static void assert_complete_events_nest(const char *text)
{
    struct lines *lines = read_sorted(text);
    for (size_t i = 0; i < lines->count; i++) {
        for (size_t k = i + 1; k < lines->count; k++) {
            const struct line *a = &lines->items[i], *b = &lines->items[k];
            if (a->ph == 'X' && b->ph == 'X' && same_thread(a, b)) {
                double a_end = a->ts + a->dur, b_end = b->ts + b->dur;
                assert_false(a->ts < b->ts && b->ts < a_end && a_end < b_end);
            }
        }
    }
    free(lines);
}

static unsigned threads_of(const char *text)
{
    struct lines *lines = read_lines(text);
    unsigned count = 0;
    for (size_t i = 0; i < lines->count; i++) {
        bool seen = lines->items[i].ph == 'M';
        for (size_t k = 0; k < i && !seen; k++) {
            seen = lines->items[k].ph != 'M' && same_thread(&lines->items[k], &lines->items[i]);
        }
        count += !seen;
    }
    free(lines);
    return count;
}

/* The same events in the same order, whatever thread they are on. */
static void assert_same_events(const char *a_text, const char *b_text)
{
    struct lines *a = read_lines(a_text), *b = read_lines(b_text);
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a->count && a->items[i].ph == 'M') {
            i++;
        }
        while (k < b->count && b->items[k].ph == 'M') {
            k++;
        }
        if (i == a->count || k == b->count) {
            break;
        }
        const struct line *x = &a->items[i++], *y = &b->items[k++];
        assert_true(x->ph == y->ph && x->ts == y->ts && x->dur == y->dur);
        assert_true(same_value(x->name, y->name) && same_value(x->args, y->args));
        assert_true(same_value(x->pid, y->pid));
    }
    assert_true(i == a->count && k == b->count);
    free(a);
    free(b);
}

/* Checks what holds for every document and its re-opened model, and returns how many threads hold events. */
static unsigned check(const struct model *model)
{
    char *lanes = model_export(model->swarm, TRACKS_LANE);
    char *plain = model_export(model->swarm, TRACKS_AGENT);
    assert_nests(lanes);
    assert_complete_events_nest(lanes);
    assert_same_events(lanes, plain);

    struct model again;
    assert_true(model_init(&again, &mem_libc) && model_open(&again, lanes));
    char *second = model_export(again.swarm, TRACKS_LANE);
    assert_string_equal(second, lanes);
    free(second);
    /* What is in flight depends on the clock, of which a document knows less. */
    if (swarm_first_in_flight(model->swarm) == NO_SPAN) {
        char *want = model_describe(model->swarm), *got = model_describe(again.swarm);
        assert_string_equal(got, want);
        free(want);
        free(got);
    }
    model_release(&again);

    unsigned threads = threads_of(lanes);
    free(lanes);
    free(plain);
    return threads;
}

/* ---- cases ---- */

TEST(spans_that_nest_stay_where_they_are)
{
    const struct {
        const char *events;
    } rows[] = {
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":3,\"pid\":1,\"tid\":5}"},
        /* all at once, one after the other and in one another */
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"d\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"d\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":7,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":7,\"pid\":1,\"tid\":5} "
         "{\"name\":\"e\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":7,\"pid\":1,\"tid\":5} "
         "{\"name\":\"e\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":9,\"pid\":1,\"tid\":5}"},
        /* complete events, a later one first */
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":2,\"dur\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":0,\"dur\":3,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":0,\"dur\":2,\"pid\":1,\"tid\":5} "
         "{\"name\":\"d\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":3,\"dur\":0,\"pid\":1,\"tid\":5}"},
        /* both kinds */
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":1,\"dur\":3,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":4,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"E\",\"ts\":9,\"pid\":1,\"tid\":5}"},
        /* never ended */
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":0,\"pid\":1,\"tid\":5} "
         "{\"name\":\"b\",\"cat\":\"work\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"c\",\"cat\":\"work\",\"ph\":\"X\",\"ts\":2,\"dur\":4,\"pid\":1,\"tid\":5}"},
        /* async ones may overlap as they like */
        {"{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"b\",\"ts\":0,\"id\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"b\",\"ts\":1,\"id\":2,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"e\",\"ts\":2,\"id\":1,\"pid\":1,\"tid\":5} "
         "{\"name\":\"a\",\"cat\":\"work\",\"ph\":\"e\",\"ts\":3,\"id\":2,\"pid\":1,\"tid\":5}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        /* a tool of another agent, or the rows would be threads */
        assert_true(model_events(&model,
                                 "{\"name\":\"t\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":0,\"dur\":1,"
                                 "\"pid\":9,\"tid\":9}"));
        assert_true(model_events(&model, rows[i].events));
        check(&model);
        char *lanes = model_export(model.swarm, TRACKS_LANE);
        char *plain = model_export(model.swarm, TRACKS_AGENT);
        assert_string_equal(lanes, plain);
        free(lanes);
        free(plain);
        model_release(&model);
    }
}

TEST(spans_that_overlap_get_threads_of_their_own)
{
    static const struct {
        struct model_span spans[6];
        unsigned threads;
    } rows[] = {
        {{{1, "Tool: A", "tool", 0, 100, NULL, NULL}, {1, "Tool: B", "tool", 50, 150, NULL, NULL}},
         2},
        /* a third one fits behind the first */
        {{{1, "Tool: A", "tool", 0, 100, NULL, NULL},
          {1, "Tool: B", "tool", 50, 150, NULL, NULL},
          {1, "Tool: C", "tool", 100, 120, NULL, NULL}},
         2},
        /* inside a request only its phases are */
        {{{1, "API Call", "api", 0, 100, NULL, NULL}, {1, "Tool: A", "tool", 20, 80, NULL, NULL}},
         2},
        {{{1, "First Token", "api,ttft", 1, 30, NULL, NULL},
          {1, "Sampling", "api,sampling", 30, 100, NULL, NULL},
          {1, "API Call", "api", 0, 100, NULL, NULL}},
         1},
        /* a phase that lasts longer than its request */
        {{{1, "First Token", "api,ttft", 0, 130, NULL, NULL},
          {1, "API Call", "api", 0, 100, NULL, NULL},
          {1, "API Call", "api", 110, 200, NULL, NULL}},
         2},
        /* a phase that begins before it */
        {{{1, "First Token", "api,ttft", -50, 30, NULL, NULL},
          {1, "API Call", "api", 0, 100, NULL, NULL}},
         2},
        {{{1, "Interaction", "interaction", 0, 1000, NULL, NULL},
          {1, "Tool: A", "tool", 10, 900, NULL, NULL},
          {1, "Waiting for User Input", "user_input", 20, 30, NULL, NULL}},
         1},
        /* calls that run at once are siblings, though one lies within the other in time */
        {{{1, "Tool: A", "tool", 0, 100, NULL, NULL}, {1, "Tool: B", "tool", 20, 30, NULL, NULL}},
         2},
        {{{1, "Tool: A", "tool", 0, 100, NULL, NULL}, {1, "Tool: B", "tool", 0, 100, NULL, NULL}},
         2},
        {{{1, "Tool: Agent", "tool", 0, 100, NULL, NULL},
          {1, "Tool: B", "tool", 20, 30, NULL, NULL},
          {1, "API Call", "api", 40, 50, NULL, NULL},
          {1, "Tool: C", "tool", 50, 70, NULL, NULL}},
         2},
        {{{1, "Waiting for User Input", "user_input", 0, 100, NULL, NULL},
          {1, "Tool: A", "tool", 20, 30, NULL, NULL}},
         2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        assert_true(model_name(&model, 1, "main"));
        for (size_t k = 0; k < 6 && rows[i].spans[k].name != NULL; k++) {
            assert_true(model_add(&model, &rows[i].spans[k]));
        }
        unsigned threads = check(&model);
        if (threads != rows[i].threads) {
            fail_msg("case %zu: %u threads", i, threads);
        }
        model_release(&model);
    }
}

TEST(a_wait_is_the_child_of_the_tool_that_began_last)
{
    static const struct model_span spans[] = {
        {1, "Tool: A", "tool", 0, 100, NULL, NULL},
        {1, "Tool: B", "tool", 20, 90, NULL, NULL},
        {1, "Waiting for User Input", "user_input", 20, 80, NULL, NULL}};
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        assert_true(model_add(&model, &spans[i]));
    }
    assert_int_equal(check(&model), 2);
    char *text = model_export(model.swarm, TRACKS_LANE);
    assert_non_null(strstr(
        text,
        "\"Waiting for User Input\",\"cat\":\"user_input\",\"ph\":\"B\",\"ts\":20000,\"pid\":1,\"tid\":102"));
    free(text);
    model_release(&model);
}

/* ---- under a cap ---- */

static void begin_tool(struct model *model, double ms, const char *id, const char *args)
{
    struct op_context at = model_at(model, ms, NULL);
    assert_int_equal(
        tracer_start_tool(model->tracer, &at, model_text(id), model_text("Bash"), model_text(args)),
        TRACER_OK);
}

static void end_tool(struct model *model, double ms, const char *id)
{
    struct op_context at = model_at(model, ms, NULL);
    struct end_tool_op op = {.span_id = model_text(id), .result_tokens = (double)NAN};
    assert_int_equal(tracer_end_tool(model->tracer, &at, &op), TRACER_OK);
}

/* Appends instants until the cap drops events. */
static void fill(struct model *model, double ms)
{
    for (uint64_t dropped = swarm_dropped(model->swarm, POOL_LIVE);
         swarm_dropped(model->swarm, POOL_LIVE) == dropped;) {
        struct op_context at = model_at(model, ms, NULL);
        assert_int_equal(tracer_instant(model->tracer, &at, model_text("i"), model_text("c"),
                                        (struct slice){NULL, 0}),
                         TRACER_OK);
    }
}

/* The begin of the first call is dropped. Its end closes no other call, whether the args of both
   differ or not, and both are written with their own times. */
TEST(the_end_of_a_dropped_begin_closes_no_other_call)
{
    static const struct {
        const char *args;
        double between_ms; /* 0: the second call has no length, so no X may be in the document */
        const char *has;
    } rows[] = {
        {"{\"command\":\"second\"}", 60, "\"ph\":\"X\",\"ts\":10000,"},
        {"{\"command\":\"first\"}", 60, "\"ph\":\"X\",\"ts\":10000,"},
        {"{\"command\":\"second\"}", 0, "\"ph\":\"B\",\"ts\":10000,"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model, again;
        struct swarm_config config = {.max_events = {20, 0}};
        assert_true(model_init_with(&model, &mem_libc, &config));
        model_hello(&model, "s", "main");
        begin_tool(&model, 10, "a", "{\"command\":\"first\"}");
        fill(&model, 11);
        char *open = model_export(model.swarm, TRACKS_LANE);
        assert_non_null(strstr(open, "\"ph\":\"B\",\"ts\":10000,"));
        free(open);
        begin_tool(&model, 20, "b", rows[i].args);
        end_tool(&model, 20 + rows[i].between_ms / 2, "a");
        end_tool(&model, 20 + rows[i].between_ms, "b");
        assert_true(swarm_relane(model.swarm));
        char *text = model_export(model.swarm, TRACKS_LANE);
        if (strstr(text, rows[i].has) == NULL) {
            fail_msg("no %s in %s", rows[i].has, text);
        }
        assert_true(model_init(&again, &mem_libc) && model_open(&again, text));
        char *want = model_describe(model.swarm), *got = model_describe(again.swarm);
        assert_string_equal(got, want);
        free(want);
        free(got);
        free(text);
        model_release(&again);
        model_release(&model);
    }
}

/* Ends without a begin are on a lane of their own, and so are phases whose request is not known. */
TEST(ends_of_nothing_are_on_a_lane_of_their_own)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    assert_true(model_events(
        &model,
        "{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":5} "
        "{\"name\":\"Sampling\",\"cat\":\"api,sampling\",\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":5} "
        "{\"name\":\"First Token\",\"cat\":\"api,ttft\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":5} "
        "{\"name\":\"First Token\",\"cat\":\"api,ttft\",\"ph\":\"E\",\"ts\":5,\"pid\":1,\"tid\":5} "
        "{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"E\",\"ts\":3,\"pid\":1,\"tid\":5}"));
    char *text = model_export(model.swarm, TRACKS_LANE);
    assert_int_equal(threads_of(text), 3);
    free(text);
    model_release(&model);
}

/* ---- names and numbers ---- */

TEST(further_threads_are_named_and_numbered)
{
    const struct {
        const char *tid, *others; /* tids that are taken, by an instant each */
        long long second, third;
    } rows[] = {
        {"97", "", 98, 99}, {"97", "98", 99, 100}, {"97", "99", 98, 100},
        {"-5", "", -4, -3}, {"\"a\"", "", 98, 99},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        char text[1000], expected[600];
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        snprintf(
            text, sizeof text,
            "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%s,\"args\":{\"name\":\"x\"}}"
            " {\"name\":\"a\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":0,\"dur\":5,\"pid\":1,\"tid\":%s}"
            " {\"name\":\"b\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":1,\"dur\":5,\"pid\":1,\"tid\":%s}"
            " {\"name\":\"c\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":2,\"dur\":5,\"pid\":1,\"tid\":%s}",
            rows[i].tid, rows[i].tid, rows[i].tid, rows[i].tid);
        assert_true(model_events(&model, text));
        if (rows[i].others[0] != '\0') {
            snprintf(text, sizeof text, "{\"ph\":\"i\",\"ts\":0,\"pid\":1,\"tid\":%s}",
                     rows[i].others);
            assert_true(model_events(&model, text));
        }
        snprintf(
            expected, sizeof expected,
            ",{\"name\":\"thread_sort_index\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,"
            "\"tid\":%s,\"args\":{\"sort_index\":1}},"
            "{\"name\":\"thread_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,"
            "\"tid\":%lld,\"args\":{\"name\":\"x · 2\",\"lane_of\":%s}},"
            "{\"name\":\"thread_sort_index\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,"
            "\"tid\":%lld,\"args\":{\"sort_index\":2}},"
            "{\"name\":\"thread_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,"
            "\"tid\":%lld,\"args\":{\"name\":\"x · 3\",\"lane_of\":%s}},",
            rows[i].tid, rows[i].second, rows[i].tid, rows[i].second, rows[i].third, rows[i].tid);
        char *document = model_export(model.swarm, TRACKS_LANE);
        if (strstr(document, expected) == NULL) {
            fail_msg("%s\nnot in\n%s", expected, document);
        }
        free(document);
        check(&model);
        model_release(&model);
    }
}

static unsigned pick(uint64_t *seed, unsigned below)
{
    return (unsigned)support_random_below(seed, below);
}

/* ---- any swarm ---- */

struct open_op {
    char id[16];
    char kind; /* t: tool, r: request, u: user, i: interaction */
    double from_ms;
};

static const char *const agents[] = {NULL, "a1", "a2"};

static void start(struct model *model, struct open_op *op, double at_ms, uint64_t *seed,
                  unsigned number)
{
    struct op_context context = model_at(model, at_ms, agents[pick(seed, 3)]);
    char name[32];
    op->kind = "tttrrui"[pick(seed, 7)];
    op->from_ms = at_ms;
    snprintf(op->id, sizeof op->id, "s%u", number);
    snprintf(name, sizeof name, "T%u", pick(seed, 4));
    struct slice id = model_text(op->id);
    struct start_llm_request_op request = {
        .span_id = id, .model = model_text("m"), .prompt_tokens = OPEN};
    switch (op->kind) {
    case 't':
        tracer_start_tool(model->tracer, &context, id, model_text(name), model_text(NULL));
        break;
    case 'r': tracer_start_llm_request(model->tracer, &context, &request); break;
    case 'u': tracer_start_user_input(model->tracer, &context, id, model_text("x")); break;
    default: tracer_start_interaction(model->tracer, &context, id, 3); break;
    }
}

/* A request's phases say what they like: beyond its end, overlapping. */
static void end_request(struct model *model, const struct open_op *op, double at_ms, uint64_t *seed)
{
    struct op_context context = model_at(model, at_ms, NULL);
    double attempts[3];
    for (size_t i = 0; i < 3; i++) {
        attempts[i] = i == 0 ? MODEL_START_MS + op->from_ms : attempts[i - 1] + pick(seed, 30);
    }
    struct end_llm_request_op end = {.span_id = model_text(op->id),
                                     .ttft_ms = pick(seed, 2) == 0 ? OPEN : pick(seed, 40),
                                     .ttlt_ms = pick(seed, 80),
                                     .prompt_tokens = OPEN,
                                     .output_tokens = 5,
                                     .cache_read_tokens = OPEN,
                                     .cache_creation_tokens = OPEN,
                                     .request_setup_ms = pick(seed, 20),
                                     .attempt_start_times = attempts,
                                     .attempt_count = pick(seed, 4)};
    tracer_end_llm_request(model->tracer, &context, &end);
}

static void end(struct model *model, const struct open_op *op, double at_ms, uint64_t *seed)
{
    struct op_context context = model_at(model, at_ms, NULL);
    struct slice id = model_text(op->id), none = model_text(NULL);
    struct end_tool_op tool = {.span_id = id, .result_tokens = OPEN};
    switch (op->kind) {
    case 't': tracer_end_tool(model->tracer, &context, &tool); break;
    case 'r': end_request(model, op, at_ms, seed); break;
    case 'u': tracer_end_user_input(model->tracer, &context, id, none, none); break;
    default: tracer_end_interaction(model->tracer, &context, id); break;
    }
}

static void play(struct model *model, uint64_t *seed)
{
    struct open_op open[200];
    size_t count = 0;
    double at_ms = 0;
    unsigned steps = pick(seed, 120) + 1;
    for (unsigned step = 0; step < steps; step++) {
        at_ms += pick(seed, 3) == 0 ? 0 : pick(seed, 15);
        if (count > 0 && (count > 6 || pick(seed, 2) == 0)) {
            size_t i = pick(seed, (unsigned)count);
            end(model, &open[i], at_ms, seed);
            open[i] = open[--count];
        } else {
            start(model, &open[count++], at_ms, seed, step);
        }
    }
    if (pick(seed, 3) > 0) {
        correlator_close(model->correlator, INT64_MIN, NULL, NULL);
    }
}

TEST(on_every_thread_of_any_swarm_spans_nest)
{
    for (uint64_t round = 1; round <= 400; round++) {
        uint64_t seed = round;
        struct model model;
        assert_true(model_init(&model, &mem_libc));
        model_hello(&model, "s", NULL);
        for (size_t i = 1; i < 3; i++) {
            struct op_context context = model_at(&model, 0, NULL);
            tracer_register_agent(model.tracer, &context, model_text(agents[i]),
                                  model_text(agents[i]), model_text("s"));
        }
        play(&model, &seed);
        check(&model);
        model_release(&model);
    }
}

/* Most of what is open loses its begin, and what ends has lost it. */
TEST(perfetto_shows_any_swarm_under_any_cap_as_it_is)
{
    for (uint64_t round = 1; round <= 400; round++) {
        uint64_t seed = round * 31;
        struct swarm_config config = {.max_events = {2 + round % 40, 0}};
        struct model model;
        assert_true(model_init_with(&model, &mem_libc, &config));
        model_hello(&model, "s", NULL);
        for (size_t i = 1; i < 3; i++) {
            struct op_context context = model_at(&model, 0, NULL);
            tracer_register_agent(model.tracer, &context, model_text(agents[i]),
                                  model_text(agents[i]), model_text("s"));
        }
        play(&model, &seed);
        free(model_export(model.swarm, TRACKS_LANE)); /* which checks it */
        model_release(&model);
    }
}

TEST(on_every_thread_of_any_trace_spans_nest)
{
    for (uint64_t round = 1; round <= 300; round++) {
        uint64_t seed = round * 77;
        struct model model;
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
        unsigned count = pick(&seed, 60);
        for (unsigned i = 0; i < count; i++) {
            char text[300];
            snprintf(
                text, sizeof text,
                "{\"name\":\"n%u\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":%u,\"dur\":%u,\"pid\":1,\"tid\":%u}",
                i, pick(&seed, 100), pick(&seed, 30), pick(&seed, 2));
            assert_true(model_events(&model, text));
        }
        check(&model);
        model_release(&model);
    }
}
