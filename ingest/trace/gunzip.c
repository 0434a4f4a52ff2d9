/* zlib's inflate with a buffer of its own that is given out each time it is full. */
#include "ingest/trace/gunzip.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { OUT_SIZE = 64 * 1024, GZIP_WINDOW = 15 + 16 };

struct gunzip {
    const struct mem *mem;
    gunzip_sink *sink;
    void *ctx;
    z_stream z;
    bool ended; /* between two members, or at the end */
    char out[OUT_SIZE];
};

/* zlib frees without saying how large a block was: the size stands before it. */
static void *give(void *ctx, unsigned count, unsigned size)
{
    const struct gunzip *gunzip = ctx;
    size_t bytes = (size_t)count * size + 16;
    char *block = mem_alloc(gunzip->mem, bytes);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    return block + 16;
}

static void take(void *ctx, void *address)
{
    const struct gunzip *gunzip = ctx;
    if (address != NULL) {
        char *block = (char *)address - 16;
        size_t bytes;
        memcpy(&bytes, block, sizeof bytes);
        mem_free(gunzip->mem, block, bytes);
    }
}

struct gunzip *gunzip_new(const struct mem *mem, gunzip_sink *sink, void *ctx)
{
    struct gunzip *gunzip = mem_zalloc(mem, 1, sizeof *gunzip);
    if (gunzip == NULL) {
        return NULL;
    }
    gunzip->mem = mem;
    gunzip->sink = sink;
    gunzip->ctx = ctx;
    gunzip->z.zalloc = give;
    gunzip->z.zfree = take;
    gunzip->z.opaque = gunzip;
    if (inflateInit2(&gunzip->z, GZIP_WINDOW) != Z_OK) {
        mem_free(mem, gunzip, sizeof *gunzip);
        return NULL;
    }
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip != NULL) {
        inflateEnd(&gunzip->z);
        mem_free(gunzip->mem, gunzip, sizeof *gunzip);
    }
}

static const char *step(struct gunzip *gunzip, bool *go_on)
{
    gunzip->z.next_out = (unsigned char *)gunzip->out;
    gunzip->z.avail_out = OUT_SIZE;
    int status = inflate(&gunzip->z, Z_NO_FLUSH);
    size_t len = OUT_SIZE - gunzip->z.avail_out;
    *go_on = (gunzip->z.avail_in > 0 || gunzip->z.avail_out == 0) && status == Z_OK;
    if (len > 0 && !gunzip->sink(gunzip->ctx, gunzip->out, len)) {
        *go_on = false;
        return NULL;
    }
    if (status == Z_STREAM_END) {
        gunzip->ended = true;
        *go_on = gunzip->z.avail_in > 0;
        return NULL;
    }
    if (status == Z_OK || status == Z_BUF_ERROR) {
        return NULL;
    }
    *go_on = false;
    return status == Z_MEM_ERROR ? "out of memory" : "not gzip, or damaged";
}

const char *gunzip_push(struct gunzip *gunzip, const char *bytes, size_t len)
{
    while (len > 0) {
        unsigned part = len > UINT_MAX ? UINT_MAX : (unsigned)len;
        /* zlib's input pointer is not const; it does not write through it. */
        memcpy(&gunzip->z.next_in, &bytes, sizeof bytes);
        gunzip->z.avail_in = part;
        bytes += part;
        len -= part;
        for (bool go_on = true; go_on;) {
            if (gunzip->ended) {
                /* Zeros may pad the end. */
                if (*gunzip->z.next_in == 0) {
                    return NULL;
                }
                inflateReset(&gunzip->z);
                gunzip->ended = false;
            }
            const char *wrong = step(gunzip, &go_on);
            if (wrong != NULL) {
                return wrong;
            }
        }
    }
    return NULL;
}

const char *gunzip_finish(const struct gunzip *gunzip)
{
    return gunzip->ended ? NULL : "unexpected end of the gzip data";
}

bool gunzip_is(const char *bytes, size_t len)
{
    return len >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}
