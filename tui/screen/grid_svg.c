/* A row is cut into runs of one style: a rectangle if the style has a background, and a text fitted
   to its columns whatever the font. Colours are CSS classes, so one document serves light and dark
   terminals. */
#include "tui/screen/grid_svg.h"

#include <string.h>

/* Size of a cell, in SVG units. */
#define CELL_COLS 8.4
#define CELL_ROWS 17
#define BASELINE  12.8
#define MARGIN    8

/* Indexed by ANSI colour number, 0 to 15. */
static const char *const light[] = {
    "#000000", "#c4251b", "#2f8f3f", "#b58900", "#3b6fd6", "#a04bb8", "#2497a5", "#d9d9d9",
    "#8a8a8a", "#e05046", "#4fae5c", "#cfa11a", "#5f8be6", "#bd6ad2", "#3fb3c1", "#ffffff"};
static const char *const dark[] = {"#101418", "#e5534b", "#57ab5a", "#daaa3f", "#539bf5", "#c77fd8",
                                   "#4bb8c4", "#d0d7de", "#6b7480", "#f47067", "#6bc46d", "#e3b954",
                                   "#6cb0ff", "#d79be6", "#63cdd8", "#ffffff"};

static void put_colors(struct strbuf *out, const char *const *colors, const char *text,
                       const char *ground)
{
    strbuf_addf(out, ".g{fill:%s}text{fill:%s}", ground, text);
    for (int i = 0; i < 16; i++) {
        strbuf_addf(out, ".f%d{fill:%s}.b%d{fill:%s}", i, colors[i], i, colors[i]);
    }
}

static void put_head(const struct grid *grid, struct strbuf *out)
{
    double width = grid_cols(grid) * CELL_COLS + 2 * MARGIN;
    int height = grid_rows(grid) * CELL_ROWS + 2 * MARGIN;
    strbuf_addf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.1f\" height=\"%d\" "
        "viewBox=\"0 0 %.1f %d\">\n<style>\n"
        "text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace;"
        "white-space:pre}.s{font-weight:bold}.d{opacity:.55}.u{text-decoration:underline}\n",
        width, height, width, height);
    put_colors(out, light, "#1f2328", "#ffffff");
    strbuf_adds(out, "\n@media (prefers-color-scheme:dark){");
    put_colors(out, dark, "#d0d7de", "#101418");
    strbuf_addf(out,
                "}\n</style>\n<rect class=\"g\" width=\"100%%\" height=\"100%%\" rx=\"6\"/>\n"
                "<g transform=\"translate(%d %d)\">\n",
                MARGIN, MARGIN);
}

static void put_text(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '<': strbuf_adds(out, "&lt;"); break;
        case '>': strbuf_adds(out, "&gt;"); break;
        case '&': strbuf_adds(out, "&amp;"); break;
        default: strbuf_addc(out, text[i]);
        }
    }
}

/* Swaps foreground and background if the style is reversed. */
static void resolve(struct style *style)
{
    if (style->attrs & ATTR_REVERSE) {
        int8_t fg = style->fg;
        style->fg = style->bg == COLOR_NONE ? 15 : style->bg;
        style->bg = fg == COLOR_NONE ? 8 : fg;
    }
}

static bool is_blank(const struct strbuf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] != ' ') {
            return false;
        }
    }
    return true;
}

static void put_run(struct strbuf *out, const struct strbuf *text, struct style style, int x, int y,
                    int cols)
{
    resolve(&style);
    if (style.bg != COLOR_NONE) {
        strbuf_addf(out, "<rect class=\"b%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                    style.bg, x * CELL_COLS, y * CELL_ROWS, cols * CELL_COLS, CELL_ROWS);
    }
    if (is_blank(text) && !(style.attrs & ATTR_UNDERLINE)) {
        return;
    }
    strbuf_addf(out,
                "<text x=\"%.1f\" y=\"%.1f\" textLength=\"%.1f\" xml:space=\"preserve\" class=\"",
                x * CELL_COLS, y * CELL_ROWS + BASELINE, cols * CELL_COLS);
    if (style.fg != COLOR_NONE) {
        strbuf_addf(out, "f%d ", style.fg);
    }
    strbuf_addf(out, "%s%s%s\">", style.attrs & ATTR_BOLD ? "s " : "",
                style.attrs & ATTR_DIM ? "d " : "", style.attrs & ATTR_UNDERLINE ? "u" : "");
    put_text(out, text->data, text->len);
    strbuf_adds(out, "</text>");
}

static bool same_style(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void put_row(const struct grid *grid, const struct theme *theme, int y, struct strbuf *out,
                    struct strbuf *text)
{
    struct style style = {COLOR_NONE, COLOR_NONE, 0};
    int from = 0, cols = grid_cols(grid);
    strbuf_clear(text);
    for (int x = 0; x <= cols; x++) {
        struct style next = style;
        const struct cell *cell = x < cols ? grid_cell(grid, x, y) : NULL;
        if (cell != NULL) {
            next = theme_style(theme, (enum style_id)cell->style);
            next.attrs |= cell->attrs;
        }
        if (cell == NULL || !same_style(style, next)) {
            if (x > from) {
                put_run(out, text, style, from, y, x - from);
            }
            strbuf_clear(text);
            from = x;
            style = next;
        }
        if (cell != NULL) {
            strbuf_add(text, cell->glyph.text, cell->glyph.len);
        }
    }
    strbuf_addc(out, '\n');
}

void grid_to_svg(const struct grid *grid, const struct theme *theme, struct strbuf *out)
{
    struct strbuf text;
    strbuf_init(&text, out->mem, 0);
    put_head(grid, out);
    for (int y = 0; y < grid_rows(grid); y++) {
        put_row(grid, theme, y, out, &text);
    }
    strbuf_adds(out, "</g>\n</svg>\n");
    out->failed |= text.failed;
    strbuf_release(&text);
}
