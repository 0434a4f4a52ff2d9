/* Addresses, as they are written on the command line: of feeds, unix:PATH and tcp:HOST:PORT, and
   otlp:HOST:PORT, with HOST an IP address ([…] around one of version 6) or `localhost`. No name
   is looked up. */
#ifndef INGEST_ADDRESS_H
#define INGEST_ADDRESS_H

#include "core/base/strbuf.h"

#include <stdbool.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage bytes;
    socklen_t len;
    bool loopback;  /* a Unix socket too */
    bool localhost; /* given by that name, which stands for ::1 too; the bytes are 127.0.0.1 */
};

/* Parse a feed's address, and otlp:HOST:PORT. False: *error is `spec: what: detail`. */
bool address_parse_otlp(const char *spec, struct address *out, struct strbuf *error);
bool address_parse(const char *spec, struct address *out, struct strbuf *error);
/* Appends "KIND:HOST:PORT" of an IP address. */
void address_print(const char *kind, const struct sockaddr_storage *bytes, struct strbuf *out);
/* Appends the default address of the feed (CLI.md): $SWARMTOP_SOCKET, else a socket in
   $XDG_RUNTIME_DIR, else one in /tmp/swarmtop-UID, a directory (0700) that is made where `make`
   is set. False: *error has the reason. */
bool address_default(struct strbuf *out, bool make, struct strbuf *error);

/* Appends the numbered default address of OTLP (from 0): of $SWARMTOP_OTLP, which is a list of
   HOST:PORT with commas or `off`, else localhost:4318 and localhost:4317. False: that many are
   not. */
bool address_default_otlp(size_t number, struct strbuf *out);

enum { ADDRESS_PLACES = 4 };
/* Sets out to the numbered place at which a swarmtop of this user may listen, whatever environment
   it was started in: $SWARMTOP_SOCKET, $XDG_RUNTIME_DIR, /run/user/UID, /tmp/swarmtop-UID. False:
   no place has that number. */
bool address_place(size_t number, struct strbuf *out);

#endif
