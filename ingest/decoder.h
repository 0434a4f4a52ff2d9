/* The bytes of one file or pipe to the model, whatever they are: gzip or plain, a trace document or lines (events, feed operations),
   told by content. */
#ifndef INGEST_DECODER_H
#define INGEST_DECODER_H

#include "ingest/scan.h"
#include "ingest/staged.h"

struct decoder_options {
    struct tally *tally;    /* all borrowed */
    const char *where;      /* for people */
    const char *session_id; /* where the data name none */
    size_t max_line_bytes;  /* of a line */
    size_t max_event_bytes; /* of an event or another part of a document */
    bool recorded;          /* not live: raw events among lines are a document's too */
    struct staged *staged;  /* not NULL: a document's events are only collected there */
    struct trace_load *load;
};

struct decoder;

/* Returns new; NULL: out of memory. */
struct decoder *decoder_new(const struct decoder_options *options);
void decoder_free(struct decoder *decoder);
/* False: nothing more can be made of it; decoder_error says why. */
bool decoder_push(struct decoder *decoder, const char *bytes, size_t len);
/* The data have come to their end. `flag` (enum session_flag) is for the sessions of lines. */
void decoder_finish(struct decoder *decoder, uint8_t flag);
/* The same, of data that may go on: sessions of lines rest. */
void decoder_rest(struct decoder *decoder, uint8_t flag);
enum scan_shape decoder_shape(const struct decoder *decoder);
/* Whether the data so far are a whole document or array. */
bool decoder_complete(const struct decoder *decoder);
/* `where: line N: what`, of the first thing that went wrong; NULL: nothing did. */
const char *decoder_error(const struct decoder *decoder);
/* How many parts of a staged version were not what they should be, and passed over. They are counted nowhere else. */
uint64_t decoder_passed_over(const struct decoder *decoder);

/* The session id that a file's name gives: the last part of the path without .gz and then one more extension. */
void decoder_session_id(const char *path, struct strbuf *out);

#endif
