/* The command record: the engine without a screen. If stderr is a terminal, a progress line is
   updated twice a second. The paths of the traces go to stdout, so that `out=$(swarmtop record …)`
   works. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/notify.h"
#include "tui/cmd/record_feed.h"
#include "tui/cmd/status_line.h"
#include "tui/screen/console.h"
#include "tui/views/progress.h"

#include "ingest/hub.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_MS 500

struct recording {
    struct engine engine;
    uv_timer_t progress, interval;
    struct record_feed feed;
    bool shown; /* the progress line is on the terminal */
};

static void clear_progress(struct recording *r)
{
    if (r->shown) {
        console_progress(NULL);
    }
    r->shown = false;
}

/* Readers of a pipe get the lines once an iteration of the loop. */
static void on_changed(void *ctx)
{
    struct recording *r = ctx;
    record_feed_flush(&r->feed);
}

static void clear_progress_of(void *ctx)
{
    clear_progress(ctx);
}

static void on_progress(uv_timer_t *timer)
{
    struct recording *r = timer->data;
    const char *path = output_path(r->engine.output, r->engine.swarm, engine_now_ns());
    struct source_progress progress;
    struct strbuf line;
    strbuf_init(&line, r->engine.mem, 0);
    if (engine_progress(&r->engine, &progress) && progress_line(&progress, &line)) {
        strbuf_adds(&line, "  ");
    }
    status_line(r->engine.swarm, NULL, engine_now_ns(), &line);
    if (path != NULL) {
        strbuf_addf(&line, "  -> %s", path);
    }
    if (!line.failed) {
        console_progress(line.data);
    }
    r->shown = true;
    strbuf_release(&line);
}

static void on_interval(uv_timer_t *timer)
{
    struct recording *r = timer->data;
    struct strbuf error;
    strbuf_init(&error, r->engine.mem, 0);
    if (!engine_write(&r->engine, false, &error)) {
        clear_progress(r);
        console_error(&error);
    }
    strbuf_release(&error);
}

static void report(void *ctx, enum log_level level, const char *text)
{
    (void)level;
    clear_progress(ctx);
    console_errorf("%s", text);
}

static void start_timers(struct recording *r)
{
    uint64_t interval_ms = (uint64_t)(r->engine.options->write_interval_s * 1000);
    uv_timer_init(&r->engine.loop, &r->progress);
    uv_timer_init(&r->engine.loop, &r->interval);
    r->progress.data = r->interval.data = r;
    if (isatty(STDERR_FILENO)) {
        uv_timer_start(&r->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
    }
    if (interval_ms > 0) {
        uv_timer_start(&r->interval, on_interval, interval_ms, interval_ms);
    }
}

/* ---- the command ---- */

static int record(struct recording *r)
{
    struct engine *engine = &r->engine;
    bool read, written;

    start_timers(r);
    engine_obey(engine, true); /* before a sender can connect */
    record_feed_start(&r->feed, engine);
    engine_add_all(engine);
    engine_complain(engine);
    struct notify *notify = notify_new(&(struct notify_config){.engine = engine});
    engine_run(engine);
    notify_close(notify);
    record_feed_stop(&r->feed);
    uv_close((uv_handle_t *)&r->progress, NULL);
    uv_close((uv_handle_t *)&r->interval, NULL);
    clear_progress(r);
    read = engine_complain(engine);
    written = engine_finish(engine);
    if (!output_to_stdout(engine->output) && r->feed.out != stdout) {
        engine_print_paths(engine);
    }
    if (read && written && !engine->live && r->feed.out == NULL && r->feed.nats == NULL &&
        output_path(engine->output, engine->swarm, engine_now_ns()) == NULL) {
        console_errorf("no trace written: name a file with --output");
    }
    bool had_memory = engine_had_memory(engine); /* it reports */
    written = record_feed_close(&r->feed) && had_memory && written;
    return read && written ? 0 : 1;
}

int cmd_record(const struct options *options)
{
    struct recording r = {.shown = false};
    struct engine_config config = {
        .options = options,
        /* The default sources never end. */
        .follow = options->follow || options->argument_count == 0,
        .until_end = true,
        .keeps = true,
        .report = report,
        .changed = on_changed,
        .ctx = &r,
    };
    struct strbuf error;
    int status = 1;
    strbuf_init(&error, &mem_libc, 0);
    engine_find_range(&config, false);
    r.feed.failing = clear_progress_of;
    r.feed.ctx = &r;
    if (!record_feed_open(&r.feed, options, &config)) {
        strbuf_release(&error);
        return 1;
    }
    if (engine_open(&r.engine, &config, &error)) {
        status = record(&r);
        engine_close(&r.engine);
    } else {
        record_feed_close(&r.feed);
        console_error(&error);
    }
    strbuf_release(&error);
    return status;
}
