/* Draws one line of the timeline: cells as bars. */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "tui/views/frame.h"

/* Computes the cells of a row, one for each column of the axis. Returns how many to draw; cells
   after a frozen display's now are omitted. */
int bars_cells(struct frame *frame, const struct timeline_row *row, int cols,
               struct timeline_cell *cells);
/* Draws the cells of the agent's row, one a column, in the first line of the area. */
void bars_draw(struct frame *frame, struct area line, agent_no agent,
               const struct timeline_cell *cells, int cols);

#endif
