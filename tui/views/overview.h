/* Draws lines of the timeline that hold two agents each, as half blocks, for swarms larger than the
   screen. */
#ifndef TUI_OVERVIEW_H
#define TUI_OVERVIEW_H

#include "tui/views/frame.h"

/* Draws the row and the one after it in the list, if any. */
void overview_draw_line(struct frame *frame, struct area line, const struct timeline_row *upper);

#endif
