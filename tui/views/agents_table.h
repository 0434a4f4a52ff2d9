/* The columns of the table of agents: what stands in them, and what they are sorted by. One table. */
#ifndef TUI_AGENTS_TABLE_H
#define TUI_AGENTS_TABLE_H

#include "tui/views/frame.h"

/* What a row is made of. */
struct agent_row {
    const struct frame *frame;
    agent_no agent;                    /* NO_AGENT: the last row, of all together */
    const struct agent_status *status; /* NULL: of that row */
    const struct figures *figures;     /* NULL: not computed yet */
};

struct agent_column {
    const char *head;
    int cols;     /* a gap of one column is before it */
    int from;     /* columns of the screen: on narrower ones it is not there */
    bool left;    /* set to the left */
    bool falling; /* the greatest first is what one wants to see */
    /* Sets `out` to what stands there; empty: nothing. Returns its style. */
    enum style_id (*put)(const struct agent_row *row, struct strbuf *out);
    /* NAN: at the end, whichever way it is sorted. NULL: by the text. */
    double (*value)(const struct agent_row *row);
};

/* The first, the name, is put by the view; sorted by it, agents stand as in the timeline. NULL: no more. Static. */
const struct agent_column *agents_column(size_t index);

#endif
