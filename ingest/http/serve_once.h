/* Serves one file once to ui.perfetto.dev, on loopback: that page fetches http://127.0.0.1:9001/…
   (no other port) when its own address names it. Other pages are refused, by their Origin, by
   Sec-Fetch-Site and by the Host that they asked for (DNS rebinding). Other users of this machine
   can send none of these: 128 random bits in the path keep them out.

   Sources: https://perfetto.dev/docs/visualization/deep-linking-to-perfetto-ui (the port),
   https://fetch.spec.whatwg.org (CORS), https://wicg.github.io/private-network-access */
#ifndef INGEST_SERVE_ONCE_H
#define INGEST_SERVE_ONCE_H

#include "core/base/strbuf.h"

#include <uv.h>

enum { SERVE_ONCE_PORT = 9001 };

struct serve_once;

struct serve_once_options {
    uv_loop_t *loop; /* all borrowed */
    const struct mem *mem;
    int fd;           /* a regular file; it is read from its beginning, and the caller's */
    const char *name; /* of the file, as serve_once_name makes it */
    unsigned port;    /* 0: any */
    /* It was fetched whole. Called once, from the loop. */
    void (*fetched)(void *ctx);
    void *ctx;
};

/* Appends the last component of a path as it is in the link: letters, digits, `.`, `-` and `_`. */
void serve_once_name(const char *path, struct strbuf *out);
/* Returns new; NULL: *error has the reason, and what to do. */
struct serve_once *serve_once_new(const struct serve_once_options *options, struct strbuf *error);
/* Returns the port that it listens at. */
unsigned serve_once_port(const struct serve_once *serve);
/* Appends the link for people. `port`: its own, or the one that is forwarded to it. */
void serve_once_link(const struct serve_once *serve, unsigned port, struct strbuf *out);
/* Closes its handles and its connections, and frees it once the loop has run. NULL does nothing. */
void serve_once_close(struct serve_once *serve);

#endif
