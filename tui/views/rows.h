/* The rows of the timeline: the tree of agents with the user's folds, each with the lanes it
   needs. */
#ifndef TUI_ROWS_H
#define TUI_ROWS_H

#include "tui/views/axis.h"
#include "tui/views/view.h"

enum fold {
    FOLD_AUTO,   /* finished sub-agents of a live swarm become `+N done` */
    FOLD_FOLDED, /* one row for the agent and all below it */
    FOLD_OPEN    /* all lines */
};

/* A node of the tree of agents. */
struct tree_node {
    agent_no agent;
    uint32_t parent; /* index in nodes; UINT32_MAX: none */
    uint32_t depth;
    uint32_t done; /* descendants folded into its `+N done` row */
    bool matches;  /* the filter, if one is set */
    bool filtered; /* the filter matches neither it nor any descendant */
    bool hidden;   /* filtered or folded */
    bool more;     /* a sibling's row or the parent's `+N done` follows */
    bool children; /* has children */
    bool is_agent; /* and no thread or process; nor a row that stands for a parent's id */
    bool folded;
    uint16_t lanes; /* lanes it needs on the axis; 0: not counted, no line of it is on the screen */
    uint16_t shown; /* lanes with a line; the last one merges the rest */
    struct agent_status status;
};

/* A line of the timeline. */
struct timeline_row {
    uint32_t node; /* index in nodes */
    uint16_t lane;
    bool first;  /* the agent's first line, with its name */
    bool merged; /* merges this lane and all above it */
    bool group;  /* the node's `+N done` row; no lane */
    bool pinned; /* pinned at the top; never scrolls, never has the cursor */
};

struct row_list {
    const struct mem *mem;
    struct tree_node *nodes; /* parents before children */
    size_t node_count, node_cap;
    size_t agents, matching; /* nodes that stand for more than a parent's id; which match */
    size_t states[STATES];   /* of the matching ones that are agents */
    struct timeline_row *rows;
    size_t count, cap;
    size_t pinned; /* the first `pinned` rows are pinned */
};

/* Builds the nodes: tree, states, folds. Returns false and releases *out if out of memory. */
bool rows_make_tree(const struct view_input *input, struct view_state *state, int64_t local_ns,
                    struct row_list *out);
/* The input of rows_make_lines. */
struct rows_want {
    const struct swarm *swarm;
    int64_t local_ns;
    const struct axis *axis;
    const struct span_predicate *predicate; /* the spans to show; NULL: all */
    const struct counters *counters; /* each gets a lane below its process's first; may be NULL */
    const agent_no *pins;
    size_t pin_count;
    int space; /* lines available on the screen */
    bool one_line;
};
/* Builds the lines of the nodes for the axis: one for each pinned agent, one for each node, and
   more for lanes while fewer than `space`. Returns false if out of memory. */
bool rows_make_lines(const struct rows_want *want, struct row_list *list);
/* Finds out for the rows from `from` to before `to` which lanes they show: those on the screen. */
void rows_count_lanes(const struct rows_want *want, struct row_list *list, size_t from, size_t to);
/* Gives the memory back to the state that it was taken from, or frees it. */
void rows_release(struct row_list *list, struct view_state *state);
void rows_room_release(struct rows_room *room, const struct mem *mem);

/* Returns the line with the agent's name, or of its `+N done`; SIZE_MAX if it has none. */
size_t rows_find(const struct row_list *list, agent_no agent, bool group);
/* Returns the node of the agent, even if hidden; UINT32_MAX: none. */
uint32_t rows_node(const struct row_list *list, agent_no agent);
/* Returns false if out of memory. */
bool rows_set_fold(struct view_state *state, agent_no agent, enum fold fold);

#endif
