/* The sessions of a directory that are shown, and the state of each.

   All of a directory that is named; else those that live, and those whose last line is younger
   than --since. The files of the others are not opened (but for their last bytes, where the file
   itself is young). */
#ifndef INGEST_CLAUDE_SESSIONS_H
#define INGEST_CLAUDE_SESSIONS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/claude/claude_jobs.h"
#include "ingest/transcript_time.h"

struct claude_sessions {
    struct transcript_dir *dir; /* borrowed */
    const struct mem *mem;
    struct claude_transcript_options options; /* of all transcripts */
    struct claude_here here;
    int64_t since_ns;
    bool whole; /* all of them */
    struct strbuf registry_dir, projects_dir, jobs_dir;
    struct claude_jobs jobs;
    struct claude_registry registry;
    bool registry_watched;
    struct transcript_search *root; /* projects_dir; NULL: it has not existed yet */
    struct intern *project_names;
    struct intern *beside;       /* paths of agents' transcripts beside their sessions' */
    struct intern *asked;        /* the same, and those of sessions that are not shown */
    struct u64map session_named; /* by number of a path in `asked`: the session's in `ids` */
    struct transcript_recent recent;
    struct intern *refused;              /* paths that cannot be read, and were reported */
    struct transcript_search **projects; /* borrowed */
    size_t project_count, project_cap;
    struct intern *ids;
    struct u64map by_id; /* a session's id: its place in `list` */
    struct claude_session **list;
    size_t count, cap, sorted; /* so many are in the order in which they began */
    size_t at;                 /* the session that is read */
};

/* False: out of memory; release it all the same. */
bool claude_sessions_init(struct claude_sessions *sessions, struct transcript_dir *dir,
                          const char *path);
void claude_sessions_release(struct claude_sessions *sessions);
/* Has transcripts leave out lines that they copied from another one; after `options` is set. */
void claude_sessions_compare_lines(struct claude_sessions *sessions);
/* Returns whether the directory is one of Claude Code's. */
bool claude_sessions_exist(const struct claude_sessions *sessions);
/* Takes an entry of one of their directories, which may be known. */
void claude_sessions_found(struct claude_sessions *sessions, const struct transcript_search *where,
                           const char *name, const char *path);
/* Returns the next file to read; NULL: none. A session is read as a whole before the next one. */
struct claude_file *claude_sessions_next(struct claude_sessions *sessions);
/* Looks which files have come, gone or grown. `now_ms` is the loop's clock. */
void claude_sessions_look(struct claude_sessions *sessions, uint64_t now_ms);
/* Reports the jobs of the sessions, once all files are read. */
void claude_sessions_report_jobs(struct claude_sessions *sessions);

#endif
