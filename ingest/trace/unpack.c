/* The first two bytes decide between gzip and plain data; they may arrive one by one, so `head`
   holds them. Plain bytes are returned where they lie; inflated bytes fill `out`, one piece a call,
   so that nothing grows with the data. */
#include "ingest/trace/unpack.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { OUT_BYTES = 64 * 1024, HEAD_BYTES = 2, GZIP_WINDOW = 15 + 16 };

struct unpack {
    const struct mem *mem;
    struct slice in; /* fed, not used yet */
    char head[HEAD_BYTES];
    size_t head_len;
    bool at_end, known, packed;
    bool member_ended; /* of gzip: between two members, or at the end */
    const char *error;
    z_stream z;
    char out[OUT_BYTES];
};

/* zlib frees a block without its size, so the size precedes the block. */
static void *give(void *ctx, unsigned count, unsigned size)
{
    const struct unpack *unpack = ctx;
    size_t bytes = (size_t)count * size + 16;
    char *block = mem_alloc(unpack->mem, bytes);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    return block + 16;
}

static void take(void *ctx, void *address)
{
    const struct unpack *unpack = ctx;
    if (address != NULL) {
        char *block = (char *)address - 16;
        size_t bytes;
        memcpy(&bytes, block, sizeof bytes);
        mem_free(unpack->mem, block, bytes);
    }
}

struct unpack *unpack_new(const struct mem *mem)
{
    struct unpack *unpack = mem_zalloc(mem, 1, sizeof *unpack);
    if (unpack != NULL) {
        unpack->mem = mem;
        unpack->z = (z_stream){.zalloc = give, .zfree = take, .opaque = unpack};
    }
    return unpack;
}

void unpack_free(struct unpack *unpack)
{
    if (unpack != NULL) {
        inflateEnd(&unpack->z);
        mem_free(unpack->mem, unpack, sizeof *unpack);
    }
}

void unpack_feed(struct unpack *unpack, const char *bytes, size_t len)
{
    unpack->in = (struct slice){bytes, len};
    unpack->at_end |= len == 0;
}

/* Decides what the data are once the first bytes have arrived. The head is the first input then. */
static bool find_out(struct unpack *unpack)
{
    while (unpack->head_len < HEAD_BYTES && unpack->in.len > 0) {
        unpack->head[unpack->head_len++] = *unpack->in.bytes++;
        unpack->in.len--;
    }
    if (unpack->head_len < HEAD_BYTES && !unpack->at_end) {
        return false;
    }
    unpack->known = true;
    unpack->packed = unpack_is_gzip(unpack->head, unpack->head_len);
    if (unpack->packed && inflateInit2(&unpack->z, GZIP_WINDOW) != Z_OK) {
        unpack->error = "out of memory";
    }
    return true;
}

/* Returns the next run of input: the head first, then what was fed. */
static struct slice next_input(struct unpack *unpack)
{
    struct slice next = unpack->in;
    if (unpack->head_len > 0) {
        next = (struct slice){unpack->head, unpack->head_len};
        unpack->head_len = 0;
    } else {
        next.len = next.len < UINT_MAX ? next.len : UINT_MAX;
        unpack->in.bytes += next.len;
        unpack->in.len -= next.len;
    }
    return next;
}

/* Gives zlib input, if it has used up the last. Returns false if no input is left; zeros that pad
   the end are skipped. */
static bool has_input(struct unpack *unpack)
{
    if (unpack->z.avail_in == 0) {
        struct slice next = next_input(unpack);
        /* zlib's input pointer is not const; zlib does not write through it. */
        memcpy(&unpack->z.next_in, &next.bytes, sizeof next.bytes);
        unpack->z.avail_in = (unsigned)next.len;
    }
    if (unpack->member_ended && unpack->z.avail_in > 0) {
        if (*unpack->z.next_in == 0) {
            unpack->z.avail_in = 0;
            unpack->in.len = 0;
        } else {
            inflateReset(&unpack->z);
            unpack->member_ended = false;
        }
    }
    return unpack->z.avail_in > 0;
}

static void inflate_some(struct unpack *unpack)
{
    bool was_full = unpack->z.next_out != NULL && unpack->z.avail_out == 0;
    unpack->z.next_out = (unsigned char *)unpack->out;
    unpack->z.avail_out = OUT_BYTES;
    while (unpack->z.avail_out == OUT_BYTES && unpack->error == NULL &&
           (has_input(unpack) || was_full)) {
        was_full = false;
        int status = inflate(&unpack->z, Z_NO_FLUSH);
        unpack->member_ended |= status == Z_STREAM_END;
        if (status == Z_MEM_ERROR) {
            unpack->error = "out of memory";
        } else if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) {
            unpack->error = "not gzip, or damaged";
        }
    }
}

bool unpack_next(struct unpack *unpack, struct slice *out)
{
    *out = (struct slice){NULL, 0};
    if (unpack->error != NULL || (!unpack->known && !find_out(unpack))) {
        return false;
    }
    if (!unpack->packed) {
        *out = next_input(unpack);
    } else if (unpack->error == NULL) {
        inflate_some(unpack);
        *out = (struct slice){unpack->out, OUT_BYTES - unpack->z.avail_out};
        if (out->len == 0 && unpack->error == NULL && unpack->at_end && !unpack->member_ended) {
            unpack->error = "unexpected end of the gzip data";
        }
    }
    return out->len > 0;
}

const char *unpack_error(const struct unpack *unpack)
{
    return unpack->error;
}

bool unpack_is_gzip(const char *bytes, size_t len)
{
    return len >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}
