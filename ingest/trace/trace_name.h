/* The names of trace files: which files of a directory are traces, and the session id that a name
   gives. */
#ifndef INGEST_TRACE_NAME_H
#define INGEST_TRACE_NAME_H

#include "core/base/strbuf.h"

/* Returns whether a directory's file of that name is read: *.json, *.ndjson, *.jsonl, or one of
   them packed (.gz), not hidden. */
bool trace_name_is_trace(const char *name);
/* Appends the session id that a path gives: its last part without .gz and then one more
   extension. */
void trace_name_session(const char *path, struct strbuf *out);

#endif
