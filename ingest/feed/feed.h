/* The feed (FEED.md): the bytes of one sender, be it a connection, a pipe or a file, to
   operations of the tracer and raw events of the model. */
#ifndef INGEST_FEED_H
#define INGEST_FEED_H

#include "ingest/ingest_ctx.h"
#include "ingest/lines.h"

struct feed_options {
    struct source_counters *counters; /* all borrowed; with its context */
    const char *where;                /* of entries: "unix:/run/x sender 2" */
    const char *source;               /* of sessions, for people: "unix:/run/x" */
    const char *host;       /* that its sessions run on; NULL: it names them, or this one */
    const char *session_id; /* of a session that a line without session_id opens; NULL: feed-N */
    size_t max_line_bytes;
    const char *token; /* the token of the required `auth` line; NULL: no auth required */
    /* Takes raw events without a session, those of a recorded trace, which belong to a document.
       NULL: they open a live session. False: out of memory. */
    bool (*take_raw)(void *ctx, const struct raw_event *event);
    /* A journal lacks its beginning: the model had so many events under its cap here, and had
       dropped so many (feed_line_journal_cut). NULL: no matter. */
    void (*cut)(void *ctx, double events, double dropped);
    /* Sends bytes back to the sender; NULL: that cannot be. */
    void (*reply)(void *ctx, const char *bytes, size_t len);
    void *ctx; /* for take_raw, cut, reply */
};

struct feed;

/* Returns new; NULL: out of memory. */
struct feed *feed_new(const struct feed_options *options);
void feed_free(struct feed *feed);
/* False: the sender is refused, close the connection; what came of it before stays. */
bool feed_push(struct feed *feed, const char *bytes, size_t len);
/* A message of NATS ends: takes a last line without '\n'. The next one may be another sender's, so
   what a `hello` set holds no longer. */
void feed_end_message(struct feed *feed);
/* Nothing comes for now: the sessions that no other feeds get the flag (enum session_flag); the
   next line clears it. */
void feed_rest(struct feed *feed, uint8_t flag);
/* No more will come: takes a last line without '\n', then rests. */
void feed_finish(struct feed *feed, uint8_t flag);

#endif
