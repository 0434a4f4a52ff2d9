/* The terminal as a device: its modes, its size, and the bytes on their way to it. It is never waited for: curses writes to a file in memory, and
   what the terminal does not take at once waits here. While something waits no new frame is to be made, so that the next one is
   of the newest state. */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include "core/base/strbuf.h"

#include <stdio.h>

struct terminal;

/* stdout, and stdin for keys or /dev/tty where stdin is data. Nothing is changed yet. Returns new; NULL: *error says `thing: what: detail`. */
struct terminal *terminal_open(const struct mem *mem, struct strbuf *error);
/* Frees. NULL is allowed. */
void terminal_free(struct terminal *terminal);

/* For curses: what it reads keys from and what it writes to. Owned by the terminal. */
FILE *terminal_in(const struct terminal *terminal);
FILE *terminal_out(const struct terminal *terminal);

/* Every key is a key and is not echoed (again, where somebody else has set the modes meanwhile); or (off) the modes are as they were, and what has been
   typed and not read is forgotten. */
void terminal_set_raw(struct terminal *terminal, bool raw);
/* False: it does not say. */
bool terminal_size(const struct terminal *terminal, int *cols, int *rows);

/* Nothing can be read, and nothing ever will. Ask when nothing was there to read. */
bool terminal_hung_up(const struct terminal *terminal);

/* Moves what curses has written to the queue, between `before` and `after` (if it has written anything; both may be NULL). Returns how many bytes these were. */
size_t terminal_collect(struct terminal *terminal, const char *before, const char *after);
/* Puts bytes at the end of the queue. */
void terminal_add(struct terminal *terminal, const char *bytes, size_t len);
/* The same with a text for its clipboard, also over ssh (OSC 52; tmux: set-clipboard). False: it is too long. */
bool terminal_copy(struct terminal *terminal, const char *text, size_t len);
/* Gives the terminal as much of the queue as it takes. True: it has all. */
bool terminal_flush(struct terminal *terminal);
bool terminal_is_behind(const struct terminal *terminal);
/* The same, waiting for it, but no longer than that; then the rest is dropped. */
void terminal_drain(struct terminal *terminal, int timeout_ms);
/* To poll for writing while it is behind; -1: cannot be polled, try again now and then. */
int terminal_out_fd(const struct terminal *terminal);
/* Reads and drops what comes until that has come; no longer than timeout_ms. For answers that nobody else shall get. */
void terminal_await(struct terminal *terminal, const char *answer, int timeout_ms);

#endif
