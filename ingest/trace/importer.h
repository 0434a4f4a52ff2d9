/* Brings batches of one file or pipe into the model: events of a document (trace_import.h), or
   lines of a feed (feed.h). Of a followed file, the batches of a new version can be staged until
   the version is known to be whole, so that half a document leaves the display as it was. */
#ifndef INGEST_IMPORTER_H
#define INGEST_IMPORTER_H

#include "ingest/feed/feed.h"
#include "ingest/trace/read_job.h"
#include "ingest/trace/trace_import.h"

struct importer_options {
    struct source_counters *counters; /* all borrowed */
    const char *where;                /* for people */
    const char *session_id;           /* if the data name none */
    size_t max_line_bytes;
    bool recorded; /* not live: raw events among lines belong to a document too */
};

struct importer {
    struct importer_options options;
    struct trace_import trace;
    struct feed *feed; /* of lines; NULL: none so far */
    intern_id *names;  /* by the decoder's numbers */
    track_no *tracks;
    size_t name_count, name_cap, track_count, track_cap;
    bool named;          /* the tap has the file's name */
    bool took_raw;       /* a line was an event of a document */
    struct strbuf error; /* the first error */

    /* The version that is being imported: */
    bool replaces; /* what was imported before; else it continues that */
    bool stages, begun;
    enum scan_shape shape;
    const struct strbuf *early_members; /* borrowed */
    struct batch *staged;
    size_t staged_count, staged_cap;
};

/* Functions that return bool return false if out of memory. */

void importer_init(struct importer *importer, const struct importer_options *options);
void importer_release(struct importer *importer);
/* Begins a version of a followed file. Its decoder is a new one, with new numbers. */
void importer_begin(struct importer *importer, bool replaces, bool stages);
/* Imports the batch, or stages it; empties it. `report` is of the step that filled it; NULL: the
   data have no versions. */
bool importer_take(struct importer *importer, const struct read_report *report,
                   struct batch *batch);
/* The version is whole: imports what is staged, and ends the document. */
bool importer_commit(struct importer *importer);
/* The version is not whole, or not wanted: drops what is staged. */
void importer_drop(struct importer *importer);
/* Returns whether the staged metadata name another session, or another start, than the document in
   the model. */
bool importer_is_of_another(const struct importer *importer);
/* The document is whole as it is now. */
bool importer_end_document(struct importer *importer);
/* No more lines will come: takes a last one that has no end, and marks their sessions as
   finished. */
void importer_finish(struct importer *importer);
/* Makes the sessions live, or finished for now: more may come. */
void importer_set_live(struct importer *importer, bool live);
/* Returns `where: line N: what` of the first error; NULL if none occurred. */
const char *importer_error(const struct importer *importer);

#endif
