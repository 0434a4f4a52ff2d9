/* A stretch of time that is selected by its two edges, and its figures. */
#ifndef TUI_RANGE_H
#define TUI_RANGE_H

#include "tui/views/frame.h"

/* Begins one: where the selected span lies, else in the middle of the screen. */
enum view_result range_begin(struct frame *frame);
/* What an action does while its edges move; VIEW_IGNORED: nothing. */
enum view_result range_act(struct frame *frame, enum action action);
void range_clear(struct view_state *state);
/* Its place above the axis and its edges through the rows. */
void range_draw_edges(const struct frame *frame, struct area heads, struct area bars);
/* Lines that its panel takes, the heading not counted; 0: there is none. */
int range_panel_lines(const struct frame *frame, int cols);
void range_panel_draw(struct frame *frame, struct grid *grid);

#endif
