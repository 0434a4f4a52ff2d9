/* OTLP by gRPC as an exporter sees it. */
#include "tests/support/h2_client.h"

#if defined HAVE_NGHTTP2 && defined HAVE_PROTOBUF

#include <sys/resource.h>

#define TRACES  "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#define LOGS    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
#define METRICS "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

enum { BIG = 4 << 20 };

/* ---- tests ---- */

static void start(struct rig *rig)
{
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, "otlp:127.0.0.1:0");
}

static struct source_status status_of(const struct rig *rig)
{
    return hub_source(rig->hub, 0);
}

static const struct row {
    const char *name, *path, *header, *value;
    int flag; /* of the prefix; -1: the message is sent without one */
    struct bytes message;
    int status;
    const char *why;
} rows[] = {
    {"a span", TRACES, NULL, NULL, 0, {PB_SPANS("\7"), PB_SPANS_BYTES}, 0, ""},
    {"nothing", TRACES, NULL, NULL, 0, TEXT(""), 0, ""},
    {"logs", LOGS, NULL, NULL, 0, TEXT(""), 0, ""},
    {"metrics", METRICS, NULL, NULL, 0, TEXT(""), 0, ""},
    {"the type with its message", TRACES, "content-type", "application/grpc+proto", 0, TEXT(""), 0,
     ""},
    {"identity", TRACES, "grpc-encoding", "identity", 0, TEXT(""), 0, ""},
    {"gzip that is not used", TRACES, "grpc-encoding", "gzip", 0, TEXT(""), 0, ""},
    {"garbage", TRACES, NULL, NULL, 0, TEXT("\xff\xff\xff"), 3, ""},
    {"broken gzip", TRACES, "grpc-encoding", "gzip", 1, TEXT("\x1f\x8bxxxx"), 3, "not valid gzip"},
    {"no prefix", TRACES, NULL, NULL, -1, TEXT(""), 3, "the message is cut off"},
    {"half a prefix", TRACES, NULL, NULL, -1, TEXT("\0\0"), 3, "the message is cut off"},
    {"half a message", TRACES, NULL, NULL, -1, TEXT("\0\0\0\0\5ab"), 3, "the message is cut off"},
    {"two messages", TRACES, NULL, NULL, -1, TEXT("\0\0\0\0\0\0\0\0\0\0"), 3,
     "more than one message"},
    {"a page", TRACES, "origin", "http://evil.example", 0, TEXT(""), 7, "sent by a web page"},
    {"another host", TRACES, ":authority", "evil.example", 0, TEXT(""), 7,
     "sent to another host's name"},
    {"too large", TRACES, NULL, NULL, -1, TEXT("\0\4\0\0\1"), 8, "too large: 67108865 bytes"},
    {"no service", "/x.Y/Z", NULL, NULL, 0, TEXT(""), 12, "called /x.Y/Z, which is not a service"},
    {"zstd", TRACES, "grpc-encoding", "zstd", 1, TEXT("x"), 12,
     "compressed with zstd: set OTEL_EXPORTER_OTLP_COMPRESSION=gzip"},
    {"not gRPC", TRACES, "content-type", "application/x-protobuf", 0, TEXT(""), 12,
     "sent HTTP/2 that is not gRPC (application/x-protobuf)"},
    {"a message in other bytes", "/\xc3\xa9%", NULL, NULL, 0, TEXT(""), 12, "called /%C3%A9%25,"},
    {"compressed, but how", TRACES, NULL, NULL, 1, TEXT("x"), 13, "a compressed message without"},
    {"compressed with nothing", TRACES, "grpc-encoding", "identity", 1, TEXT("x"), 13,
     "a compressed message without"},
    {"no flag", TRACES, "grpc-encoding", "gzip", 2, TEXT("x"), 13, "a compressed message without"},
};

RIG_TEST(each_call_gets_its_status)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    h2_open(rig, &h2);
    /* One connection: each call leaves it good for the next, in frames of any size. */
    for (size_t i = 0; i < 3 * (sizeof rows / sizeof rows[0]); i++) {
        const struct row *row = &rows[i / 3];
        static const size_t pieces[] = {0, 1, 4};
        uint64_t bad = status_of(rig).bad;
        struct bytes data = row->flag < 0 ? row->message : h2_framed((char)row->flag, row->message);
        struct h2_call *call =
            h2_begin(&h2, row->path, data, pieces[i % 3], row->header, row->value);
        rig_until(rig, h2_all_done, &h2);
        if (call->status != row->status ||
            strncmp(call->message, row->why, strlen(row->why)) != 0 ||
            strcmp(call->type, "application/grpc") != 0) {
            fail_msg("%s: status %d, %s", row->name, call->status, call->message);
        }
        if (row->status == 0) {
            assert_int_equal(call->body_len, 5);
            assert_memory_equal(call->body, "\0\0\0\0\0", 5);
        }
        assert_true(status_of(rig).bad == bad + (row->status != 0));
        if (row->flag >= 0) {
            h2_release(data);
        }
    }
    assert_int_equal(status_of(rig).traffic.spans, 3);
    assert_string_equal(status_of(rig).traffic.sender, "grpc-test/1");
    assert_non_null(rig_logged(rig, "grpc-test/1 sends traces (grpc)"));
    assert_non_null(rig_logged(rig, "refused grpc-test/1: compressed with zstd"));
    h2_close(&h2);
}

RIG_TEST(a_message_may_be_large_packed_and_in_part_wrong)
{
    struct rig *rig = *state;
    struct h2 h2;
    char packed[4096];
    size_t count = BIG / PB_SPANS_BYTES;
    char *big = malloc(count * PB_SPANS_BYTES);
    assert_non_null(big);
    for (size_t i = 0; i < count; i++) {
        memcpy(big + i * PB_SPANS_BYTES, PB_SPANS("\1"), PB_SPANS_BYTES);
    }
    start(rig);
    h2_open(rig, &h2);
    struct bytes data = h2_framed(0, (struct bytes){big, count * PB_SPANS_BYTES});
    struct h2_call *call = h2_begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_int_equal(status_of(rig).traffic.spans, count);
    h2_release(data);
    free(big);

    size_t len = pack(PB_SPANS("\3"), PB_SPANS_BYTES, packed, 2048);
    len += pack(PB_SPANS("\4"), PB_SPANS_BYTES, packed + len, 2048);
    data = h2_framed(1, (struct bytes){packed, len});
    call = h2_begin(&h2, TRACES, data, 7, "grpc-encoding", "gzip");
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_int_equal(status_of(rig).traffic.spans, count + 2);
    h2_release(data);

    data = h2_framed(0, (struct bytes){PB_SPANS("\0"), PB_SPANS_BYTES});
    call = h2_begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_true(call->body_len > 10);
    assert_int_equal(call->body[4], (int)call->body_len - 5);
    assert_int_equal(call->body[5], 0x0a);
    assert_memory_equal(call->body + 7, "\x08\x01\x12", 3);
    h2_release(data);
    h2_close(&h2);
}

/* A megabyte of zeros in each member: its limit holds for what is unpacked. */
RIG_TEST(what_is_too_large_when_unpacked_ends_its_call_alone)
{
    struct rig *rig = *state;
    struct h2 h2;
    static char zeros[1 << 20], packed[256 << 10];
    size_t len = pack(zeros, sizeof zeros, packed, sizeof packed), one = len;
    for (int i = 1; i < 100; i++, len += one) {
        memcpy(packed + len, packed, one);
    }
    start(rig);
    h2_open(rig, &h2);
    struct bytes data = h2_framed(1, (struct bytes){packed, len}),
                 good = h2_framed(0, (struct bytes){"", 0});
    struct h2_call *bomb = h2_begin(&h2, TRACES, data, 0, "grpc-encoding", "gzip");
    struct h2_call *call = h2_begin(&h2, TRACES, good, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(bomb->status, 8);
    assert_int_equal(call->status, 0);
    call = h2_begin(&h2, TRACES, good, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 0);
    h2_release(data);
    h2_release(good);
    h2_close(&h2);
}

RIG_TEST(more_calls_than_streams_are_all_answered)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    h2_open(rig, &h2);
    struct bytes data = h2_framed(0, (struct bytes){PB_SPANS("\1"), PB_SPANS_BYTES});
    for (size_t i = 0; i < H2_CALLS; i++) {
        h2_begin(&h2, TRACES, data, 10, NULL, NULL);
    }
    rig_until(rig, h2_all_done, &h2);
    for (size_t i = 0; i < H2_CALLS; i++) {
        assert_int_equal(h2.calls[i].status, 0);
    }
    assert_int_equal(status_of(rig).traffic.requests, H2_CALLS);
    h2_release(data);
    h2_close(&h2);
}

static bool has_pong(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    h2_pump(h2);
    return h2->pong;
}

static bool is_closed(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    h2_pump(h2);
    return h2->closed;
}

RIG_TEST(pings_are_answered_and_the_end_is_announced)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    h2_open(rig, &h2);
    assert_int_equal(nghttp2_submit_ping(h2.session, 0, NULL), 0);
    rig_until(rig, has_pong, &h2);
    rig_stop_hub(rig);
    while (!is_closed(rig, &h2)) {
    }
    assert_true(h2.goaway);
    h2_close(&h2);
}

RIG_TEST(headers_have_a_limit_and_a_token_may_be_wanted)
{
    struct rig *rig = *state;
    struct h2 h2;
    char *large = calloc(1, 20001);
    assert_non_null(large);
    memset(large, 'x', 20000);
    rig_start_hub(rig, (struct hub_options){.token = "secret"});
    rig_add(rig, "otlp:127.0.0.1:0");
    h2_open(rig, &h2);
    struct bytes data = h2_framed(0, (struct bytes){"", 0});
    static const struct {
        const char *value;
        int status;
    } tokens[] = {{"Bearer secret", 0}, {"bearer secret", 0}, {"Bearer secre", 16}, {"secret", 16}};
    for (size_t i = 0; i < 4; i++) {
        struct h2_call *call = h2_begin(&h2, TRACES, data, 0, "authorization", tokens[i].value);
        rig_until(rig, h2_all_done, &h2);
        assert_int_equal(call->status, tokens[i].status);
    }
    struct h2_call *call = h2_begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 16);
    call = h2_begin(&h2, TRACES, data, 0, "x-large", large);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 8);
    h2_release(data);
    free(large);
    h2_close(&h2);
}

RIG_TEST(bytes_that_are_no_frames_end_their_connection_alone)
{
    struct rig *rig = *state;
    struct h2 h2;
    struct client bad;
    start(rig);
    client_open(rig, &bad);
    static const char garbage[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    for (size_t i = 0; i < sizeof garbage - 1; i++) {
        send_all(rig, bad.fd, garbage + i, 1);
    }
    while (!bad.closed) {
        rig_run_ms(rig, 1);
        (void)is_answered(rig, &bad);
    }
    h2_open(rig, &h2);
    struct bytes data = h2_framed(0, (struct bytes){"", 0});
    struct h2_call *call = h2_begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &h2);
    assert_int_equal(call->status, 0);
    h2_release(data);
    close(bad.fd);
    h2_close(&h2);
}

/* An idle connection of gRPC stays, but it counts: the one idle longest makes room. */
RIG_TEST(connections_that_are_idle_make_room_for_others)
{
    enum { DESCRIPTORS = 160, IDLE = DESCRIPTORS / 4 };
    struct rig *rig = *state;
    struct rlimit usual, small;
    struct h2 *idle = calloc(IDLE, sizeof *idle);
    struct client client;
    assert_non_null(idle);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    small = usual;
    small.rlim_cur = DESCRIPTORS;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    start(rig);
    struct bytes data = h2_framed(0, (struct bytes){"", 0});
    for (size_t i = 0; i < IDLE; i++) {
        h2_open(rig, &idle[i]);
        h2_begin(&idle[i], TRACES, data, 0, NULL, NULL);
        rig_until(rig, h2_all_done, &idle[i]);
        assert_int_equal(idle[i].calls[0].status, 0);
    }
    client_open(rig, &client);
    assert_int_equal(ask(rig, &client,
                         request_of("POST", "/v1/traces", "Content-Type: application/json\r\n",
                                    (struct bytes){"{}", 2})),
                     200);
    rig_until(rig, is_closed, &idle[0]);
    assert_false(is_closed(rig, &idle[IDLE - 1]));
    for (size_t i = 0; i < IDLE; i++) {
        h2_close(&idle[i]);
    }
    close(client.fd);
    rig_stop_hub(rig);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    h2_release(data);
    free(idle);
}

/* A call without its end has its time; a connection without a call has no such limit. */
RIG_TEST(a_call_that_does_not_end_is_closed_alone)
{
    struct rig *rig = *state;
    struct h2 slow, idle;
    rig_start_hub(rig, (struct hub_options){.request_ms = 200});
    rig_add(rig, "otlp:127.0.0.1:0");
    struct bytes data = h2_framed(0, (struct bytes){"", 0});
    h2_open(rig, &idle);
    h2_begin(&idle, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &idle);
    h2_open(rig, &slow);
    h2_begin(&slow, TRACES, data, 0, NULL, NULL)->held = true;
    rig_until(rig, is_closed, &slow);
    assert_non_null(rig_logged(rig, "its request did not end in time"));
    h2_begin(&idle, TRACES, data, 0, NULL, NULL);
    rig_until(rig, h2_all_done, &idle);
    assert_int_equal(idle.calls[1].status, 0);
    h2_close(&idle);
    h2_close(&slow);
    rig_stop_hub(rig);
    h2_release(data);
}

#else

TEST(this_build_has_no_grpc)
{
    skip();
}

#endif
