/* The bytes of one file or pipe (unpacked) to batches: trace events, members of the document, or lines, told by content. Knows nothing of
   the model, so it may work on any thread. */
#ifndef INGEST_DECODER_H
#define INGEST_DECODER_H

#include "ingest/trace/batch.h"
#include "ingest/trace/match.h"
#include "ingest/trace/scan.h"

struct decoder_options {
    const struct mem *mem;  /* borrowed */
    size_t max_event_bytes; /* of an event or another part of a document */
    bool trails;            /* keeps a trail */
    const struct trail
        *former; /* not NULL: looks first how the text stands to that former version; borrowed */
};

struct decoder;

/* Returns new; NULL: out of memory. */
struct decoder *decoder_new(const struct decoder_options *options);
void decoder_free(struct decoder *decoder);
/* Adds what the bytes hold to the batch. False: nothing more can be made of it, out of memory; batch->failed says so too. */
bool decoder_push(struct decoder *decoder, const char *bytes, size_t len, struct batch *batch);
/* The data have come to their end. */
void decoder_finish(struct decoder *decoder, struct batch *batch);
enum scan_shape decoder_shape(const struct decoder *decoder);
/* Whether the data so far are a whole document or array. */
bool decoder_complete(const struct decoder *decoder);

/* With a former version: how the text stands to it. MATCH_SEARCHES: not known yet, and nothing but new metadata has been put into batches;
   MATCH_FAILED: the decoder is of no more use. */
enum match_state decoder_match(const struct decoder *decoder);
/* Whether all that comes is taken: there is no former version, or decoder_go_on was called. */
bool decoder_goes_on(const struct decoder *decoder);
/* MATCH_FOUND: makes the trail that says where the pieces of the former version should be found by now. False: out of memory. */
bool decoder_prepare(struct decoder *decoder);
/* Borrowed. */
const struct trail *decoder_trail(const struct decoder *decoder);
/* The pieces are there: goes on behind what the former version had, at the offset that this returns. Only what is new comes into
   batches. */
uint64_t decoder_go_on(struct decoder *decoder);
/* Hands the trail over, for decoder_options.former of the next version; the caller releases it. */
void decoder_take_trail(struct decoder *decoder, struct trail *out);

/* The session id that a file's name gives: the last part of the path without .gz and then one more extension. */
void decoder_session_id(const char *path, struct strbuf *out);

#endif
