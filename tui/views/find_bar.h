/* The filter and search prompts. */
#ifndef TUI_FIND_BAR_H
#define TUI_FIND_BAR_H

#include "tui/views/frame.h"

/* Opens the prompt. */
enum view_result find_bar_open(struct frame *frame, enum prompt_kind kind);
/* Handles a key at the open prompt. */
enum view_result find_bar_key(struct frame *frame, struct key key);
/* Selects the next match (1) or the previous one (-1) of the last search. */
enum view_result find_bar_step(struct frame *frame, int direction);
/* Removes the filter. */
void find_bar_clear(struct view_state *state);

#endif
