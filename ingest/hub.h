/* The hub: opens sources, gives what they say to the model, and knows how each of them is. Everything runs on one libuv
   loop, nothing blocks it. The wiring (tui/app/main.c, tui/app/app.c, tui/cmd_*.c) owns one and shows what it says. */
#ifndef INGEST_HUB_H
#define INGEST_HUB_H

#include "core/model/notice.h"
#include "core/tracer/tracer.h"

#include <uv.h>

struct hook_client;
struct hub;
struct source_row;

/* A setting of one kind of source. "dir" of "claude:" is where Claude Code has its files. */
struct source_setting {
    const char *prefix, *name, *value;
};

struct hub_options {
    struct swarm *swarm; /* all borrowed */
    struct tracer *tracer;
    struct witness *witness; /* NULL: sources that are witnesses cannot be opened */
    struct notice_log *log;
    const struct hook_client *const
        *hook_clients;     /* whose hooks are taken, ends with NULL; NULL: none */
    bool follow;           /* files are followed, and may be not there yet */
    bool allow_remote;     /* tcp: may bind other addresses than loopback; wants a token */
    const char *token;     /* what an `auth` line has to say; NULL: none is asked for */
    size_t max_line_bytes; /* 0: FEED.md's: 1 MiB on a socket or pipe, 64 MiB in a file */
    const struct source_row *sources;      /* the kinds of sources; ends with a row without ops */
    const struct source_setting *settings; /* ends with one without a name; NULL: none */
    int64_t since_ns; /* how old a session may be that `claude:` opens by itself; 0: an hour */
    bool content;     /* prompts and results are kept */
    bool ranged;      /* of documents, only what touches [from_ns, to_ns] is kept */
    int64_t from_ns, to_ns;
    int64_t (*now_ns)(void *ctx); /* the local clock, Unix epoch */
    void (*changed)(
        void *
            ctx); /* the model or a status has changed; may be NULL. Called at most once a loop turn */
    void (*status)(void *ctx,
                   struct strbuf *out); /* what a sender that asks is told; may be NULL */
    void *ctx;
};

/* Returns new; NULL: out of memory. The options are copied. */
struct hub *hub_new(uv_loop_t *loop, const struct hub_options *options);
/* Opens a source (CLI.md, "Sources") of the kind that the table has for the spec. False: *error says `spec: what: detail`; the source is kept with
   SOURCE_FAILED, and the others go on. */
bool hub_add(struct hub *hub, const char *spec, struct strbuf *error);
size_t hub_source_count(const struct hub *hub);
/* Borrowed until the next loop turn. */
struct source_status hub_source(const struct hub *hub, size_t index);
/* How far the file is that is being read for the first time. False: none is. *out is borrowed until the next loop turn. */
bool hub_progress(const struct hub *hub, struct source_progress *out);
/* Whether every source has finished or failed: nothing more will come. */
bool hub_finished(const struct hub *hub);
/* Whether some source was not read, or not whole (exit status 1). */
bool hub_failed(const struct hub *hub);
/* The address that a listening source is bound to, with the real port where tcp:HOST:0 was asked for; NULL: does not listen. */
const char *hub_bound_address(const struct hub *hub, size_t index);
/* Whether `path` is one of the files that are read (the same inode). */
bool hub_reads(const struct hub *hub, const char *path);
/* The program ends: sources take what they held back for more to come (the last line of a followed file). */
void hub_finish(struct hub *hub);
/* Files that are being read are read no further, and not followed; what came of them stays. */
void hub_stop_reading(struct hub *hub);
/* Stops all sources: closes their handles, removes sockets. The loop must run until they are closed; then hub_free. */
void hub_stop(struct hub *hub);
void hub_free(struct hub *hub);

#endif
