/* Requests whose own span does not report that the SDK has repeated the call by HTTP: their
   attempts are the client's spans of HTTP below, directly or below spans of no meaning of their own
   (a transport's). They count where one of them failed, from that one on: a call before it that
   succeeded asked for something else. A request that reports attempts itself knows better.

   The request reports its first token from its own begin, as it does not know of the attempts. All
   of this grows with what comes, so the order of the spans does not matter.

   Source of the attributes: OpenTelemetry's semantic conventions for HTTP client spans, stable
   (http.response.status_code) and before (http.status_code). */
#include "ingest/otlp/otlp_reader_private.h"

#include <math.h>
#include <string.h>

/* The newest children are looked at for attempts, once for each attempt that comes. */
enum { CALLS_MAX = 64, LOOKED_AT_MAX = 256, FAILED_FROM = 400, BETWEEN_MAX = 3 };

static struct otlp_node *node_at(struct otlp_reader *reader, uint32_t node)
{
    return &reader->tree.nodes[node];
}

/* Returns the code of the answer; NAN: no answer came. */
static double status_of(const struct otlp_span *span)
{
    static const char *const keys[] = {"http.response.status_code", "http.status_code"};
    const struct otlp_value *value = NULL;
    for (size_t i = 0; value == NULL && i < sizeof keys / sizeof *keys; i++) {
        value = otlp_attribute(&span->attributes, keys[i]);
    }
    return value == NULL ? (double)NAN : otlp_value_number(value);
}

bool otlp_is_http(const struct otlp_span *span, enum otlp_kind kind)
{
    static const struct otlp_id no_id;
    return span->kind == OTLP_CLIENT && (kind == OTLP_STRUCTURE || kind == OTLP_NO_SPAN) &&
           memcmp(span->parent, no_id.span, sizeof span->parent) != 0 &&
           (!isnan(status_of(span)) ||
            otlp_attribute(&span->attributes, "http.request.method") != NULL ||
            otlp_attribute(&span->attributes, "http.method") != NULL);
}

/* Whether calls by HTTP below it are those of the request above it. */
static bool is_between(const struct otlp_node *node)
{
    return node->kind == OTLP_STRUCTURE && (node->flags & NODE_KNOWN) != 0 &&
           (node->flags & NODE_HTTP) == 0;
}

/* Returns the request that the span lies in; OTLP_NO_NODE: none that is known yet. */
static uint32_t request_above(struct otlp_reader *reader, uint32_t node)
{
    node = node_at(reader, node)->parent;
    for (unsigned depth = 0; node != OTLP_NO_NODE && depth <= BETWEEN_MAX; depth++) {
        if (node_at(reader, node)->kind == OTLP_REQUEST) {
            return node;
        }
        if (!is_between(node_at(reader, node))) {
            return OTLP_NO_NODE;
        }
        node = node_at(reader, node)->parent;
    }
    return OTLP_NO_NODE;
}

/* The calls by HTTP of a request that may be attempts. */
struct calls {
    double starts[CALLS_MAX];
    size_t count, left; /* so many spans are still looked at */
    double first_token, first_failed;
};

static void find_calls(struct otlp_reader *reader, uint32_t node, unsigned depth, struct calls *out)
{
    for (uint32_t in = node_at(reader, node)->first_child;
         in != OTLP_NO_NODE && out->count < CALLS_MAX && out->left > 0;
         in = node_at(reader, in)->next) {
        const struct otlp_node *call = node_at(reader, in);
        const uint16_t taken = NODE_HTTP | NODE_KNOWN;
        out->left--;
        if ((call->flags & taken) == taken && !isnan(call->start_ms) &&
            !(call->start_ms > out->first_token)) {
            out->starts[out->count++] = call->start_ms;
            out->first_failed = (call->flags & NODE_FAILED) != 0
                                    ? fmin(out->first_failed, call->start_ms)
                                    : out->first_failed;
        } else if (is_between(call) && depth < BETWEEN_MAX) {
            find_calls(reader, in, depth + 1, out);
        }
    }
}

/* Writes the begins of a request's attempts. Returns how many; 0: none failed. */
static size_t attempts_of(struct otlp_reader *reader, uint32_t node, double starts[CALLS_MAX])
{
    struct calls calls = {.left = LOOKED_AT_MAX,
                          .first_token = node_at(reader, node)->first_ms,
                          .first_failed = (double)INFINITY};
    size_t kept = 0;
    find_calls(reader, node, 0, &calls);
    memcpy(starts, calls.starts, calls.count * sizeof *starts);
    for (size_t i = 0; i < calls.count; i++) {
        if (starts[i] >= calls.first_failed) {
            starts[kept++] = starts[i];
        }
    }
    return kept;
}

static void send_attempts(struct otlp_reader *reader, uint32_t node, struct slice session)
{
    char room[OTLP_ID_TEXT];
    double starts[CALLS_MAX], last = -(double)INFINITY;
    const struct otlp_node *request = node_at(reader, node);
    size_t count = (request->flags & NODE_COUNTS) != 0 ? 0 : attempts_of(reader, node, starts);
    if (count < 2) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        last = fmax(last, starts[i]);
    }
    struct update update = otlp_update(reader, UPDATE_CALL, session);
    update.kind = CALL_REQUEST;
    update.id = otlp_call_id(&request->id, room);
    update_times(&update, FIELD_ATTEMPTS, starts, count);
    if (last >= request->start_ms) {
        update_number(&update, FIELD_SETUP_MS, last - request->start_ms);
    }
    update_number(&update, FIELD_TTFT_MS, request->first_ms - last);
    otlp_send(reader, &update);
}

/* Makes calls by HTTP that were shown before one with the request. All children are looked at, as
   none is shown once the request is known. */
static void join_shown(struct otlp_reader *reader, uint32_t node, const struct update *of)
{
    bool any = (node_at(reader, node)->flags & NODE_ABOVE) != 0;
    node_at(reader, node)->flags &= (uint16_t)~NODE_ABOVE;
    for (uint32_t in = node_at(reader, node)->first_child; any && in != OTLP_NO_NODE;
         in = node_at(reader, in)->next) {
        char room[OTLP_ID_TEXT];
        if ((node_at(reader, in)->flags & NODE_ALONE) == 0) {
            continue;
        }
        struct update update = otlp_update(reader, UPDATE_CALL, of->session_id);
        update.kind = CALL_REQUEST;
        update.id = of->id;
        update_text(&update, FIELD_ALIAS, otlp_call_id(&node_at(reader, in)->id, room));
        otlp_send(reader, &update);
        node_at(reader, in)->flags &= (uint16_t)~NODE_ALONE;
    }
}

/* The same below spans that lie between. */
static void join_below(struct otlp_reader *reader, uint32_t node, unsigned depth,
                       const struct update *of)
{
    size_t left = LOOKED_AT_MAX;
    join_shown(reader, node, of);
    for (uint32_t in = node_at(reader, node)->first_child;
         depth < BETWEEN_MAX && in != OTLP_NO_NODE && left-- > 0; in = node_at(reader, in)->next) {
        if (is_between(node_at(reader, in))) {
            join_below(reader, in, depth + 1, of);
        }
    }
}

void otlp_take_between(struct otlp_reader *reader, uint32_t node, struct slice session)
{
    char room[OTLP_ID_TEXT];
    const uint16_t taken = NODE_KNOWN | NODE_OPEN;
    uint32_t request = request_above(reader, node);
    if (request == OTLP_NO_NODE || node_at(reader, node)->first_child == OTLP_NO_NODE ||
        (node_at(reader, request)->flags & taken) == 0) {
        return; /* the request's own turn comes */
    }
    struct update of = {.session_id = session,
                        .id = otlp_call_id(&node_at(reader, request)->id, room)};
    join_below(reader, node, 0, &of);
    send_attempts(reader, request, session);
}

void otlp_take_http_attempts(struct otlp_reader *reader, uint32_t node, const struct update *update,
                             double ttft_ms, bool counts)
{
    struct otlp_node *request = node_at(reader, node);
    request->start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    request->first_ms = request->start_ms + ttft_ms;
    request->flags |= counts ? NODE_COUNTS : 0;
    join_below(reader, node, 0, update);
    send_attempts(reader, node, update->session_id);
}

bool otlp_take_http(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node)
{
    struct otlp_node *call = node_at(reader, node);
    uint32_t above = call->parent, request = request_above(reader, node);
    call->flags |= NODE_KNOWN;
    call->flags |= status_of(span) >= FAILED_FROM || span->status == 2 ? NODE_FAILED : 0;
    call->start_ms = span->start_ns == 0 ? (double)NAN : (double)span->start_ns / 1e6;
    if (request != OTLP_NO_NODE) {
        const uint16_t taken = NODE_KNOWN | NODE_OPEN;
        bool late = call->start_ms > node_at(reader, request)->first_ms; /* no attempt */
        if (!late && (node_at(reader, request)->flags & taken) != 0) { /* else its own turn comes */
            send_attempts(reader, request, otlp_session_of(reader, &reader->found, request));
        }
        return true;
    }
    if (call->kind == OTLP_STRUCTURE) {
        call->flags |= NODE_ALONE;
        if (above != OTLP_NO_NODE) {
            node_at(reader, above)->flags |= NODE_ABOVE;
        }
    }
    return call->kind != OTLP_STRUCTURE;
}
