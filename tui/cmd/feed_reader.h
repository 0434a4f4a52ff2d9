/* The one reader of a feed, at the other end of a pipe or a socket, and the bytes that it sends.

   Bytes that it cannot take yet are kept, up to a bound; then a writer waits for it. A reader that
   has gone, or that has sent line feeds and then nothing for a while, is lost: nothing waits any
   more. The connection to such a one may be dead without an end (ingest/ssh). */
#ifndef TUI_FEED_READER_H
#define TUI_FEED_READER_H

#include "core/base/strbuf.h"

#include <uv.h>

enum { FEED_READER_SILENCE_MS = 45000, FEED_READER_UNSENT_BYTES = 1 << 20 };

struct feed_reader_config {
    uv_loop_t *loop;
    const struct mem *mem;
    int out;                 /* borrowed; not blocking until feed_reader_stop */
    int in;                  /* borrowed; the line feeds come there; -1: none */
    uint64_t silence_ms;     /* that long is one lost that has sent one */
    void (*lost)(void *ctx); /* called once */
    void *ctx;
};

struct feed_reader {
    struct feed_reader_config config;
    struct strbuf unsent;
    uv_poll_t out, in;
    uv_timer_t silence;
    uint64_t beat_ns; /* the last line feed, by uv_hrtime; 0: none came */
    int out_flags, in_flags, in_fd;
    bool watches_out, watches_in; /* the handles are open */
    bool gone;
};

void feed_reader_open(struct feed_reader *reader, const struct feed_reader_config *config);
/* Sends the bytes, or keeps them. Waits for the reader if too much is kept. */
void feed_reader_put(struct feed_reader *reader, const char *bytes, size_t len);
/* Sends what the reader takes now; the loop sends the rest. */
void feed_reader_flush(struct feed_reader *reader);
/* Closes its handles, which the loop waits for. */
void feed_reader_stop(struct feed_reader *reader);
/* Sends the rest, waits for that and releases it. */
void feed_reader_finish(struct feed_reader *reader);

#endif
