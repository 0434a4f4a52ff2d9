/* The next receiver's address: http://HOST:PORT[/PATH]. */
#ifndef INGEST_FORWARD_URL_H
#define INGEST_FORWARD_URL_H

#include "core/base/strbuf.h"

enum { FORWARD_HOST_BYTES = 256, FORWARD_PATH_BYTES = 256 };

struct forward_url {
    char host[FORWARD_HOST_BYTES]; /* a name or an IP address, without brackets */
    char port[6];
    char path[FORWARD_PATH_BYTES]; /* before /v1/…; without a slash at its end */
    bool bracketed;                /* an address of version 6 */
};

/* Returns false with the reason in *error. */
bool forward_url_parse(const char *text, struct forward_url *out, struct strbuf *error);

#endif
