/* Finds where a new version of a file continues the former one, and keeps the fingerprint of the
   new one.

   The first events of a document show whether it continues the former version and by how many bytes
   the shared part has moved. Agents that registered since stand in front and move everything. A
   producer that dropped its oldest events (the seed's eviction) begins with a trace_truncated
   marker and continues somewhere inside the former version. Lines always continue at their end. The
   result is a guess: the caller compares the blocks of the fingerprint before it relies on it. */
#ifndef INGEST_RESYNC_H
#define INGEST_RESYNC_H

#include "ingest/trace/fingerprint.h"

enum resync_state {
    RESYNC_SEARCHES,
    RESYNC_FOUND,  /* the new version continues the former one, as far as its beginning shows */
    RESYNC_FAILED, /* it does not */
    RESYNC_DONE    /* all that follows is new */
};

struct resync {
    const struct fingerprint *former; /* borrowed; NULL: all is new */
    struct fingerprint now;           /* of the new version, or of its metadata while searching */
    enum resync_state state;
    struct fp_event
        first;            /* the first event that is not metadata; offset UINT64_MAX: none so far */
    bool truncated;       /* that is a marker */
    uint64_t found;       /* RESYNC_FOUND: offset of an event that both versions have */
    int64_t by, by_lines; /* RESYNC_FOUND: how far the shared part has moved */
};

/* The caller releases `now`. */
void resync_init(struct resync *resync, const struct mem *mem, const struct fingerprint *former);
/* Takes the next event, from a chunk at offset `from`. Returns whether the event is new: not part
   of the former version. */
bool resync_event(struct resync *resync, const struct scan_event *event, uint64_t from);
/* Takes a chunk that has been scanned. */
void resync_bytes(struct resync *resync, const struct scan *scan, const char *bytes, size_t len,
                  uint64_t offset);
/* After RESYNC_FOUND: makes `now` the former fingerprint, moved to where its blocks should be.
   Returns false if out of memory. */
bool resync_prepare(struct resync *resync);

#endif
