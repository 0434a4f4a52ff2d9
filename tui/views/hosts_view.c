/* A line for each host: how many agents it has, how many of them work, wait for a person or are in
   trouble, and a bar of their states. Enter shows the agents of that host alone, by a filter. */
#include "tui/views/copy.h"
#include "tui/views/find_bar.h"
#include "tui/views/host_list.h"
#include "tui/views/mouse.h"
#include "tui/views/view_keys.h"

#include <stdio.h>
#include <string.h>

enum { HOST_X = 2, NUMBER_COLS = 8, BAR_MIN = 8 };

/* The columns: the host's name, the numbers, the bar. */
struct hosts_columns {
    int host_cols, numbers_x, numbers, bar_x, bar_cols;
};

static const struct {
    const char *heading;
    enum host_count group;
    enum style_id style; /* of a number above 0 */
} numbers[] = {
    {"FOR YOU", HOST_USER, STYLE_USER},
    {"TROUBLE", HOST_TROUBLE, STYLE_ERROR},
    {"WORKS", HOST_WORKS, STYLE_PLAIN},
    {"RESTS", HOST_RESTS, STYLE_PLAIN},
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static struct hosts_columns columns_of(const struct frame *frame)
{
    int cols = frame->layout.cols;
    struct hosts_columns out = {.host_cols = cols >= 120 ? 36 : cols >= 80 ? 20 : cols / 3};
    out.numbers_x = HOST_X + out.host_cols + 1;
    int room = (cols - 1 - out.numbers_x) / NUMBER_COLS - 1; /* the first is AGENTS */
    out.numbers = room < 0 ? 0 : room < NUMBERS ? room : NUMBERS;
    out.bar_x = out.numbers_x + (1 + out.numbers) * NUMBER_COLS + 2;
    out.bar_cols = cols - 1 - out.bar_x;
    if (out.bar_cols < BAR_MIN) {
        out.bar_cols = 0;
    }
    return out;
}

/* A bar has the ink of the work that the agents do; who rests leaves it dim. */
static struct bar_style bar_of(const struct theme *theme, int state)
{
    static const uint8_t kinds[STATES] = {
        [STATE_WAIT] = SPAN_FIRST_TOKEN,  [STATE_RETRY] = SPAN_RETRY,
        [STATE_SAMPLING] = SPAN_SAMPLING, [STATE_TOOL] = SPAN_TOOL,
        [STATE_TOOL_OR_USER] = SPAN_USER, [STATE_AGENTS] = SPAN_AGENT_CALL,
        [STATE_USER] = SPAN_USER,         [STATE_ERROR] = SPAN_TOOL,
    };
    if (state == STATE_ERROR) {
        return theme_bar(theme, SPAN_TOOL, CELL_ERROR);
    }
    if (kinds[state] == SPAN_OTHER) {
        struct state_style shape = theme_state(theme, (enum agent_state)state);
        return (struct bar_style){shape.style, shape.shape};
    }
    return theme_bar(theme, kinds[state], 0);
}

static void draw_bar(const struct frame *frame, struct area line,
                     const struct hosts_columns *columns, const struct host_row *row)
{
    int cells[STATES], x = columns->bar_x;
    host_bar(row, columns->bar_cols, cells);
    for (int state = 0; state < STATES; state++) {
        struct bar_style bar = bar_of(&frame->input->theme, state);
        for (int i = 0; i < cells[state]; i++) {
            area_puts(line, x++, 0, bar.style, bar.fill);
        }
    }
}

static const char *name_of(const struct frame *frame, const struct host_row *row)
{
    return row->host == INTERN_NONE ? "(no host named)" : swarm_text(frame->swarm, row->host);
}

static void put_number(struct area line, int x_end, enum style_id style, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    area_put_right(line, x_end, 0, number > 0 ? style : STYLE_DIM, text);
}

static void draw_host(const struct frame *frame, struct area line,
                      const struct hosts_columns *columns, const struct host_row *row, bool here)
{
    const char *name = name_of(frame, row);
    char agents[32];
    if (here) {
        area_puts(line, 0, 0, STYLE_STRONG, frame_symbol(frame, SYM_CURSOR));
    }
    area_put_ellipsized(line, HOST_X, 0, columns->host_cols, here ? STYLE_STRONG : STYLE_PLAIN,
                        name, strlen(name));
    int end = columns->numbers_x + NUMBER_COLS;
    if (frame->predicate != NULL) {
        snprintf(agents, sizeof agents, "%u/%u", row->matching, row->agents);
    } else {
        snprintf(agents, sizeof agents, "%u", row->agents);
    }
    area_put_right(line, end, 0, STYLE_PLAIN, agents);
    for (int i = 0; i < columns->numbers; i++) {
        end += NUMBER_COLS;
        put_number(line, end, numbers[i].style, host_count(row, numbers[i].group));
    }
    draw_bar(frame, line, columns, row);
}

static void draw_heads(struct area line, const struct hosts_columns *columns, size_t count)
{
    int x = area_puts(line, HOST_X, 0, STYLE_DIM, "HOST ");
    area_putf(line, x, 0, STYLE_DIM, "%zu", count);
    int end = columns->numbers_x + NUMBER_COLS;
    area_put_right(line, end, 0, STYLE_DIM, "AGENTS");
    for (int i = 0; i < columns->numbers; i++) {
        end += NUMBER_COLS;
        area_put_right(line, end, 0, STYLE_DIM, numbers[i].heading);
    }
    if (columns->bar_cols > 0) {
        area_puts(line, columns->bar_x, 0, STYLE_DIM, "STATES");
    }
}

/* The cursor is on a host, not on a line, and follows it as others come. */
static size_t cursor_of(const struct view_state *state, const struct host_list *list)
{
    for (size_t i = 0; i < list->count && state->host_chosen; i++) {
        if (list->rows[i].host == state->host) {
            return i;
        }
    }
    return 0;
}

static void choose(struct view_state *state, const struct host_list *list, size_t at)
{
    if (at < list->count) {
        state->host_chosen = true;
        state->host = list->rows[at].host;
    }
}

void hosts_draw(struct frame *frame, struct grid *grid)
{
    struct area body = frame_area(frame, grid, frame->layout.body);
    struct view_state *state = frame->state;
    struct hosts_columns columns = columns_of(frame);
    size_t space = (size_t)(body.rows > 0 ? body.rows : 0);
    struct host_list list;
    if (!host_list_make(frame->swarm, &frame->rows, &frame->stalled, state->mem, &list)) {
        area_puts(body, HOST_X, 0, STYLE_ERROR, "out of memory");
        return;
    }
    size_t cursor = cursor_of(state, &list);
    draw_heads(frame_area(frame, grid, frame->layout.heads), &columns, list.count);
    state->hosts_scroll = list_scroll(state->hosts_scroll, cursor, list.count, space);
    for (size_t i = 0; i < space && state->hosts_scroll + i < list.count; i++) {
        size_t at = state->hosts_scroll + i;
        draw_host(frame, area_sub(body, 0, (int)i, body.cols, 1), &columns, &list.rows[at],
                  at == cursor);
    }
    host_list_release(&list);
}

/* Shows the agents of that host alone. */
static enum view_result show_host(struct frame *frame, const struct host_row *row)
{
    struct view_state *state = frame->state;
    struct strbuf text, error;
    if (row->host == INTERN_NONE) {
        view_message(state, false, "these sessions name no host: no filter selects them");
        return VIEW_REDRAW;
    }
    const char *name = swarm_text(frame->swarm, row->host);
    const char *quote = strpbrk(name, " \t<>=:'\"\\") == NULL ? ""
                        : strchr(name, '"') == NULL           ? "\""
                                                              : "'";
    strbuf_init(&text, state->mem, 0);
    strbuf_init(&error, state->mem, 0);
    strbuf_addf(&text, "host=%s%s%s", quote, name, quote);
    if (text.failed || text.len >= sizeof state->filter_text ||
        (*quote != '\0' && strchr(name, *quote) != NULL) ||
        !view_set_filter(state, text.data, &error)) {
        view_message(state, true, "no filter can name this host");
    } else {
        state->page = PAGE_TIMELINE;
    }
    strbuf_release(&text);
    strbuf_release(&error);
    return VIEW_REDRAW;
}

static enum view_result copy_host(struct frame *frame, const struct host_row *row)
{
    const char *name = name_of(frame, row);
    return copy_text(frame, name, strlen(name));
}

enum view_result hosts_act(struct frame *frame, enum action action)
{
    struct view_state *state = frame->state;
    struct host_list list;
    if (!host_list_make(frame->swarm, &frame->rows, &frame->stalled, state->mem, &list)) {
        view_message(state, true, "out of memory");
        return VIEW_REDRAW;
    }
    enum view_result result = VIEW_REDRAW;
    size_t cursor = cursor_of(state, &list), at;
    if (list.count > 0 && list_move(action, cursor, list.count, frame->layout.body.rows, &at)) {
        choose(state, &list, at);
    } else if (action == ACTION_DETAIL && list.count > 0) {
        result = show_host(frame, &list.rows[cursor]);
    } else if (action == ACTION_COPY && list.count > 0) {
        result = copy_host(frame, &list.rows[cursor]);
    } else {
        result = page_act(frame, action);
    }
    host_list_release(&list);
    return result;
}

enum view_result hosts_click(struct frame *frame, int y)
{
    struct view_state *state = frame->state;
    struct host_list list;
    if (y >= frame->layout.body.y &&
        host_list_make(frame->swarm, &frame->rows, &frame->stalled, state->mem, &list)) {
        choose(state, &list, (size_t)(y - frame->layout.body.y) + state->hosts_scroll);
        host_list_release(&list);
    }
    return VIEW_REDRAW;
}
