/* The screen as data: cells of text and style. All text enters through area_put. It drops
   everything that could move a terminal's cursor or change its state. It keeps the columns of wide
   characters and clips at the area. */
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
    uint8_t attrs;      /* enum style_attr, added to those of the style */
};

struct grid;

/* Returns a new, blank grid; sizes are clamped to 1 .. GRID_MAX. Returns NULL if out of memory. */
struct grid *grid_new(const struct mem *mem, int cols, int rows);
void grid_free(struct grid *grid);
/* Resizes and blanks the grid. Returns false and leaves it unchanged if out of memory. */
bool grid_resize(struct grid *grid, int cols, int rows);
void grid_clear(struct grid *grid);
/* Sets whether text is converted to ASCII when it is put. view_draw sets this from the theme. */
void grid_set_ascii(struct grid *grid, bool ascii);
/* Sets whether keys and passwords in text are masked when it is put (core/base/mask.h). */
void grid_set_mask(struct grid *grid, bool mask);
int grid_cols(const struct grid *grid);
int grid_rows(const struct grid *grid);
/* Returns the cell at (x, y), which must be inside; borrowed until the grid changes. */
const struct cell *grid_cell(const struct grid *grid, int x, int y);

/* Appends the grid as lines of text without trailing blanks, each ended by '\n'. A theme with
   colour draws bars as coloured blanks, so draw with one without colour. */
void grid_to_text(const struct grid *grid, struct strbuf *out);
/* Appends the grid as lines with SGR escape sequences. */
void grid_to_ansi(const struct grid *grid, const struct theme *theme, struct strbuf *out);

/* ---- drawing ---- */

/* A rectangle of a grid: a plain value, possibly empty. Drawing is clipped at its edges;
   coordinates count from its corner. */
struct area {
    struct grid *grid;
    int x, y, cols, rows;
};

struct area grid_area(struct grid *grid);
/* Returns the part that begins at (x, y), clipped. */
struct area area_sub(struct area area, int x, int y, int cols, int rows);
/* Puts text at (x, y) and returns the column after it, even if that is outside the area. Glyphs
   outside the area are not drawn; a wide glyph that an edge cuts becomes a blank. */
int area_put(struct area area, int x, int y, enum style_id style, const char *text, size_t len);
int area_puts(struct area area, int x, int y, enum style_id style, const char *text);
int area_putf(struct area area, int x, int y, enum style_id style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts text in at most `cols` columns. Longer text is cut and ends in an ellipsis if cols >= 2. */
int area_put_ellipsized(struct area area, int x, int y, int cols, enum style_id style,
                        const char *text, size_t len);
/* Puts text that ends before column `x_end`; returns its first column. */
int area_put_right(struct area area, int x_end, int y, enum style_id style, const char *text);
/* Fills `cols` columns with a glyph of one column. */
void area_fill(struct area area, int x, int y, int cols, enum style_id style, const char *glyph);
/* Adds attributes to `cols` cells. */
void area_add_attrs(struct area area, int x, int y, int cols, uint8_t attrs);
/* Returns true if `cols` cells are blank. */
bool area_is_blank(struct area area, int x, int y, int cols);

#endif
