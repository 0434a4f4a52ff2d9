/* The connections of one receiver, of all protocols, in the order of their last use.
   When there are many, the one that was idle longest is shut down, so a new client is always
   served. */
#ifndef INGEST_CONNECTIONS_H
#define INGEST_CONNECTIONS_H

#include "core/base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct connection {
    struct connection *prev, *next;
    int fd;
    uint64_t busy_ms; /* since when a request of it is unfinished; 0: none is */
    bool shut;        /* its owner will see the end of its data, and closes it */
};

struct connections {
    const struct mem *mem;
    struct connection list; /* next is the one idle longest */
    size_t count, limit;
    size_t busy; /* connections with unfinished requests */
    /* Reports that a connection has ended. */
    void (*removed)(void *ctx);
    /* Reports that one is busy again, after none was; may be NULL. */
    void (*became_busy)(void *ctx);
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
/* A request of the connection has begun at `now_ms` (not 0), or none is unfinished any more. */
void connections_set_busy(struct connections *connections, struct connection *connection, bool busy,
                          uint64_t now_ms);
/* Shuts down those with a request unfinished for `most_ms` or longer. Returns how many. */
size_t connections_shut_slow(struct connections *connections, uint64_t now_ms, uint64_t most_ms);
/* Shuts down the connection that was idle longest. */
void connections_shut_idle(struct connections *connections);
/* Frees the connection. Does not close its socket. */
void connections_remove(struct connections *connections, struct connection *connection);

#endif
