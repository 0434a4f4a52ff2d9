/* A grid is one block of cells, row by row. A wide glyph lies in its left cell; the right cell has
   width 0 and no text, so the widths of a row always add up to its columns. Only put_glyph and
   break_wide write cells; when one half of a wide glyph is overwritten, they blank the other. */
#include "tui/screen/grid.h"

#include "core/base/mask.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct grid {
    const struct mem *mem;
    struct cell *cells;
    int cols, rows;
    bool ascii, mask;
};

static const struct cell blank = {.glyph = {.text = " ", .len = 1, .width = 1},
                                  .style = STYLE_PLAIN};

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct grid *grid_new(const struct mem *mem, int cols, int rows)
{
    struct grid *grid = mem_zalloc(mem, 1, sizeof *grid);
    if (grid == NULL) {
        return NULL;
    }
    grid->mem = mem;
    if (!grid_resize(grid, cols, rows)) {
        mem_free(mem, grid, sizeof *grid);
        return NULL;
    }
    return grid;
}

static size_t cells_size(const struct grid *grid)
{
    return (size_t)grid->cols * (size_t)grid->rows * sizeof(struct cell);
}

void grid_free(struct grid *grid)
{
    if (grid == NULL) {
        return;
    }
    mem_free(grid->mem, grid->cells, cells_size(grid));
    mem_free(grid->mem, grid, sizeof *grid);
}

bool grid_resize(struct grid *grid, int cols, int rows)
{
    cols = clamp(cols, 1, GRID_MAX_COLS);
    rows = clamp(rows, 1, GRID_MAX_ROWS);
    if (cols != grid->cols || rows != grid->rows) {
        struct cell *cells = mem_zalloc(grid->mem, (size_t)cols * (size_t)rows, sizeof *cells);
        if (cells == NULL) {
            return false;
        }
        mem_free(grid->mem, grid->cells, cells_size(grid));
        grid->cells = cells;
        grid->cols = cols;
        grid->rows = rows;
    }
    grid_clear(grid);
    return true;
}

void grid_clear(struct grid *grid)
{
    size_t count = (size_t)grid->cols * (size_t)grid->rows;
    for (size_t i = 0; i < count; i++) {
        grid->cells[i] = blank;
    }
}

void grid_set_mask(struct grid *grid, bool mask)
{
    grid->mask = mask;
}

void grid_set_ascii(struct grid *grid, bool ascii)
{
    grid->ascii = ascii;
}

int grid_cols(const struct grid *grid)
{
    return grid->cols;
}

int grid_rows(const struct grid *grid)
{
    return grid->rows;
}

static struct cell *cell_at(const struct grid *grid, int x, int y)
{
    assert(x >= 0 && x < grid->cols && y >= 0 && y < grid->rows);
    return &grid->cells[(size_t)y * (size_t)grid->cols + (size_t)x];
}

const struct cell *grid_cell(const struct grid *grid, int x, int y)
{
    return cell_at(grid, x, y);
}

/* Prepares a cell for overwriting: the other half of a wide glyph in it becomes a blank of the same
   style. */
static void break_wide(struct grid *grid, int x, int y)
{
    struct cell *cell = cell_at(grid, x, y);
    if (cell->glyph.width == 0) {
        cell_at(grid, x - 1, y)->glyph = blank.glyph;
    } else if (cell->glyph.width == 2) {
        cell_at(grid, x + 1, y)->glyph = blank.glyph;
    }
}

/* Requires (x, y) and, for a wide glyph, (x + 1, y) to be inside. */
static void put_glyph(struct grid *grid, int x, int y, enum style_id style,
                      const struct glyph *glyph)
{
    for (int i = 0; i < glyph->width; i++) {
        break_wide(grid, x + i, y);
        *cell_at(grid, x + i, y) = (struct cell){.glyph = {.width = 0}, .style = (uint8_t)style};
    }
    cell_at(grid, x, y)->glyph = *glyph;
}

/* ---- areas ---- */

struct area grid_area(struct grid *grid)
{
    return (struct area){grid, 0, 0, grid->cols, grid->rows};
}

struct area area_sub(struct area area, int x, int y, int cols, int rows)
{
    int left = clamp(x, 0, area.cols), top = clamp(y, 0, area.rows);
    int right = clamp(x + cols, left, area.cols), bottom = clamp(y + rows, top, area.rows);
    return (struct area){area.grid, area.x + left, area.y + top, right - left, bottom - top};
}

/* Draws the part of a glyph at x that is inside the area. */
static void area_put_glyph(struct area area, int x, int y, enum style_id style,
                           const struct glyph *glyph)
{
    if (y < 0 || y >= area.rows) {
        return;
    }
    bool left_in = x >= 0 && x < area.cols;
    bool right_in = x + 1 >= 0 && x + 1 < area.cols;
    if (glyph->width == 1 && left_in) {
        put_glyph(area.grid, area.x + x, area.y + y, style, glyph);
    } else if (glyph->width == 2 && left_in && right_in) {
        put_glyph(area.grid, area.x + x, area.y + y, style, glyph);
    } else if (glyph->width == 2 && (left_in || right_in)) {
        put_glyph(area.grid, area.x + (left_in ? x : x + 1), area.y + y, style, &blank.glyph);
    }
}

static int put_as_it_is(struct area area, int x, int y, enum style_id style, const char *text,
                        size_t len)
{
    for (size_t at = 0; at < len;) {
        struct glyph glyph;
        at += text_next(text + at, len - at, area.grid->ascii, &glyph);
        if (glyph.width == 0) {
            continue;
        }
        area_put_glyph(area, x, y, style, &glyph);
        x += glyph.width;
        if (x > GRID_MAX_COLS * 2) {
            break; /* the rest of the text cannot be visible */
        }
    }
    return x;
}

/* Returns whether secrets in the text were masked; `out` is the text then. Release it always. */
static bool mask(struct area area, const char *text, size_t len, struct strbuf *out)
{
    strbuf_init(out, area.grid->mem, 0);
    return area.grid->mask && mask_secrets(text, len, out) && !out->failed;
}

int area_put(struct area area, int x, int y, enum style_id style, const char *text, size_t len)
{
    struct strbuf masked;
    if (mask(area, text, len, &masked)) {
        x = put_as_it_is(area, x, y, style, masked.data, masked.len);
    } else if (!masked.failed) {
        x = put_as_it_is(area, x, y, style, text, len);
    }
    strbuf_release(&masked);
    return x;
}

int area_puts(struct area area, int x, int y, enum style_id style, const char *text)
{
    return area_put(area, x, y, style, text, strlen(text));
}

int area_putf(struct area area, int x, int y, enum style_id style, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return n < 0 ? x : area_puts(area, x, y, style, text);
}

static int put_ellipsized(struct area area, int x, int y, int cols, enum style_id style,
                          const char *text, size_t len)
{
    bool ascii = area.grid->ascii;
    if (cols <= 0) {
        return x;
    }
    size_t used = 0;
    size_t fits = text_fit(text, len, ascii, (size_t)cols, &used);
    if (fits == len) {
        return put_as_it_is(area, x, y, style, text, len);
    }
    if (cols >= 2) {
        fits = text_fit(text, len, ascii, (size_t)cols - 1, &used);
    }
    x = put_as_it_is(area, x, y, style, text, fits);
    if (cols >= 2) {
        x = area_puts(area, x, y, style,
                      theme_symbol(&(struct theme){.ascii = ascii}, SYM_ELLIPSIS));
    }
    return x;
}

int area_put_ellipsized(struct area area, int x, int y, int cols, enum style_id style,
                        const char *text, size_t len)
{
    struct strbuf masked;
    if (mask(area, text, len, &masked)) {
        x = put_ellipsized(area, x, y, cols, style, masked.data, masked.len);
    } else if (!masked.failed) {
        x = put_ellipsized(area, x, y, cols, style, text, len);
    }
    strbuf_release(&masked);
    return x;
}

int area_put_right(struct area area, int x_end, int y, enum style_id style, const char *text)
{
    int x = x_end - (int)text_cols(text, strlen(text), area.grid->ascii);
    area_puts(area, x, y, style, text);
    return x;
}

void area_fill(struct area area, int x, int y, int cols, enum style_id style, const char *text)
{
    struct glyph glyph;
    text_next(text, strlen(text), area.grid->ascii, &glyph);
    assert(glyph.width == 1);
    int from = clamp(x, 0, area.cols), to = clamp(x + cols, 0, area.cols);
    for (int at = from; at < to; at++) {
        area_put_glyph(area, at, y, style, &glyph);
    }
}

void area_add_attrs(struct area area, int x, int y, int cols, uint8_t attrs)
{
    if (y < 0 || y >= area.rows) {
        return;
    }
    int from = clamp(x, 0, area.cols), to = clamp(x + cols, 0, area.cols);
    for (int at = from; at < to; at++) {
        cell_at(area.grid, area.x + at, area.y + y)->attrs |= attrs;
    }
}

bool area_is_blank(struct area area, int x, int y, int cols)
{
    if (x < 0 || x + cols > area.cols || y < 0 || y >= area.rows) {
        return false;
    }
    for (int at = x; at < x + cols; at++) {
        const struct cell *cell = cell_at(area.grid, area.x + at, area.y + y);
        if (cell->glyph.len != 1 || cell->glyph.text[0] != ' ' || cell->style != STYLE_PLAIN) {
            return false;
        }
    }
    return true;
}

/* ---- output ---- */

void grid_to_text(const struct grid *grid, struct strbuf *out)
{
    for (int y = 0; y < grid->rows; y++) {
        int end = grid->cols;
        while (end > 0) {
            const struct glyph *last = &cell_at(grid, end - 1, y)->glyph;
            if (last->len != 1 || last->text[0] != ' ') {
                break;
            }
            end--;
        }
        for (int x = 0; x < end; x++) {
            const struct glyph *glyph = &cell_at(grid, x, y)->glyph;
            strbuf_add(out, glyph->text, glyph->len);
        }
        strbuf_addc(out, '\n');
    }
}

static void add_sgr(struct strbuf *out, struct style style)
{
    static const char *const attrs[] = {";1", ";2", ";4", ";7"};
    strbuf_adds(out, "\033[0");
    for (unsigned i = 0; i < 4; i++) {
        if (style.attrs & 1u << i) {
            strbuf_adds(out, attrs[i]);
        }
    }
    if (style.fg != COLOR_NONE) {
        strbuf_addf(out, ";%d", style.fg < 8 ? 30 + style.fg : 82 + style.fg);
    }
    if (style.bg != COLOR_NONE) {
        strbuf_addf(out, ";%d", style.bg < 8 ? 40 + style.bg : 92 + style.bg);
    }
    strbuf_addc(out, 'm');
}

void grid_to_ansi(const struct grid *grid, const struct theme *theme, struct strbuf *out)
{
    for (int y = 0; y < grid->rows; y++) {
        struct style now = {COLOR_NONE, COLOR_NONE, 0};
        for (int x = 0; x < grid->cols; x++) {
            const struct cell *cell = cell_at(grid, x, y);
            struct style style = theme_style(theme, cell->style);
            style.attrs |= cell->attrs;
            if (style.fg != now.fg || style.bg != now.bg || style.attrs != now.attrs) {
                add_sgr(out, style);
            }
            now = style;
            strbuf_add(out, cell->glyph.text, cell->glyph.len);
        }
        strbuf_adds(out, "\033[0m\n");
    }
}
