/* Digests of the part of a file that has been read: enough to find that part in a later version of
   the file, wherever it is by then, and to check that it is unchanged, at a small share of the cost
   of reading it.

   Offsets are bytes of the unpacked text. A file of lines is digested from its first byte on. A
   document is digested from its first event that is not metadata to the end of its last one;
   metadata in front are digested separately, for they grow as agents register. The bytes are cut
   into blocks, and each whole block is hashed (XXH3). Hashes of some events show where blocks have
   moved. */
#ifndef INGEST_FINGERPRINT_H
#define INGEST_FINGERPRINT_H

#include "core/base/strbuf.h"
#include "ingest/trace/scan.h"

enum { FP_BLOCK = 64 * 1024 };

struct fp_event {
    uint64_t offset, hash, line;
};

struct fingerprint {
    const struct mem *mem;
    bool lines; /* the text is lines, as far as is known; else it has events */
    uint64_t metadata_count, metadata_hash; /* of the events in front of the first other one */
    uint64_t first; /* offset of the first event that is not metadata; UINT64_MAX: none so far */
    uint64_t base; /* offset of the first block: `first`, or later if the producer dropped events */
    uint64_t end;  /* end of what is digested: of the last event, or of the lines */
    uint64_t line; /* the line number there */
    uint64_t *blocks; /* hashes of the whole ones */
    size_t block_count, block_cap;
    struct fp_event
        *events; /* the first of each block, all after the last whole block; by offset */
    size_t event_count, event_cap;
    size_t recent;      /* of them: those after the last whole block */
    struct strbuf open; /* the bytes after the last whole block, and those after `end` */
    bool failed;        /* out of memory */
};

void fingerprint_init(struct fingerprint *fp, const struct mem *mem);
void fingerprint_release(struct fingerprint *fp);
/* Returns false if out of memory; *to is empty then. */
bool fingerprint_copy(struct fingerprint *to, const struct fingerprint *from);
/* Adds the next event. `from` is the offset of the chunk that is being scanned. */
void fingerprint_add_event(struct fingerprint *fp, const struct scan_event *event, uint64_t from);
/* Adds a scanned chunk. `end` is where the last event so far ends; of lines, where the chunk
   ends. */
void fingerprint_add_bytes(struct fingerprint *fp, const char *bytes, size_t len, uint64_t offset,
                           uint64_t end);
/* Drops the bytes after `end`. */
void fingerprint_close(struct fingerprint *fp);
struct fp_event fp_event_of(const struct scan_event *event);
/* Returns the known event of that text, borrowed; NULL if no known event has it. */
const struct fp_event *fingerprint_find(const struct fingerprint *fp, struct slice text);
/* Returns the number of blocks; the last one may be partial. */
size_t fingerprint_blocks(const struct fingerprint *fp);
void fingerprint_block(const struct fingerprint *fp, size_t n, uint64_t *offset, size_t *len);
/* Returns whether block `n` consists of these bytes. */
bool fingerprint_matches(const struct fingerprint *fp, size_t n, const char *bytes);
/* Shifts all offsets and lines. */
void fingerprint_move(struct fingerprint *fp, int64_t by, int64_t by_lines);
/* Forgets what precedes `from`, the offset of a known event that is not the first. `first` becomes
   the first event. */
void fingerprint_begin_at(struct fingerprint *fp, uint64_t from, const struct fp_event *first);

#endif
