/* The command dump: prints the frame that the live screen would show, drawn by the same views. */
#include "core/query/replay.h"
#include "tui/cmd/baseline_read.h"
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/screen/console.h"
#include "tui/screen/grid_svg.h"
#include "tui/views/view.h"

#include <math.h>
#include <string.h>

/* Presses --keys, each on the frame drawn after the one before. */
static void press_all(const struct options *options, const struct view_input *input,
                      struct view_state *state, struct grid *grid)
{
    const char *at = options->keys != NULL ? options->keys : "";
    for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        struct key key;
        view_draw(input, state, grid);
        /* Option parsing has checked the names. */
        if (keymap_parse_key(at, len, &key)) {
            view_key(input, state, key, (int)options->cols, (int)options->rows);
        }
        at += len;
    }
}

static bool print(const struct grid *grid, const struct theme *theme, const struct options *options,
                  struct strbuf *error)
{
    struct strbuf text;
    bool ok;

    strbuf_init(&text, &mem_libc, 0);
    if (options->format == DUMP_ANSI) {
        grid_to_ansi(grid, theme, &text);
    } else if (options->format == DUMP_SVG) {
        grid_to_svg(grid, theme, &text);
    } else {
        grid_to_text(grid, &text);
    }
    ok = console_print(&text, options->format == DUMP_ANSI ? CONSOLE_STYLED : CONSOLE_TEXT, error);
    strbuf_release(&text);
    return ok;
}

/* All that a frame is made of but for the model and the time. */
struct dumped {
    const struct engine *engine;
    const struct baseline *baseline; /* NULL: none */
};

static bool draw(const struct dumped *of, const struct swarm *swarm,
                 const struct swarm_metrics *metrics, int64_t local_ns, struct grid *grid,
                 struct strbuf *error)
{
    const struct engine *engine = of->engine;
    const struct options *options = engine->options;
    struct source_status sources[ENGINE_SOURCES];
    struct view_state state;
    struct view_input input = {
        .theme = {.color = options->format != DUMP_TEXT && !options->no_color,
                  .ascii = options->ascii},
        .swarm = swarm,
        .local_ns = local_ns,
        .metrics = metrics,
        .baseline = of->baseline,
        .sources = sources,
        .source_count = engine_sources(engine, sources, ENGINE_SOURCES),
        .log = engine->log,
        .keymap = &options->keymap,
        .no_mask = options->no_mask,
        .events = engine_events(engine),
        .events_per_s = NAN,
    };
    struct swarm_metrics matching;
    struct series series;
    struct axis axis;
    bool ok;

    view_state_init(&state, engine->mem);
    state.window = WINDOW_ALL;
    if (options->filter != NULL) {
        view_set_filter(&state, options->filter, error);
    }
    press_all(options, &input, &state, grid);
    const struct span_predicate *predicate = view_predicate(&state, swarm, local_ns);
    if (predicate != NULL && metrics_compute_matching(swarm, local_ns, predicate, &matching)) {
        input.matching = &matching;
    }
    if (view_series_axis(&input, &state, (int)options->cols, &axis) &&
        series_compute(swarm, local_ns, axis.t0_ns, axis_col_ns(&axis), (size_t)axis.cols,
                       predicate, &series)) {
        input.series = &series;
    }
    view_draw(&input, &state, grid);
    ok = print(grid, &input.theme, options, error);
    if (input.series != NULL) {
        series_release(&series);
    }
    if (input.matching != NULL) {
        metrics_release(&matching);
    }
    view_state_release(&state);
    return ok;
}

/* Returns the time of the frame: for finished sources their end, so that the same input gives the
   same frame. */
static int64_t moment(const struct engine *engine)
{
    int64_t from_ns, to_ns, local_ns = engine_moment(engine);
    return engine->past == NULL && engine_finished(engine) &&
                   query_extent(engine->swarm, local_ns, &from_ns, &to_ns)
               ? to_ns
               : local_ns;
}

static bool dump(const struct dumped *of, const struct swarm *swarm, int64_t local_ns,
                 struct strbuf *error)
{
    const struct engine *engine = of->engine;
    struct grid *grid =
        grid_new(engine->mem, (int)engine->options->cols, (int)engine->options->rows);
    struct swarm_metrics metrics;
    bool ok = false;

    if (grid != NULL && metrics_compute(swarm, local_ns, &metrics)) {
        ok = draw(of, swarm, &metrics, local_ns, grid, error);
        metrics_release(&metrics);
    } else {
        strbuf_adds(error, "out of memory");
    }
    grid_free(grid);
    return ok;
}

/* Prints the frame at the time of --at; *status becomes 2 if the trace has no such time. */
static bool dump_past(const struct dumped *of, int *status, struct strbuf *error)
{
    const struct engine *engine = of->engine;
    struct swarm_config config = {.max_events = {0, 0}};
    int64_t from_ns = 0, to_ns = 0, at_ns;
    bool ok = false;

    query_extent(engine->swarm, moment(engine), &from_ns, &to_ns);
    at_ns = time_spec_resolve(engine->options->at, from_ns, to_ns, to_ns);
    if (!time_spec_check("--at", at_ns, from_ns, to_ns, error)) {
        *status = 2;
        return false;
    }
    config.prices = swarm_prices(engine->swarm);
    struct swarm *past = swarm_new(engine->mem, &config);
    if (past != NULL && replay_until(engine->swarm, past, at_ns)) {
        ok = dump(of, past, at_ns, error);
    } else {
        strbuf_adds(error, "out of memory");
    }
    swarm_free(past);
    return ok;
}

/* Prints the frame of all that the engine has read. Returns the exit status; `status` is that of
   reading. */
static int print_frame(const struct dumped *of, struct engine *engine, int status)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!(engine->options->at.form == TIME_UNSET
              ? dump(of, engine_model(engine), moment(engine), &error)
              : dump_past(of, &status, &error))) {
        console_error(&error);
        status = status == 0 ? 1 : status;
    }
    if (!engine_had_memory(engine) && status == 0) {
        status = 1;
    }
    strbuf_release(&error);
    return status;
}

int cmd_dump(const struct options *options)
{
    int status = 0, other_status = 0;
    struct baseline *baseline = baseline_read(options, &other_status);
    struct engine *engine = NULL;
    if (baseline != NULL || options->against == NULL) {
        engine = options->at.form == TIME_UNSET ? engine_read_until(options, &status)
                                                : engine_read_all(options, &status);
    }
    if (engine != NULL) {
        status = print_frame(&(struct dumped){engine, baseline}, engine, status);
        engine_delete(engine);
    }
    baseline_free(baseline);
    return status != 0 ? status : other_status;
}
