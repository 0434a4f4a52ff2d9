/* A source: a row of functions over a struct that begins with `struct source`. Below are the
   parts of the hub that a source may use. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "ingest/hub.h"
#include "ingest/ingest_ctx.h"
#include "ingest/source_error.h"

#include <sys/stat.h>

struct address;
struct source;
struct watcher;

struct source_ops {
    size_t size; /* of the struct that begins with a struct source */
    /* Opens the source, whose own members are zero. False: *error is `spec: what: detail`,
       nothing is left open. */
    bool (*open)(struct source *source, struct strbuf *error);
    /* Begins to close its handles; done when `handles` is 0. May be called when none is open. */
    void (*close)(struct source *source);
    /* Frees its memory; all handles are closed. */
    void (*release)(struct source *source);
    /* Reads: it has the slot that it asked for (hub_ask_read_slot). NULL: never asks. */
    void (*read_slot)(struct source *source);
    /* Takes the data that it holds back until more comes, at the end of the program. NULL: holds
       none back. */
    void (*finish)(struct source *source);
    /* Stops reading; keeps the model. NULL: cannot be stopped. */
    void (*stop)(struct source *source);
    /* Takes back what it gave the model, and ends: other sources have it. False: it is being read,
       or out of memory; ask again. NULL: cannot. */
    bool (*take_back)(struct source *source);
    /* Does hub_reads for it; `st` NULL: the file does not exist. NULL: reads no files. */
    bool (*reads)(const struct source *source, const char *path, const struct stat *st);
    /* Does hub_bound_address for it. NULL: does not listen. */
    const char *(*address)(const struct source *source);
    /* Returns the state of its connection to another machine: "connecting". NULL: has none. */
    const char *(*link)(const struct source *source);
    /* Sets *out to what it has received. NULL: it is no receiver of telemetry. */
    void (*traffic)(const struct source *source, struct source_traffic *out);
};

/* One kind of source: a row of the table (sources.h). */
struct source_row {
    const char *prefix; /* of its specs: "claude:"; NULL: specs are paths that `fits` accepts */
    bool (*fits)(const char *path);
    const struct source_ops *ops;

    bool listens;
    bool live;          /* its data come as they happen */
    bool live_followed; /* they do where files are followed */

    /* Opened where the user names no source: appends the spec of the numbered default (from 0).
       False: there are no more, or it cannot be opened, where *error has the reason. NULL: not
       opened then, or by its prefix alone, where there is a default directory. */
    bool (*default_spec)(size_t number, struct strbuf *spec, struct strbuf *error);
    /* The default directory: the value of this variable, else `in_home` or, where only that exists,
       `or_in_home` below the user's home. The variable may be a list with commas: the first
       directory that exists counts, or `in_variable` below it. NULL: has none. It is the setting
       "dir". */
    const char *variable, *in_variable, *in_home, *or_in_home;
    /* The entry that its client puts into that directory first; NULL: the directory is enough. */
    const char *needs;

    /* Names of its client's program, and of the package that has it, by which its processes are
       found; ends with NULL. NULL: its source knows better, or nothing is known. */
    const char *const *programs;

    const char *form, *help; /* for --help and the manual; NULL: not shown */
    const char *default_help;
    const char *client, *setup, *feed; /* as in struct source_status */
    const char *program;               /* the client's, without its directory; NULL: none */
};

struct source {
    const struct source_row *row;
    const struct source_ops *ops; /* the row's */
    struct hub *hub;
    char *spec;
    struct strbuf error;
    struct source_counters counters;
    enum source_state state;
    size_t older; /* as in struct source_status */
    int64_t older_ns;
    uint64_t done_bytes, all_bytes; /* of the initial read; all_bytes 0: none is running */
    uint64_t began_ns;              /* its beginning, by uv_hrtime */
    uint32_t senders;
    bool listens;
    unsigned handles; /* libuv's, and requests under way: the source lives until it is 0 */
    bool closing;
    bool waits; /* for the read slot */
};

/* Files are read one after the other, in the order they were given, as numbers follow the order
   of appearance and must not depend on the loop. Asks for the read slot: `read_slot` is called
   at once, or when the sources before are done. hub_end_read_slot gives the slot back; without a
   slot it does nothing. */
void hub_ask_read_slot(struct source *source);
void hub_end_read_slot(struct source *source);
uv_loop_t *hub_loop(struct hub *hub);
/* Returns the watcher, borrowed; NULL: the system has none. */
struct watcher *hub_watcher(struct hub *hub);
const struct hub_options *hub_settings(const struct hub *hub);
struct ingest_ctx *hub_ctx(struct hub *hub);
/* Returns a buffer for reads that are taken before the next read; all streams share it. */
uv_buf_t hub_buffer(struct hub *hub);

/* Returns the row for the spec: by its prefix, else by what the path leads to; NULL: none. */
const struct source_row *source_row_of(const struct source_row *rows, const char *spec);

/* Returns the row of the client whose own files the directory has, by its name, else by its first
   entries; NULL: none. */
const struct source_row *source_row_of_files(const struct source_row *rows, const char *dir);

/* Ends it: SOURCE_FAILED with the error and a line in the log; SOURCE_FINISHED where error is
   NULL. */
void source_finish(struct source *source, const char *error);
/* Sets the error "spec: cannot be read: why" of a source that tries again, and logs it if it is
   new; NULL: it can be read. */
void source_set_trouble(struct source *source, const char *why);
/* Sets its state. */
void source_set_state(struct source *source, enum source_state state);
/* Sets it to SOURCE_OPEN if its directory has what the row needs, else to SOURCE_WAITING. */
void source_set_state_by_place(struct source *source);
/* Returns the directory of a source with a default one: the named one, else that; NULL: none. */
const char *source_place(const struct source *source);
/* Returns the spec without its prefix. */
const char *source_argument(const struct source *source);
/* Returns the value of one of its settings; NULL: not set. Borrowed from the hub's options. */
const char *source_setting(const struct source *source, const char *name);
/* Returns max_line_bytes of the options, else the default of FEED.md. */
size_t source_max_line(const struct source *source, bool file);
/* Returns whether it may listen there: on loopback always, elsewhere with --allow-remote and a
   token. False: *error has the reason. */
bool source_may_bind(const struct source *source, const struct address *address,
                     struct strbuf *error);

#endif
