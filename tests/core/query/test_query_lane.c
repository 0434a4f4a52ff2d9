/* Lanes as columns, and finding spans in them. */
#include "core/query/query.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPEN ((double)NAN)

/* One letter a kind. */
static const char letters[SPAN_KINDS + 2] = {
    [SPAN_OTHER] = 'o',      [SPAN_INTERACTION] = 'i', [SPAN_REQUEST] = 'q',  [SPAN_SETUP] = 'u',
    [SPAN_RETRY] = 'r',      [SPAN_FIRST_TOKEN] = 'f', [SPAN_SAMPLING] = 's', [SPAN_TOOL] = 't',
    [SPAN_AGENT_CALL] = 'a', [SPAN_USER] = 'p',        [SPAN_KINDS] = '.',
};

enum { MAX_COLS = 400 };

/* Columns of `col_ms` from the session's start. */
static const struct timeline_cell *cells_of(const struct model *model, unsigned lane, double t0_ms,
                                            double col_ms, size_t cols, double now_ms)
{
    static struct timeline_cell cells[MAX_COLS];
    query_lane(model->swarm, 0, lane, model_ns(t0_ms), (int64_t)(col_ms * 1e6), cols,
               model_ns(now_ms), NULL, cells);
    return cells;
}

static void assert_kinds(const struct model *model, unsigned lane, double t0_ms, double col_ms,
                         double now_ms, const char *expected)
{
    char got[MAX_COLS + 1] = "";
    size_t cols = strlen(expected);
    const struct timeline_cell *cells = cells_of(model, lane, t0_ms, col_ms, cols, now_ms);
    for (size_t i = 0; i < cols; i++) {
        got[i] = letters[cells[i].kind];
        assert_int_equal(cells[i].kind == SPAN_KINDS, cells[i].span == NO_SPAN);
    }
    assert_string_equal(got, expected);
}

static void begin(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    model_hello(model, "s", NULL);
}

static void add(struct model *model, const char *name, const char *cat, double from_ms,
                double to_ms)
{
    struct model_span span = {1, name, cat, from_ms, to_ms, NULL, NULL};
    assert_true(model_add(model, &span));
}

TEST(a_column_shows_what_fills_most_of_it)
{
    struct model model;
    begin(&model);
    add(&model, "Tool: A", "tool", 100, 200);
    add(&model, "Tool: Agent", "tool", 200, 240);
    add(&model, "Waiting for User Input", "user_input", 240, 400);
    add(&model, "Tool: B", "tool", 500, 500);
    add(&model, "x", "y", 560, 561);
    assert_kinds(&model, 0, 0, 100, 1000, ".tpp.o......");
    assert_kinds(&model, 0, 100, 20, 1000, "tttttaapppppppp.....t..o..");
    assert_kinds(&model, 0, 0, 1000, 1000, "p.");
    assert_kinds(&model, 1, 0, 100, 1000, "....");
    model_release(&model);
}

TEST(flags_tell_of_starts_ends_errors_and_company)
{
    struct model model;
    begin(&model);
    struct model_span failed = {1, "Tool: A", "tool", 100, 110, NULL, "{\"success\":false}"};
    struct model_span swept = {1, "Tool: B", "tool", 300, 500, NULL, "{\"evicted\":true}"};
    assert_true(model_add(&model, &failed));
    add(&model, "Tool: A", "tool", 110, 200);
    assert_true(model_add(&model, &swept));
    add(&model, "Tool: C", "tool", 600, OPEN);
    const uint8_t expected[] = {
        0,
        CELL_ERROR | CELL_START | CELL_END | CELL_MANY,
        0,
        CELL_HATCHED | CELL_START,
        CELL_HATCHED | CELL_END,
        0,
        CELL_OPEN | CELL_START,
        CELL_OPEN,
        0,
    };
    const struct timeline_cell *cells = cells_of(&model, 0, 0, 100, 9, 750);
    for (size_t i = 0; i < sizeof expected; i++) {
        if (cells[i].flags != expected[i]) {
            fail_msg("column %zu: %d, not %d", i, cells[i].flags, expected[i]);
        }
    }
    assert_int_equal(cells[1].span, model_span(&model, "Tool: A", 1));
    model_release(&model);
}

TEST(a_request_is_drawn_in_its_phases)
{
    struct model model;
    begin(&model);
    add(&model, "Request Setup", "api,setup", 0, 500);
    add(&model, "Attempt 1 (retry)", "api,retry", 100, 300);
    add(&model, "First Token", "api,ttft", 500, 700);
    add(&model, "Sampling", "api,sampling", 800, 1000);
    add(&model, "API Call", "api", 0, 1200);
    assert_kinds(&model, 0, 0, 100, 5000, "urruuffqssqq.");
    /* outside its phases it is a request and no more */
    add(&model, "First Token", "api,ttft", 2100, 2200);
    add(&model, "API Call", "api", 2000, 2400);
    add(&model, "API Call", "api", 2500, 2700);
    assert_kinds(&model, 0, 2000, 100, 5000, "qfqq.qq.");
    /* all of it in one column: sampling and first token 4 each, attempts 2, set-up 3 */
    const struct timeline_cell *cells = cells_of(&model, 0, 0, 1200, 1, 5000);
    assert_int_equal(cells[0].span, model_span(&model, "API Call", 0));
    assert_int_equal(cells[0].flags, CELL_START | CELL_END);
    model_release(&model);
}

TEST(an_open_request_is_drawn_by_what_its_sender_says)
{
    struct model model;
    begin(&model);
    struct start_llm_request_op op = {
        .span_id = model_text("r"), .model = model_text("m"), .prompt_tokens = OPEN};
    struct op_context context = model_at(&model, 100, NULL);
    assert_int_equal(tracer_start_llm_request(model.tracer, &context, &op), TRACER_OK);
    assert_kinds(&model, 0, 0, 100, 350, ".fff.");

    context = model_at(&model, 400, NULL);
    tracer_attempt(model.tracer, &context, model_text("r"), 2, model_text(NULL), 200);
    assert_kinds(&model, 0, 0, 100, 550, ".rrrrr.");
    assert_kinds(&model, 0, 0, 100, 750, ".rrrrrff.");

    context = model_at(&model, 800, NULL);
    tracer_first_token(model.tracer, &context, model_text("r"));
    assert_kinds(&model, 0, 0, 100, 1050, ".rrrrrffsss.");
    model_release(&model);
}

/* ---- against the definition ---- */

struct brute_span {
    int from, to; /* ms; from == to counts one ns */
    uint8_t kind;
    bool error;
};

static int pick(uint64_t *seed, int below)
{
    return (int)support_random_below(seed, (uint64_t)below);
}

static size_t make_spans(struct model *model, uint64_t *seed, struct brute_span *spans)
{
    static const struct {
        const char *name, *cat;
        uint8_t kind;
    } kinds[] = {{"Tool: A", "tool", SPAN_TOOL},
                 {"Tool: Task", "tool", SPAN_AGENT_CALL},
                 {"Waiting for User Input", "user_input", SPAN_USER},
                 {"x", "y", SPAN_OTHER}};
    size_t count = (size_t)pick(seed, 60) + 1;
    int at = 0;
    for (size_t i = 0; i < count; i++) {
        int kind = pick(seed, 4);
        at += pick(seed, 3) == 0 ? 0 : pick(seed, 20);
        int to = at + (pick(seed, 4) == 0 ? 0 : pick(seed, 40));
        spans[i] = (struct brute_span){at, to, kinds[kind].kind, pick(seed, 9) == 0};
        struct model_span span = {1,
                                  kinds[kind].name,
                                  kinds[kind].cat,
                                  at,
                                  to,
                                  NULL,
                                  spans[i].error ? "{\"success\":false}" : NULL};
        assert_true(model_add(model, &span));
        at = to;
    }
    return count;
}

static void assert_column(const struct brute_span *spans, size_t count, int from, int to,
                          const struct timeline_cell *cell)
{
    double weights[SPAN_KINDS] = {0};
    bool error = false;
    size_t touching = 0;
    for (size_t i = 0; i < count; i++) {
        int a = spans[i].from > from ? spans[i].from : from;
        int b = spans[i].to < to ? spans[i].to : to;
        bool inside =
            spans[i].from == spans[i].to ? spans[i].from >= from && spans[i].from < to : b > a;
        if (inside) {
            weights[spans[i].kind] += b > a ? b - a : 1e-6;
            error |= spans[i].error;
            touching++;
        }
    }
    assert_int_equal((cell->flags & CELL_ERROR) != 0, error);
    assert_int_equal((cell->flags & CELL_MANY) != 0, touching > 1);
    assert_int_equal(cell->kind == SPAN_KINDS, touching == 0);
    for (size_t kind = 0; kind < SPAN_KINDS && touching > 0; kind++) {
        assert_true(weights[kind] <= weights[cell->kind] + 1e-9);
    }
}

TEST(random_lanes_are_drawn_as_counting_every_span_would)
{
    uint64_t seed = 11;
    for (int round = 0; round < 200; round++) {
        struct model model;
        struct brute_span spans[64];
        begin(&model);
        size_t count = make_spans(&model, &seed, spans);
        assert_int_equal(swarm_agent(model.swarm, 0)->lane_count, 1);
        for (int view = 0; view < 5; view++) {
            int col = pick(&seed, 30) + 1, t0 = pick(&seed, 400) - 50;
            size_t cols = (size_t)pick(&seed, 100) + 1;
            const struct timeline_cell *cells = cells_of(&model, 0, t0, col, cols, 5000);
            for (size_t i = 0; i < cols; i++) {
                int from = t0 + (int)i * col;
                assert_column(spans, count, from, from + col, &cells[i]);
            }
        }
        model_release(&model);
    }
}

TEST(a_span_that_went_on_after_the_sweep_lies_over_later_ones)
{
    struct model model;
    begin(&model);
    struct op_context context = model_at(&model, 0, NULL);
    assert_int_equal(
        tracer_start_user_input(model.tracer, &context, model_text("t"), model_text(NULL)),
        TRACER_OK);
    const double minute = 60000;
    context = model_at(&model, 32 * minute, NULL);
    assert_int_equal(tracer_advance(model.tracer, &context), TRACER_OK);
    add(&model, "Tool: B", "tool", 40 * minute, 41 * minute);
    assert_kinds(&model, 0, 0, 10 * minute, 60 * minute, "pppppp.");
    assert_kinds(&model, 0, 50 * minute, minute, 60 * minute, "pppppppppp.");
    assert_int_equal(cells_of(&model, 0, 0, 10 * minute, 7, 60 * minute)[4].flags & CELL_MANY,
                     CELL_MANY);
    model_release(&model);
}

/* ---- lanes ---- */

TEST(lanes_are_counted_up_to_the_last_that_is_needed)
{
    struct model model;
    begin(&model);
    add(&model, "Tool: A", "tool", 0, 100);
    add(&model, "Tool: B", "tool", 50, 150);
    add(&model, "Tool: C", "tool", 60, 70);
    add(&model, "Tool: D", "tool", 200, 300);
    add(&model, "Tool: E", "tool", 250, OPEN);
    const struct {
        double from_ms, to_ms;
        unsigned lanes;
    } rows[] = {{0, 50, 1},    {0, 51, 2},    {0, 61, 3},    {69, 70, 3},     {70, 140, 2},
                {150, 240, 1}, {240, 251, 2}, {900, 901, 2}, {1000, 1100, 1}, {-50, 0, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned lanes = query_lanes_in(model.swarm, 0, model_ns(rows[i].from_ms),
                                        model_ns(rows[i].to_ms), model_ns(1000), NULL);
        if (lanes != rows[i].lanes) {
            fail_msg("[%g, %g): %u", rows[i].from_ms, rows[i].to_ms, lanes);
        }
    }
    model_release(&model);
}

TEST(the_span_at_a_time_or_the_nearest_is_found)
{
    struct model model;
    begin(&model);
    add(&model, "Tool: A", "tool", 100, 200);
    add(&model, "Tool: B", "tool", 300, 400);
    add(&model, "Tool: C", "tool", 900, OPEN);
    const struct {
        double at_ms;
        int direction;
        const char *name; /* NULL: none */
    } rows[] = {
        {150, 0, "Tool: A"},  {100, 0, "Tool: A"}, {150, 1, "Tool: A"},  {150, -1, "Tool: A"},
        {50, -1, NULL},       {50, 0, "Tool: A"},  {50, 1, "Tool: A"},   {200, 1, "Tool: B"},
        {200, -1, "Tool: A"}, {210, 0, "Tool: A"}, {250, 0, "Tool: A"},  {290, 0, "Tool: B"},
        {500, 0, "Tool: B"},  {700, 0, "Tool: C"}, {5000, 0, "Tool: C"}, {5000, 1, "Tool: C"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        span_no got = query_span_at(model.swarm, 0, 0, model_ns(rows[i].at_ms), rows[i].direction);
        span_no want = rows[i].name == NULL ? NO_SPAN : model_span(&model, rows[i].name, 0);
        if (got != want) {
            fail_msg("%g %d", rows[i].at_ms, rows[i].direction);
        }
    }
    assert_int_equal(query_span_at(model.swarm, 0, 7, model_ns(150), 0), NO_SPAN);
    model_release(&model);
}

TEST(stepping_visits_every_span_of_all_lanes_in_order)
{
    struct model model;
    uint64_t seed = 5;
    begin(&model);
    enum { COUNT = 100 };
    for (int i = 0; i < COUNT; i++) {
        int from = pick(&seed, 50);
        add(&model, "Tool: A", "tool", from, from + pick(&seed, 20));
    }
    span_no at = NO_SPAN, before = NO_SPAN;
    int steps = 0;
    while ((at = query_span_step(model.swarm, 0, at, 1)) != NO_SPAN) {
        steps++;
        if (before != NO_SPAN) {
            int64_t a = swarm_span(model.swarm, before)->start_ns;
            int64_t b = swarm_span(model.swarm, at)->start_ns;
            assert_true(a < b || (a == b && before < at));
            assert_int_equal(query_span_step(model.swarm, 0, at, -1), before);
        }
        before = at;
    }
    assert_int_equal(steps, COUNT);
    assert_int_equal(query_span_step(model.swarm, 0, NO_SPAN, -1), before);
    model_release(&model);
}
