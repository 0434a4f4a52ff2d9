/* What the views' actions do to the state. Only view.c uses it. */
#ifndef TUI_VIEW_KEYS_H
#define TUI_VIEW_KEYS_H

#include "tui/view.h"

enum view_result timeline_act(const struct view_input *input, struct view_state *state,
                              enum action action, int cols, int rows);
enum view_result help_act(const struct view_input *input, struct view_state *state,
                          enum action action, int cols, int rows);

#endif
