/* The sending side of hooks: the payload of a client's hook as a line of the feed. */
#ifndef INGEST_HOOK_LINE_H
#define INGEST_HOOK_LINE_H

#include "core/base/strbuf.h"

/* Appends {"op":"claude_hook","t":…,"payload":{…}} and a '\n', at most `max` bytes: where it
   would be longer, or nested deeper than a line of the feed may be, what is long in it is cut.
   False: no JSON object, out of memory, or too large in spite of all; what was appended is of no
   use then. */
bool hook_line_build(const char *payload, size_t len, double t_ms, size_t max, struct strbuf *line);

#endif
