/* Draws plots of a few lines: columns with a resolution of an eighth of a line, and bars of several
   styles. */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/screen/grid.h"

/* Adjacent values, drawn as columns of `rows` lines. */
struct plot {
    const double *values; /* one a column; NAN: none */
    const double *over;   /* drawn as points above them; NULL: none */
    int cols, rows;
    double max; /* value at the top, > 0 */
    enum style_id style, over_style;
    bool ascii;
};

/* Returns the greatest of the values and of those drawn over them; 0 if none is above 0. */
double plot_max(const double *values, const double *over, int cols);
/* Draws one line of the plot, counted from the top, at column x. */
void plot_line(const struct plot *plot, struct area line, int x, int row);

/* A part of a bar. */
struct plot_part {
    double value;        /* NAN: none */
    enum style_id style; /* style of the bar */
    const char *fill;
};
/* Draws a bar of `cols` columns, divided in proportion to the values and `whole`. Parts above 0 get
   at least one column if there is room. */
void plot_bar(struct area line, int x, int cols, const struct plot_part *parts, int count,
              double whole);

#endif
