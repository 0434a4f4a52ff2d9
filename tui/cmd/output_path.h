/* Paths of documents. Private to output*.c. */
#ifndef TUI_OUTPUT_PATH_H
#define TUI_OUTPUT_PATH_H

#include "tui/cmd/output.h"

/* Appends the path of the document of `only`, or with NO_SESSION of all sessions; nothing if none
   is to be written. Returns true if the user named the file itself: one from an earlier run is
   replaced. `mine(ctx, path)` returns whether this program wrote the file before. */
struct output_naming {
    const struct output_config *config;
    const struct swarm *swarm;
    int64_t local_ns;
    bool (*mine)(void *ctx, const char *path);
    void *ctx;
};
bool output_path_of(const struct output_naming *naming, session_no only, struct strbuf *out);
/* Appends `trace-SESSION.json`, with NO_SESSION and several sessions `trace-DATE.json`. Returns
   false if there is no session. */
bool output_trace_name(const struct output_naming *naming, session_no only, struct strbuf *out);
/* Appends the file that CLAUDE_CODE_PERFETTO_TRACE names, or with a slash the directory of files
   whose names it leaves open. Returns false if it is not set, or off. */
bool output_seeds_path(const struct environment *env, struct strbuf *out);
/* Appends the path of the state directory with its slash. */
void output_state_dir(const struct environment *env, struct strbuf *out);
/* Appends the name; from number 2 on with `-NUMBER` before its extension. */
void output_add_numbered(const char *name, size_t len, unsigned number, struct strbuf *out);
/* Appends a path in the directory of the documents, before any session is known; nothing if none
   is to be written. */
void output_path_to_try(const struct output_config *config, struct strbuf *out);
/* Returns the format of the trace that is written to the path: --format, else by its name, without
   .gz: .pftrace and .perfetto-trace are Perfetto's. */
enum document_format output_format(const struct options *options, const char *path);
/* Returns the length of the path without its extension (.json.gz and .pftrace.gz are one). */
size_t output_stem(const char *path, size_t len);
bool output_is_source(const struct output_config *config, const struct strbuf *path);
/* Returns the next session after `after` (NO_SESSION: the first); NO_SESSION: no more. */
session_no output_next_session(const struct swarm *swarm, session_no after);

#endif
