/* The class of a failed tool's error. The error is part of its result, which may hold anything, so
   without --content no more than this is kept. */
#ifndef INGEST_TOOL_ERROR_H
#define INGEST_TOOL_ERROR_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

/* Appends the class of the error message: the client's own text ("File does not exist"), an exit
   code ("Exit code 2"), the name of an exception ("InputValidationError"), or "error". */
void tool_error_class(struct slice message, struct strbuf *out);

#endif
