/* The selection holds a span's number, the cursor an agent's: both survive changes of the rows. */
#include "tui/views/select.h"

#include <string.h>

enum { COUNTED_MAX = 200000 }; /* spans that are looked at to count matches */

bool select_unfold(struct frame *frame, agent_no agent)
{
    const struct row_list *list = &frame->rows;
    uint32_t node = rows_node(list, agent);
    if (node == UINT32_MAX || !list->nodes[node].hidden) {
        return true;
    }
    for (node = list->nodes[node].parent; node != UINT32_MAX; node = list->nodes[node].parent) {
        const struct tree_node *above = &list->nodes[node];
        if ((above->folded || above->done > 0) &&
            !rows_set_fold(frame->state, above->agent, FOLD_OPEN)) {
            view_message(frame->state, true, "out of memory");
            return false;
        }
    }
    return true;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

bool select_shows(const struct frame *frame, span_no number)
{
    struct span room;
    return past_span(view_past(frame->state), frame->swarm, swarm_span(frame->swarm, number),
                     &room) != NULL &&
           (frame->predicate == NULL || frame->predicate->holds(frame->predicate->ctx, number));
}

/* Returns the span nearest to a time in any lane of the agent. */
static span_no nearest(const struct frame *frame, agent_no agent_number, int64_t at_ns,
                       int direction)
{
    const struct agent *agent = swarm_agent(frame->swarm, agent_number);
    span_no best = NO_SPAN;
    int64_t best_ns = INT64_MAX;
    for (size_t lane = 0; agent != NULL && lane < agent->lane_count; lane++) {
        span_no no = query_span_at(frame->swarm, agent_number, (unsigned)lane, at_ns, direction);
        const struct span *span = swarm_span(frame->swarm, no);
        if (span != NULL && select_shows(frame, no) && distance(span->start_ns, at_ns) < best_ns) {
            best_ns = distance(span->start_ns, at_ns);
            best = no;
        }
    }
    return best;
}

void select_row(struct frame *frame, agent_no agent, bool group)
{
    struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, state->selected);
    /* With the detail open but nothing selected, the cursor came through a row without spans. */
    int64_t at = span != NULL ? span->start_ns : axis_time(&frame->axis, frame->axis.cols) - 1;
    if (span != NULL ? span->agent != agent : state->detail) {
        state->selected = group ? NO_SPAN : nearest(frame, agent, at, 0);
        state->detail_scroll = 0;
    }
    state->cursor = agent;
    state->cursor_group = group;
}

/* Moves the window if no part of the span is on it. */
static void reveal(struct frame *frame, const struct span *span)
{
    struct view_state *state = frame->state;
    const struct axis *axis = &frame->axis;
    int64_t end = swarm_span_end_ns(frame->swarm, span, frame->local_ns);
    if (end >= axis->t0_ns && span->start_ns < axis_time(axis, axis->cols)) {
        return;
    }
    struct axis there = {axis_floor(span->start_ns, axis->zoom), axis->zoom, axis->cols};
    state->window = WINDOW_FIXED;
    state->zoom = axis->zoom;
    state->t0_ns = axis_time(&there, -axis->cols / 3);
}

void select_span(struct frame *frame, agent_no agent, span_no number)
{
    struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, number);
    if (!select_unfold(frame, agent)) {
        return;
    }
    if (span != NULL && span_is_phase(span->kind) && span->parent != NO_SPAN) {
        number = span->parent;
        span = swarm_span(frame->swarm, number);
    }
    state->cursor = agent;
    state->cursor_group = false;
    state->selected = span != NULL ? number : NO_SPAN;
    state->detail_scroll = 0;
    if (span != NULL) {
        reveal(frame, span);
    }
}

bool select_any(struct frame *frame)
{
    struct view_state *state = frame->state;
    uint32_t node = rows_node(&frame->rows, state->cursor);
    if (state->selected != NO_SPAN) {
        return true;
    }
    if (node == UINT32_MAX || state->cursor_group) {
        return false;
    }
    const struct agent_status *status = &frame->rows.nodes[node].status;
    span_no number = status->span;
    int64_t end = axis_time(&frame->axis, frame->axis.cols) - 1;
    if (swarm_span(frame->swarm, number) == NULL || status->state == STATE_IDLE ||
        status->state == STATE_DONE) {
        number = nearest(frame, state->cursor, end, -1);
    }
    if (number == NO_SPAN) {
        number = nearest(frame, state->cursor, end, 0);
    }
    if (number == NO_SPAN) {
        view_message(state, false, "no spans in this row");
        return false;
    }
    select_span(frame, state->cursor, number);
    return state->selected != NO_SPAN;
}

/* ---- in order of time ---- */

struct match_place {
    int64_t start_ns;
    span_no span;
    agent_no agent;
};

static bool before(struct match_place a, struct match_place b)
{
    return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.span < b.span;
}

/* Returns the first match after `from` (direction 1) or the last before it (-1) among the rows that
   the filter matches. span NO_SPAN: none. */
static struct match_place find_match(const struct frame *frame, struct match_place from,
                                     int direction, const struct span_predicate *predicate)
{
    struct match_place best = {0, NO_SPAN, NO_AGENT};
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        if (node->filtered) {
            continue;
        }
        span_no no = query_span_search(frame->swarm, node->agent, from.start_ns, from.span,
                                       direction, predicate);
        const struct span *span = swarm_span(frame->swarm, no);
        if (span == NULL) {
            continue;
        }
        struct match_place here = {span->start_ns, no, node->agent};
        if (best.span == NO_SPAN || (direction > 0 ? before(here, best) : before(best, here))) {
            best = here;
        }
    }
    return best;
}

/* Returns a place before all spans, or after all. */
static struct match_place end_of_time(int direction)
{
    return (struct match_place){direction > 0 ? INT64_MIN : INT64_MAX, direction > 0 ? 0 : NO_SPAN,
                                NO_AGENT};
}

/* Sets *around if the match lies beyond the end, starting again from the other. */
static struct match_place find_around(const struct frame *frame, int direction,
                                      const struct span_predicate *predicate, bool *around)
{
    const struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, state->selected);
    const struct axis *axis = &frame->axis;
    struct match_place from = {direction > 0 ? axis->t0_ns : axis_time(axis, axis->cols), 0,
                               NO_AGENT};
    if (span != NULL) {
        from = (struct match_place){span->start_ns, state->selected, state->cursor};
    }
    struct match_place found = find_match(frame, from, direction, predicate);
    *around = found.span == NO_SPAN;
    return *around ? find_match(frame, end_of_time(direction), direction, predicate) : found;
}

/* How many matches there are, and which of them one is. */
struct match_count {
    struct match_place of;
    const struct span_predicate *predicate;
    size_t at, all;
    size_t left; /* spans that may still be looked at */
};

static void count_agent(const struct frame *frame, agent_no number, struct match_count *count)
{
    const struct agent *agent = swarm_agent(frame->swarm, number);
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        for (size_t i = 0; i < agent->lanes[lane].spans.count && count->left > 0;
             i++, count->left--) {
            span_no no = spans_at(&agent->lanes[lane].spans, i);
            const struct span *span = swarm_span(frame->swarm, no);
            if (span == NULL || !count->predicate->holds(count->predicate->ctx, no)) {
                continue;
            }
            struct match_place here = {span->start_ns, no, number};
            count->all++;
            count->at += !before(count->of, here);
        }
    }
}

/* Counts the matches of all rows that the filter lets through. */
static void count_matches(const struct frame *frame, struct match_count *count)
{
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        if (!frame->rows.nodes[i].filtered) {
            count_agent(frame, frame->rows.nodes[i].agent, count);
        }
    }
}

/* Shows `3 of 10`. Among more spans than a key press should look at, only the search that continued
   from the other end is worth a message. */
static void show_place(const struct frame *frame, const struct match_count *count, bool around,
                       int direction)
{
    const char *more = !around         ? ""
                       : direction > 0 ? "continued from the first: "
                                       : "continued from the last: ";
    if (count->left > 0) {
        view_message(frame->state, false, "%s%zu of %zu", more, count->at, count->all);
    } else if (around) {
        view_message(frame->state, false, "%.*s", (int)strlen(more) - 2, more);
    }
}

bool select_match(struct frame *frame, int direction, const struct span_predicate *predicate)
{
    bool around;
    struct match_place found = find_around(frame, direction, predicate, &around);
    if (found.span == NO_SPAN) {
        return false;
    }
    struct match_count count = {.of = found, .predicate = predicate, .left = COUNTED_MAX};
    select_span(frame, found.agent, found.span);
    count_matches(frame, &count);
    show_place(frame, &count, around, direction);
    return true;
}

static bool is_error(void *ctx, span_no no)
{
    const struct frame *frame = ctx;
    struct span room;
    const struct span *span =
        past_span(view_past(frame->state), frame->swarm, swarm_span(frame->swarm, no), &room);
    return span != NULL && (span->flags & SPAN_ERROR) != 0 && select_shows(frame, no);
}

bool select_error(struct frame *frame, int direction)
{
    struct span_predicate errors = {.holds = is_error, .ctx = frame};
    if (!select_match(frame, direction, &errors)) {
        view_message(frame->state, false, "no errors");
        return false;
    }
    return true;
}
