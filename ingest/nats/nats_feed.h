/* A feed to a subject on a NATS server that comes and goes. A thread of its own connects and sends,
   so the loop never waits; what it cannot send in time waits in a bounded queue. */
#ifndef INGEST_NATS_FEED_H
#define INGEST_NATS_FEED_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct nats_feed;

/* Returns new, running; NULL: *error has the reason. A server that is away is no error. */
struct nats_feed *nats_feed_start(const char *spec, struct strbuf *error);
/* Adds whole lines. They are sent with others, at the latest after nats_feed_flush. */
void nats_feed_put(struct nats_feed *feed, const char *lines, size_t len);
void nats_feed_flush(struct nats_feed *feed);
/* Returns why nothing is sent now (static); NULL: no trouble. */
const char *nats_feed_trouble(struct nats_feed *feed);
/* Returns the address as people may see it. Borrowed. */
const char *nats_feed_name(const struct nats_feed *feed);
/* Sends what waits, for at most `timeout_ms`, and ends it. Returns how many lines were not sent, or
   perhaps not: since the start. */
uint64_t nats_feed_close(struct nats_feed *feed, unsigned timeout_ms);

#endif
