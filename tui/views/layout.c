/* Columns depend on the width alone, so bars do not move when a panel opens. Lines are taken from
   both ends; rows and panels share the rest. The rows get what they need and the panels the
   remainder, but never less than their share. A smaller screen loses parts in this order: the
   detail beside the panel, IN FLIGHT, the last metrics (by clipping), the age in NOW, the legend,
   the metrics, the state's name in NOW. */
#include "tui/views/layout.h"

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static void place_columns(struct layout *out)
{
    static const struct {
        int cols, name_cols;
    } names[] = {{180, 32}, {120, 26}, {100, 22}, {80, 18}, {60, 15}, {36, 11}, {0, 8}};
    int i = 0;
    while (out->cols < names[i].cols) {
        i++;
    }
    out->name_x = 1; /* column 0 is for the cursor */
    out->name_cols = names[i].name_cols;
    out->now_word = out->cols >= 36;
    out->now_age = out->cols >= 80;
    out->now_x = out->name_x + out->name_cols + (out->cols < 100);
    out->now_cols = out->cols >= 240 ? 30 : out->now_age ? 16 : out->now_word ? 10 : 1;
    out->bars_x = out->now_x + out->now_cols + (out->cols >= 100 ? 2 : 1);
    out->bars_cols = max_int(1, out->cols - out->bars_x);
}

/* Takes lines from the top or, with `bottom`, from the bottom of [*y, *end). */
static struct strip take(int *y, int *end, int rows, bool bottom)
{
    rows = max_int(0, min_int(rows, *end - *y));
    if (bottom) {
        *end -= rows;
        return (struct strip){*end, rows};
    }
    *y += rows;
    return (struct strip){*y - rows, rows};
}

/* Places the rows and the panels below them in [y, end). */
static void place_body(struct layout *out, const struct layout_want *want, int y, int end)
{
    int space = end - y;
    bool flight = want->inflight_lines > 0 && space >= 12;
    bool beside = flight && out->cols >= 100;
    int lines = flight ? want->inflight_lines : 0;
    int share = space / 3;
    if (want->detail_lines > 0) {
        lines = beside ? max_int(lines, want->detail_lines) : want->detail_lines;
        share = space / 2;
        flight = beside;
    }
    if (want->detail_lines > 0 && space < 8) { /* too low for both; the user asked for the detail */
        out->body = take(&y, &end, want->marks_rows ? min_int(want->rows, space / 3) : 0, false);
        out->detail = take(&y, &end, end - y, false);
        out->detail_x = 0;
        return;
    }
    int panel = lines > 0 ? 2 + lines : 0; /* a blank line and the heading */
    out->body = take(&y, &end, min_int(want->rows, space - min_int(panel, share)), false);
    if (lines == 0) {
        out->body.rows = space;
    }
    if (panel == 0 || end - y < 3) {
        return;
    }
    y++;
    struct strip panels = take(&y, &end, 1 + lines, false);
    if (flight) {
        out->inflight = panels;
    }
    if (want->detail_lines > 0) {
        out->detail = panels;
    }
    out->inflight_cols = out->cols;
    out->detail_x = 0;
    if (flight && want->detail_lines > 0) {
        out->detail_x = out->cols / 2 + 1;
        out->inflight_cols = out->detail_x;
    }
}

struct layout layout_compute(const struct layout_want *want, int cols, int rows)
{
    struct layout out = {.cols = cols, .rows = rows};
    out.too_small = cols < LAYOUT_MIN_COLS || rows < LAYOUT_MIN_ROWS;
    if (out.too_small) {
        return out;
    }
    place_columns(&out);
    int y = 0, end = rows;
    out.header = take(&y, &end, 1, false);
    out.hint = take(&y, &end, rows >= 6, true);
    out.caption = take(&y, &end, want->caption && rows >= 10, true);
    out.metrics = take(&y, &end, rows >= 8, false);
    out.legend = take(&y, &end, want->legend && !want->list && rows >= 20 && cols >= 60, false);
    out.heads = take(&y, &end, rows >= 5, false);
    out.trouble = take(&y, &end, want->trouble && rows >= 8, true);
    out.one_line = rows < 14;
    if (want->list) {
        out.body = (struct strip){y, end - y};
    } else {
        place_body(&out, want, y, end);
    }
    return out;
}
