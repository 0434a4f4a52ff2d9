/* One connection to the next receiver of forwarded telemetry, on the loop: a request, its answer,
   and again while the other side keeps it open. */
#ifndef INGEST_FORWARD_LINK_H
#define INGEST_FORWARD_LINK_H

#include "core/trace/event.h"
#include "ingest/http/forward_url.h"
#include "ingest/http/http_reply.h"

#include <uv.h>

struct forward_link;

/* All are called from the loop, never from within a function below, but for `closed`. */
struct forward_link_options {
    uv_loop_t *loop; /* all borrowed */
    const struct mem *mem;
    const struct forward_url *url;
    void (*ready)(void *ctx); /* connected */
    void (*answered)(void *ctx, const struct http_reply *reply);
    /* The connection is over, and of no use any more: the caller closes it. */
    void (*failed)(void *ctx, const char *why);
    void (*closed)(void *ctx); /* its memory is free */
    void *ctx;
};

/* Returns new: it looks the host up and connects. NULL: out of memory. */
struct forward_link *forward_link_new(const struct forward_link_options *options);
/* Sends a request: both parts are borrowed until it is answered, or the link is closed. Returns
   false if it cannot. */
bool forward_link_send(struct forward_link *link, struct slice head, struct slice body);
/* Closes it; no function of the options but `closed` is called any more. */
void forward_link_close(struct forward_link *link);

#endif
