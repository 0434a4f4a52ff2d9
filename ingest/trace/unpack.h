/* Inflates gzip and zstd data that arrive in pieces, converts UTF-16 to UTF-8, and passes all other
   data through. Members of gzip may follow one another (RFC 1952, 2.2), as may frames of zstd (RFC
   8878, 3.1); layers may be in each other, up to four. */
#ifndef INGEST_UNPACK_H
#define INGEST_UNPACK_H

#include "core/base/mem.h"
#include "core/trace/event.h"

/* So many bytes decide. */
enum { UNPACK_HEAD_BYTES = 4 };

struct unpack;

/* Returns new; NULL if out of memory. */
struct unpack *unpack_new(const struct mem *mem);
void unpack_free(struct unpack *unpack);
/* Supplies the next bytes, borrowed until unpack_next returns false. `len` 0 marks the end of the
   data. */
void unpack_feed(struct unpack *unpack, const char *bytes, size_t len);
/* Sets *out to the next unpacked bytes, borrowed until the next call. Returns false if more bytes
   must be fed; false for good at the end and after an error. */
bool unpack_next(struct unpack *unpack, struct slice *out);
/* Returns the error, static; NULL if the data are valid so far. */
const char *unpack_error(const struct unpack *unpack);
/* Returns whether data that begin with these bytes are unpacked, not passed through. */
bool unpack_is_packed(const char *bytes, size_t len);

#endif
