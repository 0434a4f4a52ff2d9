/* What one file or pipe says, from batches to the model: events of a document (trace_load.h), or lines of a feed (feed.h). */
#ifndef INGEST_LOADING_H
#define INGEST_LOADING_H

#include "ingest/feed/feed.h"
#include "ingest/trace/batch.h"
#include "ingest/trace/trace_load.h"

struct loading_options {
    struct source_counters *counters; /* all borrowed */
    const char *where;                /* for people */
    const char *session_id;           /* where the data name none */
    size_t max_line_bytes;
    bool recorded; /* not live: raw events among lines are a document's too */
};

struct loading {
    struct loading_options options;
    struct trace_load load;
    struct feed *feed;
    intern_id *names; /* by the decoder's numbers */
    track_no *tracks;
    size_t name_count, name_cap, track_count, track_cap;
    bool took_line;      /* some line was good */
    bool took_raw;       /* some line was an event of a document */
    struct strbuf error; /* the first thing that went wrong */
};

void loading_init(struct loading *loading, const struct loading_options *options);
void loading_release(struct loading *loading);
/* A new decoder's batches follow: its numbers are others, and the members of the document come again. */
void loading_new_decoder(struct loading *loading);
/* What follows are other data altogether: the feed begins anew, the first event begins a new document. */
void loading_begin_anew(struct loading *loading);
/* Takes what the document says of itself behind its events, before these come: members, a comma behind each. */
bool loading_take_early(struct loading *loading, const struct strbuf *members);
/* Takes the batch, and clears it. False: out of memory. */
bool loading_take(struct loading *loading, struct batch *batch);
/* The document is whole as it is now. False: out of memory. */
bool loading_end_document(struct loading *loading);
/* No more will come, or nothing for now (loading_rest): `flag` (enum session_flag) is for the sessions of lines. */
void loading_finish(struct loading *loading, uint8_t flag);
void loading_rest(struct loading *loading, uint8_t flag);
/* `where: line N: what`, of the first thing that went wrong; NULL: nothing did. */
const char *loading_error(const struct loading *loading);

#endif
