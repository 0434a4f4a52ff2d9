/* The screen without agents: the sources that were looked for, with what was found of each, and
   commands to paste that produce data. A page that does not fit is made again with less: first the
   sources that were not found share a line, then all that work do, and the shortest commands stay.
 */
#include "tui/views/frame.h"
#include "tui/views/traffic_text.h"

#include <stdio.h>
#include <string.h>

#define HOUR_NS INT64_C(3600000000000)

/* The lengths of the page, the longest first. */
enum page_length { PAGE_FULL, PAGE_SHORT, PAGE_SHORTEST, PAGE_LENGTHS };

struct empty_page {
    struct area area;
    bool ascii;
    enum page_length length;
    bool counts; /* draws nothing: area has no rows */
    int y;
    struct strbuf line; /* the command or text that is being put */
};

static void put(struct empty_page *page, int x, enum style_id style, const char *text)
{
    area_put_ellipsized(page->area, x, page->y, page->area.cols - x - 1, style, text, strlen(text));
    page->y++;
}

static void put_gap(struct empty_page *page)
{
    page->y += page->length == PAGE_FULL;
}

/* Appends a text as one argument of a shell. Backslashes, not quotes: a line may be continued
   anywhere in it. */
static void put_argument(struct strbuf *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-";
    for (; *text != '\0'; text++) {
        bool safe = strchr(plain, *text) != NULL || (unsigned char)*text >= 0x80;
        strbuf_adds(out, safe ? "" : "\\");
        strbuf_addc(out, *text);
    }
}

/* Takes the piece of a command: *quoted is whether it ends inside single quotes. Returns false if
   it ends between a backslash and its character. */
static bool take_piece(struct slice piece, bool *quoted)
{
    size_t i = 0;
    for (; i < piece.len; i++) {
        if (!*quoted && piece.bytes[i] == '\\') {
            i++;
        } else if (piece.bytes[i] == '\'') {
            *quoted = !*quoted;
        }
    }
    return i == piece.len;
}

/* Puts page->line, a command to paste. One that is wider than the screen continues on further
   lines, so that pasting all of them works: a quote is closed before the end of a line. */
static void put_command(struct empty_page *page)
{
    struct slice left = {page->line.data, page->line.len};
    bool quoted = false;
    for (int x = 3;
         !page->line.failed && left.len > 0 && (page->counts || page->y < page->area.rows); x = 0) {
        int room = page->area.cols - x - 1 - quoted;
        struct slice piece = {left.bytes, text_fit(left.bytes, left.len, page->ascii,
                                                   room > 0 ? (size_t)room : 0, NULL)};
        if (piece.len < left.len && room > 2) {
            piece.len = text_fit(left.bytes, left.len, page->ascii, (size_t)room - 2, NULL);
        }
        bool began_quoted = quoted;
        piece.len -= !take_piece(piece, &quoted) && piece.len > 1;
        if (piece.len == 0) {
            return;
        }
        x = area_puts(page->area, x, page->y, STYLE_PLAIN, began_quoted ? "'" : "");
        x = area_put(page->area, x, page->y, STYLE_PLAIN, piece.bytes, piece.len);
        left = (struct slice){left.bytes + piece.len, left.len - piece.len};
        if (left.len > 0) {
            area_puts(page->area, x, page->y, STYLE_PLAIN, quoted ? "'\\" : "\\");
        }
        page->y++;
    }
}

/* Returns the error without the source's name, which is in front of it on the line. */
static const char *without_spec(const struct source_status *source)
{
    size_t len = source->spec != NULL ? strlen(source->spec) : 0;
    bool starts = len > 0 && strncmp(source->error, source->spec, len) == 0 &&
                  strncmp(source->error + len, ": ", 2) == 0;
    return starts ? source->error + len + 2 : source->error;
}

/* Whether the source has refused a request: its sender needs other settings. */
static bool has_refused(const struct source_status *source)
{
    return source->traffic.receives && *source->traffic.last_refused != '\0';
}

/* Puts why a request was refused, on as many lines as it needs: what to set is at its end. */
static void put_refused(struct empty_page *page, const struct source_status *source)
{
    const char *left = source->traffic.last_refused;
    int cols = page->area.cols - 6;
    size_t len = strlen(left), next;
    while (len > 0 && cols > 0) {
        size_t piece = text_wrap(left, len, page->ascii, (size_t)cols, &next);
        area_put(page->area, 5, page->y++, STYLE_RETRY, left, piece);
        left += next;
        len -= next;
    }
}

static void put_source(struct empty_page *page, const struct source_status *source)
{
    static const char *const words[] = {
        [SOURCE_WAITING] = "waiting for the file",
        [SOURCE_OPEN] = "reading",
        [SOURCE_FINISHED] = "contains no agents",
        [SOURCE_FAILED] = "cannot be read",
    };
    bool failed = source->error != NULL && *source->error;
    const char *word =
        source->listens && source->state == SOURCE_OPEN ? "listening" : words[source->state];
    int cols = page->area.cols;
    int x = area_put_ellipsized(
        page->area, 3, page->y, cols - 4, failed ? STYLE_RETRY : STYLE_PLAIN,
        source->spec != NULL ? source->spec : "", strlen(source->spec != NULL ? source->spec : ""));
    strbuf_clear(&page->line);
    if (source->listens && source->traffic.receives) {
        strbuf_adds(&page->line, "listening, ");
        traffic_text(&source->traffic, &page->line);
        word = page->line.failed ? word : page->line.data;
    }
    if (source->place != NULL && !failed && source->state <= SOURCE_OPEN) {
        strbuf_clear(&page->line);
        bool open = source->state == SOURCE_OPEN, part = !open && source->needs != NULL;
        strbuf_addf(&page->line, "%s %s%s%s", open ? "follows" : "waits for", source->place,
                    part ? "/" : "", part ? source->needs : "");
        word = page->line.failed ? word : page->line.data;
    }
    word = source->link != NULL ? source->link : word;
    if (failed) {
        word = without_spec(source);
    }
    if (!failed && source->unread != NULL && *source->unread) {
        failed = true;
        strbuf_clear(&page->line);
        strbuf_add(&page->line, source->unread, strcspn(source->unread, "\n"));
        word = page->line.failed ? word : page->line.data;
    }
    area_put_ellipsized(page->area, x + 2, page->y, cols - x - 3, STYLE_DIM, word, strlen(word));
    page->y++;
    if (has_refused(source)) {
        put_refused(page, source);
    }
}

/* Appends the shortest --since, in whole hours or days, that covers the time, also when it is typed
   some minutes later. */
static void put_since(struct strbuf *out, int64_t age_ns)
{
    int64_t hours = (age_ns + HOUR_NS / 4) / HOUR_NS + 1;
    if (hours <= 48) {
        strbuf_addf(out, "%lldh", (long long)hours);
    } else {
        strbuf_addf(out, "%lldd", (long long)((hours + 23) / 24));
    }
}

/* Appends a client's count of older transcripts to the line, on a further line if it is full. */
static void put_older_count(struct empty_page *page, const struct source_status *source, bool first)
{
    const char *client = source->client != NULL ? source->client : source->spec;
    size_t len = page->line.len;
    strbuf_addf(&page->line, "%s%s %zu", first ? "" : ", ", client, source->older);
    if (!page->line.failed && len > 0 &&
        (int)text_cols(page->line.data, page->line.len, page->ascii) > page->area.cols - 3) {
        page->line.data[len] = '\0';
        put(page, 1, STYLE_PLAIN, page->line.data);
        strbuf_clear(&page->line);
        strbuf_addf(&page->line, "  %s %zu", client, source->older);
    }
}

/* Puts how many transcripts are left out as too old, by client, and the option that shows them. */
static void put_older(struct empty_page *page, const struct view_input *input)
{
    int64_t latest_ns = INT64_MIN, now_ns = input->wall_ns != 0 ? input->wall_ns : input->local_ns;
    strbuf_clear(&page->line);
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (source->older == 0) {
            continue;
        }
        bool first = latest_ns == INT64_MIN;
        if (first) {
            page->y++;
            strbuf_adds(&page->line, "Older transcripts, left out by --since: ");
        }
        put_older_count(page, source, first);
        latest_ns = source->older_ns > latest_ns ? source->older_ns : latest_ns;
    }
    if (latest_ns == INT64_MIN || page->line.failed) {
        return;
    }
    put(page, 1, STYLE_PLAIN, page->line.data);
    strbuf_clear(&page->line);
    strbuf_adds(&page->line, "swarmtop --since ");
    put_since(&page->line, now_ns - latest_ns);
    put(page, 3, STYLE_PLAIN, page->line.failed ? "" : page->line.data);
}

/* Puts how to make the clients whose files are followed report at once. */
static void put_clients(struct empty_page *page, const struct view_input *input)
{
    const char *first = NULL;
    char command[64];
    strbuf_clear(&page->line);
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (source->client == NULL || source->setup == NULL) {
            continue;
        }
        if (first != NULL) {
            strbuf_addf(&page->line, "%s%s", page->line.len > 0 ? ", " : "or ", source->setup);
        }
        first = first != NULL ? first : source->setup;
    }
    if (first == NULL) {
        return;
    }
    if (page->length != PAGE_SHORTEST) {
        put(page, 1, STYLE_DIM,
            "Sessions appear as soon as a client writes; exact figures, and at once, by:");
    }
    snprintf(command, sizeof command, "swarmtop setup %.40s", first);
    int x = area_puts(page->area, 3, page->y, STYLE_PLAIN, command) + 2;
    put(page, x, STYLE_DIM, page->line.failed || page->line.data == NULL ? "" : page->line.data);
    put_gap(page);
}

/* Puts how to feed each source that is no socket; another one of its kind is fed alike. */
static void put_feeds(struct empty_page *page, const struct view_input *input)
{
    const char *before = NULL;
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        if (source->feed == NULL || source->feed == before ||
            (source->error != NULL && *source->error)) {
            continue;
        }
        if (before == NULL) {
            put(page, 1, STYLE_DIM, "From another shell:");
        }
        before = source->feed;
        const char *hole = strstr(source->feed, "{}");
        const char *colon = source->listens ? strchr(source->spec, ':') : NULL;
        strbuf_clear(&page->line);
        strbuf_add(&page->line, source->feed,
                   hole != NULL ? (size_t)(hole - source->feed) : strlen(source->feed));
        if (hole != NULL) {
            put_argument(&page->line, colon != NULL ? colon + 1 : source->spec);
            strbuf_adds(&page->line, hole + 2);
        }
        put_command(page);
    }
    page->y += before != NULL && page->length == PAGE_FULL;
}

/* Returns whether the source waits for files that do not exist yet. */
static bool is_absent(const struct source_status *source)
{
    bool failed = source->error != NULL && *source->error;
    return !failed && source->state == SOURCE_WAITING;
}

static bool is_in_order(const struct source_status *source)
{
    bool unread = source->unread != NULL && *source->unread;
    bool failed = source->state == SOURCE_FAILED || (source->error != NULL && *source->error);
    return !failed && !unread && !has_refused(source) && !is_absent(source);
}

/* Returns a short name for the source: its directory if `place` is set, else its kind, `otlp:`; a
   file's is its path. */
static struct slice short_name(const struct source_status *source, bool place)
{
    const char *spec = source->spec != NULL ? source->spec : "";
    const char *name = place && source->place != NULL ? source->place : spec;
    bool kind = !place && (source->listens || source->place != NULL);
    size_t len = strlen(name), prefix = strcspn(name, ":") + 1;
    return (struct slice){name, kind && prefix < len ? prefix : len};
}

/* Puts the sources of a kind in as few lines as they need, after a label. */
static void put_joined(struct empty_page *page, const struct view_input *input, const char *label,
                       bool (*fits)(const struct source_status *source), bool places)
{
    struct slice before = {"", 0};
    size_t count = 0;
    strbuf_clear(&page->line);
    for (size_t i = 0; i < input->source_count; i++) {
        const struct source_status *source = &input->sources[i];
        struct slice name = short_name(source, places);
        bool again = name.len == before.len && memcmp(name.bytes, before.bytes, name.len) == 0;
        if (!fits(source) || again) {
            continue;
        }
        before = name;
        bool part = places && source->place != NULL && source->needs != NULL;
        int cols = (int)(text_cols(page->line.data, page->line.len, page->ascii) +
                         text_cols(name.bytes, name.len, page->ascii) +
                         (part ? strlen(source->needs) + 1 : 0));
        if (count > 0 && cols + 4 > page->area.cols) {
            put(page, 1, STYLE_PLAIN, page->line.failed ? "" : page->line.data);
            strbuf_clear(&page->line);
            strbuf_adds(&page->line, "  ");
        } else {
            strbuf_adds(&page->line, count > 0 ? " " : label);
        }
        strbuf_add(&page->line, name.bytes, name.len);
        if (part) { /* the directory may exist */
            strbuf_addf(&page->line, "/%s", source->needs);
        }
        count++;
    }
    if (count > 0) {
        put(page, 1, STYLE_PLAIN, page->line.failed ? "" : page->line.data);
    }
}

static void put_sources(struct empty_page *page, const struct view_input *input)
{
    for (size_t i = 0; i < input->source_count && i < 20; i++) {
        const struct source_status *source = &input->sources[i];
        bool alone = page->length == PAGE_FULL ||
                     (page->length == PAGE_SHORT && !is_absent(source)) ||
                     (page->length == PAGE_SHORTEST && !is_absent(source) && !is_in_order(source));
        if (alone) {
            put_source(page, source);
        }
    }
    if (page->length == PAGE_SHORTEST) {
        put_joined(page, input, "Reads: ", is_in_order, false);
    }
    if (page->length != PAGE_FULL) {
        put_joined(page, input, "Not found: ", is_absent, page->length == PAGE_SHORT);
    }
}

/* Puts commands that feed a socket. */
static void put_emits(struct empty_page *page, const struct view_input *input)
{
    static const char *const commands[] = {
        "swarmtop emit hello session_id=demo",
        "swarmtop emit --session demo start_tool span_id=1 tool_name=Bash",
        "swarmtop emit --session demo end_tool span_id=1"};
    put(page, 1, STYLE_DIM, "From another shell:");
    strbuf_clear(&page->line);
    strbuf_adds(&page->line, "export SWARMTOP_SOCKET=");
    put_argument(&page->line, input->address);
    put_command(page);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        strbuf_clear(&page->line);
        strbuf_adds(&page->line, commands[i]);
        put_command(page);
    }
    put_gap(page);
}

static void draw(struct empty_page *page, const struct view_input *input)
{
    page->y = 0;
    put(page, 1, STYLE_STRONG, input->live ? "No agents yet." : "No agents found.");
    page->y += page->length != PAGE_SHORTEST;
    put_sources(page, input);
    if (page->length != PAGE_SHORTEST) {
        put_older(page, input);
    }
    if (!input->live) {
        return;
    }
    page->y += page->length != PAGE_SHORTEST;
    put_clients(page, input);
    if (page->length != PAGE_SHORTEST) {
        put_feeds(page, input);
    }
    if (input->address == NULL) {
        return;
    }
    if (page->length != PAGE_SHORTEST) {
        put_emits(page, input);
        put(page, 1, STYLE_DIM, "To see a demo:");
    }
    put(page, 3, STYLE_PLAIN, "swarmtop demo");
}

/* Returns the lines of the page. */
static int count_lines(const struct empty_page *page, const struct view_input *input)
{
    struct empty_page counting = *page;
    strbuf_init(&counting.line, page->line.mem, 0);
    counting.area = area_sub(page->area, 0, 0, page->area.cols, 0);
    counting.counts = true;
    draw(&counting, input);
    strbuf_release(&counting.line);
    return counting.y;
}

void empty_draw(const struct frame *frame, struct grid *grid)
{
    const struct view_input *input = frame->input;
    const struct layout *layout = &frame->layout;
    int top = layout->metrics.rows ? layout->metrics.y + 1 : layout->header.y + 1;
    int end = layout->trouble.rows   ? layout->trouble.y
              : layout->caption.rows ? layout->caption.y
              : layout->hint.rows    ? layout->hint.y
                                     : layout->rows;
    struct empty_page page = {.area = area_sub(grid_area(grid), 0, top, layout->cols, end - top),
                              .ascii = input->theme.ascii};
    strbuf_init(&page.line, frame->state->mem, 0);
    while (page.length + 1 < PAGE_LENGTHS && count_lines(&page, input) > page.area.rows) {
        page.length++;
    }
    draw(&page, input);
    strbuf_release(&page.line);
}
