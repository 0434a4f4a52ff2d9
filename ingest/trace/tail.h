/* Finds the members that follow a trace document's events (the seed's `metadata`) from the
   document's end, before the events are read: then the start is known from the first event on, and
   nothing has to move when the member comes again in its place. */
#ifndef INGEST_TAIL_H
#define INGEST_TAIL_H

#include "core/base/strbuf.h"

/* Appends the members after the last bracket of the document's own level, raw, each with a comma.
   `bytes` are the last ones of a file. Returns false, appending nothing, if the bytes do not reach
   back far enough or do not end as a document does. */
bool tail_members(const struct mem *mem, const char *bytes, size_t len, struct strbuf *out);
/* Returns whether a file with this end may be whole: a document or an array that is closed, or an
   array cut between two events. */
bool tail_is_whole(const char *bytes, size_t len);
/* Returns whether a document (or an array) with this end is closed. */
bool tail_is_closed(const char *bytes, size_t len, bool array);

#endif
