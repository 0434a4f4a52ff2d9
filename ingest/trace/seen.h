/* What has been read of a file of lines that grows: enough to tell whether the file still begins with it. */
#ifndef INGEST_SEEN_H
#define INGEST_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_TAIL_BYTES = 4096 };

struct seen {
    uint64_t length;            /* bytes so far */
    uint64_t hash;              /* of all of them */
    char tail[SEEN_TAIL_BYTES]; /* the last of them */
    size_t tail_len;
};

void seen_clear(struct seen *seen);
void seen_add(struct seen *seen, const char *bytes, size_t len);
/* Whether the same bytes have been read, in whatever pieces. */
bool seen_same(const struct seen *a, const struct seen *b);

#endif
