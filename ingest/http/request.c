/* Paths, media types and codings are tables. A refused request whose body is short is read to its
   end, since a client that is still sending would not see the answer of a connection that is
   closed. Every answer to OTLP has the media type of its request; the answer to an error is a
   google.rpc.Status in it. */
#include "ingest/http/request.h"

#include "ingest/http/export_answer.h"
#include "ingest/ingest_ctx.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PATH_BYTES = 128,
    SKIP_BYTES = 1 << 20, /* of the body of a refused request */
    SKIP_MAX = 256 << 20  /* of one that grew too large while it came */
};

struct media_type {
    const char *name;
    enum otlp_encoding encoding;
    const char *protocol;
};

static const struct media_type media_types[] = {
    {"application/json", OTLP_JSON, "http/json"},
    {"application/x-protobuf", OTLP_PROTOBUF, "http/protobuf"},
    {"application/protobuf", OTLP_PROTOBUF, "http/protobuf"},
};

static const struct {
    const char *path;
    bool hook;
    enum otlp_signal signal;
} paths[] = {
    {"/hooks", true, OTLP_TRACES},
    {"/v1/traces", false, OTLP_TRACES},
    {"/v1/logs", false, OTLP_LOGS},
    {"/v1/metrics", false, OTLP_METRICS},
};

/* Refuses it; the first reason counts. */
__attribute__((format(printf, 3, 4))) static void refuse(struct request *request, unsigned status,
                                                         const char *format, ...)
{
    va_list args;
    if (request->status != 0) {
        return;
    }
    request->status = status;
    va_start(args, format);
    (void)vsnprintf(request->why, sizeof request->why, format, args);
    va_end(args);
}

/* ---- who may send ---- */

bool request_has_token(const struct receiver *receiver, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (receiver->token == NULL) {
        return true;
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    authorization += sizeof scheme - 1;
    struct slice token = {.bytes = authorization, .len = strlen(authorization)};
    return ingest_ctx_same_secret(token, receiver->token);
}

bool request_has_own_host(const struct receiver *receiver, const char *host)
{
    if (receiver->token != NULL) {
        return true;
    }
    if (host == NULL) {
        return false;
    }
    bool bracket = host[0] == '[';
    size_t len = bracket ? strcspn(host, "]") : strcspn(host, ":");
    struct in_addr address;
    char name[INET6_ADDRSTRLEN];
    (void)snprintf(name, sizeof name, "%.*s", (int)(bracket ? len - 1 : len),
                   bracket ? host + 1 : host);
    return inet_pton(AF_INET, name, &address) == 1
               ? ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET
               : strcmp(name, "::1") == 0 || strcasecmp(name, "localhost") == 0;
}

void request_set_agent(char agent[REQUEST_AGENT_BYTES], const char *header)
{
    size_t len = header == NULL ? 0 : strcspn(header, " \t");
    (void)snprintf(agent, REQUEST_AGENT_BYTES, "%.*s", (int)(len < 1000 ? len : 1000),
                   header == NULL ? "" : header);
}

static void check_sender(struct request *request, const struct request_head *head)
{
    if (!request_has_token(request->receiver, head->authorization)) {
        refuse(request, 401, "no token, or a wrong one");
    } else if (head->origin != NULL) {
        refuse(request, 403, "sent by a web page");
    } else if (!request_has_own_host(request->receiver, head->host)) {
        /* The colons in brackets are an address's. */
        const char *name = head->host == NULL ? "" : head->host;
        const char *port = strchr(name[0] == '[' ? name + strcspn(name, "]") : name, ':');
        refuse(request, 403,
               "sent to another host's name (%.60s): set the endpoint to http://localhost%.6s",
               head->host == NULL ? "none" : head->host, port == NULL ? "" : port);
    }
}

/* ---- what it is ---- */

/* Endpoints are pasted together by hand: //v1/traces and /v1/traces/ are common slips. */
static void clean_path(const char *path, char out[PATH_BYTES])
{
    static const char scheme[] = "http://";
    size_t len = 0;
    if (strncasecmp(path, scheme, sizeof scheme - 1) == 0) {
        path += sizeof scheme - 1;
        path += strcspn(path, "/?");
    }
    for (; *path != '\0' && *path != '?' && len + 1 < PATH_BYTES; path++) {
        if (*path != '/' || len == 0 || out[len - 1] != '/') {
            out[len++] = *path;
        }
    }
    while (len > 1 && out[len - 1] == '/') {
        len--;
    }
    out[len] = '\0';
}

/* Whether the value begins with the name, whatever its parameters and its suffix (+proto). */
static bool is_value_of(const char *value, const char *name)
{
    value += strspn(value, " \t");
    return strncasecmp(value, name, strlen(name)) == 0;
}

static void find_path(struct request *request, const struct request_head *head)
{
    char path[PATH_BYTES];
    clean_path(head->path, path);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t len = strlen(paths[i].path);
        bool below = paths[i].hook && strncmp(path, paths[i].path, len) == 0 && path[len] == '/';
        if (below || strcmp(path, paths[i].path) == 0) {
            request->hook = paths[i].hook;
            snprintf(request->below, sizeof request->below, "%.*s", REQUEST_BELOW_BYTES - 1,
                     below ? path + len + 1 : "");
            request->signal = paths[i].signal;
            if (strcmp(head->method, "POST") != 0) {
                refuse(request, 405, "POST alone is taken here");
                request->looks = true;
            }
            return;
        }
    }
    if (head->content_type != NULL && is_value_of(head->content_type, "application/grpc-web")) {
        refuse(request, 415, "sent as gRPC-Web: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
        return;
    }
    refuse(request, 404, "sent to %.80s: set the endpoint to http://%.80s", path,
           head->host != NULL ? head->host : "HOST:PORT");
    request->looks = strcmp(head->method, "POST") != 0;
}

/* Returns whether the value's first part, before parameters, is the name. */
static bool is_value(const char *value, const char *name)
{
    size_t len = strlen(name);
    value += strspn(value, " \t");
    return strncasecmp(value, name, len) == 0 && strchr(" \t;", value[len]) != NULL;
}

static void find_type(struct request *request, const struct request_head *head)
{
    const char *value = head->content_type;
    if (value == NULL || value[strspn(value, " \t")] == '\0') {
        return;
    }
    for (size_t i = 0; i < sizeof media_types / sizeof media_types[0]; i++) {
        if (is_value(value, media_types[i].name)) {
            request->type = &media_types[i];
            return;
        }
    }
    if (!request->hook) {
        refuse(request, 415, "sent as %.60s: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", value);
    }
}

static void find_coding(struct request *request, const struct request_head *head)
{
    const char *value = head->content_encoding;
    if (value == NULL || value[strspn(value, " \t")] == '\0' || is_value(value, "identity")) {
        return;
    }
    if (!is_value(value, "gzip") && !is_value(value, "x-gzip")) {
        refuse(request, 415, "compressed with %.60s: set OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
               value);
    } else if (request->status == 0) {
        body_set_gzip(&request->body);
    }
}

bool request_begin(struct request *request, struct receiver *receiver,
                   const struct request_head *head)
{
    *request = (struct request){.receiver = receiver, .fd = head->fd};
    request_set_agent(request->agent, head->agent);
    unsigned long long length =
        head->content_length == NULL ? 0 : strtoull(head->content_length, NULL, 10);
    check_sender(request, head);
    if (request->status == 0) {
        find_path(request, head);
    }
    size_t max = request->hook ? receiver->hook_bytes : receiver->export_bytes;
    body_init(&request->body, receiver, max);
    find_type(request, head);
    find_coding(request, head);
    if (length > max) {
        refuse(request, 413, "too large: %llu bytes, of which %zu may come", length, max);
    }
    return request->status == 0 || length <= SKIP_BYTES;
}

bool request_add(struct request *request, const char *bytes, size_t len)
{
    if (request->status == 0 && request->body.fault == BODY_GOOD) {
        body_add(&request->body, bytes, len);
        return true;
    }
    request->skipped += len;
    return request->skipped <= (request->status != 0 ? SKIP_BYTES : SKIP_MAX);
}

/* ---- the answer ---- */

static void answer_refused(struct request *request, struct answer *answer)
{
    answer->status = request->status;
    answer->again = request->status == 503;
    if (request->type != NULL && !request->hook) {
        answer->type = request->type->name;
        export_answer_put_status(&answer->body, request->type->encoding, request->why);
    } else {
        answer->type = "text/plain; charset=utf-8";
        strbuf_addf(&answer->body, "%s\n", request->why);
    }
    if (!request->looks) {
        request->receiver->refused(request->receiver->ctx, request->agent, request->why);
    }
}

static void check_body(struct request *request, struct slice *body)
{
    switch (body_end(&request->body, body)) {
    case BODY_GOOD: break;
    case BODY_BROKEN: refuse(request, 400, "not valid gzip"); break;
    case BODY_TOO_LARGE:
        refuse(request, 413, "too large: more than %zu bytes", request->body.bytes.max);
        break;
    case BODY_BUSY: refuse(request, 503, "too much at once: send it again"); break;
    }
}

static size_t skip_space(struct slice body, size_t at)
{
    while (at < body.len && strchr(" \t\r\n", body.bytes[at]) != NULL && body.bytes[at] != '\0') {
        at++;
    }
    return at;
}

/* Without a Content-Type the first byte decides. A line feed is also the first byte of protobuf
   (tag 1), and a brace may be its length: then it is JSON only if a member and the end follow. */
static const struct media_type *type_of_body(struct slice body)
{
    size_t open = skip_space(body, 0), next = skip_space(body, open + 1);
    bool json =
        open < body.len && body.bytes[open] != 0 && strchr("{[\"", body.bytes[open]) != NULL;
    if (json && body.bytes[0] == '\n') {
        bool member = next < body.len && (body.bytes[next] == '"' || body.bytes[next] == '}');
        json = member && body.bytes[body.len - 1] != 0 &&
               strchr("} \t\r\n", body.bytes[body.len - 1]) != NULL;
    }
    return &media_types[json ? 0 : 1];
}

static void take_export(struct request *request, struct slice body, struct answer *answer)
{
    if (request->type == NULL) {
        request->type = type_of_body(body);
    }
    struct export_request complete = {.signal = request->signal,
                                      .encoding = request->type->encoding,
                                      .body = body,
                                      .packed = body_packed(&request->body),
                                      .agent = request->agent,
                                      .protocol = request->type->protocol};
    struct export_result result = {.outcome = EXPORT_TAKEN};
    request->receiver->take_export(request->receiver->ctx, &complete, &result);
    switch (result.outcome) {
    case EXPORT_TAKEN:
        answer->status = 200;
        answer->type = request->type->name;
        export_answer_put(&answer->body, request->signal, request->type->encoding, &result);
        return;
    case EXPORT_INVALID:
        refuse(request, 400, "sent %s that cannot be read: %s", request->type->name, result.why);
        break;
    case EXPORT_BUSY: refuse(request, 503, "%s", result.why); break;
    }
}

void request_end(struct request *request, struct answer *answer)
{
    struct slice body = {.bytes = "", .len = 0};
    *answer = (struct answer){.status = 0};
    strbuf_init(&answer->body, request->receiver->mem, 0);
    if (request->status == 0) {
        check_body(request, &body);
    }
    if (request->status == 0 && request->hook) {
        answer->status =
            request->receiver->take_hook(request->receiver->ctx, request->fd, request->below, body);
    } else if (request->status == 0) {
        take_export(request, body, answer);
    }
    if (request->status != 0) {
        answer_refused(request, answer);
    }
}

void request_release(struct request *request)
{
    body_release(&request->body);
}
