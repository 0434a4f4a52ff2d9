/* The screen as data: cells of text and style. Text enters through area_put alone, which lets nothing through that
   could move a terminal's cursor or change its state, keeps the columns of wide characters and writes nothing outside. */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include "core/base/strbuf.h"
#include "tui/screen/text.h"
#include "tui/screen/theme.h"

#define GRID_MAX_COLS 2000
#define GRID_MAX_ROWS 1000

struct cell {
    struct glyph glyph; /* width 2: the cell to the right has width 0 and no text */
    uint8_t style;      /* enum style_id */
    uint8_t attrs;      /* enum style_attr, beyond the style's own */
};

struct grid;

/* Returns new, blank; sizes are clamped to 1 .. GRID_MAX. NULL: out of memory. */
struct grid *grid_new(const struct mem *mem, int cols, int rows);
void grid_free(struct grid *grid);
/* Blank afterwards. False: out of memory, the grid is as it was. */
bool grid_resize(struct grid *grid, int cols, int rows);
void grid_clear(struct grid *grid);
/* view_draw sets it from the theme: text that is put is made ASCII. */
void grid_set_ascii(struct grid *grid, bool ascii);
int grid_cols(const struct grid *grid);
int grid_rows(const struct grid *grid);
/* Borrowed until the next call that changes the grid. `x` and `y` inside. */
const struct cell *grid_cell(const struct grid *grid, int x, int y);

/* Appends the grid as lines of text, blanks at their ends left out, each ended by '\n'. A theme with colour draws bars as coloured
   blanks: draw with one without. */
void grid_to_text(const struct grid *grid, struct strbuf *out);
/* Appends the grid as lines with SGR escape sequences. */
void grid_to_ansi(const struct grid *grid, const struct theme *theme, struct strbuf *out);

/* ---- drawing ---- */

/* A rectangle of a grid. What is drawn in it is clipped at it; coordinates count from its corner. A plain value; may be empty. */
struct area {
    struct grid *grid;
    int x, y, cols, rows;
};

struct area grid_area(struct grid *grid);
/* The part of it that begins at (x, y), clipped. */
struct area area_sub(struct area area, int x, int y, int cols, int rows);
/* Puts text at (x, y); returns the column after it, even where that is outside. What is left of the area or beyond its right
   edge is not drawn; of a wide glyph cut by an edge a blank is. */
int area_put(struct area area, int x, int y, enum style_id style, const char *text, size_t len);
int area_puts(struct area area, int x, int y, enum style_id style, const char *text);
int area_putf(struct area area, int x, int y, enum style_id style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same in at most `cols` columns; what does not fit is cut and ends in an ellipsis (where cols >= 2). */
int area_put_ellipsized(struct area area, int x, int y, int cols, enum style_id style,
                        const char *text, size_t len);
/* Puts text so that it ends before column `x_end`; returns its first column. */
int area_put_right(struct area area, int x_end, int y, enum style_id style, const char *text);
/* Fills `cols` columns with a glyph of one column. */
void area_fill(struct area area, int x, int y, int cols, enum style_id style, const char *glyph);
/* Adds attributes to `cols` cells. */
void area_add_attrs(struct area area, int x, int y, int cols, uint8_t attrs);
/* Whether `cols` cells are blank. */
bool area_is_blank(struct area area, int x, int y, int cols);

#endif
