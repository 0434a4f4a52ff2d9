/* A client of gRPC on the loop of a rig. The client's side of HTTP/2 is libnghttp2's. */
#ifndef TESTS_H2_CLIENT_H
#define TESTS_H2_CLIENT_H

#include "tests/support/otlp_client.h"

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>

enum { H2_CALLS = 200, H2_NO_STATUS = -1 };

struct h2_call {
    int32_t id;
    struct bytes data; /* to send, `piece` bytes a frame; 0: as it fits */
    size_t at, piece;
    int status; /* grpc-status */
    char message[300], body[100], type[60];
    size_t body_len;
    bool done;
    bool held; /* no data are sent for it, and no end */
};

/* A connection and its calls. */
struct h2 {
    int fd;
    nghttp2_session *session;
    struct h2_call calls[H2_CALLS];
    size_t count;
    struct bytes pending; /* of the library's, to be sent */
    bool closed, goaway, pong;
};

void h2_open(struct rig *rig, struct h2 *h2);
void h2_close(struct h2 *h2);
/* Begins a call; `data` is borrowed until it is done. `name` may be NULL: no further header. */
struct h2_call *h2_begin(struct h2 *h2, const char *path, struct bytes data, size_t piece,
                         const char *name, const char *value);
/* Passes bytes both ways. */
void h2_pump(struct h2 *h2);
/* A condition (rig.h): all calls of the connection, `ctx`, are done. */
bool h2_all_done(struct rig *rig, void *ctx);
/* Returns the message with its prefix, in new memory (h2_release). */
struct bytes h2_framed(char flag, struct bytes message);
void h2_release(struct bytes bytes);

#endif
#endif
