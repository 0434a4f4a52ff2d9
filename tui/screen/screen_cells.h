/* The cells of a frame, from a grid to curses. For screen.c alone. */
#ifndef TUI_SCREEN_CELLS_H
#define TUI_SCREEN_CELLS_H

#include "tui/screen/grid.h"
#include "tui/screen/theme.h"

/* Puts the cells that differ from those `shown`, which has the size of the grid (NULL: all of
   them), into curses' standard window, and copies the grid to `shown`. */
void screen_cells_put(const struct theme *theme, const struct grid *grid, struct cell *shown);

#endif
