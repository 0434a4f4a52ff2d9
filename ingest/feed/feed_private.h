/* Shared by the files of the feed's reader: a feed, the line that it takes, and how a line is
   refused. */
#ifndef INGEST_FEED_PRIVATE_H
#define INGEST_FEED_PRIVATE_H

#include "ingest/feed/feed.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_sessions.h"
#include "ingest/feed/feed_update.h"

struct feed {
    struct feed_options options;
    struct ingest_ctx *ingest;
    struct lines lines;
    struct feed_values values;
    struct feed_update update; /* reads those fields of updates */
    struct strbuf extra;       /* of raw events */
    struct feed_sessions sessions;
    int64_t local_ns; /* when the bytes that are being read arrived */
    bool authorized, refused;
    bool journal; /* a line has shown that the bytes are a journal */
};

/* The line that is being taken. */
struct line {
    const char *bytes;
    size_t len;
    uint64_t number;
    struct json_value object; /* once it is read */
};

/* ---- feed.c ---- */

/* Counts and logs the line as bad. `reason` is copied. */
void feed_reject(struct feed *feed, const struct line *line, enum log_level level,
                 const char *reason);
/* The same for a required field that is absent or of the wrong type. */
void feed_reject_field(struct feed *feed, const struct line *line, const struct feed_op *op,
                       enum feed_field field);
/* Counts and logs an optional field of the wrong type. */
void feed_report_ignored(struct feed *feed, const struct line *line, const char *op,
                         const char *name, enum feed_type type);
void feed_out_of_memory(struct feed *feed, const struct line *line);

/* ---- feed_apply.c ---- */

/* Types the fields of the line's operation and applies it. */
void feed_take_operation(struct feed *feed, const struct line *line, const struct feed_op *op);
/* Takes a raw event; `session_id` bytes NULL: into the feed's own session. `bytes`: the whole
   event. */
void feed_take_raw(struct feed *feed, const struct line *line, struct slice session_id,
                   const struct raw_event *raw, struct slice bytes);
/* The same for an object that is read here, with care. */
void feed_read_raw(struct feed *feed, const struct line *line, struct slice session_id,
                   struct json_value object);

#endif
