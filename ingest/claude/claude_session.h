/* One session of Claude Code: its transcript and those of its sub-agents, how far they are read,
   and the state of its process by the registry. */
#ifndef INGEST_CLAUDE_SESSION_H
#define INGEST_CLAUDE_SESSION_H

#include "core/base/intern.h"
#include "ingest/claude/claude_files.h"
#include "ingest/claude/claude_meta.h"
#include "ingest/claude/claude_registry.h"
#include "ingest/claude/claude_transcript.h"
#include "ingest/transcript_dir.h"

struct claude_session;

struct claude_file {
    struct transcript_file file;
    struct claude_session *session;
    struct claude_transcript *transcript;
    char agent_id[CLIENT_ID_BYTES + 1]; /* "": the session's own */
    struct claude_meta meta;
    int64_t meta_ns; /* of the meta file as it was read; INT64_MIN: never */
    double first_ms; /* by its first bytes */
    double ended_ms; /* the end that was reported for its agent; NAN: none */
    bool meta_sent;  /* the facts of the meta file were reported */
    bool starts;     /* it is one of its session's starters */
};

/* A wait for a person. */
struct claude_wait {
    bool on; /* not all of it has been reported */
    double start_ms, end_ms;
    uint64_t since_ms;            /* by the loop's clock */
    struct claude_file *reported; /* the file of the call; NULL: unknown */
    bool is_own;                  /* reported without a call */
};

struct claude_session {
    const struct claude_transcript_options
        *options;               /* of all sessions: counters, source, content; borrowed */
    struct transcript_dir *dir; /* borrowed */
    const struct mem *mem;
    char id[CLIENT_ID_BYTES + 1];
    struct claude_file **files; /* its own first (two where one was copied to another directory),
                                   none: it is not there yet; then its sub-agents' */
    size_t count, cap, own_count;
    size_t read; /* the first of them are read as far as they went at the last look */
    struct claude_file **starters; /* those with calls that started agents */
    size_t starter_count, starter_cap;
    struct transcript_search **searches; /* directories of its sub-agents, and those in them */
    size_t search_count, search_cap;
    struct intern *agent_ids;      /* those that were found; NULL: none */
    struct claude_file **by_agent; /* the files of agents, by the numbers of agent_ids */
    size_t by_agent_cap;
    bool failed; /* out of memory */
    bool logged_unknown;

    /* By the registry; times by the loop's clock in ms. */
    bool lives;          /* or may do so: its process cannot be seen */
    bool was_registered; /* it lived at some look */
    bool is_dead;        /* its file exists, its process does not */
    bool is_unseen;      /* its file exists, its process cannot be seen */
    bool alive_reported;
    double unseen_ms; /* for so long an unseen process may live without a sign */
    char name[1024];
    bool has_own_name;
    bool is_name_given, given_reported; /* by a person */
    struct process process;             /* its process here; pid 0: unknown */
    enum claude_status status;
    double status_ms, started_ms;
    char waiting_for[64];
    uint64_t status_since, seen_since, lost_since, grown_since;
    uint64_t open_since; /* it has ended, but since then another source opened it again; 0: not */
    bool is_blocked;     /* its job, in the background, waits for a person */
    bool idle_reported, ended, grew; /* grew: since it was loaded */
    struct claude_wait wait;
};

/* Returns new; NULL: out of memory. `dir` and `options` are borrowed. A process that nobody can
   see is unknown once nothing came of it for `since_ms`, at most an hour. */
struct claude_session *claude_session_new(struct transcript_dir *dir,
                                          const struct claude_transcript_options *options,
                                          struct slice id, double since_ms);
void claude_session_free(struct claude_session *session);
/* Takes the path of its own transcript, which may be known, or have been moved there. */
void claude_session_set_path(struct claude_session *session, const char *path);
/* Takes an entry of a directory of its sub-agents, which may be known. */
void claude_session_found(struct claude_session *session, const char *name, const char *path);
/* Nothing is expected of it: its directories need fewer looks. */
void claude_session_rest(struct claude_session *session, bool at_rest);
/* Looks which of its files have grown. */
void claude_session_look(struct claude_session *session);
/* Returns the next file with bytes to read; NULL: none. Borrowed. */
struct claude_file *claude_session_next(const struct claude_session *session);
/* Takes the next bytes of one of its files; `len` 0: it has no more for now. */
void claude_session_take(struct claude_session *session, struct claude_file *file,
                         const char *bytes, size_t len, uint64_t now_ms);
/* Takes last lines without an end: no more will be read. */
void claude_session_finish(struct claude_session *session);
/* Returns the number of lines with unknown types; *type is one of these types. */
uint64_t claude_session_unknown(const struct claude_session *session, struct slice *type);
/* Returns the last time in its lines; NAN: no line has one. */
double claude_session_last_ms(const struct claude_session *session);

/* Takes a name. `own`: it is not made of the directory; `given`: a person chose it. */
void claude_session_name(struct claude_session *session, const char *name, bool own, bool given);
/* Takes its present entry in the registry; NULL: it has none. */
void claude_session_registered(struct claude_session *session,
                               const struct claude_registered *entry, uint64_t now_ms);
/* Decides whether it has ended. `loaded`: without waiting for more. */
void claude_session_conclude(struct claude_session *session, uint64_t now_ms, bool loaded);

#endif
