/* Marked moments, each with a letter, and pinned agents. */
#ifndef TUI_MARKS_H
#define TUI_MARKS_H

#include "tui/views/frame.h"

/* Waits for the letter of a mark to set (ACTION_MARK) or to go to (ACTION_GO_TO_MARK). */
enum view_result marks_wait(struct frame *frame, enum action action);
/* Handles the letter. */
enum view_result marks_key(struct frame *frame, struct key key);
/* Returns true if a mark, or that of what is slower, lies in `cols` columns of the axis from col.
 */
bool marks_within(const struct frame *frame, int col, int cols);
/* Draws the marks' letters above the axis, and the mark of what is slower. */
void marks_draw(const struct frame *frame, struct area heads);

struct view_place place_of(const struct view_state *state);
void place_go_to(struct view_state *state, const struct view_place *place);

/* Pins the cursor's agent, or unpins it. */
enum view_result pins_toggle(struct frame *frame);

#endif
