/* A table of the actions that find something. A search selects in the timeline's terms, an agent
   and its span; lists that have a row for it show it by their cursor. */
#include "tui/views/seek_keys.h"

#include "tui/views/outside_filter.h"
#include "tui/views/select.h"
#include "tui/views/waits_keys.h"
#include "tui/views/why_view.h"

/* Selects the next agent in direction n that waits for a person. */
static bool next_user(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    uint32_t at = rows_node(list, frame->state->cursor);
    size_t count = list->node_count, outside = outside_filter(frame).users;
    for (size_t i = 1; at != UINT32_MAX && i <= count; i++) {
        size_t index = (at + (n > 0 ? i : count - i)) % count;
        const struct tree_node *node = &list->nodes[index];
        if (!outside_filter_user(node) || !node->matches) {
            continue;
        }
        select_span(frame, node->agent, node->status.span);
        outside_filter_message(frame, "", outside);
        return true;
    }
    outside_filter_message(frame, "no agent waits for a person", outside);
    return false;
}

/* A search moves cursor and selection. It returns false and shows a message if nothing is found. */
static const struct {
    bool (*find)(struct frame *frame, int n);
    int n;
} seeks[ACTIONS] = {
    [ACTION_NEXT_USER] = {next_user, 1},
    [ACTION_PREVIOUS_USER] = {next_user, -1},
    [ACTION_NEXT_ERROR] = {select_error, 1},
    [ACTION_PREVIOUS_ERROR] = {select_error, -1},
    [ACTION_NEXT_STALLED] = {waits_next_stalled, 1},
    [ACTION_HELD_UP_NEXT] = {waits_step, 1},
    [ACTION_HELD_UP_PREVIOUS] = {waits_step, -1},
};

enum view_result seek_act(struct frame *frame, int n)
{
    seeks[n].find(frame, seeks[n].n);
    return VIEW_REDRAW;
}

/* Returns true if the view has a row for the selected call. */
static bool has_row(const struct frame *frame)
{
    if (frame->state->page == PAGE_AGENTS) {
        return true;
    }
    for (size_t i = 0; frame->state->page == PAGE_INFLIGHT && i < frame->inflight_count; i++) {
        if (frame->inflight[i] == frame->state->selected) {
            return true;
        }
    }
    return false;
}

static enum view_result show_why(struct frame *frame)
{
    struct view_state *state = frame->state;
    if (!state->why) {
        why_toggle(frame, 0);
    }
    if (state->why) {
        state->page = PAGE_TIMELINE;
        state->detail = false; /* its place is the path's */
    }
    return VIEW_REDRAW;
}

enum view_result seek_from_page(struct frame *frame, enum action action)
{
    if (action == ACTION_WHY) {
        return show_why(frame);
    }
    if (seeks[action].find == NULL) {
        return VIEW_IGNORED;
    }
    if (seeks[action].find(frame, seeks[action].n) && !has_row(frame)) {
        frame->state->page = PAGE_TIMELINE;
    }
    return VIEW_REDRAW;
}

/* ---- keys of other views ---- */

enum view_result seek_elsewhere(struct frame *frame, struct key key)
{
    static const struct {
        uint8_t set; /* enum view_set */
        enum action turns_to;
        const char *name;
    } views[PAGES] = {
        {IN_TIMELINE, ACTION_TIMELINE, "the timeline"},
        {IN_AGENTS, ACTION_AGENTS, "agents"},
        {IN_FLIGHT, ACTION_IN_FLIGHT, "in flight"},
        {IN_STATISTICS, ACTION_STATISTICS, "statistics"},
        {IN_LOG, ACTION_LOG, "the log"},
        {IN_HOSTS, ACTION_HOSTS, "hosts"},
    };
    const struct keymap *keymap = frame->input->keymap;
    for (size_t i = 0; i < PAGES; i++) {
        enum action action = keymap_lookup(keymap, key, views[i].set);
        size_t len, page_len;
        if (action == ACTION_NONE) {
            continue;
        }
        const char *name = keymap_bound_name(keymap, action, key, &len);
        const char *page = keymap_bound_name(keymap, views[i].turns_to, (struct key){0}, &page_len);
        view_message(frame->state, false, "%.*s: in %s (%.*s)", (int)len, name, views[i].name,
                     (int)page_len, page);
        return VIEW_REDRAW;
    }
    return VIEW_IGNORED;
}
