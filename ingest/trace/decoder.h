/* Decodes the (unpacked) bytes of one file or pipe into batches: trace events, members of the
   document, or lines, as the content shows. Independent of the model, so it may run on any
   thread. */
#ifndef INGEST_DECODER_H
#define INGEST_DECODER_H

#include "ingest/trace/batch.h"
#include "ingest/trace/resync.h"

struct decoder;

/* `max_event_bytes` limits an event and any other member of a document. With a `resync` (borrowed),
   only what the former version lacks enters batches. Returns new; NULL if out of memory. */
struct decoder *decoder_new(const struct mem *mem, size_t max_event_bytes, struct resync *resync);
void decoder_free(struct decoder *decoder);
/* Adds what the bytes hold to the batch. Returns false, and sets batch->failed, if out of memory;
   no more can be decoded then. */
bool decoder_push(struct decoder *decoder, const char *bytes, size_t len, struct batch *batch);
/* Marks the end of the data: adds what is wrong with an unfinished text to the batch. */
void decoder_finish(struct decoder *decoder, struct batch *batch);
/* Returns the scanner, for questions about the text so far. Borrowed. */
const struct scan *decoder_scan(const struct decoder *decoder);
/* Continues after what the former version had (resync_prepare). Returns the offset of the bytes to
   push next. */
uint64_t decoder_continue(struct decoder *decoder);

#endif
