/* A copy does not keep a file's time, so the times in its lines count. A file whose own time
   rules it out is not opened; of others some bytes are read, enough for a line. In a line
   `"timestamp":` is a member's name: within a text its quotes would be escaped. */
#include "ingest/transcript_time.h"

#include "core/base/time_ns.h"
#include "ingest/client_value.h"
#include "ingest/transcript_file.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const line_times[] = {"timestamp", NULL};

enum { PEEK_BYTES = 256 << 10, PEEK_ALL_BYTES = 8 << 20, OVERLAP_BYTES = 100, TIME_BYTES = 40 };

/* Returns the time after a member's name; NAN: none. */
static double time_at(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == ':')) {
        at++;
    }
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (close == NULL || close - at > TIME_BYTES) {
        return (double)NAN;
    }
    return client_time((struct json_value){JSON_TYPE_STRING, at, (size_t)(close - at) + 1});
}

/* Returns the first time of that name in the bytes, or with `last` the greatest, as lines are in no
   strict order. */
static double time_of(const char *bytes, size_t len, bool last, const char *name)
{
    char quoted[TIME_BYTES];
    size_t size = (size_t)snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const char *end = bytes + len, *at = bytes;
    double found = (double)NAN;
    while ((at = memmem(at, (size_t)(end - at), quoted, size)) != NULL) {
        at += size;
        double ms = time_at(at, end);
        if (!isnan(ms) && !(found >= ms)) {
            found = ms;
        }
        if (!last && !isnan(found)) {
            break;
        }
    }
    return found;
}

static double time_in(const char *bytes, size_t len, bool last, const char *const *names)
{
    double found = (double)NAN;
    for (; *names != NULL; names++) {
        double ms = time_of(bytes, len, last, *names);
        found = last ? fmax(found, ms) : fmin(found, ms);
    }
    return found;
}

/* Returns the time in the first bytes, or the last in the last ones. A line with an image or a long
   result has its time far from its end, so some megabytes before the end are looked at, from the
   last piece on. */
static double peek(const struct mem *mem, const char *path, bool last, const char *const *names)
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
            found = len > 0 ? time_in(bytes, (size_t)len, last, names) : found;
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

double transcript_first_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, false, line_times);
}

double transcript_first_ms_by(const struct mem *mem, const char *path, const char *const *names)
{
    return peek(mem, path, false, names);
}

double transcript_last_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, true, line_times);
}

int64_t transcript_born_ns(const char *path)
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

/* ---- recent files ---- */

bool transcript_recent_init(struct transcript_recent *recent, const struct mem *mem)
{
    *recent = (struct transcript_recent){.mem = mem, .paths = intern_new(mem)};
    u64map_init(&recent->too_old, mem);
    return recent->paths != NULL;
}

void transcript_recent_release(struct transcript_recent *recent)
{
    intern_free(recent->paths);
    u64map_release(&recent->too_old);
}

bool transcript_is_recent(struct transcript_recent *recent, const char *path, const struct stat *st,
                          int64_t from_ns)
{
    return transcript_is_recent_by(recent, path, st, from_ns, line_times);
}

bool transcript_is_recent_by(struct transcript_recent *recent, const char *path,
                             const struct stat *st, int64_t from_ns, const char *const *names)
{
    int64_t modified_ns = transcript_file_modified_ns(st);
    uint32_t digest = (uint32_t)(modified_ns ^ modified_ns >> 32) & INT32_MAX;
    intern_id key = intern_find(recent->paths, path, strlen(path));
    recent->written_ns = modified_ns;
    if (modified_ns < from_ns ||
        (key != INTERN_NONE && u64map_get(&recent->too_old, key) == digest)) {
        return false;
    }
    double last_ms = peek(recent->mem, path, true, names);
    bool is_recent = last_ms >= (double)(from_ns / 1000000);
    if (!is_recent) {
        recent->written_ns = isnan(last_ms) ? modified_ns : time_ns_from_ms(fmax(last_ms, 0));
        key = intern_put(recent->paths, path, strlen(path));
        recent->failed |= key == INTERN_FAILED || !u64map_put(&recent->too_old, key, digest);
    }
    return is_recent;
}
