/* What a decoder has made of some bytes, on its way to the model: made on a worker, taken on the loop (loading.h). Names and tracks are
   numbered by the decoder, from 0, in order of appearance; a batch brings the texts of those that are new in it. */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include "core/base/strbuf.h"
#include "core/trace/event_store.h"

/* Something that was not what it should be. */
struct batch_complaint {
    uint64_t line;     /* 0: unknown */
    size_t reason;     /* in texts, NUL-terminated */
    size_t bytes, len; /* in texts: the first bytes of what it is about; len 0: nothing to show */
    bool broken;       /* the data are not whole; else something whole is no event */
};

struct batch {
    const struct mem *mem;
    struct event_segment **segments; /* in order; names and tracks by the decoder's numbers */
    size_t segment_count, segment_cap;
    uint64_t events;       /* in them */
    size_t expected_bytes; /* of the text that is being read: what the next segment is to hold */
    struct strbuf names;   /* new ones, each a size_t and that many bytes */
    struct strbuf
        tracks; /* new ones, each pid and tid as raw JSON (none: nothing), a NUL behind each */
    struct strbuf members; /* raw members of the document, a comma behind each */
    struct strbuf lines;   /* bytes of a text of lines */
    struct batch_complaint *rejects;
    size_t complaint_count, complaint_cap;
    struct strbuf texts;
    uint64_t more_bad; /* rejects beyond those that are told one by one */
    bool failed;       /* out of memory: something is missing */
};

/* `mem` is borrowed, and used on whichever thread the batch is. */
void batch_init(struct batch *batch, const struct mem *mem);
void batch_release(struct batch *batch);
/* Empties it, keeps some of the memory. */
void batch_clear(struct batch *batch);
void batch_add_event(struct batch *batch, const struct event *event);
/* `text` is WTF-8. */
void batch_add_name(struct batch *batch, const char *text, size_t len);
void batch_add_track(struct batch *batch, struct slice pid, struct slice tid);
void batch_add_member(struct batch *batch, struct json_value key, struct json_value value);
void batch_complain(struct batch *batch, uint64_t line, const char *reason, struct slice bytes,
                    bool broken);
/* Nothing is in it. */
bool batch_is_empty(const struct batch *batch);

#endif
