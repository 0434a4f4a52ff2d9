/* The lines at the bottom: what went wrong with sources, and which keys there are (or, until the
   next key, a message). */
#include "tui/screen/number.h"
#include "tui/views/frame.h"
#include "tui/views/progress.h"

#include <stdio.h>
#include <string.h>

static bool is_trouble(const struct source_status *source)
{
    return source->state == SOURCE_FAILED || source->bad > 0 ||
           (source->error != NULL && *source->error) || (source->unread != NULL && *source->unread);
}

bool trouble_exists(const struct view_input *input)
{
    for (size_t i = 0; i < input->source_count; i++) {
        if (is_trouble(&input->sources[i])) {
            return true;
        }
    }
    return false;
}

/* Writes the first of the files that cannot be read, with the reason. */
static void put_unread(const char *lines, char *out, size_t size)
{
    size_t len = strcspn(lines, "\n"), count = 0;
    for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++) {
        count++;
    }
    snprintf(out, size, "%.*s", len < 400 ? (int)len : 400, lines);
    if (count > 1) {
        snprintf(out + strlen(out), size - strlen(out), ", and others");
    }
}

/* Writes why a request was refused: with its source and sender as far as they fit, for what is to
   be set is at the end. */
static void put_refused(const struct source_status *source, bool ascii, int cols, char *out,
                        size_t size)
{
    const char *whole = source->traffic.last_refused, *why = source->traffic.refused_why;
    snprintf(out, size, "%.100s: %.300s", source->spec, whole);
    if ((int)text_cols(out, strlen(out), ascii) > cols && why != NULL) {
        snprintf(out, size, "refused: %.300s", why);
    }
    if ((int)text_cols(out, strlen(out), ascii) > cols && why != NULL) {
        snprintf(out, size, "%.300s", why);
    }
}

/* Draws the first source that failed, else the first with bad lines, and the number of others. */
void trouble_draw(const struct frame *frame, struct grid *grid)
{
    const struct view_input *input = frame->input;
    const struct source_status *worst = NULL;
    size_t count = 0;
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (!is_trouble(source)) {
            continue;
        }
        count++;
        if (worst == NULL || (source->state == SOURCE_FAILED && worst->state != SOURCE_FAILED)) {
            worst = source;
        }
    }
    struct area line = frame_area(frame, grid, frame->layout.trouble);
    if (worst == NULL || line.rows == 0) {
        return;
    }
    char bad[NUMBER_BYTES], text[512];
    number_count(worst->bad, bad);
    if (worst->error != NULL && *worst->error) {
        snprintf(text, sizeof text, "%.400s", worst->error);
    } else if (worst->traffic.receives && *worst->traffic.last_refused) {
        put_refused(worst, frame->input->theme.ascii, line.cols - 4, text, sizeof text);
    } else if (worst->turned_away > 0) {
        snprintf(text, sizeof text, "%.400s: %llu refused connection%s", worst->spec,
                 (unsigned long long)worst->turned_away, worst->turned_away == 1 ? "" : "s");
    } else if (worst->unread != NULL && *worst->unread) {
        put_unread(worst->unread, text, sizeof text);
    } else {
        snprintf(text, sizeof text, "%.400s: %s bad line%s", worst->spec, bad,
                 worst->bad == 1 ? "" : "s");
    }
    if (count > 1) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "  (and %zu more)", count - 1);
    }
    int x = area_puts(line, 1, 0, STYLE_ERROR, frame_symbol(frame, SYM_TROUBLE));
    area_put_ellipsized(line, x + 1, 0, line.cols - x - 2, STYLE_RETRY, text, strlen(text));
}

void caption_draw(const struct frame *frame, struct grid *grid)
{
    struct area line = frame_area(frame, grid, frame->layout.caption);
    const char *text = frame->input->caption;
    if (text != NULL && line.rows > 0) {
        area_put_ellipsized(line, 1, 0, line.cols - 2, STYLE_STRONG, text, strlen(text));
    }
}

/* Returns the hint's keys for an action and its neighbours; if the user bound the action, its first
   key. */
static const char *hint_keys(const struct frame *frame, const struct action_info *info, size_t *len)
{
    const struct keymap *keymap = frame->input->keymap;
    const char *bound = keymap != NULL ? keymap->keys[info->action] : NULL;
    *len = bound != NULL ? strcspn(bound, " ") : strlen(info->hint_keys);
    return bound != NULL ? bound : info->hint_keys;
}

static int hint_cols(const struct frame *frame, const struct action_info *info)
{
    bool writes = info->action == ACTION_QUIT && frame->input->output != NULL;
    size_t len;
    const char *keys = hint_keys(frame, info, &len);
    return (int)(text_cols(keys, len, frame->input->theme.ascii) + 1 + strlen(info->hint)) +
           (writes ? 8 : 0);
}

static int put_hint(const struct frame *frame, struct area line, int x,
                    const struct action_info *info)
{
    size_t len;
    const char *keys = hint_keys(frame, info, &len);
    x = area_put(line, x, 0, STYLE_STRONG, keys, len) + 1;
    x = area_puts(line, x, 0, STYLE_DIM, info->hint);
    if (info->action == ACTION_QUIT && frame->input->output != NULL) {
        x = area_puts(line, x, 0, STYLE_DIM, ", writes");
    }
    return x;
}

/* Draws the filter, `\ kind:tool`. Returns the column after it. */
static int draw_filter(const struct frame *frame, struct area line)
{
    const char *text = frame->state->filter_text;
    if (!text[0]) {
        return 1;
    }
    int x = area_puts(line, 1, 0, STYLE_USER, "\\ ");
    return area_put_ellipsized(line, x, 0, line.cols / 3, STYLE_USER, text, strlen(text)) + 3;
}

/* Draws the hints. The first two (quit and help) stay at the right edge if there is room for more
   than them. */
static void draw_hints(const struct frame *frame, struct area line)
{
    const struct action_info *info;
    int x = draw_filter(frame, line), end = line.cols;
    size_t i = 0;
    if (line.cols >= 60) {
        for (; i < 2 && (info = keymap_hint(i, view_set_of(frame->state))) != NULL; i++) {
            end -= hint_cols(frame, info) + (i == 0 ? 1 : 3);
            put_hint(frame, line, end, info);
        }
        end -= 3;
    }
    for (; (info = keymap_hint(i, view_set_of(frame->state))) != NULL &&
           x + hint_cols(frame, info) <= end;
         i++) {
        x = put_hint(frame, line, x, info) + 3;
    }
}

/* Draws the progress of an opening file and the key that stops it. Returns false if no file opens
   or it opened too recently. */
static bool draw_progress(struct frame *frame, struct area line)
{
    struct strbuf *text = &frame->scratch;
    strbuf_clear(text);
    if (frame->input->progress == NULL || !progress_line(frame->input->progress, text) ||
        text->failed) {
        return false;
    }
    int end = area_put_ellipsized(line, 1, 0, line.cols - 13, STYLE_STRONG, text->data, text->len);
    end = area_puts(line, end + 2, 0, STYLE_STRONG, "Esc");
    area_puts(line, end + 1, 0, STYLE_DIM, "stops");
    return true;
}

/* Draws the prompt and its result. */
static void draw_prompt(const struct frame *frame, struct area line)
{
    const struct view_state *state = frame->state;
    int x = prompt_draw(&state->prompt, line, frame->input->theme.ascii) + 3;
    size_t shown = 0;
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        shown += !frame->rows.nodes[i].filtered;
    }
    if (state->filter_error[0]) {
        area_put_ellipsized(line, x, 0, line.cols - x - 1, STYLE_USER, state->filter_error,
                            strlen(state->filter_error));
    } else if (state->message[0]) {
        area_put_ellipsized(line, x, 0, line.cols - x - 1, STYLE_DIM, state->message,
                            strlen(state->message));
    } else if (state->prompt.kind == PROMPT_FILTER && state->prompt.len > 0) {
        area_putf(line, x, 0, STYLE_DIM, "%zu of %zu rows", shown, frame->rows.node_count);
    }
}

void hint_draw(struct frame *frame, struct grid *grid)
{
    struct area line = frame_area(frame, grid, frame->layout.hint);
    const struct view_state *state = frame->state;
    if (line.rows == 0) {
        return;
    }
    if (state->prompt.kind != PROMPT_NONE) {
        draw_prompt(frame, line);
    } else if (state->message[0]) {
        area_put_ellipsized(line, 1, 0, line.cols - 2,
                            state->message_is_error ? STYLE_ERROR : STYLE_STRONG, state->message,
                            strlen(state->message));
    } else if (!draw_progress(frame, line)) {
        draw_hints(frame, line);
    }
}
