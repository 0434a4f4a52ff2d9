/* Computes the parts of the screen and their positions for a size. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

#define LAYOUT_MIN_COLS 20
#define LAYOUT_MIN_ROWS 4

/* The parts that are requested. */
struct layout_want {
    int rows;           /* rows of the timeline, lanes included */
    int inflight_lines; /* lines of the IN FLIGHT panel without its heading; 0: no panel */
    int detail_lines;   /* lines of the detail panel without its heading; 0: closed */
    bool legend;
    bool trouble;    /* a line for source errors */
    bool caption;    /* a line that explains the picture */
    bool list;       /* not the timeline: the body takes all remaining lines, without panels */
    bool marks_rows; /* the detail is about what is marked on the rows: some of them stay */
};

/* Lines from y; rows 0: absent. */
struct strip {
    int y, rows;
};

struct layout {
    int cols, rows;
    bool too_small;
    struct strip header, metrics, legend, heads, body, inflight, detail, trouble, caption, hint;
    int inflight_cols;     /* the panel's columns, from 0 */
    int detail_x;          /* first column of the detail panel, which extends to the right edge */
    int name_x, name_cols; /* columns of the rows' tree and name */
    int now_x, now_cols;   /* state: its shape, its name if now_word, its age if now_age */
    bool now_word, now_age;
    int bars_x, bars_cols; /* the time axis */
    bool one_line;         /* one row for each agent, without further lanes */
};

/* Computes a layout. Every strip is inside the screen, and no two overlap. */
struct layout layout_compute(const struct layout_want *want, int cols, int rows);

#endif
