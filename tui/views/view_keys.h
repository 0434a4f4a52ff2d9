/* Applies actions to the state, for each view. `frame` is the last frame drawn; the next one is
   drawn from the changed state. VIEW_IGNORED: the view has no such action. Only view.c and the
   views use this. */
#ifndef TUI_VIEW_KEYS_H
#define TUI_VIEW_KEYS_H

#include "tui/views/frame.h"
#include "tui/views/list.h"

enum view_result timeline_act(struct frame *frame, enum action action);
enum view_result agents_act(struct frame *frame, enum action action);
enum view_result inflight_act(struct frame *frame, enum action action);
enum view_result statistics_act(struct frame *frame, enum action action);
enum view_result log_act(struct frame *frame, enum action action);
enum view_result hosts_act(struct frame *frame, enum action action);
enum view_result help_act(struct frame *frame, enum action action);

/* Handles the actions that all lists share: freezing, following, help, going back, finding. */
enum view_result page_act(struct frame *frame, enum action action);
/* Shows the span in the timeline, with its detail. */
enum view_result page_show_span(struct frame *frame, agent_no agent, span_no span);

#endif
