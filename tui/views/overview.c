/* Two agents share a line. Their names share the columns of tree, name and NOW: the upper agent's
   on the left, the lower one's on the right, each with the shape of its state. Half a cell has no
   room for names in bars or for lanes, so a row merges all lanes of its agent. */
#include "tui/views/overview.h"

#include "tui/views/bars.h"

static void draw_name(struct frame *frame, struct area place, const struct timeline_row *row)
{
    const struct tree_node *node = &frame->rows.nodes[row->node];
    struct state_style state =
        theme_state(&frame->input->theme, row->group ? STATE_DONE : node->status.state);
    bool here = node->agent == frame->state->cursor && row->group == frame->state->cursor_group;
    if (row->pinned || here) {
        area_puts(place, 0, 0, row->pinned ? STYLE_USER : STYLE_STRONG,
                  frame_symbol(frame, row->pinned ? SYM_PIN : SYM_CURSOR));
    }
    area_puts(place, 1, 0, state.style, state.shape);
    if (row->group) {
        area_putf(place, 3, 0, STYLE_DIM, "+%u done", node->done);
        return;
    }
    frame_label_draw(frame, node->agent, frame_row_form(frame, row), place, 3, place.cols - 4,
                     here ? STYLE_STRONG : STYLE_PLAIN);
}

/* Computes the cells of a row; those not drawn are blank. */
static void cells_of(struct frame *frame, const struct timeline_row *row, int cols,
                     struct timeline_cell *cells)
{
    int shown = row != NULL && !row->group ? bars_cells(frame, row, cols, cells) : 0;
    for (int i = shown; i < cols; i++) {
        cells[i] = (struct timeline_cell){.kind = SPAN_KINDS};
    }
}

void overview_draw_line(struct frame *frame, struct area line, const struct timeline_row *upper)
{
    struct timeline_cell above[GRID_MAX_COLS], below[GRID_MAX_COLS];
    const struct layout *layout = &frame->layout;
    const struct timeline_row *lower =
        upper + 1 < frame->rows.rows + frame->rows.count ? upper + 1 : NULL;
    int half = layout->bars_x / 2, cols = layout->bars_cols;
    draw_name(frame, area_sub(line, 0, 0, half, 1), upper);
    if (lower != NULL) {
        draw_name(frame, area_sub(line, half, 0, layout->bars_x - half, 1), lower);
    }
    cells_of(frame, upper, cols, above);
    cells_of(frame, lower, cols, below);
    for (int i = 0; i < cols; i++) {
        struct half_cell top = {above[i].kind, above[i].flags},
                         bottom = {below[i].kind, below[i].flags};
        struct bar_style bar = theme_halves(top, bottom);
        if (bar.fill[0] != ' ') {
            area_puts(line, layout->bars_x + i, 0, bar.style, bar.fill);
        }
    }
}
