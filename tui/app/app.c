/* The wiring of the live screen. libuv reports a key, a change of the model, a signal or a timer,
   and this file passes it to the view or the terminal. view_state holds what is shown; app_frame.c
   decides when. */
#include "tui/app/app_private.h"

#include "tui/cmd/stop_signal.h"
#include "tui/screen/console.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS  1000
#define LINES_MS 5000

/* For signal handlers only, which have no argument. */
static struct screen *crash_screen;

static void give_back(void)
{
    if (crash_screen != NULL) {
        screen_close(crash_screen);
    }
}

static void on_crash(int number)
{
    give_back();
    /* SA_RESETHAND: the second raise ends the process. */
    raise(number);
}

static void catch_crashes(struct screen *screen)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND}, old;
    crash_screen = screen;
    stop_signal_set_last(give_back);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        /* A sanitizer's own handler reports more. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            sigaction(numbers[i], &action, NULL);
        }
    }
}

/* ---- keys ---- */

static void write_now(struct app *app)
{
    struct engine *engine = &app->engine;
    struct strbuf error;
    const char *path;
    strbuf_init(&error, engine->mem, 0);
    if (output_to_stdout(engine->output)) {
        view_message(&app->state, false, "stdout gets the trace on exit");
    } else if (output_path(engine->output, engine->swarm, engine_now_ns()) == NULL) {
        view_message(&app->state, true, "no trace file: start with --output FILE");
    } else if (!engine_write(engine, false, &error)) {
        view_message(&app->state, true, "%s", error.data != NULL ? error.data : "out of memory");
    } else if ((path = output_path(engine->output, engine->swarm, engine_now_ns())) != NULL) {
        view_message(&app->state, false, "wrote %s", path);
    }
    strbuf_release(&error);
}

static void stop_reading(struct app *app)
{
    struct source_progress progress;
    if (!engine_progress(&app->engine, &progress)) {
        return;
    }
    view_message(&app->state, false, "stopped at %d %% of %s",
                 (int)((double)progress.done_bytes / (double)progress.all_bytes * 100),
                 progress.spec);
    engine_stop_reading(&app->engine);
}

static void copy(struct app *app)
{
    const struct strbuf *text = &app->state.copied;
    if (screen_copy(app->screen, text->data, text->len)) {
        view_message(&app->state, false, "copied %zu bytes", text->len);
    } else {
        view_message(&app->state, true, "too large for the clipboard: %zu bytes", text->len);
    }
}

/* ---- its size, and stopping ---- */

static void fit(struct app *app)
{
    int cols, rows;
    screen_size(app->screen, &cols, &rows);
    if (!grid_resize(app->grid, cols, rows)) {
        return; /* out of memory: keep the old size */
    }
    app_drop_frame(app);
    app_draw(app);
    app_schedule(app);
}

/* Stops the process `pid`, or with 0 the whole job. The terminal is restored first: the shell takes
   it as soon as its child has stopped, which may be our parent, and a process that sets modes after
   that is stopped for it. SIGTSTP has no effect in a process group that no shell could continue. */
static void suspend_job(struct app *app, pid_t pid)
{
    struct sigaction ignores = {.sa_handler = SIG_IGN}, stops = {.sa_handler = SIG_DFL}, before;
    if (sigaction(SIGTSTP, NULL, &before) != 0 || before.sa_handler == SIG_IGN) {
        return;
    }
    screen_suspend(app->screen);
    /* kill for the other processes and raise for this one: a signal to a process may reach another
       of its threads, and this thread would continue for a while. */
    sigaction(SIGTSTP, &ignores, NULL);
    if (pid == 0) {
        kill(0, SIGTSTP);
    }
    sigaction(SIGTSTP, &stops, NULL);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    screen_resume(app->screen);
    fit(app);
}

bool app_press(struct app *app, struct key key)
{
    struct frame *frame = app_frame(app);
    enum view_result result = frame != NULL ? view_frame_key(frame, key) : VIEW_REDRAW;
    if (frame == NULL) {
        view_message(&app->state, true, "out of memory");
    }
    if (result != VIEW_IGNORED) {
        app_drop_frame(app);
    }
    switch (result) {
    case VIEW_IGNORED: return false;
    case VIEW_REDRAW: break;
    case VIEW_REPAINT: screen_repaint(app->screen); break;
    case VIEW_WRITE: write_now(app); break;
    case VIEW_OPEN: app_open_viewer(app); break;
    case VIEW_SUSPEND: suspend_job(app, 0); break;
    case VIEW_STOP: stop_reading(app); break;
    case VIEW_COPY: copy(app); break;
    case VIEW_PANE: app_go_to_pane(app); break;
    case VIEW_MOUSE: screen_set_mouse(app->screen, app->state.mouse); break;
    case VIEW_QUIT: engine_stop(&app->engine); break;
    }
    return true;
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct app *app = handle->data;
    bool draw = false;
    struct key key;
    (void)events;
    while (!app->engine.stopped && screen_read_key(app->screen, &key)) {
        draw |= app_press(app, key);
    }
    if (status < 0 || screen_hung_up(app->screen)) {
        engine_stop(&app->engine);
    }
    if (app->engine.stopped) {
        return;
    }
    if (draw) {
        app_draw(app);
    }
    app_schedule(app); /* a reply of the terminal may allow the next frame */
}

/* ---- the terminal's signals ---- */

static void on_resized(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;
    (void)number;
    screen_resized(app->screen);
    fit(app);
}

static void on_suspended(uv_signal_t *handle, int number)
{
    (void)number;
    suspend_job(handle->data, getpid());
}

/* Another program may have changed the terminal's modes meanwhile. */
static void on_continued(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;
    (void)number;
    screen_resume(app->screen);
    fit(app);
}

static void listen_to(struct app *app, uv_signal_t *handle, uv_signal_cb callback, int number)
{
    struct sigaction action;
    uv_signal_init(&app->engine.loop, handle);
    handle->data = app;
    if (app->screen != NULL && sigaction(number, NULL, &action) == 0 &&
        action.sa_handler != SIG_IGN) {
        uv_signal_start(handle, callback, number);
    }
}

/* ---- the model ---- */

static void on_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;
    if (view_frozen(&app->state) || !app_count_rate(app)) {
        uv_timer_stop(timer);
        app->taken_count = 0;
    }
    if (app->dirty) {
        app_schedule(app);
    }
}

static void on_interval(uv_timer_t *timer)
{
    struct app *app = timer->data;
    struct strbuf error;
    strbuf_init(&error, app->engine.mem, 0);
    if (!engine_write(&app->engine, false, &error)) {
        const char *text = error.data != NULL ? error.data : "out of memory";
        view_message(&app->state, true, "%s", text);
        if (app->screen == NULL) {
            console_errorf("%s", text);
        }
        app->dirty = true;
        app_schedule(app);
    }
    strbuf_release(&error);
}

static void on_lines(uv_timer_t *timer)
{
    app_print_line(timer->data);
}

/* The sources have ended while the screen stays: writes the document, which is now complete. */
static void on_end(struct app *app)
{
    struct strbuf error;
    app->ended = true;
    strbuf_init(&error, app->engine.mem, 0);
    if (!hub_close(app->engine.hub) || !engine_write(&app->engine, false, &error)) {
        view_message(&app->state, true, "%s", error.data != NULL ? error.data : "out of memory");
    }
    strbuf_release(&error);
    if (!app_replay_begin(app)) {
        view_message(&app->state, true, "out of memory: no replay");
    }
}

void app_model_changed(struct app *app)
{
    app->dirty = true;
    if (app->screen == NULL) {
        return;
    }
    if (!uv_is_active((uv_handle_t *)&app->tick) && !view_frozen(&app->state) && app_is_live(app)) {
        app_count_rate(app);
        uv_timer_start(&app->tick, on_tick, TICK_MS, TICK_MS);
    }
    app_schedule(app);
}

static void on_changed(void *ctx)
{
    struct app *app = ctx;
    if (app->grid == NULL) {
        return; /* sources are still being opened */
    }
    if ((app->screen != NULL || app->replay != NULL) && !app->ended &&
        engine_finished(&app->engine)) {
        on_end(app);
    }
    app_model_changed(app);
}

static void on_report(void *ctx, enum log_level level, const char *text)
{
    struct app *app = ctx;
    if (app->screen != NULL) {
        view_message(&app->state, level > LOG_LEVEL_INFO, "%s", text);
        app->dirty = true;
        app_schedule(app);
    } else {
        console_errorf("%s", text);
    }
}

/* ---- its life ---- */

struct app *app_new(const struct options *options, bool live, struct strbuf *error)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    struct app *app = mem_zalloc(&mem_libc, 1, sizeof *app);
    struct engine_config config = {
        .options = options,
        .follow = options->replay == 0,
        .until_end = !terminal && options->replay == 0,
        .live = live,
        .keeps = options->command == COMMAND_WATCH,
        .changed = on_changed,
        .report = on_report,
        .ctx = app,
    };
    engine_find_range(&config, true);
    if (app == NULL || !engine_open(&app->engine, &config, error)) {
        mem_free(&mem_libc, app, sizeof *app);
        return NULL;
    }
    app->terminal = terminal;
    app->theme = (struct theme){.color = !options->no_color, .ascii = options->ascii};
    app->events_per_s = NAN;
    strbuf_init(&app->path, app->engine.mem, 0);
    view_state_init(&app->state, app->engine.mem);
    if (options->filter != NULL) {
        view_set_filter(&app->state, options->filter, error);
    }
    if (!app_replay_open(app)) {
        app_free(app);
        strbuf_adds(error, "out of memory");
        return NULL;
    }
    engine_obey(&app->engine, true);
    return app;
}

struct engine *app_engine(struct app *app)
{
    return &app->engine;
}

bool app_has_screen(const struct app *app)
{
    return app->terminal;
}

static void poll_keys(struct app *app)
{
    int fd = screen_fd(app->screen), flags = fcntl(fd, F_GETFL);
    if (uv_poll_init(&app->engine.loop, &app->tty, fd) != 0) {
        return;
    }
    /* libuv made the terminal non-blocking for all processes that share it. */
    fcntl(fd, F_SETFL, flags);
    app->tty.data = app->out.data = app;
    if (screen_out_fd(app->screen) >= 0) {
        uv_poll_init(&app->engine.loop, &app->out, screen_out_fd(app->screen));
    }
    uv_poll_start(&app->tty, UV_READABLE | UV_DISCONNECT, on_readable);
}

static void start_timers(struct app *app)
{
    uv_timer_t *timers[] = {&app->frame_timer, &app->tick, &app->interval, &app->lines,
                            &app->replay_step};
    uint64_t interval_ms = (uint64_t)(app->engine.options->write_interval_s * 1000);
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        uv_timer_init(&app->engine.loop, timers[i]);
        timers[i]->data = app;
    }
    if (interval_ms > 0) {
        uv_timer_start(&app->interval, on_interval, interval_ms, interval_ms);
    }
    if (app->screen == NULL) {
        uv_timer_start(&app->lines, on_lines, LINES_MS, LINES_MS);
    }
}

/* Opens the screen if stdout is a terminal, and makes the grid. Returns false with the reason in
   *error. */
static bool open_screen(struct app *app, struct strbuf *error)
{
    int cols = (int)app->engine.options->cols, rows = (int)app->engine.options->rows;
    if (app_has_screen(app)) {
        app->screen = screen_open(app->engine.mem, &app->theme, error);
        if (app->screen == NULL) {
            return false;
        }
        catch_crashes(app->screen);
        app->theme.color = screen_has_color(app->screen);
        screen_size(app->screen, &cols, &rows);
    } else {
        console_errorf("stdout is not a terminal: no screen");
        app->theme.color = false;
        app->state.window = WINDOW_ALL;
    }
    app->grid = grid_new(app->engine.mem, cols, rows);
    if (app->grid == NULL) {
        strbuf_adds(error, "out of memory");
    }
    return app->grid != NULL;
}

static void close_handles(struct app *app)
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&app->frame_timer, (uv_handle_t *)&app->tick,
        (uv_handle_t *)&app->interval,    (uv_handle_t *)&app->lines,
        (uv_handle_t *)&app->resized,     (uv_handle_t *)&app->continued,
        (uv_handle_t *)&app->suspended,   (uv_handle_t *)&app->tty,
        (uv_handle_t *)&app->replay_step, (uv_handle_t *)&app->out,
    };
    app_pane_close(app);
    app_close_viewer(app);
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        if (handles[i]->loop != NULL && !uv_is_closing(handles[i])) {
            uv_close(handles[i], NULL);
        }
    }
}

/* Runs the loop, from the first frame to the last. */
static void show(struct app *app)
{
    start_timers(app);
    app_open_notices(app);
    listen_to(app, &app->resized, on_resized, SIGWINCH);
    listen_to(app, &app->continued, on_continued, SIGCONT);
    listen_to(app, &app->suspended, on_suspended, SIGTSTP);
    if (app->screen != NULL) {
        poll_keys(app);
    }
    on_changed(app);
    app_draw(app);
    app_schedule(app);
    engine_run(&app->engine);
    app_close_notices(app);
    close_handles(app);
    if (app->screen == NULL) {
        app_print_line(app);
        app_print_frame(app);
    }
    crash_screen = NULL;
    stop_signal_set_last(NULL);
    screen_free(app->screen);
    app->screen = NULL;
}

void app_compare(struct app *app, const struct baseline *baseline)
{
    app->baseline = baseline;
}

void app_set_caption(struct app *app, const char *text)
{
    app->caption = text;
    app->dirty = true;
    app_drop_frame(app);
    app_schedule(app);
}

int app_run(struct app *app)
{
    struct engine *engine = &app->engine;
    struct strbuf error;
    bool ok;
    strbuf_init(&error, engine->mem, 0);
    ok = open_screen(app, &error);
    if (ok) {
        show(app);
    } else {
        console_error(&error);
    }
    strbuf_release(&error);
    ok &= engine_complain(engine);
    ok &= engine_finish(engine);
    if (!output_to_stdout(engine->output)) {
        engine_print_paths(engine);
    }
    return ok ? 0 : 1;
}

void app_free(struct app *app)
{
    close_handles(app);
    app_drop_frame(app);
    app_replay_free(app);
    engine_close(&app->engine);
    app_release_metrics(app);
    if (app->has_series) {
        series_release(&app->series);
    }
    view_state_release(&app->state);
    strbuf_release(&app->path);
    grid_free(app->grid);
    mem_free(&mem_libc, app, sizeof *app);
}
