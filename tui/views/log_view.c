/* The log: failures, instants, and log entries of sources and senders, in order of time. The cursor
   is on a row, not on a line; on the last row it follows new ones. The list is built again
   when the model changes, at most once per frame. A row shows the reason first and the source last,
   as far as they fit; a panel below the list has the whole text of the row under the cursor. */
#include "tui/views/copy.h"
#include "tui/views/log_list.h"
#include "tui/views/mouse.h"
#include "tui/views/select.h"
#include "tui/views/traffic_text.h"
#include "tui/views/view_keys.h"

#include "core/base/mask.h"

#include <stdio.h>
#include <string.h>

static bool is_same(const struct log_row *a, const struct log_row *b)
{
    return a->kind == b->kind && a->which == b->which;
}

/* An error matches as a span; other rows match by their text and by their agent. */
static bool is_chosen(struct frame *frame, const struct log_row *row)
{
    const struct filter *filter = filter_cache_filter(frame->state->filter_cache);
    const struct event_log *log = frame->input->log;
    struct strbuf line, text;
    if (row->kind == LOG_ERROR) {
        return filter_cache_has_span(frame->state->filter_cache, log_row_span(row));
    }
    strbuf_init(&line, frame->state->mem, 0);
    strbuf_init(&text, frame->state->mem, 0);
    agent_no agent = log_row_agent(row, frame->swarm, log);
    strbuf_addf(&line, "%s ", log_row_word(row, frame->swarm, log));
    if (agent != NO_AGENT) {
        query_agent_title(frame->swarm, agent, &line);
    }
    log_row_text(row, frame->swarm, log, &text);
    strbuf_addf(&line, " %s", text.data != NULL ? text.data : "");
    struct slice origin = log_row_origin(row, log);
    strbuf_addf(&line, " %.*s", (int)origin.len, origin.bytes != NULL ? origin.bytes : "");
    bool good = !line.failed && filter_matches_line(filter, frame->swarm, agent, frame->local_ns,
                                                    line.data, line.len);
    strbuf_release(&line);
    strbuf_release(&text);
    return good;
}

static void filter_entries(struct frame *frame)
{
    struct log_list *list = &frame->state->log.list;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (is_chosen(frame, &list->rows[i])) {
            list->rows[kept++] = list->rows[i];
        }
    }
    list->count = kept;
}

/* Brings the list up to date. Returns false if out of memory. */
static bool freshen(struct frame *frame)
{
    struct log_state *state = &frame->state->log;
    const struct event_log *log = frame->input->log;
    uint64_t revision = swarm_revision(frame->swarm);
    uint64_t entries = log != NULL ? event_log_lost(log) + event_log_count(log) : 0;
    unsigned filter = frame->state->filter_version;
    if (state->made && state->revision == revision && state->entries == entries &&
        state->filter == filter) {
        return true;
    }
    struct log_row at = {.which = 0};
    bool had = state->made && state->cursor < state->list.count;
    bool last = !had || state->cursor + 1 == state->list.count;
    if (had) {
        at = state->list.rows[state->cursor];
    }
    state->made = log_list_make(&state->list, frame->state->mem, frame->swarm, log);
    state->filter = filter;
    if (frame->state->filter_cache != NULL) {
        filter_entries(frame);
    }
    state->revision = revision;
    state->entries = entries;
    state->cursor = state->list.count > 0 ? state->list.count - 1 : 0;
    for (size_t i = state->list.count; !last && i-- > 0;) {
        if (is_same(&state->list.rows[i], &at)) {
            state->cursor = i;
            break;
        }
    }
    return state->made;
}

static enum style_id word_style(const char *word)
{
    if (strcmp(word, "failed") == 0 || strcmp(word, "error") == 0) {
        return STYLE_ERROR;
    }
    if (strcmp(word, "warning") == 0 || strcmp(word, "dropped") == 0) {
        return STYLE_USER;
    }
    return STYLE_DIM;
}

static int agent_cols(const struct frame *frame)
{
    int cols = frame->layout.cols;
    return cols >= 140 ? 26 : cols >= 80 ? 18 : cols >= 60 ? 12 : 0;
}

static void draw_entry(struct frame *frame, struct area line, const struct log_row *row)
{
    const struct event_log *log = frame->input->log;
    struct strbuf *text = &frame->scratch;
    const char *word = log_row_word(row, frame->swarm, log);
    agent_no agent = log_row_agent(row, frame->swarm, log);
    char moment[AXIS_LABEL_BYTES];
    int names = agent_cols(frame), x = 1;
    axis_moment(&frame->clock, row->at_ns, false, moment);
    x = area_puts(line, x, 0, STYLE_DIM, moment) + 2;
    x = x < 15 ? 15 : x; /* below its head */
    area_puts(line, x, 0, word_style(word), word);
    x += 9;
    if (agent != NO_AGENT && names > 0) {
        frame_label_draw(frame, agent, LABEL_LIST | LABEL_CLIENT, line, x, names, STYLE_PLAIN);
    }
    x += names > 0 && agent != NO_AGENT ? names + 2 : 0; /* a row without an agent has more room */
    log_row_text(row, frame->swarm, log, text);
    if (!text->failed && text->len > 0) {
        x = area_put_ellipsized(line, x, 0, line.cols - x - 1, STYLE_PLAIN, text->data, text->len);
    }
    struct slice origin = log_row_origin(row, log);
    if (origin.len > 0 && x + 3 < line.cols) {
        area_put_ellipsized(line, x + 2, 0, line.cols - x - 3, STYLE_DIM, origin.bytes, origin.len);
    }
}

/* ---- the panel with the whole text ---- */

enum { PANEL_BODY_MIN = 8, PANEL_LINES_MIN = 2, PANEL_LINES_MAX = 10 };

/* Returns the panel's lines with its heading; 0 if it has no room. They depend on the size alone,
   so that the list does not jump. */
static int panel_rows(const struct frame *frame)
{
    int rows = frame->layout.body.rows, lines = rows / 4;
    if (rows < PANEL_BODY_MIN) {
        return 0;
    }
    lines = lines < PANEL_LINES_MIN ? PANEL_LINES_MIN : lines;
    return 1 + (lines > PANEL_LINES_MAX ? PANEL_LINES_MAX : lines);
}

/* Returns the lines that the list has. */
static int list_rows(const struct frame *frame)
{
    return frame->layout.body.rows - panel_rows(frame);
}

/* ─ warning · 14:31:24.200 · api-server ─── */
static void draw_panel_heading(struct frame *frame, struct area line, const struct log_row *row)
{
    struct strbuf *text = &frame->scratch;
    const struct event_log *log = frame->input->log;
    const char *dot = frame_symbol(frame, SYM_DOT);
    agent_no agent = log_row_agent(row, frame->swarm, log);
    char moment[AXIS_LABEL_BYTES];
    axis_moment(&frame->clock, row->at_ns, true, moment);
    area_fill(line, 0, 0, line.cols, STYLE_DIM, frame_symbol(frame, SYM_HORIZONTAL));
    strbuf_clear(text);
    strbuf_addf(text, " %s %s %s ", log_row_word(row, frame->swarm, log), dot, moment);
    if (agent != NO_AGENT) {
        strbuf_addf(text, "%s ", dot);
        frame_label_text(frame, agent, line.cols / 2, text);
        strbuf_addc(text, ' ');
    }
    if (!text->failed) {
        area_put_ellipsized(line, 1, 0, line.cols - 2, STYLE_PLAIN, text->data, text->len);
    }
}

/* Wraps the text over lines of the area, from its line `y` on, and cuts it at the last one; returns
   the line after it. */
static int draw_wrapped(const struct frame *frame, struct area area, int y, enum style_id style,
                        struct slice text)
{
    bool ascii = frame->input->theme.ascii;
    int cols = area.cols - 4;
    for (size_t at = 0, next; cols >= 2 && at < text.len && y < area.rows; y++, at += next) {
        size_t fits = text_wrap(text.bytes + at, text.len - at, ascii, (size_t)cols, &next);
        bool last = y + 1 == area.rows && at + next < text.len;
        area_put_ellipsized(area, 2, y, cols, style, text.bytes + at, last ? text.len - at : fits);
    }
    return y;
}

/* Appends how much the source of that name has received, if it is a receiver. */
static void put_traffic(const struct frame *frame, struct slice origin, struct strbuf *out)
{
    for (size_t i = 0; i < frame->input->source_count; i++) {
        const struct source_status *source = &frame->input->sources[i];
        if (source->traffic.receives && source->spec != NULL &&
            strlen(source->spec) == origin.len &&
            memcmp(source->spec, origin.bytes, origin.len) == 0) {
            traffic_text(&source->traffic, out);
            return;
        }
    }
}

static void draw_panel(struct frame *frame, struct area panel, const struct log_row *row)
{
    struct strbuf *text = &frame->scratch;
    draw_panel_heading(frame, area_sub(panel, 0, 0, panel.cols, 1), row);
    log_row_text(row, frame->swarm, frame->input->log, text);
    if (!frame->input->no_mask) {
        mask_in_place(text); /* before it is wrapped: no line may have a part of a key */
    }
    if (text->failed) {
        return;
    }
    int y = draw_wrapped(frame, panel, 1, STYLE_PLAIN, (struct slice){text->data, text->len});
    struct slice origin = log_row_origin(row, frame->input->log);
    y = draw_wrapped(frame, panel, y, STYLE_DIM, origin);
    strbuf_clear(text);
    put_traffic(frame, origin, text);
    if (!text->failed && text->len > 0) {
        draw_wrapped(frame, panel, y, STYLE_DIM, (struct slice){text->data, text->len});
    }
}

static void draw_heads(const struct frame *frame, struct area line)
{
    const struct log_state *state = &frame->state->log;
    int x = area_puts(line, 1, 0, STYLE_DIM, "TIME");
    x = area_puts(line, 15, 0, STYLE_DIM, "LEVEL");
    if (state->list.count > 0) {
        area_putf(line, x + 3, 0, STYLE_DIM, " %zu of %zu", state->cursor + 1, state->list.count);
    }
}

void log_draw(struct frame *frame, struct grid *grid)
{
    struct log_state *state = &frame->state->log;
    struct area body = frame_area(frame, grid, frame->layout.body);
    int rows = list_rows(frame);
    size_t space = (size_t)(rows > 0 ? rows : 0);
    if (!freshen(frame)) {
        area_puts(body, 1, 0, STYLE_ERROR, "out of memory");
    }
    draw_heads(frame, frame_area(frame, grid, frame->layout.heads));
    state->scroll = list_scroll(state->scroll, state->cursor, state->list.count, space);
    if (state->list.count == 0) {
        area_puts(body, 1, 0, STYLE_DIM,
                  frame->predicate != NULL ? "no line matches the filter"
                                           : "no errors and no messages");
    }
    for (size_t i = 0; i < space && state->scroll + i < state->list.count; i++) {
        struct area line = area_sub(body, 0, (int)i, body.cols, 1);
        draw_entry(frame, line, &state->list.rows[state->scroll + i]);
        if (state->scroll + i == state->cursor) {
            area_puts(line, 0, 0, STYLE_STRONG, frame_symbol(frame, SYM_CURSOR));
        }
    }
    if (state->list.count > 0 && rows < body.rows) {
        draw_panel(frame, area_sub(body, 0, rows, body.cols, body.rows - rows),
                   &state->list.rows[state->cursor]);
    }
}

/* ---- keys ---- */

/* Shows the timeline with this moment in the middle of the screen. */
static void show_moment(struct frame *frame, int64_t at_ns)
{
    struct view_state *state = frame->state;
    struct axis there = {axis_floor(at_ns, frame->axis.zoom), frame->axis.zoom, frame->axis.cols};
    state->window = WINDOW_FIXED;
    state->zoom = frame->axis.zoom;
    state->t0_ns = axis_time(&there, -frame->axis.cols / 2);
}

static enum view_result show_entry(struct frame *frame, const struct log_row *row)
{
    span_no span = log_row_span(row);
    agent_no agent = log_row_agent(row, frame->swarm, frame->input->log);
    if (swarm_span(frame->swarm, span) != NULL) {
        return page_show_span(frame, agent, span);
    }
    frame->state->page = PAGE_TIMELINE;
    if (agent != NO_AGENT && select_unfold(frame, agent)) {
        select_row(frame, agent, false);
    }
    show_moment(frame, row->at_ns);
    return VIEW_REDRAW;
}

/* Moves to the next or previous error. */
static void step_to_error(struct log_state *state, int direction)
{
    size_t at = state->cursor;
    while (direction > 0 ? at + 1 < state->list.count : at > 0) {
        at = direction > 0 ? at + 1 : at - 1;
        if (state->list.rows[at].kind == LOG_ERROR) {
            state->cursor = at;
            return;
        }
    }
}

/* Selects what the row is about. */
static void select_entry(struct frame *frame, const struct log_row *row)
{
    span_no span = log_row_span(row);
    agent_no agent = log_row_agent(row, frame->swarm, frame->input->log);
    if (swarm_span(frame->swarm, span) != NULL) {
        select_span(frame, agent, span);
    } else if (agent != NO_AGENT && select_unfold(frame, agent)) {
        select_row(frame, agent, false);
    }
}

/* Sets scratch to the row's text and its source. */
static void put_whole(struct frame *frame, const struct log_row *row)
{
    struct slice origin = log_row_origin(row, frame->input->log);
    log_row_text(row, frame->swarm, frame->input->log, &frame->scratch);
    if (origin.len > 0) {
        strbuf_addf(&frame->scratch, "  %.*s", (int)origin.len, origin.bytes);
    }
}

enum view_result log_act(struct frame *frame, enum action action)
{
    struct log_state *state = &frame->state->log;
    size_t at;
    if (!freshen(frame) || state->list.count == 0) {
        return page_act(frame, action);
    }
    if (list_move(action, state->cursor, state->list.count, list_rows(frame), &at)) {
        state->cursor = at;
        return VIEW_REDRAW;
    }
    switch ((int)action) {
    case ACTION_DETAIL: return show_entry(frame, &state->list.rows[state->cursor]);
    case ACTION_COPY:
        put_whole(frame, &state->list.rows[state->cursor]);
        return copy_text(frame, frame->scratch.data, frame->scratch.len);
    case ACTION_NEXT_ERROR: step_to_error(state, 1); return VIEW_REDRAW;
    case ACTION_PREVIOUS_ERROR: step_to_error(state, -1); return VIEW_REDRAW;
    case ACTION_WHY:
        select_entry(frame, &state->list.rows[state->cursor]);
        return page_act(frame, action);
    case ACTION_FOLLOW: state->cursor = state->list.count - 1; return page_act(frame, action);
    default: return page_act(frame, action);
    }
}

enum view_result log_click(struct frame *frame, int y)
{
    struct log_state *state = &frame->state->log;
    size_t at = (size_t)(y - frame->layout.body.y) + state->scroll;
    if (y >= frame->layout.body.y && y < frame->layout.body.y + list_rows(frame) &&
        freshen(frame) && at < state->list.count) {
        state->cursor = at;
    }
    return VIEW_REDRAW;
}
