/* Passes received OTLP on, unchanged, to the next receiver (--forward): a queue, and one connection
   that is kept open. A request that the receiver cannot take now (429, 502, 503, 504), or that
   cannot be sent, is sent again, with growing pauses or after its Retry-After; one that it refuses
   for good is dropped and counted. It never holds up the answer to the sender: the queue is
   bounded, and drops its oldest request.

   Source: opentelemetry-proto's docs/specification.md (OTLP/HTTP: failures, throttling). */
#ifndef INGEST_FORWARD_H
#define INGEST_FORWARD_H

#include "core/model/event_log.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct forward;

struct forward_options {
    uv_loop_t *loop; /* all borrowed */
    const struct mem *mem;
    const char *url; /* http://HOST:PORT[/PATH] */
    /* Reports a change for the log; may be NULL. The text is borrowed. */
    void (*report)(void *ctx, enum log_level level, const char *text);
    void *ctx;
    size_t max_bytes;       /* of the queue; 0: 64 MiB, as one request may have */
    size_t max_requests;    /* 0: 2,000 */
    unsigned first_wait_ms; /* before the second attempt; 0: one second */
};

/* One request. The texts are static, but for the agent. */
struct forward_request {
    const char *path;     /* "/v1/traces" */
    const char *type;     /* Content-Type */
    const char *encoding; /* Content-Encoding; NULL: none */
    const char *agent;    /* the sender's User-Agent; NULL: unknown */
    struct slice body;
};

struct forward_counts {
    uint64_t sent, dropped;
    size_t waiting, waiting_bytes;
    const char *trouble; /* why it is sent again and again; "": no trouble. Borrowed */
    unsigned refused;    /* the status for which the last request was dropped; 0: none was */
};

/* Returns false with the reason in *error if it is no address to forward to. */
bool forward_check(const char *url, struct strbuf *error);
/* Returns new; NULL: *error has the reason. */
struct forward *forward_new(const struct forward_options *options, struct strbuf *error);
/* Copies the request into the queue. */
void forward_take(struct forward *forward, const struct forward_request *request);
struct forward_counts forward_counts(const struct forward *forward);
/* Sends what waits, for a second at most, and closes its handles. The loop must run until
   forward_closed. */
void forward_close(struct forward *forward);
bool forward_closed(const struct forward *forward);
/* NULL does nothing. */
void forward_free(struct forward *forward);

#endif
