/* Listening sockets: unix:PATH and tcp:HOST:PORT, any number of senders, a feed for each. The loop reads at most 64 KB of a sender before it
   looks at the next, into one buffer that all share, so a fast sender starves nobody. */
#include "ingest/feed.h"
#include "ingest/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, BACKLOG = 128 };

union stream {
    uv_stream_t any;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
};

struct sender {
    union stream stream;
    struct socket_source *socket;
    struct sender *next;
    struct feed *feed;
    char where[160];
};

struct socket_source {
    struct source source;
    union stream listener;
    bool is_unix, listening;
    const char *path;          /* of a unix socket: behind its prefix in the spec */
    uint64_t device, inode;    /* of the socket file that is ours */
    uint64_t accepted;
    struct sender *senders;
    char *buffer;
};

static struct socket_source *of(struct source *source)
{
    return (struct socket_source *)source;
}

/* ---- senders ---- */

static void sender_closed(uv_handle_t *handle)
{
    struct sender *sender = handle->data;
    const struct mem *mem = source_mem(&sender->socket->source);
    feed_free(sender->feed);
    mem_free(mem, sender, sizeof *sender);
}

static void close_sender(struct sender *sender)
{
    struct sender **at = &sender->socket->senders;
    while (*at != sender) {
        at = &(*at)->next;
    }
    *at = sender->next;
    sender->socket->source.senders--;
    sender->socket->source.tally.intake->changed = true;
    feed_finish(sender->feed, SESSION_DISCONNECTED);
    uv_close((uv_handle_t *)&sender->stream, sender_closed);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sender *sender = handle->data;
    (void)suggested;
    *buf = uv_buf_init(sender->socket->buffer, READ_SIZE);
}

static void take_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct sender *sender = stream->data;
    if (count < 0 || (count > 0 && !feed_push(sender->feed, buf->base, (size_t)count))) {
        close_sender(sender);
    }
}

static bool make_feed(struct sender *sender)
{
    struct source *source = &sender->socket->source;
    struct feed_options options = {
        .tally = &source->tally,
        .where = sender->where,
        .source = source->spec,
        .max_line_bytes = source->options->max_line_bytes > 0 ? source->options->max_line_bytes
                                                              : (size_t)1024 * 1024,
        .token = sender->socket->is_unix ? NULL : source->options->token,
    };
    sender->feed = feed_new(&options);
    return sender->feed != NULL;
}

static int init_stream(struct socket_source *socket, union stream *stream, void *data)
{
    int status = socket->is_unix ? uv_pipe_init(socket->source.loop, &stream->pipe, 0)
                                 : uv_tcp_init(socket->source.loop, &stream->tcp);
    stream->any.data = data;
    return status;
}

static void take_sender(uv_stream_t *listener, int status)
{
    struct socket_source *socket = listener->data;
    struct sender *sender =
        status < 0 ? NULL : mem_zalloc(source_mem(&socket->source), 1, sizeof *sender);
    if (sender == NULL) {
        return; /* it stays in the backlog */
    }
    sender->socket = socket;
    snprintf(sender->where, sizeof sender->where, "%.100s sender %llu", socket->source.spec,
             (unsigned long long)++socket->accepted);
    if (init_stream(socket, &sender->stream, sender) != 0 || !make_feed(sender)) {
        mem_free(source_mem(&socket->source), sender, sizeof *sender);
        return;
    }
    sender->next = socket->senders;
    socket->senders = sender;
    socket->source.senders++;
    socket->source.tally.intake->changed = true;
    if (uv_accept(listener, &sender->stream.any) != 0 ||
        uv_read_start(&sender->stream.any, lend_buffer, take_bytes) != 0) {
        close_sender(sender);
    }
}

/* ---- unix sockets ---- */

enum peer { NOBODY, DEAD, ALIVE };

/* Who is behind the socket file. */
static enum peer who_listens(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0) {
        return NOBODY;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return ALIVE;
    }
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    return refused && S_ISSOCK(status.st_mode) ? DEAD : ALIVE;
}

static bool claim_path(struct socket_source *socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    if (strlen(socket->path) == 0 || strlen(socket->path) >= sizeof address.sun_path) {
        source_fail(&socket->source, "cannot listen", "the path is empty or too long for a socket");
        return false;
    }
    memcpy(address.sun_path, socket->path, strlen(socket->path) + 1);
    if (lstat(socket->path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        source_fail(&socket->source, "cannot listen", "a file that is no socket is there");
        return false;
    }
    enum peer peer = who_listens(&address);
    if (peer == ALIVE) {
        source_fail(&socket->source, "cannot listen", "another swarmtop listens there");
        return false;
    }
    if (peer == DEAD) {
        unlink(socket->path);
    }
    return true;
}

static int bind_unix(struct socket_source *socket)
{
    mode_t mask = umask(0177);
    int status = uv_pipe_bind(&socket->listener.pipe, socket->path);
    umask(mask);
    struct stat file;
    if (status == 0 && stat(socket->path, &file) == 0) {
        socket->device = (uint64_t)file.st_dev;
        socket->inode = (uint64_t)file.st_ino;
    }
    return status;
}

static void remove_path(const struct socket_source *socket)
{
    struct stat file;
    if (socket->is_unix && socket->inode != 0 && lstat(socket->path, &file) == 0 &&
        (uint64_t)file.st_dev == socket->device && (uint64_t)file.st_ino == socket->inode) {
        unlink(socket->path);
    }
}

/* ---- tcp sockets ---- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* HOST:PORT, HOST being an address, [address], or localhost. */
static bool parse_tcp(const char *text, struct sockaddr_storage *out)
{
    const char *colon = strrchr(text, ':');
    char host[128], *end;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host || colon[1] == '\0') {
        return false;
    }
    long port = strtol(colon + 1, &end, 10);
    size_t len = (size_t)(colon - text);
    if (*end != '\0' || port < 0 || port > 65535) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (strcmp(host, "localhost") == 0) {
        snprintf(host, sizeof host, "127.0.0.1");
    } else if (host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)out) == 0 ||
           uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)out) == 0;
}

static bool allow_tcp(struct socket_source *socket, struct sockaddr_storage *address)
{
    const struct hub_options *options = socket->source.options;
    if (!parse_tcp(socket->path, address)) {
        source_fail(&socket->source, "not an address", "tcp:HOST:PORT, HOST an address or localhost");
        return false;
    }
    if (!is_loopback(address) && (!options->allow_remote || options->token == NULL)) {
        source_fail(&socket->source, "not loopback",
                    "other addresses want --allow-remote and --token-file");
        return false;
    }
    return true;
}

static void name_tcp(struct socket_source *socket)
{
    struct sockaddr_storage address;
    int size = sizeof address;
    char host[64] = "";
    if (uv_tcp_getsockname(&socket->listener.tcp, (struct sockaddr *)&address, &size) != 0) {
        return;
    }
    bool v4 = address.ss_family == AF_INET;
    if (v4) {
        uv_ip4_name((const struct sockaddr_in *)&address, host, sizeof host);
    } else {
        uv_ip6_name((const struct sockaddr_in6 *)&address, host, sizeof host);
    }
    unsigned port = v4 ? ntohs(((const struct sockaddr_in *)&address)->sin_port)
                       : ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    strbuf_addf(&socket->source.address, v4 ? "tcp:%s:%u" : "tcp:[%s]:%u", host, port);
}

/* ---- the source ---- */

static bool listen_now(struct socket_source *socket, const struct sockaddr_storage *address)
{
    int status = init_stream(socket, &socket->listener, socket);
    socket->listening = status == 0;
    if (status == 0) {
        status = socket->is_unix
                     ? bind_unix(socket)
                     : uv_tcp_bind(&socket->listener.tcp, (const struct sockaddr *)address, 0);
    }
    if (status == 0) {
        status = uv_listen(&socket->listener.any, BACKLOG, take_sender);
    }
    if (status != 0) {
        source_fail(&socket->source, "cannot listen", uv_strerror(status));
        return false;
    }
    return true;
}

static bool open_socket(struct source *source)
{
    struct socket_source *socket = of(source);
    struct sockaddr_storage address = {0};
    source->listens = true;
    socket->is_unix = strncmp(source->spec, "unix:", 5) == 0;
    socket->path = source->spec + (socket->is_unix ? 5 : 4);
    socket->buffer = mem_alloc(source_mem(source), READ_SIZE);
    if (socket->buffer == NULL) {
        source_fail(source, "cannot listen", "out of memory");
        return false;
    }
    if (!(socket->is_unix ? claim_path(socket) : allow_tcp(socket, &address)) ||
        !listen_now(socket, &address)) {
        return false;
    }
    if (socket->is_unix) {
        strbuf_adds(&source->address, source->spec);
    } else {
        name_tcp(socket);
    }
    source->state = SOURCE_OPEN;
    return true;
}

static void stop_socket(struct source *source)
{
    struct socket_source *socket = of(source);
    while (socket->senders != NULL) {
        close_sender(socket->senders);
    }
    if (socket->listening) {
        socket->listening = false;
        remove_path(socket);
        uv_close((uv_handle_t *)&socket->listener, NULL);
    }
    source->state = source->state == SOURCE_OPEN ? SOURCE_FINISHED : source->state;
}

static void free_socket(struct source *source)
{
    const struct mem *mem = source_mem(source);
    struct socket_source *socket = of(source);
    mem_free(mem, socket->buffer, socket->buffer == NULL ? 0 : READ_SIZE);
    source_release(source);
    mem_free(mem, socket, sizeof *socket);
}

static const struct source_class socket_class = {open_socket, stop_socket, free_socket, NULL};

struct source *socket_source_new(const struct mem *mem)
{
    struct socket_source *socket = mem_zalloc(mem, 1, sizeof *socket);
    if (socket == NULL) {
        return NULL;
    }
    socket->source.class = &socket_class;
    return &socket->source;
}
