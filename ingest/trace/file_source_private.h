/* Shared by file_source.c (a file as a source, and its changes) and file_follow.c (reading its
   versions), and included by these two alone. */
#ifndef INGEST_FILE_SOURCE_PRIVATE_H
#define INGEST_FILE_SOURCE_PRIVATE_H

#include "ingest/source.h"
#include "ingest/trace/importer.h"

enum { MODIFIED_MS = 50 /* a look after a write that may not be the last */ };

struct file_source {
    struct source source;
    uv_timer_t timer; /* runs while the file is followed: the next look */
    unsigned look_ms; /* between two looks, unless one is due earlier */
    uv_work_t work;
    bool written;            /* a writer has closed the file: read it even if it looks unchanged */
    struct file_look last;   /* when reading began */
    struct file_look shrunk; /* when it was found shorter than what has been read */

    struct importer importer;
    struct strbuf session_id;
    uint64_t versions;              /* imported so far */
    struct fingerprint fingerprint; /* of the last version; empty: read from the beginning */

    /* While a version is read: */
    struct read_job *job;      /* NULL: no version is being read */
    struct read_report report; /* of the last step; while a step is under way, the worker's */
    struct batch batches[2];
    unsigned filled; /* the batch that a worker fills */
    bool verifies, closing, stopped;
    uint64_t verify_due_ns; /* by uv_hrtime: when every block is compared again */
};

static inline struct file_source *file_of(struct source *source)
{
    return (struct file_source *)source;
}

static inline bool file_follows(const struct file_source *file)
{
    return hub_settings(file->source.hub)->follow;
}

static inline const struct mem *file_mem(const struct file_source *file)
{
    return hub_ctx(file->source.hub)->mem;
}

/* file_source.c: looks at the followed file in `ms`, unless a look is due earlier. */
void file_look_soon(struct file_source *file, unsigned ms);
/* file_follow.c: begins to read, now that it is the source's turn. */
void file_follow_read_slot(struct source *source);

#endif
