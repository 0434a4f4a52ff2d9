/* OTLP by HTTP as an exporter sees it: each answer that the specification asks for, and what the
   screen is given about the sender. */
#include "tests/support/otlp_sender.h"

#include <errno.h>

#define JSON     "Content-Type: application/json\r\n"
#define PROTOBUF "Content-Type: application/x-protobuf\r\n"
#define GZIP     "Content-Encoding: gzip\r\n"
#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

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
    const char *name, *path, *headers;
    struct bytes body;
    int status;
    const char *type, *answer;
} rows[] = {
    {"json", "/v1/traces", JSON, TEXT(JSON_SPANS(JSON_SPAN("01"))), 200, "application/json", "{}"},
    {"parameters", "/v1/traces", "Content-Type: Application/JSON; charset=utf-8\r\n", TEXT("{}"),
     200, "application/json", "{}"},
    {"protobuf",
     "/v1/traces",
     PROTOBUF,
     {PB_SPANS("\2"), PB_SPANS_BYTES},
     200,
     "application/x-protobuf",
     ""},
    {"empty protobuf", "/v1/traces", PROTOBUF, TEXT(""), 200, "application/x-protobuf", ""},
    {"empty envelopes", "/v1/traces", JSON, TEXT("{\"resourceSpans\":[{},{\"scopeSpans\":[{}]}]}"),
     200, "application/json", "{}"},
    {"no type, JSON", "/v1/traces", "", TEXT("\n{}"), 200, "application/json", "{}"},
    {"no type, protobuf",
     "/v1/traces",
     "",
     {PB_SPANS("\3"), PB_SPANS_BYTES},
     200,
     "application/x-protobuf",
     ""},
    {"logs", "/v1/logs", JSON, TEXT("{\"resourceLogs\":[]}"), 200, "application/json", "{}"},
    {"metrics", "/v1/metrics", JSON, TEXT("{\"resourceMetrics\":[]}"), 200, "application/json",
     "{}"},
    {"two slashes", "//v1/traces", JSON, TEXT("{}"), 200, "application/json", "{}"},
    {"a slash at the end", "/v1/traces/", JSON, TEXT("{}"), 200, "application/json", "{}"},
    {"a query", "/v1//logs/?x=1", JSON, TEXT("{}"), 200, "application/json", "{}"},
    {"an absolute URL", "http://localhost/v1/traces", JSON, TEXT("{}"), 200, "application/json",
     "{}"},
    {"identity", "/v1/traces", JSON "Content-Encoding: identity\r\n", TEXT("{}"), 200,
     "application/json", "{}"},

    {"not JSON", "/v1/traces", JSON, TEXT("{\"resourceSpans\":["), 400, "application/json",
     "{\"message\":\"sent application/json that cannot be read: "},
    {"an array", "/v1/traces", JSON, TEXT("[]"), 400, "application/json", "{\"message\":\""},
    {"null", "/v1/logs", JSON, TEXT("null"), 400, "application/json", "{\"message\":\""},
    {"a text", "/v1/metrics", JSON, TEXT("\"\""), 400, "application/json", "{\"message\":\""},
    {"empty JSON", "/v1/traces", JSON, TEXT(""), 400, "application/json", "{\"message\":\""},
    {"not protobuf", "/v1/traces", PROTOBUF, TEXT("\xff\xff\xff"), 400, "application/x-protobuf",
     "\x12"},
    {"broken gzip", "/v1/traces", PROTOBUF GZIP, TEXT("\x1f\x8bxxxx"), 400,
     "application/x-protobuf", "\x12\x0enot valid gzip"},
    {"plain bytes as gzip", "/v1/traces", JSON GZIP, TEXT("{}"), 400, "application/json",
     "{\"message\":\"not valid gzip\"}"},
    {"another path", "/v1/foo", JSON, TEXT("{}"), 404, "application/json",
     "{\"message\":\"sent to /v1/foo: set the endpoint to http://localhost\"}"},
    {"the path twice", "/v1/traces/v1/traces", PROTOBUF, TEXT(""), 404, "application/x-protobuf",
     "\x12"},
    {"no path", "/", "", TEXT(""), 404, "text/plain; charset=utf-8", "sent to /: set"},
    {"profiles", "/v1development/profiles", JSON, TEXT("{}"), 404, "application/json", "{\"mess"},
    {"text", "/v1/traces", "Content-Type: text/plain\r\n", TEXT("{}"), 415,
     "text/plain; charset=utf-8", "sent as text/plain: set OTEL_EXPORTER_OTLP_PROTOCOL=http/"},
    {"gRPC's type", "/v1/traces", "Content-Type: application/grpc\r\n", TEXT("x"), 415,
     "text/plain; charset=utf-8", "sent as application/grpc: set OTEL_EXPORTER_OTLP_PROTOCOL"},
    {"JSON's name is longer", "/v1/traces", "Content-Type: application/jsonx\r\n", TEXT("{}"), 415,
     "text/plain; charset=utf-8", "sent as"},
    {"zstd", "/v1/traces", JSON "Content-Encoding: zstd\r\n", TEXT("x"), 415, "application/json",
     "{\"message\":\"compressed with zstd: set OTEL_EXPORTER_OTLP_COMPRESSION=gzip\"}"},
    {"two codings", "/v1/logs", JSON "Content-Encoding: gzip, zstd\r\n", TEXT("x"), 415,
     "application/json", "{\"message\":\"compressed with gzip, zstd"},
    {"gRPC-Web", "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
     "Content-Type: application/grpc-web+proto\r\n", TEXT("x"), 415, "text/plain; charset=utf-8",
     "sent as gRPC-Web: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"},
    {"protobuf to a path of gRPC", "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
     PROTOBUF, TEXT("x"), 404, "application/x-protobuf", "\x12"},
    {"deflate", "/v1/traces", JSON "Content-Encoding: deflate\r\n", TEXT("x"), 415,
     "application/json",
     "{\"message\":\"compressed with deflate: set OTEL_EXPORTER_OTLP_COMPRESSION=gzip\"}"},
    {"a web page", "/v1/traces", JSON "Origin: http://evil.example\r\n", TEXT("{}"), 403,
     "application/json", "{\"message\":\"sent by a web page\"}"},
};

/* Whether the body is decoded as protobuf, which a build may lack. */
static bool needs_protobuf(const struct row *row)
{
    return strcmp(row->type, "application/x-protobuf") == 0 && row->status == 200;
}

RIG_TEST(each_request_gets_the_answer_of_the_specification)
{
    struct rig *rig = *state;
    struct client client;
    start(rig);
    client_open(rig, &client);
    /* One connection: each answer leaves it good for the next request. */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (needs_protobuf(row) && !otlp_way_is_built(OTLP_HTTP_PROTOBUF)) {
            continue;
        }
        uint64_t bad = status_of(rig).bad;
        int status = ask(rig, &client, request_of("POST", row->path, row->headers, row->body));
        size_t len = strlen(row->answer);
        if (status != row->status || !has_header(&client, "Content-Type", row->type) ||
            strncmp(body_of(&client), row->answer, len) != 0 ||
            (len == 0 && *body_of(&client) != '\0')) {
            fail_msg("%s: %s", row->name, client.answer);
        }
        if (status_of(rig).bad != bad + (status != 200)) {
            fail_msg("%s: %d bad", row->name, (int)(status_of(rig).bad - bad));
        }
    }
    close(client.fd);
}

/* Twenty exporters, then the first again: the line names the one that sent last. */
RIG_TEST(the_last_of_many_senders_is_named)
{
    struct rig *rig = *state;
    struct client client;
    start(rig);
    client_open(rig, &client);
    for (int i = 0; i <= 20; i++) {
        char headers[200], name[40];
        snprintf(name, sizeof name, "exporter-%d/1", i % 20);
        snprintf(headers, sizeof headers, JSON "User-Agent: %s\r\n", name);
        struct bytes request = request_of("POST", "/v1/traces", headers, (struct bytes){"{}", 2});
        assert_int_equal(ask(rig, &client, request), 200);
        assert_string_equal(status_of(rig).traffic.sender, name);
    }
    close(client.fd);
}

RIG_TEST(who_looks_is_answered_and_not_counted)
{
    struct rig *rig = *state;
    struct client client;
    start(rig);
    client_open(rig, &client);
    assert_int_equal(ask(rig, &client, request_of("GET", "/v1/traces", "", (struct bytes){"", 0})),
                     405);
    assert_true(has_header(&client, "Allow", "POST"));
    assert_int_equal(ask(rig, &client, request_of("GET", "/", "", (struct bytes){"", 0})), 404);
    assert_int_equal(status_of(rig).bad, 0);
    close(client.fd);
}

RIG_TEST(a_part_that_is_rejected_is_counted_in_both_encodings)
{
    struct rig *rig = *state;
    struct client client;
    static const char three[] = JSON_SPANS(JSON_SPAN("01") "," JSON_SPAN("00") "," JSON_SPAN("03"));
    start(rig);
    client_open(rig, &client);
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/traces", JSON, (struct bytes){three, sizeof three - 1})),
        200);
    assert_non_null(strstr(body_of(&client), "{\"partialSuccess\":{\"rejectedSpans\":\"1\",\"err"));
    assert_true(status_of(rig).traffic.spans == 2);
    struct bytes none = {PB_SPANS("\0"), PB_SPANS_BYTES};
    int status = ask(rig, &client, request_of("POST", "/v1/traces", PROTOBUF, none));
    if (otlp_way_is_built(OTLP_HTTP_PROTOBUF)) {
        assert_int_equal(status, 200);
        assert_memory_equal(body_of(&client) + 0, "\x0a", 1);
        assert_memory_equal(body_of(&client) + 2, "\x08\x01\x12", 3);
    } else { /* it is not tried again, and the reason names what to set */
        assert_int_equal(status, 400);
        assert_non_null(strstr(body_of(&client), "PROTOCOL=http/json"));
    }
    assert_true(status_of(rig).traffic.spans == 2);
    close(client.fd);
}

/* A span without any time is rejected; a time to first token that cannot be is left out. */
RIG_TEST(what_cannot_be_is_counted)
{
    struct rig *rig = *state;
    struct client client;
    static const char timeless[] =
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
        "\"0000000000000000000000000000aaaa\",\"spanId\":\"0000000000000001\",\"name\":\"n\","
        "\"startTimeUnixNano\":\"0\",\"endTimeUnixNano\":\"18446744073709551615\"}]}]}]}";
    static const char early[] =
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
        "\"0000000000000000000000000000aaaa\",\"spanId\":\"0000000000000002\",\"name\":\"chat\","
        "\"startTimeUnixNano\":\"1795903200000000000\",\"endTimeUnixNano\":"
        "\"1795903201000000000\",\"attributes\":[{\"key\":\"gen_ai.operation.name\",\"value\":"
        "{\"stringValue\":\"chat\"}},{\"key\":\"gen_ai.response.time_to_first_chunk\",\"value\":"
        "{\"doubleValue\":-1}}]}]}]}]}";
    start(rig);
    client_open(rig, &client);
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/traces", JSON, (struct bytes){timeless, sizeof timeless - 1})),
        200);
    assert_non_null(strstr(body_of(&client), "\"rejectedSpans\":\"1\""));
    assert_non_null(strstr(body_of(&client), "a span has no valid time"));
    assert_int_equal(status_of(rig).bad, 1);
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/traces", JSON, (struct bytes){early, sizeof early - 1})),
        200);
    assert_int_equal(status_of(rig).bad, 2);
    close(client.fd);
}

/* All is taken, and part of it is not used. */
RIG_TEST(a_warning_is_a_partial_success_of_none)
{
    struct rig *rig = *state;
    struct client client;
    static const char metric[] =
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"sum\":"
        "{\"dataPoints\":[{\"timeUnixNano\":\"1795903201000000000\",\"asInt\":\"1\"}]}}]}]}]}";
    static const char warning[] =
        "{\"partialSuccess\":{\"rejectedDataPoints\":\"0\",\"errorMessage\":\"metrics name";
    start(rig);
    client_open(rig, &client);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            ask(rig, &client,
                request_of("POST", "/v1/metrics", JSON, (struct bytes){metric, sizeof metric - 1})),
            200);
        assert_true((strstr(body_of(&client), warning) != NULL) == (i == 0));
    }
    assert_int_equal(status_of(rig).bad, 0);
    close(client.fd);
}

RIG_TEST(gzip_may_come_in_members_and_in_chunks_of_a_byte)
{
    struct rig *rig = *state;
    struct client client;
    char packed[1000], chunked[9000];
    static const char text[] = JSON_SPANS(JSON_SPAN("05"));
    size_t half = sizeof text / 2, len = pack(text, half, packed, 500);
    len += pack(text + half, sizeof text - 1 - half, packed + len, 500);
    start(rig);
    client_open(rig, &client);
    struct bytes body = {packed, len};
    assert_int_equal(ask(rig, &client, request_of("POST", "/v1/traces", JSON GZIP, body)), 200);
    int at = sprintf(chunked, "POST /v1/traces HTTP/1.1\r\nHost: [::1]:4318\r\n" JSON GZIP
                              "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < len; i++) {
        at += sprintf(chunked + at, "1\r\n");
        chunked[at++] = packed[i];
        at += sprintf(chunked + at, "\r\n");
    }
    at += sprintf(chunked + at, "0\r\n\r\n");
    assert_int_equal(ask(rig, &client, (struct bytes){chunked, (size_t)at}), 200);
    assert_true(status_of(rig).traffic.spans == 2);
    /* Each cut of it is broken. */
    for (size_t cut = 1; cut < len; cut += 7) {
        body.len = cut;
        int status = ask(rig, &client, request_of("POST", "/v1/traces", JSON GZIP, body));
        assert_int_equal(status, 400);
    }
    close(client.fd);
}

RIG_TEST(a_client_that_asks_first_is_told_whether_to_send)
{
    struct rig *rig = *state;
    struct client client;
    start(rig);
    client_open(rig, &client);
    static const char head[] = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n" JSON
                               "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    send_all(rig, client.fd, head, sizeof head - 1);
    while (strstr(client.answer, "\r\n\r\n") == NULL) {
        rig_run_ms(rig, 1);
        (void)is_answered(rig, &client);
    }
    assert_memory_equal(client.answer, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    assert_int_equal(ask(rig, &client, (struct bytes){"{}", 2}), 200);
    static const char large[] = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n" JSON
                                "Expect: 100-continue\r\nContent-Length: 67108865\r\n\r\n";
    assert_int_equal(ask(rig, &client, (struct bytes){large, sizeof large - 1}), 413);
    assert_non_null(strstr(body_of(&client), "{\"message\":\"too large"));
    close(client.fd);
}

/* Sends 128 MiB of zeros, packed in a few parts: the limit holds for what is unpacked. */
RIG_TEST(a_bomb_is_refused_before_it_is_unpacked)
{
    struct rig *rig = *state;
    struct client client;
    static char zeros[1 << 20], packed[64 << 10];
    size_t len = pack(zeros, sizeof zeros, packed, sizeof packed);
    char head[300];
    start(rig);
    client_open(rig, &client);
    int head_len = sprintf(head,
                           "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n" PROTOBUF GZIP
                           "Content-Length: %zu\r\n\r\n",
                           len * 128);
    send_all(rig, client.fd, head, (size_t)head_len);
    for (int i = 0; i < 127; i++) {
        send_all(rig, client.fd, packed, len);
    }
    assert_int_equal(ask(rig, &client, (struct bytes){packed, len}), 413);
    assert_true(has_header(&client, "Content-Type", "application/x-protobuf"));
    assert_int_equal(
        ask(rig, &client, request_of("POST", "/v1/traces", JSON, (struct bytes){"{}", 2})), 200);
    close(client.fd);
}

RIG_TEST(the_screen_is_given_who_sends_and_how_much)
{
    struct rig *rig = *state;
    struct client client;
    start(rig);
    assert_true(status_of(rig).traffic.receives);
    assert_string_equal(status_of(rig).traffic.sender, "");
    assert_int_equal(status_of(rig).traffic.requests, 0);
    client_open(rig, &client);
    struct bytes spans = TEXT(JSON_SPANS(JSON_SPAN("01") "," JSON_SPAN("02")));
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/traces",
                       JSON "User-Agent: OTel-OTLP-Exporter-Python/1.30 x (y)\r\n", spans)),
        200);
    struct source_traffic traffic = status_of(rig).traffic;
    assert_string_equal(traffic.sender, "OTel-OTLP-Exporter-Python/1.30");
    assert_int_equal(traffic.requests, 1);
    assert_int_equal(traffic.spans, 2);
    assert_true(traffic.last_ns == rig->now_ns);
    assert_non_null(rig_logged(rig, "OTel-OTLP-Exporter-Python/1.30 sends traces (http/json)"));
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/foo", JSON "User-Agent: agent/1\r\n", (struct bytes){"{}", 2})),
        404);
    assert_string_equal(status_of(rig).traffic.last_refused,
                        "refused agent/1: sent to /v1/foo: set the endpoint to http://localhost");
    assert_non_null(rig_logged(rig, "refused agent/1: sent to /v1/foo"));
    close(client.fd);
}

RIG_TEST(a_token_may_be_wanted_of_exporters_too)
{
    struct rig *rig = *state;
    struct client client;
    rig_start_hub(rig, (struct hub_options){.token = "secret"});
    rig_add(rig, "otlp:127.0.0.1:0");
    client_open(rig, &client);
    struct bytes body = {"{}", 2};
    assert_int_equal(ask(rig, &client, request_of("POST", "/v1/traces", JSON, body)), 401);
    assert_string_equal(body_of(&client), "{\"message\":\"no token, or a wrong one\"}");
    assert_int_equal(
        ask(rig, &client,
            request_of("POST", "/v1/traces", JSON "authorization: bearer secret\r\n", body)),
        200);
    close(client.fd);
}

static bool is_closed(struct rig *rig, void *ctx)
{
    struct client *client = ctx;
    (void)is_answered(rig, client);
    return client->closed;
}

/* Which protocol a connection speaks is known by its third byte. */
RIG_TEST(first_bytes_may_come_one_by_one_or_never)
{
    struct rig *rig = *state;
    struct client slow, silent, short_one, other;
    start(rig);
    client_open(rig, &silent);
    client_open(rig, &slow);
    client_open(rig, &short_one);
    struct bytes request = request_of("POST", "/v1/traces", JSON, (struct bytes){"{}", 2});
    for (size_t i = 0; i < request.len - 1; i++) {
        send_all(rig, slow.fd, request.at + i, 1);
        rig_run_ms(rig, i < 4 ? 2 : 0);
    }
    send_all(rig, short_one.fd, "PR", 2);
    shutdown(short_one.fd, SHUT_WR);
    rig_until(rig, is_closed, &short_one);
    client_open(rig, &other);
    assert_int_equal(ask(rig, &other, request), 200);
    assert_int_equal(ask(rig, &slow, (struct bytes){request.at + request.len - 1, 1}), 200);
    close(silent.fd);
    close(slow.fd);
    close(short_one.fd);
    rig_stop_hub(rig);
    close(other.fd);
}

/* A sender of something else gets no answer either. */
RIG_TEST(what_is_neither_http_nor_grpc_is_explained_and_closed)
{
    static const char *const texts[] = {"{\"op\":\"hello\"}\n", "hello\r\n\r\n",
                                        "\x01\x02\x03\x04"};
    struct rig *rig = *state;
    start(rig);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct client other;
        client_open(rig, &other);
        send_all(rig, other.fd, texts[i], strlen(texts[i]));
        rig_until(rig, is_closed, &other);
        close(other.fd);
    }
    assert_string_equal(
        status_of(rig).traffic.refused_why,
        "sent neither HTTP nor gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, "
        "and send a feed to unix: or tcp:");
    assert_int_equal(status_of(rig).bad, 3);
    assert_non_null(rig_logged(rig, "refused: sent neither HTTP nor gRPC"));
}

/* A client that sends TLS gets no answer: the log explains it. */
RIG_TEST(tls_is_explained_and_closed)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    static const struct {
        const char *spec, *host; /* that clients are to send to */
    } rows_of_hosts[] = {{"otlp:127.0.0.1:0", "127.0.0.1"}, {"otlp:0.0.0.0:0", "localhost"}};
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof rows_of_hosts / sizeof *rows_of_hosts; i++) {
        struct client tls, other;
        char expected[200];
        rig_start_hub(rig, (struct hub_options){.allow_remote = true, .token = "x"});
        rig_add(rig, rows_of_hosts[i].spec);
        client_open(rig, &tls);
        client_open(rig, &other);
        send_all(rig, tls.fd, hello, sizeof hello - 1);
        rig_until(rig, is_closed, &tls);
        snprintf(expected, sizeof expected,
                 "refused: sent TLS: set the endpoint to http://%s:%d, and "
                 "OTEL_EXPORTER_OTLP_INSECURE=true",
                 rows_of_hosts[i].host, ntohs(port_of(rig, 0)));
        assert_non_null(rig_logged(rig, expected));
        struct bytes request = request_of("POST", "/v1/traces", JSON "Authorization: Bearer x\r\n",
                                          (struct bytes){"{}", 2});
        assert_int_equal(ask(rig, &other, request), 200);
        close(tls.fd);
        rig_stop_hub(rig);
        close(other.fd);
    }
}

/* The endpoint that the answer names has the port that was asked, if any. */
RIG_TEST(another_host_is_refused_with_the_right_endpoint)
{
    static const struct {
        const char *host, *endpoint;
    } hosts[] = {{"evil.example", "http://localhost\"}"},
                 {"evil.example:4318", "http://localhost:4318\"}"},
                 {"[fe80::1]", "http://localhost\"}"},
                 {"[fe80::1]:4318", "http://localhost:4318\"}"},
                 {"[fe80::1", "http://localhost\"}"}};
    struct rig *rig = *state;
    start(rig);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct client client;
        char text[200];
        int len =
            snprintf(text, sizeof text,
                     "POST /v1/traces HTTP/1.1\r\nHost: %s\r\n" JSON "Content-Length: 2\r\n\r\n{}",
                     hosts[i].host);
        client_open(rig, &client);
        assert_int_equal(ask(rig, &client, (struct bytes){text, (size_t)len}), 403);
        if (strstr(body_of(&client), hosts[i].endpoint) == NULL) {
            fail_msg("%s: %s", hosts[i].host, body_of(&client));
        }
        close(client.fd);
    }
}

/* What comes byte by byte is not idle, but has its time; others are answered meanwhile. */
static void assert_closed_alone(struct rig *rig, const char *begin)
{
    struct client slow, idle, other;
    rig_start_hub(rig, (struct hub_options){.request_ms = 300});
    rig_add(rig, "otlp:127.0.0.1:0");
    client_open(rig, &slow);
    client_open(rig, &idle);
    client_open(rig, &other);
    struct bytes request = request_of("POST", "/v1/traces", JSON, (struct bytes){"{}", 2});
    assert_int_equal(ask(rig, &idle, request), 200);
    send_all(rig, slow.fd, begin, strlen(begin));
    for (unsigned i = 0; !is_closed(rig, &slow); i++) {
        assert_true(i < 6000);
        (void)!send(slow.fd, "x", 1, MSG_NOSIGNAL);
        assert_int_equal(ask(rig, &other, request), 200);
        rig_run_ms(rig, 10);
    }
    assert_non_null(rig_logged(rig, "its request did not end in time"));
    assert_int_equal(ask(rig, &idle, request), 200);
    rig_stop_hub(rig);
    close(slow.fd);
    close(idle.fd);
    close(other.fd);
}

RIG_TEST(a_body_that_does_not_end_is_closed_alone)
{
    assert_closed_alone(*state, "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n" JSON
                                "Content-Length: 1000000\r\n\r\n");
}

RIG_TEST(headers_that_do_not_end_are_closed_alone)
{
    assert_closed_alone(*state, "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX: ");
}

RIG_TEST(fifty_clients_at_once_are_answered)
{
    enum { CLIENTS = 50 };
    struct rig *rig = *state;
    struct client *clients = calloc(CLIENTS, sizeof *clients);
    start(rig);
    struct bytes request = request_of("POST", "/v1/traces", JSON, (struct bytes){"{}", 2});
    for (size_t i = 0; i < CLIENTS; i++) {
        client_open(rig, &clients[i]);
        send_all(rig, clients[i].fd, request.at, request.len);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        rig_until(rig, is_answered, &clients[i]);
        assert_memory_equal(clients[i].answer, "HTTP/1.1 200 ", 13);
        close(clients[i].fd);
    }
    free(clients);
}

RIG_TEST(localhost_is_both_addresses_and_one_of_them_is_enough)
{
    struct rig *rig = *state;
    struct strbuf error;
    char spec[60];
    start(rig);
    unsigned port = ntohs(port_of(rig, 0));
    /* 127.0.0.1 is taken; where there is IPv6, ::1 is not. */
    snprintf(spec, sizeof spec, "otlp:localhost:%u", port);
    strbuf_init(&error, &mem_libc, 0);
    bool has_v6 = hub_add(rig->hub, spec, &error);
    const char *why = hub_source(rig->hub, 1).error;
    assert_non_null(strstr(why, "Address already in use"));
    if (!has_v6) {
        strbuf_release(&error);
        skip();
    }
    assert_non_null(strstr(why, "cannot listen at otlp:127.0.0.1:"));
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = port_of(rig, 1), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct client client = {.fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(connect(client.fd, (struct sockaddr *)&in6, sizeof in6), 0);
    assert_int_equal(
        ask(rig, &client, request_of("POST", "/v1/traces", JSON, (struct bytes){"{}", 2})), 200);
    close(client.fd);
    strbuf_release(&error);
}
