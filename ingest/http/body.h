/* The body of a request as it arrives: unpacked at once if it is gzip, and limited, alone and
   together with all others. */
#ifndef INGEST_BODY_H
#define INGEST_BODY_H

#include "core/base/strbuf.h"
#include "ingest/http/receiver.h"

struct z_stream_s;

enum body_fault {
    BODY_GOOD,
    BODY_BROKEN,    /* no gzip, or cut off */
    BODY_TOO_LARGE, /* as it is, or unpacked */
    BODY_BUSY       /* memory ran out, or all bodies together are too large */
};

struct body {
    struct receiver *receiver;
    struct strbuf bytes;
    struct strbuf packed;    /* the same as it came, where the receiver keeps that; else empty */
    struct z_stream_s *gzip; /* NULL: not packed */
    bool member_ended;       /* of gzip: between two members, or at the end */
    enum body_fault fault;   /* the first; its bytes are freed */
};

/* Initializes an empty body of at most `max` bytes. `receiver` is borrowed. */
void body_init(struct body *body, struct receiver *receiver, size_t max);
/* The bytes that follow are gzip: members, one after the other (RFC 1952, 2.2). */
void body_set_gzip(struct body *body);
/* Appends the next bytes; does nothing after a fault. */
void body_add(struct body *body, const char *bytes, size_t len);
/* Returns the complete body as gzip, as it came; empty: it came unpacked, or that was not kept.
   Borrowed until body_release. */
struct slice body_packed(const struct body *body);
/* The body is complete. Returns its fault; *out is borrowed until body_release. */
enum body_fault body_end(struct body *body, struct slice *out);
void body_release(struct body *body);

#endif
