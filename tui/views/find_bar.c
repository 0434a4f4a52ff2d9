/* The filter applies while it is typed. An invalid filter shows its error and the last valid one
   remains. A search moves from its start to the first match of the text typed so far. */
#include "tui/views/find_bar.h"

#include "tui/views/marks.h"
#include "tui/views/select.h"

#include <stdio.h>
#include <string.h>

/* ---- the filter ---- */

void find_bar_clear(struct view_state *state)
{
    state->filter_version += state->filter_cache != NULL;
    filter_cache_free(state->filter_cache);
    state->filter_cache = NULL;
    state->filter_text[0] = state->filter_error[0] = '\0';
}

bool view_set_filter(struct view_state *state, const char *text, struct strbuf *error)
{
    struct filter *filter = filter_new(state->mem, text, strlen(text), error);
    if (filter == NULL) {
        return false;
    }
    if (filter_is_empty(filter)) {
        filter_free(filter);
        find_bar_clear(state);
        return true;
    }
    struct filter_cache *cache = filter_cache_new(state->mem, filter);
    if (cache == NULL) {
        strbuf_adds(error, "out of memory");
        return false;
    }
    filter_cache_free(state->filter_cache);
    state->filter_cache = cache;
    state->filter_version++;
    state->filter_error[0] = '\0';
    snprintf(state->filter_text, sizeof state->filter_text, "%s", text);
    return true;
}

static void set_filter(struct view_state *state, const char *text)
{
    struct strbuf error;
    strbuf_init(&error, state->mem, 0);
    if (!view_set_filter(state, text, &error)) {
        snprintf(state->filter_error, sizeof state->filter_error, "%s",
                 error.failed || error.len == 0 ? "out of memory" : error.data);
    }
    strbuf_release(&error);
}

/* Applies the text typed so far. An unfinished last term that may become a field's name is ignored;
   otherwise it would hide everything. */
static void try_filter(struct view_state *state)
{
    char text[PROMPT_BYTES];
    size_t len = state->prompt.len, word = len;
    while (word > 0 && state->prompt.text[word - 1] != ' ') {
        word--;
    }
    if (word < len && filter_is_beginning(state->prompt.text + word, len - word)) {
        len = word;
    }
    snprintf(text, sizeof text, "%.*s", (int)len, state->prompt.text);
    set_filter(state, text);
}

static enum view_result filter_key(struct view_state *state, enum prompt_result result)
{
    if (result == PROMPT_CHANGED) {
        try_filter(state);
    } else if (result == PROMPT_DONE) {
        set_filter(state, state->prompt.text);
    } else if (result == PROMPT_CANCELLED) {
        find_bar_clear(state);
    }
    if (result == PROMPT_DONE && state->filter_error[0]) {
        view_message(state, true, "%s", state->filter_error);
    }
    return result == PROMPT_IGNORED ? VIEW_IGNORED : VIEW_REDRAW;
}

/* ---- searching ---- */

struct search {
    const struct frame *frame;
    const struct filter *filter;
};

static bool matches(void *ctx, span_no span)
{
    const struct search *search = ctx;
    const struct frame *frame = search->frame;
    return select_shows(frame, span) &&
           filter_matches_span(search->filter, frame->swarm, span, frame->local_ns);
}

static void go_on(struct frame *frame, int direction)
{
    struct search search = {frame, frame->state->search};
    filter_set_past(frame->state->search, view_past(frame->state));
    struct span_predicate predicate = {.holds = matches, .ctx = &search};
    if (!select_match(frame, direction, &predicate)) {
        view_message(frame->state, false, "no match");
    }
}

static bool set_search(struct view_state *state, const char *text)
{
    struct strbuf error;
    strbuf_init(&error, state->mem, 0);
    struct filter *filter = filter_new(state->mem, text, strlen(text), &error);
    snprintf(state->filter_error, sizeof state->filter_error, "%s",
             filter != NULL                   ? ""
             : error.failed || error.len == 0 ? "out of memory"
                                              : error.data);
    strbuf_release(&error);
    if (filter == NULL) {
        return false;
    }
    filter_free(state->search);
    state->search = filter;
    return !filter_is_empty(filter);
}

static enum view_result search_key(struct frame *frame, enum prompt_result result)
{
    struct view_state *state = frame->state;
    if (result == PROMPT_CANCELLED || result == PROMPT_CHANGED) {
        place_go_to(state, &state->searched_from);
    }
    if (result == PROMPT_CHANGED && set_search(state, state->prompt.text)) {
        go_on(frame, 1);
    }
    if (result == PROMPT_DONE && state->filter_error[0]) {
        view_message(state, true, "%s", state->filter_error);
    }
    return result == PROMPT_IGNORED ? VIEW_IGNORED : VIEW_REDRAW;
}

enum view_result find_bar_step(struct frame *frame, int direction)
{
    if (filter_is_empty(frame->state->search)) {
        view_message(frame->state, false, "no search yet");
    } else {
        go_on(frame, direction);
    }
    return VIEW_REDRAW;
}

/* ---- both ---- */

enum view_result find_bar_open(struct frame *frame, enum prompt_kind kind)
{
    struct view_state *state = frame->state;
    prompt_open(&state->prompt, kind, kind == PROMPT_FILTER ? state->filter_text : "");
    state->filter_error[0] = '\0';
    state->searched_from = place_of(state);
    return VIEW_REDRAW;
}

enum view_result find_bar_key(struct frame *frame, struct key key)
{
    enum prompt_kind kind = frame->state->prompt.kind;
    enum prompt_result result = prompt_key(&frame->state->prompt, key);
    return kind == PROMPT_FILTER ? filter_key(frame->state, result) : search_key(frame, result);
}
