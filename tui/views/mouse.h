/* The mouse: a click selects, a drag pans, the wheel zooms and scrolls. */
#ifndef TUI_MOUSE_H
#define TUI_MOUSE_H

#include "tui/views/frame.h"

/* Returns true if the key is a mouse event. */
bool mouse_is(struct key key);
enum view_result mouse_act(struct frame *frame, struct key key);

/* Handle a click on the pages' own lines; y counts from the top of the screen. */
enum view_result agents_click(struct frame *frame, int x, int y);
enum view_result inflight_click(struct frame *frame, int y);
enum view_result log_click(struct frame *frame, int y);
enum view_result hosts_click(struct frame *frame, int y);

#endif
