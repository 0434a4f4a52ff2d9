/* The table of agents. Rows are sorted only when the user asks for it: a table that sorts itself
   under the cursor cannot be read. Agents that appear later are appended. */
#include "tui/views/agents_table.h"
#include "tui/views/copy.h"
#include "tui/views/marks.h"
#include "tui/views/mouse.h"
#include "tui/views/select.h"
#include "tui/views/view_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SPARK_MINUTES = 5, SPARK_MAX = 60, TEXT_KEY = 32 };

/* The table while it is drawn or changed. */
struct agents_table {
    struct frame *frame;
    uint32_t *node_of; /* indexed by agent_no; UINT32_MAX: no row in the timeline */
    size_t agents;
};

/* ---- the order ---- */

struct sort_key {
    double value; /* NAN: sorts last */
    char text[TEXT_KEY];
    uint32_t place; /* position in the tree */
    agent_no agent;
};

static int compare(const struct sort_key *a, const struct sort_key *b, int direction)
{
    if (isnan(a->value) != isnan(b->value)) {
        return isnan(a->value) ? 1 : -1;
    }
    if (a->value != b->value && !isnan(a->value)) {
        return (a->value < b->value ? -1 : 1) * direction;
    }
    int texts = strcmp(a->text, b->text);
    if (texts != 0) {
        return texts * direction;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

static int rising(const void *a, const void *b)
{
    return compare(a, b, 1);
}

static int falling(const void *a, const void *b)
{
    return compare(a, b, -1);
}

static struct agent_row row_of(const struct agents_table *table, agent_no agent)
{
    const struct frame *frame = table->frame;
    const struct swarm_metrics *metrics = frame->metrics;
    uint32_t node = agent < table->agents ? table->node_of[agent] : UINT32_MAX;
    struct agent_row row = {.frame = frame, .agent = agent};
    if (node != UINT32_MAX) {
        row.status = &frame->rows.nodes[node].status;
    }
    if (metrics != NULL && agent == NO_AGENT) {
        row.metrics = &metrics->totals;
    } else if (metrics != NULL && metrics->agents != NULL && agent < metrics->agent_count) {
        row.metrics = &metrics->agents[agent];
    }
    return row;
}

static bool is_row(const struct agents_table *table, agent_no agent)
{
    const struct agent *of = swarm_agent(table->frame->swarm, agent);
    uint32_t node = table->node_of[agent];
    return of != NULL && node != UINT32_MAX && !(of->flags & AGENT_GROUP) &&
           table->frame->rows.nodes[node].matches;
}

static struct sort_key key_of(const struct agents_table *table, agent_no agent)
{
    const struct agent_column *column = agents_column(table->frame->state->agents.column);
    struct agent_row row = row_of(table, agent);
    struct sort_key key = {.value = 0, .place = table->node_of[agent], .agent = agent};
    struct strbuf *text = &table->frame->scratch;
    if (column->value != NULL) {
        key.value = column->value(&row);
    } else if (column->put != NULL) {
        strbuf_clear(text);
        column->put(&row, text);
        size_t len = text->failed ? 0 : text->len < TEXT_KEY - 1 ? text->len : TEXT_KEY - 1;
        memcpy(key.text, len > 0 ? text->data : "", len);
        key.value = len > 0 ? 0 : NAN;
    }
    return key;
}

static bool keep(struct agents_state *state, const struct mem *mem, agent_no agent)
{
    if (!mem_reserve(mem, &state->order, &state->cap, state->count + 1, sizeof *state->order)) {
        return false;
    }
    state->order[state->count++] = agent;
    return true;
}

static bool sort(const struct agents_table *table)
{
    struct agents_state *state = &table->frame->state->agents;
    const struct mem *mem = table->frame->state->mem;
    size_t count = 0;
    struct sort_key *keys =
        table->agents == 0 ? NULL : mem_zalloc(mem, table->agents, sizeof *keys);
    bool good = table->agents == 0 || keys != NULL;
    for (agent_no agent = 0; good && agent < table->agents; agent++) {
        if (is_row(table, agent)) {
            keys[count++] = key_of(table, agent);
        }
    }
    if (count > 1) {
        qsort(keys, count, sizeof *keys,
              agents_column(state->column)->falling != state->inverted ? falling : rising);
    }
    state->count = 0;
    for (size_t i = 0; i < count && good; i++) {
        good = keep(state, mem, keys[i].agent);
    }
    mem_free(mem, keys, table->agents * sizeof *keys);
    state->sorted = good;
    return good;
}

/* Removes agents that have gone and appends new ones. */
static bool freshen(const struct agents_table *table)
{
    struct agents_state *state = &table->frame->state->agents;
    const struct mem *mem = table->frame->state->mem;
    bool *there = table->agents == 0 ? NULL : mem_zalloc(mem, table->agents, sizeof *there);
    bool good = table->agents == 0 || there != NULL;
    size_t kept = 0;
    for (size_t i = 0; good && i < state->count; i++) {
        agent_no agent = state->order[i];
        if (agent < table->agents && is_row(table, agent)) {
            state->order[kept++] = agent;
            there[agent] = true;
        }
    }
    state->count = kept;
    for (agent_no agent = 0; good && agent < table->agents; agent++) {
        if (!there[agent] && is_row(table, agent)) {
            good = keep(state, mem, agent);
        }
    }
    mem_free(mem, there, table->agents * sizeof *there);
    return good;
}

/* Returns false if out of memory. Release the table in any case. */
static bool table_init(struct agents_table *table, struct frame *frame)
{
    *table = (struct agents_table){.frame = frame, .agents = swarm_agent_count(frame->swarm)};
    if (table->agents > 0) {
        table->node_of = mem_alloc(frame->state->mem, table->agents * sizeof *table->node_of);
        if (table->node_of == NULL) {
            return false;
        }
        memset(table->node_of, 0xff, table->agents * sizeof *table->node_of);
    }
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        table->node_of[frame->rows.nodes[i].agent] = (uint32_t)i;
    }
    return frame->state->agents.sorted ? freshen(table) : sort(table);
}

static void table_release(struct agents_table *table)
{
    mem_free(table->frame->state->mem, table->node_of, table->agents * sizeof *table->node_of);
}

static size_t cursor_of(const struct frame *frame)
{
    const struct agents_state *state = &frame->state->agents;
    for (size_t i = 0; i < state->count; i++) {
        if (state->order[i] == frame->state->cursor) {
            return i;
        }
    }
    return 0;
}

/* ---- drawing ---- */

static int name_cols(const struct frame *frame)
{
    int cols = frame->layout.cols;
    return cols >= 240   ? 44
           : cols >= 160 ? 32
           : cols >= 120 ? 28
           : cols >= 80  ? 22
           : cols >= 50  ? 16
                         : 11;
}

static void put_cell(struct area line, int x, const struct agent_column *column,
                     enum style_id style, const char *text, size_t len, bool ascii)
{
    int cols = (int)text_cols(text, len, ascii);
    int shift = column->left || cols > column->cols ? 0 : column->cols - cols;
    area_put_ellipsized(line, x + shift, 0, column->cols - shift, style, text, len);
}

/* Calls a function for each column that fits on the screen; returns the column after them. */
static int draw_cells(const struct agents_table *table, struct area line,
                      const struct agent_row *row)
{
    const struct frame *frame = table->frame;
    struct strbuf *text = &table->frame->scratch;
    int x = 1 + name_cols(frame);
    const struct agent_column *column;
    for (size_t i = 1; (column = agents_column(i)) != NULL; i++) {
        if (!agents_column_shown(column, frame) || x + 1 + column->cols > line.cols) {
            continue;
        }
        strbuf_clear(text);
        enum style_id style = column->put(row, text);
        if (!text->failed && text->len > 0) {
            put_cell(line, x + 1, column, style, text->data, text->len, frame->input->theme.ascii);
        }
        x += 1 + column->cols;
    }
    return x;
}

static void draw_heads(const struct agents_table *table, struct area line)
{
    const struct frame *frame = table->frame;
    const struct agents_state *state = &frame->state->agents;
    bool ascii = frame->input->theme.ascii;
    const struct agent_column *column;
    int x = 0;
    for (size_t i = 0; (column = agents_column(i)) != NULL; i++) {
        struct agent_column head = *column;
        head.cols = i == 0 ? name_cols(frame) : column->cols;
        if (!agents_column_shown(column, frame) || x + 1 + head.cols > line.cols) {
            continue;
        }
        put_cell(line, x + 1, &head, i == state->column ? STYLE_STRONG : STYLE_DIM, head.head,
                 strlen(head.head), ascii);
        if (i == state->column) {
            area_add_attrs(line, x + 1, 0, head.cols, ATTR_UNDERLINE);
        }
        x += 1 + head.cols;
    }
    if (line.cols - x >= 14) {
        area_putf(line, x + 2, 0, STYLE_DIM, "LAST %d MIN", SPARK_MINUTES);
    }
}

/* Draws the load of the last minutes, a column at a time, in the style of the longest activity. */
static void draw_spark(const struct frame *frame, struct area line, int x, agent_no agent)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {".", ":", "-", "=", "+", "*", "#", "@"};
    struct timeline_cell cells[SPARK_MAX];
    int cols = line.cols - x - 3 < SPARK_MAX ? line.cols - x - 3 : SPARK_MAX;
    if (cols < 10) {
        return;
    }
    unsigned zoom = 0;
    while ((INT64_C(1) << zoom) * cols < INT64_C(60000000000) * SPARK_MINUTES) {
        zoom++;
    }
    struct axis axis = axis_ending(frame->now_ns, zoom, cols);
    if (!query_activity(frame->swarm, agent, axis.t0_ns, axis_col_ns(&axis), (size_t)cols,
                        frame->local_ns, cells)) {
        return;
    }
    for (int i = 0; i < cols; i++) {
        if (cells[i].kind >= SPAN_KINDS) {
            continue;
        }
        enum style_id style =
            cells[i].flags & CELL_ERROR ? STYLE_ERROR : theme_kind_style(cells[i].kind);
        area_puts(line, x + 2 + i, 0, style,
                  (frame->input->theme.ascii ? plain : blocks)[cells[i].fill / 32]);
    }
}

static void draw_name(struct frame *frame, struct area line, agent_no number)
{
    bool strong = number == frame->state->cursor;
    unsigned client = frame->layout.cols < AGENTS_CLIENT_FROM ? LABEL_CLIENT : 0U;
    frame_label_draw(frame, number, LABEL_LIST | client, line, 1, name_cols(frame),
                     strong ? STYLE_STRONG : STYLE_PLAIN);
}

static void draw_totals(const struct agents_table *table, struct area line)
{
    struct agent_row row = row_of(table, NO_AGENT);
    const struct frame *frame = table->frame;
    size_t count = frame->state->agents.count;
    if (frame->predicate != NULL) {
        area_putf(line, 1, 0, STYLE_USER, "%zu of %zu", count, frame_agent_count(frame, false));
    } else {
        area_putf(line, 1, 0, STYLE_STRONG, "all %zu", count);
    }
    draw_cells(table, line, &row);
}

static void draw_rows(const struct agents_table *table, struct area body)
{
    struct frame *frame = table->frame;
    struct agents_state *state = &frame->state->agents;
    bool totals = body.rows >= 4;
    size_t space = (size_t)(body.rows > 0 ? body.rows - totals : 0);
    state->scroll = list_scroll(state->scroll, cursor_of(frame), state->count, space);
    for (size_t i = 0; i < space && state->scroll + i < state->count; i++) {
        agent_no agent = state->order[state->scroll + i];
        struct area line = area_sub(body, 0, (int)i, body.cols, 1);
        struct agent_row row = row_of(table, agent);
        if (agent == frame->state->cursor) {
            area_puts(line, 0, 0, STYLE_STRONG, frame_symbol(frame, SYM_CURSOR));
        }
        draw_name(frame, line, agent);
        draw_spark(frame, line, draw_cells(table, line, &row), agent);
    }
    size_t shown = state->count < space ? state->count : space;
    if (state->count == 0 && frame->predicate != NULL) {
        area_putf(body, 1, 0, STYLE_DIM, "no agent matches the filter \"%s\"",
                  frame->state->filter_text);
    } else if (totals) {
        draw_totals(table, area_sub(body, 0, (int)shown, body.cols, 1));
    }
}

void agents_draw(struct frame *frame, struct grid *grid)
{
    struct agents_table table;
    if (table_init(&table, frame)) {
        draw_heads(&table, frame_area(frame, grid, frame->layout.heads));
        draw_rows(&table, frame_area(frame, grid, frame->layout.body));
    }
    table_release(&table);
}

/* ---- keys ---- */

/* Moves the sort to the next visible column. */
static void change_column(struct frame *frame, int by)
{
    struct agents_state *state = &frame->state->agents;
    size_t count = 0;
    while (agents_column(count) != NULL) {
        count++;
    }
    do {
        state->column = (uint8_t)((state->column + count + (size_t)by) % count);
    } while (!agents_column_shown(agents_column(state->column), frame));
    state->inverted = false;
    state->sorted = false;
}

static enum view_result act(struct agents_table *table, enum action action)
{
    struct frame *frame = table->frame;
    struct agents_state *state = &frame->state->agents;
    size_t at;
    if (state->count > 0 &&
        list_move(action, cursor_of(frame), state->count, frame->layout.body.rows - 1, &at)) {
        select_row(frame, state->order[at], false);
        return VIEW_REDRAW;
    }
    switch ((int)action) {
    case ACTION_SORT_LEFT: change_column(frame, -1); return VIEW_REDRAW;
    case ACTION_SORT_RIGHT: change_column(frame, 1); return VIEW_REDRAW;
    case ACTION_SORT_INVERT:
        state->inverted = !state->inverted;
        state->sorted = false;
        return VIEW_REDRAW;
    case ACTION_PIN: return pins_toggle(frame);
    case ACTION_COPY: return copy_agent(frame, frame->state->cursor);
    case ACTION_DETAIL:
        frame->state->page = PAGE_TIMELINE;
        if (state->count > 0 && select_unfold(frame, state->order[cursor_of(frame)])) {
            select_row(frame, state->order[cursor_of(frame)], false);
        }
        return VIEW_REDRAW;
    default: return page_act(frame, action);
    }
}

enum view_result agents_act(struct frame *frame, enum action action)
{
    struct agents_table table;
    enum view_result result = VIEW_IGNORED;
    if (table_init(&table, frame)) {
        result = act(&table, action);
    }
    table_release(&table);
    return result;
}

/* Handles a click: a head sorts by its column, or reverses the order; a row takes the cursor. */
static void click(struct agents_table *table, int x, int y)
{
    struct frame *frame = table->frame;
    struct agents_state *state = &frame->state->agents;
    size_t at = (size_t)(y - frame->layout.body.y) + state->scroll;
    const struct agent_column *column;
    int from = 0;
    if (y >= frame->layout.body.y) {
        if (at < state->count && y < frame->layout.body.y + frame->layout.body.rows) {
            select_row(frame, state->order[at], false);
        }
        return;
    }
    for (size_t i = 0; (column = agents_column(i)) != NULL; i++) {
        int cols = 1 + (i == 0 ? name_cols(frame) : column->cols);
        if (!agents_column_shown(column, frame) || from + cols > frame->layout.cols) {
            continue;
        }
        if (x >= from && x < from + cols) {
            state->inverted = state->column == i && !state->inverted;
            state->column = (uint8_t)i;
            state->sorted = false;
        }
        from += cols;
    }
}

enum view_result agents_click(struct frame *frame, int x, int y)
{
    struct agents_table table;
    if (y >= frame->layout.heads.y && table_init(&table, frame)) {
        click(&table, x, y);
    } else {
        table = (struct agents_table){.frame = frame};
    }
    table_release(&table);
    return VIEW_REDRAW;
}
