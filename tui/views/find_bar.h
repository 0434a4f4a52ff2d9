/* What is typed at the prompts, while it is typed: the filter, and searching. */
#ifndef TUI_FIND_BAR_H
#define TUI_FIND_BAR_H

#include "tui/views/frame.h"

/* Opens the prompt. */
enum view_result find_bar_open(struct frame *frame, enum prompt_kind kind);
/* A key at the prompt that is open. */
enum view_result find_bar_key(struct frame *frame, struct key key);
/* The next match (1) or the previous one (-1) of what was searched last. */
enum view_result find_bar_step(struct frame *frame, int direction);
/* No filter any more. */
void find_bar_clear(struct view_state *state);

#endif
