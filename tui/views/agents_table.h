/* The columns of the agents table, as one table: how each is drawn and sorted. */
#ifndef TUI_AGENTS_TABLE_H
#define TUI_AGENTS_TABLE_H

#include "tui/views/frame.h"

/* The least columns of a screen whose table has the client's column; in narrower ones the label
   shows the client. */
enum { AGENTS_CLIENT_FROM = 50 };

/* The data of a row. */
struct agent_row {
    const struct frame *frame;
    agent_no agent;                    /* NO_AGENT: the last row, the totals */
    const struct agent_status *status; /* NULL: in the totals */
    const struct metrics *metrics;     /* NULL: not computed yet */
};

struct agent_column {
    const char *head;
    int cols;     /* preceded by a gap of one column */
    int from;     /* minimum width of the screen in columns; narrower ones omit it */
    bool left;    /* aligned left */
    bool falling; /* sorted by the greatest first */
    /* Sets `out` to the cell's text, empty for no value. Returns its style. */
    enum style_id (*put)(const struct agent_row *row, struct strbuf *out);
    /* Returns the sort value. NAN sorts last in either direction. NULL: sorts by the text. */
    double (*value)(const struct agent_row *row);
};

/* Returns a column. The first one is the name, which the view draws; it sorts agents as in the
   timeline. NULL: no more. Static. */
const struct agent_column *agents_column(size_t index);
/* Returns whether the column is one of this picture's. */
bool agents_column_shown(const struct agent_column *column, const struct frame *frame);

#endif
