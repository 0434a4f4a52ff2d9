/* A batch of decoded data on its way to the model: filled on a worker, taken on the loop
   (importer.h). The decoder numbers names and tracks in order of appearance; a batch carries the
   texts of those that are new in it. */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include "core/base/strbuf.h"
#include "core/trace/event_store.h"

/* Input that was refused. */
struct batch_reject {
    uint64_t line;     /* 0: unknown */
    size_t reason;     /* offset in texts, NUL-terminated */
    size_t bytes, len; /* offset in texts: the first bytes of the input; len 0: nothing to show */
    bool broken;       /* the data are damaged; else a well-formed object is no event */
};

/* The place where a further document begins. */
struct batch_cut {
    size_t segments, tracks, members; /* so many, or so many bytes, are of those before */
};

struct batch {
    const struct mem *mem;
    struct event_segment **segments; /* in order; names and tracks by the decoder's numbers */
    size_t segment_count, segment_cap;
    uint64_t events;       /* in the segments */
    size_t expected_bytes; /* of the text that is being read: room for the next segment */
    struct strbuf names;   /* new ones: each a size_t and that many bytes */
    struct strbuf tracks; /* new ones: pid and tid as raw JSON (empty: absent), each with its NUL */
    struct strbuf members; /* raw members of the document, each with a comma */
    struct strbuf lines;   /* bytes of a text of lines */
    struct strbuf texts;   /* of the rejects */
    struct batch_cut *cuts;
    size_t cut_count, cut_cap;
    struct batch_reject *rejects;
    size_t reject_count, reject_cap;
    uint64_t more_rejects; /* beyond those that are listed */
    bool failed;           /* out of memory: something is missing */
};

/* `mem` is borrowed, and used on the thread that the batch is on. */
void batch_init(struct batch *batch, const struct mem *mem);
void batch_release(struct batch *batch);
/* Empties it, keeps some of the memory. */
void batch_clear(struct batch *batch);
/* Begins a further document, of which all that is added next is a part. */
void batch_cut(struct batch *batch);
/* The next four set `failed` if out of memory. */
void batch_add_event(struct batch *batch, const struct event *event);
/* `text` is WTF-8. */
void batch_add_name(struct batch *batch, const char *text, size_t len);
void batch_add_track(struct batch *batch, struct slice pid, struct slice tid);
void batch_add_member(struct batch *batch, struct json_value key, struct json_value value);
/* Lists what was refused, or counts it once the list is full. */
void batch_reject(struct batch *batch, uint64_t line, const char *reason, struct slice bytes,
                  bool broken);

#endif
