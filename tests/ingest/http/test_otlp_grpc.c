/* OTLP by gRPC as an exporter sees it. The client's side of HTTP/2 is libnghttp2's. */
#include "tests/ingest/http/otlp_client.h"

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>
#include <sys/resource.h>

#define TRACES  "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#define LOGS    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
#define METRICS "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

enum { CALLS = 200, NO_STATUS = -1, BIG = 4 << 20 };

struct call {
    int32_t id;
    struct bytes data; /* to send, `piece` bytes a frame; 0: as it fits */
    size_t at, piece;
    int status; /* grpc-status */
    char message[300], body[100], type[60];
    size_t body_len;
    bool done;
};

/* A connection and its calls. */
struct h2 {
    int fd;
    nghttp2_session *session;
    struct call calls[CALLS];
    size_t count;
    struct bytes pending; /* of the library's, to be sent */
    bool closed, goaway, pong;
};

/* ---- the library's callbacks ---- */

static struct call *call_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *ctx)
{
    struct call *call = call_of(session, frame->hd.stream_id);
    const char *key = (const char *)name, *text = (const char *)value;
    (void)name_len, (void)value_len, (void)flags, (void)ctx;
    if (call == NULL) {
        return 0;
    }
    if (strcmp(key, "grpc-status") == 0) {
        call->status = atoi(text);
    } else if (strcmp(key, "grpc-message") == 0) {
        snprintf(call->message, sizeof call->message, "%s", text);
    } else if (strcmp(key, "content-type") == 0) {
        snprintf(call->type, sizeof call->type, "%s", text);
    } else if (strcmp(key, ":status") == 0) {
        assert_string_equal(text, "200");
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *ctx)
{
    struct call *call = call_of(session, id);
    (void)flags, (void)ctx;
    assert_true(call->body_len + len <= sizeof call->body);
    memcpy(call->body + call->body_len, bytes, len);
    call->body_len += len;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct h2 *h2 = ctx;
    struct call *call = call_of(session, frame->hd.stream_id);
    h2->goaway |= frame->hd.type == NGHTTP2_GOAWAY;
    h2->pong |= frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (call != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
        call->done = true;
    }
    return 0;
}

static ssize_t read_data(nghttp2_session *session, int32_t id, uint8_t *to, size_t max,
                         uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    struct call *call = source->ptr;
    size_t left = call->data.len - call->at;
    size_t len = call->piece > 0 && call->piece < max ? call->piece : max;
    (void)session, (void)id, (void)ctx;
    len = len < left ? len : left;
    memcpy(to, call->data.at + call->at, len);
    call->at += len;
    *flags |= call->at == call->data.len ? NGHTTP2_DATA_FLAG_EOF : 0;
    return (ssize_t)len;
}

/* ---- the client ---- */

static void open_h2(struct rig *rig, struct h2 *h2)
{
    nghttp2_session_callbacks *callbacks;
    *h2 = (struct h2){.fd = connect_to(rig, 0)};
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_session_client_new(&h2->session, callbacks, h2), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(h2->session, 0, NULL, 0), 0);
}

static void close_h2(struct h2 *h2)
{
    nghttp2_session_del(h2->session);
    close(h2->fd);
}

static nghttp2_nv field(const char *name, const char *value)
{
    union {
        const char *text;
        uint8_t *bytes;
    } n = {.text = name}, v = {.text = value};
    return (nghttp2_nv){
        .name = n.bytes, .value = v.bytes, .namelen = strlen(name), .valuelen = strlen(value)};
}

/* Begins a call; `data` is borrowed until it is done. `name` may be NULL: no further header. */
static struct call *begin(struct h2 *h2, const char *path, struct bytes data, size_t piece,
                          const char *name, const char *value)
{
    struct call *call = &h2->calls[h2->count++];
    assert_true(h2->count <= CALLS);
    *call = (struct call){.data = data, .piece = piece, .status = NO_STATUS};
    nghttp2_nv headers[] = {
        field(":method", "POST"),
        field(":scheme", "http"),
        field(":path", path),
        field(":authority", "localhost"),
        field("te", "trailers"),
        field("user-agent", "grpc-test/1 (x)"),
        field("content-type", "application/grpc"),
        field(name == NULL ? "x-none" : name, value == NULL ? "" : value),
    };
    size_t count = sizeof headers / sizeof headers[0];
    for (size_t i = 0; i + 1 < count && name != NULL; i++) {
        if (strcmp((const char *)headers[i].name, name) == 0) {
            headers[i] = headers[--count]; /* instead of the usual one */
            break;
        }
    }
    nghttp2_data_provider provider = {.source = {.ptr = call}, .read_callback = read_data};
    call->id = nghttp2_submit_request(h2->session, NULL, headers, count, &provider, call);
    assert_true(call->id > 0);
    return call;
}

/* Passes bytes both ways. */
static void pump(struct h2 *h2)
{
    static char buffer[64 << 10];
    const uint8_t *bytes;
    ssize_t len;
    while ((len = recv(h2->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        assert_int_equal(nghttp2_session_mem_recv(h2->session, (uint8_t *)buffer, (size_t)len),
                         len);
    }
    h2->closed |= len == 0 || (len < 0 && errno == ECONNRESET);
    while (!h2->closed) {
        if (h2->pending.len == 0) {
            len = nghttp2_session_mem_send(h2->session, &bytes);
            h2->pending = (struct bytes){(const char *)bytes, len > 0 ? (size_t)len : 0};
        }
        len = h2->pending.len == 0
                  ? -1
                  : send(h2->fd, h2->pending.at, h2->pending.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0) {
            h2->closed |= h2->pending.len > 0 && errno != EAGAIN;
            return;
        }
        h2->pending.at += len;
        h2->pending.len -= (size_t)len;
    }
}

static bool all_done(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    pump(h2);
    for (size_t i = 0; i < h2->count; i++) {
        if (!h2->calls[i].done && !h2->closed) {
            return false;
        }
    }
    return true;
}

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

/* Returns the message with its prefix, in new memory (free). */
static struct bytes framed(char flag, struct bytes message)
{
    char *out = malloc(message.len + 5);
    assert_non_null(out);
    out[0] = flag;
    for (int i = 0; i < 4; i++) {
        out[1 + i] = (char)(message.len >> (24 - 8 * i) & 0xff);
    }
    memcpy(out + 5, message.at, message.len);
    return (struct bytes){out, message.len + 5};
}

static void release(struct bytes bytes)
{
    union {
        const char *at;
        void *block;
    } b = {.at = bytes.at};
    free(b.block);
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
};

RIG_TEST(each_call_gets_its_status)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    open_h2(rig, &h2);
    /* One connection: each call leaves it good for the next, in frames of any size. */
    for (size_t i = 0; i < 3 * (sizeof rows / sizeof rows[0]); i++) {
        const struct row *row = &rows[i / 3];
        static const size_t pieces[] = {0, 1, 4};
        uint64_t bad = status_of(rig).bad;
        struct bytes data = row->flag < 0 ? row->message : framed((char)row->flag, row->message);
        struct call *call = begin(&h2, row->path, data, pieces[i % 3], row->header, row->value);
        rig_until(rig, all_done, &h2);
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
            release(data);
        }
    }
    assert_int_equal(status_of(rig).traffic.spans, 3);
    assert_string_equal(status_of(rig).traffic.sender, "grpc-test/1");
    assert_non_null(rig_logged(rig, "grpc-test/1 sends traces (grpc)"));
    assert_non_null(rig_logged(rig, "refused grpc-test/1: compressed with zstd"));
    close_h2(&h2);
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
    open_h2(rig, &h2);
    struct bytes data = framed(0, (struct bytes){big, count * PB_SPANS_BYTES});
    struct call *call = begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_int_equal(status_of(rig).traffic.spans, count);
    release(data);
    free(big);

    size_t len = pack(PB_SPANS("\3"), PB_SPANS_BYTES, packed, 2048);
    len += pack(PB_SPANS("\4"), PB_SPANS_BYTES, packed + len, 2048);
    data = framed(1, (struct bytes){packed, len});
    call = begin(&h2, TRACES, data, 7, "grpc-encoding", "gzip");
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_int_equal(status_of(rig).traffic.spans, count + 2);
    release(data);

    data = framed(0, (struct bytes){PB_SPANS("\0"), PB_SPANS_BYTES});
    call = begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 0);
    assert_true(call->body_len > 10);
    assert_int_equal(call->body[4], (int)call->body_len - 5);
    assert_int_equal(call->body[5], 0x0a);
    assert_memory_equal(call->body + 7, "\x08\x01\x12", 3);
    release(data);
    close_h2(&h2);
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
    open_h2(rig, &h2);
    struct bytes data = framed(1, (struct bytes){packed, len}),
                 good = framed(0, (struct bytes){"", 0});
    struct call *bomb = begin(&h2, TRACES, data, 0, "grpc-encoding", "gzip");
    struct call *call = begin(&h2, TRACES, good, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(bomb->status, 8);
    assert_int_equal(call->status, 0);
    call = begin(&h2, TRACES, good, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 0);
    release(data);
    release(good);
    close_h2(&h2);
}

RIG_TEST(more_calls_than_streams_are_all_answered)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    open_h2(rig, &h2);
    struct bytes data = framed(0, (struct bytes){PB_SPANS("\1"), PB_SPANS_BYTES});
    for (size_t i = 0; i < CALLS; i++) {
        begin(&h2, TRACES, data, 10, NULL, NULL);
    }
    rig_until(rig, all_done, &h2);
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(h2.calls[i].status, 0);
    }
    assert_int_equal(status_of(rig).traffic.requests, CALLS);
    release(data);
    close_h2(&h2);
}

static bool has_pong(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    pump(h2);
    return h2->pong;
}

static bool is_closed(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    pump(h2);
    return h2->closed;
}

RIG_TEST(pings_are_answered_and_the_end_is_announced)
{
    struct rig *rig = *state;
    struct h2 h2;
    start(rig);
    open_h2(rig, &h2);
    assert_int_equal(nghttp2_submit_ping(h2.session, 0, NULL), 0);
    rig_until(rig, has_pong, &h2);
    rig_stop_hub(rig);
    while (!is_closed(rig, &h2)) {
    }
    assert_true(h2.goaway);
    close_h2(&h2);
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
    open_h2(rig, &h2);
    struct bytes data = framed(0, (struct bytes){"", 0});
    static const struct {
        const char *value;
        int status;
    } tokens[] = {{"Bearer secret", 0}, {"bearer secret", 0}, {"Bearer secre", 16}, {"secret", 16}};
    for (size_t i = 0; i < 4; i++) {
        struct call *call = begin(&h2, TRACES, data, 0, "authorization", tokens[i].value);
        rig_until(rig, all_done, &h2);
        assert_int_equal(call->status, tokens[i].status);
    }
    struct call *call = begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 16);
    call = begin(&h2, TRACES, data, 0, "x-large", large);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 8);
    release(data);
    free(large);
    close_h2(&h2);
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
    open_h2(rig, &h2);
    struct bytes data = framed(0, (struct bytes){"", 0});
    struct call *call = begin(&h2, TRACES, data, 0, NULL, NULL);
    rig_until(rig, all_done, &h2);
    assert_int_equal(call->status, 0);
    release(data);
    close(bad.fd);
    close_h2(&h2);
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
    struct bytes data = framed(0, (struct bytes){"", 0});
    for (size_t i = 0; i < IDLE; i++) {
        open_h2(rig, &idle[i]);
        begin(&idle[i], TRACES, data, 0, NULL, NULL);
        rig_until(rig, all_done, &idle[i]);
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
        close_h2(&idle[i]);
    }
    close(client.fd);
    rig_stop_hub(rig);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    release(data);
    free(idle);
}

#else

TEST(this_build_has_no_grpc)
{
    skip();
}

#endif
