/* A copy does not keep a file's time, so the times in its lines count. A file whose own time
   rules it out is not opened; of others some bytes are read, enough for a line. In a line
   `"timestamp":` is a member's name: within a text its quotes would be escaped. */
#include "ingest/claude/claude_files.h"

#include "ingest/claude/claude_line.h"
#include "ingest/transcript_file.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEEK_BYTES = 256 << 10, PEEK_ALL_BYTES = 8 << 20, OVERLAP_BYTES = 100, TIME_BYTES = 40 };

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(name + len - n, end, n) == 0;
}

struct slice claude_files_id(const char *name, const char *prefix)
{
    size_t len = strlen(name), skip = strlen(prefix);
    if (name[0] == '.' || !ends_with(name, len, ".jsonl") || strncmp(name, prefix, skip) != 0 ||
        len - skip <= 6 || len - skip - 6 > CLAUDE_ID_BYTES)
        return (struct slice){NULL, 0};
    return (struct slice){name + skip, len - skip - 6};
}

/* ---- times ---- */

/* Returns the time after a member's name; NAN: none. */
static double time_at(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (close == NULL || close - at > TIME_BYTES)
        return (double)NAN;
    return claude_time((struct json_value){JSON_TYPE_STRING, at, (size_t)(close - at) + 1});
}

/* Returns the first time in the bytes, or with `last` the greatest, as lines are in no strict
   order. */
static double time_in(const char *bytes, size_t len, bool last)
{
    static const char name[] = "\"timestamp\"";
    const char *end = bytes + len, *at = bytes;
    double found = (double)NAN;
    while ((at = memmem(at, (size_t)(end - at), name, sizeof name - 1)) != NULL) {
        at += sizeof name - 1;
        double ms = time_at(at, end);
        if (!isnan(ms) && !(found >= ms))
            found = ms;
        if (!last && !isnan(found))
            break;
    }
    return found;
}

/* Returns the time in the first bytes, or the last in the last ones. A line with an image or a long
   result has its time far from its end, so some megabytes before the end are looked at, from the
   last piece on. */
static double peek(const struct mem *mem, const char *path, bool last)
{
    struct stat st;
    double found = (double)NAN;
    int fd = transcript_file_open(path);
    char *bytes = fd < 0 ? NULL : mem_alloc(mem, PEEK_BYTES);
    if (bytes != NULL && fstat(fd, &st) == 0) {
        off_t from = last && st.st_size > PEEK_BYTES ? st.st_size - PEEK_BYTES : 0;
        off_t least = st.st_size > PEEK_ALL_BYTES ? st.st_size - PEEK_ALL_BYTES : 0;
        for (bool more = true; more && isnan(found);) {
            ssize_t len = pread(fd, bytes, PEEK_BYTES, from);
            found = len > 0 ? time_in(bytes, (size_t)len, last) : found;
            more = last && len > 0 && from > least;
            from = from > PEEK_BYTES - OVERLAP_BYTES ? from - (PEEK_BYTES - OVERLAP_BYTES) : 0;
        }
        found = last && isnan(found) && least > 0 ? (double)INFINITY : found;
    }
    mem_free(mem, bytes, bytes == NULL ? 0 : PEEK_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    return found;
}

double claude_files_first_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, false);
}

double claude_files_last_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, true);
}

/* ---- other facts ---- */

bool claude_files_session(const struct mem *mem, const char *path, struct strbuf *out)
{
    static const char name[] = "\"sessionId\"";
    int fd = transcript_file_open(path);
    char *bytes = fd < 0 ? NULL : mem_alloc(mem, PEEK_BYTES);
    ssize_t len = bytes == NULL ? -1 : pread(fd, bytes, PEEK_BYTES, 0);
    const char *at = len > 0 ? memmem(bytes, (size_t)len, name, sizeof name - 1) : NULL;
    size_t before = out->len;
    if (at != NULL) {
        const char *end = bytes + len;
        at += sizeof name - 1;
        while (at < end && (*at == ' ' || *at == ':')) {
            at++;
        }
        const char *close_quote =
            at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
        if (close_quote != NULL && close_quote - at <= CLAUDE_ID_BYTES) {
            strbuf_add(out, at + 1, (size_t)(close_quote - at - 1));
        }
    }
    mem_free(mem, bytes, bytes == NULL ? 0 : PEEK_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    return out->len > before && !out->failed;
}

bool claude_files_resolve(const char *path, struct strbuf *out)
{
    struct stat st;
    char real[PATH_MAX];
    if (realpath(path, real) == NULL || !ends_with(real, strlen(real), ".jsonl") ||
        lstat(real, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    strbuf_adds(out, real);
    return !out->failed;
}

int64_t claude_files_born_ns(const char *path)
{
#ifdef STATX_BTIME
    struct statx st;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) == 0 &&
        (st.stx_mask & STATX_BTIME) != 0) {
        return (int64_t)st.stx_btime.tv_sec * 1000000000 + st.stx_btime.tv_nsec;
    }
#else
    (void)path;
#endif
    return INT64_MIN;
}
