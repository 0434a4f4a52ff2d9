/* The server's side of one connection of gRPC: HTTP/2 with prior knowledge, bytes in and bytes out,
   without a socket. It has the three unary Export methods of OTLP.

   Sources: gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md), opentelemetry-proto's
   docs/specification.md (which statuses make a sender try again). */
#ifndef INGEST_GRPC_SESSION_H
#define INGEST_GRPC_SESSION_H

#include "ingest/http/receiver.h"

struct grpc_session;

/* Returns new; NULL: out of memory, or libnghttp2 is missing. `receiver` is borrowed. */
struct grpc_session *grpc_session_new(struct receiver *receiver);
void grpc_session_free(struct grpc_session *session);
/* Takes bytes from the client. Returns false if the connection should be closed: it is not HTTP/2,
   or memory ran out. */
bool grpc_session_take(struct grpc_session *session, const char *bytes, size_t len);
/* Sets *out to the next bytes for the client, borrowed until the next call of any function. Returns
   false if it has no more now. */
bool grpc_session_next(struct grpc_session *session, struct slice *out);
/* Returns whether a call has begun and not been answered. */
bool grpc_session_busy(const struct grpc_session *session);
/* Returns how many calls have ended so far. */
uint64_t grpc_session_closed(const struct grpc_session *session);
/* Returns whether nothing more will come or go. */
bool grpc_session_ended(const struct grpc_session *session);
/* The program ends: the client learns by GOAWAY that calls after those it has sent are for another
   connection. */
void grpc_session_quit(struct grpc_session *session);

#endif
