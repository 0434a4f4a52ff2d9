/* The receiver, as HTTP and gRPC know it: its limits, and its functions for complete requests. */
#ifndef INGEST_RECEIVER_H
#define INGEST_RECEIVER_H

#include "core/base/mem.h"
#include "ingest/otlp/otlp.h"

/* A complete request of OTLP; all borrowed. */
struct export_request {
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    struct slice body;
    struct slice packed;  /* the body as gzip, as it came; empty: it came so, or was not kept */
    const char *agent;    /* the User-Agent's first product: "OTel-OTLP-Exporter-Python/1.30.0" */
    const char *protocol; /* as OTEL_EXPORTER_OTLP_PROTOCOL spells it: "http/json" */
};

enum export_outcome {
    EXPORT_TAKEN,
    EXPORT_INVALID, /* cannot be decoded: the sender must not try again */
    EXPORT_BUSY     /* not now: the sender tries again */
};

struct export_result {
    enum export_outcome outcome;
    uint64_t rejected; /* of its records */
    const char *why;   /* static; NULL: no reason */
};

struct receiver {
    const struct mem *mem;           /* borrowed */
    const char *token;               /* NULL: none is required. Borrowed */
    size_t hook_bytes, export_bytes; /* limits of a body, after it is unpacked too */
    size_t all_bytes;                /* limit of all bodies that are incomplete */
    size_t body_bytes;               /* of these now */
    bool keeps_packed;               /* export_request.packed is wanted */
    void (*take_export)(void *ctx, const struct export_request *request, struct export_result *out);
    /* Takes a hook that came by the socket `fd`, to the path `below` /hooks ("": that itself).
       Returns the status of the answer. */
    unsigned (*take_hook)(void *ctx, int fd, const char *below, struct slice body);
    /* Reports a refused request. `agent`: its sender, "" if unknown; `why` is for people. */
    void (*refused)(void *ctx, const char *agent, const char *why);
    void *ctx;
};

#endif
