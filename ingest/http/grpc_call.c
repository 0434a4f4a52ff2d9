/* The data of a call are a prefix (a byte: whether the message is compressed; four bytes: its
   length, big-endian) and the message. A unary call has one message. The length is what is sent,
   so a compressed message has the limit of what it unpacks to besides (body.c). */
#include "ingest/http/grpc_call.h"

#include "ingest/http/export_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEADER_BYTES = 16 << 10, HEADER_OVERHEAD = 32 /* RFC 9113, 6.5.2 */ };

static const struct {
    const char *path;
    enum otlp_signal signal;
} methods[] = {
    {"/opentelemetry.proto.collector.trace.v1.TraceService/Export", OTLP_TRACES},
    {"/opentelemetry.proto.collector.logs.v1.LogsService/Export", OTLP_LOGS},
    {"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", OTLP_METRICS},
};

/* The first reason counts. */
__attribute__((format(printf, 3, 4))) static void refuse(struct grpc_call *call,
                                                         enum grpc_status status,
                                                         const char *format, ...)
{
    va_list args;
    if (call->status != GRPC_OK) {
        return;
    }
    call->status = status;
    body_release(&call->body);
    va_start(args, format);
    (void)vsnprintf(call->why, sizeof call->why, format, args);
    va_end(args);
}

void grpc_call_init(struct grpc_call *call, struct receiver *receiver)
{
    *call = (struct grpc_call){.receiver = receiver, .authorized = receiver->token == NULL};
    body_init(&call->body, receiver, receiver->export_bytes);
    strbuf_init(&call->answer, receiver->mem, 0);
}

void grpc_call_release(struct grpc_call *call)
{
    body_release(&call->body);
    strbuf_release(&call->answer);
}

/* ---- the head ---- */

static void take_path(struct grpc_call *call, const char *value)
{
    (void)snprintf(call->path, sizeof call->path, "%s", value);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(value, methods[i].path) == 0) {
            call->known = true;
            call->signal = methods[i].signal;
        }
    }
}

static void take_method(struct grpc_call *call, const char *value)
{
    call->method = strcmp(value, "POST") == 0;
}

static void take_host(struct grpc_call *call, const char *value)
{
    call->other_host |= !request_has_own_host(call->receiver, value);
}

static void take_type(struct grpc_call *call, const char *value)
{
    static const char type[] = "application/grpc";
    size_t len = sizeof type - 1;
    (void)snprintf(call->type, sizeof call->type, "%s", value);
    call->typed = strncasecmp(value, type, len) == 0 && strchr("+;", value[len]) != NULL;
}

static void take_encoding(struct grpc_call *call, const char *value)
{
    (void)snprintf(call->encoding, sizeof call->encoding, "%s", value);
}

static void take_agent(struct grpc_call *call, const char *value)
{
    request_set_agent(call->agent, value);
}

static void take_authorization(struct grpc_call *call, const char *value)
{
    call->authorized = request_has_token(call->receiver, value);
}

static void take_origin(struct grpc_call *call, const char *value)
{
    (void)value;
    call->web = true;
}

void grpc_call_header(struct grpc_call *call, const char *name, const char *value)
{
    static const struct {
        const char *name;
        void (*take)(struct grpc_call *call, const char *value);
    } headers[] = {
        {":path", take_path},        {":method", take_method},
        {":authority", take_host},   {"host", take_host},
        {"content-type", take_type}, {"grpc-encoding", take_encoding},
        {"user-agent", take_agent},  {"authorization", take_authorization},
        {"origin", take_origin},
    };
    call->header_bytes += strlen(name) + strlen(value) + HEADER_OVERHEAD;
    if (call->header_bytes > HEADER_BYTES) {
        return;
    }
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (strcmp(name, headers[i].name) == 0) {
            headers[i].take(call, value);
        }
    }
}

static bool is_packed(const struct grpc_call *call)
{
    return strcasecmp(call->encoding, "gzip") == 0;
}

bool grpc_call_begin(struct grpc_call *call)
{
    bool plain = call->encoding[0] == '\0' || strcasecmp(call->encoding, "identity") == 0;
    if (call->header_bytes > HEADER_BYTES) {
        refuse(call, GRPC_RESOURCE_EXHAUSTED, "headers of more than %d bytes", HEADER_BYTES);
    } else if (!call->authorized) {
        refuse(call, GRPC_UNAUTHENTICATED, "no token, or a wrong one");
    } else if (call->web) {
        refuse(call, GRPC_PERMISSION_DENIED, "sent by a web page");
    } else if (call->other_host) {
        refuse(call, GRPC_PERMISSION_DENIED, "sent to another host's name");
    } else if (!call->method || !call->typed) {
        refuse(call, GRPC_UNIMPLEMENTED,
               "sent HTTP/2 that is not gRPC (%s): set OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
               call->type[0] != '\0' ? call->type : "no content-type");
    } else if (!call->known) {
        refuse(call, GRPC_UNIMPLEMENTED, "called %s, which is not a service of OTLP", call->path);
    } else if (!plain && !is_packed(call)) {
        refuse(call, GRPC_UNIMPLEMENTED,
               "compressed with %s: set OTEL_EXPORTER_OTLP_COMPRESSION=gzip", call->encoding);
    }
    return call->status == GRPC_OK;
}

/* ---- the message ---- */

static void check_fault(struct grpc_call *call, enum body_fault fault)
{
    switch (fault) {
    case BODY_GOOD: break;
    case BODY_BROKEN: refuse(call, GRPC_INVALID_ARGUMENT, "not valid gzip"); break;
    case BODY_TOO_LARGE:
        refuse(call, GRPC_RESOURCE_EXHAUSTED, "too large: more than %zu bytes",
               call->receiver->export_bytes);
        break;
    case BODY_BUSY: refuse(call, GRPC_UNAVAILABLE, "too much at once: send it again"); break;
    }
}

/* The prefix is complete. */
static void begin_message(struct grpc_call *call)
{
    size_t len = 0;
    for (size_t i = 1; i < GRPC_PREFIX_BYTES; i++) {
        len = len << 8 | call->prefix[i];
    }
    call->left = len;
    if (call->prefix[0] > 1 || (call->prefix[0] == 1 && !is_packed(call))) {
        refuse(call, GRPC_INTERNAL, "a compressed message without grpc-encoding: gzip");
    } else if (len > call->receiver->export_bytes) {
        refuse(call, GRPC_RESOURCE_EXHAUSTED, "too large: %zu bytes, of which %zu may come", len,
               call->receiver->export_bytes);
    } else if (call->prefix[0] == 1) {
        body_set_gzip(&call->body);
    }
}

bool grpc_call_add(struct grpc_call *call, const char *bytes, size_t len)
{
    while (len > 0 && call->status == GRPC_OK && call->prefix_len < GRPC_PREFIX_BYTES) {
        call->prefix[call->prefix_len++] = (unsigned char)*bytes++;
        len--;
        if (call->prefix_len == GRPC_PREFIX_BYTES) {
            begin_message(call);
        }
    }
    if (len > call->left) {
        refuse(call, GRPC_INVALID_ARGUMENT, "more than one message");
    }
    if (len > 0 && call->status == GRPC_OK) {
        body_add(&call->body, bytes, len);
        call->left -= len;
        check_fault(call, call->body.fault);
    }
    return call->status == GRPC_OK;
}

/* ---- the answer ---- */

static void put_answer(struct grpc_call *call, const struct export_result *result)
{
    struct strbuf *out = &call->answer;
    strbuf_add(out, "\0\0\0\0", GRPC_PREFIX_BYTES); /* with the NUL: five */
    export_answer_put(out, call->signal, OTLP_PROTOBUF, result);
    size_t len = out->len - GRPC_PREFIX_BYTES;
    for (size_t i = GRPC_PREFIX_BYTES; i-- > 1 && !out->failed; len >>= 8) {
        out->data[i] = (char)(len & 0xff);
    }
    if (out->failed) {
        strbuf_clear(out);
        refuse(call, GRPC_UNAVAILABLE, "out of memory");
    }
}

static void take_export(struct grpc_call *call, struct slice body)
{
    struct export_request complete = {.signal = call->signal,
                                      .encoding = OTLP_PROTOBUF,
                                      .body = body,
                                      .packed = body_packed(&call->body),
                                      .agent = call->agent,
                                      .protocol = "grpc"};
    struct export_result result = {.outcome = EXPORT_TAKEN};
    call->receiver->take_export(call->receiver->ctx, &complete, &result);
    switch (result.outcome) {
    case EXPORT_TAKEN: put_answer(call, &result); break;
    case EXPORT_INVALID: refuse(call, GRPC_INVALID_ARGUMENT, "%s", result.why); break;
    case EXPORT_BUSY: refuse(call, GRPC_UNAVAILABLE, "%s", result.why); break;
    }
}

void grpc_call_end(struct grpc_call *call)
{
    struct slice body;
    if (call->status == GRPC_OK && (call->prefix_len < GRPC_PREFIX_BYTES || call->left > 0)) {
        refuse(call, GRPC_INVALID_ARGUMENT, "the message is cut off");
    }
    if (call->status == GRPC_OK) {
        check_fault(call, body_end(&call->body, &body));
    }
    if (call->status == GRPC_OK) {
        take_export(call, body);
    }
    if (call->status != GRPC_OK) {
        call->receiver->refused(call->receiver->ctx, call->agent, call->why);
    }
    body_release(&call->body);
}

void grpc_call_put_why(const struct grpc_call *call, struct strbuf *out)
{
    for (const char *at = call->why; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~' || *at == '%') {
            strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*at);
        } else {
            strbuf_addc(out, *at);
        }
    }
}
