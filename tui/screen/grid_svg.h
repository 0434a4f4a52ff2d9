/* Writes a grid as an SVG 1.1 picture for READMEs and bug reports. It uses a light terminal's
   colours, or a dark one's if the reader prefers dark. */
#ifndef TUI_GRID_SVG_H
#define TUI_GRID_SVG_H

#include "tui/screen/grid.h"

/* Appends the whole document. */
void grid_to_svg(const struct grid *grid, const struct theme *theme, struct strbuf *out);

#endif
