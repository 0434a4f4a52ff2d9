/* Reads a Chrome Trace Event from text (the Trace Event Format, see core/trace/event.h). */
#ifndef INGEST_TRACE_EVENT_H
#define INGEST_TRACE_EVENT_H

#include "core/trace/event.h"

/* Events further from ts 0 than this (127 years) are refused: the model's times are int64
   nanoseconds, with room for an origin besides. */
#define TRACE_TS_MAX_US 4.0e15

/* Reads a checked object. Only `ph` and, except for metadata, `ts` are required; a member whose
   type does not fit its field is kept among the extra ones. The slices of *out are borrowed from
   the object and from `extra`, which is cleared first. Returns NULL, or the error, static: "ph is
   missing". */
const char *trace_event_read(struct json_value object, struct strbuf *extra, struct raw_event *out);
/* Reads a time in microseconds: a number, or a text that spells one. Sets *us, to NAN where the
   number is out of a double's range, and *rest_ns (event.h). Returns false for other values. */
bool trace_event_time(struct json_value value, double *us, int16_t *rest_ns);
/* Note a phase that is not one letter, and a time that is a text, which feeds may not have. */
void trace_event_note_loose(struct raw_event *event, struct json_value ph);
void trace_event_note_loose_time(struct raw_event *event, struct json_value ts);
/* Returns whether a phase is spelt like this: any printable character that needs no escape. Other
   than those of the Trace Event Format are kept and mean nothing. */
static inline bool trace_event_is_phase(char c)
{
    return c > ' ' && c <= '~' && c != '"' && c != '\\';
}
/* Returns whether the event is metadata, which have no time. */
static inline bool trace_event_is_metadata(const struct raw_event *event)
{
    return event->ph == 'M';
}
/* Appends `key:value`, raw. */
void trace_event_put_member(struct strbuf *out, struct json_value key, struct json_value value);

#endif
