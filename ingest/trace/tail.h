/* What a trace document says of itself behind its events (the seed's `metadata`), found from its end, before the events are read: then its
   start is known from the first event on, and nothing has to move when it comes again in its place. */
#ifndef INGEST_TAIL_H
#define INGEST_TAIL_H

#include "core/base/strbuf.h"

/* `bytes` are the last ones of a file. Appends the members behind the last bracket of the document's own level, raw, a comma behind each; none are
   appended where the bytes do not reach back so far, or do not end as a document does. Returns whether they do. */
bool tail_members(const struct mem *mem, const char *bytes, size_t len, struct strbuf *out);
/* Whether a file that ends so may be whole: a document or an array that was closed, or an array cut between two events. */
bool tail_is_whole(const char *bytes, size_t len);
/* The same for a document (or an array) that was closed. */
bool tail_is_closed(const char *bytes, size_t len, bool array);

#endif
