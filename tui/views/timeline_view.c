/* The timeline: a line of heads, then the rows from state->scroll. Each line is drawn in three
   parts that do not overlap: tree and name, NOW, the bars. Vertical lines (now, dropped events) are
   drawn last, in cells that are still blank. */
#include "tui/screen/number.h"
#include "tui/views/bars.h"
#include "tui/views/curves.h"
#include "tui/views/inflight_line.h"
#include "tui/views/marks.h"
#include "tui/views/overview.h"
#include "tui/views/plot.h"
#include "tui/views/range.h"
#include "tui/views/stalled_flag.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- heads ---- */

/* A mark keeps its column, and the label moves to the nearer side of it. Returns the column after
   the label; `from` if it has no room. */
static int put_label(const struct frame *frame, struct area heads, int from, int end,
                     const struct axis_label *label)
{
    int cols = (int)strlen(label->text);
    for (int i = 0; i <= 2 * cols; i++) {
        int x = label->col + (i % 2 != 0 ? (i + 1) / 2 : -i / 2);
        if (x >= from && x + cols <= end && !marks_within(frame, x, cols)) {
            return area_puts(heads, x, 0, STYLE_DIM, label->text);
        }
    }
    return from;
}

static void draw_heads(const struct frame *frame, struct grid *grid)
{
    const struct layout *layout = &frame->layout;
    struct area line = frame_area(frame, grid, layout->heads);
    struct area names = area_sub(line, 0, 0, layout->now_x, 1);
    struct axis_label labels[64];
    int x = area_puts(names, layout->name_x + 1, 0, STYLE_DIM, frame->agents ? "AGENT" : "THREAD");
    size_t above = frame->state->scroll,
           shown = (size_t)(layout->body.rows * frame->per_line) - frame->rows.pinned,
           count = frame->rows.count - frame->rows.pinned;
    char which[64]; /* FIRST-LAST/COUNT; never cut, which would change a number */
    int cols = snprintf(which, sizeof which, "%zu-%zu/%zu", above + 1, above + shown, count);
    if (shown > 0 && shown < count && x + 1 + cols < names.cols) {
        area_puts(names, x + 1, 0, STYLE_DIM, which);
    }
    if (layout->now_word && frame->per_line == 1) {
        area_puts(line, layout->now_x, 0, STYLE_DIM, "NOW");
    }
    struct area bars = area_sub(line, layout->bars_x, 0, layout->bars_cols, 1);
    count = axis_labels(&frame->axis, &frame->clock, 4, labels, 64);
    for (size_t i = 0, from = 0; i < count; i++) {
        int end = i + 1 < count ? labels[i + 1].col - 1 : bars.cols;
        int after = put_label(frame, bars, (int)from, end, &labels[i]);
        from = (size_t)after > from ? (size_t)after + 1 : from;
    }
    marks_draw(frame, bars);
}

/* ---- tree and name ---- */

/* Draws the ancestors' lines and the row's own branch. Level 1 is the first column. Returns the
   column after them. */
static int draw_branch(const struct frame *frame, struct area line, const struct timeline_row *row)
{
    const struct tree_node *node = &frame->rows.nodes[row->node];
    int level = (int)node->depth, depth = level + row->group, most = line.cols / 2;
    int shift = depth > most ? depth - most : 0; /* deeper trees lose their outer levels */
    const char *vertical = frame_symbol(frame, SYM_VERTICAL);
    if (row->group) {
        area_puts(line, level - shift, 0, STYLE_DIM, frame_symbol(frame, SYM_ELBOW));
    } else {
        if (!row->first && node->children && !node->folded) {
            area_puts(line, level - shift, 0, STYLE_DIM, vertical);
        }
        if (row->first && level > 0) {
            area_puts(line, level - 1 - shift, 0, STYLE_DIM,
                      frame_symbol(frame, node->more ? SYM_TEE : SYM_ELBOW));
        }
    }
    bool own = !row->group && row->first;
    while (level > 0) {
        if (!own && node->more) {
            area_puts(line, level - 1 - shift, 0, STYLE_DIM, vertical);
        }
        own = false;
        node = &frame->rows.nodes[node->parent];
        level--;
    }
    return depth - shift;
}

static bool is_disconnected(const struct frame *frame, const struct agent *agent)
{
    const struct session *session = swarm_session(frame->swarm, agent->session);
    return session != NULL && (session->flags & SESSION_DISCONNECTED) &&
           !(session->flags & SESSION_ENDED);
}

static void draw_name(struct frame *frame, struct area line, const struct timeline_row *row)
{
    const struct tree_node *node = &frame->rows.nodes[row->node];
    const struct agent *agent = swarm_agent(frame->swarm, node->agent);
    int x = row->pinned ? 0 : draw_branch(frame, line, row);
    if (row->group) {
        area_putf(line, x + 1, 0, STYLE_DIM, "+%u done", node->done);
        return;
    }
    if (!row->first || agent == NULL) {
        return;
    }
    if (!row->pinned && (node->folded || node->children)) {
        area_puts(line, x, 0, STYLE_DIM,
                  frame_symbol(frame, node->folded ? SYM_FOLDED : SYM_OPENED));
    }
    x += row->pinned ? 0 : node->depth == 0 ? 2 : 1;
    bool strong = node->agent == frame->state->cursor && !frame->state->cursor_group;
    int room = line.cols - x - 1; /* keeps a blank before NOW */
    if (node->depth == 0 && is_disconnected(frame, agent)) {
        /* The sender has gone and may return, as every `emit` does: that is no error. */
        area_puts(line, line.cols - 2, 0, STYLE_DIM, frame_symbol(frame, SYM_WAITS));
        room -= 2;
    }
    frame_label_draw(frame, node->agent, frame_row_form(frame, row), line, x, room,
                     strong || node->depth == 0 ? STYLE_STRONG : STYLE_PLAIN);
}

/* ---- NOW ---- */

/* Formats the failed attempt and the time until the next, in `cols` columns 3/10 12s. */
static void retry_text(const struct frame *frame, const struct tree_node *node, int cols, char *out,
                       size_t size)
{
    const struct request_progress *live = node->status.live;
    char max[16] = "", next[24] = "";
    out[0] = '\0';
    if (live == NULL || live->attempt == 0) {
        return;
    }
    inflight_retry_text(frame, node->agent, live, out, size);
    if ((int)text_cols(out, strlen(out), frame->input->theme.ascii) <= cols) {
        return;
    }
    if (live->max_attempts > 0) {
        snprintf(max, sizeof max, "/%u", live->max_attempts);
    }
    int64_t left_s = inflight_retry_s(frame, node->agent, live);
    if (left_s > 0) {
        snprintf(next, sizeof next, "%s %llds", max[0] ? "" : ",", (long long)left_s);
    }
    snprintf(out, size, "%u%s%s", live->attempt, max, next);
}

/* The row of a thread has no state, but a span may still run on it. */
static void draw_open(const struct frame *frame, struct area now, const struct tree_node *node)
{
    const struct agent_status *status = &node->status;
    char age[NUMBER_BYTES];
    if (status->span == NO_SPAN || swarm_span(frame->swarm, status->span) == NULL ||
        !(swarm_span(frame->swarm, status->span)->flags & SPAN_OPEN)) {
        return;
    }
    area_puts(now, 0, 0, STYLE_OTHER, frame_symbol(frame, SYM_WORKS));
    int end = frame->layout.now_word ? area_puts(now, 2, 0, STYLE_OTHER, "open") : 1;
    frame_age(frame, frame_agent_now(frame, node->agent, false) - status->since_ns, age);
    int cols = (int)text_cols(age, strlen(age), frame->input->theme.ascii);
    if (frame->layout.now_age && cols < now.cols - end) {
        area_put_right(now, now.cols, 0, STYLE_PLAIN, age);
    }
}

/* ⚑ stalled 2m, in place of the state. */
static void draw_flag(const struct frame *frame, struct area now, agent_no agent,
                      const struct stalled_flag *flag)
{
    char age[NUMBER_BYTES] = "";
    area_puts(now, 0, 0, STYLE_ERROR, frame_symbol(frame, SYM_FLAG));
    if (!frame->layout.now_word) {
        return;
    }
    int end = area_puts(now, 2, 0, STYLE_ERROR, flag->word);
    if (frame->layout.now_age && flag->since_ns != INT64_MIN) {
        number_age(frame_agent_now(frame, agent, false) - flag->since_ns, age);
    }
    if ((int)strlen(age) < now.cols - end) {
        area_put_right(now, now.cols, 0, STYLE_ERROR, age);
    }
}

static void draw_now(const struct frame *frame, struct area now, const struct tree_node *node,
                     bool group)
{
    const struct agent *agent = swarm_agent(frame->swarm, node->agent);
    if (agent != NULL && !query_is_agent(agent)) {
        draw_open(frame, now, node);
        return;
    }
    const struct agent_status *status = &node->status;
    struct stalled_flag flag = stalled_flag_of(frame, node->agent, status);
    if (flag.word != NULL && !group) {
        draw_flag(frame, now, node->agent, &flag);
        return;
    }
    enum agent_state state = group ? STATE_DONE : status->state;
    struct state_style looks = theme_state(&frame->input->theme, state);
    char age[64] = "";
    area_puts(now, 0, 0, looks.style, looks.shape);
    if (!frame->layout.now_word || group) {
        return;
    }
    int end = area_puts(now, 2, 0, looks.style, query_state_text(frame->swarm, node->agent, state));
    if (!frame->layout.now_age) {
        return;
    }
    if (state == STATE_RETRY) {
        retry_text(frame, node, now.cols - end - 1, age, sizeof age);
    }
    if (age[0] == '\0' && status->since_ns != INT64_MIN) {
        int64_t ns = frame_agent_now(frame, node->agent, query_rests(state)) - status->since_ns;
        if (query_rests(state)) {
            number_rest(ns, age);
        } else {
            number_age(ns, age);
        }
    }
    enum style_id style = state == STATE_USER || state == STATE_RETRY ? looks.style
                          : query_rests(state)                        ? STYLE_DIM
                                                                      : STYLE_PLAIN;
    if ((int)strlen(age) < now.cols - end) {
        area_put_right(now, now.cols, 0, style, age);
    }
}

/* ---- bars ---- */

static void draw_bars(struct frame *frame, struct area line, const struct timeline_row *row)
{
    struct timeline_cell cells[GRID_MAX_COLS];
    bars_draw(frame, line, frame->rows.nodes[row->node].agent, cells,
              bars_cells(frame, row, line.cols, cells));
}

/* ---- through all lines ---- */

static void draw_vertical(struct area bars, int col, enum style_id style, const char *glyph)
{
    for (int y = 0; y < bars.rows; y++) {
        if (area_is_blank(bars, col, y, 1)) {
            area_puts(bars, col, y, style, glyph);
        }
    }
}

/* Draws `✂ 50,000 dropped` on the first line with room for it beside the vertical line, else on the
   last line over the bars. */
static void draw_cut(const struct frame *frame, struct area bars, const struct marker *marker)
{
    const struct session *session = swarm_session(frame->swarm, marker->session);
    int col = axis_col(&frame->axis, marker->at_ns);
    if (col < 0 || col >= bars.cols || bars.rows <= 0) {
        return;
    }
    draw_vertical(bars, col, STYLE_CUT, frame_symbol(frame, SYM_VERTICAL));
    char count[NUMBER_BYTES], text[64];
    uint64_t dropped = session != NULL && session->dropped ? session->dropped
                                                           : swarm_dropped(frame->swarm, POOL_LIVE);
    number_count(dropped, count);
    snprintf(text, sizeof text, "%s %s dropped", frame_symbol(frame, SYM_CUT), count);
    int cols = (int)text_cols(text, strlen(text), frame->input->theme.ascii);
    int x = col + cols <= bars.cols ? col : bars.cols - cols;
    for (int y = 0; y < bars.rows; y++) {
        bool room =
            x == col ? area_is_blank(bars, x + 1, y, cols) : area_is_blank(bars, x, y, cols - 1);
        if (room || y + 1 == bars.rows) {
            area_puts(bars, x, y, STYLE_CUT, text);
            return;
        }
    }
}

/* The lines of each row of a trace without agents, by agent_no. */
struct row_lines {
    uint16_t first, count; /* count 0: not on the screen */
};

/* Draws an instant on the first of its row's lines that is blank there, so that it hides no bar. */
static void draw_instant(const struct frame *frame, struct area bars, struct row_lines lines,
                         int col)
{
    for (int y = lines.first; y < lines.first + lines.count; y++) {
        if (area_is_blank(bars, col, y, 1)) {
            area_puts(bars, col, y, STYLE_USER, frame_symbol(frame, SYM_INSTANT));
            return;
        }
    }
}

static void draw_instants(const struct frame *frame, struct area bars,
                          const struct shown_markers *markers)
{
    const struct mem *mem = frame->state->mem;
    size_t count = swarm_agent_count(frame->swarm);
    bool none = frame->per_line > 1 || frame->predicate != NULL || markers->instant_count == 0;
    struct row_lines *lines = none ? NULL : mem_zalloc(mem, count, sizeof *lines);
    for (int y = 0; lines != NULL && y < bars.rows; y++) {
        const struct timeline_row *row = frame_row_at(frame, y);
        agent_no agent = row != NULL && !row->group ? frame->rows.nodes[row->node].agent : NO_AGENT;
        if (agent == NO_AGENT || query_is_agent(swarm_agent(frame->swarm, agent))) {
            continue;
        }
        if (lines[agent].count == 0) {
            lines[agent].first = (uint16_t)y;
        }
        lines[agent].count++;
    }
    size_t i = lines != NULL ? shown_markers_from(markers, frame->swarm, frame->axis.t0_ns) : 0;
    for (; lines != NULL && i < markers->instant_count; i++) {
        const struct marker *marker = swarm_marker(frame->swarm, markers->instants[i]);
        int col = axis_col(&frame->axis, marker->at_ns);
        if (col >= bars.cols) {
            break;
        }
        draw_instant(frame, bars, lines[marker->agent], col);
    }
    mem_free(mem, lines, lines != NULL ? count * sizeof *lines : 0);
}

/* A compaction takes no time, or little, and the next request follows: its mark is drawn over the
   first line of its agent's row. */
static void draw_compactions(const struct frame *frame, struct area bars)
{
    struct timeline_cache *cache = frame->state->timeline_cache;
    const span_no *spans;
    size_t count;
    bool any = frame->metrics != NULL && !isnan(frame->metrics->totals.compactions);
    if (!any || cache == NULL || !timeline_cache_compactions(cache, frame->swarm, &spans, &count)) {
        return;
    }
    const struct mem *mem = frame->state->mem;
    size_t agents = swarm_agent_count(frame->swarm);
    int *lines = mem_zalloc(mem, agents, sizeof *lines); /* by agent: its first line + 1 */
    for (int y = 0; lines != NULL && y < bars.rows; y++) {
        const struct timeline_row *row = frame_row_at(frame, y);
        if (row != NULL && row->first && !row->group) {
            lines[frame->rows.nodes[row->node].agent] = y + 1;
        }
    }
    for (size_t i = 0; lines != NULL && i < count; i++) {
        const struct span *span = swarm_span(frame->swarm, spans[i]);
        int line = span != NULL && span->start_ns <= frame->now_ns ? lines[span->agent] : 0;
        bool shown = line > 0 && span->agent < frame->metrics->agent_count &&
                     !isnan(frame->metrics->agents[span->agent].compactions);
        int col = shown ? axis_col(&frame->axis, span->start_ns) : -1;
        if (col >= 0 && col < bars.cols) {
            area_puts(bars, col, line - 1, STYLE_USER, frame_symbol(frame, SYM_INSTANT));
        }
    }
    mem_free(mem, lines, lines != NULL ? agents * sizeof *lines : 0);
}

static void draw_markers(const struct frame *frame, struct area bars)
{
    struct timeline_cache *cache = frame->state->timeline_cache;
    struct shown_markers markers = {.cuts = NULL};
    if (cache != NULL && timeline_cache_markers(cache, frame->swarm, &markers)) {
        draw_instants(frame, bars, &markers);
        for (size_t i = 0; i < markers.cut_count; i++) {
            draw_cut(frame, bars, swarm_marker(frame->swarm, markers.cuts[i]));
        }
    }
    draw_compactions(frame, bars);
    int now = axis_col(&frame->axis, frame->now_ns);
    if (frame->input->live && now >= 0 && now + 1 < bars.cols) {
        draw_vertical(bars, now + 1, STYLE_NOW, frame_symbol(frame, SYM_VERTICAL));
    }
}

/* ---- counters ---- */

/* Returns the counter of the row's lane; NULL: none. */
static const struct counter *counter_of(const struct frame *frame, const struct timeline_row *row)
{
    agent_no process = frame->rows.nodes[row->node].agent;
    unsigned lane = 0;
    for (size_t i = 0; row->lane > 0 && frame->counters != NULL && i < frame->counters->count;
         i++) {
        lane += frame->counters->items[i].agent == process;
        if (lane == row->lane) {
            return &frame->counters->items[i];
        }
    }
    return NULL;
}

static void draw_counter(struct frame *frame, struct area line, const struct counter *counter)
{
    const struct layout *layout = &frame->layout;
    struct strbuf *title = &frame->scratch;
    int end = axis_col(&frame->axis, frame->to_ns) + 1;
    char last[NUMBER_BYTES];
    struct plot plot = {.values = counter->values,
                        .cols = end < layout->bars_cols ? end : layout->bars_cols,
                        .rows = 1,
                        .max = counter->max > 0 ? counter->max : 1,
                        .style = STYLE_OTHER,
                        .ascii = frame->input->theme.ascii};
    strbuf_clear(title);
    curves_put_title(frame->swarm, counter, title);
    struct area names = area_sub(line, layout->name_x, 0, layout->name_cols, 1);
    if (!title->failed) {
        area_put_ellipsized(names, 3, 0, names.cols - 4, STYLE_DIM, title->data, title->len);
    }
    number_short(counter->last, last);
    if (layout->now_word && (int)strlen(last) < layout->now_cols) {
        area_put_right(area_sub(line, layout->now_x, 0, layout->now_cols, 1), layout->now_cols, 0,
                       STYLE_DIM, last);
    }
    plot_line(&plot, area_sub(line, layout->bars_x, 0, layout->bars_cols, 1), 0, 0);
}

static void draw_row(struct frame *frame, struct area line, const struct timeline_row *row)
{
    const struct layout *layout = &frame->layout;
    const struct tree_node *node = &frame->rows.nodes[row->node];
    if (row->pinned) {
        area_puts(line, 0, 0, STYLE_USER, frame_symbol(frame, SYM_PIN));
    } else if (row->first && node->agent == frame->state->cursor &&
               row->group == frame->state->cursor_group) {
        area_puts(line, 0, 0, STYLE_STRONG, frame_symbol(frame, SYM_CURSOR));
    }
    draw_name(frame, area_sub(line, layout->name_x, 0, layout->name_cols, 1), row);
    const struct counter *counter = counter_of(frame, row);
    if (counter != NULL) {
        draw_counter(frame, line, counter);
        return;
    }
    if (row->first) {
        draw_now(frame, area_sub(line, layout->now_x, 0, layout->now_cols, 1), node, row->group);
    }
    if (!row->group) {
        draw_bars(frame, area_sub(line, layout->bars_x, 0, layout->bars_cols, 1), row);
    }
}

void timeline_draw(struct frame *frame, struct grid *grid)
{
    const struct layout *layout = &frame->layout;
    if (layout->heads.rows > 0) {
        draw_heads(frame, grid);
    }
    struct area body = frame_area(frame, grid, layout->body);
    int count = 0;
    for (const struct timeline_row *row;
         count < body.rows && (row = frame_row_at(frame, count)) != NULL; count++) {
        if (frame->per_line > 1) {
            overview_draw_line(frame, area_sub(body, 0, count, body.cols, 1), row);
        } else {
            draw_row(frame, area_sub(body, 0, count, body.cols, 1), row);
        }
    }
    if (count == 0 && frame->predicate != NULL) {
        area_puts(body, layout->name_x + 1, 0, STYLE_DIM, "nothing matches the filter");
    }
    struct area bars = area_sub(body, layout->bars_x, 0, layout->bars_cols, count);
    draw_markers(frame, bars);
    struct area heads = frame_area(frame, grid, layout->heads);
    range_draw_edges(frame, area_sub(heads, layout->bars_x, 0, layout->bars_cols, heads.rows),
                     bars);
}
