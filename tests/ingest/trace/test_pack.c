/* What is packed unpacks to the same bytes, in whatever pieces they came, and no piece of memory
   grows with them. */
#include "ingest/trace/pack.h"

#include "ingest/trace/unpack.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

enum { KIB = 1024 };

struct packed {
    struct strbuf bytes;
    size_t room; /* the sink takes no more than so many */
};

static bool collect(void *ctx, const char *bytes, size_t len)
{
    struct packed *packed = ctx;
    if (packed->bytes.len + len > packed->room) {
        return false;
    }
    strbuf_add(&packed->bytes, bytes, len);
    return !packed->bytes.failed;
}

static char *some_text(size_t len, bool packs)
{
    char *text = malloc(len + 1);
    uint64_t seed = len;
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] =
            packs ? "{\"name\":\"x\",\"ts\":17}"[i % 20] : (char)support_random_below(&seed, 256);
    }
    return text;
}

/* Packs the text in pieces of up to `most` bytes. */
static bool pack_all(const struct mem *mem, const char *text, size_t len, size_t most,
                     struct packed *packed)
{
    uint64_t seed = most;
    struct pack *pack = pack_new(mem, collect, packed);
    bool good = pack != NULL;
    for (size_t at = 0, part; at < len && good; at += part) {
        part = support_random_below(&seed, most + 1);
        part = part < len - at ? part : len - at;
        good = pack_write(pack, text + at, part);
    }
    good = good && pack_finish(pack);
    pack_free(pack);
    return good;
}

static void assert_unpacks(const struct packed *packed, const char *text, size_t len)
{
    struct unpack *unpack = unpack_new(&mem_libc);
    struct strbuf out;
    struct slice piece;
    strbuf_init(&out, &mem_libc, 0);
    unpack_feed(unpack, packed->bytes.data, packed->bytes.len);
    for (int end = 0; end < 2; end++) {
        while (unpack_next(unpack, &piece)) {
            strbuf_add(&out, piece.bytes, piece.len);
        }
        unpack_feed(unpack, NULL, 0);
    }
    assert_null(unpack_error(unpack));
    assert_int_equal(out.len, len);
    assert_true(len == 0 || memcmp(out.data, text, len) == 0);
    strbuf_release(&out);
    unpack_free(unpack);
}

TEST(zeros_between_members_are_skipped_in_any_pieces)
{
    struct packed packed = {.room = SIZE_MAX};
    strbuf_init(&packed.bytes, &mem_libc, 0);
    assert_true(pack_all(&mem_libc, "one ", 4, 9, &packed));
    strbuf_add(&packed.bytes, "\0\0\0\0\0", 5);
    assert_true(pack_all(&mem_libc, "two", 3, 9, &packed));
    strbuf_add(&packed.bytes, "\0\0\0", 3);
    for (size_t chunk = 1; chunk <= packed.bytes.len; chunk++) {
        struct unpack *unpack = unpack_new(&mem_libc);
        struct strbuf out;
        struct slice piece;
        strbuf_init(&out, &mem_libc, 0);
        for (size_t at = 0; at <= packed.bytes.len + chunk; at += chunk) {
            size_t begin = at < packed.bytes.len ? at : packed.bytes.len;
            size_t left = packed.bytes.len - begin;
            unpack_feed(unpack, packed.bytes.data + begin, left < chunk ? left : chunk);
            while (unpack_next(unpack, &piece)) {
                strbuf_add(&out, piece.bytes, piece.len);
            }
        }
        assert_null(unpack_error(unpack));
        assert_string_equal(out.data, "one two");
        strbuf_release(&out);
        unpack_free(unpack);
    }
    strbuf_release(&packed.bytes);
}

/* A hundred KB unpack to zeros that an inner layer would skip for long. */
TEST(a_layer_of_endless_padding_is_an_error)
{
    enum { ZEROS = 1 << 20, TIMES = 100 };
    static const char zeros[ZEROS];
    struct packed inner = {.room = SIZE_MAX}, outer = {.room = SIZE_MAX};
    struct slice piece;
    size_t len = 0;
    strbuf_init(&inner.bytes, &mem_libc, 0);
    strbuf_init(&outer.bytes, &mem_libc, 0);
    assert_true(pack_all(&mem_libc, "one ", 4, 9, &inner));
    struct pack *pack = pack_new(&mem_libc, collect, &outer);
    assert_true(pack_write(pack, inner.bytes.data, inner.bytes.len));
    for (int i = 0; i < TIMES; i++) {
        assert_true(pack_write(pack, zeros, ZEROS));
    }
    assert_true(pack_finish(pack));
    pack_free(pack);
    struct unpack *unpack = unpack_new(&mem_libc);
    unpack_feed(unpack, outer.bytes.data, outer.bytes.len);
    while (unpack_next(unpack, &piece)) {
        len += piece.len;
    }
    assert_int_equal(len, 4);
    assert_string_equal(unpack_error(unpack), "almost all of it is padding");
    unpack_free(unpack);
    strbuf_release(&inner.bytes);
    strbuf_release(&outer.bytes);
}

TEST(what_is_packed_has_our_mark)
{
    struct packed packed = {.room = SIZE_MAX};
    strbuf_init(&packed.bytes, &mem_libc, 0);
    assert_true(pack_all(&mem_libc, "one ", 4, 9, &packed));
    assert_true(pack_is_marked(packed.bytes.data, packed.bytes.len));
    assert_false(pack_is_marked(packed.bytes.data, PACK_MARK_BYTES - 1));
    packed.bytes.data[PACK_MARK_BYTES - 2] ^= 1;
    assert_false(pack_is_marked(packed.bytes.data, packed.bytes.len));
    strbuf_release(&packed.bytes);
}

TEST(packed_bytes_unpack_to_the_same_bytes)
{
    static const size_t lengths[] = {0, 1, 1000, 64 * KIB, 300 * KIB, 2000 * KIB};
    for (size_t i = 0; i < 2 * sizeof lengths / sizeof *lengths; i++) {
        size_t len = lengths[i / 2];
        char *text = some_text(len, i % 2 == 0);
        struct packed one = {.room = SIZE_MAX}, other = {.room = SIZE_MAX};
        strbuf_init(&one.bytes, &mem_libc, 0);
        strbuf_init(&other.bytes, &mem_libc, 0);
        assert_true(pack_all(&mem_libc, text, len, 100 * KIB, &one));
        assert_true(pack_all(&mem_libc, text, len, 3 * KIB, &other));
        assert_unpacks(&one, text, len);
        assert_unpacks(&other, text, len);
        assert_true(i % 2 != 0 || len < KIB || one.bytes.len < len / 10);
        /* No time and no name is in it, but a comment. */
        assert_memory_equal(one.bytes.data, "\x1f\x8b\x08\x10\0\0\0\0", 8);
        strbuf_release(&one.bytes);
        strbuf_release(&other.bytes);
        free(text);
    }
}

TEST(a_sink_that_takes_no_more_ends_it)
{
    char *text = some_text(600 * KIB, false);
    for (size_t room = 0; room < 600 * KIB; room += 70 * KIB) {
        struct packed packed = {.room = room};
        strbuf_init(&packed.bytes, &mem_libc, 0);
        assert_false(pack_all(&mem_libc, text, 600 * KIB, 100 * KIB, &packed));
        strbuf_release(&packed.bytes);
    }
    free(text);
}

TEST(a_lack_of_memory_for_it_is_reported_at_once)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct packed packed = {.room = SIZE_MAX};
        strbuf_init(&packed.bytes, &mem_libc, 0);
        struct pack *pack = pack_new(&lack.mem, collect, &packed);
        lack.done = pack != NULL;
        if (lack.done) {
            size_t calls = lack.failing.calls;
            assert_true(pack_write(pack, "text", 4) && pack_finish(pack));
            assert_int_equal(lack.failing.calls, calls);
            assert_unpacks(&packed, "text", 4);
        }
        pack_free(pack);
        strbuf_release(&packed.bytes);
    }
}

TEST(a_name_that_ends_in_gz_asks_for_it)
{
    static const struct {
        const char *path;
        bool wanted;
    } rows[] = {
        {"x.json.gz", true},  {"x.gz", true},    {"/d/x.JSON.GZ", true}, {"x.json", false},
        {"x.gz.json", false}, {"x.gzip", false}, {"gz", false},          {".gz", false},
        {"", false},          {"d.gz/x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (pack_is_wanted(rows[i].path) != rows[i].wanted) {
            fail_msg("%s", rows[i].path);
        }
    }
}
