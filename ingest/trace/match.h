/* How a version of a document stands to the former one, found out from its first events: whether it goes on from it, and by how much
   what it still holds of it has moved. Agents that registered since stand in front and move everything; a producer that dropped
   its oldest events (the seed's eviction) begins with a trace_truncated marker and goes on somewhere within the former version.
   It is a guess: the bytes themselves are compared afterwards (trail.h). */
#ifndef INGEST_MATCH_H
#define INGEST_MATCH_H

#include "ingest/trace/scan.h"
#include "ingest/trace/trail.h"

enum match_state {
    MATCH_SEARCHES,
    MATCH_FOUND, /* it goes on from the former version */
    MATCH_FAILED /* it has nothing to do with it */
};

struct match {
    const struct trail *former; /* borrowed */
    enum match_state state;
    uint64_t metadata_count, metadata_hash; /* of this version so far */
    struct trail_event
        first;            /* the first event that is not metadata; offset UINT64_MAX: none yet */
    bool truncated;       /* that is a marker */
    uint64_t found;       /* MATCH_FOUND: the place of an event that the former version has too */
    int64_t by, by_lines; /* the same: what was at x is at x + by */
};

void match_init(struct match *match, const struct trail *former);
/* The next event in front; returns whether it is new. */
bool match_metadata(struct match *match, struct slice text);
/* The next event that is not metadata. */
void match_event(struct match *match, const struct scan_event *event);
/* The trail of the version, up to where the former one ended, is the former one's, which becomes it. */
void match_apply(const struct match *match, struct trail *trail);

#endif
