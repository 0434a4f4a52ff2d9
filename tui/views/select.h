/* Moves the cursor and the selection, and keeps the selection visible. */
#ifndef TUI_SELECT_H
#define TUI_SELECT_H

#include "tui/views/frame.h"

/* Moves the cursor to the row. A selection moves to the row's span nearest in time. */
void select_row(struct frame *frame, agent_no agent, bool group);
/* Selects the span (NO_SPAN: none), moves the cursor to its agent, unfolds its row and moves the
   window to show it. */
void select_span(struct frame *frame, agent_no agent, span_no span);
/* Returns whether the filter matches the span, and a frozen display's moment has it. */
bool select_shows(const struct frame *frame, span_no span);
/* Selects a span of the cursor's row if none is selected: the running one, else the last in the
   window. Returns false and shows a message if the row has no spans. */
bool select_any(struct frame *frame);
/* Selects the next (1) or previous (-1) match of any agent in order of time, continuing at the
   other end. Returns false if no span matches. */
bool select_match(struct frame *frame, int direction, const struct span_predicate *predicate);
/* Selects the next (1) or previous (-1) error of any agent in order of time, continuing at the
   other end. Returns false and shows a message if there are no errors. */
bool select_error(struct frame *frame, int direction);
/* Unfolds the ancestors of the agent's row. Returns false and shows a message if out of memory. */
bool select_unfold(struct frame *frame, agent_no agent);

#endif
