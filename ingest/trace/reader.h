/* Reads the bytes of a file, unpacked if the file is gzip or zstd. Calls block: they are for
   workers. */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "core/base/mem.h"
#include "ingest/trace/file_look.h"

#include <stddef.h>

struct reader;

/* Returns new; NULL with *error set (static) if the file cannot be opened. */
struct reader *reader_open(const struct mem *mem, const char *path, const char **error);
void reader_free(struct reader *reader);
/* Returns the file's state when it was opened. Borrowed. */
const struct file_look *reader_look(const struct reader *reader);
/* Returns whether the file has been written to since it was opened. */
bool reader_has_changed(const struct reader *reader);
bool reader_is_packed(const struct reader *reader);
/* Reads `size` bytes, or all up to the end if they are fewer. Returns the count; -1 with *error
   set (static). Bytes before an error are returned first. */
ptrdiff_t reader_read(struct reader *reader, char *bytes, size_t size, const char **error);
/* Moves to an offset of the unpacked bytes; a packed file is unpacked up to there. One past the
   end is no error. Returns false with *error set. */
bool reader_seek(struct reader *reader, uint64_t offset, const char **error);
/* Returns how many bytes of the file itself (packed, if it is) have been read. */
uint64_t reader_position(const struct reader *reader);

#endif
