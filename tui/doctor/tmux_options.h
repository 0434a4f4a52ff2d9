/* The options of the tmux that this program runs in. */
#ifndef TUI_TMUX_OPTIONS_H
#define TUI_TMUX_OPTIONS_H

#include "core/base/strbuf.h"

/* Asks tmux for its options, a line each: `set-clipboard external`. Waits a second at most. Returns
   false if it does not answer. */
bool tmux_options_read(struct strbuf *out);
/* Sets value to that of the option, cut to its size. Returns false if the text has none. */
bool tmux_options_get(const struct strbuf *options, const char *name, char *value, size_t size);

#endif
