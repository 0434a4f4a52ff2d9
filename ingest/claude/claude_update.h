/* Updates as Claude Code's transcripts, registry and hooks make them. */
#ifndef INGEST_CLAUDE_UPDATE_H
#define INGEST_CLAUDE_UPDATE_H

#include "core/model/update.h"

#include <string.h>

enum { CLAUDE_WAIT_ID_BYTES = 320 };

/* The id of the wait for a person that a call is held up by: calls and waits share the ids of a
   session. A longer id is cut. Borrowed from `room`. */
static inline struct slice claude_wait_id(struct slice id, char room[CLAUDE_WAIT_ID_BYTES])
{
    static const char prefix[] = "wait:";
    size_t most = CLAUDE_WAIT_ID_BYTES - sizeof prefix;
    size_t len = id.len < most ? id.len : most;
    memcpy(room, prefix, sizeof prefix - 1);
    if (len > 0) {
        memcpy(room + sizeof prefix - 1, id.bytes, len);
    }
    return (struct slice){room, sizeof prefix - 1 + len};
}

/* Returns whether the tool asks a person: nobody decides about it. */
static inline bool claude_is_question(struct slice tool)
{
    static const char ask[] = "AskUserQuestion";
    return tool.len == sizeof ask - 1 && memcmp(tool.bytes, ask, tool.len) == 0;
}

#endif
