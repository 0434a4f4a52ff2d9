/* Plots of a few lines: columns with a resolution of an eighth of a line, bars of several styles. */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/screen/grid.h"

/* Values side by side, as columns of `rows` lines. */
struct plot {
    const double *values; /* NAN: nothing; one a column */
    const double *over;   /* drawn as points above them; NULL: none */
    int cols, rows;
    double max; /* what reaches the top, > 0 */
    enum style_id style, over_style;
    bool ascii;
};

/* The greatest of the values, and of those over them; 0: there is none above 0. */
double plot_max(const double *values, const double *over, int cols);
/* One line of it, from the top, from x on. */
void plot_line(const struct plot *plot, struct area line, int x, int row);

/* A part of a bar. */
struct plot_part {
    double value;        /* NAN: none */
    enum style_id style; /* of the bar */
    const char *fill;
};
/* A bar of `cols` columns, parted as the values are to `whole`; a part that is not nothing has a column at least where there is
   room for it. */
void plot_bar(struct area line, int x, int cols, const struct plot_part *parts, int count,
              double whole);

#endif
