/* The names of Claude Code's transcripts: DIR/projects/X/SESSION.jsonl, and those of a session's
   sub-agents SESSION/subagents/agent-ID.jsonl beside it (in 2025 agent-ID.jsonl). And the first and
   last time in one, without reading it whole. */
#ifndef INGEST_CLAUDE_FILES_H
#define INGEST_CLAUDE_FILES_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

/* Returns the id in a transcript's name, without `prefix` and ".jsonl"; bytes NULL: it is no
   such name. Borrowed from `name`. */
struct slice claude_files_id(const char *name, const char *prefix);
/* Return the time of the first line that has one, and of the last: ms since the epoch, from the
   file's first and last bytes; NAN: they have none. */
/* The last time is INFINITY where the file's last bytes are within one long line, whose time is not
   among them. */
double claude_files_first_ms(const struct mem *mem, const char *path);
double claude_files_last_ms(const struct mem *mem, const char *path);

/* Appends the session that the first line of a transcript names. False: it names none. */
bool claude_files_session(const struct mem *mem, const char *path, struct strbuf *out);
/* Appends where a link leads, if to a transcript. False: to another file, which may be a key. */
bool claude_files_resolve(const char *path, struct strbuf *out);
/* Returns when the file was made, ns since the epoch; INT64_MIN: unknown. A copy is younger than
   its original. */
int64_t claude_files_born_ns(const char *path);

#endif
