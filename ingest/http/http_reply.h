/* Reads one answer of an HTTP/1.1 server from bytes that may be cut anywhere (RFC 9112). Its body
   is skipped. */
#ifndef INGEST_HTTP_REPLY_H
#define INGEST_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_reply_state {
    HTTP_REPLY_STATUS, /* before the end of the status line */
    HTTP_REPLY_HEADERS,
    HTTP_REPLY_BODY,  /* of a known length */
    HTTP_REPLY_CHUNK, /* the line with a chunk's length */
    HTTP_REPLY_DATA,  /* a chunk's bytes, and its line end */
    HTTP_REPLY_TRAILER,
    HTTP_REPLY_TO_END, /* of unknown length: until the connection ends */
    HTTP_REPLY_DONE,
    HTTP_REPLY_BROKEN /* no HTTP/1, or too long */
};

enum { HTTP_REPLY_LINE = 512, HTTP_REPLY_HEAD_BYTES = 64 << 10, HTTP_REPLY_BODY_BYTES = 4 << 20 };

struct http_reply {
    enum http_reply_state state;
    unsigned status;                        /* 0: not known yet */
    uint64_t left;                          /* bytes of the body or the chunk */
    uint64_t body_bytes;                    /* that have come */
    double retry_after_s;                   /* of Retry-After in seconds; < 0: none */
    bool length_known, chunked, close, old; /* old: HTTP/1.0, which ends each connection */
    bool keep_alive;
    size_t head_bytes;
    size_t line_len; /* of the line so far; its bytes beyond the array are not kept */
    char line[HTTP_REPLY_LINE];
};

void http_reply_init(struct http_reply *reply);
/* Takes the next bytes. Returns how many belong to the answer: fewer than `len` if it is done or
   broken before. */
size_t http_reply_add(struct http_reply *reply, const char *bytes, size_t len);
/* The connection has ended. Returns whether the answer is complete. */
bool http_reply_end(struct http_reply *reply);
/* Returns whether another request may use the connection. */
bool http_reply_keeps(const struct http_reply *reply);

#endif
