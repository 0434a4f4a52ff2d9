/* One whole version of a document that is followed, read but not yet taken; and what of the former versions the model holds, so
   that of the next one only what is new is taken. */
#ifndef INGEST_STAGED_H
#define INGEST_STAGED_H

#include "ingest/trace_load.h"

/* An event of a version: its text (in the strbuf), and a hash of it by which two versions are compared. */
struct staged_event {
    size_t offset, len;
    uint64_t line, hash;
    bool metadata, truncated; /* a metadata event; a trace_truncated marker */
};

struct staged {
    const struct mem *mem;
    struct strbuf text;
    struct staged_event *events;
    size_t count, cap;
};

void staged_init(struct staged *staged, const struct mem *mem);
void staged_release(struct staged *staged);
void staged_clear(struct staged *staged);
/* False: out of memory. */
bool staged_add(struct staged *staged, struct json_value object, uint64_t line);

/* The hashes of the version that the model was last brought up to. */
struct taken {
    const struct mem *mem;
    uint64_t *events, *metadata;
    size_t event_count, event_cap, metadata_count, metadata_cap;
};

void taken_init(struct taken *taken, const struct mem *mem);
void taken_release(struct taken *taken);
/* Brings the model up to the version: where it continues the former one, or what the producer's eviction left of that, by
   what is new; else anew. False: out of memory. */
bool staged_commit(const struct staged *staged, struct taken *taken, struct trace_load *load);

#endif
