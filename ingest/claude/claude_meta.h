/* agent-ID.meta.json, beside a sub-agent's transcript: what it is, who called it, whether it is
   done. */
#ifndef INGEST_CLAUDE_META_H
#define INGEST_CLAUDE_META_H

#include "ingest/claude/claude_line.h"

/* Texts are cut to their arrays; "": not set. */
struct claude_meta {
    char type[CLAUDE_ID_BYTES + 1];
    char description[CLAUDE_ID_BYTES + 1];
    char parent_id[CLAUDE_ID_BYTES + 1]; /* "": the session's main agent */
    bool finished;
};

/* Returns false where the text is no such object. */
bool claude_meta_read(const struct mem *mem, const char *text, size_t len, struct claude_meta *out);

#endif
