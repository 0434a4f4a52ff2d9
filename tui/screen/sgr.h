/* The colours and attributes in what curses writes, said in fewer bytes. */
#ifndef TUI_SGR_H
#define TUI_SGR_H

#include "core/base/strbuf.h"

/* Appends bytes that make the same picture on the same terminal. `bytes` is all of a frame; whatever the terminal's colours are before it. They are the
   frame's own behind it. out->failed: out of memory. */
void sgr_squeeze(const char *bytes, size_t len, struct strbuf *out);

#endif
