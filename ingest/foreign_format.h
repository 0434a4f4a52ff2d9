/* Recognizes files of other formats, to name them and what to do. */
#ifndef INGEST_FOREIGN_FORMAT_H
#define INGEST_FOREIGN_FORMAT_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* How many of the first bytes decide, where they are no text. */
enum { FOREIGN_MAGIC_BYTES = 16 };

/* Returns what a file that begins with these bytes is, and what to do: "a zip archive: …", static;
   NULL: unknown. */
const char *foreign_magic(struct slice bytes);
/* The same for a first line, or more: guesses where no format is known for certain. */
const char *foreign_format(struct slice bytes);
/* Returns what a JSON document is that is no trace, likewise. */
const char *foreign_object(struct json_value object);

#endif
