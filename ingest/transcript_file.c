/* A transcript only grows, as a rule. One that is shorter than what was read, or has another inode,
   was replaced; a client that takes its last line back rewrites the end in place, which a digest of
   the bytes before the offset shows. Lines are then read again from the first, which gives the same
   updates once more. */
#include "ingest/transcript_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { DIGEST_BYTES = 8 << 10 };

bool transcript_file_look(struct transcript_file *file)
{
    struct stat st;
    if (lstat(file->path, &st) != 0) {
        return false;
    }
    bool other = file->inode != 0 &&
                 (file->device != (uint64_t)st.st_dev || file->inode != (uint64_t)st.st_ino);
    bool again = other || file->rewritten || st.st_size < file->offset;
    int64_t modified_ns = transcript_file_modified_ns(&st);
    file->unverified = file->digested > 0 && modified_ns != file->modified_ns;
    file->modified_ns = modified_ns;
    file->device = (uint64_t)st.st_dev;
    file->inode = (uint64_t)st.st_ino;
    file->size = st.st_size;
    if (again) {
        file->offset = file->digested = 0;
        file->rewritten = file->unverified = false;
    }
    return again;
}

/* Reads the last bytes before `end` and digests them. Returns false if they cannot be read. */
static bool digest_before(int fd, int64_t end, int64_t count, uint64_t *digest)
{
    char bytes[DIGEST_BYTES];
    ssize_t len = pread(fd, bytes, (size_t)count, (off_t)(end - count));
    if (len != count) {
        return false;
    }
    *digest = XXH3_64bits(bytes, (size_t)len);
    return true;
}

/* Returns whether the file still has the bytes that were read last. */
static bool is_same(const struct transcript_file *file, int fd)
{
    uint64_t digest;
    return file->digested == 0 ||
           (digest_before(fd, file->offset, file->digested, &digest) && digest == file->digest);
}

ssize_t transcript_file_read(struct transcript_file *file, char *piece, size_t max, int64_t *size)
{
    struct stat st;
    int fd = transcript_file_open(file->path);
    ssize_t got = -1;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        *size = st.st_size;
        file->rewritten = !is_same(file, fd);
        got = file->rewritten ? 0 : pread(fd, piece, max, (off_t)file->offset);
    }
    if (got > 0) {
        int64_t end = file->offset + got;
        int64_t count = end < DIGEST_BYTES ? end : DIGEST_BYTES;
        file->digested = digest_before(fd, end, count, &file->digest) ? count : 0;
    }
    int refused = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = refused;
    return got;
}

int transcript_file_open(const char *path)
{
    struct stat st;
    /* Without O_NONBLOCK, opening a FIFO would wait for a writer. Directories on the way may be
       links. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))) {
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

int64_t transcript_file_modified_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

bool transcript_file_resolve(const char *path, struct strbuf *out)
{
    static const char end[] = ".jsonl";
    struct stat st;
    char real[PATH_MAX];
    if (realpath(path, real) == NULL) {
        return false;
    }
    size_t len = strlen(real);
    if (len < sizeof end || strcmp(real + len - (sizeof end - 1), end) != 0 ||
        lstat(real, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    strbuf_adds(out, real);
    return !out->failed;
}
