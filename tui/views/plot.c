/* Heights are counted in eighths of a line, because block elements come in eighths. */
#include "tui/views/plot.h"

#include <math.h>

double plot_max(const double *values, const double *over, int cols)
{
    double max = 0;
    for (int i = 0; i < cols; i++) {
        max = values[i] > max ? values[i] : max;
        max = over != NULL && over[i] > max ? over[i] : max;
    }
    return max;
}

static const char *block(int eighths, bool ascii)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {" ", ".", ".", ":", ":", "+", "+", "#", "#"};
    return (ascii ? plain : blocks)[eighths];
}

/* Returns the height in eighths of a line, from the bottom; at least one for values above 0. */
static int height_of(const struct plot *plot, double value)
{
    if (!(value > 0)) {
        return 0;
    }
    double height = value / plot->max * plot->rows * 8;
    return height < 1 ? 1 : height > plot->rows * 8 ? plot->rows * 8 : (int)height;
}

void plot_line(const struct plot *plot, struct area line, int x, int row)
{
    int below = (plot->rows - 1 - row) * 8; /* eighths */
    if (line.rows == 0) {
        return;
    }
    for (int i = 0; i < plot->cols; i++) {
        int height = height_of(plot, plot->values[i]) - below;
        int over = plot->over != NULL ? height_of(plot, plot->over[i]) - below : 0;
        if (over > 0 && over <= 8 && height <= 0) {
            area_puts(line, x + i, 0, plot->over_style, plot->ascii ? "'" : "·");
        }
        if (height > 0) {
            area_puts(line, x + i, 0, plot->style, block(height > 8 ? 8 : height, plot->ascii));
        }
    }
}

void plot_bar(struct area line, int x, int cols, const struct plot_part *parts, int count,
              double whole)
{
    double sum = 0;
    int at = 0;
    if (!(whole > 0) || line.rows == 0) {
        return;
    }
    for (int i = 0; i < count; i++) {
        if (!(parts[i].value > 0)) {
            continue;
        }
        sum += parts[i].value;
        int to = (int)lround(sum / whole * cols);
        to = to > at ? to : at + 1;
        to = to < cols ? to : cols;
        if (to > at) {
            area_fill(line, x + at, 0, to - at, parts[i].style, parts[i].fill);
        }
        at = to;
    }
}
