/* A plain file is read at any offset. A gzip file is unpacked from its beginning: seeking back
   starts over, seeking forward unpacks and drops. */
#include "ingest/trace/reader.h"

#include "ingest/trace/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PACKED_BYTES = 16 * 1024, DROP_BYTES = 64 * 1024 };

struct reader {
    const struct mem *mem;
    int fd;
    struct file_look look;
    uint64_t at;           /* offset in the file itself */
    uint64_t offset;       /* of the unpacked bytes: returned so far */
    struct unpack *unpack; /* NULL: plain */
    struct slice unpacked; /* not returned yet */
    bool at_end;           /* of the packed file */
    char packed[PACKED_BYTES];
};

static bool begin_packed(struct reader *reader)
{
    unpack_free(reader->unpack);
    reader->unpack = unpack_new(reader->mem);
    reader->unpacked.len = 0;
    reader->at = reader->offset = 0;
    reader->at_end = false;
    return reader->unpack != NULL;
}

struct reader *reader_open(const struct mem *mem, const char *path, const char **error)
{
    struct reader *reader = mem_zalloc(mem, 1, sizeof *reader);
    struct stat status;
    char head[UNPACK_HEAD_BYTES];
    *error = "out of memory";
    if (reader == NULL) {
        return NULL;
    }
    reader->mem = mem;
    /* O_NONBLOCK: a FIFO may have replaced the file, and opening it would wait for a writer. */
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (reader->fd < 0 || fstat(reader->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        bool found = reader->fd >= 0;
        *error = found && S_ISDIR(status.st_mode) ? strerror(EISDIR)
                 : found                          ? "not a regular file"
                                                  : strerror(errno);
        reader_free(reader);
        return NULL;
    }
    reader->look = file_look_of(&status);
    ssize_t count = pread(reader->fd, head, sizeof head, 0);
    if (count > 0 && unpack_is_packed(head, (size_t)count) && !begin_packed(reader)) {
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
        unpack_free(reader->unpack);
        mem_free(reader->mem, reader, sizeof *reader);
    }
}

const struct file_look *reader_look(const struct reader *reader)
{
    return &reader->look;
}

bool reader_has_changed(const struct reader *reader)
{
    struct stat status;
    if (fstat(reader->fd, &status) != 0) {
        return true;
    }
    struct file_look now = file_look_of(&status);
    return !file_look_same(&now, &reader->look);
}

bool reader_is_packed(const struct reader *reader)
{
    return reader->unpack != NULL;
}

uint64_t reader_position(const struct reader *reader)
{
    return reader->at;
}

static ptrdiff_t read_file(struct reader *reader, char *bytes, size_t size, const char **error)
{
    size_t done = 0;
    for (ssize_t count = 1; done < size && count != 0;) {
        count = pread(reader->fd, bytes + done, size - done, (off_t)reader->at);
        if (count < 0 && errno != EINTR) {
            *error = strerror(errno);
            return done > 0 ? (ptrdiff_t)done : -1;
        }
        if (count > 0) {
            done += (size_t)count;
            reader->at += (uint64_t)count;
        }
    }
    return (ptrdiff_t)done;
}

/* Makes `unpacked` hold something. Returns false at the end, and if an error sets *error. */
static bool unpack_more(struct reader *reader, const char **error)
{
    while (reader->unpacked.len == 0 && !unpack_next(reader->unpack, &reader->unpacked)) {
        *error = unpack_error(reader->unpack);
        ptrdiff_t count = *error != NULL || reader->at_end
                              ? -1
                              : read_file(reader, reader->packed, PACKED_BYTES, error);
        if (count < 0) {
            return false;
        }
        unpack_feed(reader->unpack, reader->packed, (size_t)count);
        reader->at_end = count == 0;
    }
    return true;
}

ptrdiff_t reader_read(struct reader *reader, char *bytes, size_t size, const char **error)
{
    size_t done = 0;
    *error = NULL;
    if (reader->unpack == NULL) {
        return read_file(reader, bytes, size, error);
    }
    while (done < size && unpack_more(reader, error)) {
        size_t left = reader->unpacked.len, n = left < size - done ? left : size - done;
        memcpy(bytes + done, reader->unpacked.bytes, n);
        reader->unpacked.bytes += n;
        reader->unpacked.len -= n;
        reader->offset += n;
        done += n;
    }
    return done == 0 && *error != NULL ? -1 : (ptrdiff_t)done;
}

bool reader_seek(struct reader *reader, uint64_t offset, const char **error)
{
    char drop[DROP_BYTES];
    if (reader->unpack == NULL) {
        reader->at = offset;
        return true;
    }
    if (offset < reader->offset && !begin_packed(reader)) {
        *error = "out of memory";
        return false;
    }
    while (reader->offset < offset) {
        uint64_t left = offset - reader->offset;
        ptrdiff_t count =
            reader_read(reader, drop, left < DROP_BYTES ? (size_t)left : DROP_BYTES, error);
        if (count <= 0) {
            return count == 0;
        }
    }
    return true;
}
