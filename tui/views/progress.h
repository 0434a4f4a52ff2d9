/* What is said while a large file opens: `opening trace.json  43 %  612 MB/s  2 s left`. */
#ifndef TUI_PROGRESS_H
#define TUI_PROGRESS_H

#include "core/base/strbuf.h"
#include "core/model/notice.h"

/* Appends it. False: it is over before one could read it; nothing is appended. */
bool progress_line(const struct source_progress *progress, struct strbuf *out);

#endif
