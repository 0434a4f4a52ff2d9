/* What every command that reads sources is made of: the loop, the model, the hub, what is left
   behind, and the ways to stop. Only the wiring (tui/app/main.c, tui/app/app.c, tui/cmd_*.c) uses it. */
#ifndef TUI_CMD_ENGINE_H
#define TUI_CMD_ENGINE_H

#include "core/base/notice.h"
#include "core/correlate/witness.h"
#include "core/tracer/tracer.h"
#include "tui/cmd/output.h"

#include <uv.h>

struct hub;

struct engine {
    const struct options *options; /* borrowed */
    const struct mem *mem;
    uv_loop_t loop;
    struct swarm *swarm;
    struct tracer *tracer;
    struct witness *witness;
    struct notice_log *log;
    struct hub *hub;
    struct output *output;
    char *token;              /* of --token-file; NULL: none */
    struct strbuf said;       /* a character a source: whether its error was said */
    struct strbuf claude_dir; /* of a bare `claude:`; empty: unknown */
    bool follow;
    bool live;      /* a source is live */
    bool until_end; /* ends with the sources */
    bool stopped;
    bool ranged;     /* files hold only the part that was asked for */
    uv_async_t wake; /* sent by the first signal */
    bool obeys;      /* signals; `wake` is open */
    uv_timer_t for_timer;
    void (*changed)(void *ctx); /* the model or a status has changed; may be NULL */
    void *ctx;
};

#define ENGINE_SOURCES 64 /* so many are shown */

struct engine_config {
    const struct options *options;
    bool follow;    /* files are followed, and may be not there yet */
    bool until_end; /* engine_run returns when nothing more will come */
    bool live;      /* a source is live that engine_add does not see as one */
    bool ranged;    /* only what touches [from_ns, to_ns] is kept of files */
    int64_t from_ns, to_ns;
    void (*changed)(void *ctx);
    void *ctx;
};

/* The local clock, ns since the Unix epoch. */
int64_t engine_now_ns(void);

/* False: *error says why; nothing is to be closed. `engine` must not move afterwards. */
bool engine_open(struct engine *engine, const struct engine_config *config, struct strbuf *error);
/* Opens a source. False: it cannot be, *error says why; the others go on. */
bool engine_add(struct engine *engine, const char *spec, struct strbuf *error);
/* Opens the sources of the command line; without any, the default ones. Those that cannot be
   opened say so by their status. */
void engine_add_all(struct engine *engine);
/* Obeys SIGINT, SIGTERM, SIGHUP and --for from now on (stop_signal.h). `saves`: a document is written
   after the loop. */
void engine_obey(struct engine *engine, bool saves);
/* Runs the loop until it is stopped, or with until_end until nothing more will come. */
void engine_run(struct engine *engine);
void engine_stop(struct engine *engine);
/* Writes what is left behind, closing nothing. False: *error says `path: what: detail`. */
bool engine_write(struct engine *engine, bool final, struct strbuf *error);
/* Closes what is open and writes the document for the last time. False: said on stderr. */
bool engine_finish(struct engine *engine);
/* Says on stderr what went wrong with the sources and was not said yet. False: something was not
   read. */
bool engine_complain(struct engine *engine);
/* How each source is, at most `max` of them into out; returns how many. Borrowed until the next
   loop turn. */
size_t engine_sources(const struct engine *engine, struct source_status *out, size_t max);
/* Events that came into the model so far; lines or events refused, over all sources. */
uint64_t engine_events(const struct engine *engine);
uint64_t engine_bad(const struct engine *engine);
/* How far the file is that is being read for the first time. False: none is. */
bool engine_progress(const struct engine *engine, struct source_progress *out);
/* Files are read no further. */
void engine_stop_reading(struct engine *engine);
/* Where the first source that listens does; NULL: none does. Borrowed until the next loop turn. */
const char *engine_address(const struct engine *engine);
/* Nothing more will come. */
bool engine_finished(const struct engine *engine);
/* Prints the paths of what was left behind on stdout. */
void engine_print_paths(const struct engine *engine);
/* Stops the hub, runs the loop until all is closed, frees all. The caller's own handles are closing
   already. */
void engine_close(struct engine *engine);

/* Finds out which moments --from and --to mean, where all sources are files that are so large (or `always`) that the part is to be kept small
   while they are read. Sets config->ranged. */
void engine_find_range(struct engine_config *config, bool always);
/* Reads the sources of the command line to their end, says on stderr what was not read (*status is
   then 1, else 0), and keeps of them what lies between --from and --to. Returns new, for
   engine_delete; NULL: *status says it all. */
struct engine *engine_read_all(const struct options *options, int *status);
void engine_delete(struct engine *engine);

#endif
