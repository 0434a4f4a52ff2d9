/* One version of a file, read on workers, step by step: each step fills a batch. A version of a document that was read before is compared with
   that first; then only what is new is read. Nothing here knows the model. */
#ifndef INGEST_READING_H
#define INGEST_READING_H

#include "ingest/trace/batch.h"
#include "ingest/trace/decoder.h"
#include "ingest/trace/seen.h"

enum reading_state {
    READING_GOES_ON,
    READING_ENDED, /* all has been read */
    READING_OTHER, /* it does not go on from what was read before: read it anew */
    READING_FAILED /* reading_error says why */
};

struct reading_options {
    const struct mem *mem; /* all borrowed */
    const char *path;
    size_t max_event_bytes;
    bool follows;               /* keeps what the next version is compared with */
    const struct trail *former; /* of a document; NULL: read anew */
    bool verify;                /* all of what was read before is compared; else some of it */
    /* A text of lines that has grown: what has been read of it. NULL: read anew. */
    const struct seen *seen;
    bool grown; /* it is the same file: its last bytes tell */
};

struct reading;

/* Returns new; NULL: out of memory. */
struct reading *reading_new(const struct reading_options *options);
void reading_free(struct reading *reading);
/* The next step, into an empty batch. Blocks. */
enum reading_state reading_step(struct reading *reading, struct batch *batch);

/* ---- between two steps ---- */

/* Why it failed, static. */
const char *reading_error(const struct reading *reading);
/* The file as it was when it was opened; NULL: it was not. */
const struct stat *reading_stat(const struct reading *reading);
/* Bytes of the file that have been read, of all. */
void reading_progress(const struct reading *reading, uint64_t *done, uint64_t *all);
/* Whether it looks whole at its end, which says little. */
bool reading_looks_whole(const struct reading *reading);
/* What the document says of itself behind its events, where that is known already: members, a comma behind each. */
const struct strbuf *reading_early_members(const struct reading *reading);
/* Whether what was read is a whole version of a document, or of an array; of one that goes on from a former one the events so far
   count. */
bool reading_complete(const struct reading *reading);
enum scan_shape reading_shape(const struct reading *reading);
/* Of a document: hands its trail over. */
void reading_take_trail(struct reading *reading, struct trail *out);
/* Of lines: all that has been read. */
const struct seen *reading_seen(const struct reading *reading);

#endif
