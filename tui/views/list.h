/* A cursor in a list of lines: what the keys make of it, and which lines are on the screen. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "tui/screen/keymap.h"

/* The first line on the screen, so that the cursor is on it; `scroll` is the former one. */
size_t list_scroll(size_t scroll, size_t cursor, size_t count, size_t space);
/* Where the action moves the cursor, *out, in a list of `count` > 0 lines of which `space` are seen. False: it moves none. */
bool list_move(enum action action, size_t cursor, size_t count, int space, size_t *out);

#endif
