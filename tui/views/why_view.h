/* The critical path of a turn over the timeline: its calls bold, all others thin, and a panel with
   what it is made of. */
#ifndef TUI_WHY_VIEW_H
#define TUI_WHY_VIEW_H

#include "tui/views/frame.h"

/* The path that was found last. Kept between frames, found again when the model has changed, or
   with the time while the turn runs. */
struct why_cache;
/* `cache` may be NULL. */
void why_cache_free(struct why_cache *cache);

/* Shows the path of the cursor's turn, which it follows: the one at the selected span, else the
   last that begins on the screen; a second time: none. A sub-agent without turns shows its
   ancestor's. `n` is not used: a row of the table of actions has it. */
enum view_result why_toggle(struct frame *frame, int n);
/* Selects the first call of the agent's next (1) or previous (-1) turn; a message reports the ends.
   Returns false if no path is shown. */
bool why_step(struct frame *frame, int n);
/* Sets frame->why; NULL: no path is shown. Returns false if out of memory. */
bool why_view_find(struct frame *frame);

/* Draws the cells [from, to) of an agent's line that are off the path as a thin line, and makes the
   others bold. */
void why_view_mark(const struct frame *frame, struct area line, agent_no agent,
                   const struct timeline_cell *cells, int from, int to);
/* Returns the lines of the panel without its heading. */
int why_panel_lines(struct frame *frame);
void why_panel_draw(struct frame *frame, struct grid *grid);

#endif
