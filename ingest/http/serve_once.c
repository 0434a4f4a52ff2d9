/* One libmicrohttpd on the loop, as http.c has it, but with a listening socket and no bodies. A
   fetch is complete when the library has passed all bytes to the system. */
#include "ingest/http/serve_once.h"

#include "core/base/ascii.h"
#include "ingest/ingest_ctx.h"
#include "ingest/library/microhttpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERFETTO_ORIGIN "https://ui.perfetto.dev"

enum {
    IDLE_S = 60,
    LOOK_MS = 20,
    CONNECTIONS = 32,
    BACKLOG = 8,
    HEADER_BYTES = 16 << 10,
    SECRET_BYTES = 16
};

struct serve_once {
    struct serve_once_options options;
    struct strbuf path; /* a secret and the name, as a request and the link have them: /HEX/NAME */
    uint64_t size;
    unsigned port;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer; /* for the library's timeouts */
    unsigned handles;
    bool polls, whole, reported;
};

/* The state of a request whose answer is the file. */
static char is_file;

/* ---- what is asked for ---- */

static const char *header(struct MHD_Connection *mhd, const char *name)
{
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; host != NULL && i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return false;
}

/* A page of another origin has an Origin, or is named as such by its browser. */
static bool is_let_in(struct MHD_Connection *mhd)
{
    const char *origin = header(mhd, MHD_HTTP_HEADER_ORIGIN);
    const char *site = header(mhd, "Sec-Fetch-Site");
    bool other = site != NULL && strcmp(site, "none") != 0 && strcmp(site, "same-origin") != 0;
    return is_loopback(header(mhd, MHD_HTTP_HEADER_HOST)) &&
           (origin != NULL ? strcmp(origin, PERFETTO_ORIGIN) == 0 : !other);
}

/* ---- answers ---- */

static bool put_headers(struct MHD_Response *response, const char *const headers[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES) {
            return false;
        }
    }
    return true;
}

static enum MHD_Result answer(struct MHD_Connection *mhd, unsigned status,
                              struct MHD_Response *response)
{
    static const char *const allowed[][2] = {
        {"Access-Control-Allow-Origin", PERFETTO_ORIGIN},
        {"Vary", "Origin"},
        {"Cache-Control", "no-store"},
        {"Cross-Origin-Resource-Policy", "same-origin"}, /* of requests without CORS */
        {"X-Content-Type-Options", "nosniff"},
    };
    enum MHD_Result queued = MHD_NO;
    if (response == NULL) {
        return MHD_NO;
    }
    bool refused = status == MHD_HTTP_FORBIDDEN;
    if (refused || put_headers(response, allowed, sizeof allowed / sizeof *allowed)) {
        queued = MHD_queue_response(mhd, status, response);
    }
    MHD_destroy_response(response);
    return queued;
}

static struct MHD_Response *text(const char *words)
{
    /* The library does not write there; its pointer is not const. */
    return MHD_create_response_from_buffer(strlen(words), (void *)(uintptr_t)words,
                                           MHD_RESPMEM_PERSISTENT);
}

/* The browser asks whether a page of a public address may fetch from this machine. */
static enum MHD_Result answer_preflight(struct MHD_Connection *mhd)
{
    static const char *const methods[][2] = {{"Access-Control-Allow-Methods", "GET, HEAD"},
                                             {"Access-Control-Allow-Headers", "*"}};
    static const char *const private[][2] = {{"Access-Control-Allow-Private-Network", "true"}};
    struct MHD_Response *response = text("");
    bool asks = header(mhd, "Access-Control-Request-Private-Network") != NULL;
    if (response != NULL &&
        (!put_headers(response, methods, 2) || (asks && !put_headers(response, private, 1)))) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return answer(mhd, MHD_HTTP_NO_CONTENT, response);
}

static enum MHD_Result answer_file(struct serve_once *serve, struct MHD_Connection *mhd,
                                   const char *method, void **state)
{
    static const char *const type[][2] = {{"Content-Type", "application/octet-stream"}};
    int fd = dup(serve->options.fd); /* the library closes it */
    struct MHD_Response *response =
        fd < 0 ? NULL : MHD_create_response_from_fd_at_offset64(serve->size, fd, 0);
    if (response == NULL && fd >= 0) {
        close(fd);
    }
    if (response != NULL && !put_headers(response, type, 1)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    *state = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ? &is_file : *state;
    return answer(mhd, MHD_HTTP_OK, response);
}

static enum MHD_Result take(void *ctx, struct MHD_Connection *mhd, const char *path,
                            const char *method, const char *version, const char *data, size_t *len,
                            void **state)
{
    static char seen;
    struct serve_once *serve = ctx;
    (void)version, (void)data;
    if (*state == NULL) { /* the head: an answer now would close the connection */
        *state = &seen;
        return MHD_YES;
    }
    if (*len > 0) { /* a body is of no interest */
        *len = 0;
        return MHD_YES;
    }
    if (!is_let_in(mhd)) {
        return answer(mhd, MHD_HTTP_FORBIDDEN,
                      text("swarmtop: only " PERFETTO_ORIGIN " may read this\n"));
    }
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0) {
        return answer_preflight(mhd);
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return answer(mhd, MHD_HTTP_METHOD_NOT_ALLOWED, text("swarmtop: GET, HEAD or OPTIONS\n"));
    }
    if (!ingest_ctx_same_secret((struct slice){path, strlen(path)}, serve->path.data)) {
        return answer(mhd, MHD_HTTP_NOT_FOUND, text("swarmtop: there is one trace here\n"));
    }
    return answer_file(serve, mhd, method, state);
}

static void completed(void *ctx, struct MHD_Connection *mhd, void **state,
                      enum MHD_RequestTerminationCode how)
{
    struct serve_once *serve = ctx;
    (void)mhd;
    if (*state == &is_file && how == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        serve->whole = true;
    }
    *state = NULL;
}

/* ---- on the loop ---- */

static void run(struct serve_once *serve);

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    run(poll->data);
}

static void run(struct serve_once *serve)
{
    MHD_UNSIGNED_LONG_LONG ms;
    MHD_run(serve->daemon);
    if (serve->whole && !serve->reported) {
        serve->reported = true;
        serve->options.fetched(serve->options.ctx); /* may close it */
        return;
    }
    if (!serve->polls) {
        uv_timer_start(&serve->timer, on_timer, LOOK_MS, 0);
    } else if (MHD_get_timeout(serve->daemon, &ms) == MHD_YES) {
        uv_timer_start(&serve->timer, on_timer, ms, 0);
    } else {
        uv_timer_stop(&serve->timer);
    }
}

/* Returns a socket that listens on loopback; -1: errno is set. */
static int listen_at_port(struct serve_once *serve)
{
    const int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)serve->options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (const struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        serve->port = ntohs(address.sin_port);
        return fd;
    }
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return -1;
}

static bool start(struct serve_once *serve, int fd)
{
    bool epoll = MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
    serve->daemon = MHD_start_daemon(
        epoll ? MHD_USE_EPOLL : MHD_NO_FLAG, 0, NULL, NULL, take, serve, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, completed, serve, MHD_OPTION_END);
    if (serve->daemon == NULL) {
        close(fd);
        return false;
    }
    const union MHD_DaemonInfo *info =
        epoll ? MHD_get_daemon_info(serve->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    serve->polls = info != NULL && info->epoll_fd >= 0;
    uv_timer_init(serve->options.loop, &serve->timer);
    serve->timer.data = serve->poll.data = serve;
    serve->handles = 1;
    if (serve->polls) {
        uv_poll_init(serve->options.loop, &serve->poll, info->epoll_fd);
        serve->poll.data = serve;
        serve->handles++;
        uv_poll_start(&serve->poll, UV_READABLE, on_poll);
    }
    run(serve);
    return true;
}

static void release(struct serve_once *serve)
{
    const struct mem *mem = serve->options.mem;
    strbuf_release(&serve->path);
    mem_free(mem, serve, sizeof *serve);
}

static void put_trouble(const struct serve_once *serve, int why, struct strbuf *error)
{
    strbuf_addf(error, "127.0.0.1:%u: cannot listen: %s", serve->options.port, strerror(why));
    if (why == EADDRINUSE) {
        strbuf_addf(error,
                    "; end what serves there, or choose --port (ui.perfetto.dev reads %d alone)",
                    SERVE_ONCE_PORT);
    }
}

/* Every user of this machine may connect, but only who was given the link knows the path. Returns
   false: *error has the reason. */
static bool make_path(struct serve_once *serve, const char *name, struct strbuf *error)
{
    unsigned char secret[SECRET_BYTES];
    int trouble = uv_random(NULL, NULL, secret, sizeof secret, 0, NULL);
    if (trouble != 0) {
        strbuf_addf(error, "no random bytes for the link: %s", uv_strerror(trouble));
        return false;
    }
    strbuf_addc(&serve->path, '/');
    for (size_t i = 0; i < sizeof secret; i++) {
        strbuf_addf(&serve->path, "%02x", secret[i]);
    }
    strbuf_addf(&serve->path, "/%s", name);
    if (serve->path.failed) {
        strbuf_adds(error, "out of memory");
    }
    return !serve->path.failed;
}

static bool listen_and_start(struct serve_once *serve, struct strbuf *error)
{
    int fd = listen_at_port(serve);
    if (fd < 0) {
        put_trouble(serve, errno, error);
    } else if (!start(serve, fd)) {
        strbuf_adds(error, "out of memory");
    } else {
        return true;
    }
    return false;
}

struct serve_once *serve_once_new(const struct serve_once_options *options, struct strbuf *error)
{
    struct serve_once *serve = mem_zalloc(options->mem, 1, sizeof *serve);
    struct stat file;
    if (serve == NULL) {
        strbuf_adds(error, "out of memory");
        return NULL;
    }
    serve->options = *options;
    serve->options.name = NULL;
    strbuf_init(&serve->path, options->mem, 0);
    const char *missing = library_load(&mhd_library);
    if (missing != NULL) {
        strbuf_adds(error, missing);
        release(serve);
        return NULL;
    }
    serve->size = fstat(options->fd, &file) == 0 ? (uint64_t)file.st_size : 0;
    if (make_path(serve, options->name, error) && listen_and_start(serve, error)) {
        return serve;
    }
    release(serve);
    return NULL;
}

unsigned serve_once_port(const struct serve_once *serve)
{
    return serve->port;
}

void serve_once_link(const struct serve_once *serve, unsigned port, struct strbuf *out)
{
    strbuf_addf(out, PERFETTO_ORIGIN "/#!/?url=http://127.0.0.1:%u%s", port, serve->path.data);
}

void serve_once_name(const char *path, struct strbuf *out)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t from = out->len;
    for (; *name != '\0'; name++) {
        bool plain = ascii_is_digit(*name) || (*name >= 'a' && *name <= 'z') ||
                     (*name >= 'A' && *name <= 'Z') || strchr("._-", *name) != NULL;
        strbuf_addc(out, plain && !(*name == '.' && out->len == from) ? *name : '_');
    }
    if (out->len == from) {
        strbuf_adds(out, "trace");
    }
}

static void handle_closed(uv_handle_t *handle)
{
    struct serve_once *serve = handle->data;
    if (--serve->handles == 0) {
        release(serve);
    }
}

void serve_once_close(struct serve_once *serve)
{
    if (serve == NULL) {
        return;
    }
    if (serve->polls) {
        uv_close((uv_handle_t *)&serve->poll, handle_closed);
    }
    uv_close((uv_handle_t *)&serve->timer, handle_closed);
    MHD_stop_daemon(serve->daemon);
    serve->daemon = NULL;
}
