/* A grid as a picture (SVG 1.1), for READMEs and bug reports: the colours of a light terminal, or of a dark one where the reader's are. */
#ifndef TUI_GRID_SVG_H
#define TUI_GRID_SVG_H

#include "tui/screen/grid.h"

/* Appends the whole document. */
void grid_to_svg(const struct grid *grid, const struct theme *theme, struct strbuf *out);

#endif
