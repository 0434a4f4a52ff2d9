/* Extracts the parts of prompts, answers and results that the model keeps. */
#ifndef INGEST_CLAUDE_ARGS_H
#define INGEST_CLAUDE_ARGS_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* Appends the error of a failed call: the first line of its result without the client's tags, at
   most 200 bytes. `result` is the line's toolUseResult, `content` belongs to the tool_result block.
   */
void claude_args_error(struct json_value result, struct json_value content, struct strbuf *out);
/* Appends the text of a tool_result's content (a string, or an array of blocks), at most `max`
   bytes; with `line` only its first line. */
void claude_args_content(struct json_value content, size_t max, bool line, struct strbuf *out);

#endif
