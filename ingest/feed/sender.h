/* The other end of a feed: a plain client without a loop, for `emit` and the demo. */
#ifndef INGEST_SENDER_H
#define INGEST_SENDER_H

#include "core/base/strbuf.h"

/* Connects to unix:PATH or tcp:HOST:PORT. Returns a descriptor, which the caller closes; connecting and each write wait at most
   `timeout_ms` (> 0). -1: *error says `spec: what: detail`. */
int sender_connect(const char *spec, int timeout_ms, struct strbuf *error);
/* Sends all of it; a reader that has gone raises no SIGPIPE. False: *error says why, errno's words. */
bool sender_send(int fd, const char *bytes, size_t len, struct strbuf *error);
/* The same within `timeout_ms` in all, however slowly it is read. What was sent until then stays sent. */
bool sender_send_within(int fd, const char *bytes, size_t len, int timeout_ms,
                        struct strbuf *error);

#endif
