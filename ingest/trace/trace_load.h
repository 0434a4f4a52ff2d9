/* One trace document on its way into the model: its session or sessions, its events, and at the end what its metadata say of them. */
#ifndef INGEST_TRACE_LOAD_H
#define INGEST_TRACE_LOAD_H

#include "ingest/ingest_ctx.h"

struct trace_load {
    struct source_counters *counters; /* borrowed, as are the next two */
    const char *where;                /* the file, for people */
    const char *session_id;           /* where the document names none */
    uint32_t document;                /* its number in the model; 0: not begun */
    session_no session;               /* that its events go to as they come */
    bool moved; /* its times turned out to count from elsewhere */
    struct strbuf top,
        metadata; /* raw members, comma-separated; of the document, of its `metadata` */
};

void trace_load_init(struct trace_load *load, struct source_counters *counters, const char *where,
                     const char *session_id);
void trace_load_release(struct trace_load *load);
/* A new document in the model; the former one, if any, is dropped from it. False: out of memory. */
bool trace_load_begin(struct trace_load *load);
/* Takes a top-level member. */
bool trace_load_member(struct trace_load *load, struct json_value key, struct json_value value);
/* Whether a `metadata` member is of another session, or of another start, than the one that came before. */
bool trace_load_is_another(const struct trace_load *load, struct json_value metadata);
/* Forgets the members that came, as those of the next version follow. */
void trace_load_clear_members(struct trace_load *load);
/* The document has come to its end: says who is who. May be called again after more events and members. False: out of memory. */
bool trace_load_end(struct trace_load *load);
/* The session that the document's process of that raw pid belongs to, as far as it has said so. */
session_no trace_load_session_of(const struct trace_load *load, struct json_value pid);
/* Whether it turned out to hold several sessions. */
bool trace_load_is_of_many(const struct trace_load *load);
/* Sets and clears flags (enum session_flag) of all its sessions. */
void trace_load_flag(struct trace_load *load, uint8_t set, uint8_t clear);

/* Its sessions' clocks were read just now: from here on, now moves with the local clock. */
void trace_load_tick(struct trace_load *load);

#endif
