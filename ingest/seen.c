/* A file that was appended to has its old end where it was; that is looked at each time it grows. Whether another file begins with all that
   was read of the former one is asked rarely (after a rename, after it became shorter), and answered by reading it again, past a
   hash: FNV-1a, as it needs no more than a byte at a time and is no guard against anybody. */
#include "ingest/seen.h"

#include <string.h>
#include <unistd.h>

void seen_clear(struct seen *seen)
{
    seen->length = 0;
    seen->hash = 0xcbf29ce484222325u;
    seen->tail_len = 0;
}

void seen_add(struct seen *seen, const char *bytes, size_t len)
{
    uint64_t hash = seen->hash;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
    seen->hash = hash;
    seen->length += (int64_t)len;
    size_t take = len < SEEN_TAIL_BYTES ? len : SEEN_TAIL_BYTES;
    size_t keep = seen->tail_len < SEEN_TAIL_BYTES - take ? seen->tail_len : SEEN_TAIL_BYTES - take;
    memmove(seen->tail, seen->tail + seen->tail_len - keep, keep);
    memcpy(seen->tail + keep, bytes + len - take, take);
    seen->tail_len = keep + take;
}

bool seen_same(const struct seen *a, const struct seen *b)
{
    return a->length == b->length && a->hash == b->hash;
}

bool seen_tail_in(const struct seen *seen, int fd)
{
    char tail[SEEN_TAIL_BYTES];
    ssize_t count =
        pread(fd, tail, seen->tail_len, (off_t)(seen->length - (int64_t)seen->tail_len));
    return count == (ssize_t)seen->tail_len && memcmp(tail, seen->tail, seen->tail_len) == 0;
}
