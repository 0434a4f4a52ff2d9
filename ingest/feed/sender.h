/* Sends a feed: a plain client without a loop, for `emit`, `hook` and the demo. */
#ifndef INGEST_SENDER_H
#define INGEST_SENDER_H

#include "core/base/strbuf.h"

/* Connects to unix:PATH or tcp:HOST:PORT. Returns a descriptor, which the caller closes; -1 with
   *error `spec: what: detail`. Connecting and each write wait at most `timeout_ms` (> 0). */
int sender_connect(const char *spec, int timeout_ms, struct strbuf *error);
/* Connects to the first of the user's own places (address_place) where somebody answers, and sets
   *address to it. Waits at most `timeout_ms` in total. Returns -1 with the default address's error
   in *error if nobody does. */
int sender_connect_default(int timeout_ms, struct strbuf *address, struct strbuf *error);
/* Sends all bytes; a receiver that has gone raises no SIGPIPE. Returns false with the reason in
   *error. */
bool sender_send(int fd, const char *bytes, size_t len, struct strbuf *error);
/* Sends all bytes within `timeout_ms` in total, however slow the reader is. Bytes already sent
   stay sent. */
bool sender_send_within(int fd, const char *bytes, size_t len, int timeout_ms,
                        struct strbuf *error);

#endif
