/* The connections of one receiver, of all protocols, in the order of their last use.
   When there are many, the one that was idle longest is shut down, so a new client is always
   served. */
#ifndef INGEST_CONNECTIONS_H
#define INGEST_CONNECTIONS_H

#include "core/base/mem.h"

#include <stdbool.h>

struct connection {
    struct connection *prev, *next;
    int fd;
    bool shut; /* its owner will see the end of its data, and closes it */
};

struct connections {
    const struct mem *mem;
    struct connection list; /* next is the one idle longest */
    size_t count, limit;
    /* Reports that a connection has ended. */
    void (*removed)(void *ctx);
    void *ctx;
};

/* Initializes an empty list; its limit follows from the descriptors that the process may have. */
void connections_init(struct connections *connections, const struct mem *mem,
                      void (*removed)(void *ctx), void *ctx);
bool connections_full(const struct connections *connections);
/* Returns new, for the socket `fd`, which stays the caller's. Shuts down the one idle longest if
   few places are left. NULL: out of memory. */
struct connection *connections_add(struct connections *connections, int fd);
/* The connection is in use. */
void connections_touch(struct connections *connections, struct connection *connection);
/* Shuts down the connection that was idle longest. */
void connections_shut_idle(struct connections *connections);
/* Frees the connection. Does not close its socket. */
void connections_remove(struct connections *connections, struct connection *connection);

#endif
