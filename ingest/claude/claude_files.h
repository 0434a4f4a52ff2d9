/* The names of Claude Code's transcripts: DIR/projects/X/SESSION.jsonl, and those of a session's
   sub-agents SESSION/subagents/agent-ID.jsonl beside it. And the first and last time in one,
   without reading it whole. */
#ifndef INGEST_CLAUDE_FILES_H
#define INGEST_CLAUDE_FILES_H

#include "core/base/mem.h"
#include "core/trace/event.h"

/* Returns the id in a transcript's name, without `prefix` and ".jsonl"; bytes NULL: it is no
   such name. Borrowed from `name`. */
struct slice claude_files_id(const char *name, const char *prefix);
/* Return the time of the first line that has one, and of the last: ms since the epoch, from the
   file's first and last bytes; NAN: they have none. */
double claude_files_first_ms(const struct mem *mem, const char *path);
double claude_files_last_ms(const struct mem *mem, const char *path);

#endif
