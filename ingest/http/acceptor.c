/* A connection is pending until its first bytes have come. They are only looked at, so that its
   owner reads them. Pending ones are in a list, in the order in which they came; each has its own
   poll handle, and one timer ends those that send nothing. The socket wakes the loop when there
   are three bytes (SO_RCVLOWAT): fewer could be of either protocol. */
#include "ingest/http/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum {
    ACCEPTS = 64, /* in one iteration of the loop */
    IDLE_MS = 60000,
    AGAIN_MS = 20, /* after an accept for which descriptors or memory were lacking */
    FIRST_BYTES = 3
};
/* A handshake record of TLS 1.x, or of SSL 3. */
static const unsigned char tls_record[] = {0x16, 0x03};
static const char http2_preface[] = "PRI * HTTP/2.0";

struct pending {
    uv_poll_t poll;
    struct acceptor *acceptor;
    struct pending *prev, *next;
    struct connection *connection;
    struct sockaddr_storage peer;
    socklen_t peer_len;
    uint64_t since_ms;
};

struct listener {
    uv_poll_t poll;
    int fd;
};

struct acceptor {
    struct acceptor_options options;
    struct listener listeners[ACCEPTOR_SOCKETS];
    size_t count;
    uv_timer_t timer;
    struct pending *first, *last;
    bool paused; /* does not accept now */
    bool closing;
};

static void set_timer(struct acceptor *acceptor);

/* ---- pending connections ---- */

static void pending_closed(uv_handle_t *handle)
{
    struct pending *pending = handle->data;
    struct acceptor *acceptor = pending->acceptor;
    --*acceptor->options.handles;
    mem_free(acceptor->options.mem, pending, sizeof *pending);
}

/* Takes it off the list; its socket is not polled any more. */
static void unlink_pending(struct pending *pending)
{
    struct acceptor *acceptor = pending->acceptor;
    *(pending->prev != NULL ? &pending->prev->next : &acceptor->first) = pending->next;
    *(pending->next != NULL ? &pending->next->prev : &acceptor->last) = pending->prev;
    uv_poll_stop(&pending->poll);
    uv_close((uv_handle_t *)&pending->poll, pending_closed);
}

static void drop(struct pending *pending)
{
    int fd = pending->connection->fd;
    unlink_pending(pending);
    close(fd);
    connections_remove(pending->acceptor->options.connections, pending->connection);
}

static void give(struct pending *pending, bool http2)
{
    struct acceptor *acceptor = pending->acceptor;
    const int one = 1;
    unlink_pending(pending);
    (void)setsockopt(pending->connection->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    acceptor->options.take(acceptor->options.ctx, pending->connection,
                           (const struct sockaddr *)&pending->peer, pending->peer_len, http2);
}

/* Every method of HTTP begins with three letters, and so does HTTP/2's preface. */
static bool is_method(const char first[FIRST_BYTES])
{
    for (size_t i = 0; i < FIRST_BYTES; i++) {
        if (first[i] < 'A' || first[i] > 'Z') {
            return false;
        }
    }
    return true;
}

static void on_first_bytes(uv_poll_t *poll, int status, int events)
{
    struct pending *pending = poll->data;
    char first[FIRST_BYTES];
    (void)status, (void)events;
    ssize_t len = recv(pending->connection->fd, first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    /* Fewer bytes wake the loop only if no more will come. */
    if (len < FIRST_BYTES) {
        drop(pending);
    } else if (memcmp(first, tls_record, sizeof tls_record) == 0) {
        struct acceptor *acceptor = pending->acceptor;
        drop(pending);
        acceptor->options.is_tls(acceptor->options.ctx);
    } else if (!is_method(first)) {
        struct acceptor *acceptor = pending->acceptor;
        drop(pending);
        acceptor->options.is_unknown(acceptor->options.ctx);
    } else {
        give(pending, memcmp(first, http2_preface, FIRST_BYTES) == 0);
    }
}

/* False: out of memory; the socket stays the caller's. */
static bool add_pending(struct acceptor *acceptor, int fd, const struct sockaddr_storage *peer,
                        socklen_t peer_len)
{
    const struct acceptor_options *options = &acceptor->options;
    const int bytes = FIRST_BYTES;
    struct pending *pending = mem_zalloc(options->mem, 1, sizeof *pending);
    struct connection *connection =
        pending == NULL ? NULL : connections_add(options->connections, fd);
    if (connection == NULL || uv_poll_init(options->loop, &pending->poll, fd) != 0) {
        if (connection != NULL) {
            connections_remove(options->connections, connection);
        }
        mem_free(options->mem, pending, sizeof *pending);
        return false;
    }
    ++*options->handles;
    pending->acceptor = acceptor;
    pending->connection = connection;
    pending->peer = *peer;
    pending->peer_len = peer_len;
    pending->since_ms = uv_now(options->loop);
    pending->poll.data = pending;
    pending->prev = acceptor->last;
    *(acceptor->last != NULL ? &acceptor->last->next : &acceptor->first) = pending;
    acceptor->last = pending;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
    uv_poll_start(&pending->poll, UV_READABLE, on_first_bytes);
    return true;
}

/* ---- accepting ---- */

static void pause_accepting(struct acceptor *acceptor)
{
    acceptor->paused = true;
    for (size_t i = 0; i < acceptor->count; i++) {
        uv_poll_stop(&acceptor->listeners[i].poll);
    }
}

/* Returns false if no client waits, or no more can be accepted for now. */
static bool accept_one(struct acceptor *acceptor, int listener)
{
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    if (connections_full(acceptor->options.connections)) {
        pause_accepting(acceptor);
        return false;
    }
    memset(&peer, 0, sizeof peer);
    int fd = accept4(listener, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    bool lacking =
        fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (fd >= 0 && !add_pending(acceptor, fd, &peer, peer_len)) {
        close(fd);
        lacking = true;
    }
    if (lacking) {
        connections_shut_idle(acceptor->options.connections);
        pause_accepting(acceptor);
        set_timer(acceptor);
        return false;
    }
    return fd >= 0 || errno == ECONNABORTED || errno == EINTR;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct acceptor *acceptor = poll->data;
    (void)status, (void)events;
    struct listener *listener = (struct listener *)poll;
    int n = 0;
    while (n < ACCEPTS && accept_one(acceptor, listener->fd)) {
        n++;
    }
    if (acceptor->first != NULL && !uv_is_active((uv_handle_t *)&acceptor->timer)) {
        set_timer(acceptor);
    }
}

void acceptor_resume(struct acceptor *acceptor)
{
    if (!acceptor->paused || acceptor->closing || connections_full(acceptor->options.connections)) {
        return;
    }
    acceptor->paused = false;
    for (size_t i = 0; i < acceptor->count; i++) {
        uv_poll_start(&acceptor->listeners[i].poll, UV_READABLE, on_connection);
    }
}

/* ---- time ---- */

static void on_timer(uv_timer_t *timer)
{
    struct acceptor *acceptor = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    while (acceptor->first != NULL && now_ms - acceptor->first->since_ms >= IDLE_MS) {
        drop(acceptor->first);
    }
    acceptor_resume(acceptor);
    set_timer(acceptor);
}

static void set_timer(struct acceptor *acceptor)
{
    uint64_t now_ms = uv_now(acceptor->options.loop);
    if (acceptor->paused) {
        uv_timer_start(&acceptor->timer, on_timer, AGAIN_MS, 0);
    } else if (acceptor->first != NULL) {
        uv_timer_start(&acceptor->timer, on_timer, acceptor->first->since_ms + IDLE_MS - now_ms, 0);
    }
}

/* ---- beginning and end ---- */

struct acceptor *acceptor_new(const struct acceptor_options *options, const int *fds, size_t count)
{
    struct acceptor *acceptor = mem_zalloc(options->mem, 1, sizeof *acceptor);
    if (acceptor == NULL) {
        return NULL;
    }
    acceptor->options = *options;
    acceptor->count = count;
    uv_timer_init(options->loop, &acceptor->timer);
    acceptor->timer.data = acceptor;
    for (size_t i = 0; i < count; i++) {
        struct listener *listener = &acceptor->listeners[i];
        listener->fd = fds[i];
        /* It cannot fail with a socket that is new to the loop. */
        uv_poll_init(options->loop, &listener->poll, fds[i]);
        listener->poll.data = acceptor;
    }
    *options->handles += (unsigned)count + 1;
    acceptor->paused = true;
    acceptor_resume(acceptor);
    return acceptor;
}

static void handle_closed(uv_handle_t *handle)
{
    struct acceptor *acceptor = handle->data;
    --*acceptor->options.handles;
}

void acceptor_close(struct acceptor *acceptor)
{
    acceptor->closing = true;
    while (acceptor->first != NULL) {
        drop(acceptor->first);
    }
    for (size_t i = 0; i < acceptor->count; i++) {
        uv_close((uv_handle_t *)&acceptor->listeners[i].poll, handle_closed);
        close(acceptor->listeners[i].fd);
    }
    uv_close((uv_handle_t *)&acceptor->timer, handle_closed);
}

void acceptor_free(struct acceptor *acceptor)
{
    if (acceptor != NULL) {
        mem_free(acceptor->options.mem, acceptor, sizeof *acceptor);
    }
}
