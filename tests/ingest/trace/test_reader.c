/* A file as bytes, plain and packed: whatever its size, however it is packed and in whatever pieces
   and places one reads it, the bytes are those that were written; where it is damaged, all that was
   whole comes first. */
#include "ingest/trace/reader.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { KIB = 1024, MOST = 1024 * KIB };

struct bytes {
    char *at;
    size_t len, cap;
};

static void bytes_add(struct bytes *bytes, const void *from, size_t len)
{
    if (bytes->len + len > bytes->cap) {
        bytes->cap = 2 * (bytes->len + len);
        bytes->at = realloc(bytes->at, bytes->cap);
        assert_non_null(bytes->at);
    }
    if (len > 0) {
        memcpy(bytes->at + bytes->len, from, len);
    }
    bytes->len += len;
}

/* Text that packs well, or bytes that do not pack at all: then what is read of the file ends in
   other places. */
static struct bytes some_bytes(size_t len, bool packs)
{
    struct bytes bytes = {0};
    uint64_t seed = len;
    while (bytes.len < len) {
        char line[64];
        int n = snprintf(line, sizeof line, "{\"ts\":%zu,\"name\":\"x\"},\n", bytes.len);
        for (int i = 0; i < n && !packs; i++) {
            line[i] = (char)support_random_below(&seed, 256);
        }
        bytes_add(&bytes, line, (size_t)n);
    }
    bytes.len = len;
    if (len > 0 && !packs) {
        bytes.at[0] = 'x'; /* not gzip by chance */
    }
    return bytes;
}

/* One gzip member more. */
static void pack(struct bytes *out, const char *from, size_t len)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, len) + 32;
    unsigned char *to = malloc(room);
    assert_non_null(to);
    if (len > 0) {
        memcpy(&z.next_in, &from, sizeof from);
    }
    z.avail_in = (unsigned)len;
    z.next_out = to;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    bytes_add(out, to, room - z.avail_out);
    deflateEnd(&z);
    free(to);
}

/* ---- reading ---- */

static struct reader *open_bytes(const struct mem *mem, const char *at, size_t len)
{
    static const char *path;
    path = path != NULL ? path : support_path(support_tmpdir(), "file");
    support_write_file(path, at, len);
    const char *error = "none";
    struct reader *reader = reader_open(mem, path, &error);
    if (reader != NULL) {
        assert_int_equal(reader_look(reader)->size, len);
    } else {
        assert_string_equal(error, "out of memory");
    }
    return reader;
}

/* Reads on in pieces of at most `size` to the end, or to what is wrong: NULL for the end. What came
   is the content from `offset` on. */
static const char *read_rest(struct reader *reader, const struct bytes *content, size_t offset,
                             size_t size, size_t *end)
{
    char *piece = malloc(size);
    assert_non_null(piece);
    for (;;) {
        const char *error = NULL;
        ptrdiff_t count = reader_read(reader, piece, size, &error);
        if (count <= 0) {
            free(piece);
            *end = offset;
            assert_int_equal(count, error == NULL ? 0 : -1);
            return error;
        }
        assert_true((size_t)count <= size && (size_t)count <= content->len - offset);
        assert_memory_equal(piece, content->at + offset, (size_t)count);
        offset += (size_t)count;
    }
}

/* All of it, and at its end no more, however often one asks. */
static void read_all(const struct bytes *file, const struct bytes *content, size_t size)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct reader *reader = open_bytes(&mem, file->at, file->len);
    assert_int_equal(reader_position(reader), 0);
    for (int i = 0; i < 3; i++) {
        size_t end;
        assert_null(read_rest(reader, content, i == 0 ? 0 : content->len, size, &end));
        assert_int_equal(end, content->len);
        assert_int_equal(reader_position(reader), file->len);
    }
    reader_free(reader);
    assert_int_equal(failing.live_blocks, 0);
}

/* Around the sizes of what is read and unpacked at a time. */
static const size_t sizes[] = {0,
                               1,
                               2,
                               3,
                               17,
                               1000,
                               16 * KIB - 1,
                               16 * KIB,
                               16 * KIB + 1,
                               32 * KIB,
                               64 * KIB - 1,
                               64 * KIB,
                               64 * KIB + 1,
                               128 * KIB - 1,
                               128 * KIB,
                               128 * KIB + 1,
                               MOST};
#define SIZES (sizeof sizes / sizeof *sizes)

static const size_t pieces[] = {1, 7, 4096, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 2 * MOST};
#define PIECES (sizeof pieces / sizeof *pieces)

TEST(a_file_of_any_size_is_read_in_pieces_of_any_size)
{
    for (size_t i = 0; i < SIZES; i++) {
        for (int packs = 0; packs < 2; packs++) {
            struct bytes content = some_bytes(sizes[i], packs), packed = {0};
            pack(&packed, content.at, content.len);
            for (size_t n = content.len > 40 * KIB ? 2 : 0; n < PIECES; n++) {
                read_all(&content, &content, pieces[n]);
                read_all(&packed, &content, pieces[n]);
            }
            free(content.at);
            free(packed.at);
        }
    }
}

TEST(what_is_packed_is_told_by_its_first_two_bytes)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool packed;
    } cases[] = {
        {"", 0, false},
        {"\x1f", 1, false},
        {"\x1f\x8b", 2, true},
        {"\x1f\x8b\x08", 3, true},
        {"\x1f\x8a\x08", 3, false},
        {"\x8b\x1f", 2, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reader *reader = open_bytes(&mem_libc, cases[i].bytes, cases[i].len);
        assert_int_equal(reader_is_packed(reader), cases[i].packed);
        reader_free(reader);
    }
}

/* ---- members ---- */

/* Some of them empty; zeros may pad the end. */
TEST(members_that_follow_one_another_are_one_file)
{
    uint64_t seed = 1;
    for (int round = 0; round < 60; round++) {
        struct bytes content = some_bytes(support_random_below(&seed, 300 * KIB), round % 2),
                     packed = {0};
        for (size_t at = 0; at < content.len || packed.len == 0;) {
            size_t some =
                support_random_below(&seed, 4) == 0 ? 0 : support_random_below(&seed, 100 * KIB);
            some = some < content.len - at ? some : content.len - at;
            pack(&packed, content.at + at, some);
            at += some;
        }
        static const char zeros[40 * KIB];
        bytes_add(&packed, zeros, round % 3 == 0 ? 0 : support_random_below(&seed, sizeof zeros));
        read_all(&packed, &content, pieces[support_random_below(&seed, PIECES - 2) + 2]);
        free(content.at);
        free(packed.at);
    }
}

/* Packs the content, the first `flush` bytes so that they are whole before the others begin.
   Returns where that is. */
static size_t pack_in_two(struct bytes *out, const struct bytes *content, size_t flush)
{
    z_stream z = {0};
    static unsigned char to[100 * KIB];
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    memcpy(&z.next_in, &content->at, sizeof content->at);
    z.avail_in = (unsigned)flush;
    z.next_out = to;
    z.avail_out = sizeof to;
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t first = sizeof to - z.avail_out;
    z.avail_in = (unsigned)(content->len - flush);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    bytes_add(out, to, sizeof to - z.avail_out);
    deflateEnd(&z);
    return first;
}

/* So many bytes that do not pack, then zeros, that 16 KiB of the file (what is read at a time)
   become 64 KiB (what is given out at a time): nothing is left of the one when the other is
   full. */
TEST(a_piece_of_the_file_may_fill_what_is_unpacked_to_the_last_byte)
{
    size_t first = 0;
    for (size_t noise = 16 * KIB - 1; first != 16 * KIB; noise--) {
        struct bytes content = some_bytes(70 * KIB, false), packed = {0};
        assert_true(noise > 15 * KIB);
        memset(content.at + noise, 0, content.len - noise);
        first = pack_in_two(&packed, &content, 64 * KIB);
        if (first == 16 * KIB) {
            read_all(&packed, &content, 5000);
        }
        free(content.at);
        free(packed.at);
    }
}

/* So many bytes of content in a file that ends, or goes wrong, all of a sudden. */
static void expect_wrong(const struct bytes *file, const struct bytes *content, size_t at_least,
                         const char *wrong)
{
    struct reader *reader = open_bytes(&mem_libc, file->at, file->len);
    const char *error;
    for (int i = 0; i < 2; i++) {
        size_t end;
        error = read_rest(reader, content, 0, 5000, &end);
        assert_non_null(error);
        assert_string_equal(error, wrong);
        assert_true(end >= at_least);
        /* And still, until one begins again. */
        assert_string_equal(read_rest(reader, content, end, 5000, &end), wrong);
        assert_true(reader_seek(reader, 0, &error));
    }
    reader_free(reader);
}

TEST(of_a_truncated_file_all_comes_that_is_there)
{
    struct bytes content = some_bytes(200 * KIB, true), packed = {0};
    pack(&packed, content.at, 100 * KIB);
    size_t first = packed.len;
    pack(&packed, content.at + 100 * KIB, 100 * KIB);
    for (size_t cut = 2; cut < packed.len; cut += cut < first - 20 || cut > first + 20 ? 331 : 1) {
        struct bytes part = {packed.at, cut, 0};
        if (cut == first) {
            struct bytes one = {content.at, 100 * KIB, 0};
            read_all(&part, &one, 5000);
        } else {
            expect_wrong(&part, &content, cut > first ? 100 * KIB : 0,
                         "unexpected end of the gzip data");
        }
    }
    /* The last bytes are a check sum and a length: the content is all there. */
    expect_wrong(&(struct bytes){packed.at, packed.len - 1, 0}, &content, content.len,
                 "unexpected end of the gzip data");
    free(content.at);
    free(packed.at);
}

TEST(what_is_behind_the_members_and_no_gzip_is_told_last)
{
    static const char *const garbage[] = {"x", "\n", "garbage", "\x1f\x8b\x09more", "{\"a\":1}\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        for (size_t n = 0; n < SIZES; n++) {
            struct bytes content = some_bytes(sizes[n], n % 2), packed = {0};
            pack(&packed, content.at, content.len);
            bytes_add(&packed, garbage[i], strlen(garbage[i]));
            bytes_add(&packed, garbage[i], strlen(garbage[i]));
            expect_wrong(&packed, &content, content.len, "not gzip, or damaged");
            free(content.at);
            free(packed.at);
        }
    }
}

TEST(a_wrong_check_sum_is_told_behind_the_content)
{
    for (size_t n = 1; n < SIZES; n++) {
        for (size_t from_end = 1; from_end <= 8; from_end++) {
            struct bytes content = some_bytes(sizes[n], true), packed = {0};
            pack(&packed, content.at, content.len);
            packed.at[packed.len - from_end] ^= 1;
            expect_wrong(&packed, &content, content.len, "not gzip, or damaged");
            free(content.at);
            free(packed.at);
        }
    }
}

/* ---- places ---- */

/* One jump, mostly near the edges of what is held, and a few reads from there. */
static void jump(struct reader *reader, const struct bytes *content, uint64_t *seed)
{
    const char *error = NULL;
    size_t edge = support_random_below(seed, 6) * 64 * KIB, near = support_random_below(seed, 5);
    uint64_t to = support_random_below(seed, 2) == 0
                      ? support_random_below(seed, content->len + 100)
                  : edge + near >= 2 ? edge + near - 2
                                     : 0;
    assert_true(reader_seek(reader, to, &error));
    size_t at = to < content->len ? (size_t)to : content->len;
    for (uint64_t reads = support_random_below(seed, 4); reads > 0; reads--) {
        static char piece[200 * KIB];
        size_t size =
            1 + support_random_below(seed, support_random_below(seed, 3) == 0 ? sizeof piece : 100);
        ptrdiff_t count = reader_read(reader, piece, size, &error);
        assert_true(count >= 0 && (count > 0 || at == content->len));
        assert_true((size_t)count <= size && (size_t)count <= content->len - at);
        assert_memory_equal(piece, content->at + at, (size_t)count);
        at += (size_t)count;
    }
}

TEST(from_any_place_one_may_go_to_any_other)
{
    uint64_t seed = 3;
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    for (int round = 0; round < 12; round++) {
        struct bytes content = some_bytes(300 * KIB + (size_t)round, round % 2), packed = {0};
        pack(&packed, content.at, 100 * KIB);
        pack(&packed, content.at + 100 * KIB, content.len - 100 * KIB);
        const struct bytes *file = round % 3 == 0 ? &content : &packed;
        struct reader *reader = open_bytes(&mem, file->at, file->len);
        for (int i = 0; i < 60; i++) {
            jump(reader, &content, &seed);
        }
        reader_free(reader);
        assert_int_equal(failing.live_blocks, 0);
        free(content.at);
        free(packed.at);
    }
}

TEST(past_the_end_is_the_end_and_one_may_come_back)
{
    struct bytes content = some_bytes(100 * KIB, true), packed = {0};
    pack(&packed, content.at, content.len);
    for (int i = 0; i < 2; i++) {
        const struct bytes *file = i == 0 ? &content : &packed;
        struct reader *reader = open_bytes(&mem_libc, file->at, file->len);
        static const uint64_t past[] = {0, 1, 64 * KIB, UINT64_C(1) << 40};
        for (size_t n = 0; n < sizeof past / sizeof *past; n++) {
            const char *error = NULL;
            size_t end;
            assert_true(reader_seek(reader, content.len + past[n], &error));
            assert_null(read_rest(reader, &content, content.len, 100, &end));
            assert_true(reader_seek(reader, content.len - 10, &error));
            assert_null(read_rest(reader, &content, content.len - 10, 100, &end));
            assert_int_equal(end, content.len);
        }
        reader_free(reader);
    }
    free(content.at);
    free(packed.at);
}

/* Beyond what is whole one cannot go, but back. */
TEST(a_jump_over_what_is_damaged_fails)
{
    struct bytes content = some_bytes(150 * KIB, false), packed = {0};
    pack(&packed, content.at, content.len);
    struct reader *reader = open_bytes(&mem_libc, packed.at, packed.len / 2);
    const char *error = NULL;
    size_t end;
    assert_true(reader_seek(reader, 60 * KIB, &error));
    assert_false(reader_seek(reader, 100 * KIB, &error));
    assert_string_equal(error, "unexpected end of the gzip data");
    assert_true(reader_seek(reader, 10, &error));
    assert_non_null(read_rest(reader, &content, 10, 1000, &end));
    assert_in_range(end, 60 * KIB, 75 * KIB);
    reader_free(reader);
    free(content.at);
    free(packed.at);
}

/* A plain file that grows continues where it ended. */
TEST(what_is_appended_to_a_plain_file_is_read_too)
{
    struct bytes content = some_bytes(1000, true);
    const char *path = support_path(support_tmpdir(), "grows"), *error = NULL;
    support_write_file(path, content.at, 600);
    struct reader *reader = reader_open(&mem_libc, path, &error);
    size_t end;
    assert_null(read_rest(reader, &content, 0, 100, &end));
    assert_int_equal(end, 600);
    FILE *file = fopen(path, "ab");
    assert_true(file != NULL && fwrite(content.at + 600, 1, 400, file) == 400);
    assert_int_equal(fclose(file), 0);
    assert_null(read_rest(reader, &content, 600, 100, &end));
    assert_int_equal(end, 1000);
    assert_int_equal(reader_look(reader)->size, 600);
    reader_free(reader);
    free(content.at);
}

/* ---- what cannot be ---- */

TEST(what_cannot_be_opened_or_read_says_why)
{
    const char *dir = support_tmpdir(), *error = NULL;
    const char *fifo = support_path(dir, "fifo");
    const struct {
        const char *path, *error;
    } rows[] = {
        {support_path(dir, "none"), "No such file or directory"},
        {dir, "Is a directory"},
        {fifo, "not a regular file"}, /* nobody writes to it */
        {"/dev/zero", "not a regular file"},
    };
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(reader_open(&mem_libc, rows[i].path, &error));
        assert_string_equal(error, rows[i].error);
    }
}

/* Whichever allocation fails, the bytes before are right, and the error is reported. */
TEST(every_lack_of_memory_is_told_and_leaks_nothing)
{
    struct bytes content = some_bytes(200 * KIB, true), packed = {0};
    pack(&packed, content.at, content.len);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct reader *reader = open_bytes(&lack.mem, packed.at, packed.len);
        size_t end = 0;
        const char *error =
            reader == NULL ? "out of memory" : read_rest(reader, &content, 0, 3000, &end);
        lack.done = error == NULL && end == content.len;
        assert_true(lack.done || strcmp(error, "out of memory") == 0);
        reader_free(reader);
    }
    free(content.at);
    free(packed.at);
}
