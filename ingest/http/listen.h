/* The listening sockets of otlp:HOST:PORT. `localhost` has two: 127.0.0.1 and ::1. */
#ifndef INGEST_LISTEN_H
#define INGEST_LISTEN_H

#include "ingest/address.h"

enum { LISTEN_SOCKETS = 2 };

struct listening {
    int fds[LISTEN_SOCKETS];
    size_t count;
    struct strbuf address; /* "otlp:127.0.0.1:4318", of the first */
};

/* Listens there. If one address of localhost is taken, the other is used, and *partly has the
   reason; it is left alone if there is no trouble. Returns false if no
   address can be used: *error is `spec: what: detail`. */
bool listen_at(const char *spec, const struct address *address, struct listening *out,
               struct strbuf *partly, struct strbuf *error);
/* Closes the sockets. */
void listen_close(struct listening *listening);

#endif
