/* Two lists are built for each frame. Nodes are the model's tree in its order, with each agent's
   state and folds; tree and states are kept (core/query/agents_kept). Rows are the lines of the
   visible nodes. Since both are built from scratch, agents may appear and vanish between two
   frames; the state refers to agents by number only. */
#include "tui/views/rows.h"

#include <string.h>

#define FOLD_AFTER_NS INT64_C(60000000000)

static enum fold fold_of(const struct view_state *state, agent_no agent)
{
    return agent < state->fold_cap ? (enum fold)state->folds[agent] : FOLD_AUTO;
}

bool rows_set_fold(struct view_state *state, agent_no agent, enum fold fold)
{
    size_t old = state->fold_cap;
    if (agent >= old) {
        if (!mem_reserve(state->mem, &state->folds, &state->fold_cap, (size_t)agent + 1, 1)) {
            return false;
        }
        memset(state->folds + old, FOLD_AUTO, state->fold_cap - old);
    }
    state->folds[agent] = (uint8_t)fold;
    return true;
}

/* ---- the tree ---- */

static bool is_finished(const struct tree_node *node, int64_t now_ns)
{
    return node->status.state == STATE_DONE &&
           (node->status.since_ns == INT64_MIN || node->status.since_ns <= now_ns - FOLD_AFTER_NS);
}

/* Returns the end of the subtree that begins at index. */
static size_t subtree_end(const struct row_list *list, size_t index)
{
    size_t end = index + 1;
    while (end < list->node_count && list->nodes[end].depth > list->nodes[index].depth) {
        end++;
    }
    return end;
}

/* Returns true if the node and all below it have finished, without the cursor on any of them. */
static bool folds_itself(const struct row_list *list, size_t index, const struct view_state *state,
                         int64_t now_ns)
{
    size_t end = subtree_end(list, index);
    for (size_t i = index; i < end; i++) {
        const struct tree_node *node = &list->nodes[i];
        if (!is_finished(node, now_ns) || (node->agent == state->cursor && !state->cursor_group)) {
            return false;
        }
    }
    return true;
}

static void hide(struct row_list *list, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        list->nodes[i].hidden = true;
    }
}

static void fold_nodes(struct row_list *list, const struct view_state *state, bool live,
                       int64_t now_ns)
{
    for (size_t i = 0; i < list->node_count;) {
        struct tree_node *node = &list->nodes[i];
        size_t end = subtree_end(list, i);
        struct tree_node *parent = node->parent == UINT32_MAX ? NULL : &list->nodes[node->parent];
        enum fold fold = fold_of(state, node->agent);
        if (live && parent != NULL && fold_of(state, parent->agent) == FOLD_AUTO &&
            folds_itself(list, i, state, now_ns)) {
            parent->done += (uint32_t)(end - i);
            hide(list, i, end);
            i = end;
        } else if (fold == FOLD_FOLDED) {
            node->folded = true;
            hide(list, i + 1, end);
            i = end;
        } else {
            i++;
        }
    }
}

/* Keeps the matching nodes and their ancestors. */
static void filter_nodes(struct row_list *list, struct filter_cache *cache)
{
    for (size_t i = 0; i < list->node_count; i++) {
        struct tree_node *node = &list->nodes[i];
        node->matches = filter_cache_has_agent(cache, node->agent);
        node->filtered = !node->matches;
    }
    for (size_t i = list->node_count; i-- > 0;) {
        struct tree_node *node = &list->nodes[i];
        if (!node->filtered && node->parent != UINT32_MAX) {
            list->nodes[node->parent].filtered = false;
        }
    }
    for (size_t i = 0; i < list->node_count; i++) {
        list->nodes[i].hidden = list->nodes[i].filtered;
    }
}

static void find_siblings(struct row_list *list)
{
    /* `hidden` nodes are skipped. Walking from the end, a parent's `more` records whether a later
       child was seen. */
    for (size_t i = list->node_count; i-- > 0;) {
        struct tree_node *node = &list->nodes[i];
        if (node->hidden || node->parent == UINT32_MAX) {
            continue;
        }
        struct tree_node *parent = &list->nodes[node->parent];
        node->more = parent->children || parent->done > 0;
        parent->children = true;
    }
    for (size_t i = 0; i < list->node_count; i++) {
        if (list->nodes[i].folded) {
            list->nodes[i].children = subtree_end(list, i) > i + 1;
        } else if (list->nodes[i].done > 0) {
            list->nodes[i].children = true;
        }
    }
}

/* Returns false for an agent that appeared after the display was frozen. */
static bool get_status(const struct view_input *input, const struct view_state *state,
                       agent_no agent, struct agent_status *out)
{
    if (state->frozen && state->frozen_view != NULL) {
        return frozen_view_status(state->frozen_view, input->swarm, agent, out);
    }
    *out = state->agents_kept.statuses[agent];
    return true;
}

/* Counts the nodes once, for all parts of the picture that show how many there are. */
static void count_nodes(struct row_list *list, const struct agents_kept *kept)
{
    for (size_t i = 0; i < list->node_count; i++) {
        struct tree_node *node = &list->nodes[i];
        unsigned flags = kept->flags[node->agent];
        bool counts = (flags & AGENT_GROUP) == 0;
        node->is_agent = counts && (flags & (AGENT_THREAD | AGENT_PROCESS | AGENT_ASYNC)) == 0;
        list->agents += counts;
        list->matching += counts && node->matches;
        list->states[node->status.state] += node->is_agent && node->matches;
    }
}

bool rows_make_tree(const struct view_input *input, struct view_state *state, int64_t local_ns,
                    struct row_list *out)
{
    const struct mem *mem = state->mem;
    struct rows_room *room = &state->rows_room;
    *out = (struct row_list){.mem = mem,
                             .nodes = room->nodes,
                             .node_cap = room->node_cap,
                             .rows = room->rows,
                             .cap = room->cap};
    *room = (struct rows_room){.nodes = NULL};
    const struct agents_kept *kept = &state->agents_kept;
    size_t count = kept->row_count;
    if (count == 0) {
        return true;
    }
    if (!mem_reserve(mem, &out->nodes, &out->node_cap, count, sizeof *out->nodes)) {
        return false;
    }
    int64_t now =
        input->live ? query_present(input->swarm, local_ns) : query_now(input->swarm, local_ns);
    for (size_t k = 0; k < count; k++) {
        size_t i = out->node_count;
        struct tree_node *node = &out->nodes[i];
        *node = (struct tree_node){.parent = UINT32_MAX};
        if (!get_status(input, state, kept->rows[k].agent, &node->status)) {
            continue;
        }
        out->node_count++;
        node->agent = kept->rows[k].agent;
        node->matches = true;
        node->depth = kept->rows[k].depth;
        if (i > 0 && node->depth > 0) {
            uint32_t above = (uint32_t)i - 1;
            while (above != UINT32_MAX && out->nodes[above].depth >= node->depth) {
                above = out->nodes[above].parent;
            }
            node->parent = above;
        }
        /* Its parent may have appeared after the display was frozen. */
        node->depth = node->parent == UINT32_MAX ? 0 : out->nodes[node->parent].depth + 1;
    }
    /* A filter's matches are never folded. */
    if (state->filter_cache != NULL) {
        filter_nodes(out, state->filter_cache);
    } else {
        fold_nodes(out, state, input->live, now);
    }
    find_siblings(out);
    count_nodes(out, kept);
    return true;
}

/* ---- the lines ---- */

static bool add_row(struct row_list *list, struct timeline_row row)
{
    if (!mem_reserve(list->mem, &list->rows, &list->cap, list->count + 1, sizeof *list->rows)) {
        return false;
    }
    list->rows[list->count++] = row;
    return true;
}

/* Returns the lanes of a process's row: one for its instants, and one for each of its counters. */
static unsigned counter_lanes(const struct rows_want *want, agent_no process)
{
    unsigned lanes = 1;
    for (size_t i = 0; want->counters != NULL && i < want->counters->count; i++) {
        lanes += want->counters->items[i].agent == process;
    }
    return lanes;
}

static void count_lanes(const struct rows_want *want, struct tree_node *node)
{
    unsigned lanes = 1;
    if (swarm_agent(want->swarm, node->agent)->flags & AGENT_PROCESS) {
        lanes = counter_lanes(want, node->agent);
    } else if (!node->hidden && !node->folded) {
        lanes = query_lanes_in(want->swarm, node->agent, want->axis->t0_ns,
                               axis_time(want->axis, want->axis->cols), want->local_ns,
                               want->predicate);
    }
    node->lanes = (uint16_t)(lanes < UINT16_MAX ? lanes : UINT16_MAX);
}

/* Gives every agent a line. The remaining lines go to all second lanes, then to all third lanes,
   and so on. With none left, nothing depends on how many lanes an agent has but how its own line is
   drawn: rows_count_lanes finds it out for those on the screen. */
static void share_lines(const struct rows_want *want, struct row_list *list, size_t space)
{
    size_t used = 0;
    unsigned most = 1;
    for (size_t i = 0; i < list->node_count; i++) {
        struct tree_node *node = &list->nodes[i];
        node->shown = node->hidden ? 0 : 1;
        used += node->hidden ? 0 : node->done > 0 ? 2 : 1;
    }
    if (want->one_line || used >= space) {
        return;
    }
    for (size_t i = 0; i < list->node_count; i++) {
        count_lanes(want, &list->nodes[i]);
        most = list->nodes[i].lanes > most ? list->nodes[i].lanes : most;
    }
    for (unsigned lane = 2; lane <= most; lane++) {
        for (size_t i = 0; i < list->node_count && used < space; i++) {
            struct tree_node *node = &list->nodes[i];
            if (!node->hidden && node->lanes >= lane) {
                node->shown++;
                used++;
            }
        }
    }
}

void rows_count_lanes(const struct rows_want *want, struct row_list *list, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < list->count; i++) {
        struct timeline_row *row = &list->rows[i];
        struct tree_node *node = &list->nodes[row->node];
        if (node->lanes == 0) {
            count_lanes(want, node);
        }
        row->merged |= !row->group && !row->pinned && row->lane + 1u == node->shown &&
                       (node->lanes > node->shown || node->folded);
    }
}

static bool add_agent(struct row_list *list, uint32_t index)
{
    const struct tree_node *node = &list->nodes[index];
    for (unsigned lane = 0; lane < node->shown; lane++) {
        if (!add_row(list, (struct timeline_row){
                               .node = index, .lane = (uint16_t)lane, .first = lane == 0})) {
            return false;
        }
    }
    return true;
}

static bool add_all(struct row_list *list)
{
    uint32_t open = UINT32_MAX; /* the innermost node whose subtree is incomplete */
    for (uint32_t i = 0; i <= list->node_count; i++) {
        uint32_t depth = i < list->node_count ? list->nodes[i].depth : 0;
        while (open != UINT32_MAX && list->nodes[open].depth >= depth) {
            if (list->nodes[open].done > 0 && !list->nodes[open].folded &&
                !list->nodes[open].hidden &&
                !add_row(list, (struct timeline_row){.node = open, .first = true, .group = true})) {
                return false;
            }
            open = list->nodes[open].parent;
        }
        if (i == list->node_count) {
            break;
        }
        const struct tree_node *node = &list->nodes[i];
        if (!node->hidden && !add_agent(list, i)) {
            return false;
        }
        open = i;
    }
    return true;
}

/* Adds one line for each pinned agent, whatever its lanes; at most half of the screen. */
static bool add_pins(const struct rows_want *want, struct row_list *list)
{
    size_t most = want->space > 1 ? (size_t)want->space / 2 : 0;
    for (size_t i = 0; i < want->pin_count && list->count < most; i++) {
        uint32_t node = rows_node(list, want->pins[i]);
        struct timeline_row row = {.node = node, .first = true, .merged = true, .pinned = true};
        if (node != UINT32_MAX && !add_row(list, row)) {
            return false;
        }
    }
    list->pinned = list->count;
    return true;
}

bool rows_make_lines(const struct rows_want *want, struct row_list *list)
{
    list->count = 0;
    if (!add_pins(want, list)) {
        return false;
    }
    share_lines(want, list, want->space > 0 ? (size_t)want->space - list->pinned : 0);
    return add_all(list);
}

void rows_room_release(struct rows_room *room, const struct mem *mem)
{
    mem_free(mem, room->nodes, room->node_cap * sizeof *room->nodes);
    mem_free(mem, room->rows, room->cap * sizeof *room->rows);
    *room = (struct rows_room){.nodes = NULL};
}

void rows_release(struct row_list *list, struct view_state *state)
{
    rows_room_release(&state->rows_room, list->mem); /* another frame's */
    state->rows_room = (struct rows_room){list->nodes, list->rows, list->node_cap, list->cap};
    *list = (struct row_list){.mem = list->mem};
}

size_t rows_find(const struct row_list *list, agent_no agent, bool group)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct timeline_row *row = &list->rows[i];
        if (row->first && !row->pinned && row->group == group &&
            list->nodes[row->node].agent == agent) {
            return i;
        }
    }
    return SIZE_MAX;
}

uint32_t rows_node(const struct row_list *list, agent_no agent)
{
    for (size_t i = 0; i < list->node_count; i++) {
        if (list->nodes[i].agent == agent) {
            return (uint32_t)i;
        }
    }
    return UINT32_MAX;
}
