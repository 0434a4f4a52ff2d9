/* Time and columns. A column is a power of two of nanoseconds and begins at a multiple of it. So a
   live display moves by whole columns, and the columns of one zoom align with those of the next. */
#ifndef TUI_AXIS_H
#define TUI_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXIS_ZOOM_MIN  0u  /* 1 ns a column */
#define AXIS_ZOOM_MAX  45u /* 9.8 hours a column */
#define AXIS_ZOOM_LIVE 30u /* 1.07 s: above it a live display scrolls instead of zooming out */

struct axis {
    int64_t t0_ns; /* start of column 0; a multiple of the column's width */
    unsigned zoom; /* a column is 2^zoom ns */
    int cols;      /* at least 1 */
};

int64_t axis_col_ns(const struct axis *axis);
/* Returns the greatest multiple of 2^zoom not after t_ns. */
int64_t axis_floor(int64_t t_ns, unsigned zoom);
/* Returns the column that holds the time; -1 or cols if it is outside. */
int axis_col(const struct axis *axis, int64_t t_ns);
/* Returns the start of a column; `col` may be cols. Saturates. */
int64_t axis_time(const struct axis *axis, int col);

/* Returns the axis at a zoom whose last column holds `now_ns`. */
struct axis axis_ending(int64_t now_ns, unsigned zoom, int cols);
/* Returns the axis with the smallest zoom, at most `zoom_max`, that holds all of [from, to]. If no
   zoom does, it holds the end. */
struct axis axis_fitting(int64_t from_ns, int64_t to_ns, unsigned zoom_max, int cols);

/* ---- labels ---- */

#define AXIS_LABEL_BYTES 40

/* The origin of displayed times. */
struct axis_clock {
    bool wall; /* times of day (by localtime_r: TZ); else time since origin_ns */
    int64_t origin_ns;
    bool brief; /* all data end within a second of origin_ns: labels count from there */
    /* The length of a trace whose moments are shown as finely as it is short; 0: milliseconds. */
    int64_t fine_ns;
};

/* A round time on the axis and its column. */
struct axis_label {
    int64_t t_ns;
    int col;
    char text[AXIS_LABEL_BYTES];
};
/* Sets the labels of the axis from left to right, at most `max`, with at least `gap` blank columns
   between two. Returns their number. A label begins in the column that holds its time and ends
   before cols. */
size_t axis_labels(const struct axis *axis, const struct axis_clock *clock, int gap,
                   struct axis_label *out, size_t max);

/* Formats a moment in full, to the millisecond: 14:31:26.412, with its date if `dated`; since the
   origin: 0:12.500; of a fine clock 12.500001ms, 12.500us. */
void axis_moment(const struct axis_clock *clock, int64_t t_ns, bool dated,
                 char out[AXIS_LABEL_BYTES]);

#endif
