/* Trace events read where they lie, checked while they are read: what trace_event_read and json_check say of an event, at the speed of
   memory, as long as nothing is unusual. */
#ifndef INGEST_EVENT_SCAN_H
#define INGEST_EVENT_SCAN_H

#include "ingest/trace_event.h"

/* Reads the event whose opening brace is at `at`, of a text that goes on to `end`. Returns the place behind its closing brace. NULL: it is
   not whole, not valid, no trace event, or has what only the careful way reads (a key with escapes, 64 levels): ask json_check
   and trace_event_read, which say the same of all others. *out and `extra` as for trace_event_read. Sets *spaced where there is
   white space in it, else leaves it. */
const char *event_scan(const char *at, const char *end, struct strbuf *extra, struct raw_event *out,
                       bool *spaced);

#endif
