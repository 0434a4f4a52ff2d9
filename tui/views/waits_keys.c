#include "tui/views/waits_keys.h"

#include "tui/views/select.h"
#include "tui/views/stalled_flag.h"

/* ---- stalled ---- */

/* Returns the flagged call of a row that the filter matches; NO_SPAN: it has none. */
static span_no flagged(const struct frame *frame, const struct tree_node *node)
{
    struct stalled_agent of = stalled_of(&frame->stalled, node->agent);
    return !node->matches ? NO_SPAN : of.call != NO_SPAN ? of.call : of.loop;
}

enum view_result waits_next_stalled(struct frame *frame, int n)
{
    const struct row_list *list = &frame->rows;
    uint32_t at = rows_node(list, frame->state->cursor);
    size_t count = list->node_count, all = 0, place = 0, found = SIZE_MAX;
    (void)n;
    for (size_t i = 1; at != UINT32_MAX && i <= count && found == SIZE_MAX; i++) {
        size_t index = (at + i) % count;
        found = flagged(frame, &list->nodes[index]) != NO_SPAN ? index : SIZE_MAX;
    }
    if (found == SIZE_MAX) {
        view_message(frame->state, false, "nothing has stalled");
        return VIEW_REDRAW;
    }
    for (size_t i = 0; i < count; i++) {
        all += flagged(frame, &list->nodes[i]) != NO_SPAN;
        place = i == found ? all : place;
    }
    const struct tree_node *node = &list->nodes[found];
    select_span(frame, node->agent, flagged(frame, node));
    view_message(frame->state, false, "%zu of %zu", place, all);
    return VIEW_REDRAW;
}

/* ---- held up ---- */

/* Returns the place of the cursor's agent in the chain; its length: it is not in it. */
static size_t place_of(const struct held_up_chain *chain, agent_no agent)
{
    size_t place = 0;
    while (place < chain->count && chain->steps[place].agent != agent) {
        place++;
    }
    return place;
}

/* Sets *chain to the one to walk. Returns the step to select; its length: there is no further. */
static size_t choose_step(const struct frame *frame, int n, struct held_up_chain *chain)
{
    const struct view_state *state = frame->state;
    held_up_chain(&frame->held, held_up_begin(&frame->held, state->cursor), chain);
    size_t place = place_of(chain, state->cursor);
    if (place == chain->count) {
        held_up_chain(&frame->held, held_up_longest(&frame->held), chain);
        return n > 0 || chain->count == 0 ? 0 : chain->count - 1;
    }
    if (state->selected != chain->steps[place].call) {
        return place;
    }
    return n > 0 ? place + 1 : place > 0 ? place - 1 : chain->count;
}

enum view_result waits_step(struct frame *frame, int n)
{
    struct held_up_chain chain;
    size_t place = choose_step(frame, n, &chain);
    if (chain.count == 0) {
        view_message(frame->state, false, "nothing holds this agent up");
    } else if (place == chain.count) {
        view_message(frame->state, false, "the %s of what holds it up", n > 0 ? "end" : "begin");
    } else {
        select_span(frame, chain.steps[place].agent, chain.steps[place].call);
        view_message(frame->state, false, "%zu of %zu", place + 1, chain.count);
    }
    return VIEW_REDRAW;
}
