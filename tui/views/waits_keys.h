/* Keys that lead to what an agent waits for. They return false and show a message if nothing is
   found. */
#ifndef TUI_WAITS_KEYS_H
#define TUI_WAITS_KEYS_H

#include "tui/views/frame.h"

/* Selects the next stalled call or loop, in the order of the rows, and shows `2 of 3`. */
bool waits_next_stalled(struct frame *frame, int n);
/* Selects the next call (n 1) or the previous one (-1) of the chain that the cursor's agent is in.
   If it is in none, it begins with the one that the header shows. */
bool waits_step(struct frame *frame, int n);

#endif
