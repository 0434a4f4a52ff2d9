/* Bytes that come in pieces, unpacked where they turn out to be gzip. */
#ifndef INGEST_UNPACK_H
#define INGEST_UNPACK_H

#include "ingest/trace/gunzip.h"

struct unpack {
    const struct mem *mem;
    gunzip_sink *sink;
    void *ctx;
    struct gunzip *gunzip; /* NULL: plain, or not known yet */
    char first[2];         /* the first bytes, until it is known */
    size_t first_len;
    bool known;
};

void unpack_init(struct unpack *unpack, const struct mem *mem, gunzip_sink *sink, void *ctx);
void unpack_release(struct unpack *unpack);
/* NULL: good. Else what is wrong, static; what came before it has been given out. */
const char *unpack_push(struct unpack *unpack, const char *bytes, size_t len);
/* NULL: the data are whole. */
const char *unpack_finish(struct unpack *unpack);

#endif
