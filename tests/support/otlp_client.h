/* A client of HTTP on the loop of a rig, and bodies of OTLP for it. */
#ifndef TESTS_OTLP_CLIENT_H
#define TESTS_OTLP_CLIENT_H

#include "tests/support/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

struct bytes {
    const char *at;
    size_t len;
};

struct client {
    int fd;
    char answer[32768];
    size_t len;
    bool closed;
};

/* The port of the source of that number. */
static inline in_port_t port_of(struct rig *rig, size_t source)
{
    const char *address = hub_bound_address(rig->hub, source);
    assert_non_null(address);
    const char *colon = strrchr(address, ':');
    assert_non_null(colon);
    return htons((uint16_t)atoi(colon + 1));
}

static inline int connect_to(struct rig *rig, size_t source)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port_of(rig, source)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    /* A request goes out in several pieces: without it each would wait for a delayed ACK. */
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
    return fd;
}

static inline void client_open(struct rig *rig, struct client *client)
{
    *client = (struct client){.fd = connect_to(rig, 0)};
}

/* Sends it all, while the loop runs. */
static inline void send_all(struct rig *rig, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) {
            return; /* refused before it was whole */
        }
        bytes += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
}

static inline bool is_answered(struct rig *rig, void *ctx)
{
    struct client *client = ctx;
    (void)rig;
    ssize_t len = recv(client->fd, client->answer + client->len,
                       sizeof client->answer - 1 - client->len, MSG_DONTWAIT);
    client->closed |= len == 0 || (len < 0 && errno == ECONNRESET);
    client->len += len > 0 ? (size_t)len : 0;
    client->answer[client->len] = '\0';
    const char *body = strstr(client->answer, "\r\n\r\n");
    const char *length = strcasestr(client->answer, "content-length:");
    return client->closed ||
           (body != NULL && length != NULL &&
            client->len - (size_t)(body + 4 - client->answer) >= strtoul(length + 15, NULL, 10));
}

/* Waits for the condition, which holds after a few turns of the loop as a rule: then nothing waits
   for the timer of rig_until. */
static inline void wait_for(struct rig *rig, rig_condition *condition, void *ctx)
{
    for (int i = 0; i < 200; i++) {
        uv_run(&rig->loop, UV_RUN_NOWAIT);
        if (condition(rig, ctx)) {
            return;
        }
    }
    rig_until(rig, condition, ctx);
}

/* The status of the answer to these bytes; 0: none. */
static inline int ask(struct rig *rig, struct client *client, struct bytes request)
{
    int status = 0;
    client->len = 0;
    send_all(rig, client->fd, request.at, request.len);
    wait_for(rig, is_answered, client);
    sscanf(client->answer, "HTTP/1.1 %d", &status);
    return status;
}

static inline const char *body_of(const struct client *client)
{
    const char *body = strstr(client->answer, "\r\n\r\n");
    return body == NULL ? "" : body + 4;
}

/* Returns whether the answer has the header; NULL value: whether it lacks it. */
static inline bool has_header(const struct client *client, const char *name, const char *value)
{
    char line[200];
    const char *at;
    snprintf(line, sizeof line, "\r\n%s: ", name);
    at = strcasestr(client->answer, line);
    if (at == NULL || value == NULL) {
        return value == NULL && at == NULL;
    }
    at += strlen(line);
    return strncmp(at, value, strlen(value)) == 0 && at[strlen(value)] == '\r';
}

/* Returns a request; borrowed until the next. */
static inline struct bytes request_of(const char *method, const char *path, const char *headers,
                                      struct bytes body)
{
    static char text[256 << 10];
    int len = snprintf(text, sizeof text,
                       "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", method,
                       path, headers, body.len);
    assert_true(len > 0 && (size_t)len + body.len <= sizeof text);
    memcpy(text + len, body.at, body.len);
    return (struct bytes){text, (size_t)len + body.len};
}

/* Appends a member of gzip to out, of that room. */
static inline size_t pack(const char *bytes, size_t len, char *out, size_t room)
{
    z_stream z = {.zalloc = NULL};
    union {
        const char *bytes;
        unsigned char *in;
    } from = {.bytes = bytes};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = from.in;
    z.avail_in = (unsigned)len;
    z.next_out = (unsigned char *)out;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = room - z.avail_out;
    deflateEnd(&z);
    return made;
}

/* A span of trace 0…01 by its id, in each encoding; ids are two hexadecimal digits. */
#define JSON_SPAN(id)                                                                  \
    "{\"traceId\":\"00000000000000000000000000000001\",\"spanId\":\"00000000000000" id \
    "\",\"name\":\"s\",\"startTimeUnixNano\":\"1760000000000000000\","                 \
    "\"endTimeUnixNano\":\"1760000001000000000\"}"
#define JSON_SPANS(spans) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" spans "]}]}]}"
/* Fields 1 trace_id, 2 span_id, 5 name, 7 start, 8 end of a span of 49 bytes. */
#define PB_SPAN_BYTES 49
#define PB_SPAN(id)                            \
    "\x0a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" \
    "\x12\x08\0\0\0\0\0\0\0" id "\x2a\x01s"    \
    "\x39\0\0\x80\x01\xae\xb7\x6c\x18\x41\0\0\x80\x01\xae\xb7\x6c\x18"
/* Wrapped in ResourceSpans (1), ScopeSpans (2), Span (2). */
#define PB_SPANS(id)   "\x0a\x35\x12\x33\x12\x31" PB_SPAN(id)
#define PB_SPANS_BYTES (6 + PB_SPAN_BYTES)

#endif
