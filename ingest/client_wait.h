/* Waits for a person, as transcripts and hooks report them alike. */
#ifndef INGEST_CLIENT_WAIT_H
#define INGEST_CLIENT_WAIT_H

#include "core/model/update.h"

#include <string.h>

enum { CLIENT_WAIT_ID_BYTES = 320 };

/* The id of the wait for a person that a call is held up by: calls and waits share the ids of a
   session. A longer id is cut. Borrowed from `room`. */
static inline struct slice client_wait_id(struct slice id, char room[CLIENT_WAIT_ID_BYTES])
{
    static const char prefix[] = "wait:";
    size_t most = CLIENT_WAIT_ID_BYTES - sizeof prefix;
    size_t len = id.len < most ? id.len : most;
    memcpy(room, prefix, sizeof prefix - 1);
    if (len > 0) {
        memcpy(room + sizeof prefix - 1, id.bytes, len);
    }
    return (struct slice){room, sizeof prefix - 1 + len};
}

/* Returns whether the tool asks a person: nobody decides about it. */
static inline bool client_is_question(struct slice tool)
{
    static const char *const names[] = {"AskUserQuestion", "ask_user", "ask_user_question",
                                        "request_user_input"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (tool.len == strlen(names[i]) && memcmp(tool.bytes, names[i], tool.len) == 0) {
            return true;
        }
    }
    return false;
}

#endif
