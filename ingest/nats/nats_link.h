/* The subscription to a subject, with a thread of its own that connects, reads, and connects again
   without end. The loop's thread takes the messages.

   Ownership: the link's thread alone has libnats' objects and never sees the model; the loop's
   thread alone has the model and never sees libnats. Between them are a bounded queue and a few
   values below one lock, and a uv_async_t that wakes the loop. While the queue is full the thread
   reads no more: then a stream of JetStream waits at the server, and other messages wait in libnats
   up to a bound, beyond which libnats drops and counts them. */
#ifndef INGEST_NATS_LINK_H
#define INGEST_NATS_LINK_H

#include "ingest/nats/nats_queue.h"

#include <stdint.h>
#include <uv.h>

struct nats_link;

struct nats_link_options {
    const char *server, *subject; /* copied */
    int64_t since_ns;             /* Unix epoch: what a stream has from then on is replayed */
    uv_async_t *wake;             /* sent when there is something to take or to look at */
};

enum nats_state { NATS_CONNECTING, NATS_CONNECTED, NATS_LOST };

struct nats_view {
    enum nats_state state;
    const char *why;   /* it is not connected, or not served; NULL: no trouble. Static */
    bool stream;       /* a stream of JetStream covers the subject */
    uint64_t dropped;  /* messages, so far */
    uint64_t connects; /* how often it has connected */
};

/* Returns new, running; NULL: out of memory or threads, or the build has no libnats. */
struct nats_link *nats_link_start(const struct nats_link_options *options);
/* Takes the first message (free it with nats_message_free); NULL: none. */
struct nats_message *nats_link_take(struct nats_link *link);
void nats_link_look(struct nats_link *link, struct nats_view *out);
/* Ends it: `wake` is not used any more. The thread frees the link when it notices; nobody waits
   for it, as it may be about to connect. */
void nats_link_stop(struct nats_link *link);

#endif
