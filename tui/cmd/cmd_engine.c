/* One struct holds everything that lives as long as a command. engine_open creates it in order,
   engine_close frees it in reverse order. Every way to stop sets `stopped`, which the loop checks
   after each iteration; stop_signal.h handles the signals. */
#include "tui/cmd/cmd_engine.h"

#include "tui/cmd/engine_journal.h"
#include "tui/cmd/engine_sources.h"
#include "tui/cmd/journal_file.h"
#include "tui/cmd/local_clock.h"
#include "tui/cmd/loop_start.h"
#include "tui/cmd/price_file.h"
#include "tui/cmd/status_line.h"
#include "tui/cmd/stop_signal.h"
#include "tui/cmd/token_file.h"
#include "tui/screen/console.h"

#include "core/base/mask.h"
#include "core/base/version.h"
#include "ingest/http/forward.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_EVENTS 100000 /* the seed's MAX_EVENTS */
#define LOG_LINES   2000

#define LAST_ITERATIONS 4
#define STATUS_NS       50000000 /* how long an answer is given again */

#define SPARE_BYTES      (1 << 20) /* to be kept back for the end, */
#define SPARE_SPAN_BYTES 48        /* and for each span */

int64_t engine_now_ns(void)
{
    return local_clock_now();
}

static int64_t hub_now(void *ctx)
{
    (void)ctx;
    return engine_now_ns();
}

static int64_t hub_wall(void *ctx)
{
    (void)ctx;
    return local_clock_wall();
}

static bool reads(void *ctx, const char *path)
{
    const struct engine *engine = ctx;
    return hub_reads(engine->hub, path);
}

/* An earlier document is given up so that the last one can be written. */
static bool gives_up(bool final)
{
    return final ? stop_signal_is_overdue() : stop_signal_is_asked();
}

static bool make_model(struct engine *e)
{
    const struct options *options = e->options;
    struct swarm_config config = {.max_events = {0, 0}};

    /* A feed file is not a live source and has no default cap. */
    size_t live_cap = e->live ? LIVE_EVENTS : 0;
    config.max_events[POOL_LIVE] = options->max_events_given ? options->max_events : live_cap;
    config.max_events[POOL_FILES] = options->max_events_given ? options->max_events : 0;
    config.prices = price_file_prices(e->prices);
    e->max_live_events = config.max_events[POOL_LIVE];
    e->swarm = swarm_new(e->mem, &config);
    e->tracer = e->swarm != NULL ? tracer_new(e->swarm) : NULL;
    e->log = event_log_new(e->mem, LOG_LINES);
    e->correlator = e->tracer != NULL ? correlator_new(e->swarm, e->tracer) : NULL;
    return e->correlator != NULL && e->log != NULL;
}

/* Keeps the memory back that closing the open spans and writing the document takes. It grows with
   the model. Pages that are not used cost nothing. */
static bool hold_memory(struct engine *engine)
{
    const struct swarm *swarm = engine->swarm;
    size_t spans = (size_t)(swarm_span_end(swarm) - swarm_span_begin(swarm));
    return mem_spare_hold(&engine->spare, SPARE_BYTES + SPARE_SPAN_BYTES * spans);
}

static void changed(void *ctx)
{
    struct engine *e = ctx;
    hold_memory(e);
    if (e->changed != NULL) {
        e->changed(e->ctx);
    }
}

/* Answers `swarmtop status`, which asks over a feed's socket. The figures cost a pass over the
   agents: who asks again and again gets those of a moment ago while the model is the same. */
static void status(void *ctx, struct strbuf *out)
{
    struct engine *e = ctx;
    int64_t now_ns = engine_now_ns();
    bool same = e->status.len > 0 && e->status_revision == swarm_revision(e->swarm) &&
                now_ns - e->status_ns < STATUS_NS;

    if (!same) {
        struct swarm_metrics metrics;
        bool known = metrics_compute_totals(e->swarm, now_ns, &metrics);
        strbuf_clear(&e->status);
        status_bar(e->swarm, known ? &metrics : NULL, now_ns, e->options->no_mask, &e->status);
        engine_clocks(e, "  ", &e->status);
        if (!e->options->no_mask) {
            mask_in_place(&e->status);
        }
        if (known) {
            metrics_release(&metrics);
        }
        e->status_revision = swarm_revision(e->swarm);
        e->status_ns = now_ns;
    }
    if (!e->status.failed) {
        strbuf_add(out, e->status.data, e->status.len);
    }
}

/* Returns false with the reason in *error. */
static bool make_forward(struct engine *e, struct strbuf *error)
{
    struct forward_options forward = {.loop = &e->loop,
                                      .mem = e->mem,
                                      .url = e->options->forward,
                                      .report = engine_report,
                                      .ctx = e};
    if (forward.url != NULL) {
        e->forward = forward_new(&forward, error);
    }
    return forward.url == NULL || e->forward != NULL;
}

static bool make_hub(struct engine *e, const struct engine_config *config)
{
    struct hub_options hub = {
        .swarm = e->swarm,
        .tracer = e->tracer,
        .correlator = e->correlator,
        .log = e->log,
        .tap = engine_journal_tap(e),
        .hook_clients = source_hook_clients,
        .follow = config->follow,
        .follow_clients = engine_sources_listen(e->options),
        .allow_remote = e->options->allow_remote,
        .token = e->token,
        .max_line_bytes = e->options->max_line_bytes,
        .sources = source_rows,
        .settings = e->places.settings,
        .forward = e->forward,
        .since_ns = e->options->since_ns,
        .content = e->options->content,
        .no_mask = e->options->no_mask,
        .version = SWARMTOP_VERSION,
        .ranged = config->ranged,
        .from_ns = config->from_ns,
        .to_ns = config->to_ns,
        .now_ns = hub_now,
        .wall_ns = hub_wall,
        .changed = changed,
        .status = status,
        .ctx = e,
    };
    struct output_config output = {
        .mem = e->mem,
        .options = e->options,
        .ranged = config->ranged,
        .from_ns = config->from_ns,
        .to_ns = config->to_ns,
        .live = e->live,
        .is_source = reads,
        .gives_up = gives_up,
        .report = engine_report,
        .ctx = e,
    };
    e->hub = hub_new(&e->loop, &hub);
    e->output = e->hub != NULL ? output_new(&output) : NULL;
    return e->output != NULL;
}

void engine_log(struct engine *engine, enum log_level level, const char *text)
{
    struct log_entry entry = {.at_ns = engine_now_ns(),
                              .level = level,
                              .session = NO_SESSION,
                              .text = text,
                              .len = strlen(text)};
    event_log_add(engine->log, &entry);
}

void engine_report(void *ctx, enum log_level level, const char *text)
{
    struct engine *engine = ctx;
    engine_log(engine, level, text);
    if (engine->report != NULL) {
        engine->report(engine->ctx, level, text);
    } else {
        console_errorf("%s", text);
    }
}

void engine_refused(struct engine *engine, const struct strbuf *error)
{
    const char *text = error->data != NULL ? error->data : "out of memory";
    engine_log(engine, LOG_LEVEL_ERROR, text);
    console_errorf("%s", text);
}

/* An output that cannot be written is reported at the start, and tried again at the end. */
static void try_output(struct engine *engine, const struct engine_config *config)
{
    struct strbuf error;
    strbuf_init(&error, engine->mem, 0);
    if ((config->keeps || config->options->output != NULL) && !output_try(engine->output, &error)) {
        engine_refused(engine, &error);
    }
    strbuf_release(&error);
}

static bool open_loop(struct engine *engine, struct strbuf *error)
{
    if (loop_start(&engine->loop)) {
        return true;
    }
    strbuf_adds(error, "event loop: cannot create");
    return false;
}

/* Reads the file of --prices, if one is given. */
static bool read_prices(struct engine *engine, struct strbuf *error)
{
    const char *path = engine->options->prices;
    engine->prices = path == NULL ? NULL : price_file_read(path, error);
    return path == NULL || engine->prices != NULL;
}

bool engine_open(struct engine *engine, const struct engine_config *config, struct strbuf *error)
{
    *engine = (struct engine){
        .options = config->options,
        .mem = &engine->spare.mem,
        .live = config->live || engine_sources_live(config->options, config->follow),
        .follow = config->follow,
        .until_end = config->until_end,
        .ranged = config->ranged,
        .tap = config->tap,
        .changed = config->changed,
        .report = config->report,
        .ctx = config->ctx,
    };
    mem_spare_init(&engine->spare, &mem_libc);
    strbuf_init(&engine->printed, engine->mem, 0);
    strbuf_init(&engine->status, engine->mem, 0);
    if (!open_loop(engine, error)) {
        return false;
    }
    if (!output_claim_take(&engine->claim, config->options, error) ||
        !token_file_read(config->options->token_file, &engine->token, error) ||
        !read_prices(engine, error)) {
        output_claim_release(&engine->claim);
        free(engine->token);
        uv_loop_close(&engine->loop);
        return false;
    }
    engine->loop.data = engine;
    bool found = source_places_init(&engine->places, engine->mem, config->options->env.home);
    uv_timer_init(&engine->loop, &engine->for_timer);
    if (found && make_model(engine) && hold_memory(engine)) {
        engine_journal_open(engine, config->keeps);
        if (make_forward(engine, error) && make_hub(engine, config)) {
            try_output(engine, config);
            return true;
        }
    }
    if (error->len == 0) {
        strbuf_adds(error, "out of memory");
    }
    engine_close(engine);
    return false;
}

/* ---- stopping ---- */

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
}

static void on_wake(uv_async_t *wake)
{
    engine_stop(wake->loop->data);
}

static void on_for(uv_timer_t *timer)
{
    engine_stop(timer->loop->data);
}

void engine_obey(struct engine *engine, bool saves)
{
    engine->obeys = uv_async_init(&engine->loop, &engine->wake, on_wake) == 0;
    if (engine->obeys) {
        stop_signal_open(&engine->wake, saves);
    }
    if (engine->options->for_s > 0) {
        uv_timer_start(&engine->for_timer, on_for, (uint64_t)(engine->options->for_s * 1000), 0);
    }
}

void engine_run(struct engine *engine)
{
    stop_signal_set_loop(true);
    while (!engine->stopped &&
           !(engine->until_end && hub_finished(engine->hub) && !recovery_runs(engine->recovery))) {
        if (uv_run(&engine->loop, UV_RUN_ONCE) == 0) {
            break;
        }
    }
    /* Data sent before the signal is still in sockets: one iteration accepts connections, the next
       ones read from them. */
    for (int i = 0; engine->stopped && i < LAST_ITERATIONS; i++) {
        uv_run(&engine->loop, UV_RUN_NOWAIT);
    }
    stop_signal_set_loop(false);
}

/* ---- the end ---- */

bool engine_write(struct engine *engine, bool final, struct strbuf *error)
{
    /* Nothing was read: keep the trace of an earlier run instead of writing an empty one. */
    if ((hub_failed(engine->hub) || engine->lacks_source) &&
        swarm_session_count(engine->swarm) == 0) {
        return true;
    }
    journal_flush(engine->journal); /* the document may take a while */
    return output_write(engine->output, engine->swarm, engine_now_ns(), final, error);
}

bool engine_finish(struct engine *engine)
{
    struct strbuf error;
    bool ok;
    mem_spare_open(&engine->spare);
    strbuf_init(&error, engine->mem, 0);
    recovery_cancel(engine->recovery);
    hub_finish(engine->hub);
    /* For a reader's feed it is the connection that ends, not the sessions. */
    ok = (engine->live && journal_file_serves(engine->options)) || hub_close(engine->hub);
    journal_drain(engine->journal);
    if (!ok) {
        strbuf_adds(&error, "closing open spans: out of memory");
    }
    ok &= engine_write(engine, true, &error);
    if (!ok) {
        console_error(&error);
    }
    strbuf_release(&error);
    engine_journal_end(engine, ok);
    return ok;
}

bool engine_progress(const struct engine *engine, struct source_progress *out)
{
    return hub_progress(engine->hub, out);
}

void engine_stop_reading(struct engine *engine)
{
    hub_stop_reading(engine->hub);
}

const char *engine_address(const struct engine *engine)
{
    for (size_t i = 0; i < hub_source_count(engine->hub); i++) {
        const char *address = hub_bound_address(engine->hub, i);
        if (address != NULL &&
            (strncmp(address, "unix:", 5) == 0 || strncmp(address, "tcp:", 4) == 0)) {
            return address; /* others take no feed */
        }
    }
    return NULL;
}

bool engine_finished(const struct engine *engine)
{
    return hub_finished(engine->hub);
}

void engine_print_paths(const struct engine *engine)
{
    const char *path;
    for (size_t i = 0; (path = output_written(engine->output, i)) != NULL; i++) {
        (void)(console_write(stdout, path, strlen(path), CONSOLE_PATH) &&
               console_write(stdout, "\n", 1, CONSOLE_TEXT));
    }
    fflush(stdout);
}

void engine_close(struct engine *engine)
{
    if (engine->hub != NULL) {
        hub_stop(engine->hub);
    }
    if (engine->forward != NULL) {
        forward_close(engine->forward);
    }
    recovery_cancel(engine->recovery);
    journal_close(engine->journal);
    if (engine->obeys) {
        stop_signal_close();
        uv_close((uv_handle_t *)&engine->wake, NULL);
    }
    uv_close((uv_handle_t *)&engine->for_timer, NULL);
    uv_run(&engine->loop, UV_RUN_DEFAULT);
    if (engine->hub != NULL) {
        hub_free(engine->hub);
    }
    forward_free(engine->forward);
    journal_free(engine->journal);
    recovery_free(engine->recovery);
    uv_loop_close(&engine->loop);
    output_free(engine->output);
    output_claim_release(&engine->claim);
    correlator_free(engine->correlator);
    tracer_free(engine->tracer);
    swarm_free(engine->past);
    swarm_free(engine->swarm);
    event_log_free(engine->log);
    strbuf_release(&engine->printed);
    strbuf_release(&engine->status);
    source_places_release(&engine->places);
    free(engine->token);
    price_file_free(engine->prices);
    mem_spare_release(&engine->spare);
}
