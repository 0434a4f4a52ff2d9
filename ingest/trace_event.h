/* A Chrome Trace Event as text (the Trace Event Format, see core/trace/event.h) to its raw values. */
#ifndef INGEST_TRACE_EVENT_H
#define INGEST_TRACE_EVENT_H

#include "core/trace/event.h"

/* Events further from ts 0 than this are refused: the model's times are int64 nanoseconds. */
#define TRACE_TS_MAX_US 9.0e15

/* Reads a checked object. Only `ph` and, but for metadata, `ts` must be there; a member of a type that its field does
   not have is kept among the extra ones. The slices of *out are borrowed from the object and from `extra`, which is
   cleared first. NULL: done. Else what is wrong, static: "ph is no one-letter string". */
const char *trace_event_read(struct json_value object, struct strbuf *extra, struct raw_event *out);
/* Whether it is a metadata event, one that has no time. */
static inline bool trace_event_is_metadata(const struct raw_event *event)
{
    return event->ph == 'M';
}

#endif
