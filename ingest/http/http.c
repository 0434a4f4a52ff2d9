/* libmicrohttpd runs without a thread and without a listening socket: it keeps the sockets that it
   is given in an epoll descriptor that the loop polls, so requests are taken on the loop. Without
   epoll a timer polls. The meaning of a request is request.c's; this file passes heads, bytes
   and answers between it and the library. */
#include "ingest/http/http.h"

#include "ingest/http/request.h"
#include "ingest/library/microhttpd.h"

#include <string.h>
#include <unistd.h>

enum { IDLE_S = 60, LOOK_MS = 20, HEADER_BYTES = 32 << 10, LIBRARY_CONNECTIONS = 1 << 16 };

struct http {
    struct http_options options;
    struct connection *adding; /* the argument of http_add; NULL: the library has it */
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer; /* for the server's own timeouts: idle connections */
    bool polls;
};

/* ---- connections ---- */

static void notify(void *ctx, struct MHD_Connection *mhd, void **state,
                   enum MHD_ConnectionNotificationCode code)
{
    struct http *http = ctx;
    (void)mhd;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *state = http->adding;
        http->adding = NULL;
    } else if (*state != NULL) {
        connections_remove(http->options.connections, *state);
        *state = NULL;
    }
}

/* NULL: it is not in the list any more. */
static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* The connection is not idle. */
static void touch(struct http *http, struct MHD_Connection *mhd)
{
    struct connection *connection = connection_of(mhd);
    if (connection != NULL) {
        connections_touch(http->options.connections, connection);
    }
}

static void set_busy(struct http *http, struct MHD_Connection *mhd, bool busy)
{
    struct connection *connection = connection_of(mhd);
    if (connection != NULL) {
        connections_set_busy(http->options.connections, connection, busy,
                             uv_now(http->options.loop) + 1);
    }
}

/* ---- requests ---- */

static enum MHD_Result put_headers(struct MHD_Response *response, const struct answer *answer)
{
    enum MHD_Result good = MHD_YES;
    if (answer->type != NULL) {
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    }
    if (answer->again && good == MHD_YES) {
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED && good == MHD_YES) {
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
    }
    return good;
}

static enum MHD_Result finish(struct MHD_Connection *mhd, struct request *request)
{
    struct answer answer;
    enum MHD_Result queued = MHD_NO;
    request_end(request, &answer);
    char none[] = "";
    struct MHD_Response *response =
        answer.body.failed
            ? NULL
            : MHD_create_response_from_buffer(answer.body.len,
                                              answer.body.data != NULL ? answer.body.data : none,
                                              MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        if (put_headers(response, &answer) == MHD_YES) {
            queued = MHD_queue_response(mhd, answer.status, response);
        }
        MHD_destroy_response(response);
    }
    strbuf_release(&answer.body);
    return queued;
}

static const char *header(struct MHD_Connection *mhd, const char *name)
{
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

/* The first line of a request has come; its headers have a time too. Returns the request's state so
   far. */
static void *on_first_line(void *ctx, const char *uri, struct MHD_Connection *mhd)
{
    (void)uri;
    set_busy(ctx, mhd, true);
    return NULL;
}

/* The head has come. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *mhd, const char *path,
                             const char *method, void **state)
{
    struct receiver *receiver = http->options.receiver;
    struct request *request = mem_zalloc(receiver->mem, 1, sizeof *request);
    if (request == NULL) {
        return MHD_NO;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct request_head head = {
        .fd = info != NULL ? info->connect_fd : -1,
        .method = method,
        .path = path,
        .host = header(mhd, MHD_HTTP_HEADER_HOST),
        .origin = header(mhd, MHD_HTTP_HEADER_ORIGIN),
        .authorization = header(mhd, MHD_HTTP_HEADER_AUTHORIZATION),
        .agent = header(mhd, MHD_HTTP_HEADER_USER_AGENT),
        .content_type = header(mhd, MHD_HTTP_HEADER_CONTENT_TYPE),
        .content_encoding = header(mhd, MHD_HTTP_HEADER_CONTENT_ENCODING),
        .content_length = header(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH),
    };
    *state = request;
    bool waits = header(mhd, MHD_HTTP_HEADER_EXPECT) != NULL; /* whether to send the body */
    bool reads = request_begin(request, receiver, &head);
    return reads && !(waits && request->status != 0) ? MHD_YES : finish(mhd, request);
}

static enum MHD_Result take(void *ctx, struct MHD_Connection *mhd, const char *path,
                            const char *method, const char *version, const char *data, size_t *len,
                            void **state)
{
    struct http *http = ctx;
    (void)version;
    touch(http, mhd);
    if (*state == NULL) {
        return begin(http, mhd, path, method, state);
    }
    if (*len > 0) {
        bool more = request_add(*state, data, *len);
        *len = 0;
        return more ? MHD_YES : MHD_NO;
    }
    return finish(mhd, *state);
}

static void completed(void *ctx, struct MHD_Connection *mhd, void **state,
                      enum MHD_RequestTerminationCode how)
{
    struct http *http = ctx;
    (void)how;
    set_busy(http, mhd, false);
    if (*state != NULL) {
        request_release(*state);
        mem_free(http->options.receiver->mem, *state, sizeof(struct request));
        *state = NULL;
    }
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
    if (!http->polls) {
        uv_timer_start(&http->timer, on_timer, LOOK_MS, 0);
    } else if (MHD_get_timeout(http->daemon, &ms) == MHD_YES) {
        uv_timer_start(&http->timer, on_timer, ms, 0);
    } else {
        uv_timer_stop(&http->timer);
    }
}

static bool start(struct http *http)
{
    bool epoll = MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
    http->daemon = MHD_start_daemon(
        MHD_USE_NO_LISTEN_SOCKET | (epoll ? MHD_USE_EPOLL : MHD_NO_FLAG), 0, NULL, NULL, take, http,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, on_first_line, http, MHD_OPTION_NOTIFY_COMPLETED, completed,
        http, MHD_OPTION_NOTIFY_CONNECTION, notify, http, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        epoll && http->daemon != NULL ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                                      : NULL;
    http->polls = info != NULL && info->epoll_fd >= 0;
    if (http->polls) {
        /* It cannot fail with a valid descriptor. */
        uv_poll_init(http->options.loop, &http->poll, info->epoll_fd);
    }
    return http->daemon != NULL;
}

struct http *http_new(const struct http_options *options)
{
    struct http *http = mem_zalloc(options->receiver->mem, 1, sizeof *http);
    if (http == NULL) {
        return NULL;
    }
    http->options = *options;
    if (!start(http)) {
        mem_free(options->receiver->mem, http, sizeof *http);
        return NULL;
    }
    uv_timer_init(options->loop, &http->timer);
    http->poll.data = http->timer.data = http;
    *options->handles += 1 + http->polls;
    if (http->polls) {
        uv_poll_start(&http->poll, UV_READABLE, on_poll);
    }
    return http;
}

void http_add(struct http *http, struct connection *connection, const struct sockaddr *peer,
              socklen_t peer_len)
{
    http->adding = connection;
    bool added = MHD_add_connection(http->daemon, connection->fd, peer, peer_len) == MHD_YES;
    /* The library has closed the socket then. */
    if (!added && http->adding != NULL) {
        connections_remove(http->options.connections, connection);
    }
    if (added) { /* its first bytes have come */
        connections_set_busy(http->options.connections, connection, true,
                             uv_now(http->options.loop) + 1);
    }
    http->adding = NULL;
    serve(http);
}

static void handle_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    --*http->options.handles;
}

void http_close(struct http *http)
{
    if (http->polls) {
        uv_close((uv_handle_t *)&http->poll, handle_closed);
    }
    uv_close((uv_handle_t *)&http->timer, handle_closed);
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}

void http_free(struct http *http)
{
    if (http != NULL) {
        mem_free(http->options.receiver->mem, http, sizeof *http);
    }
}
