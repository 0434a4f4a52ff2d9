/* Events are translated to positions by the layout of the last frame, then to the operations that
   keys use. */
#include "tui/views/mouse.h"

#include "tui/views/select.h"
#include "tui/views/view_keys.h"

bool mouse_is(struct key key)
{
    return key.code >= KEY_CODE_CLICK && key.code <= KEY_CODE_WHEEL_DOWN;
}

static bool is_on(struct strip strip, int y)
{
    return y >= strip.y && y < strip.y + strip.rows;
}

/* ---- the timeline ---- */

/* Returns the row of a screen line; NULL: none. */
static const struct timeline_row *row_at(const struct frame *frame, int y)
{
    return is_on(frame->layout.body, y) ? frame_row_at(frame, y - frame->layout.body.y) : NULL;
}

/* Returns the span of a cell, from the first of the row's lanes that has one. */
static span_no span_at(const struct frame *frame, const struct timeline_row *row, int col)
{
    const struct axis *axis = &frame->axis;
    const struct tree_node *node = &frame->rows.nodes[row->node];
    unsigned last = row->merged && node->lanes > 0 ? node->lanes - 1u : row->lane;
    for (unsigned lane = row->lane; lane <= last; lane++) {
        struct timeline_cell cell;
        query_lane(frame->swarm, node->agent, lane, axis_time(axis, col), axis_col_ns(axis), 1,
                   frame->local_ns, frame->predicate, &cell);
        if (cell.kind < SPAN_KINDS && cell.span != NO_SPAN) {
            return cell.span;
        }
    }
    return NO_SPAN;
}

static enum view_result click_timeline(struct frame *frame, struct key key)
{
    struct view_state *state = frame->state;
    const struct timeline_row *row = row_at(frame, key.y);
    int col = key.x - frame->layout.bars_x;
    if (row == NULL) {
        return VIEW_REDRAW;
    }
    agent_no agent = frame->rows.nodes[row->node].agent;
    bool again = state->cursor == agent && state->cursor_group == row->group;
    if (row->group && again) {
        return timeline_act(frame, ACTION_FOLD);
    }
    state->cursor = agent;
    state->cursor_group = row->group;
    span_no span = col >= 0 && !row->group ? span_at(frame, row, col) : NO_SPAN;
    if (span != NO_SPAN && span == state->selected) {
        state->detail = !state->detail;
    }
    state->selected = span;
    state->detail_scroll = 0;
    return VIEW_REDRAW;
}

static enum view_result drag_timeline(struct frame *frame, struct key key)
{
    struct view_state *state = frame->state;
    if (key.from_x < frame->layout.bars_x) {
        return VIEW_REDRAW;
    }
    state->window = WINDOW_FIXED;
    state->zoom = frame->axis.zoom;
    state->t0_ns = axis_time(&frame->axis, key.from_x - key.x);
    return VIEW_REDRAW;
}

/* Zooms around the pointer: its moment keeps its column. */
static enum view_result zoom_at(struct frame *frame, int col, bool in)
{
    struct view_state *state = frame->state;
    unsigned zoom = in ? frame->axis.zoom - 1 : frame->axis.zoom + 1;
    if (in ? frame->axis.zoom == AXIS_ZOOM_MIN : zoom > AXIS_ZOOM_MAX) {
        return VIEW_REDRAW;
    }
    struct axis there = {axis_floor(axis_time(&frame->axis, col), zoom), zoom, frame->axis.cols};
    state->window = WINDOW_FIXED;
    state->zoom = zoom;
    state->t0_ns = axis_time(&there, -col);
    return VIEW_REDRAW;
}

static enum view_result act_on_timeline(struct frame *frame, struct key key)
{
    int col = key.x - frame->layout.bars_x;
    bool bars = is_on(frame->layout.body, key.y) && col >= 0;
    switch (key.code) {
    case KEY_CODE_CLICK: return click_timeline(frame, key);
    case KEY_CODE_DRAG: return drag_timeline(frame, key);
    default: break;
    }
    bool up = key.code == KEY_CODE_WHEEL_UP;
    if (bars) {
        return zoom_at(frame, col, up);
    }
    return timeline_act(frame, up ? ACTION_ROW_UP : ACTION_ROW_DOWN);
}

/* ---- all views ---- */

enum view_result mouse_act(struct frame *frame, struct key key)
{
    enum page page = frame->state->page;
    if (page == PAGE_TIMELINE) {
        return act_on_timeline(frame, key);
    }
    enum action action = key.code == KEY_CODE_WHEEL_UP     ? ACTION_ROW_UP
                         : key.code == KEY_CODE_WHEEL_DOWN ? ACTION_ROW_DOWN
                                                           : ACTION_NONE;
    switch ((int)page) {
    case PAGE_AGENTS: return action ? agents_act(frame, action) : agents_click(frame, key.x, key.y);
    case PAGE_INFLIGHT: return action ? inflight_act(frame, action) : inflight_click(frame, key.y);
    case PAGE_HOSTS: return action ? hosts_act(frame, action) : hosts_click(frame, key.y);
    case PAGE_LOG: return action ? log_act(frame, action) : log_click(frame, key.y);
    default: return action ? statistics_act(frame, action) : VIEW_IGNORED;
    }
}
