/* The rows of the timeline: the tree of agents, folded as the user wants, each with the lanes it needs. */
#ifndef TUI_ROWS_H
#define TUI_ROWS_H

#include "tui/views/axis.h"
#include "tui/views/view.h"

enum fold {
    FOLD_AUTO,   /* finished sub-agents of a live swarm become `+N done` */
    FOLD_FOLDED, /* one row for the agent and all below it */
    FOLD_OPEN    /* all of it */
};

/* An agent that has a row. */
struct tree_node {
    agent_no agent;
    uint32_t parent; /* its index in nodes, UINT32_MAX: none */
    uint32_t depth;
    uint32_t done; /* how many below it are folded into its `+N done` row */
    bool filtered; /* the filter does not let it through, nor anything below it */
    bool hidden;   /* that, or folded away */
    bool more;     /* a sibling's row or the `+N done` of its parent follows below */
    bool children; /* it has any */
    bool folded;
    uint16_t lanes; /* that it needs for what lies on the axis */
    uint16_t shown; /* that have a line; the last stands for the rest too */
    struct agent_status status;
};

/* A line of the timeline. */
struct timeline_row {
    uint32_t node; /* its index in nodes */
    uint16_t lane;
    bool first;  /* the agent's first line: it has the name */
    bool merged; /* shows this lane and all above it */
    bool group;  /* the `+N done` of the node; no lane */
    bool pinned; /* on top, where it does not scroll; the cursor is never there */
};

struct row_list {
    const struct mem *mem;
    struct tree_node *nodes; /* parents before children */
    size_t node_count;
    struct timeline_row *rows;
    size_t count, cap;
    size_t pinned; /* how many of them are: the first */
};

/* Makes the nodes: tree, states, folds. False: out of memory, *out is released. */
bool rows_make_tree(const struct view_input *input, const struct view_state *state,
                    int64_t local_ns, struct row_list *out);
/* What lines are made for. */
struct rows_want {
    const struct swarm *swarm;
    int64_t local_ns;
    const struct axis *axis;
    const struct span_predicate *predicate; /* the spans that are shown; NULL: all */
    const agent_no *pins;
    size_t pin_count;
    int space; /* lines of the screen */
    bool one_line;
};
/* Makes the lines of the nodes for what lies on the axis: one for each that is pinned, one for each node, and more for their lanes while there are fewer
   than `space`. False: out of memory. */
bool rows_make_lines(const struct rows_want *want, struct row_list *list);
void rows_release(struct row_list *list);

/* The line of the agent's name, or of its `+N done`; SIZE_MAX: it has none. */
size_t rows_find(const struct row_list *list, agent_no agent, bool group);
/* The node of the agent, hidden ones too; UINT32_MAX: none. */
uint32_t rows_node(const struct row_list *list, agent_no agent);

enum fold rows_fold(const struct view_state *state, agent_no agent);
/* False: out of memory. */
bool rows_set_fold(struct view_state *state, agent_no agent, enum fold fold);

#endif
