/* Actions of the timeline, as a table of functions, and actions that all views share. An action
   that cannot be done shows a message. */
#include "tui/views/view_keys.h"

#include "tui/views/copy.h"
#include "tui/views/find_bar.h"
#include "tui/views/marks.h"
#include "tui/views/range.h"
#include "tui/views/seek_keys.h"
#include "tui/views/select.h"
#include "tui/views/why_view.h"

typedef enum view_result act_fn(struct frame *frame, int n);

/* ---- the window of time ---- */

/* Fixes the window at its current position. */
static void fix_window(struct frame *frame)
{
    frame->state->window = WINDOW_FIXED;
    frame->state->zoom = frame->axis.zoom;
    frame->state->t0_ns = frame->axis.t0_ns;
}

/* Pans by n tenths of the screen; frame_make clamps at the ends. */
static enum view_result pan(struct frame *frame, int n)
{
    int cols = frame->axis.cols * n / 10;
    fix_window(frame);
    frame->state->t0_ns = axis_time(&frame->axis, cols == 0 ? n : cols);
    return VIEW_REDRAW;
}

/* Returns the column that a zoom keeps: the selected span's if it is visible, else the middle. */
static int anchor_col(const struct frame *frame)
{
    const struct span *span = swarm_span(frame->swarm, frame->state->selected);
    if (span != NULL) {
        int col = axis_col(&frame->axis, span->start_ns);
        if (col >= 0 && col < frame->axis.cols) {
            return col;
        }
    }
    return frame->axis.cols / 2;
}

static enum view_result zoom(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    unsigned old = frame->axis.zoom, new = n > 0 ? old - 1 : old + 1;
    if (n > 0 ? old == AXIS_ZOOM_MIN : new > AXIS_ZOOM_MAX) {
        return VIEW_REDRAW;
    }
    bool follows = state->window != WINDOW_FIXED && frame->input->live && !state->frozen;
    int anchor = anchor_col(frame);
    int64_t kept = axis_time(&frame->axis, anchor);
    fix_window(frame);
    state->zoom = new;
    struct axis from_anchor = {axis_floor(kept, new), new, frame->axis.cols};
    state->t0_ns = axis_time(&from_anchor, -anchor);
    if (follows) {
        state->window = WINDOW_FOLLOW;
    }
    return VIEW_REDRAW;
}

static enum view_result show_all(struct frame *frame, int n)
{
    (void)n;
    frame->state->window = WINDOW_ALL;
    return VIEW_REDRAW;
}

static enum view_result go_start(struct frame *frame, int n)
{
    (void)n;
    fix_window(frame);
    frame->state->t0_ns = frame->from_ns;
    return VIEW_REDRAW;
}

static void thaw(struct view_state *state)
{
    if (state->frozen) {
        state->window = state->thawed_window;
    }
    state->frozen = false;
    frozen_view_free(state->frozen_view);
    state->frozen_view = NULL;
}

static enum view_result follow(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    (void)n;
    thaw(state);
    if (state->window == WINDOW_FIXED || !frame->input->live) {
        state->window = WINDOW_FOLLOW;
        state->zoom = frame->axis.zoom;
    }
    return VIEW_REDRAW;
}

static enum view_result freeze(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    (void)n;
    if (state->frozen) {
        thaw(state);
    } else if (frame->input->live) {
        state->thawed_window = state->window;
        fix_window(frame);
        state->frozen = true;
        state->frozen_local_ns = frame->input->local_ns;
        state->frozen_now_ns = frame->now_ns;
        state->frozen_events = frame->input->events;
        state->frozen_view = frozen_view_new(frame);
    } else {
        view_message(state, false, "all sources have finished");
    }
    return VIEW_REDRAW;
}

static enum view_result fit_span(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    int64_t start, end;
    (void)n;
    if (state->range.mode != RANGE_NONE) {
        start = state->range.from_ns;
        end = state->range.to_ns;
    } else {
        if (!select_any(frame)) {
            return VIEW_REDRAW;
        }
        const struct span *span = swarm_span(frame->swarm, state->selected);
        start = span->start_ns;
        end = swarm_span_end_ns(frame->swarm, span, frame->local_ns);
    }
    struct axis axis = axis_fitting(start, end, AXIS_ZOOM_MAX, frame->axis.cols);
    state->window = WINDOW_FIXED;
    state->zoom = axis.zoom;
    state->t0_ns = axis_time(&axis, -(axis.cols - axis_col(&axis, end)) / 2);
    return VIEW_REDRAW;
}

/* ---- rows ---- */

/* Moves by n names. */
static enum view_result move_rows(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    size_t at = rows_find(list, frame->state->cursor, frame->state->cursor_group);
    if (at == SIZE_MAX) {
        return VIEW_REDRAW;
    }
    size_t found = at;
    while (n != 0 && (n > 0 ? at + 1 < list->count : at > list->pinned)) {
        at = n > 0 ? at + 1 : at - 1;
        if (list->rows[at].first) {
            found = at;
            n -= n > 0 ? 1 : -1;
        }
    }
    const struct timeline_row *row = &list->rows[found];
    select_row(frame, list->nodes[row->node].agent, row->group);
    return VIEW_REDRAW;
}

/* Moves by a screen of lines; scrolls the detail panel while it is open. */
static enum view_result move_page(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    int lines = frame->layout.detail.rows - 2;
    if (lines > 0) {
        size_t by = (size_t)lines;
        if (n > 0) {
            state->detail_scroll += by;
        } else {
            state->detail_scroll -= state->detail_scroll < by ? state->detail_scroll : by;
        }
        return VIEW_REDRAW;
    }
    int rows = frame->layout.body.rows > 1 ? frame->layout.body.rows - 1 : 1, names = 0;
    rows *= frame->per_line;
    size_t at = rows_find(&frame->rows, state->cursor, state->cursor_group);
    for (int i = 0; at != SIZE_MAX && i < rows &&
                    (n > 0 ? at + 1 < frame->rows.count : at > frame->rows.pinned);
         i++) {
        at = n > 0 ? at + 1 : at - 1;
        names += frame->rows.rows[at].first;
    }
    return move_rows(frame, n > 0 ? names : -names);
}

static enum view_result go_parent(struct frame *frame, int n)
{
    (void)n;
    uint32_t node = rows_node(&frame->rows, frame->state->cursor);
    if (node == UINT32_MAX) {
        return VIEW_REDRAW;
    }
    if (frame->state->cursor_group) {
        select_row(frame, frame->state->cursor, false);
    } else if (frame->rows.nodes[node].parent != UINT32_MAX) {
        select_row(frame, frame->rows.nodes[frame->rows.nodes[node].parent].agent, false);
    }
    return VIEW_REDRAW;
}

static enum view_result go_child(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    (void)n;
    uint32_t node = rows_node(list, frame->state->cursor);
    if (node == UINT32_MAX || node + 1 >= list->node_count ||
        list->nodes[node + 1].parent != node) {
        return VIEW_REDRAW;
    }
    if (select_unfold(frame, list->nodes[node + 1].agent)) {
        select_row(frame, list->nodes[node + 1].agent, false);
    }
    return VIEW_REDRAW;
}

static enum view_result fold(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    (void)n;
    uint32_t index = rows_node(&frame->rows, state->cursor);
    if (index == UINT32_MAX) {
        return VIEW_REDRAW;
    }
    const struct tree_node *node = &frame->rows.nodes[index];
    enum fold next = node->folded ? FOLD_AUTO : node->done > 0 ? FOLD_OPEN : FOLD_FOLDED;
    if (!rows_set_fold(state, node->agent, next)) {
        view_message(state, true, "out of memory");
    }
    state->cursor_group = false;
    return VIEW_REDRAW;
}

static enum view_result fold_all(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    enum fold next = FOLD_AUTO;
    (void)n;
    for (size_t i = 0; i < list->node_count; i++) {
        if (list->nodes[i].depth == 0 && !list->nodes[i].folded) {
            next = FOLD_FOLDED;
        }
    }
    for (size_t i = 0; i < list->node_count; i++) {
        enum fold own = list->nodes[i].depth == 0 ? next : FOLD_AUTO;
        if (!rows_set_fold(frame->state, list->nodes[i].agent, own)) {
            view_message(frame->state, true, "out of memory");
        }
    }
    return VIEW_REDRAW;
}

/* ---- spans ---- */

static enum view_result next_span(struct frame *frame, int n)
{
    const struct view_state *state = frame->state;
    if (why_step(frame, n)) {
        return VIEW_REDRAW;
    }
    if (state->selected == NO_SPAN) {
        select_any(frame);
        return VIEW_REDRAW;
    }
    span_no next = query_span_step(frame->swarm, state->cursor, state->selected, n);
    while (next != NO_SPAN && !select_shows(frame, next)) {
        next = query_span_step(frame->swarm, state->cursor, next, n);
    }
    if (next != NO_SPAN) {
        select_span(frame, state->cursor, next);
    }
    return VIEW_REDRAW;
}

static enum view_result detail(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    (void)n;
    if (state->cursor_group) {
        return fold(frame, 0);
    }
    state->detail = !(state->detail && state->selected != NO_SPAN) && select_any(frame);
    state->detail_scroll = 0;
    return VIEW_REDRAW;
}

static enum view_result back(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    (void)n;
    if (state->detail) {
        state->detail = false;
    } else if (state->why) {
        state->why = false;
    } else if (state->range.mode != RANGE_NONE) {
        range_clear(state);
    } else if (frame->input->progress != NULL) {
        return VIEW_STOP;
    } else if (state->selected != NO_SPAN) {
        state->selected = NO_SPAN;
    } else {
        find_bar_clear(state);
    }
    return VIEW_REDRAW;
}

static enum view_result begin_range(struct frame *frame, int n)
{
    (void)n;
    return range_begin(frame);
}

static enum view_result wait_for_mark(struct frame *frame, int n)
{
    return marks_wait(frame, (enum action)n);
}

static enum view_result pin(struct frame *frame, int n)
{
    (void)n;
    return pins_toggle(frame);
}

static enum view_result copy(struct frame *frame, int n)
{
    (void)n;
    return copy_span(frame, frame->state->selected);
}

static enum view_result open_filter(struct frame *frame, int n)
{
    (void)n;
    return find_bar_open(frame, PROMPT_FILTER);
}

static enum view_result open_search(struct frame *frame, int n)
{
    (void)n;
    return find_bar_open(frame, PROMPT_SEARCH);
}

static enum view_result overview(struct frame *frame, int n)
{
    (void)n;
    frame->state->overview = !frame->state->overview;
    return VIEW_REDRAW;
}

static enum view_result legend(struct frame *frame, int n)
{
    (void)n;
    frame->state->legend = !frame->state->legend;
    return VIEW_REDRAW;
}

static enum view_result open_help(struct frame *frame, int n)
{
    (void)n;
    frame->state->help = true;
    frame->state->help_scroll = 0;
    return VIEW_REDRAW;
}

/* ---- the tables ---- */

static const struct {
    act_fn *act;
    int n;
} acts[ACTIONS] = {
    [ACTION_ROW_DOWN] = {move_rows, 1},
    [ACTION_ROW_UP] = {move_rows, -1},
    [ACTION_PAGE_DOWN] = {move_page, 1},
    [ACTION_PAGE_UP] = {move_page, -1},
    [ACTION_PAN_LEFT] = {pan, -1},
    [ACTION_PAN_RIGHT] = {pan, 1},
    [ACTION_SCREEN_LEFT] = {pan, -10},
    [ACTION_SCREEN_RIGHT] = {pan, 10},
    [ACTION_ZOOM_IN] = {zoom, 1},
    [ACTION_ZOOM_OUT] = {zoom, -1},
    [ACTION_ALL] = {show_all, 0},
    [ACTION_FIT_SPAN] = {fit_span, 0},
    [ACTION_NEXT_SPAN] = {next_span, 1},
    [ACTION_PREVIOUS_SPAN] = {next_span, -1},
    [ACTION_PARENT] = {go_parent, 0},
    [ACTION_CHILD] = {go_child, 0},
    [ACTION_DETAIL] = {detail, 0},
    [ACTION_BACK] = {back, 0},
    [ACTION_FREEZE] = {freeze, 0},
    [ACTION_FOLLOW] = {follow, 0},
    [ACTION_BOTTOM] = {follow, 0},
    [ACTION_START] = {go_start, 0},
    [ACTION_NEXT_USER] = {seek_act, ACTION_NEXT_USER},
    [ACTION_PREVIOUS_USER] = {seek_act, ACTION_PREVIOUS_USER},
    [ACTION_NEXT_ERROR] = {seek_act, ACTION_NEXT_ERROR},
    [ACTION_PREVIOUS_ERROR] = {seek_act, ACTION_PREVIOUS_ERROR},
    [ACTION_NEXT_STALLED] = {seek_act, ACTION_NEXT_STALLED},
    [ACTION_HELD_UP_NEXT] = {seek_act, ACTION_HELD_UP_NEXT},
    [ACTION_HELD_UP_PREVIOUS] = {seek_act, ACTION_HELD_UP_PREVIOUS},
    [ACTION_FOLD] = {fold, 0},
    [ACTION_FOLD_ALL] = {fold_all, 0},
    [ACTION_RANGE] = {begin_range, 0},
    [ACTION_WHY] = {why_toggle, 0},
    [ACTION_MARK] = {wait_for_mark, ACTION_MARK},
    [ACTION_GO_TO_MARK] = {wait_for_mark, ACTION_GO_TO_MARK},
    [ACTION_PIN] = {pin, 0},
    [ACTION_COPY] = {copy, 0},
    [ACTION_FILTER] = {open_filter, 0},
    [ACTION_SEARCH] = {open_search, 0},
    [ACTION_SEARCH_NEXT] = {find_bar_step, 1},
    [ACTION_SEARCH_PREVIOUS] = {find_bar_step, -1},
    [ACTION_OVERVIEW] = {overview, 0},
    [ACTION_LEGEND] = {legend, 0},
    [ACTION_HELP] = {open_help, 0},
};

enum view_result timeline_act(struct frame *frame, enum action action)
{
    return acts[action].act != NULL ? acts[action].act(frame, acts[action].n) : VIEW_IGNORED;
}

/* ---- other views ---- */

enum view_result page_act(struct frame *frame, enum action action)
{
    switch ((int)action) {
    case ACTION_FREEZE: return freeze(frame, 0);
    case ACTION_FOLLOW: return follow(frame, 0);
    case ACTION_HELP: return open_help(frame, 0);
    case ACTION_FILTER: return find_bar_open(frame, PROMPT_FILTER);
    case ACTION_BACK:
        if (frame->input->progress != NULL) {
            return VIEW_STOP;
        }
        frame->state->page = PAGE_TIMELINE;
        return VIEW_REDRAW;
    default: return seek_from_page(frame, action);
    }
}

enum view_result page_show_span(struct frame *frame, agent_no agent, span_no span)
{
    frame->state->page = PAGE_TIMELINE;
    select_span(frame, agent, span);
    frame->state->detail = frame->state->selected != NO_SPAN;
    return VIEW_REDRAW;
}

enum { HELP_END = 1 << 16 }; /* more lines than the help has: drawing clamps it */

enum view_result help_act(struct frame *frame, enum action action)
{
    struct view_state *state = frame->state;
    size_t page = frame->layout.rows > 4 ? (size_t)frame->layout.rows - 4 : 1, by = 1;
    switch ((int)action) {
    case ACTION_PAGE_DOWN: by = page; /* fallthrough */
    case ACTION_ROW_DOWN: state->help_scroll += by; return VIEW_REDRAW;
    case ACTION_PAGE_UP: by = page; /* fallthrough */
    case ACTION_ROW_UP:
        state->help_scroll -= state->help_scroll < by ? state->help_scroll : by;
        return VIEW_REDRAW;
    case ACTION_TOP: state->help_scroll = 0; return VIEW_REDRAW;
    case ACTION_BOTTOM: state->help_scroll = HELP_END; return VIEW_REDRAW;
    case ACTION_BACK:
    case ACTION_HELP: state->help = false; return VIEW_REDRAW;
    default: return VIEW_IGNORED;
    }
}
