/* The bytes of swarmtop on another machine: skips what a login prints before the feed, reads its
   version and its marks, and drops lines that a reconnection sends again. */
#ifndef INGEST_SSH_FEED_H
#define INGEST_SSH_FEED_H

#include "core/base/u64map.h"
#include "ingest/feed/feed.h"

enum { SSH_VERSION_BYTES = 32, SSH_BANNER_BYTES = 160 };

struct ssh_feed {
    struct ingest_ctx *ingest; /* borrowed */
    struct feed *feed;
    struct lines lines;
    struct u64map known; /* hashes of the lines since the last mark; the values mean nothing */
    bool begun;          /* the feed has begun in this connection */
    bool marked;         /* it has had a mark: what follows is new */
    double mark_ms;      /* the time of the last mark there; NAN: none yet */
    double ahead_ms;     /* its clock is so far ahead of this machine's; NAN: unknown */
    uint64_t skipped;    /* lines before it, in this connection */
    bool failed;         /* out of memory */
    char banner[SSH_BANNER_BYTES];                               /* the last of these */
    char version[SSH_VERSION_BYTES], program[SSH_VERSION_BYTES]; /* of the sender; "": unknown */
};

/* False: out of memory; ssh_feed_release in any case. `options`: of the feed. */
bool ssh_feed_init(struct ssh_feed *feed, const struct feed_options *options);
void ssh_feed_release(struct ssh_feed *feed);
/* A connection begins. */
void ssh_feed_connect(struct ssh_feed *feed);
void ssh_feed_push(struct ssh_feed *feed, const char *bytes, size_t len);
/* The connection is over: its sessions are disconnected, or, with `finished`, have ended. A last
   line that was cut is dropped. */
void ssh_feed_disconnect(struct ssh_feed *feed, bool finished);
/* Returns whether the sender's feed is of a newer version than this program knows. */
bool ssh_feed_is_newer(const struct ssh_feed *feed);

#endif
