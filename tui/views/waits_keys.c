#include "tui/views/waits_keys.h"

#include "tui/views/held_up_text.h"
#include "tui/views/outside_filter.h"
#include "tui/views/select.h"
#include "tui/views/stalled_flag.h"

#include <stdio.h>

/* ---- stalled ---- */

/* Returns the flagged call of a row that the filter matches; NO_SPAN: it has none. */
static span_no flagged(const struct frame *frame, const struct tree_node *node)
{
    struct stalled_agent of = stalled_of(&frame->stalled, node->agent);
    return !node->matches ? NO_SPAN : of.call != NO_SPAN ? of.call : of.loop;
}

bool waits_next_stalled(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    uint32_t at = rows_node(list, frame->state->cursor);
    size_t count = list->node_count, all = 0, place = 0, found = SIZE_MAX;
    char of[48];
    (void)n;
    for (size_t i = 1; at != UINT32_MAX && i <= count && found == SIZE_MAX; i++) {
        size_t index = (at + i) % count;
        found = flagged(frame, &list->nodes[index]) != NO_SPAN ? index : SIZE_MAX;
    }
    struct outside_filter outside = outside_filter(frame);
    if (found == SIZE_MAX) {
        outside_filter_message(frame, "nothing has stalled", outside.stalled + outside.loops);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        all += flagged(frame, &list->nodes[i]) != NO_SPAN;
        place = i == found ? all : place;
    }
    const struct tree_node *node = &list->nodes[found];
    select_span(frame, node->agent, flagged(frame, node));
    snprintf(of, sizeof of, "%zu of %zu", place, all);
    outside_filter_message(frame, of, outside.stalled + outside.loops);
    return true;
}

/* ---- held up ---- */

/* The step to select. */
struct chosen {
    struct held_up_step step;
    size_t place, length; /* of the whole chain; `place` is `length`: there is no such step */
};

/* Chooses the first or the last step of the chain that the header shows. */
static void choose_end(const struct frame *frame, int n, struct chosen *out)
{
    struct held_up_chain chain;
    held_up_chain(&frame->held, held_up_shown(frame), &chain);
    *out = (struct chosen){.length = chain.length};
    if (chain.count > 0) {
        out->step = chain.steps[n > 0 ? 0 : chain.count - 1];
        out->place = n > 0 ? 0 : chain.length - 1;
    }
}

static void choose_step(const struct frame *frame, int n, struct chosen *out)
{
    const struct view_state *state = frame->state;
    const struct held_up *held = &frame->held;
    struct held_up_chain whole, rest, before;
    held_up_chain(held, state->cursor, &rest);
    if (rest.count == 0) {
        choose_end(frame, n, out);
        return;
    }
    held_up_chain(held, held_up_begin(held, state->cursor), &whole);
    held_up_chain(held, held_up_waiter(held, state->cursor), &before);
    size_t place = whole.length - rest.length;
    *out = (struct chosen){rest.steps[0], place, whole.length};
    if (state->selected != rest.steps[0].call) {
        return;
    }
    if (n > 0 ? rest.length > 1 : place > 0) {
        out->step = n > 0 ? rest.steps[1] : before.steps[0];
        out->place = n > 0 ? place + 1 : place - 1;
    } else {
        out->place = whole.length;
    }
}

bool waits_step(struct frame *frame, int n)
{
    struct chosen chosen;
    choose_step(frame, n, &chosen);
    if (chosen.length == 0) {
        view_message(frame->state, false, "nothing holds this agent up");
        return false;
    }
    if (chosen.place == chosen.length) {
        view_message(frame->state, false, "the %s of what holds it up", n > 0 ? "end" : "begin");
        return false;
    }
    select_span(frame, chosen.step.agent, chosen.step.call);
    view_message(frame->state, false, "%zu of %zu", chosen.place + 1, chosen.length);
    return true;
}
