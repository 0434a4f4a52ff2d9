/* An HTTP/1.1 server on the loop, for small requests that are answered at once (libmicrohttpd): POST alone, bodies of a limited size,
   and where a token is set those alone who say it. What web pages send (they say their Origin) is refused. */
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
    const char *token; /* NULL: none is asked for */
    size_t max_body;   /* bytes; larger ones are answered 413 */
    /* A request is whole. Returns the status of the answer; *text, which is static, is its body, else it is empty. */
    unsigned (*answer)(void *ctx, const char *path, struct slice body, const char **text);
    /* One was refused: static words. */
    void (*refused)(void *ctx, const char *why);
    /* One of the HTTP_HANDLES that it has on the loop was closed. */
    void (*closed)(void *ctx);
    void *ctx;
};

enum { HTTP_HANDLES = 2 };

/* Returns new, which serves the listening, non-blocking socket `fd` and closes it. NULL: cannot be; the socket is the caller's. */
struct http *http_new(const struct http_options *options, int fd);
/* Closes the handles and all connections; http_free when `closed` was called for each. */
void http_close(struct http *http);
void http_free(struct http *http);

#endif
