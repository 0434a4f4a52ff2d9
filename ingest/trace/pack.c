/* One zlib stream and one buffer: what zlib has compressed goes to the sink each time the buffer is
   full, so that memory does not grow with the data. Documents are written while the screen waits,
   so speed counts more than the last percent of size. */
#include "ingest/trace/pack.h"

#include "ingest/trace/zlib_mem.h"

#include <assert.h>
#include <limits.h>
#include <strings.h>
#include <zlib.h>

enum { OUT_BYTES = 64 * 1024, GZIP_WINDOW = 15 + 16, LEVEL = 3, MEMORY = 8 };

/* The header of a gzip member (RFC 1952, 2.3): its flags, one of them, the place of the comment if
   that is the only optional field, and the number of Unix. */
enum { FLAGS_AT = 3, FLAG_COMMENT = 16, COMMENT_AT = 10, OS_UNIX = 3 };

static const char comment[] = "swarmtop";

struct pack {
    struct mem mem;
    pack_sink *sink;
    void *ctx;
    bool stopped; /* the sink takes no more */
    z_stream z;
    gz_header header;
    unsigned char comment[sizeof comment]; /* zlib wants one that is not const */
    char out[OUT_BYTES];
};

struct pack *pack_new(const struct mem *mem, pack_sink *sink, void *ctx)
{
    struct pack *pack = mem_alloc(mem, sizeof *pack);
    if (pack == NULL) {
        return NULL;
    }
    pack->mem = *mem;
    pack->sink = sink;
    pack->ctx = ctx;
    pack->stopped = false;
    pack->z = (z_stream){.zalloc = zlib_mem_alloc, .zfree = zlib_mem_free, .opaque = &pack->mem};
    if (deflateInit2(&pack->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        mem_free(mem, pack, sizeof *pack);
        return NULL;
    }
    memcpy(pack->comment, comment, sizeof comment);
    pack->header = (gz_header){.comment = pack->comment, .os = OS_UNIX};
    (void)deflateSetHeader(&pack->z, &pack->header);
    return pack;
}

void pack_free(struct pack *pack)
{
    if (pack != NULL) {
        struct mem mem = pack->mem;
        (void)deflateEnd(&pack->z);
        mem_free(&mem, pack, sizeof *pack);
    }
}

/* Compresses zlib's input, or what it still holds, and passes the result on. */
static bool deflate_all(struct pack *pack, int flush)
{
    do {
        pack->z.next_out = (unsigned char *)pack->out;
        pack->z.avail_out = OUT_BYTES;
        /* With room in its output zlib has no error but a bug here. */
        (void)deflate(&pack->z, flush);
        size_t len = OUT_BYTES - pack->z.avail_out;
        pack->stopped = pack->stopped || (len > 0 && !pack->sink(pack->ctx, pack->out, len));
    } while (pack->z.avail_out == 0 && !pack->stopped);
    return !pack->stopped;
}

bool pack_write(struct pack *pack, const char *bytes, size_t len)
{
    while (len > 0 && !pack->stopped) {
        unsigned part = len < UINT_MAX ? (unsigned)len : UINT_MAX;
        /* zlib's input pointer is not const; zlib does not write through it. */
        memcpy(&pack->z.next_in, &bytes, sizeof bytes);
        pack->z.avail_in = part;
        (void)deflate_all(pack, Z_NO_FLUSH);
        bytes += part;
        len -= part;
    }
    return !pack->stopped;
}

bool pack_finish(struct pack *pack)
{
    pack->z.avail_in = 0;
    return !pack->stopped && deflate_all(pack, Z_FINISH);
}

bool pack_is_wanted(const char *path)
{
    size_t len = strlen(path);
    return len > 3 && strcasecmp(path + len - 3, ".gz") == 0;
}

static_assert(COMMENT_AT + sizeof comment == PACK_MARK_BYTES, "the mark is all that is looked at");

bool pack_is_marked(const char *bytes, size_t len)
{
    return len >= PACK_MARK_BYTES && memcmp(bytes, "\x1f\x8b", 2) == 0 &&
           bytes[FLAGS_AT] == FLAG_COMMENT &&
           memcmp(bytes + COMMENT_AT, comment, sizeof comment) == 0;
}
