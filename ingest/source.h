/* A source, as the hub sees it: a row of functions over a struct that begins with `struct source`.
   What a source may use of the hub is below. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "ingest/hub.h"
#include "ingest/intake.h"
#include "ingest/source_error.h"

#include <sys/stat.h>

struct address;
struct source;
struct watcher;

struct source_ops {
    size_t size; /* of the struct that begins with a struct source */
    /* Begins; what is zeroed but for `source` is ready. False: *error says `spec: what: detail`, nothing is left open. */
    bool (*open)(struct source *source, struct strbuf *error);
    /* Begins to close what is open; done when `handles` is 0. May be called when nothing is open. */
    void (*close)(struct source *source);
    /* Gives back memory; all handles are closed. */
    void (*release)(struct source *source);
    /* Its turn to read has come (hub_ask_turn). NULL: never asks. */
    void (*turn)(struct source *source);
    /* The program ends: what was held back for more to come is taken. NULL: nothing ever is. */
    void (*finish)(struct source *source);
    /* What is being read is read no further; what came of it stays. NULL: cannot be stopped. */
    void (*stop)(struct source *source);
    /* hub_reads; `st` is NULL where there is no such file. NULL: reads no files. */
    bool (*reads)(const struct source *source, const char *path, const struct stat *st);
    /* hub_bound_address. NULL: does not listen. */
    const char *(*address)(const struct source *source);
};

/* The kinds: hub.c says which spec is whose. unix and tcp: socket.c, stream: stdin_source.c, trace:
   file_source.c, dir: dir_source.c, otlp: otlp_source.c, claude: claude_source.c. */
extern const struct source_ops unix_source_ops;
extern const struct source_ops tcp_source_ops;
extern const struct source_ops stream_source_ops;
extern const struct source_ops trace_source_ops;
extern const struct source_ops dir_source_ops;
extern const struct source_ops claude_source_ops;
extern const struct source_ops otlp_source_ops;

struct source {
    const struct source_ops *ops;
    struct hub *hub;
    char *spec;
    struct strbuf error;
    struct tally tally;
    enum source_state state;
    uint64_t done_bytes,
        all_bytes;     /* of what is being read for the first time; all_bytes 0: nothing is */
    uint64_t began_ns; /* when that began, by uv_hrtime */
    uint32_t senders;
    bool listens;
    unsigned
        handles; /* libuv's, and requests under way: the source lives as long as there are any */
    bool closing;
    bool waits; /* for its turn */
};

/* Files are read one after the other, in the order they were given: what is numbered in order of appearance must not depend on
   the loop. The source's turn is called at once or when the others before it are done; it ends with hub_end_turn, which may be
   called without a turn too. */
void hub_ask_turn(struct source *source);
void hub_end_turn(struct source *source);
uv_loop_t *hub_loop(struct hub *hub);
/* NULL: nothing tells when files change. Borrowed. */
struct watcher *hub_watcher(struct hub *hub);
const struct hub_options *hub_settings(const struct hub *hub);
struct intake *hub_intake(struct hub *hub);
/* A buffer for reads that are used up before the next one: shared by all streams. */
uv_buf_t hub_buffer(struct hub *hub);

/* Its end: SOURCE_FAILED with the error and a line in the log; or SOURCE_FINISHED where error is NULL. */
void source_finish(struct source *source, const char *error);
/* Another state. */
void source_set_state(struct source *source, enum source_state state);
/* max_line_bytes of the options, else the default of FEED.md. */
size_t source_max_line(const struct source *source, bool file);
/* Whether it may listen there: who may send from elsewhere has to be able to say a token. False: *error says why not. */
bool source_may_bind(const struct source *source, const struct address *address,
                     struct strbuf *error);

#endif
