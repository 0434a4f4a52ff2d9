/* How far the clocks of senders are from this machine's, for the log and the screen. No span is
   moved for it.

   The newest time of a request, less the time of its arrival, is the sender's skew less the delay
   of the request. So the greatest of these differences is a bound of the skew from below, and the
   best that arrival alone shows. A clock that lags cannot be distinguished from a sender that
   waits, so it is only reported when several requests agree. */
#ifndef INGEST_OTLP_CLOCKS_H
#define INGEST_OTLP_CLOCKS_H

#include "ingest/ingest_ctx.h"
#include "ingest/otlp/otlp.h"

enum {
    OTLP_CLOCKS = 16,        /* senders that are distinguished, by host and service */
    OTLP_CLOCK_REQUESTS = 8, /* the last ones of a sender, of which the greatest counts */
    OTLP_CLOCK_BYTES = 240,  /* of a sender's name */
    OTLP_CLOCK_AHEAD_MS = 1000,
    /* An SDK sends a span up to five seconds after its end (OTEL_BSP_SCHEDULE_DELAY). */
    OTLP_CLOCK_LATE_MS = 5000 + OTLP_CLOCK_AHEAD_MS
};

struct otlp_clock {
    uint64_t key;                /* of host.name and service.name */
    char name[OTLP_CLOCK_BYTES]; /* "claude-code on web-1"; has no control characters */
    double ahead_ms[OTLP_CLOCK_REQUESTS];
    uint64_t count;     /* of its requests */
    uint64_t last;      /* number of the last request with one of its times */
    uint64_t newest_ns; /* of that request; Unix epoch */
    double off_ms;      /* > 0: ahead, < 0: late; 0: within the bounds */
    double logged_ms;   /* `off_ms` when it was logged last */
};

struct otlp_clocks {
    struct otlp_clock items[OTLP_CLOCKS];
    size_t count;
    uint64_t requests;
    unsigned logged;
};

/* Compares the times of a request that has arrived now. Logs a clock that has come to be off, one
   whose distance has doubled or halved, and one that is right again; `by` is the source. */
void otlp_clocks_take(struct otlp_clocks *clocks, struct ingest_ctx *ingest, const char *by,
                      const struct otlp_batch *batch);
/* Returns the clock that is farthest off; NULL: none is. */
const struct otlp_clock *otlp_clocks_worst(const struct otlp_clocks *clocks);

#endif
