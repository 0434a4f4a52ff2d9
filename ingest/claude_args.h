/* The one argument that tells a tool call from others of the same tool (CLI.md, --content): command, path, pattern, url, description. */
#ifndef INGEST_CLAUDE_ARGS_H
#define INGEST_CLAUDE_ARGS_H

#include "core/json_read.h"

/* Appends an object of that one member, its first 200 bytes; nothing where `input` has none. `scratch` is used up. False: nothing was
   appended. */
bool claude_args_put(struct json_value input, struct strbuf *scratch, struct strbuf *out);

#endif
