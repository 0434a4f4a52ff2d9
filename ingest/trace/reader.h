/* A file as bytes, unpacked where it is gzip. Reads block: for workers. */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "core/base/mem.h"

#include <stdint.h>
#include <sys/stat.h>

struct reader;

/* Opens the file. NULL: *error says why not (strerror, static). */
struct reader *reader_open(const struct mem *mem, const char *path, const char **error);
void reader_free(struct reader *reader);
/* As the file was when it was opened. */
const struct stat *reader_stat(const struct reader *reader);
/* Whether the file has been written to since. */
bool reader_has_changed(const struct reader *reader);
bool reader_is_packed(const struct reader *reader);
/* Reads the next bytes into `bytes`. Returns how many; 0: the end; -1: *error says what is wrong, static. */
ptrdiff_t reader_read(struct reader *reader, char *bytes, size_t size, const char **error);
/* Goes on at that place of the (unpacked) bytes. Dear in a packed file. False: *error says what is wrong; past the end is no error. */
bool reader_seek(struct reader *reader, uint64_t offset, const char **error);
/* How much of the file itself (packed, if it is) has been read. */
uint64_t reader_position(const struct reader *reader);

#endif
