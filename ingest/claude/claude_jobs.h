/* Sessions in the background (`claude --bg`): jobs/ID/state.json has a job's name and state,
   timeline.jsonl its earlier states. The client rewrites the one and appends to the other.

   state.json {"sessionId", "resumeSessionId", "name", "nameSource", "state": working | blocked |
   done | failed | stopped …, "tempo": idle | active | blocked, "needs", "updatedAt"} timeline.jsonl
   {"at", "state", "detail"}

   `state` is the last outcome, and stays; `tempo` is what the job does now. */
#ifndef INGEST_CLAUDE_JOBS_H
#define INGEST_CLAUDE_JOBS_H

#include "core/base/u64map.h"
#include "ingest/claude/claude_session.h"

struct claude_job {
    char id[CLIENT_ID_BYTES + 1];                                          /* of its directory */
    char session_id[CLIENT_ID_BYTES + 1], resumed_id[CLIENT_ID_BYTES + 1]; /* "": not set */
    char name[128], state[32], needs[CLIENT_ID_BYTES + 1];
    bool has_own_name, is_blocked; /* blocked: it waits for a person now */
    double updated_ms;             /* NAN: not set */
    bool seen, changed;            /* at this look; since it was reported */
    int64_t modified_ns, timeline_ns;
    off_t taken; /* bytes of its timeline, and which file that was */
    ino_t inode;
    double line_ms;  /* the latest time of a line that was taken */
    double known_ms; /* lines up to then were taken from a former file */
    double since_ms; /* when the last of them began to be blocked; NAN: it is not blocked */
    double wait_ms;  /* the start of the wait that was reported as open; NAN: none */
};

struct claude_jobs {
    const struct mem *mem;
    struct claude_job *items;
    size_t count, cap;
    struct u64map by_id, by_session;
};

void claude_jobs_init(struct claude_jobs *jobs, const struct mem *mem);
void claude_jobs_release(struct claude_jobs *jobs);
/* Reads what has changed in `dir`, which need not exist. False: out of memory. */
bool claude_jobs_look(struct claude_jobs *jobs, const char *dir);
/* Returns the session's job; NULL: it is in no background. Borrowed until the next look. */
struct claude_job *claude_jobs_find(struct claude_jobs *jobs, const char *session_id);
/* Reports the job's name, and that it waits for a person, if anything changed. `dir` as above. */
void claude_jobs_report(struct claude_job *job, struct claude_session *session, const char *dir);

#endif
