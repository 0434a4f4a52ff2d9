/* The help screen, made from the table of actions: a line for each action under its group's
   heading, then a legend of bars and shapes, and a glossary of the screen. The same walk counts the
   lines and draws them. */
#include "tui/views/frame.h"

#include <stdio.h>
#include <string.h>

struct help_pen {
    struct area area; /* grid NULL: only counts */
    int line, skip;
};

static struct area pen_line(const struct help_pen *pen)
{
    if (pen->area.grid == NULL) {
        return pen->area;
    }
    return area_sub(pen->area, 0, pen->line - pen->skip, pen->area.cols,
                    pen->line >= pen->skip ? 1 : 0);
}

static void put_heading(struct help_pen *pen, const char *text)
{
    if (pen->line > 0) {
        pen->line++;
    }
    struct area line = pen_line(pen);
    if (line.grid != NULL) {
        area_puts(line, 1, 0, STYLE_DIM, text);
    }
    pen->line++;
}

static void put_line(struct help_pen *pen, const char *keys, const char *meaning)
{
    struct area line = pen_line(pen);
    int keys_cols = line.cols >= 40 ? 15 : 10;
    if (line.grid != NULL) {
        area_put_ellipsized(line, 3, 0, keys_cols - 1, STYLE_STRONG, keys, strlen(keys));
        area_put_ellipsized(line, 3 + keys_cols, 0, line.cols - keys_cols - 4, STYLE_PLAIN, meaning,
                            strlen(meaning));
    }
    pen->line++;
}

static void put_bars(struct help_pen *pen, const struct theme *theme)
{
    struct bar_style bar;
    const char *word;
    put_heading(pen, "Bars");
    for (size_t i = 0; theme_legend(theme, i, &bar, &word); i++) {
        struct area line = pen_line(pen);
        if (line.grid != NULL) {
            area_fill(line, 3, 0, 4, bar.style, bar.fill);
            area_puts(line, 9, 0, STYLE_PLAIN, word);
        }
        pen->line++;
    }
    static const struct {
        uint8_t kind, flags;
        bool stopped;
        const char *word;
    } more[] = {
        {SPAN_AGENT_CALL, 0, false, "waits for a sub-agent"},
        {SPAN_TOOL, CELL_HATCHED, false, "cut off: start or end unknown"},
        {SPAN_TOOL, CELL_HATCHED, true, "refused or interrupted: no error"},
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct area line = pen_line(pen);
        bar = theme_bar(theme, more[i].kind, more[i].flags);
        if (line.grid != NULL) {
            area_fill(line, 3, 0, 4, bar.style, bar.fill);
            if (more[i].stopped) {
                area_puts(line, 6, 0, bar.style, theme_symbol(theme, SYM_STOPPED));
            }
            area_put_ellipsized(line, 9, 0, line.cols - 10, STYLE_PLAIN, more[i].word,
                                strlen(more[i].word));
        }
        pen->line++;
    }
    struct area line = pen_line(pen);
    if (line.grid != NULL) {
        area_puts(line, 3, 0, STYLE_USER, theme_symbol(theme, SYM_SLOWER));
        area_puts(line, 9, 0, STYLE_PLAIN, "a model is slower from here on");
    }
    pen->line++;
}

static void put_states(struct help_pen *pen, const struct theme *theme)
{
    static const char *const meanings[STATES] = {
        [STATE_WAIT] = "request open, no token yet",
        [STATE_RETRY] = "waits to retry a request",
        [STATE_SAMPLING] = "tokens arrive",
        [STATE_TOOL] = "a tool runs",
        [STATE_TOOL_OR_USER] = "a tool runs, or a person is asked",
        [STATE_AGENTS] = "waits for its sub-agents",
        [STATE_USER] = "waits for a person",
        [STATE_IDLE] = "nothing runs",
        [STATE_DONE] = "has ended",
        [STATE_ERROR] = "the last call failed",
        [STATE_STALE] = "silent for 30 minutes",
        [STATE_GONE] = "its process died",
        [STATE_UNKNOWN] = "its process cannot be seen",
    };
    put_heading(pen, "NOW");
    for (int i = 0; i < STATES; i++) {
        struct state_style state = theme_state(theme, (enum agent_state)i);
        struct area line = pen_line(pen);
        if (line.grid != NULL) {
            area_puts(line, 3, 0, state.style, state.shape);
            area_puts(line, 5, 0, state.style, query_state_name((enum agent_state)i));
            area_put_ellipsized(line, 18, 0, line.cols - 19, STYLE_PLAIN, meanings[i],
                                strlen(meanings[i]));
        }
        pen->line++;
    }
}

static void put_terms(struct help_pen *pen)
{
    static const struct {
        const char *term, *meaning;
    } terms[] = {
        {"held up", "a chain of agents: all wait for the call at its end"},
        {"stalled", "runs 3 times as long as usual, or silent for as long"},
        {"loop", "the same call failed three times in a row"},
        {"p50 p95", "half, 95 % of the calls took no longer"},
        {"p95 x4.9", "4.9 times as long as the p95 of its kind"},
        {"2 of 19", "the figure is known of 2 of 19 calls"},
        {"ttft", "time to the first token: prefill"},
        {"otps", "output tokens per second of sampling: decode"},
        {"queueing", "set-up and retries of a request"},
        {"parallel", "agents with a call under way, on average"},
        {"turn", "from a prompt to the end of the work on it"},
        {"overhead", "of a turn: no call ran, the client's own time"},
        {"off the path", "without it the turn had ended no sooner"},
        {"past", "the view shows an earlier time; F follows now"},
    };
    put_heading(pen, "Terms");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct area line = pen_line(pen);
        if (line.grid != NULL) {
            area_puts(line, 3, 0, STYLE_STRONG, terms[i].term);
            area_put_ellipsized(line, 18, 0, line.cols - 19, STYLE_PLAIN, terms[i].meaning,
                                strlen(terms[i].meaning));
        }
        pen->line++;
    }
}

/* Keys outside the table of actions: they cannot be bound. */
static void put_modes(struct help_pen *pen)
{
    static const struct {
        const char *heading; /* NULL: that of the row before */
        const char *keys, *meaning;
    } modes[] = {
        {"While a range is selected", "h l", "move an edge; S-Left, S-Right by ten columns"},
        {NULL, "v", "change to the other edge"},
        {NULL, "Enter Esc", "keep the range; drop it"},
        {"At a prompt", "Enter Esc", "apply; cancel"},
        {NULL, "Up Down", "earlier and later entries (C-p C-n)"},
        {NULL, "C-a C-e", "go to the start, to the end (Home End)"},
        {NULL, "C-w C-u C-k", "delete a term, to the start, to the end"},
        {"With the mouse on", "click", "select a row or a span"},
        {NULL, "drag", "pan"},
        {NULL, "wheel", "zoom at the pointer; scroll elsewhere"},
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (modes[i].heading != NULL) {
            put_heading(pen, modes[i].heading);
        }
        put_line(pen, modes[i].keys, modes[i].meaning);
    }
}

static void walk(struct help_pen *pen, const struct view_input *input)
{
    const struct action_info *info;
    const char *group = NULL;
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        if (group == NULL || strcmp(group, info->group) != 0) {
            put_heading(pen, info->group);
        }
        group = info->group;
        put_line(pen, keymap_keys(input->keymap, info), info->help);
    }
    put_modes(pen);
    put_bars(pen, &input->theme);
    put_states(pen, &input->theme);
    put_terms(pen);
}

void help_draw(const struct view_input *input, struct view_state *state, struct grid *grid)
{
    struct area all = grid_area(grid);
    struct help_pen pen = {.line = 0};
    walk(&pen, input);
    int lines = pen.line, space = all.rows - 3 > 0 ? all.rows - 3 : 0;
    size_t most = lines > space ? (size_t)(lines - space) : 0;
    if (state->help_scroll > most) {
        state->help_scroll = most;
    }
    int x = area_puts(all, 1, 0, STYLE_STRONG, "swarmtop");
    area_puts(all, x + 2, 0, STYLE_PLAIN, "keys");
    pen = (struct help_pen){area_sub(all, 0, 2, all.cols, space), 0, (int)state->help_scroll};
    walk(&pen, input);
    struct area last = area_sub(all, 0, all.rows - 1, all.cols, 1);
    x = area_puts(last, 1, 0, STYLE_STRONG, "Esc");
    x = area_puts(last, x + 1, 0, STYLE_DIM, "back");
    if (most > 0) {
        size_t first = state->help_scroll + 1, end = state->help_scroll + (size_t)space;
        x = area_putf(last, x + 3, 0, STYLE_PLAIN, "%zu-%zu of %d", first, end, lines);
        x = area_puts(last, x + 3, 0, STYLE_STRONG, "j k");
        x = area_puts(last, x + 1, 0, STYLE_DIM, "scroll");
        x = area_puts(last, x + 3, 0, STYLE_STRONG, "g G");
        area_puts(last, x + 1, 0, STYLE_DIM, "top, end");
    }
}
