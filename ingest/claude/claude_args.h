/* What is kept of a tool's input and of what came of it. */
#ifndef INGEST_CLAUDE_ARGS_H
#define INGEST_CLAUDE_ARGS_H

#include "core/base/json_read.h"

/* Appends a raw object: of the input the one argument that says what the call is about (command, path, pattern, url, query, description), its first 200
   bytes; of a call of a sub-agent its type too. `whole`: all of the input, where that is not beyond 64 KiB. */
void claude_args(struct json_value input, bool whole, struct strbuf *out);
/* Appends what a failed call says: the first line of its result, without what the client puts around it, at most 200 bytes. `said` is the line's
   toolUseResult, `content` that of the tool_result block. */
void claude_args_error(struct json_value said, struct json_value content, struct strbuf *out);
/* Appends the text of a tool_result's content: a string, or the texts of an array of blocks. */
void claude_args_content(struct json_value content, size_t max, bool line, struct strbuf *out);

#endif
