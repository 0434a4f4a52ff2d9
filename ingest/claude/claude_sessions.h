/* The sessions of a directory that are looked at: which these are, and how each of them stands.

   All of a directory that is named; else those that live, and those whose last line is younger than --since. The files of the others are not opened
   (but for their last bytes, where the file itself is young). */
#ifndef INGEST_CLAUDE_SESSIONS_H
#define INGEST_CLAUDE_SESSIONS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/claude/claude_session.h"

struct claude_sessions {
    const struct mem *mem;
    struct claude_transcript_options options; /* of all transcripts */
    const char *proc;                         /* /proc */
    int64_t since_ns;
    bool whole; /* all of them */
    struct strbuf registry_dir;
    struct claude_registry registry;
    struct claude_projects projects;
    struct intern *ids;
    struct u64map by_id; /* a session's id: its place in `list` */
    struct claude_session **list;
    size_t count, cap, sorted; /* so many are in the order in which they began */
    unsigned looks;
    bool failed; /* out of memory */
};

/* False: out of memory; release it all the same. */
bool claude_sessions_init(struct claude_sessions *sessions, const struct mem *mem, const char *dir);
void claude_sessions_release(struct claude_sessions *sessions);
/* Whether the directory is one of Claude Code's. */
bool claude_sessions_exist(const struct claude_sessions *sessions);
/* Looks what has come, gone, and grown. `now_ms` is the loop's clock. */
void claude_sessions_look(struct claude_sessions *sessions, uint64_t now_ms);
/* Lines of types that are not known, in all transcripts; of the last of these *type is one. */
uint64_t claude_sessions_unknown(const struct claude_sessions *sessions, struct slice *type);

#endif
