/* What goes to the clipboard: as JSON, so that it can be pasted into whatever reads it. */
#ifndef TUI_COPY_H
#define TUI_COPY_H

#include "tui/views/frame.h"

/* The span, its agent where there is none. */
enum view_result copy_span(struct frame *frame, span_no span);
enum view_result copy_agent(struct frame *frame, agent_no agent);
enum view_result copy_text(struct frame *frame, const char *text, size_t len);

#endif
