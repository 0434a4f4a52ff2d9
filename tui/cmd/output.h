/* The trace that a command writes: its path and the writing. The caller decides when. */
#ifndef TUI_OUTPUT_H
#define TUI_OUTPUT_H

#include "core/model/event_log.h"
#include "tui/cmd/options.h"

struct output;

struct output_config {
    const struct mem *mem;         /* all borrowed */
    const struct options *options; /* -o, --split, --tracks, --from, --to, the environment */
    bool ranged; /* [from_ns, to_ns] is resolved; else each document resolves --from and --to */
    int64_t from_ns, to_ns;
    bool live; /* a source is live: a document is written even without --output */
    bool (*is_source)(void *ctx,
                      const char *path); /* returns whether the file is a source; may be NULL */
    /* Called while a document is written; `final`: the last one. Returns whether to stop. NULL:
       never. */
    bool (*gives_up)(bool final);
    /* Reports what the user should know of a file that was written; NULL: nobody wants it. */
    void (*report)(void *ctx, enum log_level level, const char *text);
    void *ctx;
};

/* Returns new; NULL if out of memory. */
struct output *output_new(const struct output_config *config);
void output_free(struct output *output);

/* Returns the path that output_write would use now, borrowed until the next call; NULL: none. */
const char *output_path(struct output *output, const struct swarm *swarm, int64_t local_ns);
/* Returns whether the document goes to stdout, which must then be used for nothing else. */
bool output_to_stdout(const struct output *output);
/* Tries whether a document can be written: makes the directory and a temporary file beside it,
   which goes again. For the start, when no session is known yet. Returns false with
   `path: what: detail` in *error. */
bool output_try(struct output *output, struct strbuf *error);
/* Writes the document, or with --split one per session. A failed write leaves the old file as it
   was. Nothing to write is success, and so is an earlier document that was given up. `final`: the
   last call; stdout gets the document only then. Returns false with `path: what: detail` of the
   first failure in *error. */
bool output_write(struct output *output, const struct swarm *swarm, int64_t local_ns, bool final,
                  struct strbuf *error);

/* Returns the paths written so far, each once, in order; NULL: no more. */
const char *output_written(const struct output *output, size_t index);

#endif
