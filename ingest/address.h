/* Addresses of feeds, as they are written on the command line: unix:PATH and tcp:HOST:PORT, with HOST an
   IP address ([…] around one of version 6) or `localhost`. No name is looked up. */
#ifndef INGEST_ADDRESS_H
#define INGEST_ADDRESS_H

#include "core/strbuf.h"

#include <sys/socket.h>

struct address {
    struct sockaddr_storage bytes;
    socklen_t len;
    bool loopback; /* a Unix socket too */
};

/* False: *error says `spec: what: detail`. */
bool address_parse(const char *spec, struct address *out, struct strbuf *error);
/* Appends "tcp:HOST:PORT" of an address of that kind. */
void address_print_tcp(const struct sockaddr_storage *bytes, struct strbuf *out);

#endif
