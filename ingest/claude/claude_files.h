/* The names of Claude Code's transcripts: DIR/projects/X/SESSION.jsonl, and those of a session's
   sub-agents SESSION/subagents/agent-ID.jsonl beside it (in 2025 agent-ID.jsonl). */
#ifndef INGEST_CLAUDE_FILES_H
#define INGEST_CLAUDE_FILES_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

/* Returns the id in a transcript's name, without `prefix` and ".jsonl"; bytes NULL: it is no
   such name. Borrowed from `name`. */
struct slice claude_files_id(const char *name, const char *prefix);
/* Appends the session that the first line of a transcript names. False: it names none. */
bool claude_files_session(const struct mem *mem, const char *path, struct strbuf *out);

#endif
