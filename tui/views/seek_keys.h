/* Keys that find an agent or a call: the next that waits for a person, fails or stalls, and those
   along what holds an agent up. They work in every view. */
#ifndef TUI_SEEK_KEYS_H
#define TUI_SEEK_KEYS_H

#include "tui/views/frame.h"

/* Selects what the action finds, or shows a message if it finds nothing. `n` is the action, as in
   the tables of keys. */
enum view_result seek_act(struct frame *frame, int n);
/* The same in another view than the timeline: the cursor goes to what is found, and the timeline
   shows what the view has no row for. ACTION_WHY shows the path in the timeline. VIEW_IGNORED: the
   action finds nothing. */
enum view_result seek_from_page(struct frame *frame, enum action action);

/* Shows in which view a key works that does nothing in this one: "v: in the timeline (1)". Returns
   VIEW_IGNORED if it works in none. */
enum view_result seek_elsewhere(struct frame *frame, struct key key);

#endif
