/* A line that lies in one chunk is passed on where it is; only a line that the end of a chunk cuts
   is copied, into `held`. A line may be as long as `max` and one '\r' that does not count, so
   `held` may have to hold one byte more. A longer line is reported as soon as its length is known,
   with the same first bytes in any chunking. */
#include "ingest/lines.h"

#include <string.h>

/* So much of a line that is too long is passed on. */
enum { HEAD_BYTES = 256 };

void lines_init(struct lines *lines, const struct mem *mem, size_t max, line_taker *take, void *ctx)
{
    *lines = (struct lines){.max = max, .take = take, .ctx = ctx};
    strbuf_init(&lines->held, mem, max + 1);
}

void lines_release(struct lines *lines)
{
    strbuf_release(&lines->held);
}

static void give(struct lines *lines, const char *line, size_t len, enum line_kind kind)
{
    lines->number++;
    lines->take(lines->ctx, line, len, lines->number, kind);
    strbuf_clear(&lines->held);
}

/* Passes on the beginning of a line that cannot be held, and drops the rest. */
static void drop(struct lines *lines, const char *bytes, size_t len, enum line_kind kind)
{
    char head[HEAD_BYTES];
    size_t want = lines->max < HEAD_BYTES ? lines->max : HEAD_BYTES;
    size_t n = lines->held.len < want ? lines->held.len : want;
    if (n > 0) {
        memcpy(head, lines->held.data, n);
    }
    size_t more = len < want - n ? len : want - n;
    memcpy(head + n, bytes, more);
    give(lines, head, n + more, kind);
    strbuf_release(&lines->held);
    lines->dropping = true;
}

static void hold(struct lines *lines, const char *bytes, size_t len)
{
    if (lines->dropping) {
        return;
    }
    if (len > lines->held.max - lines->held.len) {
        drop(lines, bytes, len, LINE_TOO_LONG);
        return;
    }
    strbuf_add(&lines->held, bytes, len);
    if (lines->held.failed) {
        drop(lines, bytes, len, LINE_LOST);
    }
}

/* Passes on the line that ends with these bytes. */
static void end_line(struct lines *lines, const char *bytes, size_t len)
{
    if (lines->held.len > 0) {
        hold(lines, bytes, len);
        bytes = lines->held.data;
        len = lines->held.len;
    }
    if (lines->dropping) {
        lines->dropping = false;
        return;
    }
    size_t bare = len > 0 && bytes[len - 1] == '\r' ? len - 1 : len;
    if (bare <= lines->max) {
        give(lines, bytes, bare, LINE_WHOLE);
        return;
    }
    /* All of it has arrived: nothing is left to drop. */
    give(lines, bytes, lines->max < HEAD_BYTES ? lines->max : HEAD_BYTES, LINE_TOO_LONG);
}

void lines_push(struct lines *lines, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        if (newline == NULL) {
            hold(lines, bytes, (size_t)(end - bytes));
            return;
        }
        end_line(lines, bytes, (size_t)(newline - bytes));
        bytes = newline + 1;
    }
}

void lines_finish(struct lines *lines)
{
    size_t len = lines->held.len, head = lines->max < HEAD_BYTES ? lines->max : HEAD_BYTES;
    bool too_long = len > lines->max;
    if (len > 0 && !lines->dropping) {
        give(lines, lines->held.data, too_long ? head : len, too_long ? LINE_TOO_LONG : LINE_LAST);
    }
    lines->dropping = false;
}
