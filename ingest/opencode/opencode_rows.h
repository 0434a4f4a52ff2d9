/* Rows of OpenCode's database: rows in, updates out. A session with a parent is a sub-agent of the
   session at the top; a message of the assistant is a request; tools and texts are its parts. */
#ifndef INGEST_OPENCODE_ROWS_H
#define INGEST_OPENCODE_ROWS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/client_sessions.h"
#include "ingest/opencode/opencode_db.h"

struct opencode_session {
    intern_id id, root; /* root: the session at the top, the same for a main agent */
    intern_id answer;   /* its latest message of the assistant; INTERN_NONE: none yet */
    double prompt_ms;   /* of its latest message of the user; NAN: none yet */
    double created_ms;  /* NAN: its row was not read yet */
    bool asks_nobody;   /* no person is at it, so none is asked before a tool runs */
};

/* A tool that was open when its part was read last. */
struct opencode_tool {
    intern_id session, message, call, part;
    intern_id child; /* the session that it runs; INTERN_NONE: none */
    double last_ms;
    bool prepared; /* its input is complete: it runs, or waits for a person */
};

struct opencode_rows {
    struct source_counters *counters; /* borrowed */
    const char *source;               /* for people; borrowed */
    bool content;
    double from_ms;                         /* older messages are left out; NAN: none are */
    struct client_sessions sessions_at_top; /* when they end */
    struct intern *texts;
    struct u64map by_id; /* a session's id: its place in `sessions` */
    struct opencode_session *sessions;
    size_t session_count, session_cap;
    struct u64map answer_by_message; /* a message's id: its place in `answers` */
    struct opencode_answer {
        intern_id session;   /* INTERN_NONE: its message was not read yet */
        double start_ms;     /* NAN: its message was not read yet */
        double retry_ms;     /* of its latest failed attempt; NAN: none failed */
        double end_ms;       /* of its text, or the start of its last tool; NAN: neither yet */
        double completed_ms; /* with its tools; NAN: it is not complete */
        double last_ms;      /* its row's last change; NAN: unknown */
        double shown_ms;     /* the end that was reported while it is not complete; NAN: none */
        intern_id growing;   /* its part that is being written; INTERN_NONE: none */
        bool has_first;      /* the time of its attempt's first token was sent */
        bool has_tool;       /* one of its tools began to run, on this machine */
        bool prepares;       /* the input of one is being written, at this look */
        bool open;           /* when it was read last */
        bool abandoned;      /* its session has a later answer: nothing will end this one */
        bool copied;         /* of another session's message: it has no calls of its own */
    } * answers;
    size_t answer_count, answer_cap;
    struct opencode_left {
        intern_id session, message;
    } * left; /* answers that were abandoned since the last read was complete */
    size_t left_count, left_cap;
    struct opencode_tool *tools;
    size_t tool_count, tool_cap;
    struct strbuf scratch;
    bool failed; /* out of memory */
};

/* False: out of memory; release it all the same. */
bool opencode_rows_init(struct opencode_rows *rows, struct source_counters *counters,
                        const char *source, bool content, int64_t since_ns);
void opencode_rows_release(struct opencode_rows *rows);
/* Takes a row. Returns true if it is not final: it is to be read again. */
bool opencode_rows_take(struct opencode_rows *rows, const struct opencode_row *row);
/* Reports which sessions have ended; `last`: no more rows will come. */
void opencode_rows_conclude(struct opencode_rows *rows, bool last);

#endif
