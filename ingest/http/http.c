/* libmicrohttpd runs without a thread: it keeps its sockets in an epoll descriptor that the loop
   polls, so requests are taken on the loop. Without epoll a timer polls. A body is collected up
   to its limit before the request is answered; a refusal does not wait for it.

   Connections are in a list, the one that was idle longest first. When there are many, that one
   is shut down, so a new client is always served. The library stops listening at its own limit and
   looks again only when it runs: it runs once more after each connection that ended. */
#include "ingest/http/http.h"

#include "core/base/strbuf.h"
#include "ingest/ingest_ctx.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 1000,
    CONNECTIONS_MIN = 8,
    SPARE_CONNECTIONS = 4,       /* so many below the limit the idle ones are shut down */
    ALL_BODIES_BYTES = 24 << 20, /* of all requests that are incomplete */
    IDLE_S = 60,
    LOOK_MS = 20,
    HEADER_BYTES = 32 << 10
};

/* A connection, with its place in the list. */
struct connection {
    struct connection *prev, *next;
    int fd;
    bool shut;
};

struct http {
    struct http_options options;
    struct connection idle; /* the list's head: next is the one idle longest */
    size_t connections, limit;
    size_t body_bytes; /* of all incomplete requests */
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer; /* for the server's own timeouts: idle connections */
    bool polls;
};

/* A request whose body is incomplete. */
struct exchange {
    struct http *http;
    struct strbuf body;
    bool too_large;
    bool too_much; /* together with the others */
};

/* ---- connections ---- */

static void unlink_connection(struct connection *connection)
{
    connection->prev->next = connection->next;
    connection->next->prev = connection->prev;
}

static void link_last(struct http *http, struct connection *connection)
{
    connection->prev = http->idle.prev;
    connection->next = &http->idle;
    http->idle.prev->next = connection;
    http->idle.prev = connection;
}

/* Shuts down the connection that was idle longest; the library then closes it. */
static void shut_idle(struct http *http)
{
    struct connection *oldest = http->idle.next;
    while (oldest != &http->idle && oldest->shut) {
        oldest = oldest->next;
    }
    if (oldest != &http->idle) {
        oldest->shut = true;
        (void)shutdown(oldest->fd, SHUT_RDWR);
    }
}

static void notify(void *ctx, struct MHD_Connection *mhd, void **state,
                   enum MHD_ConnectionNotificationCode code)
{
    struct http *http = ctx;
    struct connection *connection = *state;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        http->connections--;
        if (connection != NULL) {
            unlink_connection(connection);
            mem_free(http->options.mem, connection, sizeof *connection);
        }
        *state = NULL;
        return;
    }
    http->connections++;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    connection = info == NULL ? NULL : mem_zalloc(http->options.mem, 1, sizeof *connection);
    if (connection != NULL) {
        connection->fd = info->connect_fd;
        link_last(http, connection);
    }
    *state = connection;
    if (http->connections + SPARE_CONNECTIONS > http->limit) {
        shut_idle(http);
    }
}

/* The connection is not idle. */
static void touch(struct http *http, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info == NULL ? NULL : info->socket_context;
    if (connection != NULL) {
        unlink_connection(connection);
        link_last(http, connection);
    }
}

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    /* The library does not write to it. */
    union {
        const char *text;
        void *buffer;
    } body = {.text = text == NULL ? "" : text};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body.text), body.buffer, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct http *http, struct MHD_Connection *connection, unsigned status,
                              const char *why)
{
    http->options.refused(http->options.ctx, why);
    return answer(connection, status, why);
}

static bool has_token(const struct http *http, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *value =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (value == NULL || strncmp(value, scheme, sizeof scheme - 1) != 0)
        return false;
    value += sizeof scheme - 1;
    struct slice token = {.bytes = value, .len = strlen(value)};
    return ingest_ctx_same_secret(token, http->options.token);
}

static bool announces_too_much(const struct http *http, struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > http->options.max_body;
}

/* Returns whether the Host of the request is this machine, as the socket is bound to loopback
   without a token. A token is proof enough. */
static bool has_own_host(const struct http *http, struct MHD_Connection *connection)
{
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (http->options.token != NULL)
        return true;
    if (host == NULL)
        return false;
    bool bracket = host[0] == '[';
    size_t len = bracket ? strcspn(host, "]") : strcspn(host, ":");
    struct in_addr address;
    char name[INET6_ADDRSTRLEN];
    snprintf(name, sizeof name, "%.*s", (int)(bracket ? len - 1 : len), bracket ? host + 1 : host);
    return inet_pton(AF_INET, name, &address) == 1
               ? ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET
               : strcmp(name, "::1") == 0 || strcasecmp(name, "localhost") == 0;
}

/* The headers have come. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
                             const char *method, void **state)
{
    if (http->options.token != NULL && !has_token(http, connection))
        return refuse(http, connection, MHD_HTTP_UNAUTHORIZED, "refused: no token, or a wrong one");
    if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN) != NULL)
        return refuse(http, connection, MHD_HTTP_FORBIDDEN, "refused: sent by a web page");
    if (!has_own_host(http, connection))
        return refuse(http, connection, MHD_HTTP_FORBIDDEN, "refused: sent to another host's name");
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST alone is taken here\n");
    if (announces_too_much(http, connection))
        return refuse(http, connection, MHD_HTTP_CONTENT_TOO_LARGE, "refused: too large");
    struct exchange *exchange = mem_zalloc(http->options.mem, 1, sizeof *exchange);
    if (exchange == NULL)
        return MHD_NO;
    exchange->http = http;
    strbuf_init(&exchange->body, http->options.mem, http->options.max_body);
    *state = exchange;
    return MHD_YES;
}

static void drop_body(struct exchange *exchange)
{
    exchange->http->body_bytes -= exchange->body.len;
    strbuf_release(&exchange->body);
}

static void take_body(struct exchange *exchange, const char *data, size_t len)
{
    struct http *http = exchange->http;
    if (exchange->too_large || exchange->too_much) {
        return;
    }
    size_t had = exchange->body.len;
    exchange->too_much = len > ALL_BODIES_BYTES - http->body_bytes;
    if (!exchange->too_much) {
        strbuf_add(&exchange->body, data, len);
    }
    http->body_bytes += exchange->body.len - had;
    exchange->too_large = exchange->body.failed;
    if (exchange->too_much || exchange->too_large) {
        drop_body(exchange);
    }
}

static enum MHD_Result request(void *ctx, struct MHD_Connection *connection, const char *path,
                               const char *method, const char *version, const char *data,
                               size_t *len, void **state)
{
    struct http *http = ctx;
    struct exchange *exchange = *state;
    (void)version;
    touch(http, connection);
    if (exchange == NULL)
        return begin(http, connection, method, state);
    if (*len > 0) {
        take_body(exchange, data, *len);
        *len = 0;
        return MHD_YES;
    }
    if (exchange->too_much)
        return refuse(http, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "refused: too many at once");
    if (exchange->too_large)
        return refuse(http, connection, MHD_HTTP_CONTENT_TOO_LARGE, "refused: too large");
    struct slice body = {.bytes = exchange->body.data == NULL ? "" : exchange->body.data,
                         .len = exchange->body.len};
    const char *text = NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info == NULL ? -1 : info->connect_fd;
    unsigned status = http->options.answer(http->options.ctx, fd, path, body, &text);
    return answer(connection, status, text);
}

static void completed(void *ctx, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *state;
    (void)ctx, (void)connection, (void)how;
    if (exchange == NULL)
        return;
    drop_body(exchange);
    mem_free(exchange->http->options.mem, exchange, sizeof *exchange);
    *state = NULL;
}

/* ---- on the loop ---- */

static void serve(struct http *http);

static void on_timer(uv_timer_t *timer)
{
    serve(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    serve(poll->data);
}

static void serve(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG ms;
    size_t before;
    do {
        before = http->connections;
        MHD_run(http->daemon);
    } while (http->connections < before);
    if (!http->polls)
        uv_timer_start(&http->timer, on_timer, LOOK_MS, 0);
    else if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
        uv_timer_start(&http->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&http->timer);
}

/* Half of the descriptors are for others. */
static size_t connection_limit(void)
{
    long half = sysconf(_SC_OPEN_MAX) / 2;
    return half <= 0 || half > CONNECTIONS ? CONNECTIONS
           : half < CONNECTIONS_MIN        ? CONNECTIONS_MIN
                                           : (size_t)half;
}

static bool start(struct http *http, int fd)
{
    bool epoll = MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
    http->daemon = MHD_start_daemon(
        epoll ? MHD_USE_EPOLL : MHD_NO_FLAG, 0, NULL, NULL, request, http, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)http->limit, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, completed, http, MHD_OPTION_NOTIFY_CONNECTION, notify, http,
        MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        epoll && http->daemon != NULL ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                                      : NULL;
    http->polls = info != NULL && info->epoll_fd >= 0;
    return http->daemon != NULL;
}

struct http *http_new(const struct http_options *options, int fd)
{
    struct http *http = mem_zalloc(options->mem, 1, sizeof *http);
    if (http == NULL)
        return NULL;
    http->options = *options;
    http->idle.prev = http->idle.next = &http->idle;
    http->limit = connection_limit();
    if (!start(http, fd)) {
        mem_free(options->mem, http, sizeof *http);
        return NULL;
    }
    int look_at = fd;
    if (http->polls)
        look_at = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    /* It cannot fail with a valid descriptor. */
    uv_poll_init(options->loop, &http->poll, look_at);
    uv_timer_init(options->loop, &http->timer);
    http->poll.data = http->timer.data = http;
    uv_poll_start(&http->poll, UV_READABLE, on_poll);
    serve(http);
    return http;
}

static void handle_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    http->options.closed(http->options.ctx);
}

void http_close(struct http *http)
{
    uv_close((uv_handle_t *)&http->poll, handle_closed);
    uv_close((uv_handle_t *)&http->timer, handle_closed);
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}

void http_free(struct http *http)
{
    if (http != NULL)
        mem_free(http->options.mem, http, sizeof *http);
}
