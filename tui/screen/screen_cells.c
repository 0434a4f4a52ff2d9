/* Cells of a grid as curses' wide characters. The copy of the last grid saves curses the cells that
   have not changed. */
#include "tui/screen/screen_cells.h"

#include "core/base/utf8.h"

#include <curses.h>
#include <string.h>
#include <wchar.h>

/* Converts a glyph. If the C library and this program disagree on its width, `?` replaces it;
   otherwise the rest of the line would shift. */
static void glyph_to_wide(const struct glyph *glyph, wchar_t out[CCHARW_MAX + 1])
{
    int n = 0;
    for (size_t at = 0; at < glyph->len && n < CCHARW_MAX;) {
        uint32_t cp;
        at += utf8_next(glyph->text + at, glyph->len - at, &cp);
        int cols = wcwidth((wchar_t)cp);
        if (n == 0 ? cols == glyph->width : cols == 0) {
            out[n++] = (wchar_t)cp;
        } else if (n == 0) {
            break;
        }
    }
    if (n == 0) {
        out[n++] = glyph->width == 1 ? L'?' : L'\uFF1F';
    }
    out[n] = L'\0';
}

static attr_t attrs_of(uint8_t attrs)
{
    return (attrs & ATTR_BOLD ? A_BOLD : 0) | (attrs & ATTR_DIM ? A_DIM : 0) |
           (attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0) | (attrs & ATTR_REVERSE ? A_REVERSE : 0);
}

static void put_cell(const struct theme *theme, int x, int y, const struct cell *cell)
{
    struct style style = theme_style(theme, (enum style_id)cell->style);
    wchar_t text[CCHARW_MAX + 1];
    cchar_t wide;
    int pair = theme->color ? cell->style + 1 : 0;
    glyph_to_wide(&cell->glyph, text);
    setcchar(&wide, text, attrs_of(style.attrs | cell->attrs),
             (short)(pair < COLOR_PAIRS ? pair : 0), NULL);
    mvwadd_wch(stdscr, y, x, &wide);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->style == b->style && a->attrs == b->attrs && a->glyph.width == b->glyph.width &&
           a->glyph.len == b->glyph.len && memcmp(a->glyph.text, b->glyph.text, a->glyph.len) == 0;
}

/* `before`: what the screen shows there; NULL: unknown. */
static void update_cell(const struct theme *theme, int x, int y, int room, const struct cell *cell,
                        const struct cell *before)
{
    bool changed = before == NULL || !same_cell(before, cell);
    if (changed && cell->glyph.width > 0 && cell->glyph.width <= room) {
        put_cell(theme, x, y, cell);
    }
}

void screen_cells_put(const struct theme *theme, const struct grid *grid, struct cell *shown)
{
    int cols = grid_cols(grid), rows = grid_rows(grid);
    for (int y = 0; y < rows; y++) {
        struct cell *line = shown == NULL ? NULL : &shown[(size_t)y * (size_t)cols];
        for (int x = 0; y < LINES && x < cols && x < COLS; x++) {
            int room = (cols < COLS ? cols : COLS) - x;
            update_cell(theme, x, y, room, grid_cell(grid, x, y), line == NULL ? NULL : &line[x]);
        }
        if (line != NULL) {
            memcpy(line, grid_cell(grid, 0, y), (size_t)cols * sizeof *line);
        }
    }
}
