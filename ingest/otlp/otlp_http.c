/* Requests whose own span does not report that the SDK has repeated the call by HTTP: their
   attempts are the client's spans of HTTP below. They count where one of them failed, from that
   one on: a call before it that succeeded asked for something else. A request that reports
   attempts itself knows better.

   The request reports its first token from its own begin, as it does not know of the attempts. All
   of this grows with what comes, so the order of the spans does not matter.

   Source of the attributes: OpenTelemetry's semantic conventions for HTTP client spans, stable
   (http.response.status_code) and before (http.status_code). */
#include "ingest/otlp/otlp_reader_private.h"

#include <math.h>
#include <string.h>

/* The newest children are looked at for attempts, once for each attempt that comes. */
enum { CALLS_MAX = 64, LOOKED_AT_MAX = 256, FAILED_FROM = 400 };

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

/* Writes the begins of a request's attempts. Returns how many; 0: none failed. */
static size_t attempts_of(struct otlp_reader *reader, uint32_t node, double starts[CALLS_MAX])
{
    double first_failed = (double)INFINITY, first_token = node_at(reader, node)->first_ms;
    size_t count = 0, kept = 0, left = LOOKED_AT_MAX;
    for (uint32_t in = node_at(reader, node)->first_child;
         in != OTLP_NO_NODE && count < CALLS_MAX && left-- > 0; in = node_at(reader, in)->next) {
        const struct otlp_node *call = node_at(reader, in);
        const uint16_t taken = NODE_HTTP | NODE_KNOWN;
        if ((call->flags & taken) == taken && !isnan(call->start_ms) &&
            !(call->start_ms > first_token)) {
            starts[count++] = call->start_ms;
            first_failed = (call->flags & NODE_FAILED) != 0 ? fmin(first_failed, call->start_ms)
                                                            : first_failed;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (starts[i] >= first_failed) {
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

void otlp_take_http_attempts(struct otlp_reader *reader, uint32_t node, const struct update *update,
                             double ttft_ms, bool counts)
{
    struct otlp_node *request = node_at(reader, node);
    request->start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    request->first_ms = request->start_ms + ttft_ms;
    request->flags |= counts ? NODE_COUNTS : 0;
    join_shown(reader, node, update);
    send_attempts(reader, node, update->session_id);
}

bool otlp_take_http(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node)
{
    struct otlp_node *call = node_at(reader, node);
    uint32_t above = call->parent;
    call->flags |= NODE_KNOWN;
    call->flags |= status_of(span) >= FAILED_FROM || span->status == 2 ? NODE_FAILED : 0;
    call->start_ms = span->start_ns == 0 ? (double)NAN : (double)span->start_ns / 1e6;
    if (above != OTLP_NO_NODE && node_at(reader, above)->kind == OTLP_REQUEST) {
        const uint16_t taken = NODE_KNOWN | NODE_OPEN;
        bool late = call->start_ms > node_at(reader, above)->first_ms; /* no attempt */
        if (!late && (node_at(reader, above)->flags & taken) != 0) {   /* else its own turn comes */
            send_attempts(reader, above, otlp_session_of(reader, &reader->found, above));
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
