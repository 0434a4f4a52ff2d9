/* Extracts the part of a tool's input that the model keeps. */
#ifndef INGEST_TOOL_ARGS_H
#define INGEST_TOOL_ARGS_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* Appends a raw JSON object with one argument (command, path, pattern, url, query or description),
   cut to 200 bytes, and the type of a sub-agent. Beside a cut one is `cut`, its length and a hash:
   two long commands differ. With `whole` it appends all of an input up to 64 KiB. */
void tool_args(struct json_value input, bool whole, struct strbuf *out);
/* Returns a hash of what tool_args leaves out of the input, an object or a text: equal inputs have
   equal hashes, whatever the order of their members. Notes on a call (a description, a time limit)
   do not count. NAN: nothing is left out.

   It is a whole number below 65536: 16 bits of the input at most, so no content can be recovered
   from it. Three different inputs are taken for equal once in 2^32 times. */
double tool_args_hash(struct json_value input, bool whole);
/* Returns the argument that tool_args would keep; JSON_TYPE_NONE: it keeps nothing. */
struct json_value tool_args_kept(struct json_value input);
/* Appends the args of an interaction with --content: its prompt, at most 64 KB. */
void tool_args_prompt(struct slice prompt, struct strbuf *out);
/* Appends the text of a string, cut to `max` bytes between characters; with `line` only its first
   line that is not blank. */
void json_text_cut(struct json_value value, size_t max, bool line, struct strbuf *out);

#endif
