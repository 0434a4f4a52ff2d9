/* The command record: the engine without a screen. If stderr is a terminal, a progress line is
   updated twice a second. The paths of the traces go to stdout, so that `out=$(swarmtop record …)`
   works. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/notify.h"
#include "tui/cmd/status_line.h"
#include "tui/screen/console.h"
#include "tui/views/progress.h"

#include "ingest/hub.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_MS 500

struct recording {
    struct engine engine;
    uv_timer_t progress, interval;
    FILE *feed;       /* of --feed; NULL: none */
    bool feed_failed; /* reported once */
    bool shown;       /* the progress line is on the terminal */
};

static void clear_progress(struct recording *r)
{
    if (r->shown) {
        console_progress(NULL);
    }
    r->shown = false;
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

/* ---- the feed ---- */

static const char *feed_name(const struct recording *r)
{
    const char *path = r->engine.options->feed;
    return strcmp(path, "-") == 0 ? "stdout" : path;
}

static void report_feed(struct recording *r)
{
    if (!r->feed_failed) {
        clear_progress(r);
        console_errorf("%s: cannot write the feed: %s", feed_name(r), strerror(errno));
    }
    r->feed_failed = true;
}

static void put_feed_line(void *ctx, const char *line, size_t len)
{
    struct recording *r = ctx;
    if (r->feed != NULL && !console_write(r->feed, line, len, CONSOLE_JSON)) {
        report_feed(r);
    }
}

/* Readers of a pipe get the lines once an iteration of the loop. */
static void flush_feed(void *ctx)
{
    struct recording *r = ctx;
    if (r->feed != NULL && fflush(r->feed) != 0) {
        report_feed(r);
    }
}

static bool open_feed(struct recording *r, const struct options *options,
                      struct engine_config *config)
{
    if (options->feed == NULL) {
        return true;
    }
    r->feed = strcmp(options->feed, "-") == 0 ? stdout : fopen(options->feed, "we");
    if (r->feed == NULL) {
        console_errorf("%s: cannot write the feed: %s", options->feed, strerror(errno));
        return false;
    }
    config->tap = (struct ingest_tap){put_feed_line, r};
    config->changed = flush_feed;
    return true;
}

static bool close_feed(struct recording *r)
{
    flush_feed(r);
    if (r->feed != NULL && r->feed != stdout && fclose(r->feed) != 0) {
        report_feed(r);
    }
    r->feed = NULL;
    return !r->feed_failed;
}

/* ---- the command ---- */

static int record(struct recording *r)
{
    struct engine *engine = &r->engine;
    bool read, written;

    start_timers(r);
    engine_obey(engine, true); /* before a sender can connect */
    engine_add_all(engine);
    engine_complain(engine);
    struct notify *notify = notify_new(&(struct notify_config){.engine = engine});
    engine_run(engine);
    notify_close(notify);
    uv_close((uv_handle_t *)&r->progress, NULL);
    uv_close((uv_handle_t *)&r->interval, NULL);
    clear_progress(r);
    read = engine_complain(engine);
    written = engine_finish(engine);
    if (!output_to_stdout(engine->output) && r->feed != stdout) {
        engine_print_paths(engine);
    }
    if (read && written && !engine->live && r->feed == NULL &&
        output_path(engine->output, engine->swarm, engine_now_ns()) == NULL) {
        console_errorf("no trace written: name a file with --output");
    }
    bool had_memory = engine_had_memory(engine); /* it reports */
    written = close_feed(r) && had_memory && written;
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
        .ctx = &r,
    };
    struct strbuf error;
    int status = 1;
    strbuf_init(&error, &mem_libc, 0);
    engine_find_range(&config, false);
    if (!open_feed(&r, options, &config)) {
        strbuf_release(&error);
        return 1;
    }
    if (engine_open(&r.engine, &config, &error)) {
        status = record(&r);
        engine_close(&r.engine);
    } else {
        close_feed(&r);
        console_error(&error);
    }
    strbuf_release(&error);
    return status;
}
