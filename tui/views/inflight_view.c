/* All open spans, the longest first. The cursor is on a span, not on a line, and follows it as
   others end. */
#include "tui/views/copy.h"
#include "tui/views/inflight_line.h"
#include "tui/views/mouse.h"
#include "tui/views/view_keys.h"

#include <string.h>

static struct inflight_columns columns_of(const struct frame *frame)
{
    int cols = frame->layout.cols;
    return (struct inflight_columns){
        .agent_cols = cols >= 160   ? 44
                      : cols >= 120 ? 34
                      : cols >= 100 ? 28
                      : cols >= 80  ? 22
                      : cols >= 60  ? 16
                                    : 10,
        .usual = cols >= 70,
    };
}

/* Returns the selected span's line; 0 if it is not listed. */
static size_t cursor_of(const struct frame *frame)
{
    for (size_t i = 0; i < frame->inflight_count; i++) {
        if (frame->inflight[i] == frame->state->selected) {
            return i;
        }
    }
    return 0;
}

static void draw_heads(const struct frame *frame, struct area line,
                       const struct inflight_columns *columns)
{
    int x = INFLIGHT_AGENT_X + columns->agent_cols + 2, end = line.cols - 1;
    area_put_right(line, INFLIGHT_AGE_END, 0, STYLE_DIM, "ELAPSED");
    area_puts(line, INFLIGHT_AGENT_X, 0, STYLE_DIM, "AGENT");
    x = area_puts(line, x, 0, STYLE_DIM, "IN FLIGHT ");
    area_putf(line, x, 0, STYLE_DIM, "%zu", frame->inflight_count);
    if (columns->usual) {
        area_put_right(line, end, 0, STYLE_DIM, "TIMES");
        area_put_right(line, end - INFLIGHT_TIMES_COLS, 0, STYLE_DIM, "P95");
    }
}

void inflight_draw(struct frame *frame, struct grid *grid)
{
    struct area body = frame_area(frame, grid, frame->layout.body);
    struct inflight_columns columns = columns_of(frame);
    size_t space = (size_t)(body.rows > 0 ? body.rows : 0), cursor = cursor_of(frame);
    draw_heads(frame, frame_area(frame, grid, frame->layout.heads), &columns);
    frame->state->inflight_scroll =
        list_scroll(frame->state->inflight_scroll, cursor, frame->inflight_count, space);
    if (frame->inflight_count == 0) {
        area_puts(body, INFLIGHT_AGENT_X, 0, STYLE_DIM,
                  frame->predicate != NULL ? "nothing open matches the filter" : "nothing is open");
    }
    for (size_t i = 0; i < space && frame->state->inflight_scroll + i < frame->inflight_count;
         i++) {
        size_t at = frame->state->inflight_scroll + i;
        struct area line = area_sub(body, 0, (int)i, body.cols, 1);
        inflight_line_draw(frame, line, frame->inflight[at], &columns);
        if (at == cursor) {
            area_puts(line, 0, 0, STYLE_STRONG, frame_symbol(frame, SYM_CURSOR));
        }
    }
}

/* Selects the span of that line, unless the model has dropped it since the frame was made. */
static void select_line(struct frame *frame, size_t at)
{
    const struct span *span = swarm_span(frame->swarm, frame->inflight[at]);
    if (span == NULL) {
        return;
    }
    frame->state->selected = frame->inflight[at];
    frame->state->cursor = span->agent;
    frame->state->cursor_group = false;
}

enum view_result inflight_act(struct frame *frame, enum action action)
{
    size_t count = frame->inflight_count, at;
    if (count > 0 && list_move(action, cursor_of(frame), count, frame->layout.body.rows, &at)) {
        select_line(frame, at);
        return VIEW_REDRAW;
    }
    if (action == ACTION_DETAIL && count > 0) {
        span_no number = frame->inflight[cursor_of(frame)];
        const struct span *span = swarm_span(frame->swarm, number);
        return span != NULL ? page_show_span(frame, span->agent, number) : VIEW_REDRAW;
    }
    if (action == ACTION_COPY && count > 0) {
        return copy_span(frame, frame->inflight[cursor_of(frame)]);
    }
    if (action == ACTION_WHY && count > 0) {
        select_line(frame, cursor_of(frame));
    }
    return page_act(frame, action);
}

enum view_result inflight_click(struct frame *frame, int y)
{
    size_t at = (size_t)(y - frame->layout.body.y) + frame->state->inflight_scroll;
    if (y >= frame->layout.body.y && at < frame->inflight_count) {
        select_line(frame, at);
    }
    return VIEW_REDRAW;
}
