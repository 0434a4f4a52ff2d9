/* A directory as a source: each trace in it is added as a source of its own. */
#ifndef INGEST_DIR_SOURCE_H
#define INGEST_DIR_SOURCE_H

#include "ingest/source.h"

/* Whether a trace becomes a source. A trace that is left is asked for again when a file in the
   directory has come, gone or got another name; one that waits at the next look. */
enum dir_choice { DIR_LEAVE, DIR_TAKE, DIR_WAIT };
typedef enum dir_choice dir_source_wants(const struct source *source, const char *dir,
                                         const char *name);

struct dir_source {
    struct source source;
    const char *path;        /* of the directory; borrowed from the source's spec or settings */
    dir_source_wants *wants; /* NULL: all traces */
    uv_timer_t timer;
    struct strbuf known; /* the names that became sources, each with its NUL */
    uint64_t modified;   /* of the directory at the last look */
    bool waits;          /* a trace does */
};

extern const struct source_ops dir_source_ops;

/* For sources that take some traces of a directory. Opening does as source_ops.open; with `wants` a
   directory that does not exist may come. */
bool dir_source_open(struct source *source, const char *path, dir_source_wants *wants,
                     struct strbuf *error);
void dir_source_close(struct source *source);
void dir_source_release(struct source *source);

#endif
