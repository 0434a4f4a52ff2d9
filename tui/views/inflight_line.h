/* An open span as a line, for the panel below the timeline and the in-flight view. */
#ifndef TUI_INFLIGHT_LINE_H
#define TUI_INFLIGHT_LINE_H

#include "tui/views/frame.h"

enum {
    INFLIGHT_AGE_END = 9, /* the column after the elapsed time */
    INFLIGHT_AGENT_X = 11,
    INFLIGHT_P95_COLS = 9, /* width of these columns, gaps included */
    INFLIGHT_TIMES_COLS = 8
};

struct inflight_columns {
    int agent_cols;
    bool usual; /* the p95 of similar spans has a column */
};

/* Draws nothing if the model has dropped the span. */
void inflight_line_draw(struct frame *frame, struct area line, span_no number,
                        const struct inflight_columns *columns);
/* Writes `529 3/10, next in 12s`: the error, the attempt that failed, and what comes next. */
void inflight_retry_text(const struct frame *frame, agent_no agent,
                         const struct request_progress *live, char *out, size_t size);
/* Returns the seconds until the next attempt; 0: it is due, or not reported. */
int64_t inflight_retry_s(const struct frame *frame, agent_no agent,
                         const struct request_progress *live);

#endif
