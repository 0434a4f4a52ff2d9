#include "tests/support/otlp_sender.h"

#include "tests/support/h2_client.h"
#include "tests/support/otlp_encode.h"

struct otlp_sender {
    struct rig *rig;
    enum otlp_way way;
    struct strbuf body, packed, request;
    struct client http;
#ifdef HAVE_NGHTTP2
    struct h2 h2;
#endif
};

static const struct {
    const char *name;
    bool json, grpc, gzip;
} ways[OTLP_WAYS] = {
    [OTLP_HTTP_JSON] = {"HTTP, JSON", true, false, false},
    [OTLP_HTTP_PROTOBUF] = {"HTTP, protobuf", false, false, false},
    [OTLP_GRPC] = {"gRPC", false, true, false},
    [OTLP_GRPC_GZIP] = {"gRPC with gzip", false, true, true},
};

const char *otlp_way_name(enum otlp_way way)
{
    return ways[way].name;
}

bool otlp_way_is_built(enum otlp_way way)
{
    bool protobuf = false, grpc = false;
#ifdef HAVE_PROTOBUF
    protobuf = true;
#endif
#ifdef HAVE_NGHTTP2
    grpc = true;
#endif
    return (ways[way].json || protobuf) && (!ways[way].grpc || grpc);
}

struct otlp_sender *otlp_sender_new(struct rig *rig, enum otlp_way way)
{
    struct otlp_sender *sender = calloc(1, sizeof *sender);
    assert_non_null(sender);
    sender->rig = rig;
    sender->way = way;
    strbuf_init(&sender->body, &mem_libc, 0);
    strbuf_init(&sender->packed, &mem_libc, 0);
    strbuf_init(&sender->request, &mem_libc, 0);
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, "otlp:127.0.0.1:0");
#ifdef HAVE_NGHTTP2
    if (ways[way].grpc) {
        h2_open(rig, &sender->h2);
        return sender;
    }
#endif
    client_open(rig, &sender->http);
    return sender;
}

void otlp_sender_free(struct otlp_sender *sender)
{
#ifdef HAVE_NGHTTP2
    if (ways[sender->way].grpc) {
        h2_close(&sender->h2);
    }
#endif
    if (!ways[sender->way].grpc) {
        close(sender->http.fd);
    }
    rig_stop_hub(sender->rig);
    strbuf_release(&sender->body);
    strbuf_release(&sender->packed);
    strbuf_release(&sender->request);
    free(sender);
}

static void send_http(struct otlp_sender *sender, enum otlp_signal signal, struct slice body)
{
    static const char *const paths[OTLP_SIGNALS] = {
        [OTLP_TRACES] = "/v1/traces", [OTLP_LOGS] = "/v1/logs", [OTLP_METRICS] = "/v1/metrics"};
    bool json = ways[sender->way].json;
    strbuf_clear(&sender->request);
    strbuf_addf(&sender->request,
                "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/%s\r\n"
                "Content-Length: %zu\r\n\r\n",
                paths[signal], json ? "json" : "x-protobuf", body.len);
    strbuf_add(&sender->request, body.bytes, body.len);
    int status =
        ask(sender->rig, &sender->http, (struct bytes){sender->request.data, sender->request.len});
    if (status != 200 || strcmp(body_of(&sender->http), json ? "{}" : "") != 0) {
        fail_msg("%s: %s", otlp_way_name(sender->way), sender->http.answer);
    }
}

#ifdef HAVE_NGHTTP2

static struct slice pack_body(struct otlp_sender *sender, struct slice body)
{
    size_t room = body.len + body.len / 100 + 100;
    strbuf_clear(&sender->packed);
    assert_true(strbuf_room(&sender->packed, room) != NULL);
    size_t len = pack(body.bytes, body.len, sender->packed.data, room);
    return (struct slice){sender->packed.data, len};
}

static void send_grpc(struct otlp_sender *sender, enum otlp_signal signal, struct slice body)
{
    static const char *const paths[OTLP_SIGNALS] = {
        [OTLP_TRACES] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        [OTLP_LOGS] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        [OTLP_METRICS] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"};
    bool gzip = ways[sender->way].gzip;
    body = gzip ? pack_body(sender, body) : body;
    struct bytes data = h2_framed(gzip, (struct bytes){body.bytes, body.len});
    sender->h2.count = 0;
    struct h2_call *call = h2_begin(&sender->h2, paths[signal], data, 0,
                                    gzip ? "grpc-encoding" : NULL, gzip ? "gzip" : NULL);
    wait_for(sender->rig, h2_all_done, &sender->h2);
    if (call->status != 0 || call->body_len != 5) {
        fail_msg("%s: status %d, %s", otlp_way_name(sender->way), call->status, call->message);
    }
    h2_release(data);
}

#endif

void otlp_sender_send(struct otlp_sender *sender, enum otlp_signal signal,
                      const struct otlp_batch *batch, struct slice json)
{
    strbuf_clear(&sender->body);
    if (!ways[sender->way].json) {
        otlp_encode(batch, signal, &sender->body);
    } else if (json.bytes == NULL) {
        otlp_encode_json(batch, signal, &sender->body);
    } else {
        strbuf_add(&sender->body, json.bytes, json.len);
    }
    struct slice body = {sender->body.len > 0 ? sender->body.data : "", sender->body.len};
#ifdef HAVE_NGHTTP2
    if (ways[sender->way].grpc) {
        send_grpc(sender, signal, body);
        return;
    }
#endif
    send_http(sender, signal, body);
}
