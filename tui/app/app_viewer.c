/* The key O: the trace as it is now, served once in Perfetto's format. The next O replaces it. */
#include "tui/app/app_private.h"

#include "tui/cmd/viewer_trace.h"

#include "ingest/http/serve_once.h"

#include <unistd.h>

void app_close_viewer(struct app *app)
{
    if (app->viewer != NULL) {
        serve_once_close(app->viewer);
        close(app->viewer_fd);
    }
    app->viewer = NULL;
}

static void on_fetched(void *ctx)
{
    struct app *app = ctx;
    app_close_viewer(app);
    view_message(&app->state, false, "Perfetto has fetched the trace");
    app_model_changed(app);
}

/* Shows the link, copies it, and logs it. Over ssh the line that forwards the port is shown after
   it, where there is room, and is in the log too. */
static void show_link(struct app *app, struct strbuf *error)
{
    struct strbuf link, forward;
    strbuf_init(&link, app->engine.mem, 0);
    strbuf_init(&forward, app->engine.mem, 0);
    viewer_trace_link(app->viewer, &app->engine.options->env, &link, &forward);
    if (link.failed || forward.failed) {
        strbuf_adds(error, "out of memory");
    } else {
        bool over_ssh = forward.len > 0;
        bool copied = screen_copy(app->screen, link.data, link.len);
        view_message(&app->state, false, "%s%s%s%s", copied ? "copied: " : "", link.data,
                     over_ssh ? "; first " : "", over_ssh ? forward.data : "");
        if (over_ssh) {
            engine_log(&app->engine, LOG_LEVEL_INFO, forward.data);
        }
        engine_log(&app->engine, LOG_LEVEL_INFO, link.data);
    }
    strbuf_release(&link);
    strbuf_release(&forward);
}

static void serve(struct app *app, struct strbuf *error)
{
    const struct document_options all = {
        .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    const struct engine *engine = &app->engine;
    int fd = viewer_trace_write(engine->swarm, &all, &engine->options->env, error);
    const struct serve_once_options config = {
        .loop = &app->engine.loop,
        .mem = engine->mem,
        .fd = fd,
        .name = "swarm.pftrace",
        .port = viewer_trace_port(engine->options),
        .fetched = on_fetched,
        .ctx = app,
    };
    if (fd < 0) {
        return;
    }
    app->viewer = serve_once_new(&config, error);
    app->viewer_fd = fd;
    if (app->viewer == NULL) {
        close(fd);
    } else {
        show_link(app, error);
    }
}

void app_open_viewer(struct app *app)
{
    struct strbuf error;
    strbuf_init(&error, app->engine.mem, 0);
    app_close_viewer(app);
    if (swarm_session_count(app->engine.swarm) == 0) {
        view_message(&app->state, true, "nothing to open yet");
    } else {
        serve(app, &error);
    }
    if (error.len > 0 || error.failed) {
        view_message(&app->state, true, "%s", error.data != NULL ? error.data : "out of memory");
    }
    strbuf_release(&error);
}
