/* Splits bytes, in any chunks, into lines, in bounded memory. */
#ifndef INGEST_LINES_H
#define INGEST_LINES_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum line_kind {
    LINE_WHOLE,
    LINE_LAST,     /* the last one, without '\n' */
    LINE_TOO_LONG, /* longer than the maximum: `line` is its first bytes, the rest is dropped */
    LINE_LOST      /* likewise, but memory is lacking */
};

/* Takes a line without its '\n' and without a '\r' before that; borrowed for the call. `number`
   counts from 1. */
typedef void line_taker(void *ctx, const char *line, size_t len, uint64_t number,
                        enum line_kind kind);

struct lines {
    struct strbuf held; /* the beginning of a line whose end has not arrived */
    size_t max;
    uint64_t number; /* lines passed on */
    bool dropping;   /* the rest of this line is dropped */
    line_taker *take;
    void *ctx;
};

/* `max` limits the bytes of a line. */
void lines_init(struct lines *lines, const struct mem *mem, size_t max, line_taker *take,
                void *ctx);
void lines_release(struct lines *lines);
void lines_push(struct lines *lines, const char *bytes, size_t len);
/* Marks the end: passes on what is held. */
void lines_finish(struct lines *lines);

#endif
