/* Formats the progress of an opening file: `opening trace.json  43 %  612 MB/s  2 s left`. */
#ifndef TUI_PROGRESS_H
#define TUI_PROGRESS_H

#include "core/base/strbuf.h"
#include "core/model/source_status.h"

/* Appends the line. Returns false, and appends nothing, if the read ends too soon to show it. */
bool progress_line(const struct source_progress *progress, struct strbuf *out);

#endif
