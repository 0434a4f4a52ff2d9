/* libmicrohttpd runs without a thread: it keeps its sockets in an epoll descriptor that the loop
   polls, so requests are taken on the loop. Without epoll a timer polls. A body is collected up
   to its limit before the request is answered; a refusal does not wait for it. */
#include "ingest/http/http.h"

#include "core/base/strbuf.h"
#include "ingest/ingest_ctx.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 64, IDLE_S = 60, LOOK_MS = 20, HEADER_BYTES = 32 << 10 };

struct http {
    struct http_options options;
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
};

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

/* The headers have come. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
                             const char *method, void **state)
{
    if (http->options.token != NULL && !has_token(http, connection))
        return refuse(http, connection, MHD_HTTP_UNAUTHORIZED, "refused: no token, or a wrong one");
    if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN) != NULL)
        return refuse(http, connection, MHD_HTTP_FORBIDDEN, "refused: sent by a web page");
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

static enum MHD_Result request(void *ctx, struct MHD_Connection *connection, const char *path,
                               const char *method, const char *version, const char *data,
                               size_t *len, void **state)
{
    struct http *http = ctx;
    struct exchange *exchange = *state;
    (void)version;
    if (exchange == NULL)
        return begin(http, connection, method, state);
    if (*len > 0) {
        strbuf_add(&exchange->body, data, *len);
        exchange->too_large |= exchange->body.failed;
        *len = 0;
        return MHD_YES;
    }
    if (exchange->too_large)
        return refuse(http, connection, MHD_HTTP_CONTENT_TOO_LARGE, "refused: too large");
    struct slice body = {.bytes = exchange->body.data == NULL ? "" : exchange->body.data,
                         .len = exchange->body.len};
    const char *text = NULL;
    unsigned status = http->options.answer(http->options.ctx, path, body, &text);
    return answer(connection, status, text);
}

static void completed(void *ctx, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *state;
    (void)ctx, (void)connection, (void)how;
    if (exchange == NULL)
        return;
    strbuf_release(&exchange->body);
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
    MHD_run(http->daemon);
    if (!http->polls)
        uv_timer_start(&http->timer, on_timer, LOOK_MS, 0);
    else if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
        uv_timer_start(&http->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&http->timer);
}

static bool start(struct http *http, int fd)
{
    bool epoll = MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
    http->daemon = MHD_start_daemon(
        epoll ? MHD_USE_EPOLL : MHD_NO_FLAG, 0, NULL, NULL, request, http, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, completed, http, MHD_OPTION_END);
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
