/* A client has its socket, polled, and its session. Bytes for it are gathered, so that one send has
   the frames of an answer; while it does not take them it is not read either, so nothing grows. A
   client may be idle for ever (gRPC keeps one connection open), but like all it is in the list of
   connections, which is bounded; a call must end in time. */
#include "ingest/http/grpc.h"

#ifdef HAVE_NGHTTP2

#include "core/base/strbuf.h"
#include "ingest/http/grpc_session.h"
#include "ingest/library/nghttp2.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, SEND_BYTES = 16 << 10, READS = 16 /* in one iteration */ };

struct client {
    uv_poll_t poll;
    struct grpc *grpc;
    struct client *prev, *next;
    struct connection *connection;
    struct grpc_session *session;
    struct strbuf out;
    uint64_t closed; /* calls that have ended */
    bool sending;    /* the socket is polled for room */
};

struct grpc {
    struct grpc_options options;
    struct client *clients;
    char buffer[READ_BYTES];
};

static void on_event(uv_poll_t *poll, int status, int events);

/* ---- the end of a client ---- */

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    --*client->grpc->options.handles;
    mem_free(client->grpc->options.receiver->mem, client, sizeof *client);
}

static void close_client(struct client *client)
{
    struct grpc *grpc = client->grpc;
    *(client->prev != NULL ? &client->prev->next : &grpc->clients) = client->next;
    if (client->next != NULL) {
        client->next->prev = client->prev;
    }
    uv_poll_stop(&client->poll);
    uv_close((uv_handle_t *)&client->poll, client_closed);
    close(client->connection->fd);
    connections_remove(grpc->options.connections, client->connection);
    grpc_session_free(client->session);
    strbuf_release(&client->out);
}

/* ---- bytes ---- */

/* Sends what is gathered. Returns false if the client is gone. */
static bool send_gathered(struct client *client)
{
    ssize_t len = send(client->connection->fd, client->out.data, client->out.len,
                       MSG_DONTWAIT | MSG_NOSIGNAL);
    if (len < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    strbuf_eat(&client->out, (size_t)len);
    return true;
}

/* Sends the session's bytes, as far as the socket takes them. Returns false if the client is
   gone. */
static bool flush(struct client *client)
{
    struct slice bytes;
    for (;;) {
        while (client->out.len < SEND_BYTES && grpc_session_next(client->session, &bytes)) {
            strbuf_add(&client->out, bytes.bytes, bytes.len);
        }
        size_t had = client->out.len;
        if (client->out.failed || (had > 0 && !send_gathered(client))) {
            return false;
        }
        if (client->out.len > 0 || had == 0) {
            return true;
        }
    }
}

/* Returns false if the client is gone. */
static bool take(struct client *client)
{
    struct grpc *grpc = client->grpc;
    for (int i = 0; i < READS && client->out.len == 0; i++) {
        ssize_t len = recv(client->connection->fd, grpc->buffer, sizeof grpc->buffer, MSG_DONTWAIT);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (len <= 0) {
            return false;
        }
        connections_touch(grpc->options.connections, client->connection);
        bool good = grpc_session_take(client->session, grpc->buffer, (size_t)len);
        /* An error's GOAWAY goes out, too. */
        if (!flush(client) || !good) {
            return false;
        }
    }
    return true;
}

static void wait_for_events(struct client *client)
{
    client->sending = client->out.len > 0;
    uv_poll_start(&client->poll, client->sending ? UV_WRITABLE : UV_READABLE, on_event);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct client *client = poll->data;
    bool was_sending = client->sending;
    (void)events;
    bool good = status == 0 && (was_sending ? flush(client) : take(client));
    if (good) {
        uint64_t closed = grpc_session_closed(client->session);
        if (closed !=
            client->closed) { /* it gets on, though other calls may have begun meanwhile */
            connections_set_busy(client->grpc->options.connections, client->connection, false, 0);
        }
        client->closed = closed;
        connections_set_busy(client->grpc->options.connections, client->connection,
                             grpc_session_busy(client->session),
                             uv_now(client->grpc->options.loop) + 1);
    }
    if (!good || grpc_session_ended(client->session)) {
        close_client(client);
    } else if (was_sending != (client->out.len > 0)) {
        wait_for_events(client);
    }
}

/* ---- clients ---- */

static void drop(struct grpc *grpc, struct connection *connection)
{
    close(connection->fd);
    connections_remove(grpc->options.connections, connection);
}

void grpc_add(struct grpc *grpc, struct connection *connection)
{
    const struct grpc_options *options = &grpc->options;
    const struct mem *mem = options->receiver->mem;
    const int yes = 1;
    struct client *client = mem_zalloc(mem, 1, sizeof *client);
    struct grpc_session *session = client == NULL ? NULL : grpc_session_new(options->receiver);
    if (session == NULL || uv_poll_init(options->loop, &client->poll, connection->fd) != 0) {
        grpc_session_free(session);
        mem_free(mem, client, client == NULL ? 0 : sizeof *client);
        drop(grpc, connection);
        return;
    }
    ++*options->handles;
    client->poll.data = client;
    client->grpc = grpc;
    client->connection = connection;
    client->session = session;
    strbuf_init(&client->out, mem, 0);
    client->next = grpc->clients;
    if (client->next != NULL) {
        client->next->prev = client;
    }
    grpc->clients = client;
    /* Else Nagle's algorithm waits for the client's delayed ACK: 40 ms a call. */
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    wait_for_events(client);
}

/* ---- beginning and end ---- */

bool grpc_can_serve(void)
{
    return library_load(&nghttp2_library) == NULL;
}

struct grpc *grpc_new(const struct grpc_options *options)
{
    struct grpc *grpc = mem_zalloc(options->receiver->mem, 1, sizeof *grpc);
    if (grpc != NULL) {
        grpc->options = *options;
    }
    return grpc;
}

void grpc_close(struct grpc *grpc)
{
    while (grpc->clients != NULL) {
        struct client *client = grpc->clients;
        grpc_session_quit(client->session);
        (void)flush(client);
        close_client(client);
    }
}

void grpc_free(struct grpc *grpc)
{
    if (grpc != NULL) {
        mem_free(grpc->options.receiver->mem, grpc, sizeof *grpc);
    }
}

#else

bool grpc_can_serve(void)
{
    return false;
}

struct grpc *grpc_new(const struct grpc_options *options)
{
    (void)options;
    return NULL;
}

void grpc_add(struct grpc *grpc, struct connection *connection)
{
    (void)grpc, (void)connection;
}

void grpc_close(struct grpc *grpc)
{
    (void)grpc;
}

void grpc_free(struct grpc *grpc)
{
    (void)grpc;
}

#endif
