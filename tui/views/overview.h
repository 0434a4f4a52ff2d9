/* Lines of the timeline that hold two agents each, as half-blocks: for swarms that are larger than the screen. */
#ifndef TUI_OVERVIEW_H
#define TUI_OVERVIEW_H

#include "tui/views/frame.h"

/* Draws the row and the one behind it, if there is one in the list. */
void overview_draw_line(struct frame *frame, struct area line, const struct timeline_row *upper);

#endif
