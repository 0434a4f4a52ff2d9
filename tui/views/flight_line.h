/* A span that is open, as a line: in the panel below the timeline, and in the view of all of them. */
#ifndef TUI_FLIGHT_LINE_H
#define TUI_FLIGHT_LINE_H

#include "tui/views/frame.h"

enum {
    FLIGHT_AGE_END = 9, /* the column after the elapsed time */
    FLIGHT_AGENT_X = 11,
    FLIGHT_P95_COLS = 9, /* of these columns, gaps included */
    FLIGHT_TIMES_COLS = 8
};

struct flight_columns {
    int agent_cols;
    bool norm; /* the p95 of its like has a column */
};

void flight_line_draw(struct frame *frame, struct area line, const struct span *span,
                      const struct flight_columns *columns);

#endif
