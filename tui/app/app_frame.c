/* Decides when a frame is due. There are three reasons: a change of the model (at most --fps frames
   per second), time itself (view_frame_wake_ns: a bar grows by a cell, the clock by a minute), and
   metrics that are out of date because computing them is expensive. All three set one timer.
   Without a reason no timer runs, so a frozen view or a finished source costs nothing.

   A frame is drawn when the terminal can take it, else it is owed. So a slow link gets fewer
   frames, each of the newest state, and nothing else waits for the terminal. */
#include "tui/app/app_private.h"

#include "tui/cmd/local_clock.h"

#include "tui/cmd/status_line.h"
#include "tui/screen/console.h"

#include <math.h>
#include <stdio.h>

#define METRICS_NS     250000000LL
#define LONGEST_NS     60000000000LL
#define PATH_NS        1000000000LL
#define AGAIN_MS       20
#define METRICS_FACTOR 20 /* at most 5 % of the time is spent on metrics */

void app_release_metrics(struct app *app)
{
    if (app->has_metrics) {
        metrics_release(&app->metrics);
    }
    if (app->has_matching) {
        metrics_release(&app->matching);
    }
    app->has_metrics = app->has_matching = false;
}

static const struct span_predicate *predicate_of(struct app *app)
{
    return view_predicate(&app->state, app_swarm(app), app_now_ns(app));
}

/* Returns true if time alone changes what the filter selects: of `dur>8s` or `state:stale`. */
static bool selection_moves(const struct app *app)
{
    return app_is_live(app) && filter_moves(filter_cache_filter(app->state.filter_cache)) &&
           swarm_first_in_flight(app_swarm(app)) != NO_SPAN;
}

/* Returns the moment that is shown; INT64_MAX: the present. */
static int64_t then_ns(const struct app *app)
{
    return view_past(&app->state) != NULL ? app->state.frozen_local_ns : INT64_MAX;
}

static bool compute_matching(const struct app *app, const struct span_predicate *predicate,
                             bool all, struct swarm_metrics *out)
{
    int64_t now_ns = app_now_ns(app);
    return all ? metrics_compute_matching(app_swarm(app), now_ns, predicate, out)
               : metrics_compute_totals_matching(app_swarm(app), now_ns, predicate, out);
}

/* Computes the metrics of all; those of a frozen display are of its moment. */
static bool compute(const struct app *app, bool all, struct swarm_metrics *out)
{
    const struct span_predicate then = {.past = view_past(&app->state)};
    int64_t now_ns = app_now_ns(app);
    if (then.past != NULL) {
        return compute_matching(app, &then, all, out);
    }
    return all ? metrics_compute(app_swarm(app), now_ns, out)
               : metrics_compute_totals(app_swarm(app), now_ns, out);
}

/* Computes the metrics of what the filter selects. */
static void update_matching(struct app *app, bool all)
{
    const struct span_predicate *predicate = predicate_of(app);
    app->has_matching = predicate != NULL && compute_matching(app, predicate, all, &app->matching);
    app->metrics_filter = app->state.filter_version;
}

static void update_metrics(struct app *app, bool now)
{
    struct swarm_metrics metrics;
    int64_t began_ns = engine_now_ns(), cost_ns;
    uint64_t revision = swarm_revision(app_swarm(app));
    uint64_t passes = swarm_forget_passes(app_swarm(app)); /* numbers of agents are others' */
    bool all = view_wants_metrics(&app->state);

    if (app->has_metrics && all == app->metrics_all && passes == app->metrics_passes &&
        app->metrics_filter == app->state.filter_version && app->metrics_then_ns == then_ns(app) &&
        ((revision == app->metrics_revision && !selection_moves(app)) ||
         (!now && began_ns < app->metrics_due_ns))) {
        return;
    }
    if (!compute(app, all, &metrics)) {
        return;
    }
    app_release_metrics(app);
    app->metrics = metrics;
    update_matching(app, all);
    app->has_metrics = true;
    app->metrics_all = all;
    app->metrics_then_ns = then_ns(app);
    app->metrics_revision = revision;
    app->metrics_passes = passes;
    cost_ns = (engine_now_ns() - began_ns) * METRICS_FACTOR;
    app->metrics_due_ns = began_ns + (cost_ns > METRICS_NS ? cost_ns : METRICS_NS);
}

/* Returns the path of the trace to write; NULL: none. */
static const char *shown_path(struct app *app)
{
    struct engine *engine = &app->engine;
    int64_t now_ns = engine_now_ns();
    size_t sessions = swarm_session_count(engine->swarm);
    const char *path;
    if (now_ns >= app->path_due_ns || sessions != app->path_sessions) {
        strbuf_clear(&app->path);
        path = output_path(engine->output, engine->swarm, now_ns);
        strbuf_adds(&app->path, path != NULL ? path : "");
        app->path_due_ns = now_ns + PATH_NS;
        app->path_sessions = sessions;
    }
    return app->path.len > 0 && !app->path.failed ? app->path.data : NULL;
}

static struct view_input make_input(struct app *app)
{
    struct engine *engine = &app->engine;
    app->inputs++;
    return (struct view_input){
        .theme = app->theme,
        .swarm = app_swarm(app),
        .local_ns = app_now_ns(app),
        .wall_ns = app->replay != NULL ? 0 : local_clock_wall(),
        .metrics = app->has_metrics ? &app->metrics : NULL,
        .matching = app->has_matching ? &app->matching : NULL,
        .series = app->has_series ? &app->series : NULL,
        .baseline = app->baseline,
        .sources = app->sources,
        .source_count = engine_sources(engine, app->sources, ENGINE_SOURCES),
        .log = engine->log,
        .keymap = &engine->options->keymap,
        .caption = app->caption,
        .output = shown_path(app),
        .address = engine_address(engine),
        .no_mask = engine->options->no_mask,
        .live = app_is_live(app),
        .replay = engine->options->replay,
        .progress = engine_progress(engine, &app->progress) ? &app->progress : NULL,
        .events = app_events(app),
        .events_per_s = app->events_per_s,
    };
}

static bool same_axis(const struct axis *a, const struct axis *b)
{
    return a->t0_ns == b->t0_ns && a->zoom == b->zoom && a->cols == b->cols;
}

/* Updates the series over time, if the view asks for one. */
static void update_series(struct app *app, struct view_input *input)
{
    int64_t began_ns = engine_now_ns(), cost_ns;
    uint64_t revision = swarm_revision(app_swarm(app));
    struct series series;
    struct axis axis;

    bool same = app->has_series && app->series_filter == app->state.filter_version &&
                app->series_then_ns == then_ns(app);

    if (!view_series_axis(input, &app->state, grid_cols(app->grid), &axis) ||
        (same && began_ns < app->series_due_ns) ||
        (same && revision == app->series_revision && !selection_moves(app) &&
         same_axis(&axis, &app->series_axis))) {
        return;
    }
    const struct span_predicate then = {.past = view_past(&app->state)};
    const struct span_predicate *selected = predicate_of(app);
    if (!series_compute(app_swarm(app), app_now_ns(app), axis.t0_ns, axis_col_ns(&axis),
                        (size_t)axis.cols, selected != NULL ? selected : &then, &series)) {
        return;
    }
    if (app->has_series) {
        series_release(&app->series);
    }
    app->series = series;
    app->has_series = true;
    input->series = &app->series;
    app->series_axis = axis;
    app->series_revision = revision;
    app->series_filter = app->state.filter_version;
    app->series_then_ns = then_ns(app);
    cost_ns = (engine_now_ns() - began_ns) * METRICS_FACTOR;
    app->series_due_ns = began_ns + (cost_ns > METRICS_NS ? cost_ns : METRICS_NS);
}

void app_drop_frame(struct app *app)
{
    view_frame_free(app->frame);
    app->frame = NULL;
}

/* Returns NULL if out of memory. */
static struct frame *make_frame(struct app *app)
{
    app_drop_frame(app);
    app->input = make_input(app);
    update_series(app, &app->input);
    app->frame =
        view_frame_new(&app->input, &app->state, grid_cols(app->grid), grid_rows(app->grid));
    app->frames++;
    return app->frame;
}

struct frame *app_frame(struct app *app)
{
    return app->frame != NULL ? app->frame : make_frame(app);
}

/* Draws the model as it is now. */
static void draw(struct app *app)
{
    struct frame *frame = make_frame(app);
    if (frame != NULL) {
        view_frame_draw(frame, app->grid);
    } else {
        grid_clear(app->grid);
        area_puts(grid_area(app->grid), 0, 0, STYLE_ERROR, "out of memory");
    }
}

void app_draw(struct app *app)
{
    if (app->screen == NULL) {
        return;
    }
    app->owed = screen_free_ns(app->screen, engine_now_ns()) > engine_now_ns();
    if (app->owed) {
        return;
    }
    if (!view_frozen(&app->state) || !app->has_metrics ||
        view_wants_metrics(&app->state) != app->metrics_all ||
        app->metrics_filter != app->state.filter_version) {
        update_metrics(app, false);
    }
    draw(app);
    app->last_frame_ns = engine_now_ns();
    screen_put(app->screen, app->grid, app->last_frame_ns);
    app->dirty = false;
}

static void on_frame(uv_timer_t *timer)
{
    struct app *app = timer->data;
    app_draw(app);
    app_schedule(app);
}

/* Returns when the frame is out of date without new data; INT64_MAX: never. */
static int64_t next_movement_ns(const struct app *app)
{
    int64_t due_ns = app->frame != NULL ? view_frame_wake_ns(app->frame) : INT64_MAX;

    bool old = app->metrics_revision != swarm_revision(app_swarm(app)) || selection_moves(app);

    if (app->has_metrics && old && app->metrics_due_ns < due_ns) {
        due_ns = app->metrics_due_ns;
    }
    return due_ns;
}

static void on_writable(uv_poll_t *handle, int status, int events)
{
    struct app *app = handle->data;
    (void)status, (void)events;
    uv_poll_stop(handle);
    if (app->owed) {
        app_draw(app);
    }
    app_schedule(app);
}

/* The terminal has not taken all bytes: continues when it can take more. */
static void wait_for_terminal(struct app *app)
{
    uv_timer_stop(&app->frame_timer);
    if (screen_out_fd(app->screen) < 0) {
        uv_timer_start(&app->frame_timer, on_frame, AGAIN_MS, 0);
    } else {
        uv_poll_start(&app->out, UV_WRITABLE, on_writable);
    }
}

static int64_t next_frame_ns(struct app *app)
{
    int64_t frame_ns = 1000000000 / app->engine.options->fps, due_ns;
    if (app->owed) {
        return app->last_frame_ns + frame_ns;
    }
    if (view_frozen(&app->state)) {
        return INT64_MAX;
    }
    due_ns = app->dirty            ? app->last_frame_ns
             : app->replay != NULL ? INT64_MAX /* each step is a change */
                                   : next_movement_ns(app);
    return due_ns < app->last_frame_ns + frame_ns ? app->last_frame_ns + frame_ns : due_ns;
}

void app_schedule(struct app *app)
{
    int64_t due_ns, free_ns, now_ns = engine_now_ns(), wait_ns;
    if (app->screen == NULL) {
        return;
    }
    free_ns = screen_free_ns(app->screen, now_ns);
    if (free_ns == INT64_MAX) {
        wait_for_terminal(app);
        return;
    }
    due_ns = next_frame_ns(app);
    if (due_ns == INT64_MAX) {
        uv_timer_stop(&app->frame_timer);
        return;
    }
    if (due_ns < free_ns) {
        due_ns = free_ns;
    }
    wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    /* The header shows the wall clock, which may be set meanwhile: no wake-up is farther away. */
    if (wait_ns > LONGEST_NS) {
        wait_ns = LONGEST_NS;
    }
    uv_update_time(&app->engine.loop);
    uv_timer_start(&app->frame_timer, on_frame, (uint64_t)((wait_ns + 999999) / 1000000), 0);
}

bool app_count_rate(struct app *app)
{
    double before = app->events_per_s;
    if (app->taken_count == RATE_SECONDS + 1) {
        for (size_t i = 0; i < RATE_SECONDS; i++) {
            app->taken[i] = app->taken[i + 1];
        }
        app->taken_count--;
    }
    app->taken[app->taken_count++] = app_events(app);
    /* The count may fall: events of a replaced document are removed. */
    uint64_t first = app->taken[0], last = app->taken[app->taken_count - 1];
    app->events_per_s = app->taken_count < 2 ? NAN
                                             : (double)(last > first ? last - first : 0) /
                                                   (double)(app->taken_count - 1);
    if (app->events_per_s != before && !(isnan(app->events_per_s) && isnan(before))) {
        app->dirty = true;
    }
    return app->taken_count < 2 || app->events_per_s > 0;
}

/* ---- without a screen ---- */

void app_print_line(struct app *app)
{
    struct strbuf line;
    update_metrics(app, true);
    strbuf_init(&line, app->engine.mem, 0);
    status_line(app_swarm(app), app->has_metrics ? &app->metrics : NULL, app_now_ns(app), &line);
    if (!line.failed) {
        console_notef("%s\n", line.data);
    }
    strbuf_release(&line);
}

void app_print_frame(struct app *app)
{
    struct strbuf text;
    update_metrics(app, true);
    draw(app);
    strbuf_init(&text, app->engine.mem, 0);
    grid_to_text(app->grid, &text);
    if (!text.failed && !output_to_stdout(app->engine.output)) {
        (void)console_write(stdout, text.data, text.len, CONSOLE_TEXT);
    }
    fflush(stdout);
    strbuf_release(&text);
}
