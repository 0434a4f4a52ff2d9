/* gRPC on the loop (libnghttp2), for connections that the acceptor gives it. */
#ifndef INGEST_GRPC_H
#define INGEST_GRPC_H

#include "ingest/http/connections.h"
#include "ingest/http/receiver.h"

#include <stdbool.h>
#include <uv.h>

/* Whether the program was built with libnghttp2. Without it no function below may be called. */
#ifdef HAVE_NGHTTP2
enum { GRPC_BUILT = true };
#else
enum { GRPC_BUILT = false };
#endif

struct grpc;

struct grpc_options {
    uv_loop_t *loop; /* all borrowed */
    struct receiver *receiver;
    struct connections *connections;
    unsigned *handles; /* counts its open handles: grpc_free wants 0 */
};

/* Returns whether gRPC can be served, which loads libnghttp2. */
bool grpc_can_serve(void);
/* Returns new; NULL: out of memory. */
struct grpc *grpc_new(const struct grpc_options *options);
/* Serves the connection: takes it with its socket. */
void grpc_add(struct grpc *grpc, struct connection *connection);
/* Sends GOAWAY to all clients and closes their connections. */
void grpc_close(struct grpc *grpc);
void grpc_free(struct grpc *grpc);

#endif
