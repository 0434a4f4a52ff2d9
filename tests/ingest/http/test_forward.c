/* --forward: requests reach the next receiver unchanged and in order, each answer has its effect,
   and a receiver that is slow, broken or away holds up nobody. */
#include "ingest/http/forward.h"
#include "ingest/http/forward_url.h"
#include "ingest/http/http_reply.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS = 16, REQUEST_BYTES = 4096, CONNECTIONS = 16 };

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

struct peer {
    uv_tcp_t tcp;
    struct receiver *receiver;
    char bytes[REQUEST_BYTES];
    size_t len;
    bool closed;
};

/* The next receiver: it keeps requests as they came, and gives the answers in turn. */
struct receiver {
    uv_loop_t *loop;
    uv_tcp_t listener;
    struct peer peers[CONNECTIONS];
    size_t peer_count;
    char requests[REQUESTS][REQUEST_BYTES];
    size_t lens[REQUESTS];
    uint64_t at_ns[REQUESTS];
    size_t count;
    const char *const
        *answers; /* "" closes, "…" without an end: see `wait`; NULL: OK from here on */
    bool wait;    /* gives no answer */
    bool pieces;  /* answers byte by byte */
};

static struct {
    uv_loop_t loop;
    struct receiver receiver;
    struct forward *forward;
    char url[64];
    char log[8192];
} test;

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct peer *peer = handle->data;
    (void)size;
    *out = uv_buf_init(peer->bytes + peer->len, (unsigned)(sizeof peer->bytes - 1 - peer->len));
}

static void free_write(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void answer(struct peer *peer, const char *text)
{
    size_t len = strlen(text), step = peer->receiver->pieces ? 1 : len;
    for (size_t i = 0; i < len; i += step) {
        union {
            const char *text;
            char *base;
        } data = {.text = text + i};
        uv_buf_t buffer = uv_buf_init(data.base, (unsigned)step);
        uv_write_t *request = malloc(sizeof *request);
        assert_int_equal(uv_write(request, (uv_stream_t *)&peer->tcp, &buffer, 1, free_write), 0);
    }
}

static void peer_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;
    peer->closed = true;
}

static void close_peer(struct peer *peer)
{
    if (!peer->closed && !uv_is_closing((uv_handle_t *)&peer->tcp)) {
        uv_close((uv_handle_t *)&peer->tcp, peer_closed);
    }
}

/* Keeps the complete requests that the peer has sent, and answers them. */
static void take(struct peer *peer)
{
    struct receiver *receiver = peer->receiver;
    char *end, *length;
    peer->bytes[peer->len] = '\0';
    while ((end = strstr(peer->bytes, "\r\n\r\n")) != NULL &&
           (length = strstr(peer->bytes, "Content-Length: ")) != NULL) {
        size_t whole = (size_t)(end + 4 - peer->bytes) + strtoul(length + 16, NULL, 10);
        if (peer->len < whole) {
            return;
        }
        assert_true(receiver->count < REQUESTS);
        memcpy(receiver->requests[receiver->count], peer->bytes, whole);
        receiver->lens[receiver->count] = whole;
        receiver->at_ns[receiver->count++] = uv_hrtime();
        memmove(peer->bytes, peer->bytes + whole, peer->len - whole + 1);
        peer->len -= whole;
        if (receiver->wait) {
            continue;
        }
        const char *text = OK;
        if (receiver->answers != NULL && *receiver->answers != NULL) {
            text = *receiver->answers++;
        }
        answer(peer, text);
        if (*text == '\0' || strstr(text, "close") != NULL) {
            close_peer(peer);
            return;
        }
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct peer *peer = stream->data;
    (void)buffer;
    if (len > 0) {
        peer->len += (size_t)len;
        take(peer);
    } else if (len < 0) {
        close_peer(peer);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct receiver *receiver = listener->data;
    assert_int_equal(status, 0);
    assert_true(receiver->peer_count < CONNECTIONS);
    struct peer *peer = &receiver->peers[receiver->peer_count++];
    *peer = (struct peer){.receiver = receiver};
    peer->tcp.data = peer;
    assert_int_equal(uv_tcp_init(receiver->loop, &peer->tcp), 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&peer->tcp, give_buffer, on_read), 0);
}

static void receiver_listen(void)
{
    assert_int_equal(uv_listen((uv_stream_t *)&test.receiver.listener, 16, on_connection), 0);
}

static void note(void *ctx, enum log_level level, const char *text)
{
    (void)ctx;
    (void)level;
    size_t len = strlen(test.log);
    snprintf(test.log + len, sizeof test.log - len, "%s\n", text);
}

/* Begins with a receiver that does not listen yet, and a forward to it. */
static void begin_with(struct forward_options options)
{
    struct sockaddr_in in;
    struct strbuf error;
    int len = sizeof in;
    memset(&test, 0, sizeof test);
    assert_int_equal(uv_loop_init(&test.loop), 0);
    test.receiver.loop = &test.loop;
    test.receiver.listener.data = &test.receiver;
    assert_int_equal(uv_tcp_init(&test.loop, &test.receiver.listener), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &in), 0);
    assert_int_equal(uv_tcp_bind(&test.receiver.listener, (struct sockaddr *)&in, 0), 0);
    assert_int_equal(uv_tcp_getsockname(&test.receiver.listener, (struct sockaddr *)&in, &len), 0);
    snprintf(test.url, sizeof test.url, "http://127.0.0.1:%u/base/", ntohs(in.sin_port));
    options.loop = &test.loop;
    options.mem = options.mem == NULL ? &mem_libc : options.mem;
    options.url = options.url == NULL ? test.url : options.url;
    options.report = note;
    options.first_wait_ms = 1;
    strbuf_init(&error, &mem_libc, 0);
    test.forward = forward_new(&options, &error);
    strbuf_release(&error);
}

static void begin(void)
{
    begin_with((struct forward_options){.url = NULL});
    receiver_listen();
}

static void end(void)
{
    if (test.forward != NULL) {
        forward_close(test.forward);
        while (!forward_closed(test.forward)) {
            uv_run(&test.loop, UV_RUN_ONCE);
        }
    }
    for (size_t i = 0; i < test.receiver.peer_count; i++) {
        close_peer(&test.receiver.peers[i]);
    }
    uv_close((uv_handle_t *)&test.receiver.listener, NULL);
    uv_run(&test.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&test.loop), 0);
    forward_free(test.forward);
}

static void send_body(const char *body)
{
    struct forward_request request = {.path = "/v1/logs",
                                      .type = "application/json",
                                      .body = {.bytes = body, .len = strlen(body)}};
    forward_take(test.forward, &request);
}

static void until(bool (*condition)(void))
{
    uint64_t end_ns = uv_hrtime() + 60 * (uint64_t)1000000000;
    while (!condition()) {
        assert_true(uv_hrtime() < end_ns);
        uv_run(&test.loop, UV_RUN_NOWAIT);
    }
}

static bool nothing_waits(void)
{
    return forward_counts(test.forward).waiting == 0;
}

static bool is_in_trouble(void)
{
    return forward_counts(test.forward).trouble[0] != '\0';
}

static bool one_has_come(void)
{
    return test.receiver.count > 0;
}

TEST(a_request_arrives_as_it_came)
{
    static const char body[] = "\x0a\x00\xff binary \r\n\r\n";
    struct forward_request request = {.path = "/v1/traces",
                                      .type = "application/x-protobuf",
                                      .encoding = "gzip",
                                      .agent = "OTel-OTLP-Exporter-Python/1.30.0",
                                      .body = {.bytes = body, .len = sizeof body}};
    char expected[REQUEST_BYTES];
    begin();
    forward_take(test.forward, &request);
    send_body("{}");
    send_body("");
    until(nothing_waits);
    int len = snprintf(expected, sizeof expected,
                       "POST /base/v1/traces HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: "
                       "swarmtop-forward/1\r\nContent-Type: application/x-protobuf\r\n"
                       "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                       (int)strcspn(test.url + 7, "/"), test.url + 7, sizeof body);
    memcpy(expected + len, body, sizeof body);
    assert_int_equal(test.receiver.lens[0], (size_t)len + sizeof body);
    assert_memory_equal(test.receiver.requests[0], expected, (size_t)len + sizeof body);
    assert_non_null(strstr(test.receiver.requests[1], "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(test.receiver.requests[1], "Content-Encoding"));
    assert_int_equal(test.receiver.count, 3);
    assert_int_equal(test.receiver.peer_count, 1);
    assert_int_equal(forward_counts(test.forward).sent, 3);
    end();
}

#define AGAIN(status) "HTTP/1.1 " status " x\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
#define LENGTH_0      "\r\nContent-Length: 0\r\n\r\n"

static const struct {
    const char *answer, *second; /* NULL: OK */
    unsigned sent, dropped, attempts;
    size_t connections;
} effects[] = {
    {OK, NULL, 2, 0, 2, 1},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
     NULL, 2, 0, 2, 1},
    {"HTTP/1.1 202 Accepted\r\n\r\nto the end, close", NULL, 2, 0, 2, 2},
    {"HTTP/1.0 200 OK\r\ncontent-length:2\r\n\r\n{}", NULL, 2, 0, 2, 2},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK, NULL, 2, 0, 2, 1},
    {"HTTP/1.1 204\r\n\r\n", NULL, 2, 0, 2, 1},
    {AGAIN("429"), NULL, 2, 0, 3, 1},
    {AGAIN("502"), NULL, 2, 0, 3, 1},
    {AGAIN("503"), AGAIN("504"), 2, 0, 4, 1},
    {"HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT" LENGTH_0, NULL, 2, 0, 3, 1},
    {"HTTP/1.1 503 x\r\nConnection: Close" LENGTH_0, NULL, 2, 0, 3, 2},
    {"HTTP/1.1 400 x" LENGTH_0, NULL, 1, 1, 2, 1},
    {"HTTP/1.1 404 x" LENGTH_0, "HTTP/1.1 404 x" LENGTH_0, 0, 2, 2, 1},
    {"HTTP/1.1 413 x" LENGTH_0, NULL, 1, 1, 2, 1},
    {"HTTP/1.1 415 x" LENGTH_0, NULL, 1, 1, 2, 1},
    {"HTTP/1.1 500 x" LENGTH_0, NULL, 1, 1, 2, 1},
    {"HTTP/1.1 301 x\r\nLocation: /" LENGTH_0, NULL, 1, 1, 2, 1},
    {"SSH-2.0-OpenSSH\r\n", NULL, 2, 0, 3, 2},
    {"HTTP/2 200\r\n\r\n", NULL, 2, 0, 3, 2},
    {"", "", 2, 0, 4, 3}, /* it closes the connection instead of an answer */
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort, close", NULL, 2, 0, 2, 2},
};

TEST(each_answer_has_its_effect)
{
    for (size_t i = 0; i < 2 * sizeof effects / sizeof effects[0]; i++) {
        const char *answers[] = {effects[i / 2].answer, effects[i / 2].second, NULL};
        begin();
        test.receiver.answers = answers;
        test.receiver.pieces = i % 2 > 0;
        send_body("{\"first\":1}");
        send_body("{\"second\":1}");
        until(nothing_waits);
        struct forward_counts counts = forward_counts(test.forward);
        assert_int_equal(counts.sent, effects[i / 2].sent);
        assert_int_equal(counts.dropped, effects[i / 2].dropped);
        assert_string_equal(counts.trouble, "");
        assert_int_equal(test.receiver.count, effects[i / 2].attempts);
        assert_int_equal(test.receiver.peer_count, effects[i / 2].connections);
        assert_non_null(strstr(test.receiver.requests[test.receiver.count - 1], "second"));
        end();
    }
}

TEST(retry_after_is_honoured)
{
    static const char *const answers[] = {"HTTP/1.1 503 x\r\nRetry-After: 1" LENGTH_0, NULL};
    begin();
    test.receiver.answers = answers;
    send_body("{}");
    until(nothing_waits);
    assert_int_equal(test.receiver.count, 2);
    assert_true(test.receiver.at_ns[1] - test.receiver.at_ns[0] >= 990000000);
    assert_non_null(strstr(test.log, "status 503: it tries again"));
    assert_non_null(strstr(test.log, "it takes requests again"));
    end();
}

TEST(a_receiver_that_comes_later_gets_what_waits)
{
    begin_with((struct forward_options){.url = NULL});
    send_body("{\"first\":1}");
    send_body("{\"second\":1}");
    until(is_in_trouble);
    assert_int_equal(forward_counts(test.forward).waiting, 2);
    receiver_listen();
    until(nothing_waits);
    assert_non_null(strstr(test.receiver.requests[0], "first"));
    assert_non_null(strstr(test.receiver.requests[1], "second"));
    assert_non_null(strstr(test.log, "connection refused: it tries again"));
    end();
}

/* An idle connection is closed by many servers after a while. */
TEST(a_connection_that_was_closed_is_made_again)
{
    begin();
    send_body("{}");
    until(nothing_waits);
    close_peer(&test.receiver.peers[0]);
    send_body("{}");
    until(nothing_waits);
    assert_int_equal(forward_counts(test.forward).sent, 2);
    assert_string_equal(test.log, "");
    end();
}

TEST(a_full_queue_drops_its_oldest)
{
    begin_with((struct forward_options){.max_requests = 3});
    test.receiver.wait = true;
    receiver_listen();
    send_body("{\"sent\":1}");
    until(one_has_come);
    for (unsigned i = 0; i < 5; i++) {
        char body[20];
        snprintf(body, sizeof body, "{\"n\":%u}", i);
        send_body(body);
    }
    assert_int_equal(forward_counts(test.forward).dropped, 3);
    assert_int_equal(forward_counts(test.forward).waiting, 3);
    assert_non_null(strstr(test.log, "its queue is full"));
    answer(&test.receiver.peers[0], OK);
    test.receiver.wait = false;
    until(nothing_waits);
    assert_int_equal(test.receiver.count, 3);
    assert_non_null(strstr(test.receiver.requests[1], "{\"n\":3}"));
    assert_non_null(strstr(test.receiver.requests[2], "{\"n\":4}"));
    end();
}

TEST(a_queue_of_few_bytes_holds_few_bytes)
{
    char body[1000];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    begin_with((struct forward_options){.max_bytes = 2500});
    for (unsigned i = 0; i < 10; i++) {
        send_body(body);
    }
    assert_int_equal(forward_counts(test.forward).waiting, 2);
    assert_int_equal(forward_counts(test.forward).dropped, 8);
    assert_true(forward_counts(test.forward).waiting_bytes <= 2500);
    body[500] = '\0';
    send_body(body);
    assert_int_equal(forward_counts(test.forward).waiting, 2);
    end();
    assert_non_null(strstr(test.log, "2 requests were not sent"));
}

/* At the end of the program what waits is sent, if that takes no second. */
TEST(the_end_waits_a_moment)
{
    begin();
    send_body("{}");
    send_body("{}");
    end();
    assert_int_equal(test.receiver.count, 2);
    begin();
    test.receiver.wait = true;
    send_body("{}");
    uint64_t began = uv_hrtime();
    end();
    assert_true(uv_hrtime() - began < 20 * (uint64_t)1000000000);
    assert_non_null(strstr(test.log, "1 requests were not sent"));
}

TEST(a_request_in_a_ring_ends)
{
    struct forward_request request = {.path = "/v1/logs", .type = "application/json"};
    char agent[40];
    begin();
    for (unsigned hops = 1; hops < 9; hops++) {
        snprintf(agent, sizeof agent, "swarmtop-forward/%u", hops);
        request.agent = agent;
        forward_take(test.forward, &request);
    }
    until(nothing_waits);
    assert_int_equal(forward_counts(test.forward).sent, 3);
    assert_int_equal(forward_counts(test.forward).dropped, 5);
    assert_non_null(strstr(test.receiver.requests[2], "swarmtop-forward/4\r\n"));
    assert_non_null(strstr(test.log, "does it lead here?"));
    end();
}

/* Names are looked up; one that does not exist is tried again. */
TEST(a_host_may_be_a_name)
{
    char url[80];
    begin();
    snprintf(url, sizeof url, "http://localhost:%u",
             (unsigned)strtoul(strrchr(test.url, ':') + 1, NULL, 10));
    struct forward_options options = {
        .loop = &test.loop, .mem = &mem_libc, .url = url, .report = note, .first_wait_ms = 1};
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct forward *first = test.forward;
    test.forward = forward_new(&options, &error);
    send_body("{}");
    until(nothing_waits);
    assert_int_equal(test.receiver.count, 1);
    assert_string_equal(test.log, "");
    forward_close(test.forward);
    while (!forward_closed(test.forward)) {
        uv_run(&test.loop, UV_RUN_ONCE);
    }
    forward_free(test.forward);
    test.forward = first;
    strbuf_release(&error);
    end();
}

static struct lack_of_memory *lacking;

/* Memory comes back once it has run out, however late that is on a busy machine. */
static bool nothing_waits_with_memory(void)
{
    lacking->failing.allow = lacking->failing.allow == 0 ? -1 : lacking->failing.allow;
    return nothing_waits();
}

TEST(memory_may_run_out_anywhere)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        begin_with((struct forward_options){.mem = &lack.mem});
        receiver_listen();
        if (test.forward != NULL) {
            send_body("{}");
            send_body("{}");
            for (unsigned i = 0; i < 20; i++) {
                uv_run(&test.loop, UV_RUN_NOWAIT);
            }
            lacking = &lack;
            until(nothing_waits_with_memory);
            struct forward_counts counts = forward_counts(test.forward);
            assert_int_equal(counts.sent + counts.dropped, 2);
            lack.done = counts.sent == 2 && test.log[0] == '\0';
        }
        end();
    }
}

TEST(only_plain_http_with_a_port_is_taken)
{
    static const struct {
        const char *url, *host, *port, *path; /* host NULL: refused, path: the reason */
    } cases[] = {
        {"http://127.0.0.1:4318", "127.0.0.1", "4318", ""},
        {"HTTP://collector:4318/", "collector", "4318", ""},
        {"http://[::1]:4318/otlp/", "::1", "4318", "/otlp"},
        {"http://h:1/a/b", "h", "1", "/a/b"},
        {"https://h:4318", NULL, NULL, "Collector"},
        {"h:4318", NULL, NULL, "http://HOST:PORT"},
        {"", NULL, NULL, "http://HOST:PORT"},
        {"http://", NULL, NULL, "http://HOST:PORT"},
        {"http://h", NULL, NULL, "http://HOST:PORT"},
        {"http://h:", NULL, NULL, "http://HOST:PORT"},
        {"http://:1", NULL, NULL, "http://HOST:PORT"},
        {"http://h:0", NULL, NULL, "http://HOST:PORT"},
        {"http://h:65536", NULL, NULL, "http://HOST:PORT"},
        {"http://h:1x", NULL, NULL, "http://HOST:PORT"},
        {"http://[::1:4318", NULL, NULL, "http://HOST:PORT"},
        {"http://me:secret@h:1", NULL, NULL, "http://HOST:PORT"},
        {"http://h:1/?q", NULL, NULL, "http://HOST:PORT"},
        {"http://h:1/a b", NULL, NULL, "http://HOST:PORT"},
        {"http://h:1/\r\nX: y", NULL, NULL, "http://HOST:PORT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct forward_url url;
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        assert_int_equal(forward_url_parse(cases[i].url, &url, &error), cases[i].host != NULL);
        if (cases[i].host != NULL) {
            assert_string_equal(url.host, cases[i].host);
            assert_string_equal(url.port, cases[i].port);
            assert_string_equal(url.path, cases[i].path);
        } else {
            assert_non_null(strstr(error.data, cases[i].path));
        }
        strbuf_release(&error);
    }
}

TEST(an_answer_without_an_end_is_broken)
{
    struct http_reply reply;
    char line[1000];
    memset(line, 'x', sizeof line);
    http_reply_init(&reply);
    http_reply_add(&reply, "HTTP/1.1 200 OK\r\n", 17);
    for (unsigned i = 0; i < 70; i++) {
        http_reply_add(&reply, line, sizeof line);
        http_reply_add(&reply, "\r\n", 2);
    }
    assert_int_equal(reply.state, HTTP_REPLY_BROKEN);
    http_reply_init(&reply);
    http_reply_add(&reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
    for (unsigned i = 0; i < 5000; i++) {
        http_reply_add(&reply, line, sizeof line);
    }
    assert_int_equal(reply.state, HTTP_REPLY_BROKEN);
}
