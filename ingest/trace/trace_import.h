/* One trace document on its way into the model: opens its sessions, and at the end applies what its
   metadata define: sessions, processes, agents. */
#ifndef INGEST_TRACE_IMPORT_H
#define INGEST_TRACE_IMPORT_H

#include "ingest/ingest_ctx.h"

struct trace_import {
    struct source_counters *counters; /* borrowed, as are the next two */
    const char *where;                /* the file, for people */
    const char *session_id;           /* if the document names none */
    uint32_t document;                /* its number in the model; 0: not begun */
    bool moved;                       /* setting a start moved spans: derive again */
    session_no session;               /* takes the events as they come */
    struct strbuf top;                /* an object: members of the document; or empty */
    struct strbuf metadata;           /* likewise, of its `metadata` */
};

/* Functions that return bool, but for is_…, return false if out of memory. */

void trace_import_init(struct trace_import *import, struct source_counters *counters,
                       const char *where, const char *session_id);
void trace_import_release(struct trace_import *import);
/* Begins a new document in the model; drops the former one from the model, if one exists. */
bool trace_import_begin(struct trace_import *import);
/* Ends the document, and begins another one of the same file: with sessions of its own. */
bool trace_import_next(struct trace_import *import);
/* Takes a top-level member. */
bool trace_import_member(struct trace_import *import, struct json_value key,
                         struct json_value value);
/* Returns whether a `metadata` member names another session, or another start, than the previous
   one. */
bool trace_import_is_another(const struct trace_import *import, struct json_value metadata);
/* Drops the members so far, for those of the next version follow. */
void trace_import_clear_members(struct trace_import *import);
/* Ends the document: applies its metadata. May be called again after more events and members. */
bool trace_import_end(struct trace_import *import);
/* Returns the session to which the document assigns the process of that raw pid, as far as it is
   known. */
session_no trace_import_session_of(const struct trace_import *import, struct json_value pid);
/* Returns whether the document holds several sessions. */
bool trace_import_is_of_many(const struct trace_import *import);
/* Makes all its sessions live, their clocks moving with the local one from now on; or finished. */
void trace_import_set_live(struct trace_import *import, bool live);
/* Takes back all that the document gave the model; nothing may follow. False: out of memory. */
bool trace_import_take_back(struct trace_import *import);

#endif
