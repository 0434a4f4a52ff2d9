/* All that is open, the longest first. The cursor is on a span, not on a line: it stays with it while others end. */
#include "tui/views/copy.h"
#include "tui/views/flight_line.h"
#include "tui/views/mouse.h"
#include "tui/views/view_keys.h"

#include <string.h>

static struct flight_columns columns_of(const struct frame *frame)
{
    int cols = frame->layout.cols;
    return (struct flight_columns){
        .agent_cols = cols >= 160   ? 32
                      : cols >= 100 ? 24
                      : cols >= 60  ? 18
                                    : 10,
        .norm = cols >= 70,
    };
}

/* The selected span's line; 0, where it is none of them. */
static size_t cursor_of(const struct frame *frame)
{
    for (size_t i = 0; i < frame->flight_count; i++) {
        if (frame->flight[i] == frame->state->selected)
            return i;
    }
    return 0;
}

static void draw_heads(const struct frame *frame, struct area line,
                       const struct flight_columns *columns)
{
    int x = FLIGHT_AGENT_X + columns->agent_cols + 2, end = line.cols - 1;
    area_put_right(line, FLIGHT_AGE_END, 0, INK_DIM, "ELAPSED");
    area_puts(line, FLIGHT_AGENT_X, 0, INK_DIM, "AGENT");
    x = area_puts(line, x, 0, INK_DIM, "IN FLIGHT ");
    area_putf(line, x, 0, INK_DIM, "%zu", frame->flight_count);
    if (columns->norm) {
        area_put_right(line, end, 0, INK_DIM, "TIMES");
        area_put_right(line, end - FLIGHT_TIMES_COLS, 0, INK_DIM, "P95");
    }
}

void flight_draw(struct frame *frame, struct grid *grid)
{
    struct area body = frame_area(frame, grid, frame->layout.body);
    struct flight_columns columns = columns_of(frame);
    size_t space = (size_t)(body.rows > 0 ? body.rows : 0), cursor = cursor_of(frame);
    draw_heads(frame, frame_area(frame, grid, frame->layout.heads), &columns);
    frame->state->flight_scroll =
        list_scroll(frame->state->flight_scroll, cursor, frame->flight_count, space);
    if (frame->flight_count == 0)
        area_puts(body, FLIGHT_AGENT_X, 0, INK_DIM, "nothing is open");
    for (size_t i = 0; i < space && frame->state->flight_scroll + i < frame->flight_count; i++) {
        size_t at = frame->state->flight_scroll + i;
        struct area line = area_sub(body, 0, (int)i, body.cols, 1);
        flight_line_draw(frame, line, swarm_span(frame->swarm, frame->flight[at]), &columns);
        if (at == cursor)
            area_puts(line, 0, 0, INK_STRONG, frame_symbol(frame, SYM_CURSOR));
    }
}

/* Selects the span of that line, unless the model has dropped it since the frame was made. */
static void select_line(struct frame *frame, size_t at)
{
    const struct span *span = swarm_span(frame->swarm, frame->flight[at]);
    if (!span)
        return;
    frame->state->selected = frame->flight[at];
    frame->state->cursor = span->agent;
    frame->state->cursor_group = false;
}

enum view_result flight_act(struct frame *frame, enum action action)
{
    size_t count = frame->flight_count, at;
    if (count > 0 && list_move(action, cursor_of(frame), count, frame->layout.body.rows, &at)) {
        select_line(frame, at);
        return VIEW_REDRAW;
    }
    if (action == ACTION_DETAIL && count > 0) {
        span_no number = frame->flight[cursor_of(frame)];
        const struct span *span = swarm_span(frame->swarm, number);
        return span ? page_show_span(frame, span->agent, number) : VIEW_REDRAW;
    }
    if (action == ACTION_COPY && count > 0)
        return copy_span(frame, frame->flight[cursor_of(frame)]);
    return page_act(frame, action);
}

enum view_result flight_click(struct frame *frame, int y)
{
    size_t at = (size_t)(y - frame->layout.body.y) + frame->state->flight_scroll;
    if (y >= frame->layout.body.y && at < frame->flight_count)
        select_line(frame, at);
    return VIEW_REDRAW;
}
