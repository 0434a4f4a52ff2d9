/* What has been read of a file that grows: enough to tell whether the file still begins with it. */
#ifndef INGEST_SEEN_H
#define INGEST_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_TAIL_BYTES = 4096 };

struct seen {
    int64_t length;             /* bytes so far */
    uint64_t hash;              /* of all of them */
    char tail[SEEN_TAIL_BYTES]; /* the last of them */
    size_t tail_len;
};

void seen_clear(struct seen *seen);
void seen_add(struct seen *seen, const char *bytes, size_t len);
/* Whether the same bytes have been read. */
bool seen_same(const struct seen *a, const struct seen *b);
/* Whether the file has the last of them at their place still: the quick question, for a file that was appended to. */
bool seen_tail_in(const struct seen *seen, int fd);

#endif
