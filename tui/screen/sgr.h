/* Rewrites the colours and attributes in the output of curses in fewer bytes. */
#ifndef TUI_SGR_H
#define TUI_SGR_H

#include "core/base/strbuf.h"

/* Appends bytes that draw the same on the same terminal. `bytes` is a complete frame. The
   terminal's colours before the frame may be any; after it they are those that the frame sets. Sets
   out->failed if out of memory. */
void sgr_squeeze(const char *bytes, size_t len, struct strbuf *out);

#endif
