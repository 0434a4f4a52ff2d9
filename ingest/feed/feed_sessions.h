/* The sessions that one sender feeds: its own, for lines that name none, and those that its lines
   name. */
#ifndef INGEST_FEED_SESSIONS_H
#define INGEST_FEED_SESSIONS_H

#include "ingest/ingest_ctx.h"

struct feed_sessions {
    struct ingest_ctx *ingest;
    const char *source; /* of sessions, for people; borrowed */
    const char
        *base_id; /* of a session that a line without session_id opens; NULL: feed-N. Borrowed */
    const char *host;  /* as in struct feed_options */
    session_no joined; /* by the last line: its host is to be reported; NO_SESSION: none */
    session_no own;    /* feed_sessions_own has it */
    uint64_t own_serial;
    session_no made; /* the own session that a line without session_id opened; NO_SESSION: none */
    uint64_t made_serial;
    uint64_t *fed; /* by session: its serial number, 0: not fed */
    size_t fed_cap;
};

void feed_sessions_init(struct feed_sessions *sessions, struct ingest_ctx *ingest,
                        const char *source, const char *base_id);
void feed_sessions_release(struct feed_sessions *sessions);

/* The session of lines that name none; NO_SESSION: none yet, or it was forgotten. */
session_no feed_sessions_own(const struct feed_sessions *sessions);
void feed_sessions_set_own(struct feed_sessions *sessions, session_no session);
/* Forgets what a `hello` set: the own session is again that of lines that name none. */
void feed_sessions_reset_own(struct feed_sessions *sessions);
/* tracer_hello; the session is fed from then on. */
enum tracer_result feed_sessions_hello(struct feed_sessions *sessions, double t_ms,
                                       int64_t local_ns, const struct hello_op *hello,
                                       session_no *out);
/* Finds the session of that id, or without bytes the sender's own; opens it at `t_ms` if
   necessary. With `only_known` none is opened: TRACER_NOT_OPEN. */
enum tracer_result feed_sessions_find(struct feed_sessions *sessions, struct slice id, double t_ms,
                                      int64_t local_ns, bool only_known, session_no *out);
/* The sender feeds the session from then on. False: out of memory. */
bool feed_sessions_join(struct feed_sessions *sessions, session_no session);
/* Reports the host of the session that a line has joined, after the line. False: out of memory. */
bool feed_sessions_put_host(struct feed_sessions *sessions);
/* The session of that id, else (no bytes) the sender's own; NO_SESSION: not known yet. */
session_no feed_sessions_known(const struct feed_sessions *sessions, struct slice id);
/* A session without agents: one with raw events alone. */
struct feed_opening {
    struct slice id;       /* no bytes: the sender's own */
    double t_ms, start_ms; /* Unix epoch; start_ms NAN: its times count from 0 */
    struct slice extra;    /* a document's other members, a raw object; no bytes: none */
};
/* Finds the session, or opens it as it is given. False: out of memory. */
bool feed_sessions_open(struct feed_sessions *sessions, const struct feed_opening *opening,
                        session_no *out);
/* The sender has gone, or rests: the sessions that no other feeds get the flag (enum
   session_flag). */
void feed_sessions_leave(struct feed_sessions *sessions, uint8_t flag);

#endif
