/* What is left behind: where the document goes, and writing it (CLI.md, "What is left behind").
   When to write is the caller's. */
#ifndef TUI_OUTPUT_H
#define TUI_OUTPUT_H

#include "tui/cmd/options.h"

struct output;

struct output_config {
    const struct mem *mem;         /* all borrowed */
    const struct options *options; /* -o, --split, --tracks, --from, --to, the environment */
    bool
        ranged; /* --from and --to mean [from_ns, to_ns]; else they are measured against what is there when it is written */
    int64_t from_ns, to_ns;
    bool live; /* some source is live: a document is left behind though nobody asked */
    bool (*is_source)(void *ctx, const char *path); /* the file is read; may be NULL: none is */
    /* Asked while a document is written, the last one or an earlier one: whether to leave off. NULL:
       never. */
    bool (*gives_up)(bool final);
    void *ctx;
};

/* Returns new; NULL: out of memory. */
struct output *output_new(const struct output_config *config);
void output_free(struct output *output);

/* Where it would be written now, for people; NULL: nowhere (nothing asked for, or nothing there to
   name it after). Borrowed until the next call. */
const char *output_path(struct output *output, const struct swarm *swarm, int64_t local_ns);
/* Whether it goes to stdout, which is then not for anything else. */
bool output_to_stdout(const struct output *output);
/* Writes the document, or with --split each; those that fail leave the old version as it was.
   Nothing to write is success, and so is an earlier document that was given up. `final`: the last time (stdout gets it then alone). False: *error
   says `path: what: detail` of the first that failed. */
bool output_write(struct output *output, const struct swarm *swarm, int64_t local_ns, bool final,
                  struct strbuf *error);

/* What was written so far, each path once, in order; NULL: no more. */
const char *output_written(const struct output *output, size_t index);

/* Appends what a session's id makes of itself in a file's name: no slashes, controls, leading dots,
   no broken UTF-8, at most 100 bytes, never empty. */
void output_file_name(const char *id, size_t len, struct strbuf *out);

#endif
