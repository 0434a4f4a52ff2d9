/* otlp:HOST:PORT. This version has POST /hooks, for Claude Code's hooks of the type "http". The
   paths of OTLP are answered with 501 and a line in the log, so that the user who sets up an
   exporter learns why nothing appears. */
#include "ingest/http/otlp_source.h"

#include "ingest/address.h"
#include "ingest/http/hook_peers.h"
#include "ingest/http/http.h"
#include "ingest/source.h"

#include "core/base/json_read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 128, BODY_BYTES = 16 << 20, DEPTH_MAX = 64 };

struct otlp_source {
    struct source source;
    struct http *http;
    struct hook_peers peers;
    struct strbuf address;
    bool warned;
};

static void report_reject(struct otlp_source *otlp, const char *reason, struct slice bytes)
{
    struct reject reject = {
        .where = otlp->source.spec, .reason = reason, .bytes = bytes, .level = LOG_LEVEL_WARNING};
    source_counters_reject(&otlp->source.counters, &reject);
}

/* ---- answers ---- */

/* The client gets 200 even for a payload that is rejected: it would show an error to its user. */
static unsigned take_hook(struct otlp_source *otlp, int fd, struct slice body, const char **text)
{
    struct ingest_ctx *ingest = otlp->source.counters.ingest;
    struct json_value payload;
    (void)text;
    /* A transcript, too, has the wall clock's times. */
    int64_t now_ns = ingest_ctx_now(ingest), wall_ns = ingest_ctx_wall(ingest);
    if (!json_check(body.bytes, body.len, DEPTH_MAX, &payload, NULL)) {
        report_reject(otlp, "/hooks: not JSON", body);
        return 400;
    }
    struct hook_peer peer = {&otlp->peers, fd};
    struct hook_arrival arrival = {.t_ms = (double)(wall_ns / 1000) / 1e3,
                                   .local_ns = now_ns,
                                   .find_sender = hook_peers_find,
                                   .ctx = &peer};
    const char *wrong = hook_take(ingest, "claude", payload, &arrival);
    if (wrong != NULL)
        report_reject(otlp, wrong, body);
    else
        source_counters_accept(&otlp->source.counters);
    ingest->changed = true;
    return 200;
}

static unsigned not_yet(struct otlp_source *otlp, int fd, struct slice body, const char **text)
{
    (void)fd, (void)body;
    *text = "OTLP is not in this version of swarmtop yet; POST /hooks is.\n";
    if (!otlp->warned)
        ingest_ctx_log(otlp->source.counters.ingest, LOG_LEVEL_WARNING,
                       "otlp: telemetry comes in, but OTLP is not in this version yet");
    otlp->warned = true;
    return 501;
}

static const struct {
    const char *path;
    unsigned (*take)(struct otlp_source *otlp, int fd, struct slice body, const char **text);
} paths[] = {
    {"/hooks", take_hook},
    {"/v1/traces", not_yet},
    {"/v1/logs", not_yet},
    {"/v1/metrics", not_yet},
};

static unsigned answer(void *ctx, int fd, const char *path, struct slice body, const char **text)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(path, paths[i].path) == 0)
            return paths[i].take(ctx, fd, body, text);
    *text = "not found\n";
    return 404;
}

static void refused(void *ctx, const char *why)
{
    report_reject(ctx, why, (struct slice){.bytes = NULL});
}

/* ---- the source ---- */

static void handle_closed(void *ctx)
{
    struct otlp_source *otlp = ctx;
    otlp->source.handles--;
}

/* Returns a socket that listens there; -1: errno is set. */
static int listen_at(const struct address *address)
{
    const int yes = 1;
    int fd = socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (const struct sockaddr *)&address->bytes, address->len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static void note_port(struct otlp_source *otlp, int fd)
{
    struct sockaddr_storage bytes;
    socklen_t len = sizeof bytes;
    memset(&bytes, 0, sizeof bytes);
    if (getsockname(fd, (struct sockaddr *)&bytes, &len) == 0)
        address_print("otlp", &bytes, &otlp->address);
}

static bool open_otlp(struct source *source, struct strbuf *error)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    struct address address;
    strbuf_init(&otlp->address, source->counters.ingest->mem, 0);
    hook_peers_init(&otlp->peers, source);
    if (!address_parse_otlp(source->spec, &address, error) ||
        !source_may_bind(source, &address, error))
        return false;
    int fd = listen_at(&address);
    if (fd < 0) {
        source_error(error, source->spec, "cannot listen", strerror(errno));
        return false;
    }
    note_port(otlp, fd);
    struct http_options options = {.loop = hub_loop(source->hub),
                                   .mem = source->counters.ingest->mem,
                                   .token = hub_settings(source->hub)->token,
                                   .max_body = BODY_BYTES,
                                   .answer = answer,
                                   .refused = refused,
                                   .closed = handle_closed,
                                   .ctx = otlp};
    otlp->http = http_new(&options, fd);
    if (otlp->http == NULL) {
        close(fd);
        source_error(error, source->spec, "cannot listen", "the server does not start");
        return false;
    }
    source->handles += HTTP_HANDLES;
    source->listens = true;
    return true;
}

static void close_otlp(struct source *source)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    if (!source->listens)
        return;
    source->listens = false;
    source_finish(source, NULL);
    http_close(otlp->http);
}

static void release_otlp(struct source *source)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    http_free(otlp->http);
    if (otlp->address.mem != NULL)
        strbuf_release(&otlp->address);
}

static const char *bound_address(const struct source *source)
{
    const struct otlp_source *otlp = (const struct otlp_source *)source;
    return source->listens ? otlp->address.data : NULL;
}

const struct source_ops otlp_source_ops = {
    .size = sizeof(struct otlp_source),
    .open = open_otlp,
    .close = close_otlp,
    .release = release_otlp,
    .address = bound_address,
};
