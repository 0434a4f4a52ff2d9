/* A listener and its senders. A sender is a stream with a feed decoder; it is on the listener's
   list from its accept until its handle is closed. A sender that exceeds its share of bytes is
   paused until the next iteration of the loop, so that keys, timers and the other senders are
   served in between. */
#include "ingest/feed/socket.h"

#include "ingest/address.h"
#include "ingest/feed/feed.h"
#include "ingest/feed/unix_socket.h"
#include "ingest/source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 128,
    SLICE_BYTES = 256 << 10,
    SLICE_SENDERS = 32, /* accepted in an iteration of the loop */
    WHERE_BYTES = 160,
    UNREAD_MAX_BYTES = 64 << 10, /* of replies that a sender has not read */
    PATIENCE_MS = 20000,         /* with a sender that does not read them */
    SPARE_DESCRIPTORS = 3        /* for files: so many are never given to senders */
};

union stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
};

struct sender {
    union stream in; /* its data is the sender */
    struct listener *listener;
    struct sender *next, *before;
    struct feed *feed;
    size_t slice_bytes; /* read in this iteration of the loop */
    bool paused;
    bool deaf; /* has too many replies that it does not read */
    uint64_t deaf_since_ms;
    char where[WHERE_BYTES];
};

struct listener {
    struct source source;
    union stream server;  /* its data is the listener */
    union stream refused; /* accepts a connection for which memory is lacking; its data too */
    bool refusing;        /* `refused` is in use */
    bool pending;         /* another connection waits to be refused */
    uv_check_t next_slice;
    uv_timer_t patience; /* runs while a sender does not read its replies */
    struct sender *senders;
    uint64_t accepted;
    int slice_senders; /* accepted in this iteration of the loop */
    bool waiting;      /* a connection is accepted in the next one */
    struct strbuf address;
    struct unix_socket file; /* of a Unix socket */
    bool is_unix;
};

static const struct mem *mem_of(const struct listener *listener)
{
    return listener->source.counters.ingest->mem;
}

/* ---- senders ---- */

static void sender_closed(uv_handle_t *handle)
{
    struct sender *sender = handle->data;
    struct listener *listener = sender->listener;
    feed_free(sender->feed);
    mem_free(mem_of(listener), sender, sizeof *sender);
    listener->source.handles--;
}

static void close_sender(struct sender *sender)
{
    struct listener *listener = sender->listener;
    if (uv_is_closing(&sender->in.handle)) {
        return;
    }
    if (sender->before != NULL) {
        sender->before->next = sender->next;
    } else {
        listener->senders = sender->next;
    }
    if (sender->next != NULL) {
        sender->next->before = sender->before;
    }
    listener->source.senders--;
    listener->source.counters.ingest->changed = true;
    uv_close(&sender->in.handle, sender_closed);
}

static void reject_sender(struct sender *sender, const char *reason)
{
    struct reject reject = {.where = sender->where, .reason = reason, .level = LOG_LEVEL_WARNING};
    source_counters_reject(&sender->listener->source.counters, &reject);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    struct sender *sender = handle->data;
    *out = hub_buffer(sender->listener->source.hub);
}

static void take_bytes(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct sender *sender = stream->data;
    if (len < 0) {
        feed_finish(sender->feed, SESSION_DISCONNECTED);
        close_sender(sender);
        return;
    }
    if (!feed_push(sender->feed, buffer->base, (size_t)len)) {
        feed_rest(sender->feed, SESSION_DISCONNECTED);
        close_sender(sender);
        return;
    }
    sender->slice_bytes += (size_t)len;
    if (sender->slice_bytes >= SLICE_BYTES) {
        sender->paused = true;
    }
    if (sender->paused || sender->deaf) {
        uv_read_stop(stream);
    }
}

/* Drops the senders that have not read their replies for so long. */
static void drop_deaf(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    uint64_t now_ms = uv_now(timer->loop), next_ms = 0;
    for (struct sender *sender = listener->senders, *next; sender != NULL; sender = next) {
        uint64_t for_ms = now_ms - sender->deaf_since_ms;
        next = sender->next;
        if (sender->deaf && for_ms >= PATIENCE_MS) {
            reject_sender(sender, "dropped: it asks and does not read the answers");
            feed_rest(sender->feed, SESSION_DISCONNECTED);
            close_sender(sender);
        } else if (sender->deaf && (next_ms == 0 || PATIENCE_MS - for_ms < next_ms)) {
            next_ms = PATIENCE_MS - for_ms;
        }
    }
    if (next_ms > 0) {
        uv_timer_start(timer, drop_deaf, next_ms, 0);
    }
}

struct reply {
    uv_write_t write;
    const struct mem *mem;
    size_t size; /* of all of it */
    char bytes[];
};

static void replied(uv_write_t *write, int status)
{
    struct reply *reply = (struct reply *)write;
    struct sender *sender = write->handle->data;
    (void)status;
    mem_free(reply->mem, reply, reply->size);
    if (sender->deaf && uv_stream_get_write_queue_size(&sender->in.stream) == 0 &&
        !uv_is_closing(&sender->in.handle)) {
        sender->deaf = false;
        uv_read_start(&sender->in.stream, give_buffer, take_bytes);
    }
}

/* A sender that does not read its answers is not read either. */
static void set_deaf(struct sender *sender)
{
    struct listener *listener = sender->listener;
    sender->deaf = true;
    sender->deaf_since_ms = uv_now(hub_loop(listener->source.hub));
    if (!uv_is_active((uv_handle_t *)&listener->patience)) {
        uv_timer_start(&listener->patience, drop_deaf, PATIENCE_MS, 0);
    }
}

/* Sends a reply; those that find too many unread ones before them are lost. */
static void reply_to(void *ctx, const char *bytes, size_t len)
{
    struct sender *sender = ctx;
    const struct mem *mem = mem_of(sender->listener);
    if (sender->deaf) {
        return;
    }
    if (uv_stream_get_write_queue_size(&sender->in.stream) + len > UNREAD_MAX_BYTES) {
        set_deaf(sender);
        return;
    }
    struct reply *reply = mem_alloc(mem, sizeof *reply + len);
    if (reply == NULL) {
        return;
    }
    reply->mem = mem;
    reply->size = sizeof *reply + len;
    memcpy(reply->bytes, bytes, len);
    uv_buf_t buffer = uv_buf_init(reply->bytes, (unsigned)len);
    if (uv_is_closing(&sender->in.handle) ||
        uv_write(&reply->write, &sender->in.stream, &buffer, 1, replied) != 0) {
        mem_free(mem, reply, reply->size);
    }
}

static struct feed *new_feed(struct sender *sender)
{
    struct listener *listener = sender->listener;
    const struct hub_options *settings = hub_settings(listener->source.hub);
    struct feed_options options = {
        .counters = &listener->source.counters,
        .where = sender->where,
        .source = listener->source.spec,
        .max_line_bytes = source_max_line(&listener->source, false),
        .token = listener->is_unix ? NULL : settings->token,
        .reply = reply_to,
        .ctx = sender,
    };
    snprintf(sender->where, sizeof sender->where, "%s sender %llu", listener->source.spec,
             (unsigned long long)listener->accepted);
    return feed_new(&options);
}

static void link_sender(struct listener *listener, struct sender *sender)
{
    sender->next = listener->senders;
    if (sender->next != NULL) {
        sender->next->before = sender;
    }
    listener->senders = sender;
    listener->source.senders++;
    listener->source.counters.ingest->changed = true;
}

static void warn_of_accept(struct listener *listener, const char *detail)
{
    struct strbuf text;
    strbuf_init(&text, mem_of(listener), 0);
    strbuf_addf(&text, "cannot accept a connection: %s", detail);
    if (text.data != NULL) {
        ingest_ctx_log_from(listener->source.counters.ingest, LOG_LEVEL_WARNING,
                            listener->source.spec, text.data);
    }
    strbuf_release(&text);
}

static void init_stream(struct listener *listener, union stream *stream, void *data)
{
    uv_loop_t *loop = hub_loop(listener->source.hub);
    if (listener->is_unix) {
        uv_pipe_init(loop, &stream->pipe, 0);
    } else {
        uv_tcp_init(loop, &stream->tcp);
    }
    stream->handle.data = data;
    listener->source.handles++;
}

static void refuse(struct listener *listener);

static void refused_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    listener->source.handles--;
    listener->refusing = false;
    if (listener->pending && listener->source.listens) {
        refuse(listener);
    }
}

/* Accepts a connection and closes it, without memory: the listener owns one handle for it, which
   refuses one connection after the other. */
static void refuse(struct listener *listener)
{
    listener->pending = listener->refusing;
    if (!listener->refusing) {
        listener->refusing = true;
        init_stream(listener, &listener->refused, listener);
        (void)uv_accept(&listener->server.stream, &listener->refused.stream);
        uv_close(&listener->refused.handle, refused_closed);
    }
}

/* Returns false if the connection takes one of the last descriptors. The system gives out the
   lowest that is free, so its number shows how many are left. */
static bool leaves_spare_descriptors(const struct sender *sender)
{
    long limit = sysconf(_SC_OPEN_MAX);
    uv_os_fd_t fd;
    return limit <= 0 || uv_fileno(&sender->in.handle, &fd) != 0 || fd < limit - SPARE_DESCRIPTORS;
}

static void take_sender(struct listener *listener)
{
    struct sender *sender = mem_zalloc(mem_of(listener), 1, sizeof *sender);
    if (sender == NULL) {
        warn_of_accept(listener, "out of memory");
        refuse(listener);
        return;
    }
    sender->listener = listener;
    listener->accepted++;
    listener->slice_senders++;
    init_stream(listener, &sender->in, sender);
    link_sender(listener, sender);
    sender->feed = new_feed(sender);
    int failed = uv_accept(&listener->server.stream, &sender->in.stream);
    if (failed == 0 && sender->feed != NULL && !leaves_spare_descriptors(sender)) {
        listener->source.counters.turned_away++;
        reject_sender(sender, "refused a connection: too few file descriptors are left");
        close_sender(sender);
        return;
    }
    if (failed == 0 && sender->feed != NULL) {
        failed = uv_read_start(&sender->in.stream, give_buffer, take_bytes);
    }
    if (failed != 0 || sender->feed == NULL) {
        warn_of_accept(listener, failed != 0 ? uv_strerror(failed) : "out of memory");
        close_sender(sender);
    }
}

/* If senders connect faster than they are accepted, libuv never comes to read them, and their
   descriptors pile up. It does not listen while a connection is not accepted. */
static void accept_sender(uv_stream_t *server, int status)
{
    struct listener *listener = server->data;
    if (status != 0) {
        warn_of_accept(listener, uv_strerror(status));
    } else if (listener->slice_senders < SLICE_SENDERS) {
        take_sender(listener);
    } else {
        listener->waiting = true;
    }
}

/* Runs after the reads of each iteration: all senders may be read again. */
static void next_slice(uv_check_t *check)
{
    struct listener *listener = check->data;
    listener->slice_senders = 0;
    if (listener->waiting) {
        listener->waiting = false;
        take_sender(listener);
    }
    for (struct sender *sender = listener->senders; sender != NULL; sender = sender->next) {
        sender->slice_bytes = 0;
        if (sender->paused && !sender->deaf) {
            uv_read_start(&sender->in.stream, give_buffer, take_bytes);
        }
        sender->paused = false;
    }
}

/* ---- listeners ---- */

static void listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    listener->source.handles--;
}

static void close_listener(struct source *source)
{
    struct listener *listener = (struct listener *)source;
    if (!source->listens) {
        return;
    }
    source->listens = false;
    source_finish(source, NULL);
    unix_socket_remove(&listener->file);
    while (listener->senders != NULL) {
        struct sender *sender = listener->senders;
        if (sender->feed != NULL) {
            feed_rest(sender->feed, SESSION_DISCONNECTED);
        }
        close_sender(sender);
    }
    uv_close(&listener->server.handle, listener_closed);
    uv_close((uv_handle_t *)&listener->next_slice, listener_closed);
    uv_close((uv_handle_t *)&listener->patience, listener_closed);
}

static void release_listener(struct source *source)
{
    struct listener *listener = (struct listener *)source;
    if (listener->address.mem != NULL) {
        strbuf_release(&listener->address);
    }
}

static const char *bound_address(const struct source *source)
{
    const struct listener *listener = (const struct listener *)source;
    return source->listens ? listener->address.data : NULL;
}

/* Listens on the bound handle. Returns false, and closes the handle, if that fails. */
static bool begin(struct listener *listener, struct strbuf *error)
{
    struct source *source = &listener->source;
    int failed = uv_listen(&listener->server.stream, BACKLOG, accept_sender);
    if (failed != 0) {
        source_error(error, source->spec, "cannot listen", uv_strerror(failed));
        uv_close(&listener->server.handle, listener_closed);
        return false;
    }
    uv_check_init(hub_loop(source->hub), &listener->next_slice);
    listener->next_slice.data = listener;
    uv_check_start(&listener->next_slice, next_slice);
    uv_unref((uv_handle_t *)&listener->next_slice);
    uv_timer_init(hub_loop(source->hub), &listener->patience);
    listener->patience.data = listener;
    source->handles += 2;
    source->listens = true;
    return true;
}

static void init(struct listener *listener)
{
    struct source *source = &listener->source;
    strbuf_init(&listener->address, mem_of(listener), 0);
    listener->is_unix = source->ops == &unix_source_ops;
    init_stream(listener, &listener->server, listener);
}

/* ---- unix: ---- */

static bool open_unix(struct source *source, struct strbuf *error)
{
    struct listener *listener = (struct listener *)source;
    int fd = unix_socket_listen(source->spec, &listener->file, error);
    if (fd < 0) {
        return false;
    }
    init(listener);
    int failed = uv_pipe_open(&listener->server.pipe, fd);
    if (failed != 0) {
        close(fd);
        source_error(error, source->spec, "cannot listen", uv_strerror(failed));
        uv_close(&listener->server.handle, listener_closed);
    } else if (begin(listener, error)) {
        strbuf_adds(&listener->address, source->spec);
        return true;
    }
    unix_socket_remove(&listener->file);
    return false;
}

/* ---- tcp: ---- */

static void note_port(struct listener *listener)
{
    struct sockaddr_storage bytes;
    int len = sizeof bytes;
    memset(&bytes, 0, sizeof bytes);
    if (uv_tcp_getsockname(&listener->server.tcp, (struct sockaddr *)&bytes, &len) == 0) {
        address_print("tcp", &bytes, &listener->address);
    }
}

static bool open_tcp(struct source *source, struct strbuf *error)
{
    struct listener *listener = (struct listener *)source;
    struct address address;
    if (!address_parse(source->spec, &address, error) ||
        !source_may_bind(source, &address, error)) {
        return false;
    }
    init(listener);
    int failed = uv_tcp_bind(&listener->server.tcp, (const struct sockaddr *)&address.bytes, 0);
    if (failed != 0) {
        source_error(error, source->spec, "cannot listen", uv_strerror(failed));
        uv_close(&listener->server.handle, listener_closed);
        return false;
    }
    if (!begin(listener, error)) {
        return false;
    }
    note_port(listener);
    return true;
}

const struct source_ops unix_source_ops = {
    .size = sizeof(struct listener),
    .open = open_unix,
    .close = close_listener,
    .release = release_listener,
    .address = bound_address,
};

const struct source_ops tcp_source_ops = {
    .size = sizeof(struct listener),
    .open = open_tcp,
    .close = close_listener,
    .release = release_listener,
    .address = bound_address,
};
