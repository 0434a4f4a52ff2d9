/* The feed that `record --feed FILE` writes. One that serves a reader alone (journal_file_serves)
   has a first line with versions and a mark every few seconds. It ends with its reader, and begins
   with what journals have since --from. */
#ifndef TUI_RECORD_FEED_H
#define TUI_RECORD_FEED_H

#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/feed_reader.h"

#include <stdio.h>

struct nats_feed;

struct record_feed {
    FILE *out;              /* NULL: none */
    struct nats_feed *nats; /* in place of `out`; NULL: none */
    bool serves;            /* a reader, and nothing else */
    bool failed;            /* reported once */
    const struct options *options;
    struct engine *engine; /* from record_feed_start on */
    uv_timer_t marks;
    struct feed_reader reader; /* in place of `out`, if it serves */
    bool marking, reading;
    void (*failing)(void *ctx); /* called before a message is printed */
    void *ctx;
};

/* Opens the feed of --feed, if one is given, and makes it the config's tap. Returns false after
   printing the reason. */
bool record_feed_open(struct record_feed *feed, const struct options *options,
                      struct engine_config *config);
/* Gives the reader what was written. */
void record_feed_flush(struct record_feed *feed);
/* Before the sources are opened. */
void record_feed_start(struct record_feed *feed, struct engine *engine);
/* After the loop: closes its handles, which the engine's loop waits for. */
void record_feed_stop(struct record_feed *feed);
/* Returns false if something could not be written; that was printed. */
bool record_feed_close(struct record_feed *feed);

#endif
