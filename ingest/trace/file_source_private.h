/* What file_source.c (a file as a source, and its changes) and file_reading.c (reading a version of it) share. */
#ifndef INGEST_FILE_SOURCE_PRIVATE_H
#define INGEST_FILE_SOURCE_PRIVATE_H

#include "ingest/source.h"
#include "ingest/trace/file_look.h"
#include "ingest/trace/version.h"

enum { MODIFIED_MS = 50 /* a look after a write that may not be the last */ };

struct file_source {
    struct source source;
    uv_timer_t timer; /* runs while the file is followed */
    uv_timer_t soon;  /* a look that will not wait for that */
    uv_work_t work;
    bool watched, written; /* written: said to have changed, even if it does not look so */
    struct file_look last; /* the file as it was when reading began; inode 0: never seen */
    struct file_look
        short_look; /* the file as it was when it was found shorter than what has been read */

    struct loading loading;
    struct version version;
    struct strbuf session_id;
    uint64_t versions;  /* taken so far */
    bool is_lines;      /* the last version was */
    struct trail trail; /* of the last version, where has_trail is set */
    bool has_trail;
    struct seen seen; /* of lines */

    /* While a version is read: */
    struct reading *reading; /* NULL: none is */
    enum reading_state state;
    struct batch batches[2];
    unsigned filled; /* the one that a worker fills */
    bool working, verifies, closing, stopped;
    uint64_t verify_due_ns; /* by uv_hrtime: when all is compared again */
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

/* file_source.c: a look that will not wait for the timer. */
void file_look_soon(struct file_source *file, unsigned ms);
/* file_reading.c: its turn to be read has come. */
void file_take_read_slot(struct source *source);

#endif
