/* The first bytes decide between gzip, zstd, UTF-16 and plain data; they may arrive one by one, so
   `head` holds them. Plain bytes are returned where they lie; unpacked bytes fill `out`, one piece
   a call, so that nothing grows with the data. Unpacked data may be packed again, so each layer
   passes its bytes to an inner one. */
#include "ingest/trace/unpack.h"

#include "core/base/utf8.h"
#include "ingest/trace/unzstd.h"
#include "ingest/trace/zlib_mem.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { OUT_BYTES = 64 * 1024, GZIP_WINDOW = 15 + 16, LAYERS = 4 };

/* Packed data are hardly longer than what is in them. Each layer may be fed so much more, else it
   is padding without an end: a layer of a few kB can unpack to gigabytes of that. */
enum { PADDING_BYTES = 8 << 20, PADDING_TIMES = 4 };

enum layer_kind { LAYER_PLAIN, LAYER_GZIP, LAYER_ZSTD, LAYER_UTF16_LE, LAYER_UTF16_BE };

struct unpack {
    struct mem mem;
    struct slice in; /* fed, not used yet */
    char head[UNPACK_HEAD_BYTES];
    size_t head_len;
    bool at_end, known;
    enum layer_kind kind;
    unsigned depth;
    uint64_t fed, given; /* bytes of a packed layer: taken so far, unpacked so far */
    struct unpack
        *inner; /* takes what this layer unpacks; NULL: plain, or the last of the layers */
    bool inner_ended;
    bool member_ended; /* of gzip: between two members, or at the end */
    unsigned high;     /* of UTF-16: a high surrogate whose partner is to come; 0: none */
    int odd;           /* of UTF-16: the first byte of a unit that is not whole; -1: none */
    const char *error;
    z_stream z;
    struct unzstd *unzstd; /* NULL: the data are no zstd */
    char out[OUT_BYTES];
};

struct unpack *unpack_new(const struct mem *mem)
{
    struct unpack *unpack = mem_zalloc(mem, 1, sizeof *unpack);
    if (unpack != NULL) {
        unpack->mem = *mem;
        unpack->odd = -1;
        unpack->z =
            (z_stream){.zalloc = zlib_mem_alloc, .zfree = zlib_mem_free, .opaque = &unpack->mem};
    }
    return unpack;
}

void unpack_free(struct unpack *unpack)
{
    if (unpack != NULL) {
        struct mem mem = unpack->mem;
        inflateEnd(&unpack->z);
        unzstd_free(unpack->unzstd);
        unpack_free(unpack->inner);
        mem_free(&mem, unpack, sizeof *unpack);
    }
}

void unpack_feed(struct unpack *unpack, const char *bytes, size_t len)
{
    if (unpack->error == NULL && unpack->fed > PADDING_BYTES + PADDING_TIMES * unpack->given) {
        unpack->error = "almost all of it is padding";
    }
    unpack->in = (struct slice){bytes, len};
    unpack->at_end |= len == 0;
    unpack->fed += unpack->kind != LAYER_PLAIN ? len : 0;
}

/* zstd has two marks: of a frame, and of one to skip, whose first byte varies. UTF-16 shows by its
   mark, or by the bracket that every trace begins with. */
static const struct {
    unsigned char head[UNPACK_HEAD_BYTES];
    unsigned char loose; /* these bits of the first byte may be any */
    unsigned char len;
    enum layer_kind kind;
} marks[] = {
    {{0x1f, 0x8b}, 0, 2, LAYER_GZIP},
    {{0x28, 0xb5, 0x2f, 0xfd}, 0, 4, LAYER_ZSTD},
    {{0x50, 0x2a, 0x4d, 0x18}, 15, 4, LAYER_ZSTD},
    {{0xff, 0xfe}, 0, 2, LAYER_UTF16_LE},
    {{0xfe, 0xff}, 0, 2, LAYER_UTF16_BE},
    {{'{', 0}, 0, 2, LAYER_UTF16_LE},
    {{'[', 0}, 0, 2, LAYER_UTF16_LE},
    {{0, '{'}, 0, 2, LAYER_UTF16_BE},
    {{0, '['}, 0, 2, LAYER_UTF16_BE},
};

/* Returns the kind that the bytes show. *open is set where more bytes may show another. */
static enum layer_kind kind_of(const char *head, size_t len, bool *open)
{
    *open = false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t same = 0;
        while (same < len && same < marks[i].len &&
               (((unsigned char)head[same] ^ marks[i].head[same]) &
                ~(same == 0 ? marks[i].loose : 0u)) == 0) {
            same++;
        }
        bool built = marks[i].kind != LAYER_ZSTD || ZSTD_BUILT;
        if (same == marks[i].len && built) {
            *open = false;
            return marks[i].kind;
        }
        *open |= same == len && built;
    }
    return LAYER_PLAIN;
}

/* Takes the next layer's state. False: out of memory. */
static bool begin_layer(struct unpack *unpack)
{
    if (unpack->kind != LAYER_PLAIN && unpack->depth + 1 < LAYERS) {
        unpack->inner = unpack_new(&unpack->mem);
        if (unpack->inner == NULL) {
            return false;
        }
        unpack->inner->depth = unpack->depth + 1;
    }
    unpack->unzstd = unpack->kind == LAYER_ZSTD ? unzstd_new() : NULL;
    return (unpack->kind != LAYER_ZSTD || unpack->unzstd != NULL) &&
           (unpack->kind != LAYER_GZIP || inflateInit2(&unpack->z, GZIP_WINDOW) == Z_OK);
}

/* Decides what the data are once the first bytes have arrived. The head is the first input then. */
static bool find_out(struct unpack *unpack)
{
    bool open = true;
    while (open && unpack->head_len < UNPACK_HEAD_BYTES && unpack->in.len > 0) {
        unpack->head[unpack->head_len++] = *unpack->in.bytes++;
        unpack->in.len--;
        unpack->kind = kind_of(unpack->head, unpack->head_len, &open);
    }
    if (open && !unpack->at_end) {
        return false;
    }
    unpack->known = true;
    unpack->error = begin_layer(unpack) ? NULL : "out of memory";
    return true;
}

/* Returns the next run of input: the head first, then what was fed. */
static struct slice next_input(struct unpack *unpack)
{
    struct slice next = unpack->in;
    if (unpack->head_len > 0) {
        next = (struct slice){unpack->head, unpack->head_len};
        unpack->head_len = 0;
    } else if (next.len > 0) {
        next.len = next.len < UINT_MAX ? next.len : UINT_MAX;
        unpack->in.bytes += next.len;
        unpack->in.len -= next.len;
    }
    return next;
}

static void load_input(struct unpack *unpack)
{
    struct slice next = next_input(unpack);
    /* zlib's input pointer is not const; zlib does not write through it. */
    memcpy(&unpack->z.next_in, &next.bytes, sizeof next.bytes);
    unpack->z.avail_in = (unsigned)next.len;
}

/* Gives zlib input, if it has used up the last. Returns false if no input is left; zeros after a
   member, which pad it, are skipped. */
static bool has_input(struct unpack *unpack)
{
    for (;;) {
        if (unpack->z.avail_in == 0) {
            load_input(unpack);
        }
        if (unpack->z.avail_in == 0 || !unpack->member_ended) {
            return unpack->z.avail_in > 0;
        }
        while (unpack->z.avail_in > 0 && *unpack->z.next_in == 0) {
            unpack->z.next_in++;
            unpack->z.avail_in--;
        }
        if (unpack->z.avail_in > 0) {
            inflateReset(&unpack->z);
            unpack->member_ended = false;
        }
    }
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

static struct slice decompress_some(struct unpack *unpack)
{
    struct slice out = {unpack->out, 0};
    if (unpack->head_len > 0) { /* too short to give anything: it is used up */
        struct slice head = next_input(unpack);
        (void)unzstd_some(unpack->unzstd, &head, unpack->out, OUT_BYTES, &unpack->error);
    }
    if (unpack->error == NULL) {
        out.len = unzstd_some(unpack->unzstd, &unpack->in, unpack->out, OUT_BYTES, &unpack->error);
    }
    if (out.len == 0 && unpack->error == NULL && unpack->at_end &&
        !unzstd_may_end(unpack->unzstd)) {
        unpack->error = "unexpected end of the zstd data";
    }
    return out;
}

/* ---- UTF-16 ---- */

/* Writes a unit's character as UTF-8; returns the place after it. A surrogate without its partner
   becomes U+FFFD. */
static char *put_unit(struct unpack *unpack, char *at, unsigned unit)
{
    unsigned high = unpack->high;
    bool low = unit >= 0xdc00 && unit < 0xe000;
    unpack->high = 0;
    if (high != 0 && low) {
        return at + utf8_put(at, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
    }
    if (high != 0) {
        at += utf8_put(at, UTF8_REPLACEMENT);
    }
    if (unit >= 0xd800 && unit < 0xdc00) {
        unpack->high = unit;
        return at;
    }
    return unit == 0xfeff ? at : at + utf8_put(at, low ? UTF8_REPLACEMENT : unit);
}

/* Returns the next piece of text; empty if all input is used up. */
static struct slice convert_some(struct unpack *unpack)
{
    char *at = unpack->out, *end = unpack->out + OUT_BYTES - 8;
    while (at < end && (unpack->head_len > 0 || unpack->in.len > 0)) {
        struct slice next = next_input(unpack);
        size_t used = 0;
        for (; used < next.len && at < end; used++) {
            unsigned byte = (unsigned char)next.bytes[used];
            if (unpack->odd < 0) {
                unpack->odd = (int)byte;
                continue;
            }
            unsigned first = (unsigned)unpack->odd;
            bool little = unpack->kind == LAYER_UTF16_LE;
            unpack->odd = -1;
            at = put_unit(unpack, at, little ? byte << 8 | first : first << 8 | byte);
        }
        unpack->in.bytes -= next.len - used;
        unpack->in.len += next.len - used;
    }
    return (struct slice){unpack->out, (size_t)(at - unpack->out)};
}

/* ---- layers ---- */

static struct slice ungzip_some(struct unpack *unpack)
{
    inflate_some(unpack);
    struct slice out = {unpack->out, OUT_BYTES - unpack->z.avail_out};
    if (out.len == 0 && unpack->error == NULL && unpack->at_end && !unpack->member_ended) {
        unpack->error = "unexpected end of the gzip data";
    }
    return out;
}

/* Returns the next piece that this layer unpacks; empty if more must be fed, or at the end. */
static struct slice unpack_some(struct unpack *unpack)
{
    struct slice out = unpack->kind == LAYER_ZSTD   ? decompress_some(unpack)
                       : unpack->kind == LAYER_GZIP ? ungzip_some(unpack)
                                                    : convert_some(unpack);
    unpack->given += out.len;
    return out;
}

/* After an error the inner layer gets its end: it may hold bytes that came before. */
static bool next_of_inner(struct unpack *unpack, struct slice *out)
{
    while (!unpack_next(unpack->inner, out)) {
        if (unpack->inner_ended || unpack->inner->error != NULL) {
            unpack->error = unpack->error == NULL ? unpack->inner->error : unpack->error;
            return false;
        }
        struct slice piece = {NULL, 0};
        if (unpack->error == NULL) {
            piece = unpack_some(unpack);
        }
        if (piece.len == 0 && unpack->error == NULL && !unpack->at_end) {
            return false;
        }
        unpack->inner_ended = piece.len == 0;
        unpack_feed(unpack->inner, piece.bytes, piece.len);
    }
    return true;
}

bool unpack_next(struct unpack *unpack, struct slice *out)
{
    *out = (struct slice){NULL, 0};
    if (!unpack->known && !find_out(unpack)) {
        return false;
    }
    if (unpack->inner != NULL) {
        return next_of_inner(unpack, out);
    }
    if (unpack->error != NULL) {
        return false;
    }
    *out = unpack->kind == LAYER_PLAIN ? next_input(unpack) : unpack_some(unpack);
    return out->len > 0;
}

const char *unpack_error(const struct unpack *unpack)
{
    return unpack->error;
}

bool unpack_is_packed(const char *bytes, size_t len)
{
    bool open;
    return kind_of(bytes, len, &open) != LAYER_PLAIN;
}
