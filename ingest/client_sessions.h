/* The sessions that one source has, of a client that keeps no registry of those that run: when the
   latest line of each was written, in whichever of its files, and whether something is open. From
   these follows when a session has ended, and from its process, where one was found: a process of
   the client that works in the session's directory and is older than its lines. A session that was
   left unfinished before its source began has died where no such process runs, and is unknown where
   that cannot be seen. */
#ifndef INGEST_CLIENT_SESSIONS_H
#define INGEST_CLIENT_SESSIONS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/ingest_ctx.h"
#include "ingest/process.h"

#include <uv.h>

#define CLIENT_SESSION_NONE UINT32_MAX

enum { CLIENT_SESSION_PROCESSES = 8 };

/* Whether the client's process runs, of a session that has none yet. */
enum client_search {
    SEARCH_NONE,   /* it was not looked for */
    SEARCH_HIDDEN, /* not found, but it may be where it cannot be seen */
    SEARCH_ABSENT  /* it does not run */
};

struct client_session {
    intern_id id;
    intern_id directory;      /* INTERN_NONE: unknown */
    double first_ms, last_ms; /* of its first and latest line that was read; NAN: none */
    double ended_ms;          /* last_ms when it was reported to have ended */
    bool ended;
    bool busy; /* something is open in one of its files */
    /* Those that may run it: more than one in a directory of several clients. None: unknown. */
    struct process processes[CLIENT_SESSION_PROCESSES];
    size_t process_count;
    bool written;              /* its client wrote its one process down: it is no other session's */
    double started_ms;         /* when that one took the session; of a written one only */
    double alive_ms;           /* when it was reported that one lives; NAN: it was not */
    enum client_search search; /* of its processes, since it began or was continued */
    bool seen;                 /* a line of it was written since the source began */
    unsigned dead_looks;       /* looks since all of them died */
    bool has_sign; /* the client itself shows whether it lives: its source reports the end */
    struct client_unknown {
        uint64_t count; /* lines, or parts of them, of types that are not known */
        char type[40];  /* of the first one */
        bool logged;
    } unknown;
};

struct client_sessions {
    struct ingest_ctx *ingest;   /* borrowed */
    int64_t since_ns;            /* so long something open may be quiet */
    double began_ms;             /* when the source began */
    const char *proc;            /* /proc, or a directory like it; borrowed */
    const char *const *programs; /* names of the client; NULL: processes are not looked for */
    uv_loop_t *loop;             /* its workers search; NULL: the loop itself. Borrowed */
    unsigned *handles;           /* of the source, which a search keeps alive */
    const bool *closing;         /* of the source: what a search finds is of no use any more */
    bool searching;              /* a worker does */
    int64_t searched_ns;         /* the last search, by the local clock */
    unsigned searches;           /* in a row that found nothing new */
    struct intern *texts;
    struct u64map by_id;
    struct client_session *items; /* in order of appearance */
    size_t count, cap;
    struct u64map asks;            /* by session and agent: whether the client may ask a person */
    struct client_unknown unknown; /* of no session */
    bool failed;                   /* out of memory */
};

/* False: out of memory; release it all the same. */
bool client_sessions_init(struct client_sessions *all, struct ingest_ctx *ingest, int64_t since_ns);
void client_sessions_release(struct client_sessions *all);
/* Returns the number of the session of that id, made when it is new; CLIENT_SESSION_NONE: the id is
   empty, or out of memory. */
uint32_t client_sessions_number(struct client_sessions *all, struct slice id);
/* Has processes looked for. `proc` NULL: the system's. All are borrowed. */
void client_sessions_search(struct client_sessions *all, const char *proc,
                            const char *const *programs);
/* Has a worker of the loop look, as a machine may have thousands of processes. The source lives
   until *handles is 0. */
void client_sessions_search_on(struct client_sessions *all, uv_loop_t *loop, unsigned *handles,
                               const bool *closing);
/* Sets the directory in which its client works. */
void client_sessions_set_directory(struct client_sessions *all, uint32_t number, struct slice cwd);
/* Sets, and returns, whether the client may ask a person before a tool of the agent runs ("": the
   main one), as far as is known: it may. */
void client_sessions_set_asks(struct client_sessions *all, uint32_t number, struct slice agent,
                              bool asks);
bool client_sessions_asks(const struct client_sessions *all, uint32_t number, struct slice agent);
/* A line of it was written then. For CLIENT_SESSION_NONE nothing is done. */
void client_sessions_note(struct client_sessions *all, uint32_t number, double at_ms);
/* Counts something of the session (or of none) whose type the client's reader does not know. */
void client_sessions_note_unknown(struct client_sessions *all, uint32_t number, struct slice type);
/* Logs how many `things` (lines, parts) of each session were of unknown types, once a session.
   `source` is for people. */
void client_sessions_log_unknown(struct client_sessions *all, const char *source,
                                 const char *things);
/* A look begins: nothing is busy, until client_sessions_set_busy. */
void client_sessions_begin_look(struct client_sessions *all);
void client_sessions_set_busy(struct client_sessions *all, uint32_t number);
/* Reports those that have ended: their process has, or, where that is unknown, nothing was written
   for long, or `last`: no more will be read. A session that is written to again is open again. */
void client_sessions_conclude(struct client_sessions *all, bool last);
/* Returns whether it has ended, and nothing was written since. */
bool client_sessions_has_ended(const struct client_sessions *all, uint32_t number);

/* ---- client_session_processes.c ---- */

/* The session's client has written down its process, which took the session at `started_ms` (NAN:
   it is ignored) and works in `work_dir` ("": unknown) or in the session's directory. Ignored are a
   process that is younger, works elsewhere or runs another program, and what is older
   than what was written down of the session or of the process. */
void client_sessions_set_process(struct client_sessions *all, uint32_t number, int64_t pid,
                                 struct slice work_dir, double started_ms);
/* Reports that a process of the session lives. */
void client_session_processes_report(struct client_sessions *all, struct client_session *session);
/* Looks for the processes of open sessions, now and then. `last`: at once, as no
   later look takes what a worker finds. */
void client_session_processes_search(struct client_sessions *all, bool last);
/* Returns whether the session's process may be known soon: it is not known whether it has ended. */
bool client_session_processes_may_come(const struct client_sessions *all,
                                       const struct client_session *session);
/* Forgets processes that have died. Returns whether one lives. */
bool client_session_processes_live(struct client_sessions *all, struct client_session *session);

#endif
