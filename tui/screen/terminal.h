/* The terminal as a device: its modes, its size, and the bytes queued for it. Nothing here waits
   for it: curses writes to a file in memory, and bytes that it does not take at once stay in the
   queue. While bytes are queued make no new frame, so that the next one shows the newest state. */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include "core/base/strbuf.h"

#include <stdio.h>

struct terminal;

/* Opens stdout, and stdin for keys, or /dev/tty if stdin is data. It changes nothing yet. Returns a
   new terminal; NULL and *error (`thing: what: detail`) on failure. */
struct terminal *terminal_open(const struct mem *mem, struct strbuf *error);
/* Frees. NULL is allowed. */
void terminal_free(struct terminal *terminal);

/* Return the files for curses: its input, its output. Owned by the terminal. */
FILE *terminal_in(const struct terminal *terminal);
FILE *terminal_out(const struct terminal *terminal);

/* Sets raw mode: every key is a key and is not echoed. It can be repeated if another program
   changed the modes. Off restores the former modes and drops unread input. */
void terminal_set_raw(struct terminal *terminal, bool raw);
/* Returns false if the terminal does not report its size. */
bool terminal_size(const struct terminal *terminal, int *cols, int *rows);

/* Returns true if nothing can ever be read again. Ask when a read returned nothing. */
bool terminal_hung_up(const struct terminal *terminal);

/* Moves the bytes that curses has written to the queue, between `before` and `after`, both of which
   may be NULL. Returns their number; 0 adds nothing. */
size_t terminal_collect(struct terminal *terminal, const char *before, const char *after);
/* Appends bytes to the queue. */
void terminal_add(struct terminal *terminal, const char *bytes, size_t len);
/* Appends a text for the clipboard, also over ssh (OSC 52; tmux: set-clipboard). Returns false if
   the text is too long. */
bool terminal_copy(struct terminal *terminal, const char *text, size_t len);
/* Appends the bell and a notice for the user's desktop (OSC 9), which tmux passes on if its
   allow-passthrough is on. The text is fit for a terminal. Returns false and does nothing while
   bytes are queued. */
bool terminal_notice(struct terminal *terminal, const char *text, size_t len, bool in_tmux);
/* Writes as much of the queue as the terminal takes. Returns true if the queue is empty. */
bool terminal_flush(struct terminal *terminal);
/* Writes the queue, waiting at most `timeout_ms`; then drops the rest. */
void terminal_drain(struct terminal *terminal, int timeout_ms);
/* Returns the descriptor to poll for writing while bytes are queued; -1 if it cannot be polled: try
   again periodically. */
int terminal_out_fd(const struct terminal *terminal);
/* Reads and drops input up to the reply, at most `timeout_ms`, so that no other program receives
   it. */
void terminal_await(struct terminal *terminal, const char *answer, int timeout_ms);

#endif
