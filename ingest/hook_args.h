/* What is kept of a tool's input (CLI.md, --content). */
#ifndef INGEST_HOOK_ARGS_H
#define INGEST_HOOK_ARGS_H

#include "core/json_read.h"

/* Appends an object: of the input the one argument that tells the call from others of its tool (command, path, pattern, url, description), its first 200
   bytes, and of a call of a sub-agent its type. `scratch` is used up. False: it has neither, nothing was appended. */
bool hook_args_put(struct json_value input, struct strbuf *scratch, struct strbuf *out);

#endif
