/* The common part of all commands that read sources: the loop, the model, the hub, the trace that
   is written, and the ways to stop. */
#ifndef TUI_CMD_ENGINE_H
#define TUI_CMD_ENGINE_H

#include "core/base/mem_spare.h"
#include "core/correlate/correlator.h"
#include "core/model/event_log.h"
#include "core/model/source_status.h"
#include "core/tracer/tracer.h"
#include "ingest/ingest_ctx.h"
#include "ingest/sources.h"
#include "tui/cmd/output.h"
#include "tui/cmd/output_claim.h"

#include <uv.h>

struct hub;
struct journal;
struct price_file;
struct recovery;

struct engine {
    const struct options *options; /* borrowed */
    const struct mem *mem;
    uv_loop_t loop;
    struct swarm *swarm;
    size_t max_live_events; /* the cap of live sources; 0: none */
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct hub *hub;
    struct forward *forward; /* of --forward; NULL: none */
    struct output *output;
    struct output_claim claim;
    struct ingest_tap tap;     /* the config's */
    struct journal *journal;   /* NULL: none is kept */
    struct recovery *recovery; /* of dead runs; NULL: not started */
    struct mem_spare spare;    /* `mem` is its */
    size_t refused_printed;    /* of its refused allocations, those that were reported */
    char *token;               /* of --token-file; NULL: none */
    struct price_file *prices; /* of --prices; NULL: none */
    struct strbuf status;      /* the last answer to a sender that asks for it */
    uint64_t status_revision;
    int64_t status_ns;
    struct strbuf printed; /* a character per source: which messages of it were printed */
    struct source_places places;
    bool follow;
    bool live;      /* a source is live */
    bool until_end; /* engine_run returns when the sources end */
    bool stopped;
    bool ranged;        /* only a part of the files is kept */
    struct swarm *past; /* the model as of past_ns, the time of --to; NULL: none is asked for */
    int64_t past_ns;
    uv_async_t wake; /* sent by the first signal */
    bool obeys;      /* `wake` is open */
    uv_timer_t for_timer;
    void (*changed)(void *ctx); /* called when the model or a status changes; may be NULL */
    /* Shows a text that the log already has; NULL: stderr. */
    void (*report)(void *ctx, enum log_level level, const char *text);
    bool lacks_source; /* one could not be added at all */
    bool recovers;     /* dead runs are recovered once the sources are open */
    void *ctx;
};

#define ENGINE_SOURCES 64 /* most sources that are shown */

struct engine_config {
    const struct options *options;
    bool follow;    /* files are followed and need not exist yet */
    bool until_end; /* engine_run returns when the sources end */
    bool live;      /* a source is live although its spec does not show it */
    bool ranged;    /* only the part of files in [from_ns, to_ns] is kept */
    int64_t from_ns, to_ns;
    struct ingest_tap tap; /* gets a line of the feed for all that the model is given */
    bool keeps;            /* a live run keeps a journal, and recovers those of dead runs */
    void (*changed)(void *ctx);
    void (*report)(void *ctx, enum log_level level, const char *text);
    void *ctx;
};

/* Returns the local clock in ns since the Unix epoch. */
int64_t engine_now_ns(void);

/* Opens an engine, for engine_close; it must not move until then. Returns false with the reason in
   *error; then there is nothing to close. */
bool engine_open(struct engine *engine, const struct engine_config *config, struct strbuf *error);
/* Opens a source. Returns false with the reason in *error; other sources are not affected. */
bool engine_add(struct engine *engine, const char *spec, struct strbuf *error);
/* Opens the sources of the command line, or the default ones. A source that cannot be opened has
   the error in its status. */
void engine_add_all(struct engine *engine);
/* Obeys SIGINT, SIGTERM, SIGHUP and --for from now on (stop_signal.h). `saves`: a document is
   written after the loop. */
void engine_obey(struct engine *engine, bool saves);
/* Runs the loop until it is stopped, or with until_end until the sources end. */
void engine_run(struct engine *engine);
void engine_stop(struct engine *engine);
/* Writes the trace and leaves spans open. Returns false with `path: what: detail` in *error. */
bool engine_write(struct engine *engine, bool final, struct strbuf *error);
/* Closes open spans, writes the trace for the last time and ends the journal. Returns false after
   printing the reason to stderr. */
bool engine_finish(struct engine *engine);
/* Prints new errors of the sources to stderr, and of each the first line or event that it refused,
   with their number. Returns false if a source was not read to its end or refused one. */
bool engine_complain(struct engine *engine);
/* Prints how often memory has run out, if it has since the last call. Returns false if it ever
   has. */
bool engine_had_memory(struct engine *engine);
/* Copies the status of at most `max` sources; returns their number. Texts are borrowed until the
   next iteration of the loop. */
size_t engine_sources(const struct engine *engine, struct source_status *out, size_t max);
/* Appends the clocks of senders that are off, each after `before`. */
void engine_clocks(const struct engine *engine, const char *before, struct strbuf *out);
/* Return the number of events in the model so far, and of refused lines and events. */
uint64_t engine_events(const struct engine *engine);
uint64_t engine_bad(const struct engine *engine);
/* Sets *out to the progress of the initial read; returns false if none is running. */
bool engine_progress(const struct engine *engine, struct source_progress *out);
/* Adds a line about no session to the log. */
void engine_log(struct engine *engine, enum log_level level, const char *text);
/* The same, and shows it now: on the screen, or on stderr. `ctx` is the engine. */
void engine_report(void *ctx, enum log_level level, const char *text);
/* Logs and prints the reason why something could not be opened; an empty one: out of memory. */
void engine_refused(struct engine *engine, const struct strbuf *error);
/* Stops reading files. */
void engine_stop_reading(struct engine *engine);
/* Returns the address of the first source that listens, borrowed until the next iteration; NULL:
   none. */
const char *engine_address(const struct engine *engine);
/* Returns whether all sources have ended. */
bool engine_finished(const struct engine *engine);
/* Prints the paths of the written traces to stdout. */
void engine_print_paths(const struct engine *engine);
/* Stops the hub, runs the loop until all handles are closed, and frees everything. The caller has
   called uv_close on its own handles. */
void engine_close(struct engine *engine);

/* Resolves --from and --to before the sources are read, and sets config->ranged, if all sources are
   files and large, or with `always` of any size. Then only that part is kept in memory. */
void engine_find_range(struct engine_config *config, bool always);
/* Reads the sources of the command line to their end and keeps the part between --from and --to.
   Prints errors to stderr; *status is then 1, else 0. Returns new, for engine_delete; NULL: *status
   is the exit status. */
struct engine *engine_read_all(const struct options *options, int *status);
/* The same, and stops the clock at --to: engine_model is then the model as it was at that time, of
   which the part after --from is kept. Calls that begin later are absent, those that end later are
   open. A --to after the end changes nothing. */
struct engine *engine_read_until(const struct options *options, int *status);
/* Returns the model of engine_read_until, and its present. */
const struct swarm *engine_model(const struct engine *engine);
int64_t engine_moment(const struct engine *engine);
void engine_delete(struct engine *engine);

#endif
