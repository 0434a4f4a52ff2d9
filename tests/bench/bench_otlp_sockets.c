/* Senders of OTLP: a thread that posts bodies by HTTP/1.1 with keep-alive, or calls by gRPC, each when
   the one before has been answered, as exporters do. The frames of HTTP/2 are made by hand, headers as
   literals, so that the sender costs little of the machine. What is measured is the receiver's thread. A process
   would share the model's memory, and each page that the receiver writes would be copied. */
#include "tests/bench/bench_otlp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_BYTES = 16384, /* HTTP/2's default maximum */
    FRAME_HEAD = 9,
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_RESET = 3,
    FRAME_SETTINGS = 4,
    FRAME_GOAWAY = 7,
    FLAG_ACK = 1,
    FLAG_END_STREAM = 1,
    FLAG_END_HEADERS = 4
};

static void send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(fd, bytes, len);
        if (sent <= 0) {
            abort();
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void read_bytes(int fd, unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t got = read(fd, bytes, len);
        if (got <= 0) {
            abort();
        }
        bytes += got;
        len -= (size_t)got;
    }
}

/* ---- HTTP/1.1 ---- */

/* Reads an answer of status 200; its body, if any, is `{}`. */
static void read_answer(int fd, bool json)
{
    char answer[2048];
    size_t len = 0;
    const char *end = NULL;
    while (end == NULL || len < (size_t)(end - answer) + 4 + (json ? 2 : 0)) {
        ssize_t got = read(fd, answer + len, sizeof answer - 1 - len);
        if (got <= 0 || memcmp(answer, "HTTP/1.1 200", len > 12 ? 12 : 0) != 0) {
            abort();
        }
        len += (size_t)got;
        answer[len] = '\0';
        end = strstr(answer, "\r\n\r\n");
    }
}

static void post_all(int fd, bool json, const struct strbuf *bodies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char head[200];
        int len = snprintf(head, sizeof head,
                           "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                           "application/%s\r\nContent-Length: %zu\r\n\r\n",
                           json ? "json" : "x-protobuf", bodies[i].len);
        send_bytes(fd, head, (size_t)len);
        send_bytes(fd, bodies[i].data, bodies[i].len);
        read_answer(fd, json);
    }
}

/* ---- gRPC ---- */

static void put_frame(struct strbuf *out, size_t len, int type, int flags, uint32_t stream)
{
    const unsigned char head[FRAME_HEAD] = {
        (unsigned char)(len >> 16),    (unsigned char)(len >> 8),    (unsigned char)len,
        (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
        (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
    strbuf_add(out, (const char *)head, sizeof head);
}

static void put_header(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addc(out, 0); /* a literal that is not indexed; texts are shorter than 127 */
    strbuf_addc(out, (char)strlen(name));
    strbuf_adds(out, name);
    strbuf_addc(out, (char)strlen(value));
    strbuf_adds(out, value);
}

static void put_call(struct strbuf *out, uint32_t stream, const struct strbuf *body)
{
    static const char *const headers[][2] = {
        {":method", "POST"},
        {":scheme", "http"},
        {":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
        {":authority", "localhost"},
        {"content-type", "application/grpc"},
        {"te", "trailers"}};
    struct strbuf block, message;
    strbuf_init(&block, &mem_libc, 0);
    strbuf_init(&message, &mem_libc, 0);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        put_header(&block, headers[i][0], headers[i][1]);
    }
    put_frame(out, block.len, FRAME_HEADERS, FLAG_END_HEADERS, stream);
    strbuf_add(out, block.data, block.len);
    const unsigned char prefix[] = {0, (unsigned char)(body->len >> 24),
                                    (unsigned char)(body->len >> 16),
                                    (unsigned char)(body->len >> 8), (unsigned char)body->len};
    strbuf_add(&message, (const char *)prefix, sizeof prefix);
    strbuf_add(&message, body->data, body->len);
    for (size_t at = 0; at < message.len;) {
        size_t len = message.len - at < FRAME_BYTES ? message.len - at : FRAME_BYTES;
        bool last = at + len == message.len;
        put_frame(out, len, FRAME_DATA, last ? FLAG_END_STREAM : 0, stream);
        strbuf_add(out, message.data + at, len);
        at += len;
    }
    strbuf_release(&block);
    strbuf_release(&message);
}

/* Reads frames until the stream's last one, or until settings if `stream` is 0. */
static void read_frames(int fd, uint32_t stream)
{
    for (;;) {
        unsigned char head[FRAME_HEAD], payload[FRAME_BYTES];
        read_bytes(fd, head, sizeof head);
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        read_bytes(fd, payload, len < sizeof payload ? len : sizeof payload);
        uint32_t of = (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
        if (head[3] == FRAME_RESET || head[3] == FRAME_GOAWAY) {
            fprintf(stderr, "bench: frame %d of stream %u: error %d\n", head[3], of, payload[7]);
            abort();
        }
        bool settings = head[3] == FRAME_SETTINGS && (head[4] & FLAG_ACK) == 0;
        if (settings) {
            static const char ack[FRAME_HEAD] = {0, 0, 0, FRAME_SETTINGS, FLAG_ACK, 0, 0, 0, 0};
            send_bytes(fd, ack, sizeof ack);
        }
        if (stream == 0 ? settings : of == stream && (head[4] & FLAG_END_STREAM) != 0) {
            return;
        }
    }
}

static void call_all(int fd, const struct strbuf *bodies, size_t count)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    send_bytes(fd, preface, sizeof preface - 1);
    read_frames(fd, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t stream = (uint32_t)(2 * i + 1);
        strbuf_clear(&out);
        put_call(&out, stream, &bodies[i]);
        send_bytes(fd, out.data, out.len);
        read_frames(fd, stream);
    }
    strbuf_release(&out);
}

/* ---- both ends ---- */

struct sender {
    int port;
    enum bench_otlp_way way;
    const struct strbuf *bodies;
    size_t count;
    atomic_bool done;
};

static void *send_all(void *ctx)
{
    struct sender *sender = ctx;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)sender->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        abort();
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (sender->way == BENCH_GRPC) {
        call_all(fd, sender->bodies, sender->count);
    } else {
        post_all(fd, sender->way == BENCH_HTTP_JSON, sender->bodies, sender->count);
    }
    sender->done = true;
    close(fd);
    return NULL;
}

static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_otlp_receive(struct bench_engine *engine, enum bench_otlp_way way,
                          const struct strbuf *bodies, size_t count)
{
    struct sender sender = {.way = way, .bodies = bodies, .count = count};
    pthread_t thread;
    sender.port = atoi(strrchr(hub_bound_address(engine->hub, 0), ':') + 1);
    double began = thread_seconds();
    if (pthread_create(&thread, NULL, send_all, &sender) != 0) {
        abort();
    }
    while (!sender.done) { /* its last answer, or its end, wakes the loop */
        uv_run(&engine->loop, UV_RUN_ONCE);
    }
    double took = thread_seconds() - began;
    pthread_join(thread, NULL);
    return took;
}
