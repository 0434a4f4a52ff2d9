/* Splits bytes into lines, in bounded memory, whatever the chunks are that the bytes come in. */
#ifndef INGEST_LINES_H
#define INGEST_LINES_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum line_kind {
    LINE_WHOLE,
    LINE_LAST,     /* the last one, which has no '\n' */
    LINE_TOO_LONG, /* longer than the maximum: `line` is its first bytes, the rest is dropped */
    LINE_LOST      /* the same, for lack of memory */
};

/* The line without its '\n' and without a '\r' before that; borrowed for the call. `number` counts
   from 1. */
typedef void line_taker(void *ctx, const char *line, size_t len, uint64_t number,
                        enum line_kind kind);

struct lines {
    struct strbuf held; /* the beginning of a line whose end has not come */
    size_t max;
    uint64_t number; /* lines given out */
    bool dropping;   /* the rest of this line is not wanted */
    line_taker *take;
    void *ctx;
};

/* `max`: bytes of a line. */
void lines_init(struct lines *lines, const struct mem *mem, size_t max, line_taker *take,
                void *ctx);
void lines_release(struct lines *lines);
void lines_push(struct lines *lines, const char *bytes, size_t len);
/* No more will come: gives out what is held. */
void lines_finish(struct lines *lines);

#endif
