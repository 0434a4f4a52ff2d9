/* Where Claude Code's transcripts lie: DIR/projects/X/SESSION.jsonl, and those of a session's sub-agents in SESSION/subagents beside it. And when what is in
   one began and ended, without reading it. */
#ifndef INGEST_CLAUDE_FILES_H
#define INGEST_CLAUDE_FILES_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

#include <stdint.h>
#include <sys/stat.h>

/* A directory as it was at the last look: whether something has come or gone since is told by its time alone. */
struct claude_directory {
    char *path;
    int64_t modified_ns; /* INT64_MIN: never looked at */
};

struct claude_projects {
    const struct mem *mem;
    struct strbuf root; /* DIR/projects */
    struct claude_directory own;
    struct claude_directory *list;
    size_t count, cap;
};

/* What was found: a transcript's path and what it is called by, borrowed for the call. */
typedef void claude_found_call(void *ctx, const char *path, struct slice id, const struct stat *st);

/* `dir` is copied. False: out of memory. */
bool claude_projects_init(struct claude_projects *projects, const struct mem *mem, const char *dir,
                          size_t len);
void claude_projects_release(struct claude_projects *projects);
/* Whether the directory is there. */
bool claude_projects_exist(const struct claude_projects *projects);
/* Calls for the transcripts of each project in which something has come or gone since the last time, at first of all. False: out of memory. */
bool claude_projects_look(struct claude_projects *projects, claude_found_call *call, void *ctx);
/* Appends the path of a session's transcript. False: there is none. */
bool claude_projects_find(const struct claude_projects *projects, const char *session_id,
                          struct strbuf *path);
/* The same of the transcripts of sub-agents in a directory: agent-ID.jsonl. */
void claude_files_agents(const struct mem *mem, const char *dir, claude_found_call *call,
                         void *ctx);
/* Whether something has come into the directory, or gone, since it was asked the last time. */
bool claude_directory_changed(struct claude_directory *directory);

int64_t claude_files_modified_ns(const struct stat *st);
/* Opens a file to read it, if it is an ordinary one: of others (a FIFO, a device) reading might never end. -1: errno says why not. */
int claude_files_open(const char *path);
/* When the first line of a transcript that has a time was written, and the last: ms since the epoch, from its first and last bytes; NAN: it cannot be seen
   there. */
double claude_files_first_ms(const struct mem *mem, const char *path);
double claude_files_last_ms(const struct mem *mem, const char *path);

#endif
