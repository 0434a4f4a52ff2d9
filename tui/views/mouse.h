/* What the mouse does: selects what is clicked, pans where it is dragged, zooms and scrolls with its wheel. */
#ifndef TUI_MOUSE_H
#define TUI_MOUSE_H

#include "tui/views/frame.h"

/* Whether the key is the mouse's. */
bool mouse_is(struct key key);
enum view_result mouse_act(struct frame *frame, struct key key);

/* The pages' own: the line of their bodies that was clicked, from the top of the screen on. */
enum view_result agents_click(struct frame *frame, int x, int y);
enum view_result inflight_click(struct frame *frame, int y);
enum view_result log_click(struct frame *frame, int y);

#endif
