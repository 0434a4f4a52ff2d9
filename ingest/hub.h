/* The hub: opens sources, passes their data to the model, and reports the state of each.
   Everything runs on one libuv loop, nothing blocks it. The program around the screen
   (tui/cmd/cmd_engine.c) owns one. */
#ifndef INGEST_HUB_H
#define INGEST_HUB_H

#include "core/model/source_status.h"
#include "ingest/ingest_ctx.h"

#include <uv.h>

struct forward;
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
    struct correlator *correlator; /* of the same two */
    struct event_log *log;
    struct ingest_tap tap; /* gets a line of the feed for all that the model is given */
    const struct hook_client *const
        *hook_clients;     /* the clients of accepted hooks, ends with NULL; NULL: none */
    bool follow;           /* files are followed, and need not exist yet */
    bool follow_clients;   /* clients' files are, since another source listens on and on */
    bool allow_remote;     /* tcp: may bind other addresses than loopback; wants a token */
    const char *token;     /* senders must present it; NULL: none is required */
    unsigned request_ms;   /* how long a request by HTTP or gRPC may take; 0: a minute */
    size_t max_line_bytes; /* 0: FEED.md's: 1 MiB on a socket or pipe, 64 MiB in a file */
    const struct source_row *sources;      /* the kinds of sources; ends with a row without ops */
    const struct source_setting *settings; /* ends with one without a name; NULL: none */
    struct forward *forward;               /* passes received telemetry on; NULL: nothing does */
    int64_t since_ns;    /* how old a session may be that `claude:` opens by itself; 0: an hour */
    bool content;        /* keeps prompts and results */
    const char *version; /* the program's; NULL: unknown */
    bool no_mask;        /* keeps what looks like keys and passwords in what clients bring */
    const char *proc;    /* the directory of processes; NULL: /proc */
    bool ranged;         /* of documents, only what touches [from_ns, to_ns] is kept */
    int64_t from_ns, to_ns;
    int64_t (*now_ns)(void *ctx);  /* the local clock, Unix epoch */
    int64_t (*wall_ns)(void *ctx); /* the machine's wall clock; NULL: as now_ns */
    /* Reports, at most once per iteration of the loop, that the model or a status has changed;
       may be NULL. */
    void (*changed)(void *ctx);
    /* Appends the answer to a sender's `status`; may be NULL. */
    void (*status)(void *ctx, struct strbuf *out);
    void *ctx;
};

/* Returns new; NULL: out of memory. The options are copied. */
struct hub *hub_new(uv_loop_t *loop, const struct hub_options *options);
/* Opens a source (CLI.md, "Sources") of the kind that the table has for the spec. False: *error
   is `spec: what: detail`; the source is kept with SOURCE_FAILED, and the others continue. */
bool hub_add(struct hub *hub, const char *spec, struct strbuf *error);
size_t hub_source_count(const struct hub *hub);
/* Borrowed until the next iteration of the loop. */
struct source_status hub_source(const struct hub *hub, size_t index);
/* Sets *out to the progress of the initial read. False: none is running. *out is borrowed until
   the next iteration of the loop. */
bool hub_progress(const struct hub *hub, struct source_progress *out);
/* Takes back what the source of that spec gave the model, if it can. False: not yet. */
bool hub_take_back(struct hub *hub, const char *spec);
/* Returns whether every source has finished or failed. */
bool hub_finished(const struct hub *hub);
/* Returns whether a source could not be read, or not completely (exit status 1). */
bool hub_failed(const struct hub *hub);
/* Returns the address that a source listens at, with the real port for tcp:HOST:0; NULL: it does
   not listen. */
const char *hub_bound_address(const struct hub *hub, size_t index);
/* Returns whether a source reads the file at `path` (the same inode). */
bool hub_reads(const struct hub *hub, const char *path);
/* Takes the data that sources hold back until more comes (the last line of a followed file). For
   the end of the program. */
void hub_finish(struct hub *hub);
/* Ends the sessions in which something is open (ingest_ctx_close). False: out of memory. */
bool hub_close(struct hub *hub);
/* Stops reading and following files; keeps the model. */
void hub_stop_reading(struct hub *hub);
/* Stops all sources: closes their handles, removes sockets. The loop must run until they are
   closed; then hub_free. */
void hub_stop(struct hub *hub);
void hub_free(struct hub *hub);

#endif
