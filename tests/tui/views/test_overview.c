/* Tests the overview: two agents a line, each half cell with the colour of its agent's bar. */
#include "tests/support/picture.h"
#include "tui/views/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 9, COLS = 120, ROWS = 14 };

static void open_swarm(struct picture *picture)
{
    char lines[1200];
    picture_init(picture, COLS, ROWS);
    picture->input.theme.color = true;
    picture_feed(picture, "{'op':'hello','t':0,'session_id':'s','name':'root'}\n");
    for (int i = 0; i < AGENTS; i++) {
        snprintf(
            lines, sizeof lines,
            "{'op':'register_agent','session_id':'s','t':%d,'agent_id':'a%d','agent_name':'agent-%d'}\n"
            "{'op':'start_llm_request','session_id':'s','t':%d,'agent_id':'a%d','span_id':'r%d','model':'m'}\n"
            "{'op':'end_llm_request','session_id':'s','t':%d,'span_id':'r%d','ttft_ms':900,'ttlt_ms':%d,'success':true}\n"
            "{'op':'start_tool','session_id':'s','t':%d,'agent_id':'a%d','span_id':'t%d','tool_name':'Bash'}\n"
            "{'op':'end_tool','session_id':'s','t':%d,'span_id':'t%d','success':%s}\n",
            i, i, i, i * 700, i, i, i * 700 + 4000, i, 4000, i * 900 + 3000, i, i, i * 900 + 6000,
            i, i % 3 == 0 ? "false" : "true");
        picture_feed(picture, lines);
    }
    picture_at(picture, 16000);
    picture_press(picture, "o");
    picture_draw(picture);
}

static int8_t color_of_half(const struct picture *picture, int x, int y, bool upper)
{
    const struct cell *cell = grid_cell(picture->grid, x, y);
    struct style style = theme_style(&picture->input.theme, (enum style_id)cell->style);
    bool low = cell->glyph.len == 3 && memcmp(cell->glyph.text, "▄", 3) == 0;
    bool high = cell->glyph.len == 3 && memcmp(cell->glyph.text, "▀", 3) == 0;
    if (high) {
        return upper ? style.fg : style.bg;
    }
    return low && !upper ? style.fg : COLOR_NONE;
}

/* Returns the colour that the agent's full line has in this column. */
static int8_t color_of_bar(const struct picture *picture, const struct frame *frame, agent_no agent,
                           int col)
{
    for (unsigned lane = 0; lane < 4; lane++) {
        struct timeline_cell cell;
        query_lane(frame->swarm, agent, lane, axis_time(&frame->axis, col),
                   axis_col_ns(&frame->axis), 1, frame->local_ns, NULL, &cell);
        if (cell.kind >= SPAN_KINDS) {
            continue;
        }
        struct style style = theme_style(
            &picture->input.theme, theme_bar(&picture->input.theme, cell.kind, cell.flags).style);
        return style.bg;
    }
    return COLOR_NONE;
}

TEST(a_cell_has_the_colours_of_both)
{
    struct picture picture;
    struct frame frame;
    unsigned coloured = 0;
    open_swarm(&picture);
    assert_true(frame_make(&frame, &picture.input, &picture.state, COLS, ROWS));
    assert_int_equal(frame.rows.count, AGENTS + 1);
    for (size_t i = 0; i < frame.rows.count; i++) {
        agent_no agent = frame.rows.nodes[frame.rows.rows[i].node].agent;
        int y = frame.layout.body.y + (int)i / 2;
        for (int col = 0; col < frame.layout.bars_cols; col++) {
            int8_t want = color_of_bar(&picture, &frame, agent, col);
            if (want == COLOR_NONE) {
                continue;
            }
            /* An error shows wherever a lane has one. */
            if (color_of_half(&picture, frame.layout.bars_x + col, y, i % 2 == 0) != 1) {
                assert_int_equal(color_of_half(&picture, frame.layout.bars_x + col, y, i % 2 == 0),
                                 want);
            }
            coloured++;
        }
    }
    assert_true(coloured > 100);
    frame_release(&frame);
    picture_release(&picture);
}

TEST(both_names_are_there_and_the_cursor_goes_through_them)
{
    struct picture picture;
    open_swarm(&picture);
    picture_has(&picture, "›○ root");
    picture_press(&picture, "j");
    picture_has(&picture, "›✕ agent-0");
    picture_has(&picture, " ○ agent-1             ○ agent-2");
    picture_press(&picture, "j j j j j j j j");
    picture_has(&picture, "›● agent-8");
    picture_press(&picture, "o");
    picture_has(&picture, "agent-8");
    picture_lacks(&picture, "▀");
    picture_release(&picture);
}

TEST(a_swarm_that_is_larger_scrolls_by_lines)
{
    struct picture picture;
    open_swarm(&picture);
    assert_true(grid_resize(picture.grid, COLS, 7));
    picture_has(&picture, "›○ root");
    for (int i = 0; i < AGENTS; i++) {
        char name[32];
        picture_press(&picture, "j");
        snprintf(name, sizeof name, "agent-%d", i);
        picture_has(&picture, name);
        assert_int_equal(picture.state.scroll % 2, 0);
    }
    picture_release(&picture);
}

TEST(without_colour_an_agent_has_a_line)
{
    struct picture picture;
    open_swarm(&picture);
    picture.input.theme.color = false;
    picture_lacks(&picture, "▀");
    picture_has(&picture, "agent-3");
    picture_release(&picture);
}
