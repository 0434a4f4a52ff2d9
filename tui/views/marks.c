/* A mark holds a complete position (window, cursor, selection), so going back restores the same
   display. Pins are agents by number. */
#include "tui/views/marks.h"

#include "tui/views/slowdown_text.h"

#include <string.h>

struct view_place place_of(const struct view_state *state)
{
    return (struct view_place){state->cursor, state->cursor_group, state->selected,
                               state->window, state->zoom,         state->t0_ns};
}

void place_go_to(struct view_state *state, const struct view_place *place)
{
    state->cursor = place->cursor;
    state->cursor_group = place->cursor_group;
    state->selected = place->selected;
    state->window = place->window;
    state->zoom = place->zoom;
    state->t0_ns = place->t0_ns;
}

/* ---- marks ---- */

static int index_of(uint32_t code)
{
    return code >= 'a' && code <= 'z'   ? (int)(code - 'a')
           : code >= '0' && code <= '9' ? (int)(code - '0') + 26
                                        : -1;
}

static char letter_of(int index)
{
    return (char)(index < 26 ? 'a' + index : '0' + index - 26);
}

enum view_result marks_wait(struct frame *frame, enum action action)
{
    frame->state->pending = action;
    view_message(frame->state, false,
                 action == ACTION_MARK ? "mark: press a letter or digit"
                                       : "go to mark: its letter or '");
    return VIEW_REDRAW;
}

/* Marks the selected span's start, else the middle of the window. The mark stores a fixed window,
   even if the display follows now. */
static void set_mark(struct frame *frame, int index)
{
    struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, state->selected);
    struct view_mark mark = {.set = true, .place = place_of(state)};
    mark.at_ns = span != NULL ? span->start_ns : axis_time(&frame->axis, frame->axis.cols / 2);
    mark.place.window = WINDOW_FIXED;
    mark.place.zoom = frame->axis.zoom;
    mark.place.t0_ns = frame->axis.t0_ns;
    state->marks[index] = mark;
    view_message(state, false, "marked %c", letter_of(index));
}

static void jump(struct frame *frame, struct view_place to)
{
    struct view_place here = place_of(frame->state);
    place_go_to(frame->state, &to);
    frame->state->came_from = here;
}

enum view_result marks_key(struct frame *frame, struct key key)
{
    struct view_state *state = frame->state;
    enum action action = state->pending;
    int index = key.mods ? -1 : index_of(key.code);
    state->pending = ACTION_NONE;
    if (action == ACTION_GO_TO_MARK && key.code == '\'') {
        jump(frame, state->came_from);
    } else if (index < 0) {
        view_message(state, false, "marks are letters or digits");
    } else if (action == ACTION_MARK) {
        set_mark(frame, index);
    } else if (state->marks[index].set) {
        jump(frame, state->marks[index].place);
    } else {
        view_message(state, false, "no mark %c", letter_of(index));
    }
    return VIEW_REDRAW;
}

bool marks_within(const struct frame *frame, int col, int cols)
{
    for (int i = 0; i < MARKS; i++) {
        const struct view_mark *mark = &frame->state->marks[i];
        int at = mark->set ? axis_col(&frame->axis, mark->at_ns) : -1;
        if (at >= col && at < col + cols) {
            return true;
        }
    }
    return slowdown_within(frame, &frame->axis, col, cols);
}

void marks_draw(const struct frame *frame, struct area heads)
{
    slowdown_mark(frame, &frame->axis, heads, 0);
    for (int i = 0; i < MARKS; i++) {
        const struct view_mark *mark = &frame->state->marks[i];
        int col = mark->set ? axis_col(&frame->axis, mark->at_ns) : -1;
        char text[2] = {letter_of(i), '\0'};
        if (col >= 0 && col < heads.cols) {
            area_puts(heads, col, 0, STYLE_USER, text);
            area_add_attrs(heads, col, 0, 1, ATTR_REVERSE);
        }
    }
}

/* ---- pins ---- */

enum view_result pins_toggle(struct frame *frame)
{
    struct view_state *state = frame->state;
    for (size_t i = 0; i < state->pin_count; i++) {
        if (state->pins[i] == state->cursor) {
            state->pin_count--;
            memmove(state->pins + i, state->pins + i + 1,
                    (state->pin_count - i) * sizeof *state->pins);
            return VIEW_REDRAW;
        }
    }
    if (state->cursor == NO_AGENT) {
        return VIEW_REDRAW;
    }
    if (state->pin_count == PINS) {
        view_message(state, false, "%d agents pinned; unpin one first", PINS);
    } else {
        state->pins[state->pin_count++] = state->cursor;
    }
    return VIEW_REDRAW;
}
