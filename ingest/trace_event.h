/* Reads a Chrome Trace Event from text (the Trace Event Format, see core/trace/event.h). */
#ifndef INGEST_TRACE_EVENT_H
#define INGEST_TRACE_EVENT_H

#include "core/trace/event.h"

/* Events further from ts 0 than this are refused: the model's times are int64 nanoseconds. */
#define TRACE_TS_MAX_US 9.0e15

/* Reads a checked object. Only `ph` and, except for metadata, `ts` are required; a member whose
   type does not fit its field is kept among the extra ones. The slices of *out are borrowed from
   the object and from `extra`, which is cleared first. Returns NULL, or the error, static: "ph is
   no one-letter string". */
const char *trace_event_read(struct json_value object, struct strbuf *extra, struct raw_event *out);
/* Returns whether the event is metadata, which have no time. */
static inline bool trace_event_is_metadata(const struct raw_event *event)
{
    return event->ph == 'M';
}
/* Appends `key:value`, raw. */
void trace_event_put_member(struct strbuf *out, struct json_value key, struct json_value value);

#endif
