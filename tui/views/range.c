/* The two edges are times, not columns, so a range survives zooming. The keys move one edge; the
   metrics come from metrics_range. */
#include "tui/views/range.h"

#include "core/query/time_parts.h"
#include "tui/screen/number.h"
#include "tui/views/coverage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

enum view_result range_begin(struct frame *frame)
{
    struct view_state *state = frame->state;
    const struct axis *axis = &frame->axis;
    const struct span *span = swarm_span(frame->swarm, state->selected);
    struct view_range range = {RANGE_MOVES, axis_time(axis, axis->cols / 3),
                               axis_time(axis, axis->cols * 2 / 3), true};
    if (span != NULL) {
        range.from_ns = span->start_ns;
        range.to_ns = swarm_span_end_ns(frame->swarm, span, frame->local_ns);
    }
    if (range.to_ns <= range.from_ns) {
        range.to_ns = range.from_ns + axis_col_ns(axis);
    }
    state->range = range;
    return VIEW_REDRAW;
}

void range_clear(struct view_state *state)
{
    state->range.mode = RANGE_NONE;
}

/* Moves the active edge by columns, to the start of a column; the window follows it. */
static enum view_result move_edge(struct frame *frame, int cols)
{
    struct view_range *range = &frame->state->range;
    int64_t *edge = range->at_to ? &range->to_ns : &range->from_ns;
    struct axis from = {axis_floor(*edge, frame->axis.zoom), frame->axis.zoom, frame->axis.cols};
    *edge = axis_time(&from, cols);
    if (range->to_ns <= range->from_ns) { /* past the other edge: that one is active now */
        int64_t other = range->from_ns;
        range->from_ns = range->to_ns;
        range->to_ns = other > range->from_ns ? other : range->from_ns + axis_col_ns(&from);
        range->at_to = !range->at_to;
    }
    int at = axis_col(&frame->axis, range->at_to ? range->to_ns - 1 : range->from_ns);
    if (at < 0 || at >= frame->axis.cols) {
        frame->state->window = WINDOW_FIXED;
        frame->state->zoom = frame->axis.zoom;
        frame->state->t0_ns = axis_time(&frame->axis, cols);
    }
    return VIEW_REDRAW;
}

enum view_result range_act(struct frame *frame, enum action action)
{
    struct view_range *range = &frame->state->range;
    switch ((int)action) {
    case ACTION_PAN_LEFT: return move_edge(frame, -1);
    case ACTION_PAN_RIGHT: return move_edge(frame, 1);
    case ACTION_SCREEN_LEFT: return move_edge(frame, -10);
    case ACTION_SCREEN_RIGHT: return move_edge(frame, 10);
    case ACTION_RANGE: range->at_to = !range->at_to; return VIEW_REDRAW;
    case ACTION_DETAIL: range->mode = RANGE_KEPT; return VIEW_REDRAW;
    case ACTION_BACK: range_clear(frame->state); return VIEW_REDRAW;
    default: return VIEW_IGNORED;
    }
}

/* ---- edges ---- */

static void draw_edge(const struct frame *frame, struct area bars, int col, bool moves)
{
    if (col < 0 || col >= bars.cols) {
        return;
    }
    for (int y = 0; y < bars.rows; y++) {
        if (area_is_blank(bars, col, y, 1)) {
            area_puts(bars, col, y, moves ? STYLE_USER : STYLE_DIM,
                      frame_symbol(frame, SYM_VERTICAL));
        }
    }
}

void range_draw_edges(const struct frame *frame, struct area heads, struct area bars)
{
    const struct view_range *range = &frame->state->range;
    if (range->mode == RANGE_NONE) {
        return;
    }
    int from = axis_col(&frame->axis, range->from_ns);
    int to = axis_col(&frame->axis, range->to_ns - 1);
    int left = from < 0 ? 0 : from, right = to >= bars.cols ? bars.cols - 1 : to;
    bool moves = range->mode == RANGE_MOVES;
    if (left <= right && heads.rows > 0) {
        area_add_attrs(heads, left, 0, right - left + 1, ATTR_REVERSE);
    }
    draw_edge(frame, bars, from, moves && !range->at_to);
    draw_edge(frame, bars, to, moves && range->at_to);
}

/* ---- the panel ---- */

enum { PANEL_TOOLS = 6 };

int range_panel_lines(const struct frame *frame, int cols)
{
    (void)cols;
    return frame->state->range.mode == RANGE_NONE ? 0 : 4 + PANEL_TOOLS;
}

static void draw_heading(const struct frame *frame, struct area line)
{
    const struct view_range *range = &frame->state->range;
    char from[AXIS_LABEL_BYTES], to[AXIS_LABEL_BYTES], took[NUMBER_BYTES];
    bool ascii = frame->input->theme.ascii;
    axis_moment(&frame->clock, range->from_ns, false, from);
    axis_moment(&frame->clock, range->to_ns, false, to);
    number_long(range->to_ns - range->from_ns, ascii, took);
    area_fill(line, 0, 0, line.cols, STYLE_DIM, frame_symbol(frame, SYM_HORIZONTAL));
    int x = area_puts(line, 1, 0, STYLE_PLAIN, " ");
    x = area_puts(line, x, 0, STYLE_STRONG, "RANGE ");
    x = area_putf(line, x, 0, STYLE_PLAIN, "%s %s %s  %s ", from, ascii ? "-" : "–", to, took);
    if (range->mode == RANGE_MOVES) {
        area_putf(line, x + 1, 0, STYLE_DIM, " h l move the %s, v swap, Enter keep ",
                  range->at_to ? "end" : "beginning");
    }
}

/* Puts metrics one after another while they fit. */
struct range_pen {
    struct area line;
    int x;
};

static void put_figure(struct range_pen *pen, const char *label, enum style_id style,
                       const char *text)
{
    int cols = (int)(strlen(label) + strlen(text)) + 1;
    if (pen->x + cols >= pen->line.cols) {
        return;
    }
    pen->x = area_puts(pen->line, pen->x, 0, STYLE_DIM, label) + 1;
    pen->x = area_puts(pen->line, pen->x, 0, style, text) + 3;
}

static void put_count(struct range_pen *pen, const char *label, enum style_id style, uint64_t count)
{
    char text[NUMBER_BYTES];
    number_count(count, text);
    put_figure(pen, label, count > 0 ? style : STYLE_PLAIN, text);
}

static void put_ms(const struct frame *frame, struct range_pen *pen, const char *label,
                   enum style_id style, double ms)
{
    char text[NUMBER_BYTES];
    if (!(ms > 0)) {
        return;
    }
    number_ms(ms, frame->input->theme.ascii, text);
    put_figure(pen, label, style, text);
}

static void put_tokens(struct range_pen *pen, const char *label, double tokens)
{
    char text[NUMBER_BYTES];
    if (isnan(tokens)) {
        return;
    }
    number_tokens(tokens, text);
    put_figure(pen, label, STYLE_PLAIN, text);
}

static void put_covered(const struct frame *frame, struct range_pen *pen, const struct metrics *of)
{
    char ms[NUMBER_BYTES], covers[COVERAGE_BYTES], text[NUMBER_BYTES + COVERAGE_BYTES];
    number_ms(of->ttft_ms.p50, frame->input->theme.ascii, ms);
    coverage_text(of, &of->ttft_ms, covers);
    snprintf(text, sizeof text, "%s%s", ms, covers);
    put_figure(pen, "ttft p50", STYLE_PLAIN, text);
}

static void draw_requests(const struct frame *frame, struct area line, const struct metrics *of)
{
    struct range_pen pen = {line, 3};
    char text[NUMBER_BYTES];
    put_count(&pen, "requests", STYLE_PLAIN, of->requests);
    put_count(&pen, "failed", STYLE_ERROR, of->failed);
    put_count(&pen, "retries", STYLE_RETRY, of->retries);
    if (of->ttft_ms.count > 0) {
        put_covered(frame, &pen, of);
        put_ms(frame, &pen, "p95", STYLE_PLAIN, of->ttft_ms.p95);
    }
    if (of->otps.count > 0) {
        number_short(of->otps.p50, text);
        put_figure(&pen, "otps p50", STYLE_PLAIN, text);
    }
}

static void draw_tokens(const struct frame *frame, struct area line, const struct metrics *of)
{
    struct range_pen pen = {line, 3};
    char text[NUMBER_BYTES];
    put_tokens(&pen, "tokens in", of->prompt_tokens);
    put_tokens(&pen, "out", of->output_tokens);
    if (!isnan(of->cache_hit_rate_pct)) {
        snprintf(text, sizeof text, "%.0f%%", of->cache_hit_rate_pct);
        put_figure(&pen, "cache", STYLE_PLAIN, text);
    }
    if (!isnan(of->parallel)) {
        snprintf(text, sizeof text, "%.1f", of->parallel);
        put_figure(&pen, "parallel", STYLE_PLAIN, text);
    }
    put_ms(frame, &pen, "busy", STYLE_PLAIN, of->busy_ms);
    put_ms(frame, &pen, "idle", STYLE_DIM, of->idle_ms);
}

static void draw_time(const struct frame *frame, struct area line, const struct metrics *of)
{
    struct range_pen pen = {line, 3};
    for (size_t i = 0; i < TIME_PARTS; i++) {
        uint8_t kind = time_parts[i].kind;
        if (kind != SPAN_KINDS) { /* idle time is on the line above */
            put_ms(frame, &pen, time_parts[i].name, theme_kind_style(kind), time_part_ms(of, i));
        }
    }
    put_ms(frame, &pen, TIME_APART, STYLE_DIM, of->agent_wait_ms);
}

static int by_sum(const void *a, const void *b)
{
    const struct tool_metrics *x = a, *y = b;
    double one = x->duration_ms.count > 0 ? x->duration_ms.sum : 0;
    double two = y->duration_ms.count > 0 ? y->duration_ms.sum : 0;
    return one > two ? -1 : one < two;
}

static void draw_tools(const struct frame *frame, struct area panel, struct metrics *of)
{
    bool ascii = frame->input->theme.ascii;
    if (of->tool_count > 1) {
        qsort(of->tools, of->tool_count, sizeof *of->tools, by_sum);
    }
    for (int i = 0; i < PANEL_TOOLS && (size_t)i < of->tool_count && i < panel.rows; i++) {
        const struct tool_metrics *tool = &of->tools[i];
        struct area line = area_sub(panel, 0, i, panel.cols, 1);
        char count[NUMBER_BYTES], sum[NUMBER_BYTES];
        area_put_ellipsized(line, 3, 0, 24, STYLE_TOOL, tool->name, strlen(tool->name));
        number_count(tool->duration_ms.count, count);
        area_put_right(line, 34, 0, STYLE_PLAIN, count);
        if (tool->duration_ms.count > 0) {
            number_ms(tool->duration_ms.sum, ascii, sum);
            area_put_right(line, 43, 0, STYLE_PLAIN, sum);
        }
        int x = 45;
        if (tool->errors > 0) {
            x = area_putf(line, x, 0, STYLE_ERROR, "%llu failed",
                          (unsigned long long)tool->errors) +
                2;
        }
        if (tool->open > 0) {
            area_putf(line, x, 0, STYLE_DIM, "%llu open", (unsigned long long)tool->open);
        }
    }
}

void range_panel_draw(struct frame *frame, struct grid *grid)
{
    const struct view_range *range = &frame->state->range;
    struct area panel = frame_area(frame, grid, frame->layout.detail);
    struct metrics metrics;
    if (panel.rows == 0 || range->mode == RANGE_NONE) {
        return;
    }
    panel = area_sub(panel, 0, 0, panel.cols - 1, panel.rows);
    draw_heading(frame, area_sub(panel, 0, 0, panel.cols, 1));
    struct span_predicate then = {.past = view_past(frame->state)};
    const struct span_predicate *predicate = frame->predicate != NULL ? frame->predicate : &then;
    if (!metrics_range(frame->swarm, frame->local_ns, range->from_ns, range->to_ns, predicate,
                       &metrics)) {
        area_puts(panel, 3, 1, STYLE_ERROR, "out of memory");
        return;
    }
    draw_requests(frame, area_sub(panel, 0, 1, panel.cols, 1), &metrics);
    draw_tokens(frame, area_sub(panel, 0, 2, panel.cols, 1), &metrics);
    draw_time(frame, area_sub(panel, 0, 3, panel.cols, 1), &metrics);
    draw_tools(frame, area_sub(panel, 0, 4, panel.cols, panel.rows - 4), &metrics);
    metrics_range_release(frame->swarm, &metrics);
}
