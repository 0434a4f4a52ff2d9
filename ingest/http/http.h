/* An HTTP/1.1 server on the loop (libmicrohttpd), for small requests that are answered at once.
   It takes POST alone, bodies of a limited size, and with a token only requests that present it.
   Requests of web pages are refused: they have an Origin, or name the host whose address they made
   this machine's (DNS rebinding). */
#ifndef INGEST_HTTP_H
#define INGEST_HTTP_H

#include "core/base/mem.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <uv.h>

struct http;

struct http_options {
    uv_loop_t *loop; /* all borrowed */
    const struct mem *mem;
    const char *token; /* NULL: none is required */
    size_t max_body;   /* bytes; larger ones are answered 413 */
    /* Answers a complete request that came by the socket `fd`: returns the status; *text, static,
       is the body, empty at first. */
    unsigned (*answer)(void *ctx, int fd, const char *path, struct slice body, const char **text);
    /* Reports a refused request; `why` is static. */
    void (*refused)(void *ctx, const char *why);
    /* Reports that one of its HTTP_HANDLES was closed. */
    void (*closed)(void *ctx);
    void *ctx;
};

enum { HTTP_HANDLES = 2 };

/* Returns new: it serves the listening, non-blocking socket `fd` and closes it. NULL: it failed,
   the caller keeps the socket. */
struct http *http_new(const struct http_options *options, int fd);
/* Closes the handles and all connections; http_free when `closed` was called for each. */
void http_close(struct http *http);
void http_free(struct http *http);

#endif
