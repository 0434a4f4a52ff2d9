/* The args of a span: its attributes that nothing else has read. */
#ifndef INGEST_OTLP_ARGS_H
#define INGEST_OTLP_ARGS_H

#include "core/base/strbuf.h"
#include "ingest/otlp/otlp_figures.h"

/* Appends a raw JSON object with the attributes of the span or log that are no figures of a call of
   that kind. Unless `content` is set, texts are cut to 200 bytes, and prompts, answers and results
   left out. An object without members is not appended. Returns the hash of what is left out of a
   tool's input (tool_args_hash); NAN: nothing. */
double otlp_args(const struct otlp_item *item, const struct otlp_attributes *attributes,
                 enum otlp_kind kind, bool content, struct strbuf *out);

#endif
