/* One line of the timeline: its cells as bars. */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "tui/frame.h"

/* Draws the cells, one a column, into the first line of the area. */
void bars_draw(struct frame *frame, struct area line, const struct timeline_cell *cells, int cols);

#endif
