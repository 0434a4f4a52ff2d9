/* Reads and checks trace events in one pass, where they lie: the same result as json_check and
   trace_event_read at the speed of memory, as long as nothing is unusual. */
#ifndef INGEST_EVENT_SCAN_H
#define INGEST_EVENT_SCAN_H

#include "ingest/trace_event.h"

/* Reads the event whose opening brace is at `at`, in a text that ends at `end`. Returns the place
   after the closing brace. Returns NULL if the event is not whole, not valid, no trace event, or
   unusual (a key with escapes, 64 levels): json_check and trace_event_read decide then. *out and
   `extra` are as for trace_event_read. Sets *spaced if the event has white space, else leaves
   it. */
const char *event_scan(const char *at, const char *end, struct strbuf *extra, struct raw_event *out,
                       bool *spaced);

#endif
