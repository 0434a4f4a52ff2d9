/* A line is cut into runs: adjacent cells of one span. A run is filled cell by cell, because a
   request changes its style with its phases, and then labelled. A run after one of the same style
   begins with an edge glyph in its first cell, so nothing shifts. */
#include "tui/views/bars.h"

#include "tui/views/span_text.h"
#include "tui/views/why_view.h"

#include <string.h>

struct bar_run {
    int from, to; /* cells [from, to) */
    const struct span *span;
    uint8_t kind, flags; /* the run's first cell */
    bool edge;
    bool failed;  /* the last cell is an error */
    bool stopped; /* the span was refused or interrupted, which is no error */
};

static bool is_named(uint8_t kind)
{
    return kind == SPAN_TOOL || kind == SPAN_USER || kind == SPAN_OTHER;
}

static struct bar_run next_run(const struct frame *frame, const struct timeline_cell *cells,
                               int cols, int from)
{
    struct bar_run run = {from, from + 1, .kind = cells[from].kind, .flags = cells[from].flags};
    const struct theme *theme = &frame->input->theme;
    while (run.to < cols && cells[run.to].kind < SPAN_KINDS &&
           cells[run.to].span == cells[from].span) {
        run.to++;
    }
    run.failed = cells[run.to - 1].flags & CELL_ERROR;
    run.span = swarm_span(frame->swarm, cells[from].span);
    run.stopped = !run.failed && run.span != NULL && (run.span->flags & SPAN_STOPPED);
    if (from > 0 && cells[from - 1].kind < SPAN_KINDS && cells[from].kind != SPAN_AGENT_CALL) {
        struct bar_style before = theme_bar(theme, cells[from - 1].kind, cells[from - 1].flags);
        struct bar_style here = theme_bar(theme, cells[from].kind, cells[from].flags);
        run.edge = before.style == here.style && strcmp(before.fill, here.fill) == 0;
    }
    return run;
}

/* ─ Agent → Explore ─────── */
static void draw_call(struct frame *frame, struct area line, const struct bar_run *run)
{
    struct strbuf *text = &frame->scratch;
    int cols = run->to - run->from;
    area_fill(line, run->from, 0, cols, run->failed ? STYLE_ERROR : STYLE_PLAIN,
              frame_symbol(frame, SYM_HORIZONTAL));
    if (run->failed) {
        area_puts(line, run->to - 1, 0, STYLE_ERROR, frame_symbol(frame, SYM_TROUBLE));
    }
    if (run->stopped) {
        area_puts(line, run->to - 1, 0, STYLE_PLAIN, frame_symbol(frame, SYM_STOPPED));
    }
    if (run->span == NULL || cols < 8) {
        return;
    }
    span_text_name(frame->swarm, run->span, frame_symbol(frame, SYM_ARROW), text);
    int x = run->from + (cols >= 12 ? 2 : 1);
    int room = run->to - x - 3; /* a blank on both sides, and some line after the text */
    if (text->failed || text->len == 0 || room < 3) {
        return;
    }
    area_puts(line, x, 0, STYLE_PLAIN, " ");
    int end = area_put_ellipsized(line, x + 1, 0, room, STYLE_PLAIN, text->data, text->len);
    area_puts(line, end, 0, STYLE_PLAIN, " ");
}

/* Puts text with a blank on both sides if cells are available; otherwise a hatched bar would touch
   it. */
static int put_padded(struct area line, int x, int cols, enum style_id style,
                      const struct strbuf *text)
{
    int end = area_put_ellipsized(line, x, 0, cols, style, text->data, text->len);
    area_puts(line, x - 1, 0, style, " ");
    if (end < x + cols) {
        area_puts(line, end, 0, style, " ");
    }
    return end;
}

/* Puts the argument after the name, if it gets at least a few characters. */
static void put_about(struct frame *frame, struct area line, int x, int end, enum style_id style,
                      const struct span *span)
{
    struct strbuf *text = &frame->scratch;
    if (end - x < 5 || span->kind == SPAN_USER) {
        return;
    }
    span_text_about(frame->swarm, span, text);
    if (!text->failed && text->len > 0) {
        put_padded(line, x + 1, end - x - 2, style, text);
    }
}

/* Puts the name inside a bar. Without colour, brackets mark the ends of the bar. */
static void put_name(struct frame *frame, struct area line, const struct bar_run *run,
                     enum style_id style)
{
    bool ascii = frame->input->theme.ascii, brackets = !frame->input->theme.color;
    struct strbuf *text = &frame->scratch;
    int x = run->from + (run->edge && !brackets), end = run->to - (run->failed || run->stopped);
    if (run->span == NULL || end - x < 3 || (brackets && run->kind == SPAN_USER)) {
        return;
    }
    span_text_name(frame->swarm, run->span, frame_symbol(frame, SYM_ARROW), text);
    if (text->failed || text->len == 0) {
        return;
    }
    if (brackets) {
        /* A thread's bar keeps its fill after the name: a stack of blanks is hard to read. */
        if (!(run->flags & CELL_HATCHED) && run->kind != SPAN_OTHER) {
            area_fill(line, x, 0, end - x, style, " ");
        }
        area_puts(line, x++, 0, style, "[");
        if (end == run->to) {
            area_puts(line, --end, 0, style, "]");
        }
    }
    int cols = (int)text_cols(text->data, text->len < 256 ? text->len : 256, ascii);
    if (!brackets && !run->edge && end - x >= cols + 2) {
        x = put_padded(line, x + 1, end - x - 1, style, text);
    } else {
        x = area_put_ellipsized(line, x, 0, end - x, style, text->data, text->len);
    }
    put_about(frame, line, x, end + brackets, style, run->span);
}

static void draw_bar(struct frame *frame, struct area line, const struct bar_run *run,
                     const struct timeline_cell *cells)
{
    const struct theme *theme = &frame->input->theme;
    for (int i = run->from; i < run->to; i++) {
        struct bar_style bar = theme_bar(theme, cells[i].kind, cells[i].flags);
        area_fill(line, i, 0, 1, bar.style, bar.fill);
    }
    enum style_id style = theme_bar(theme, run->kind, run->flags).style;
    if (run->edge) {
        area_puts(line, run->from, 0, style, frame_symbol(frame, SYM_EDGE));
    }
    if (is_named(run->kind)) {
        put_name(frame, line, run, style);
    }
    for (int i = run->from; i < run->to; i++) {
        bool last = i + 1 == run->to || !(cells[i + 1].flags & CELL_ERROR);
        style = theme_bar(theme, cells[i].kind, cells[i].flags).style;
        if (last && (cells[i].flags & CELL_ERROR)) {
            area_puts(line, i, 0, style, frame_symbol(frame, SYM_TROUBLE));
        }
    }
    if (run->stopped) {
        area_puts(line, run->to - 1, 0, style, frame_symbol(frame, SYM_STOPPED));
    }
}

/* Underlines the selected span. Without colour its bar consists of blocks, which hide that: signs
   mark its ends. The mark of an error stays after the sign, where the bar has room for both; a cell
   that is nothing but such a mark is underlined, for a mark hides no line. */
static void mark_selected(const struct frame *frame, struct area line, const struct bar_run *run,
                          const struct timeline_cell *cells, int cols)
{
    span_no selected = frame->state->selected;
    bool first = run->from == 0 || cells[run->from - 1].span != selected;
    bool last = run->to >= cols || cells[run->to].span != selected;
    area_add_attrs(line, run->from, 0, run->to - run->from, ATTR_UNDERLINE | ATTR_BOLD);
    if (frame->input->theme.color) {
        return;
    }
    int to = run->to - 1;
    bool marked = run->stopped || (cells[to].flags & CELL_ERROR) != 0;
    if (first && last && to == run->from) {
        if (!marked) {
            area_puts(line, to, 0, STYLE_STRONG, frame_symbol(frame, SYM_SELECTED));
        }
        return;
    }
    if (first) {
        area_puts(line, run->from, 0, STYLE_STRONG, frame_symbol(frame, SYM_SELECTED_FROM));
    }
    to -= marked && to - 1 > run->from;
    if (last) {
        area_puts(line, to, 0, STYLE_STRONG, frame_symbol(frame, SYM_SELECTED_TO));
    }
}

void bars_draw(struct frame *frame, struct area line, agent_no agent,
               const struct timeline_cell *cells, int cols)
{
    for (int i = 0; i < cols;) {
        if (cells[i].kind >= SPAN_KINDS) {
            i++;
            continue;
        }
        struct bar_run run = next_run(frame, cells, cols, i);
        if (run.kind == SPAN_AGENT_CALL) {
            draw_call(frame, line, &run);
        } else {
            draw_bar(frame, line, &run, cells);
        }
        why_view_mark(frame, line, agent, cells, i, run.to);
        bool selected = cells[i].span != NO_SPAN && cells[i].span == frame->state->selected;
        if (selected) {
            mark_selected(frame, line, &run, cells, cols);
        }
        i = run.to;
    }
}

/* ---- where the cells come from ---- */

/* Merges the cells of several lanes into one line: the first lane with a span, work before waiting,
   an error of any lane. */
static void merge_lane(struct timeline_cell *cells, const struct timeline_cell *more, int cols)
{
    for (int i = 0; i < cols; i++) {
        uint8_t error = (cells[i].flags | more[i].flags) & CELL_ERROR;
        bool better = more[i].kind < SPAN_KINDS &&
                      (cells[i].kind >= SPAN_KINDS ||
                       (cells[i].kind == SPAN_AGENT_CALL && more[i].kind != SPAN_AGENT_CALL));
        if (better) {
            cells[i] = more[i];
        }
        if (cells[i].kind < SPAN_KINDS) {
            cells[i].flags |= error;
        }
    }
}

int bars_cells(struct frame *frame, const struct timeline_row *row, int cols,
               struct timeline_cell *cells)
{
    struct timeline_cell more[GRID_MAX_COLS];
    const struct tree_node *node = &frame->rows.nodes[row->node];
    const struct axis *axis = &frame->axis;
    query_lane(frame->swarm, node->agent, row->lane, axis->t0_ns, axis_col_ns(axis), (size_t)cols,
               frame->local_ns, frame->predicate, cells);
    if (row->merged) {
        unsigned lanes = query_lanes_in(frame->swarm, node->agent, axis->t0_ns,
                                        axis_time(axis, cols), frame->local_ns, frame->predicate);
        for (unsigned lane = row->lane + 1u; lane < lanes; lane++) {
            query_lane(frame->swarm, node->agent, lane, axis->t0_ns, axis_col_ns(axis),
                       (size_t)cols, frame->local_ns, frame->predicate, more);
            merge_lane(cells, more, cols);
        }
    }
    if (frame->state->frozen) {
        int shown = axis_col(axis, frame->now_ns) + 1;
        cols = shown < cols ? shown : cols;
    }
    return cols;
}
