/* --forward from gRPC: each message goes on by HTTP as it came, packed or not. */
#include "tests/support/h2_client.h"

#if defined HAVE_NGHTTP2 && defined HAVE_PROTOBUF

#include "ingest/http/forward.h"

#define SERVICE(name) "/opentelemetry.proto.collector." name "/Export"

enum { REQUESTS = 4, REQUEST_BYTES = 4096 };

/* The next receiver, on sockets alone, and the loop of what forwards to it. */
struct next {
    uv_loop_t loop;
    struct forward *forward;
    int listener, peer; /* -1: none */
    char bytes[REQUEST_BYTES];
    size_t len, count;
    char requests[REQUESTS][REQUEST_BYTES];
    size_t lens[REQUESTS];
};

static void next_open(struct next *next)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct strbuf error;
    socklen_t len = sizeof in;
    char url[64];
    *next = (struct next){.peer = -1};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    next->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(next->listener >= 0);
    assert_int_equal(bind(next->listener, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(next->listener, 4), 0);
    assert_int_equal(getsockname(next->listener, (struct sockaddr *)&in, &len), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(in.sin_port));
    assert_int_equal(uv_loop_init(&next->loop), 0);
    strbuf_init(&error, &mem_libc, 0);
    next->forward = forward_new(
        &(struct forward_options){
            .loop = &next->loop, .mem = &mem_libc, .url = url, .first_wait_ms = 1},
        &error);
    assert_non_null(next->forward);
    strbuf_release(&error);
}

static void next_close(struct next *next)
{
    forward_close(next->forward);
    while (!forward_closed(next->forward)) {
        uv_run(&next->loop, UV_RUN_ONCE);
    }
    uv_run(&next->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&next->loop), 0);
    forward_free(next->forward);
    close(next->peer);
    close(next->listener);
}

/* Keeps a request that is complete, and answers it. */
static void take_request(struct next *next)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    next->bytes[next->len] = '\0';
    char *end = strstr(next->bytes, "\r\n\r\n"), *length = strstr(next->bytes, "Content-Length: ");
    if (end == NULL || length == NULL) {
        return;
    }
    size_t whole = (size_t)(end + 4 - next->bytes) + strtoul(length + 16, NULL, 10);
    if (next->len < whole) {
        return;
    }
    assert_int_equal(next->len, whole); /* the next one waits for the answer */
    assert_true(next->count < REQUESTS);
    memcpy(next->requests[next->count], next->bytes, whole);
    next->lens[next->count++] = whole;
    next->len = 0;
    assert_int_equal(send(next->peer, ok, sizeof ok - 1, MSG_NOSIGNAL), sizeof ok - 1);
}

/* A condition: all that was sent on has arrived and is answered. */
static bool all_came(struct rig *rig, void *ctx)
{
    struct next *next = ctx;
    (void)rig;
    uv_run(&next->loop, UV_RUN_NOWAIT);
    if (next->peer < 0) {
        next->peer = accept4(next->listener, NULL, NULL, SOCK_CLOEXEC);
    }
    ssize_t len = next->peer < 0 ? -1
                                 : recv(next->peer, next->bytes + next->len,
                                        sizeof next->bytes - 1 - next->len, MSG_DONTWAIT);
    if (len > 0) {
        next->len += (size_t)len;
        take_request(next);
    }
    struct forward_counts counts = forward_counts(next->forward);
    return counts.waiting == 0 && counts.sent == next->count;
}

static void has_come(const struct next *next, size_t i, const char *path, bool packed,
                     struct bytes body)
{
    const char *request = next->requests[i], *head_end = strstr(request, "\r\n\r\n");
    char first[100];
    snprintf(first, sizeof first, "POST %s HTTP/1.1\r\n", path);
    assert_non_null(head_end);
    assert_int_equal(strncmp(request, first, strlen(first)), 0);
    assert_non_null(strstr(request, "\r\nContent-Type: application/x-protobuf\r\n"));
    assert_int_equal(strstr(request, "\r\nContent-Encoding: gzip\r\n") != NULL, packed);
    assert_int_equal(next->lens[i] - (size_t)(head_end + 4 - request), body.len);
    assert_memory_equal(head_end + 4, body.at, body.len);
}

RIG_TEST(messages_of_grpc_go_on_as_they_came)
{
    struct rig *rig = *state;
    struct next next;
    struct h2 h2;
    char packed[1024];
    const struct bytes plain = {PB_SPANS("\7"), PB_SPANS_BYTES};
    const size_t half = pack(PB_SPANS("\3"), PB_SPANS_BYTES, packed, sizeof packed);
    const struct bytes twice = {
        packed, half + pack(PB_SPANS("\4"), PB_SPANS_BYTES, packed + half, sizeof packed - half)};
    const struct {
        const char *service, *path;
        struct bytes body;
        bool packed;
        size_t piece;
    } calls[] = {{SERVICE("trace.v1.TraceService"), "/v1/traces", plain, false, 0},
                 {SERVICE("trace.v1.TraceService"), "/v1/traces", twice, true, 7},
                 {SERVICE("logs.v1.LogsService"), "/v1/logs", {"", 0}, false, 0},
                 {SERVICE("metrics.v1.MetricsService"), "/v1/metrics", {"", 0}, false, 0}};
    next_open(&next);
    rig_start_hub(rig, (struct hub_options){.forward = next.forward});
    rig_add(rig, "otlp:127.0.0.1:0");
    h2_open(rig, &h2);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct bytes data = h2_framed(calls[i].packed, calls[i].body);
        struct h2_call *call = h2_begin(&h2, calls[i].service, data, calls[i].piece,
                                        calls[i].packed ? "grpc-encoding" : NULL, "gzip");
        rig_until(rig, h2_all_done, &h2);
        assert_int_equal(call->status, 0);
        h2_release(data);
        wait_for(rig, all_came, &next);
        assert_int_equal(next.count, i + 1);
        has_come(&next, i, calls[i].path, calls[i].packed, calls[i].body);
    }
    struct source_status status = hub_source(rig->hub, 0);
    assert_int_equal(status.traffic.spans, 3);
    assert_int_equal(status.traffic.forwarded, sizeof calls / sizeof *calls);
    h2_close(&h2);
    rig_stop_hub(rig);
    next_close(&next);
}

#else

TEST(this_build_has_no_grpc)
{
    skip();
}

#endif
