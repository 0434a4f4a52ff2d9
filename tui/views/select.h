/* Moving the cursor and the selection, so that what is selected can be seen. */
#ifndef TUI_SELECT_H
#define TUI_SELECT_H

#include "tui/views/frame.h"

/* Puts the cursor on the row. A selection moves along, to the span there that is nearest in time. */
void select_row(struct frame *frame, agent_no agent, bool group);
/* Selects the span (NO_SPAN: none) and puts the cursor on its agent, whose row is unfolded; the window moves so that it shows. */
void select_span(struct frame *frame, agent_no agent, span_no span);
/* Sees to it that something of the cursor's row is selected: what is, else what runs, else the last span of the window. False: there is
   nothing, which a message says. */
bool select_any(struct frame *frame);
/* Selects the next (1) or previous (-1) span that the predicate holds of, of any agent in order of time, around the ends. False: there is none. */
bool select_match(struct frame *frame, int direction, const struct span_predicate *predicate);
/* Selects the next (1) or previous (-1) error of any agent in order of time, around the ends; a message where there is none. */
void select_error(struct frame *frame, int direction);
/* Unfolds what hides the agent's row. False: out of memory, which a message says. */
bool select_unfold(struct frame *frame, agent_no agent);

#endif
