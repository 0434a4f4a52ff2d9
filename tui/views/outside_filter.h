/* Alarms that a filter hides: a person should know of them all the same. */
#ifndef TUI_OUTSIDE_FILTER_H
#define TUI_OUTSIDE_FILTER_H

#include "tui/views/frame.h"

/* Counts of agents that the filter does not match. */
struct outside_filter {
    size_t users;   /* those that wait for a person */
    size_t stalled; /* those with a stalled call */
    size_t loops;   /* those that repeat a failing call, and have no stalled one */
};

/* All counts are 0 without a filter. */
struct outside_filter outside_filter(const struct frame *frame);
/* Returns true if the agent of that row waits for a person. */
bool outside_filter_user(const struct tree_node *node);
/* Sets the message to `text`, and how many are outside the filter: "no errors; 1 outside the
   filter". Text "" and no count: sets none. */
void outside_filter_message(struct frame *frame, const char *text, size_t count);

#endif
