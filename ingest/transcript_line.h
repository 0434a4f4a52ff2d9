/* A line of a transcript: checked JSON, or a reject. */
#ifndef INGEST_TRANSCRIPT_LINE_H
#define INGEST_TRANSCRIPT_LINE_H

#include "core/base/json_read.h"
#include "core/trace/event.h"
#include "ingest/ingest_ctx.h"
#include "ingest/lines.h"

/* Returns the line without the byte order mark that a file may begin with (RFC 8259, 8.1). */
struct slice transcript_line_text(const char *text, size_t len);
/* Sets *out to the value that the line is, borrowed from it. False: it is empty, or not JSON, too
   long or lost, which is counted as bad; `where` is the file, for people. A value that is no object
   is of a type that no client has yet: transcript_line_type. */
bool transcript_line_read(struct source_counters *counters, const char *where, struct slice line,
                          uint64_t number, enum line_kind kind, struct json_value *out);
/* Returns what a value that is no object is: "an array". Static. */
struct slice transcript_line_type(struct json_value line);
/* Counts the line as bad. */
void transcript_line_reject(struct source_counters *counters, const char *where, struct slice line,
                            uint64_t number, const char *reason);

#endif
