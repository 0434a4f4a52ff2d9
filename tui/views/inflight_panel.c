/* The IN FLIGHT panel below the timeline: as many open spans as fit, the longest first. */
#include "tui/views/inflight_line.h"

/* ── IN FLIGHT ─────── 12 more ─ */
static void draw_heading(const struct frame *frame, struct area line, size_t more)
{
    const char *dash = frame_symbol(frame, SYM_HORIZONTAL);
    int x = area_puts(line, 1, 0, STYLE_DIM, "IN FLIGHT ");
    area_fill(line, x, 0, line.cols - 1 - x, STYLE_DIM, dash);
    if (more > 0 && line.cols >= x + 20) {
        area_putf(line, line.cols - 14, 0, STYLE_DIM, " %zu more ", more);
    }
}

void inflight_panel_draw(struct frame *frame, struct grid *grid)
{
    struct area panel = frame_area(frame, grid, frame->layout.inflight);
    panel = area_sub(panel, 0, 0, frame->layout.inflight_cols, panel.rows);
    size_t lines = panel.rows > 1 ? (size_t)panel.rows - 1 : 0;
    size_t shown = frame->inflight_count < lines ? frame->inflight_count : lines;
    draw_heading(frame, panel, frame->inflight_count - shown);
    struct inflight_columns columns = {.agent_cols = panel.cols >= 120  ? 34
                                                     : panel.cols >= 90 ? 28
                                                     : panel.cols >= 70 ? 22
                                                     : panel.cols >= 50 ? 16
                                                                        : 10};
    for (size_t i = 0; i < shown; i++) {
        inflight_line_draw(frame, area_sub(panel, 0, (int)i + 1, panel.cols, 1), frame->inflight[i],
                           &columns);
    }
    if (frame->inflight_count == 0) {
        area_puts(panel, 4, 1, STYLE_DIM, "nothing");
    }
}
