/* Nothing grows with what a packed body announces: it is unpacked in pieces on the stack, and each
   piece counts towards the limits before the next is unpacked. A body with a fault gives up its
   memory at once, while its sender may still be sending. */
#include "ingest/http/body.h"

#include "ingest/trace/zlib_mem.h"

#include <limits.h>
#include <zlib.h>

enum { GZIP_ALONE = 15 + 16, PIECE_BYTES = 16 << 10 };

void body_init(struct body *body, struct receiver *receiver, size_t max)
{
    *body = (struct body){.receiver = receiver, .member_ended = true};
    strbuf_init(&body->bytes, receiver->mem, max);
    strbuf_init(&body->packed, receiver->mem, max);
}

static void end_gzip(struct body *body)
{
    if (body->gzip != NULL) {
        inflateEnd(body->gzip);
        mem_free(body->receiver->mem, body->gzip, sizeof *body->gzip);
        body->gzip = NULL;
    }
}

static void fail(struct body *body, enum body_fault fault)
{
    body->receiver->body_bytes -= body->bytes.len + body->packed.len;
    strbuf_release(&body->bytes);
    strbuf_release(&body->packed);
    end_gzip(body);
    body->fault = fault;
}

void body_set_gzip(struct body *body)
{
    /* zlib does not change it. */
    union {
        const struct mem *mem;
        void *opaque;
    } mem = {.mem = body->receiver->mem};
    body->gzip = mem_zalloc(mem.mem, 1, sizeof *body->gzip);
    if (body->gzip != NULL) {
        *body->gzip =
            (z_stream){.zalloc = zlib_mem_alloc, .zfree = zlib_mem_free, .opaque = mem.opaque};
        if (inflateInit2(body->gzip, GZIP_ALONE) == Z_OK) {
            return;
        }
    }
    fail(body, BODY_BUSY);
}

/* Whether so many more bytes fit the limit of all bodies. */
static bool has_room(const struct receiver *receiver, size_t len)
{
    return receiver->body_bytes <= receiver->all_bytes &&
           len <= receiver->all_bytes - receiver->body_bytes;
}

/* Gives up the packed bytes, for good. */
static void drop_packed(struct body *body)
{
    body->receiver->body_bytes -= body->packed.len;
    strbuf_release(&body->packed);
    body->packed.failed = true;
}

/* Appends unpacked bytes. */
static void add_plain(struct body *body, const char *bytes, size_t len)
{
    struct receiver *receiver = body->receiver;
    if (len > body->bytes.max - body->bytes.len) {
        fail(body, BODY_TOO_LARGE);
        return;
    }
    if (!has_room(receiver, len) && body->packed.len > 0) {
        drop_packed(body); /* the greatest body alone must fit */
    }
    if (!has_room(receiver, len)) {
        fail(body, BODY_BUSY);
        return;
    }
    size_t had = body->bytes.len;
    strbuf_add(&body->bytes, bytes, len);
    receiver->body_bytes += body->bytes.len - had;
    if (body->bytes.failed) {
        fail(body, BODY_BUSY);
    }
}

/* Keeps packed bytes too. A lack of room for them is no fault: the unpacked ones do. */
static void keep_packed(struct body *body, const char *bytes, size_t len)
{
    if (!has_room(body->receiver, len)) {
        drop_packed(body);
    } else if (body->receiver->keeps_packed && !body->packed.failed) {
        size_t had = body->packed.len;
        strbuf_add(&body->packed, bytes, len);
        body->receiver->body_bytes += body->packed.len - had;
    }
}

struct slice body_packed(const struct body *body)
{
    bool whole = !body->packed.failed && body->packed.len > 0;
    return (struct slice){.bytes = whole ? body->packed.data : NULL,
                          .len = whole ? body->packed.len : 0};
}

/* Unpacks one piece of the stream's input. Returns false if there is nothing left to do. */
static bool unpack_piece(struct body *body)
{
    z_stream *z = body->gzip;
    unsigned char out[PIECE_BYTES];
    if (body->member_ended && z->avail_in == 0) {
        return false;
    }
    if (body->member_ended && inflateReset(z) != Z_OK) {
        fail(body, BODY_BROKEN);
        return false;
    }
    body->member_ended = false;
    z->next_out = out;
    z->avail_out = sizeof out;
    int result = inflate(z, Z_NO_FLUSH);
    size_t made = sizeof out - z->avail_out;
    bool full = z->avail_out == 0;
    body->member_ended = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) {
        fail(body, BODY_BUSY);
    } else if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        fail(body, BODY_BROKEN);
    } else {
        add_plain(body, (const char *)out, made);
    }
    return body->fault == BODY_GOOD && (full || z->avail_in > 0);
}

void body_add(struct body *body, const char *bytes, size_t len)
{
    if (body->fault != BODY_GOOD) {
        return;
    }
    if (body->gzip == NULL) {
        add_plain(body, bytes, len);
        return;
    }
    keep_packed(body, bytes, len);
    /* zlib does not write to it. */
    union {
        const char *bytes;
        unsigned char *in;
    } next = {.bytes = bytes};
    while (len > 0 && body->fault == BODY_GOOD) {
        unsigned part = len < INT_MAX ? (unsigned)len : INT_MAX;
        body->gzip->next_in = next.in;
        body->gzip->avail_in = part;
        while (unpack_piece(body)) {
        }
        next.bytes += part;
        len -= part;
    }
}

enum body_fault body_end(struct body *body, struct slice *out)
{
    if (body->fault == BODY_GOOD && body->gzip != NULL && !body->member_ended) {
        fail(body, BODY_BROKEN);
    }
    *out = (struct slice){.bytes = body->bytes.data == NULL ? "" : body->bytes.data,
                          .len = body->bytes.len};
    return body->fault;
}

void body_release(struct body *body)
{
    if (body->fault == BODY_GOOD) {
        fail(body, BODY_GOOD);
    }
}
