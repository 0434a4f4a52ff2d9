/* The tap: a line of the feed for everything that passes into the model, in order (`record
   --feed`). Without a tap in the context these functions do nothing. */
#ifndef INGEST_INGEST_TAP_H
#define INGEST_INGEST_TAP_H

#include "ingest/ingest_ctx.h"

/* An operation as it came, its time where it had none (else NAN), its session where it named none
   (else NO_SESSION). */
void ingest_tap_operation(struct ingest_ctx *ingest, struct slice object, double t_ms,
                          session_no session);
/* A raw event of a session, a raw JSON object. */
void ingest_tap_raw(struct ingest_ctx *ingest, session_no session, double t_ms, struct slice event);
/* A session was opened without agents. `start_ms` NAN: without a start. `extra` bytes NULL:
   none. */
void ingest_tap_open(struct ingest_ctx *ingest, session_no session, double t_ms, double start_ms,
                     struct slice extra);
/* A trace file was opened. The line names it; its events are not copied. */
void ingest_tap_file(struct ingest_ctx *ingest, const char *path);

#endif
