/* A plain file is read where one wants to. A packed one is unpacked from its beginning, in pieces that are small enough for what comes out
   of one to be held; to go back is to begin again, to go forward is to unpack and forget. */
#include "ingest/trace/reader.h"

#include "core/base/strbuf.h"
#include "ingest/trace/gunzip.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PACKED_PIECE = 16 * 1024, FORGET_PIECE = 64 * 1024 };

struct reader {
    const struct mem *mem;
    int fd;
    struct stat status;
    uint64_t at;           /* of the file itself */
    struct gunzip *gunzip; /* NULL: plain */
    struct strbuf unpacked;
    size_t given;      /* of `unpacked` */
    uint64_t offset;   /* of the unpacked bytes: what is given next */
    const char *wrong; /* what ended it; told when what came before it has been given */
    bool ended;
};

static bool take_unpacked(void *ctx, const char *bytes, size_t len)
{
    struct reader *reader = ctx;
    strbuf_add(&reader->unpacked, bytes, len);
    return !reader->unpacked.failed;
}

static bool begin_packed(struct reader *reader)
{
    gunzip_free(reader->gunzip);
    reader->gunzip = gunzip_new(reader->mem, take_unpacked, reader);
    strbuf_clear(&reader->unpacked);
    reader->given = 0;
    reader->at = reader->offset = 0;
    reader->ended = false;
    reader->wrong = NULL;
    return reader->gunzip != NULL;
}

struct reader *reader_open(const struct mem *mem, const char *path, const char **error)
{
    struct reader *reader = mem_zalloc(mem, 1, sizeof *reader);
    char head[2];
    if (reader == NULL) {
        *error = "out of memory";
        return NULL;
    }
    reader->mem = mem;
    strbuf_init(&reader->unpacked, mem, 0);
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0 || fstat(reader->fd, &reader->status) != 0) {
        *error = strerror(errno);
        reader_free(reader);
        return NULL;
    }
    ssize_t count = pread(reader->fd, head, sizeof head, 0);
    if (count > 0 && gunzip_is(head, (size_t)count) && !begin_packed(reader)) {
        *error = "out of memory";
        reader_free(reader);
        return NULL;
    }
    return reader;
}

void reader_free(struct reader *reader)
{
    if (reader != NULL) {
        if (reader->fd >= 0) {
            close(reader->fd);
        }
        gunzip_free(reader->gunzip);
        strbuf_release(&reader->unpacked);
        mem_free(reader->mem, reader, sizeof *reader);
    }
}

const struct stat *reader_stat(const struct reader *reader)
{
    return &reader->status;
}

bool reader_has_changed(const struct reader *reader)
{
    const struct stat *was = &reader->status;
    struct stat is;
    return fstat(reader->fd, &is) != 0 || is.st_size != was->st_size ||
           is.st_mtim.tv_sec != was->st_mtim.tv_sec || is.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

bool reader_is_packed(const struct reader *reader)
{
    return reader->gunzip != NULL;
}

uint64_t reader_position(const struct reader *reader)
{
    return reader->at;
}

static ptrdiff_t read_file(struct reader *reader, char *bytes, size_t size, const char **error)
{
    ssize_t count;
    do {
        count = pread(reader->fd, bytes, size, (off_t)reader->at);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        *error = strerror(errno);
        return -1;
    }
    reader->at += (uint64_t)count;
    return count;
}

/* Unpacks until there is something to give, or nothing more to come. */
static void unpack(struct reader *reader)
{
    char packed[PACKED_PIECE];
    strbuf_clear(&reader->unpacked);
    reader->given = 0;
    while (reader->unpacked.len == 0 && !reader->ended) {
        ptrdiff_t count = read_file(reader, packed, sizeof packed, &reader->wrong);
        if (count > 0) {
            reader->wrong = gunzip_push(reader->gunzip, packed, (size_t)count);
        } else if (count == 0) {
            reader->wrong = gunzip_finish(reader->gunzip);
        }
        if (reader->unpacked.failed) {
            reader->wrong = "out of memory";
        }
        reader->ended = count <= 0 || reader->wrong != NULL;
    }
}

ptrdiff_t reader_read(struct reader *reader, char *bytes, size_t size, const char **error)
{
    if (reader->gunzip == NULL) {
        return read_file(reader, bytes, size, error);
    }
    if (reader->given == reader->unpacked.len) {
        unpack(reader);
    }
    size_t left = reader->unpacked.len - reader->given, count = left < size ? left : size;
    if (count == 0 && reader->wrong != NULL) {
        *error = reader->wrong;
        return -1;
    }
    if (count > 0) {
        memcpy(bytes, reader->unpacked.data + reader->given, count);
    }
    reader->given += count;
    reader->offset += count;
    return (ptrdiff_t)count;
}

bool reader_seek(struct reader *reader, uint64_t offset, const char **error)
{
    char forget[FORGET_PIECE];
    if (reader->gunzip == NULL) {
        reader->at = offset;
        return true;
    }
    if (offset < reader->offset && !begin_packed(reader)) {
        *error = "out of memory";
        return false;
    }
    while (reader->offset < offset) {
        uint64_t left = offset - reader->offset;
        size_t want = left < sizeof forget ? (size_t)left : sizeof forget;
        ptrdiff_t count = reader_read(reader, forget, want, error);
        if (count <= 0) {
            return count == 0;
        }
    }
    return true;
}
