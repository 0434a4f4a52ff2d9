/* JSON text as Perfetto's trace_processor reads it. It takes less than RFC 8259: a \u escape of a
   surrogate costs the args after it, and in a name the whole file; a raw DEL costs the metadata; a
   number beyond a double costs the args after it. The functions write such text in other bytes:
   pairs as UTF-8 and DEL as \u007f, which are the same JSON value; lone surrogates as U+FFFD, and
   numbers beyond a double as strings. */
#ifndef CORE_EXPORT_PERFETTO_TEXT_H
#define CORE_EXPORT_PERFETTO_TEXT_H

#include "core/base/strbuf.h"

/* Returns true if Perfetto reads the raw JSON (a value, or members between commas) as it is. May
   return false for text that perfetto_text_add would not change. */
bool perfetto_text_reads(const char *raw, size_t len);
/* Appends raw JSON that json_check has accepted. */
void perfetto_text_add(struct strbuf *out, const char *raw, size_t len);
/* Appends a text (WTF-8) in quotes. */
void perfetto_text_string(struct strbuf *out, const char *text, size_t len);

#endif
