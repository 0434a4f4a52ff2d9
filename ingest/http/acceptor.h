/* Accepts connections on listening sockets and finds out by their first bytes which protocol they
   use: HTTP/2 with prior knowledge (gRPC), or HTTP/1.1. A client that sends nothing holds
   nobody up. */
#ifndef INGEST_ACCEPTOR_H
#define INGEST_ACCEPTOR_H

#include "ingest/http/connections.h"

#include <sys/socket.h>
#include <uv.h>

struct acceptor;

struct acceptor_options {
    uv_loop_t *loop; /* all borrowed */
    const struct mem *mem;
    struct connections *connections;
    unsigned *handles; /* counts its open handles: acceptor_free wants 0 */
    /* Gives the connection and its socket, whose bytes are all still to be read, to the owner.
       `http2`: they begin with HTTP/2's preface. `peer` is borrowed. */
    void (*take)(void *ctx, struct connection *connection, const struct sockaddr *peer,
                 socklen_t peer_len, bool http2);
    /* A client began with TLS, which is not taken; its connection is closed. */
    void (*is_tls)(void *ctx);
    /* A client began with what no protocol of here begins with; its connection is closed. */
    void (*is_unknown)(void *ctx);
    void *ctx;
};

enum { ACCEPTOR_SOCKETS = 2 };

/* Returns new: it accepts on the listening, non-blocking sockets and closes them in the end. NULL:
   out of memory, the caller keeps the sockets. */
struct acceptor *acceptor_new(const struct acceptor_options *options, const int *fds, size_t count);
/* A connection of the owner's has ended: there may be room for another. */
void acceptor_resume(struct acceptor *acceptor);
/* Closes the sockets and the connections that it still has. */
void acceptor_close(struct acceptor *acceptor);
void acceptor_free(struct acceptor *acceptor);

#endif
