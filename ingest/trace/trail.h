/* What has been read of a document that is followed: enough to find it again in a later version of the file, wherever it lies
   there by then, and to see whether it still is what it was, at a cost that is small against reading it.

   Offsets are bytes of the (unpacked) text. What lies between the first event that is not metadata and the end of the last one is cut into
   pieces, of which the hashes are kept; hashes of some events tell where the pieces have moved to. XXH3 (xxhash.h). */
#ifndef INGEST_TRAIL_H
#define INGEST_TRAIL_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

enum { TRAIL_PIECE = 64 * 1024 };

struct trail_event {
    uint64_t offset, hash, line;
};

struct trail {
    const struct mem *mem;
    uint64_t metadata_count, metadata_hash; /* events in front of the first that is none */
    uint64_t first; /* where the first event that is not metadata begins; UINT64_MAX: none yet */
    uint64_t
        base; /* where the first piece begins: at `first`, or behind it once the producer has dropped some */
    uint64_t end;  /* so far it is hashed: the end of the last event */
    uint64_t line; /* at the end */
    uint64_t *pieces;
    size_t piece_count, piece_cap;
    struct trail_event *events; /* one of each piece, all of the last, by offset */
    size_t event_count, event_cap;
    size_t recent;     /* of them: those behind the last whole piece */
    void *open;        /* hash of the piece that is not whole */
    struct strbuf lag; /* the bytes behind the end that have come */
    bool failed;       /* out of memory */
};

void trail_init(struct trail *trail, const struct mem *mem);
void trail_release(struct trail *trail);
/* False: out of memory; *to is empty. */
bool trail_copy(struct trail *to, const struct trail *from);
/* An event, as it comes; `from` is the offset of the bytes that are being looked through. */
void trail_add_metadata(struct trail *trail, struct slice text);
void trail_add_event(struct trail *trail, struct slice text, uint64_t offset, uint64_t line,
                     uint64_t from);
/* The bytes at the offset have been looked through: those up to `end` are events and what stands between them. */
void trail_add_bytes(struct trail *trail, const char *bytes, size_t len, uint64_t offset,
                     uint64_t end);
/* The document's events have ended: what is behind them is not wanted. */
void trail_close(struct trail *trail);
/* The hash of some texts and one more, which begins with 0. */
uint64_t trail_chain(uint64_t hash, struct slice text);
struct trail_event trail_event_of(struct slice text, uint64_t offset, uint64_t line);
/* The event of that text; NULL: it is not among those that are known. Borrowed. */
const struct trail_event *trail_find(const struct trail *trail, struct slice text);
/* The n-th piece, the last one perhaps not whole: where it begins, and its length. */
size_t trail_pieces(const struct trail *trail);
void trail_piece(const struct trail *trail, size_t n, uint64_t *offset, size_t *len);
/* Whether the piece is made of these bytes. */
bool trail_is(const struct trail *trail, size_t n, const char *bytes);
/* All of it lies `by` bytes and `by_lines` lines further on now. */
void trail_move(struct trail *trail, int64_t by, int64_t by_lines);
/* What lies before `from`, the place of a known event but not the first, is not there any more; another event is the first one now. */
void trail_begin_at(struct trail *trail, uint64_t from, const struct trail_event *first);

#endif
