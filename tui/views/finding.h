/* What is typed at the prompts, while it is typed: the filter, and searching. */
#ifndef TUI_FINDING_H
#define TUI_FINDING_H

#include "tui/views/frame.h"

/* Opens the prompt. */
enum view_result finding_open(struct frame *frame, enum prompt_kind kind);
/* A key at the prompt that is open. */
enum view_result finding_key(struct frame *frame, struct key key);
/* The next match (1) or the previous one (-1) of what was searched last. */
enum view_result finding_step(struct frame *frame, int direction);
/* No filter any more. */
void finding_clear(struct view_state *state);

#endif
