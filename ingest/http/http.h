/* HTTP/1.1 on the loop (libmicrohttpd), for connections that the acceptor gives it. */
#ifndef INGEST_HTTP_H
#define INGEST_HTTP_H

#include "ingest/http/connections.h"
#include "ingest/http/receiver.h"

#include <sys/socket.h>
#include <uv.h>

struct http;

struct http_options {
    uv_loop_t *loop; /* all borrowed */
    struct receiver *receiver;
    struct connections *connections;
    unsigned *handles; /* counts its open handles: http_free wants 0 */
};

/* Returns new; NULL: it failed. */
struct http *http_new(const struct http_options *options);
/* Serves the connection: takes it with its socket. */
void http_add(struct http *http, struct connection *connection, const struct sockaddr *peer,
              socklen_t peer_len);
/* Closes the handles and all connections. */
void http_close(struct http *http);
void http_free(struct http *http);

#endif
