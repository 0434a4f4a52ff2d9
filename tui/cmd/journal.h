/* The journal of a run (doc/FEED.md, "The journal"): lines of the feed go to a buffer in memory,
   and a worker appends them to the file within half a second. So a run that is killed loses no
   more than that. All functions are for the loop's thread. */
#ifndef TUI_JOURNAL_H
#define TUI_JOURNAL_H

#include "core/base/strbuf.h"

#include <stdint.h>
#include <uv.h>

struct journal;

struct journal_config {
    const struct mem *mem; /* all borrowed */
    uv_loop_t *loop;
    const char *path;   /* copied */
    int fd;             /* created and locked (run_lock.h); taken */
    uint64_t max_bytes; /* the file never gets longer */
    size_t max_events;  /* the cap of the run, for its recovery */
    double now_ms;      /* Unix epoch */
    /* Sets how many events the model counts under its cap, and how many it has dropped. NULL, or
       without a cap: the journal ends at max_bytes. Else its beginning is cut off before that. */
    void (*count)(void *ctx, uint64_t *events, uint64_t *dropped);
    /* Reports, once, that the journal cannot be continued: `path: what: detail`. */
    void (*trouble)(void *ctx, const char *text);
    void *ctx;
};

/* Returns new; NULL if out of memory: then the file is removed. */
struct journal *journal_new(const struct journal_config *config);
/* Appends a line of the feed (struct ingest_tap). `journal` is a struct journal. */
void journal_put(void *journal, const char *line, size_t len);
/* Has the worker write now what is in memory. */
void journal_flush(struct journal *journal);
/* Writes and syncs what is in memory, and returns when that is done. */
void journal_drain(struct journal *journal);
/* Returns whether the worker writes, or is about to cut. */
bool journal_is_writing(const struct journal *journal);
/* Returns the file's path, borrowed. */
const char *journal_path_of(const struct journal *journal);

enum journal_end {
    JOURNAL_DELETE, /* a complete document was written */
    JOURNAL_KEEP,   /* the document lacks events that the journal has; it is not recovered later */
    JOURNAL_LEAVE   /* no document was written: the next start recovers it */
};
/* Ends the journal; further lines are dropped. */
void journal_finish(struct journal *journal, enum journal_end end, double now_ms);
/* Closes its handles; the loop must run until they are closed, then journal_free. A journal that
   is not finished is left, and deleted if nothing was put. Both take NULL. */
void journal_close(struct journal *journal);
void journal_free(struct journal *journal);

#endif
