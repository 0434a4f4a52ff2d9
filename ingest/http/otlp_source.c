/* otlp:HOST:PORT: OpenTelemetry by HTTP and gRPC, and POST /hooks, on one port. The acceptor gives
   each connection to the server of its protocol; both give complete requests to the receiver here,
   which decodes them at once, as the answer depends on it, and passes them to the reader.

   All receivers share one reader, as the spans of one trace may come in by several ports. */
#include "ingest/http/otlp_source.h"

#include "ingest/http/acceptor.h"
#include "ingest/http/exporters.h"
#include "ingest/http/forward.h"
#include "ingest/http/grpc.h"
#include "ingest/http/hook_peers.h"
#include "ingest/http/http.h"
#include "ingest/http/listen.h"
#include "ingest/library/microhttpd.h"
#include "ingest/otlp/otlp_clocks.h"
#include "ingest/otlp/otlp_reader.h"
#include "ingest/source.h"

#include "core/base/json_read.h"

#include <stdio.h>
#include <string.h>

enum {
    HOOK_BYTES = 16 << 20,
    EXPORT_BYTES = 64 << 20,
    ALL_BODIES_BYTES = EXPORT_BYTES, /* one body of that size, or many small ones */
    KEPT_BYTES = 1 << 20,            /* memory of a larger body's batch is freed */
    DEPTH_MAX = 64,
    REFUSED_BYTES = 320,
    SETTLE_MS = 250,       /* so often what waits in the reader is looked at */
    REQUEST_MS = 60 * 1000 /* so long a request may take */
};

/* The state that all receivers of one hub share. */
struct otlp_shared {
    struct otlp_reader *reader;
    struct otlp_batch batch; /* of the request that is taken now */
    unsigned users;
    uint64_t bad; /* figures of the reader that sources have counted */
};

struct otlp_source {
    struct source source;
    struct receiver receiver;
    struct connections connections;
    uv_timer_t slow;   /* runs while a request is unfinished */
    uv_timer_t settle; /* runs while something waits in the reader */
    struct listening listening;
    struct acceptor *acceptor;
    struct http *http;
    struct hook_peers peers;
    struct grpc *grpc;          /* NULL: built without it */
    bool warned;                /* that gRPC comes in, which this build cannot take */
    bool warned_hook;           /* that hooks of a client come in whose hooks are not known */
    struct otlp_shared *shared; /* NULL: was not opened */
    struct source_traffic traffic;
    struct exporters exporters;
    struct otlp_clocks clocks;
    char last_refused[REFUSED_BYTES];
    size_t refused_why; /* begins there in it */
};

static struct ingest_ctx *ctx_of(const struct otlp_source *otlp)
{
    return otlp->source.counters.ingest;
}

static void note_taken(struct otlp_source *otlp)
{
    otlp->traffic.requests++;
    otlp->traffic.last_ns = ingest_ctx_now(ctx_of(otlp));
    ctx_of(otlp)->changed = true;
}

static void report_reject(struct otlp_source *otlp, const char *reason, struct slice bytes)
{
    struct reject reject = {
        .where = otlp->source.spec, .reason = reason, .bytes = bytes, .level = LOG_LEVEL_WARNING};
    source_counters_reject(&otlp->source.counters, &reject);
}

static void refused(void *ctx, const char *agent, const char *why)
{
    struct otlp_source *otlp = ctx;
    int len = snprintf(otlp->last_refused, sizeof otlp->last_refused,
                       "refused%s%.120s: ", agent[0] != '\0' ? " " : "", agent);
    otlp->refused_why = (size_t)len;
    (void)snprintf(otlp->last_refused + len, sizeof otlp->last_refused - (size_t)len, "%s", why);
    report_reject(otlp, otlp->last_refused, (struct slice){.bytes = NULL});
}

/* ---- requests ---- */

/* The client gets 200 even for a payload that is rejected: it would show an error to its user. */
static unsigned take_hook(void *ctx, int fd, const char *below, struct slice body)
{
    struct otlp_source *otlp = ctx;
    struct ingest_ctx *ingest = ctx_of(otlp);
    struct json_value payload;
    /* A transcript, too, has the wall clock's times. */
    int64_t now_ns = ingest_ctx_now(ingest), wall_ns = ingest_ctx_wall(ingest);
    if (!json_check(body.bytes, body.len, DEPTH_MAX, &payload, NULL)) {
        report_reject(otlp, "/hooks: not JSON", body);
        return 400;
    }
    struct hook_peer peer = {&otlp->peers, fd};
    struct hook_arrival arrival = {.t_ms = (double)(wall_ns / 1000) / 1e3,
                                   .local_ns = now_ns,
                                   .find_sender = hook_peers_find,
                                   .ctx = &peer};
    const char *client = hook_client_at(ingest, below);
    const char *wrong = client == NULL ? "hook: this client's hooks are not known"
                                       : hook_take(ingest, client, payload, &arrival);
    if (client == NULL && otlp->warned_hook) {
        otlp->source.counters.bad++;
        otlp->source.counters.refused++;
    } else if (wrong != NULL) {
        otlp->warned_hook |= client == NULL;
        report_reject(otlp, wrong, body);
    } else {
        source_counters_accept(&otlp->source.counters);
        otlp->traffic.hooks++;
    }
    note_taken(otlp);
    return 200;
}

/* Counts the figures that could not be since the last call. */
static void count_bad(struct otlp_source *otlp)
{
    uint64_t bad = otlp_reader_bad(otlp->shared->reader);
    otlp->source.counters.bad += bad - otlp->shared->bad;
    otlp->shared->bad = bad;
}

static void settle(uv_timer_t *timer)
{
    struct otlp_source *otlp = timer->data;
    if (!otlp_reader_settle(otlp->shared->reader, false)) {
        uv_timer_stop(timer);
    }
    count_bad(otlp);
}

static void settle_soon(struct otlp_source *otlp)
{
    if (otlp->source.listens && !uv_is_active((uv_handle_t *)&otlp->settle)) {
        uv_timer_start(&otlp->settle, settle, SETTLE_MS, SETTLE_MS);
    }
}

/* Returns the batch, empty. */
static struct otlp_batch *begin_batch(struct otlp_source *otlp)
{
    otlp_batch_clear(&otlp->shared->batch);
    return &otlp->shared->batch;
}

static void count_batch(struct otlp_source *otlp, const struct otlp_batch *batch)
{
    otlp->traffic.spans += batch->span_count;
    otlp->traffic.logs += batch->log_count;
    otlp->traffic.points += batch->point_count;
    otlp->source.counters.events += batch->span_count + batch->log_count + batch->point_count;
}

/* Passes the request on as it came: gRPC's message is what HTTP has as its body. */
static void pass_on(struct otlp_source *otlp, const struct export_request *request)
{
    static const char *const paths[OTLP_SIGNALS] = {
        [OTLP_TRACES] = "/v1/traces", [OTLP_LOGS] = "/v1/logs", [OTLP_METRICS] = "/v1/metrics"};
    const bool packed = request->packed.len > 0;
    struct forward *forward = hub_settings(otlp->source.hub)->forward;
    struct forward_request passed = {
        .path = paths[request->signal],
        .type = request->encoding == OTLP_JSON ? "application/json" : "application/x-protobuf",
        .encoding = packed ? "gzip" : NULL,
        .agent = request->agent,
        .body = packed ? request->packed : request->body};
    if (forward != NULL) {
        forward_take(forward, &passed);
    }
}

static void take_export(void *ctx, const struct export_request *request, struct export_result *out)
{
    struct otlp_source *otlp = ctx;
    struct otlp_batch *batch = begin_batch(otlp);
    struct slice by = {.bytes = otlp->source.spec, .len = strlen(otlp->source.spec)};
    out->why = otlp_decode(batch, request->signal, request->encoding, request->body);
    otlp_check_times(batch);
    if (out->why != NULL) {
        out->outcome = batch->no_memory ? EXPORT_BUSY : EXPORT_INVALID;
    } else if (!otlp_reader_take(otlp->shared->reader, batch, by)) {
        *out = (struct export_result){.outcome = EXPORT_BUSY, .why = "out of memory"};
    } else {
        const char *why =
            batch->why != NULL ? batch->why : otlp_reader_warning(otlp->shared->reader);
        *out = (struct export_result){.rejected = batch->rejected, .why = why};
        count_batch(otlp, batch);
        count_bad(otlp);
        otlp_clocks_take(&otlp->clocks, ctx_of(otlp), otlp->source.spec, batch);
        otlp->traffic.sender =
            exporters_note(&otlp->exporters, ctx_of(otlp), otlp->source.spec, request);
        note_taken(otlp);
        settle_soon(otlp);
        pass_on(otlp, request);
        if (batch->rejected > 0) {
            report_reject(otlp, batch->why, (struct slice){.bytes = NULL});
        }
    }
    otlp_batch_clear(batch);
    if (request->body.len > KEPT_BYTES) {
        otlp_batch_release(batch);
        otlp_batch_init(batch, otlp->receiver.mem);
    }
}

/* ---- the source ---- */

static void take_connection(void *ctx, struct connection *connection, const struct sockaddr *peer,
                            socklen_t peer_len, bool http2)
{
    struct otlp_source *otlp = ctx;
    if (http2 && otlp->grpc != NULL && grpc_can_serve()) {
        grpc_add(otlp->grpc, connection);
        return;
    }
    if (http2 && !otlp->warned) {
        otlp->warned = true;
        refused(otlp, "",
                "gRPC, as this swarmtop has no libnghttp2: set "
                "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
    }
    http_add(otlp->http, connection, peer, peer_len);
}

static void report_tls(void *ctx)
{
    struct otlp_source *otlp = ctx;
    const char *address = otlp->listening.address.data; /* otlp:HOST:PORT */
    char why[200];
    /* A client needs one address, also if all are listened on. */
    const char *host = strchr(address, ':') + 1, *port = strrchr(host, ':');
    bool any = strncmp(host, "0.0.0.0:", 8) == 0 || strncmp(host, "[::]:", 5) == 0;
    (void)snprintf(
        why, sizeof why,
        "sent TLS: set the endpoint to http://%s%.80s, and OTEL_EXPORTER_OTLP_INSECURE=true",
        any ? "localhost" : "", any ? port : host);
    refused(otlp, "", why);
}

static void report_unknown(void *ctx)
{
    refused(ctx, "",
            "sent neither HTTP nor gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, and send a "
            "feed to unix: or tcp:");
}

static void connection_removed(void *ctx)
{
    struct otlp_source *otlp = ctx;
    if (otlp->acceptor != NULL) {
        acceptor_resume(otlp->acceptor);
    }
}

/* False: out of memory. */
static bool share(struct otlp_source *otlp)
{
    struct ingest_ctx *ingest = ctx_of(otlp);
    if (ingest->otlp == NULL) {
        struct otlp_shared *shared = mem_zalloc(ingest->mem, 1, sizeof *shared);
        struct otlp_reader *reader = shared == NULL ? NULL : otlp_reader_new(ingest);
        if (reader == NULL) {
            mem_free(ingest->mem, shared, shared == NULL ? 0 : sizeof *shared);
            return false;
        }
        shared->reader = reader;
        otlp_batch_init(&shared->batch, ingest->mem);
        ingest->otlp = shared;
    }
    otlp->shared = ingest->otlp;
    otlp->shared->users++;
    return true;
}

static void end_sharing(struct otlp_source *otlp)
{
    struct otlp_shared *shared = otlp->shared;
    otlp->shared = NULL;
    if (shared != NULL && --shared->users == 0) {
        ctx_of(otlp)->otlp = NULL;
        otlp_batch_release(&shared->batch);
        otlp_reader_free(shared->reader);
        mem_free(ctx_of(otlp)->mem, shared, sizeof *shared);
    }
}

/* ---- requests that do not end ---- */

static uint64_t request_ms(const struct otlp_source *otlp)
{
    unsigned ms = hub_settings(otlp->source.hub)->request_ms;
    return ms != 0 ? ms : REQUEST_MS;
}

static void shut_slow(uv_timer_t *timer)
{
    struct otlp_source *otlp = timer->data;
    uint64_t now_ms = uv_now(timer->loop) + 1;
    if (connections_shut_slow(&otlp->connections, now_ms, request_ms(otlp)) > 0) {
        ingest_ctx_log_from(ctx_of(otlp), LOG_LEVEL_WARNING, otlp->source.spec,
                            "closed a connection: its request did not end in time");
    }
    if (otlp->connections.busy == 0) {
        uv_timer_stop(timer);
    }
}

static void became_busy(void *ctx)
{
    struct otlp_source *otlp = ctx;
    uint64_t period_ms = request_ms(otlp) / 4;
    if (!uv_is_closing((uv_handle_t *)&otlp->slow)) {
        uv_timer_start(&otlp->slow, shut_slow, period_ms, period_ms);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct otlp_source *otlp = handle->data;
    otlp->source.handles--;
}

/* False: a server does not start; those that did are closed. */
static bool start_servers(struct otlp_source *otlp)
{
    struct hub *hub = otlp->source.hub;
    struct http_options http = {.loop = hub_loop(hub),
                                .receiver = &otlp->receiver,
                                .connections = &otlp->connections,
                                .handles = &otlp->source.handles};
    struct acceptor_options acceptor = {.loop = hub_loop(hub),
                                        .mem = otlp->receiver.mem,
                                        .connections = &otlp->connections,
                                        .handles = &otlp->source.handles,
                                        .take = take_connection,
                                        .is_tls = report_tls,
                                        .is_unknown = report_unknown,
                                        .ctx = otlp};
    struct grpc_options grpc = {.loop = hub_loop(hub),
                                .receiver = &otlp->receiver,
                                .connections = &otlp->connections,
                                .handles = &otlp->source.handles};
    otlp->http = http_new(&http);
    if (otlp->http == NULL) {
        return false;
    }
    otlp->grpc = GRPC_BUILT ? grpc_new(&grpc) : NULL;
    if (!GRPC_BUILT || otlp->grpc != NULL) {
        otlp->acceptor = acceptor_new(&acceptor, otlp->listening.fds, otlp->listening.count);
    }
    if (otlp->acceptor == NULL) {
        http_close(otlp->http);
        return false;
    }
    uv_timer_init(hub_loop(hub), &otlp->slow);
    uv_timer_init(hub_loop(hub), &otlp->settle);
    otlp->slow.data = otlp;
    otlp->settle.data = otlp;
    otlp->source.handles += 2;
    otlp->connections.became_busy = became_busy;
    return true;
}

static void init(struct otlp_source *otlp)
{
    const struct mem *mem = ctx_of(otlp)->mem;
    strbuf_init(&otlp->listening.address, mem, 0);
    hook_peers_init(&otlp->peers, &otlp->source);
    connections_init(&otlp->connections, mem, connection_removed, otlp);
    otlp->traffic = (struct source_traffic){.receives = true, .sender = ""};
    otlp->receiver =
        (struct receiver){.mem = mem,
                          .token = hub_settings(otlp->source.hub)->token,
                          .hook_bytes = HOOK_BYTES,
                          .export_bytes = EXPORT_BYTES,
                          .all_bytes = ALL_BODIES_BYTES,
                          .keeps_packed = hub_settings(otlp->source.hub)->forward != NULL,
                          .take_export = take_export,
                          .take_hook = take_hook,
                          .refused = refused,
                          .ctx = otlp};
}

static bool open_otlp(struct source *source, struct strbuf *error)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    struct address address;
    struct strbuf partly;
    init(otlp);
    const char *missing = library_load(&mhd_library);
    if (missing != NULL) {
        source_error(error, source->spec, "cannot listen", missing);
        return false;
    }
    strbuf_init(&partly, ctx_of(otlp)->mem, 0);
    if (!address_parse_otlp(source->spec, &address, error) ||
        !source_may_bind(source, &address, error) ||
        !listen_at(source->spec, &address, &otlp->listening, &partly, error)) {
        return false;
    }
    if (partly.len > 0) {
        strbuf_adds(&source->error, partly.data);
        ingest_ctx_log_from(ctx_of(otlp), LOG_LEVEL_WARNING, source->spec, partly.data);
    }
    strbuf_release(&partly);
    if (!share(otlp) || !start_servers(otlp)) {
        listen_close(&otlp->listening);
        source_error(error, source->spec, "cannot listen", "the server does not start");
        return false;
    }
    source->listens = true;
    return true;
}

static void finish_otlp(struct source *source)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    if (otlp->shared != NULL) {
        (void)otlp_reader_settle(otlp->shared->reader, true);
        count_bad(otlp);
    }
}

static void close_otlp(struct source *source)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    if (!source->listens) {
        return;
    }
    source->listens = false;
    finish_otlp(source);
    source_finish(source, NULL);
    acceptor_close(otlp->acceptor);
    http_close(otlp->http);
    if (otlp->grpc != NULL) {
        grpc_close(otlp->grpc);
    }
    uv_close((uv_handle_t *)&otlp->slow, timer_closed);
    uv_close((uv_handle_t *)&otlp->settle, timer_closed);
}

static void release_otlp(struct source *source)
{
    struct otlp_source *otlp = (struct otlp_source *)source;
    acceptor_free(otlp->acceptor);
    http_free(otlp->http);
    grpc_free(otlp->grpc);
    end_sharing(otlp);
    strbuf_release(&otlp->listening.address);
}

static const char *bound_address(const struct source *source)
{
    const struct otlp_source *otlp = (const struct otlp_source *)source;
    return source->listens ? otlp->listening.address.data : NULL;
}

static void put_traffic(const struct source *source, struct source_traffic *out)
{
    const struct otlp_source *otlp = (const struct otlp_source *)source;
    const struct forward *forward = hub_settings(source->hub)->forward;
    *out = otlp->traffic;
    if (forward != NULL) {
        struct forward_counts counts = forward_counts(forward);
        out->forwards = true;
        out->forwarded = counts.sent;
        out->forward_waiting = counts.waiting;
        out->forward_dropped = counts.dropped;
        out->forward_trouble = counts.trouble;
        out->forward_refused = counts.refused;
    }
    const struct otlp_clock *clock = otlp_clocks_worst(&otlp->clocks);
    out->clock = clock == NULL ? NULL : clock->name;
    out->clock_off_ms = clock == NULL ? 0 : clock->off_ms;
    out->last_refused = otlp->last_refused;
    out->refused_why = otlp->last_refused + otlp->refused_why;
}

const struct source_ops otlp_source_ops = {
    .size = sizeof(struct otlp_source),
    .open = open_otlp,
    .finish = finish_otlp,
    .close = close_otlp,
    .release = release_otlp,
    .address = bound_address,
    .traffic = put_traffic,
};
