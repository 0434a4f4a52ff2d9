/* A span that is open, as a line: in the panel below the timeline, and in the view of all of them. */
#ifndef TUI_INFLIGHT_LINE_H
#define TUI_INFLIGHT_LINE_H

#include "tui/views/frame.h"

enum {
    INFLIGHT_AGE_END = 9, /* the column after the elapsed time */
    INFLIGHT_AGENT_X = 11,
    INFLIGHT_P95_COLS = 9, /* of these columns, gaps included */
    INFLIGHT_TIMES_COLS = 8
};

struct inflight_columns {
    int agent_cols;
    bool usual; /* the p95 of its like has a column */
};

void inflight_line_draw(struct frame *frame, struct area line, const struct span *span,
                        const struct inflight_columns *columns);

#endif
