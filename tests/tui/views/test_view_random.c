/* Random models, keys and sizes: nothing is written outside the grid (AddressSanitizer checks
   that), the columns of each row add up, and no text on the grid can control a terminal. */
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tui/views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct random {
    uint64_t state;
};

static unsigned pick(struct random *random, unsigned below)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random->state >> 33) % below;
}

static const char *const texts[] = {
    "Explore",
    "",
    "中文名字很长很长很长",
    "e\xCC\x81\xCC\x81\xCC\x81",
    "\x1b[2J\x1b]0;x\x07",
    "\xE2\x80\xAEtxt\xE2\x81\xA6",
    "👨‍👩‍👧👍🏽🇩🇪",
    "a\nb\tc\rd",
    "\xED\xA0\xBD",
    "general-purpose",
    "x",
    "\xC2\x9B[31m",
    "\xCC\x81\xCC\x81",
    "mcp__some_server__a_tool_with_a_very_long_name_that_fits_nowhere_at_all_on_any_screen",
};
#define TEXTS (sizeof texts / sizeof texts[0])

static struct slice text_of(struct random *random)
{
    return model_text(texts[pick(random, TEXTS)]);
}

struct world {
    struct model model;
    struct random random;
    double ms;
};

static void start_or_end(struct world *world, const struct op_context *context)
{
    struct random *random = &world->random;
    struct tracer *tracer = world->model.tracer;
    char id[16];
    snprintf(id, sizeof id, "s%u", pick(random, 30));
    struct slice span = model_text(id);
    switch (pick(random, 8)) {
    case 0:
        tracer_start_llm_request(tracer, context,
                                 &(struct start_llm_request_op){.span_id = span,
                                                                .model = text_of(random),
                                                                .prompt_tokens = 5000});
        break;
    case 1:
    case 2: {
        double attempts[] = {context->t_ms - 900, context->t_ms - 500};
        tracer_end_llm_request(
            tracer, context,
            &(struct end_llm_request_op){.span_id = span,
                                         .ttft_ms = pick(random, 2) ? 300 : NAN,
                                         .ttlt_ms = 900,
                                         .prompt_tokens = NAN,
                                         .output_tokens = pick(random, 3000),
                                         .cache_read_tokens = NAN,
                                         .cache_creation_tokens = NAN,
                                         .request_setup_ms = pick(random, 400),
                                         .success = (enum tristate)pick(random, 3),
                                         .attempt_start_times = attempts,
                                         .attempt_count = pick(random, 3)});
        break;
    }
    case 3:
        tracer_start_tool(
            tracer, context, span, pick(random, 5) ? text_of(random) : model_text("Agent"),
            model_text(
                "{\"command\":\"make \\ud83d \\u001b[31m \\u202e test\",\"subagent_type\":\"Explore\",\"n\":[1,{}]}"));
        break;
    case 4:
        tracer_end_tool(tracer, context,
                        &(struct end_tool_op){.span_id = span,
                                              .result_tokens = NAN,
                                              .success = (enum tristate)pick(random, 3)});
        break;
    case 5: tracer_start_user_input(tracer, context, span, text_of(random)); break;
    case 6: tracer_first_token(tracer, context, span); break;
    default:
        tracer_attempt(tracer, context, span, 1 + pick(random, 9), text_of(random),
                       pick(random, 20000));
        break;
    }
}

static void step(struct world *world)
{
    struct random *random = &world->random;
    char id[16] = "", parent[16];
    unsigned agent = pick(random, 12);
    world->ms += pick(random, 50) == 0 ? pick(random, 3000000) : pick(random, 900);
    if (agent > 0) {
        snprintf(id, sizeof id, "a%u", agent);
    }
    struct op_context context = model_at(&world->model, world->ms, agent > 0 ? id : NULL);
    context.local_ns = model_ns(world->ms);
    if (pick(random, 12) == 0) {
        snprintf(parent, sizeof parent, "a%u", pick(random, 12));
        tracer_register_agent(world->model.tracer, &context, model_text(id), text_of(random),
                              model_text(parent));
    } else if (pick(random, 40) == 0) {
        tracer_unregister_agent(world->model.tracer, &context, model_text(id));
    } else if (pick(random, 200) == 0) {
        tracer_end_session(world->model.tracer, &context);
    } else {
        start_or_end(world, &context);
    }
}

/* A model with a cap, so that events are dropped. */
static void world_init(struct world *world, uint64_t seed)
{
    struct swarm_config config = {.max_events = {400, 0}};
    *world = (struct world){.random = {seed}};
    world->model.swarm = swarm_new(&mem_libc, &config);
    world->model.tracer = tracer_new(world->model.swarm);
    model_hello(&world->model, "session", seed % 2 ? "main 中" : NULL);
}

static struct key random_key(struct random *random, const struct view_state *state)
{
    static const char typed[] = "abesx:>-\"= ";
    struct key key = {.code = 'q'};
    if (state->prompt.kind != PROMPT_NONE && pick(random, 4) > 0) {
        return (struct key){.code = (uint32_t)typed[pick(random, sizeof typed - 1)]};
    }
    if (pick(random, 8) == 0) {
        return (struct key){.code = KEY_CODE_CLICK + pick(random, 4),
                            .x = (int16_t)pick(random, 250),
                            .y = (int16_t)pick(random, 80),
                            .from_x = (int16_t)pick(random, 250)};
    }
    if (state->pending != ACTION_NONE && pick(random, 2)) {
        return (struct key){.code = 'a' + pick(random, 3)};
    }
    size_t count = 0;
    while (keymap_action(count) != NULL) {
        count++;
    }
    const struct action_info *info = keymap_action(pick(random, (unsigned)count));
    keymap_parse_key(info->keys, strcspn(info->keys, " "), &key);
    return key;
}

static void check(const struct grid *grid)
{
    for (int y = 0; y < grid_rows(grid); y++) {
        int cols = 0;
        for (int x = 0; x < grid_cols(grid); x++) {
            const struct cell *cell = grid_cell(grid, x, y);
            cols += cell->glyph.width;
            assert_true(cell->glyph.width == 0 ? cell->glyph.len == 0 : cell->glyph.len > 0);
            assert_true(cell->style < STYLES);
            for (int i = 0; i < cell->glyph.len; i++) {
                unsigned char c = (unsigned char)cell->glyph.text[i];
                assert_true(c >= 0x20 && c != 0x7F);
                assert_true(c != 0xC2 || (unsigned char)cell->glyph.text[i + 1] >= 0xA0);
            }
        }
        assert_int_equal(cols, grid_cols(grid));
    }
}

struct shown {
    struct view_state state;
    struct swarm_metrics metrics;
    struct source_status sources[2];
    struct view_input input;
    struct event_log *log;
    struct frame *frame; /* that was drawn last; NULL: none */
};

/* Sometimes provides a series. */
static bool make_series(struct shown *shown, int cols, struct series *series)
{
    struct axis axis;
    return view_series_axis(&shown->input, &shown->state, cols, &axis) &&
           series_compute(shown->input.swarm, shown->input.local_ns, axis.t0_ns, axis_col_ns(&axis),
                          (size_t)axis.cols,
                          view_predicate(&shown->state, shown->input.swarm, shown->input.local_ns),
                          series);
}

static void say(struct shown *shown, struct random *random)
{
    const char *text = texts[pick(random, TEXTS)];
    struct log_entry entry = {.at_ns = shown->input.local_ns,
                              .level = (enum log_level)pick(random, 4),
                              .session = pick(random, 2) ? 0 : NO_SESSION,
                              .text = text,
                              .len = strlen(text)};
    event_log_add(shown->log, &entry);
}

/* A key acts on the frame that was drawn, however the model has changed since. */
static void press(struct shown *shown, struct random *random)
{
    if (shown->frame == NULL) {
        return;
    }
    struct key key = random_key(random, &shown->state);
    enum view_result result = view_frame_key(shown->frame, key);
    view_frame_free(shown->frame);
    shown->frame = NULL;
    if (result == VIEW_WRITE) {
        view_message(&shown->state, pick(random, 2), "%s", texts[pick(random, TEXTS)]);
    }
}

static void draw(struct shown *shown, struct grid *grid, struct strbuf *out)
{
    view_frame_free(shown->frame);
    shown->frame = view_frame_new(&shown->input, &shown->state, grid_cols(grid), grid_rows(grid));
    assert_non_null(shown->frame);
    view_frame_draw(shown->frame, grid);
    check(grid);
    strbuf_clear(out);
    grid_to_text(grid, out);
}

/* Draws with what the state has kept of earlier frames, then with nothing of it: both are the same
   picture, which changes next at the same time. */
static void draw_twice(struct shown *shown, struct grid *grid)
{
    struct view_state *state = &shown->state;
    struct strbuf kept, anew;
    strbuf_init(&kept, &mem_libc, 0);
    strbuf_init(&anew, &mem_libc, 0);
    draw(shown, grid, &kept);
    int64_t wake_ns = view_frame_wake_ns(shown->frame);
    call_children_kept_release(&state->call_children);
    loops_kept_release(&state->loops);
    agents_kept_release(&state->agents_kept);
    agent_labels_release(&state->labels.labels);
    draw(shown, grid, &anew);
    assert_string_equal(kept.data, anew.data);
    assert_int_equal(wake_ns, view_frame_wake_ns(shown->frame));
    strbuf_release(&kept);
    strbuf_release(&anew);
}

static void show(struct shown *shown, struct world *world, struct grid *grid, int cols, int rows)
{
    struct random *random = &world->random;
    press(shown, random);
    shown->input.local_ns = model_ns(world->ms + pick(random, 5000));
    shown->input.live = pick(random, 4) > 0;
    shown->input.theme.color = pick(random, 2);
    shown->input.theme.ascii = pick(random, 3) == 0;
    shown->input.output = pick(random, 2) ? "/tmp/\x1b[31m中.json" : NULL;
    shown->input.source_count = pick(random, 3);
    shown->input.events += pick(random, 1000);
    assert_true(grid_resize(grid, cols, rows));
    struct series series;
    if (pick(random, 3) == 0) {
        shown->state.page = (enum page)pick(random, PAGES);
    }
    if (pick(random, 5) == 0) {
        say(shown, random);
    }
    shown->input.series = pick(random, 4) > 0 && make_series(shown, cols, &series) ? &series : NULL;
    if (pick(random, 3) == 0) {
        draw_twice(shown, grid);
    } else {
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        draw(shown, grid, &text);
        view_frame_wake_ns(shown->frame);
        strbuf_release(&text);
    }
    if (shown->input.series != NULL) {
        series_release(&series);
    }
    shown->input.series = NULL;
}

static void shown_init(struct shown *shown, const struct swarm *swarm)
{
    *shown = (struct shown){
        .sources = {{.spec = "unix:/tmp/\x1b[2Jx", .error = "", .state = SOURCE_OPEN, .bad = 3},
                    {.spec = "b", .error = "b: cannot: \x1b中", .state = SOURCE_FAILED}}};
    shown->input = (struct view_input){.swarm = swarm,
                                       .metrics = &shown->metrics,
                                       .sources = shown->sources,
                                       .address = "unix:/tmp/x",
                                       .events_per_s = 12.5};
    view_state_init(&shown->state, &mem_libc);
    shown->log = event_log_new(&mem_libc, 20);
    shown->input.log = shown->log;
    assert_true(metrics_compute(swarm, model_ns(0), &shown->metrics));
}

static void run(uint64_t seed, int col_step, int row_step, int max_cols, int max_rows)
{
    struct world world;
    struct shown shown;
    struct grid *grid = grid_new(&mem_libc, 1, 1);
    world_init(&world, seed);
    shown_init(&shown, world.model.swarm);
    for (int cols = 1; cols <= max_cols; cols += col_step) {
        for (int rows = 1; rows <= max_rows; rows += row_step) {
            for (unsigned i = pick(&world.random, 6); i > 0; i--) {
                step(&world);
            }
            show(&shown, &world, grid, cols, rows);
        }
        metrics_release(&shown.metrics);
        assert_true(metrics_compute(world.model.swarm, model_ns(world.ms), &shown.metrics));
    }
    view_frame_free(shown.frame);
    metrics_release(&shown.metrics);
    view_state_release(&shown.state);
    event_log_free(shown.log);
    grid_free(grid);
    tracer_free(world.model.tracer);
    swarm_free(world.model.swarm);
}

TEST(every_small_size)
{
    run(1, 1, 1, 60, 30);
}

TEST(coarser_sizes)
{
    for (uint64_t seed = 2; seed < 8; seed++) {
        run(seed, 7, 5, 130, 52);
    }
    run(20, 97, 37, 400, 150);
}

/* Random sizes from 1x1 to 250x80. */
TEST(any_size)
{
    struct world world;
    struct shown shown;
    struct grid *grid = grid_new(&mem_libc, 1, 1);
    world_init(&world, 77);
    shown_init(&shown, world.model.swarm);
    for (int i = 0; i < 2500; i++) {
        for (unsigned n = pick(&world.random, 5); n > 0; n--) {
            step(&world);
        }
        show(&shown, &world, grid, 1 + (int)pick(&world.random, 250),
             1 + (int)pick(&world.random, 80));
        if (i % 50 == 0) {
            metrics_release(&shown.metrics);
            assert_true(metrics_compute(world.model.swarm, model_ns(world.ms), &shown.metrics));
        }
    }
    view_frame_free(shown.frame);
    metrics_release(&shown.metrics);
    view_state_release(&shown.state);
    event_log_free(shown.log);
    grid_free(grid);
    tracer_free(world.model.tracer);
    swarm_free(world.model.swarm);
}

TEST(an_empty_model)
{
    struct swarm *swarm = swarm_new(&mem_libc, &(struct swarm_config){.max_events = {0, 0}});
    struct shown shown;
    struct grid *grid = grid_new(&mem_libc, 1, 1);
    shown_init(&shown, swarm);
    shown.input.local_ns = model_ns(0);
    for (int live = 0; live < 2; live++) {
        for (int size = 1; size < 130; size++) {
            shown.input.live = live;
            shown.input.source_count = (size_t)size % 3;
            assert_true(grid_resize(grid, size, 1 + size / 3));
            shown.state.page = (enum page)(size % PAGES);
            view_draw(&shown.input, &shown.state, grid);
            check(grid);
        }
    }
    view_frame_free(shown.frame);
    metrics_release(&shown.metrics);
    view_state_release(&shown.state);
    event_log_free(shown.log);
    grid_free(grid);
    swarm_free(swarm);
}
