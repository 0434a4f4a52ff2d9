/* A selected range of time, defined by two edges, and its metrics. */
#ifndef TUI_RANGE_H
#define TUI_RANGE_H

#include "tui/views/frame.h"

/* Begins a range around the selected span, else in the middle of the screen. */
enum view_result range_begin(struct frame *frame);
/* Handles an action while the edges move; VIEW_IGNORED if it has no meaning for them. */
enum view_result range_act(struct frame *frame, enum action action);
void range_clear(struct view_state *state);
/* Draws the range above the axis and its edges through the rows. */
void range_draw_edges(const struct frame *frame, struct area heads, struct area bars);
/* Returns the lines of the range's panel without its heading; 0: no panel. */
int range_panel_lines(const struct frame *frame, int cols);
void range_panel_draw(struct frame *frame, struct grid *grid);

#endif
