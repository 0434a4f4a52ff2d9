/* Connections to a NATS server. All functions block, and are for a thread of one's own or a command
   without a loop. Memory of libnats is its own. */
#ifndef INGEST_NATS_CONNECT_H
#define INGEST_NATS_CONNECT_H

#include <stdbool.h>

#ifdef HAVE_NATS
enum { NATS_BUILT = true };
#include "ingest/library/nats.h"

/* Connects, for at most `timeout_ms`; libnats does not reconnect it. NULL: *why is the reason
   (static). Destroy with natsConnection_Destroy. */
natsConnection *nats_connect(const char *server, int timeout_ms, const char **why);
/* A thread that has connected, or tried to, calls this before it ends. */
void nats_end_thread(void);
/* Returns the meaning of a status (static). */
const char *nats_why(natsStatus status);
#else
enum { NATS_BUILT = false };
#endif

#define NATS_NOT_BUILT \
    "not in this build: it lacks libnats (Debian: apt install libnats-dev, then build again)"

#endif
