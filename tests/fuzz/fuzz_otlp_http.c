/* Feeds any head and body as a request of HTTP: lines of method, path, Content-Type,
   Content-Encoding and Content-Length ("-": absent), then the body, cut into pieces by the first
   byte. It must not crash, must answer with a status that OTLP knows, and must give back all
   memory of the body. */
#include "ingest/http/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LINES = 5, BODY_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void take_export(void *ctx, const struct export_request *request, struct export_result *out)
{
    struct otlp_batch batch;
    (void)ctx;
    otlp_batch_init(&batch, &mem_libc);
    out->why = otlp_decode(&batch, request->signal, request->encoding, request->body);
    if (out->why != NULL) {
        out->outcome = batch.no_memory ? EXPORT_BUSY : EXPORT_INVALID;
    } else {
        out->rejected = batch.rejected;
        out->why = batch.why;
    }
    otlp_batch_release(&batch);
}

static unsigned take_hook(void *ctx, int fd, const char *below, struct slice body)
{
    (void)ctx, (void)fd, (void)below, (void)body;
    return 200;
}

static void refused(void *ctx, const char *agent, const char *why)
{
    (void)ctx, (void)agent;
    fuzz_require(strlen(why) > 0);
}

/* Cuts the next line off, in new memory (free). */
static char *next_line(const char **at, const char *end)
{
    const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    stop = stop == NULL ? end : stop;
    size_t len = (size_t)(stop - *at);
    char *line = malloc(len + 1);
    fuzz_require(line != NULL);
    memcpy(line, *at, len);
    line[len] = '\0';
    *at = stop + (stop < end);
    return line;
}

static const char *value(const char *line)
{
    return strcmp(line, "-") == 0 ? NULL : line;
}

static void serve(struct receiver *receiver, const struct request_head *head, const char *body,
                  size_t len, size_t piece)
{
    struct request request;
    struct answer answer;
    bool reads = request_begin(&request, receiver, head);
    while (reads && len > 0) {
        size_t part = piece < len ? piece : len;
        reads = request_add(&request, body, part);
        body += part;
        len -= part;
    }
    request_end(&request, &answer);
    fuzz_require(answer.status >= 200 && answer.status <= 503 && answer.status != 500 &&
                 answer.status != 501);
    fuzz_require(answer.again == (answer.status == 503));
    strbuf_release(&answer.body);
    request_release(&request);
    fuzz_require(receiver->body_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct receiver receiver = {.mem = &mem_libc,
                                .hook_bytes = BODY_MAX,
                                .export_bytes = BODY_MAX,
                                .all_bytes = BODY_MAX * 2,
                                .take_export = take_export,
                                .take_hook = take_hook,
                                .refused = refused};
    const char *at = (const char *)data + (size > 0), *end = (const char *)data + size;
    size_t piece = size > 0 && data[0] > 0 ? data[0] : 1;
    char *lines[HEAD_LINES];
    for (size_t i = 0; i < HEAD_LINES; i++) {
        lines[i] = next_line(&at, end);
    }
    struct request_head head = {.fd = -1,
                                .method = lines[0],
                                .path = lines[1],
                                .host = "localhost",
                                .agent = lines[0],
                                .content_type = value(lines[2]),
                                .content_encoding = value(lines[3]),
                                .content_length = value(lines[4])};
    serve(&receiver, &head, at, (size_t)(end - at), piece);
    for (size_t i = 0; i < HEAD_LINES; i++) {
        free(lines[i]);
    }
    return 0;
}
