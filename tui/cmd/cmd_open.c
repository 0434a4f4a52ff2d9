/* The command open: serves one trace once on loopback, for the browser that opens the printed link.
   A file that the browser cannot read is converted first: it gets what `record` would write. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/loop_start.h"
#include "tui/cmd/stop_signal.h"
#include "tui/cmd/viewer_trace.h"
#include "tui/screen/console.h"

#include "ingest/http/serve_once.h"
#include "ingest/http/viewer_file.h"
#include "ingest/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct opening {
    uv_loop_t loop;
    uv_async_t wake; /* sent by the first signal */
    struct serve_once *serve;
    bool fetched;
};

/* ---- the trace ---- */

static void add_not_fetched(const struct options *options, struct strbuf *error)
{
    sources_put_shown(options->arguments[0], error);
    strbuf_adds(error, ": ended before it was fetched");
}

/* Reads the source as `record` does. Returns the descriptor of its document; -1: reported. *status
   becomes 1 where a part could not be read, which is reported. */
static int convert(const struct options *options, int *status, struct strbuf *error)
{
    const struct document_options all = {
        .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    int fd = -1;
    struct engine *engine = engine_read_all(options, status);
    if (engine == NULL) {
        return -1;
    }
    if (stop_signal_is_asked()) {
        add_not_fetched(options, error);
    } else if (swarm_session_count(engine->swarm) == 0) {
        sources_put_shown(options->arguments[0], error);
        strbuf_adds(error, ": no trace in it");
    } else {
        fd = viewer_trace_write(engine->swarm, &all, &options->env, error);
    }
    engine_delete(engine);
    return fd;
}

/* Opens the argument, or its document; appends the name that it is served by. Returns -1 with the
   reason in *error; empty: it was printed. */
static int open_trace(const struct options *options, struct strbuf *name, int *status,
                      struct strbuf *error)
{
    const char *path = options->arguments[0];
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    serve_once_name(path, name);
    if (fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && viewer_file_reads(fd)) {
        return fd;
    }
    int why = errno;
    if (fd >= 0) {
        close(fd);
    } else if (strchr(path, ':') == NULL) { /* else a source of another kind */
        strbuf_addf(error, "%s: cannot be read: %s", path, strerror(why));
        return -1;
    }
    strbuf_adds(name, ".pftrace");
    return convert(options, status, error);
}

/* ---- serving ---- */

static void on_wake(uv_async_t *wake)
{
    uv_stop(wake->loop);
}

static void on_fetched(void *ctx)
{
    struct opening *opening = ctx;
    opening->fetched = true;
    uv_stop(&opening->loop);
}

/* Prints the link on stdout, and what to do with it on stderr. */
static bool print_link(const struct opening *opening, const struct environment *env,
                       struct strbuf *error)
{
    struct strbuf link, forward;
    unsigned port = serve_once_port(opening->serve);
    strbuf_init(&link, &mem_libc, 0);
    strbuf_init(&forward, &mem_libc, 0);
    viewer_trace_link(opening->serve, env, &link, &forward);
    strbuf_addc(&link, '\n');
    if (forward.len > 0) {
        console_notef("On the machine of your browser: %s\n", forward.data);
    } else if (port != SERVE_ONCE_PORT) {
        console_notef("ui.perfetto.dev reads port %d alone: forward it to %u.\n", SERVE_ONCE_PORT,
                      port);
    }
    console_notef("Open this link; the trace is served once. C-c ends.\n");
    bool printed = console_print(&link, CONSOLE_TEXT, error);
    strbuf_release(&link);
    strbuf_release(&forward);
    return printed;
}

/* Returns whether it was fetched; false: *error has the reason. */
static bool serve(struct opening *opening, const struct options *options, int fd, const char *name,
                  struct strbuf *error)
{
    const struct serve_once_options config = {
        .loop = &opening->loop,
        .mem = &mem_libc,
        .fd = fd,
        .name = name,
        .port = viewer_trace_port(options),
        .fetched = on_fetched,
        .ctx = opening,
    };
    opening->serve = serve_once_new(&config, error);
    if (opening->serve == NULL) {
        return false;
    }
    bool printed = print_link(opening, &options->env, error);
    if (printed && !stop_signal_is_asked()) {
        stop_signal_set_loop(true);
        uv_run(&opening->loop, UV_RUN_DEFAULT);
        stop_signal_set_loop(false);
    }
    if (opening->fetched) {
        console_notef("fetched\n");
    } else if (printed) {
        add_not_fetched(options, error);
    }
    serve_once_close(opening->serve);
    return opening->fetched;
}

static bool serve_on_loop(const struct options *options, int fd, const char *name,
                          struct strbuf *error)
{
    struct opening opening = {.fetched = false};
    if (!loop_start(&opening.loop)) {
        strbuf_adds(error, "out of memory");
        return false;
    }
    bool good = uv_async_init(&opening.loop, &opening.wake, on_wake) == 0;
    if (good) {
        stop_signal_open(&opening.wake, false);
        good = serve(&opening, options, fd, name, error);
        stop_signal_close();
        uv_close((uv_handle_t *)&opening.wake, NULL);
    } else {
        strbuf_adds(error, "out of memory");
    }
    uv_run(&opening.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&opening.loop);
    return good;
}

int cmd_open(const struct options *options)
{
    struct strbuf error, name;
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&name, &mem_libc, 0);
    int status = 0, fd = open_trace(options, &name, &status, &error);
    if (name.failed && error.len == 0) {
        strbuf_adds(&error, "out of memory");
    }
    bool good = fd >= 0 && !name.failed && serve_on_loop(options, fd, name.data, &error);
    if (!good && (error.len > 0 || error.failed)) {
        console_error(&error);
    }
    if (fd >= 0) {
        close(fd);
    }
    strbuf_release(&error);
    strbuf_release(&name);
    return good ? status : 1;
}
