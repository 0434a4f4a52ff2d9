/* Makes JSON of a producer's text whose meaning is plain although it is no JSON. */
#ifndef INGEST_JSON_REPAIR_H
#define INGEST_JSON_REPAIR_H

#include "core/base/json_read.h"
#include "core/base/strbuf.h"

/* Appends the text, repaired, to `out`. The text may still be no JSON then. */
void json_repair(const char *text, size_t len, struct strbuf *out);
/* Repairs the text into `out`, which it empties, and checks the result as json_check does. `value`
   is borrowed from `out`. */
bool json_repair_check(const char *text, size_t len, unsigned depth, struct strbuf *out,
                       struct json_value *value);

#endif
