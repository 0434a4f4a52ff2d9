/* A cursor in a list of lines: how keys move it, and which lines are visible. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "tui/screen/keymap.h"

/* Returns the first visible line that keeps the cursor on the screen; `scroll` is the former
   one. */
size_t list_scroll(size_t scroll, size_t cursor, size_t count, size_t space);
/* Sets *out to the cursor's new line in a list of `count` > 0 lines, of which `space` are visible.
   Returns false if the action moves no cursor. */
bool list_move(enum action action, size_t cursor, size_t count, int space, size_t *out);

#endif
