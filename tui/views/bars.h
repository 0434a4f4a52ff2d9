/* One line of the timeline: its cells as bars. */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "tui/views/frame.h"

/* Works out the cells of the row, one a column of the axis. Returns how many are to be drawn: none that lie behind a frozen picture's now. */
int bars_cells(struct frame *frame, const struct timeline_row *row, int cols,
               struct timeline_cell *cells);
/* Draws the cells, one a column, into the first line of the area. */
void bars_draw(struct frame *frame, struct area line, const struct timeline_cell *cells, int cols);

#endif
