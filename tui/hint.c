/* The lines at the bottom: what went wrong with sources, and which keys there are (or, until the next key, a message). */
#include "tui/duration.h"
#include "tui/frame.h"

#include <stdio.h>
#include <string.h>

static bool is_trouble(const struct source_status *source)
{
    return source->state == SOURCE_FAILED || source->bad > 0 || (source->error && *source->error);
}

bool trouble_is_there(const struct view_input *input)
{
    for (size_t i = 0; i < input->source_count; i++) {
        if (is_trouble(&input->sources[i]))
            return true;
    }
    return false;
}

/* The first source that failed, else the first with bad lines; how many more there are. */
void trouble_draw(const struct frame *frame, struct grid *grid)
{
    const struct view_input *input = frame->input;
    const struct source_status *worst = NULL;
    size_t count = 0;
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (!is_trouble(source))
            continue;
        count++;
        if (!worst || (source->state == SOURCE_FAILED && worst->state != SOURCE_FAILED))
            worst = source;
    }
    struct area line = frame_area(frame, grid, frame->layout.trouble);
    if (!worst || line.rows == 0)
        return;
    char bad[NUMBER_BYTES], text[512];
    number_count(worst->bad, bad);
    if (worst->error && *worst->error)
        snprintf(text, sizeof text, "%.400s", worst->error);
    else
        snprintf(text, sizeof text, "%.400s: %s bad line%s", worst->spec, bad, worst->bad == 1 ? "" : "s");
    if (count > 1)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  (and %zu more)", count - 1);
    int x = area_puts(line, 1, 0, INK_ERROR, frame_symbol(frame, SYM_TROUBLE));
    area_put_cut(line, x + 1, 0, line.cols - x - 2, INK_RETRY, text, strlen(text));
}

void hint_draw(const struct frame *frame, struct grid *grid)
{
    struct area line = frame_area(frame, grid, frame->layout.hint);
    const struct view_state *state = frame->state;
    if (line.rows == 0)
        return;
    if (state->message[0]) {
        area_put_cut(line, 1, 0, line.cols - 2, state->message_is_error ? INK_ERROR : INK_STRONG,
                     state->message, strlen(state->message));
        return;
    }
    const struct action_info *info;
    int x = 1, end = line.cols;
    for (size_t i = 0; (info = keymap_hint(i)) != NULL; i++) {
        bool quits = info->action == ACTION_QUIT;
        const char *more = quits && frame->input->output ? ", writes" : "";
        int cols = (int)(strlen(info->hint_keys) + 1 + strlen(info->hint) + strlen(more));
        bool right = quits && line.cols >= 60; /* it keeps its place at the right edge */
        if (right)
            end = line.cols - 1 - cols;
        int at = right ? end : x;
        if (!right && at + cols > end - (end < line.cols ? 2 : 0))
            break;
        at = area_puts(line, at, 0, INK_STRONG, info->hint_keys) + 1;
        at = area_puts(line, at, 0, INK_DIM, info->hint);
        area_puts(line, at, 0, INK_DIM, more);
        x = right ? x : at + (int)strlen(more) + 3;
    }
}
