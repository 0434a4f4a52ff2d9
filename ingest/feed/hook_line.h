/* The sending side of hooks: the payload of a client's hook as a line of the feed. */
#ifndef INGEST_HOOK_LINE_H
#define INGEST_HOOK_LINE_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

/* Appends {"op":"claude_hook","t":…,"process":{…},"payload":{…}} and a '\n', at most `max` bytes;
   with a `client` {"op":"hook","client":…} in front:
   where it would be longer, or nested deeper than a line of the feed may be, what is long in it is
   cut. `process` is a value of client_processes_print; empty: unknown. False: no JSON object, out
   of memory, or too large in spite of all; what was appended is of no use then. */
bool hook_line_build(struct slice payload, double t_ms, struct slice process, struct slice client,
                     size_t max, struct strbuf *line);

#endif
