/* Feeds any bytes to the server's side of a gRPC connection, whole and in pieces. It must not crash,
   and must give back all memory of messages. Built without libnghttp2 it does nothing. */
#include "ingest/http/grpc_session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef HAVE_NGHTTP2

enum { MESSAGE_MAX = 4096 };

static void fuzz_require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void take_export(void *ctx, const struct export_request *request, struct export_result *out)
{
    struct otlp_batch batch;
    unsigned *taken = ctx;
    ++*taken;
    otlp_batch_init(&batch, &mem_libc);
    out->why = otlp_decode(&batch, request->signal, request->encoding, request->body);
    out->outcome = out->why != NULL ? EXPORT_INVALID : EXPORT_TAKEN;
    out->rejected = batch.rejected;
    otlp_batch_release(&batch);
}

static void refused(void *ctx, const char *agent, const char *why)
{
    (void)ctx, (void)agent;
    fuzz_require(strlen(why) > 0);
}

static void drain(struct grpc_session *session)
{
    struct slice out;
    while (grpc_session_next(session, &out)) {
        fuzz_require(out.len > 0);
    }
}

static void feed(const char *bytes, size_t len, size_t piece)
{
    unsigned taken = 0;
    struct receiver receiver = {.mem = &mem_libc,
                                .export_bytes = MESSAGE_MAX,
                                .all_bytes = MESSAGE_MAX * 4,
                                .take_export = take_export,
                                .refused = refused,
                                .ctx = &taken};
    struct grpc_session *session = grpc_session_new(&receiver);
    fuzz_require(session != NULL);
    bool good = true;
    while (good && len > 0) {
        size_t part = piece < len ? piece : len;
        good = grpc_session_take(session, bytes, part);
        drain(session);
        bytes += part;
        len -= part;
    }
    grpc_session_quit(session);
    drain(session);
    grpc_session_free(session);
    fuzz_require(receiver.body_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    feed((const char *)data, size, size > 0 ? size : 1);
    feed((const char *)data, size, 3);
    return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    return 0;
}

#endif
