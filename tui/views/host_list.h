/* The hosts whose agents are in the model, each with the states of its agents. */
#ifndef TUI_HOST_LIST_H
#define TUI_HOST_LIST_H

#include "core/analysis/stalled.h"
#include "tui/views/rows.h"

struct host_row {
    intern_id host;  /* INTERN_NONE: sessions that name none, as those of this machine */
    uint32_t agents; /* all of them */
    uint32_t matching;
    uint32_t states[STATES]; /* of the matching ones */
    uint32_t stalled;        /* of those that work: with a call that has stalled, or in a loop */
};

struct host_list {
    const struct mem *mem;
    struct host_row *rows; /* in order of appearance */
    size_t count, cap;
};

/* Makes the list from the tree of agents, in time linear in it. Returns false and releases *out if
   out of memory. */
bool host_list_make(const struct swarm *swarm, const struct row_list *tree,
                    const struct stalled *stalled, const struct mem *mem, struct host_list *out);
void host_list_release(struct host_list *list);

/* The groups of states that a host's line counts. */
enum host_count { HOST_WORKS, HOST_USER, HOST_TROUBLE, HOST_RESTS, HOST_COUNTS };
/* Returns how many of the matching agents are in such a state. One that has stalled is in trouble
   and does not work. */
uint32_t host_count(const struct host_row *row, enum host_count group);

/* The cells of a bar: how many of `cols` columns each state fills, in proportion to its agents, at
   least one where there is an agent and room. */
void host_bar(const struct host_row *row, int cols, int cells[STATES]);

#endif
