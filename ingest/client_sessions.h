/* The sessions that one source has, of a client that keeps no registry of those that run: when the
   latest line of each was written, in whichever of its files, and whether something is open. From
   these follows when a session has ended. */
#ifndef INGEST_CLIENT_SESSIONS_H
#define INGEST_CLIENT_SESSIONS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/ingest_ctx.h"

#define CLIENT_SESSION_NONE UINT32_MAX

struct client_session {
    intern_id id;
    double last_ms;  /* of its latest line; NAN: none */
    double ended_ms; /* last_ms when it was reported to have ended */
    bool ended;
    bool busy;     /* something is open in one of its files */
    bool has_sign; /* the client itself shows whether it lives: its source reports the end */
};

struct client_sessions {
    struct ingest_ctx *ingest; /* borrowed */
    int64_t since_ns;          /* so long something open may be quiet */
    struct intern *texts;
    struct u64map by_id;
    struct client_session *items; /* in order of appearance */
    size_t count, cap;
    bool failed; /* out of memory */
};

/* False: out of memory; release it all the same. */
bool client_sessions_init(struct client_sessions *all, struct ingest_ctx *ingest, int64_t since_ns);
void client_sessions_release(struct client_sessions *all);
/* Returns the number of the session of that id, made when it is new; CLIENT_SESSION_NONE: the id is
   empty, or out of memory. */
uint32_t client_sessions_number(struct client_sessions *all, struct slice id);
/* A line of it was written then. For CLIENT_SESSION_NONE nothing is done. */
void client_sessions_note(struct client_sessions *all, uint32_t number, double at_ms);
/* A look begins: nothing is busy, until client_sessions_set_busy. */
void client_sessions_begin_look(struct client_sessions *all);
void client_sessions_set_busy(struct client_sessions *all, uint32_t number);
/* Reports those that have ended: nothing was written for long, or `last`: no more will be read. A
   session that is written to again is open again. */
void client_sessions_conclude(struct client_sessions *all, bool last);
/* Returns whether it has ended, and nothing was written since. */
bool client_sessions_has_ended(const struct client_sessions *all, uint32_t number);

#endif
