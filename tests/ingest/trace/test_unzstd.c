/* zstd: whatever the pieces, frames and layers, the bytes are those that were packed; what is damaged
   is named after all that was whole. */
#include "ingest/trace/unpack.h"
#include "ingest/trace/unzstd.h"

#include "core/base/strbuf.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZSTD
#include <zlib.h>
#include <zstd.h>

enum { PACKED_MAX = 1 << 20, CONTENT = 300000 };

static void put_text(struct strbuf *out, size_t len, bool packs)
{
    uint64_t seed = len;
    for (size_t i = 0; out->len < len; i++) {
        if (packs) {
            strbuf_addf(out, "{\"ts\":%zu,\"name\":\"x\"},\n", i);
        } else {
            strbuf_addc(out, (char)('0' + support_random_below(&seed, 70)));
        }
    }
    out->len = len;
}

static void put_frame(struct strbuf *out, const char *from, size_t len)
{
    char *room = malloc(PACKED_MAX);
    assert_non_null(room);
    size_t packed = ZSTD_compress(room, PACKED_MAX, from, len, 3);
    assert_false(ZSTD_isError(packed));
    strbuf_add(out, room, packed);
    free(room);
}

static void put_gzip(struct strbuf *out, const char *from, size_t len)
{
    z_stream z = {0};
    char *room = malloc(PACKED_MAX);
    assert_non_null(room);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    memcpy(&z.next_in, &from, sizeof from);
    z.avail_in = (unsigned)len;
    z.next_out = (unsigned char *)room;
    z.avail_out = PACKED_MAX;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    strbuf_add(out, room, PACKED_MAX - z.avail_out);
    deflateEnd(&z);
    free(room);
}

/* Returns the error; NULL: none. */
static const char *unpack_all(const struct strbuf *packed, size_t piece, struct strbuf *out)
{
    struct unpack *unpack = unpack_new(&mem_libc);
    struct slice bytes;
    bool ended = false;
    for (size_t at = 0; !ended && unpack_error(unpack) == NULL; at += piece) {
        size_t begin = at < packed->len ? at : packed->len;
        size_t left = packed->len - begin, len = left < piece ? left : piece;
        unpack_feed(unpack, packed->data + begin, len);
        ended = len == 0;
        while (unpack_next(unpack, &bytes)) {
            strbuf_add(out, bytes.bytes, bytes.len);
        }
    }
    const char *error = unpack_error(unpack);
    unpack_free(unpack);
    return error;
}

static void gives(const struct strbuf *packed, const struct strbuf *content, size_t len,
                  const char *want)
{
    static const size_t pieces[] = {1, 2, 3, 5, 100, 4096, 65536, PACKED_MAX};
    size_t first = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        const char *error = unpack_all(packed, pieces[i], &out);
        if ((error == NULL) != (want == NULL) || (want != NULL && strcmp(error, want) != 0)) {
            fail_msg("pieces of %zu: %s", pieces[i], error == NULL ? "no error" : error);
        }
        assert_true(want != NULL ? out.len <= len : out.len == len);
        first = i == 0 ? out.len : first;
        assert_int_equal(out.len, first);
        assert_true(out.len == 0 || memcmp(out.data, content->data, out.len) == 0);
        strbuf_release(&out);
    }
}

TEST(frames_are_read_whatever_the_pieces)
{
    static const size_t sizes[] = {0, 1, 100, 65535, 65536, 65537, 131072, CONTENT};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        struct strbuf content, packed;
        strbuf_init(&content, &mem_libc, 0);
        strbuf_init(&packed, &mem_libc, 0);
        put_text(&content, sizes[i / 2], i % 2 == 0);
        put_frame(&packed, content.data, sizes[i / 2] / 3);
        strbuf_add(&packed, "\x53\x2a\x4d\x18\x03\0\0\0abc", 11); /* a frame to skip */
        put_frame(&packed, content.data + sizes[i / 2] / 3, sizes[i / 2] - sizes[i / 2] / 3);
        gives(&packed, &content, content.len, NULL);
        strbuf_release(&content);
        strbuf_release(&packed);
    }
}

TEST(layers_of_zstd_and_gzip_are_all_taken_off)
{
    struct strbuf content, a, b, c;
    strbuf_init(&content, &mem_libc, 0);
    strbuf_init(&a, &mem_libc, 0);
    strbuf_init(&b, &mem_libc, 0);
    strbuf_init(&c, &mem_libc, 0);
    put_text(&content, CONTENT, true);
    put_gzip(&a, content.data, content.len);
    put_frame(&b, a.data, a.len);
    put_gzip(&c, b.data, b.len);
    gives(&b, &content, content.len, NULL);
    gives(&c, &content, content.len, NULL);
    strbuf_release(&content);
    strbuf_release(&a);
    strbuf_release(&b);
    strbuf_release(&c);
}

TEST(what_is_damaged_or_ends_is_named)
{
    struct strbuf content, packed;
    strbuf_init(&content, &mem_libc, 0);
    strbuf_init(&packed, &mem_libc, 0);
    put_text(&content, CONTENT, false);
    put_frame(&packed, content.data, content.len);
    size_t whole = packed.len;
    for (size_t cut = 4; cut < whole; cut += 20011) {
        packed.len = cut;
        gives(&packed, &content, content.len, "unexpected end of the zstd data");
    }
    packed.len = whole;
    strbuf_adds(&packed, "rest");
    gives(&packed, &content, content.len, "not zstd, or damaged");
    /* A frame of ten bytes: a block of four as they are, and one of no known type. */
    strbuf_clear(&packed);
    strbuf_add(&packed,
               "\x28\xb5\x2f\xfd\x20\x0a\x20\0\0"
               "abcd"
               "\x07\0\0"
               "efghij",
               22);
    strbuf_clear(&content);
    strbuf_adds(&content, "abcd");
    gives(&packed, &content, content.len, "not zstd, or damaged");
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    (void)unpack_all(&packed, packed.len, &out);
    assert_int_equal(out.len, 4); /* an error costs nothing before it */
    strbuf_release(&out);
    strbuf_release(&content);
    strbuf_release(&packed);
}

/* 50 MB of zeros are a few KB; a window that would need gigabytes is refused. */
TEST(a_bomb_needs_no_memory)
{
    enum { ZEROS = 1 << 20, TIMES = 50 };
    struct strbuf zeros, packed, out;
    strbuf_init(&zeros, &mem_libc, 0);
    strbuf_init(&packed, &mem_libc, 0);
    strbuf_init(&out, &mem_libc, 0);
    static const char some[1 << 12];
    while (zeros.len < ZEROS) {
        strbuf_add(&zeros, some, sizeof some);
    }
    for (int i = 0; i < TIMES; i++) {
        put_frame(&packed, zeros.data, ZEROS);
    }
    struct unpack *unpack = unpack_new(&mem_libc);
    struct slice bytes;
    size_t all = 0;
    unpack_feed(unpack, packed.data, packed.len);
    while (unpack_next(unpack, &bytes)) {
        assert_true(bytes.len <= 64 * 1024);
        all += bytes.len;
    }
    assert_int_equal(all, (size_t)ZEROS * TIMES);
    unpack_free(unpack);
    /* A frame's header: a window of 2 GiB. */
    strbuf_clear(&packed);
    strbuf_add(&packed, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
    assert_string_equal(unpack_all(&packed, 100, &out),
                        "zstd data with a window of more than 128 MiB: pack it without --long");
    strbuf_release(&zeros);
    strbuf_release(&packed);
    strbuf_release(&out);
}
#endif

TEST(a_mark_is_zstd_where_it_is_built_in)
{
    assert_int_equal(unpack_is_packed("\x28\xb5\x2f\xfd", 4), ZSTD_BUILT);
    assert_int_equal(unpack_is_packed("\x5f\x2a\x4d\x18", 4), ZSTD_BUILT);
    assert_false(unpack_is_packed("\x28\xb5\x2f", 3));
    assert_false(unpack_is_packed("(x", 2));
}
