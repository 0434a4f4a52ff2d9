/* The screen without agents: the sources that are read, and commands to paste that produce data. */
#include "tui/views/frame.h"

#include <stdio.h>
#include <string.h>

struct empty_page {
    struct area area;
    int y;
};

static void put(struct empty_page *page, int x, enum style_id style, const char *text)
{
    area_put_ellipsized(page->area, x, page->y, page->area.cols - x - 1, style, text, strlen(text));
    page->y++;
}

/* Returns the error without the source's name, which is in front of it on the line. */
static const char *without_spec(const struct source_status *source)
{
    size_t len = source->spec ? strlen(source->spec) : 0;
    bool starts = len > 0 && strncmp(source->error, source->spec, len) == 0 &&
                  strncmp(source->error + len, ": ", 2) == 0;
    return starts ? source->error + len + 2 : source->error;
}

static void put_source(struct empty_page *page, const struct source_status *source)
{
    static const char *const words[] = {
        [SOURCE_WAITING] = "waiting for the file",
        [SOURCE_OPEN] = "reading",
        [SOURCE_FINISHED] = "contains no agents",
        [SOURCE_FAILED] = "cannot be read",
    };
    bool failed = source->error && *source->error;
    const char *word =
        source->listens && source->state == SOURCE_OPEN ? "listening" : words[source->state];
    int cols = page->area.cols;
    int x = area_put_ellipsized(
        page->area, 3, page->y, cols - 4, failed ? STYLE_RETRY : STYLE_PLAIN,
        source->spec ? source->spec : "", strlen(source->spec ? source->spec : ""));
    if (failed)
        word = without_spec(source);
    area_put_ellipsized(page->area, x + 2, page->y, cols - x - 3, STYLE_DIM, word, strlen(word));
    page->y++;
}

/* A line a source of a client that can be made to report at once. */
static void put_clients(struct empty_page *page, const struct view_input *input)
{
    char line[200];
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (source->client == NULL || source->setup == NULL)
            continue;
        snprintf(line, sizeof line,
                 "%s sessions appear automatically; faster with:", source->client);
        put(page, 1, STYLE_DIM, line);
        snprintf(line, sizeof line, "swarmtop setup %s", source->setup);
        put(page, 3, STYLE_PLAIN, line);
        page->y++;
    }
}

/* Puts how to feed each source that is no socket; another one of its kind is fed alike. */
static void put_feeds(struct empty_page *page, const struct view_input *input)
{
    const char *before = NULL;
    char line[1024];
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (source->feed == NULL || source->feed == before || (source->error && *source->error))
            continue;
        if (before == NULL)
            put(page, 1, STYLE_DIM, "From another shell:");
        before = source->feed;
        const char *hole = strstr(source->feed, "{}");
        const char *colon = source->listens ? strchr(source->spec, ':') : NULL;
        if (hole)
            snprintf(line, sizeof line, "%.*s%.500s%s", (int)(hole - source->feed), source->feed,
                     colon ? colon + 1 : source->spec, hole + 2);
        else
            snprintf(line, sizeof line, "%s", source->feed);
        put(page, 3, STYLE_PLAIN, line);
    }
    page->y += before != NULL;
}

void empty_draw(const struct frame *frame, struct grid *grid)
{
    const struct view_input *input = frame->input;
    const struct layout *layout = &frame->layout;
    int top = layout->metrics.rows ? layout->metrics.y + 1 : layout->header.y + 1;
    int end = layout->trouble.rows ? layout->trouble.y
              : layout->hint.rows  ? layout->hint.y
                                   : layout->rows;
    struct empty_page page = {.area = area_sub(grid_area(grid), 0, top, layout->cols, end - top)};
    char line[512];
    put(&page, 1, STYLE_STRONG, input->live ? "No agents yet." : "No agents found.");
    page.y++;
    for (size_t i = 0; i < input->source_count && i < 20; i++)
        put_source(&page, &input->sources[i]);
    if (!input->live)
        return;
    page.y++;
    put_clients(&page, input);
    put_feeds(&page, input);
    if (!input->address)
        return;
    put(&page, 1, STYLE_DIM, "From another shell:");
    snprintf(line, sizeof line, "export SWARMTOP_SOCKET=%.400s", input->address);
    put(&page, 3, STYLE_PLAIN, line);
    put(&page, 3, STYLE_PLAIN, "swarmtop emit hello session_id=demo");
    put(&page, 3, STYLE_PLAIN, "swarmtop emit --session demo start_tool span_id=1 tool_name=Bash");
    put(&page, 3, STYLE_PLAIN, "swarmtop emit --session demo end_tool span_id=1");
    page.y++;
    put(&page, 1, STYLE_DIM, "To see a demo:");
    put(&page, 3, STYLE_PLAIN, "swarmtop demo");
}
