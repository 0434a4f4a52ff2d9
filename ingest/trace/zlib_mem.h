/* zlib's memory out of a struct mem, for unpack.c and pack.c. zlib frees a block without its size,
   so the size precedes the block. `ctx` of both is the struct mem. */
#ifndef INGEST_ZLIB_MEM_H
#define INGEST_ZLIB_MEM_H

#include "core/base/mem.h"

#include <string.h>

enum { ZLIB_MEM_HEAD = 16 };

static inline void *zlib_mem_alloc(void *ctx, unsigned count, unsigned size)
{
    size_t bytes = (size_t)count * size + ZLIB_MEM_HEAD;
    char *block = mem_alloc(ctx, bytes);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    return block + ZLIB_MEM_HEAD;
}

static inline void zlib_mem_free(void *ctx, void *address)
{
    if (address != NULL) {
        char *block = (char *)address - ZLIB_MEM_HEAD;
        size_t bytes;
        memcpy(&bytes, block, sizeof bytes);
        mem_free(ctx, block, bytes);
    }
}

#endif
