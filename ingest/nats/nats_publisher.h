/* Sends a feed to a subject on a NATS server. */
#ifndef INGEST_NATS_PUBLISHER_H
#define INGEST_NATS_PUBLISHER_H

#include "core/base/strbuf.h"

/* Sends the lines as one message and waits until the server has it, `timeout_ms` for each step. For
   a command without a loop. False: *error is `nats://HOST/SUBJECT: what: detail`. */
bool nats_publish(const char *spec, const char *bytes, size_t len, int timeout_ms,
                  struct strbuf *error);

#endif
