/* Which parts of the screen there are at a size, and where. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

#define LAYOUT_MIN_COLS 20
#define LAYOUT_MIN_ROWS 4

/* What wants to be shown. */
struct layout_want {
    int rows;           /* of the timeline, lanes included */
    int inflight_lines; /* of the panel IN FLIGHT, its heading not counted; 0: no such panel */
    int detail_lines;   /* of the detail panel, the same; 0: closed */
    bool legend;
    bool trouble; /* a line for what went wrong */
    bool
        list; /* not the timeline: the body takes all that is left, and nothing is beside or below it */
};

/* Lines from y on; rows 0: not there. */
struct strip {
    int y, rows;
};

struct layout {
    int cols, rows;
    bool too_small;
    struct strip header, figures, legend, heads, body, inflight, detail, trouble, hint;
    int inflight_cols; /* the panel's columns, from 0 */
    int detail_x; /* where the detail panel begins; right of it the panel is as wide as the screen */
    int name_x, name_cols; /* of the rows: tree and name */
    int now_x, now_cols;   /* state: shape, then word where now_word, then its age where now_age */
    bool now_word, now_age;
    int bars_x, bars_cols; /* the time axis */
    bool one_line;         /* an agent has one row, whatever it runs at once */
};

/* Every strip is inside the screen, and no two share a cell. */
struct layout layout_compute(const struct layout_want *want, int cols, int rows);

#endif
