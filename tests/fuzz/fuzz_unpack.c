/* Anything as gzip, at once and in pieces: the same bytes and the same error. What is compressed
   here comes back as it was. */
#include "ingest/trace/pack.h"
#include "ingest/trace/unpack.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

enum { MOST_BYTES = 1 << 20 }; /* of what a small input may become */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, const char *bytes, size_t len)
{
    strbuf_add(ctx, bytes, len);
    return true;
}

/* Returns the error, NULL: none. */
static const char *unpack_all(const char *bytes, size_t len, size_t chunk, struct strbuf *out)
{
    struct unpack *unpack = unpack_new(&mem_libc);
    bool ended = false;
    for (size_t at = 0; !ended && unpack_error(unpack) == NULL; at += chunk) {
        size_t begin = at < len ? at : len, count = len - begin < chunk ? len - begin : chunk;
        struct slice plain;
        unpack_feed(unpack, bytes + begin, count);
        ended = count == 0 || out->len >= MOST_BYTES;
        while (out->len < MOST_BYTES && unpack_next(unpack, &plain)) {
            strbuf_add(out, plain.bytes, plain.len);
        }
    }
    const char *error = unpack_error(unpack);
    unpack_free(unpack);
    return error;
}

static void require_same(const struct strbuf *a, const char *bytes, size_t len)
{
    fuzz_require(a->len == len && (len == 0 || memcmp(a->data, bytes, len) == 0));
}

static void check_round_trip(const char *bytes, size_t len, size_t chunk)
{
    struct strbuf packed, plain;
    strbuf_init(&packed, &mem_libc, 0);
    strbuf_init(&plain, &mem_libc, 0);
    struct pack *pack = pack_new(&mem_libc, take, &packed);
    for (size_t at = 0; at < len; at += chunk) {
        fuzz_require(pack_write(pack, bytes + at, len - at < chunk ? len - at : chunk));
    }
    fuzz_require(pack_finish(pack));
    pack_free(pack);
    /* Packed data would be unpacked twice. */
    if (!unpack_is_packed(bytes, len)) {
        fuzz_require(unpack_all(packed.data, packed.len, chunk, &plain) == NULL);
        require_same(&plain, bytes, len);
    }
    strbuf_release(&packed);
    strbuf_release(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    size_t len = size - 1, chunk = 1 + data[0] % 64u;
    struct strbuf whole, pieces;
    strbuf_init(&whole, &mem_libc, 0);
    strbuf_init(&pieces, &mem_libc, 0);
    const char *error = unpack_all(bytes, len, len, &whole);
    const char *error_of_pieces = unpack_all(bytes, len, chunk, &pieces);
    if (whole.len < MOST_BYTES) {
        require_same(&pieces, whole.data, whole.len);
        fuzz_require((error == NULL) == (error_of_pieces == NULL));
    }
    check_round_trip(bytes, len, chunk);
    strbuf_release(&whole);
    strbuf_release(&pieces);
    return 0;
}
