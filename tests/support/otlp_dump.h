/* A decoded batch as text, to compare batches and to write what is expected of one. A line an item:

       span 01…/02… parent 03… "name" kind 3 10..20 {key=text} event 5 "e" {} link 04…/05… {}
           status 2 "message" scope "name" "version" {} resource {}

   What has its default is left out. Values: text in single quotes, integers, doubles with a point or
   an exponent, [items], {key=value}, bytes as x0aff, and - for none. */
#ifndef TESTS_OTLP_DUMP_H
#define TESTS_OTLP_DUMP_H

#include "ingest/otlp/otlp.h"

void otlp_dump(const struct otlp_batch *batch, struct strbuf *out);
void otlp_dump_value(const struct otlp_value *value, struct strbuf *out);

#endif
