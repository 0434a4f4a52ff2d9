/* Reads agent-ID.meta.json, beside a sub-agent's transcript: its type, parent, and whether it is
   done. */
#ifndef INGEST_CLAUDE_META_H
#define INGEST_CLAUDE_META_H

#include "ingest/claude/claude_line.h"

/* Texts are cut to the size of their arrays; "": absent. */
struct claude_meta {
    char type[CLIENT_ID_BYTES + 1];
    char name[CLIENT_ID_BYTES + 1]; /* of a teammate */
    char description[CLIENT_ID_BYTES + 1];
    char parent_id[CLIENT_ID_BYTES + 1]; /* "": the session's main agent */
    char tool_id[CLIENT_ID_BYTES + 1];   /* the call that started it; "": unknown */
    bool background;                     /* it does not end with that call */
    bool finished;
};

/* Returns false if the text is no JSON object. */
bool claude_meta_read(const struct mem *mem, const char *text, size_t len, struct claude_meta *out);

#endif
