/* Errors as people read them. */
#ifndef INGEST_SOURCE_ERROR_H
#define INGEST_SOURCE_ERROR_H

#include "core/base/strbuf.h"

/* Appends "thing: what: detail"; `detail` NULL: "thing: what". */
void source_error(struct strbuf *error, const char *thing, const char *what, const char *detail);

#endif
