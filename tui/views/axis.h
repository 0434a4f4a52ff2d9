/* Time and columns. A column is a power of two of nanoseconds and begins at a multiple of it, so a picture that
   follows now moves by whole columns, and the columns of one zoom lie on those of the next. */
#ifndef TUI_AXIS_H
#define TUI_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXIS_ZOOM_MIN  10u /* 1.024 µs a column */
#define AXIS_ZOOM_MAX  45u /* 9.8 hours a column */
#define AXIS_ZOOM_LIVE 30u /* 1.07 s: beyond it a live picture scrolls rather than zooms out */

struct axis {
    int64_t t0_ns; /* where column 0 begins; a multiple of the column's width */
    unsigned zoom; /* a column is 2^zoom ns */
    int cols;      /* at least 1 */
};

int64_t axis_col_ns(const struct axis *axis);
/* The greatest multiple of 2^zoom that is not after t_ns. */
int64_t axis_floor(int64_t t_ns, unsigned zoom);
/* The column that holds the time, which may be outside [0, cols): clamped to -1 and cols. */
int axis_col(const struct axis *axis, int64_t t_ns);
/* Where the column begins; `col` may be cols. Saturates. */
int64_t axis_time(const struct axis *axis, int col);

/* The axis at that zoom whose last column holds `now_ns`. */
struct axis axis_ending(int64_t now_ns, unsigned zoom, int cols);
/* The smallest zoom at which all of [from, to] lies on the axis, not above `zoom_max`; beyond it the end of it does. */
struct axis axis_fitting(int64_t from_ns, int64_t to_ns, unsigned zoom_max, int cols);

/* ---- labels ---- */

#define AXIS_LABEL_BYTES 40

/* What times are counted from. */
struct axis_clock {
    bool wall; /* times of the day (by localtime_r: TZ); else time since origin_ns */
    int64_t origin_ns;
};

/* A round time on the axis and where it stands. */
struct axis_label {
    int64_t t_ns;
    int col;
    char text[AXIS_LABEL_BYTES];
};
/* The labels of the axis, at most `max`, left to right, at least `gap` columns of blank between two; returns how many. A label begins
   in the column that holds its time and ends before cols. */
size_t axis_labels(const struct axis *axis, const struct axis_clock *clock, int gap,
                   struct axis_label *out, size_t max);

/* A moment in full, to the millisecond: 14:31:26.412, or with its date where `dated`; since the origin: 0:12.500. */
void axis_moment(const struct axis_clock *clock, int64_t t_ns, bool dated,
                 char out[AXIS_LABEL_BYTES]);

#endif
