/* A directory as a source: each trace in it is added as a source of its own. */
#ifndef INGEST_DIR_SOURCE_H
#define INGEST_DIR_SOURCE_H

#include "core/base/u64map.h"
#include "ingest/source.h"

/* Whether a trace becomes a source. A trace that is left is asked for again when a file in the
   directory has come, gone or got another name; one that waits at the next look; one that is never
   wanted as it is now when it has changed. */
enum dir_choice { DIR_LEAVE, DIR_TAKE, DIR_WAIT, DIR_NEVER };

/* For sources that take some traces of a directory. */
struct dir_chooser {
    enum dir_choice (*wants)(const struct source *source, const char *dir, const char *name);
    /* Whether another source shows what the trace has, by now: it is taken back. */
    bool (*is_elsewhere)(const char *dir, const char *name);
};

struct dir_source {
    struct source source;
    const char *path; /* of the directory; borrowed from the source's spec or settings */
    const struct dir_chooser *chooser; /* NULL: all traces */
    uv_timer_t timer;
    struct strbuf known; /* the names that became sources, each with its NUL */
    struct strbuf gone;  /* those of them that were taken back */
    struct u64map never; /* hashes of the name, size and time of traces that are never wanted */
    unsigned looks;      /* since traces were taken back */
    uint64_t modified;   /* of the directory at the last look */
    bool waits;          /* a trace does */
};

extern const struct source_ops dir_source_ops;

/* Does as source_ops.open; with a chooser a directory that does not exist may come. */
bool dir_source_open(struct source *source, const char *path, const struct dir_chooser *chooser,
                     struct strbuf *error);
void dir_source_close(struct source *source);
void dir_source_release(struct source *source);

#endif
