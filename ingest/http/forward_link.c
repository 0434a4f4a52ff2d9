/* A link lives until libuv has given up all that refers to it: the handle, and the look-up of the
   name, which a worker does. The caller that closes it forgets it at once, so it counts these
   itself. */
#include "ingest/http/forward_link.h"

#include <string.h>

enum { READ_BYTES = 16 << 10 };

struct forward_link {
    struct forward_link_options options;
    uv_getaddrinfo_t look_up;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct addrinfo *addresses, *next; /* of the host; `next` is tried after a failure */
    unsigned pending;                  /* the handle, and the look-up */
    bool closing, asked, written;      /* asked: an answer is due */
    struct http_reply reply;
    char bytes[READ_BYTES];
};

static void release_one(struct forward_link *link)
{
    if (--link->pending > 0) {
        return;
    }
    struct forward_link_options options = link->options;
    if (link->addresses != NULL) {
        uv_freeaddrinfo(link->addresses);
    }
    mem_free(options.mem, link, sizeof *link);
    options.closed(options.ctx);
}

static void handle_closed(uv_handle_t *handle)
{
    release_one(handle->data);
}

void forward_link_close(struct forward_link *link)
{
    link->closing = true;
    (void)uv_cancel((uv_req_t *)&link->look_up);
    if (!uv_is_closing((uv_handle_t *)&link->tcp)) {
        uv_close((uv_handle_t *)&link->tcp, handle_closed);
    }
}

static void fail(struct forward_link *link, const char *why)
{
    if (!link->closing) {
        link->options.failed(link->options.ctx, why);
    }
}

/* ---- answers ---- */

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct forward_link *link = handle->data;
    (void)size;
    *out = uv_buf_init(link->bytes, sizeof link->bytes);
}

static void take_bytes(struct forward_link *link, size_t len)
{
    size_t taken = link->asked ? http_reply_add(&link->reply, link->bytes, len) : 0;
    if (!link->asked || link->reply.state == HTTP_REPLY_BROKEN) {
        fail(link, "it does not answer by HTTP/1.1");
    } else if (link->reply.state == HTTP_REPLY_DONE) {
        /* An answer before the end of the request, or more than the answer: not used again. */
        link->reply.close = link->reply.close || !link->written || taken < len;
        link->asked = false;
        link->options.answered(link->options.ctx, &link->reply);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct forward_link *link = stream->data;
    (void)buffer;
    if (link->closing || len == 0) {
        return;
    }
    if (len > 0) {
        take_bytes(link, (size_t)len);
    } else if (link->asked && len == UV_EOF && http_reply_end(&link->reply)) {
        link->asked = false;
        link->options.answered(link->options.ctx, &link->reply);
    } else {
        fail(link, len == UV_EOF ? "it has closed the connection" : uv_strerror((int)len));
    }
}

/* ---- connecting ---- */

static void on_connected(uv_connect_t *request, int status);

/* Tries the next address. Returns 0 or libuv's error. */
static int connect_next(struct forward_link *link)
{
    const struct addrinfo *address = link->next;
    if (address == NULL) {
        return UV_EADDRNOTAVAIL;
    }
    link->next = address->ai_next;
    return uv_tcp_connect(&link->connect, &link->tcp, address->ai_addr, on_connected);
}

/* A handle whose connection failed cannot be used for another address. */
static void closed_for_next(uv_handle_t *handle)
{
    struct forward_link *link = handle->data;
    if (link->closing) {
        release_one(link);
        return;
    }
    int status = uv_tcp_init(link->options.loop, &link->tcp);
    status = status != 0 ? status : connect_next(link);
    if (status != 0) {
        fail(link, uv_strerror(status));
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    struct forward_link *link = request->data;
    if (link->closing || status == UV_ECANCELED) {
        return;
    }
    if (status == 0) {
        (void)uv_tcp_nodelay(&link->tcp, 1);
        status = uv_read_start((uv_stream_t *)&link->tcp, give_buffer, on_read);
    }
    if (status == 0) {
        link->options.ready(link->options.ctx);
    } else if (link->next != NULL) {
        uv_close((uv_handle_t *)&link->tcp, closed_for_next);
    } else {
        fail(link, uv_strerror(status));
    }
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct forward_link *link = request->data;
    link->addresses = link->next = addresses;
    if (!link->closing) {
        status = status != 0 ? status : connect_next(link);
        if (status != 0) {
            fail(link, uv_strerror(status));
        }
    }
    release_one(link);
}

struct forward_link *forward_link_new(const struct forward_link_options *options)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct forward_link *link = mem_zalloc(options->mem, 1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->options = *options;
    link->tcp.data = link->look_up.data = link->connect.data = link->write.data = link;
    if (uv_getaddrinfo(options->loop, &link->look_up, on_looked_up, options->url->host,
                       options->url->port, &hints) != 0) {
        mem_free(options->mem, link, sizeof *link);
        return NULL;
    }
    (void)uv_tcp_init(options->loop, &link->tcp); /* makes no socket yet: it cannot fail */
    link->pending = 2;
    return link;
}

/* ---- requests ---- */

static void on_written(uv_write_t *request, int status)
{
    struct forward_link *link = request->data;
    link->written = status == 0;
    /* A failure is seen by reading too, after the answer that may have come before it. */
}

static uv_buf_t buffer_of(struct slice slice)
{
    /* libuv does not write to it. */
    union {
        const char *bytes;
        char *base;
    } data = {.bytes = slice.bytes};
    return uv_buf_init(data.base, (unsigned)slice.len);
}

bool forward_link_send(struct forward_link *link, struct slice head, struct slice body)
{
    const uv_buf_t parts[] = {buffer_of(head), buffer_of(body)};
    http_reply_init(&link->reply);
    link->asked = true;
    link->written = false;
    return uv_write(&link->write, (uv_stream_t *)&link->tcp, parts, 2, on_written) == 0;
}
