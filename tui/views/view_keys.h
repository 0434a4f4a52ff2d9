/* What the actions do to the state, in each view. A frame is the picture as it was last drawn; the next one is drawn from what
   these leave. VIEW_IGNORED: no such action there. Only view.c and the views use this. */
#ifndef TUI_VIEW_KEYS_H
#define TUI_VIEW_KEYS_H

#include "tui/views/frame.h"
#include "tui/views/list.h"

enum view_result timeline_act(struct frame *frame, enum action action);
enum view_result agents_act(struct frame *frame, enum action action);
enum view_result inflight_act(struct frame *frame, enum action action);
enum view_result statistics_act(struct frame *frame, enum action action);
enum view_result log_act(struct frame *frame, enum action action);
enum view_result help_act(struct frame *frame, enum action action);

/* What is the same in every view that is a list: freezing, following, help, the way back. */
enum view_result page_act(struct frame *frame, enum action action);
/* The span in the timeline, with what it says. */
enum view_result page_show_span(struct frame *frame, agent_no agent, span_no span);

#endif
