/* The time of all turns by kind of call, on their critical paths (doc/WHY.md). Turns are
   those of agents that nobody called, so a sub-agent's time is in its caller's turn, and only
   where that waited for it. */
#ifndef CORE_ANALYSIS_REASONS_H
#define CORE_ANALYSIS_REASONS_H

#include "core/analysis/what_if.h"

struct reason {
    struct what_if_kind kind; /* PART_OVERHEAD and PART_IDLE, too: of no call */
    int64_t ns;               /* on critical paths */
    uint64_t turns;           /* with such a piece */
    struct turn longest;      /* the one with the most of it … */
    int64_t longest_ns;       /* … and how much that is */
};

struct reasons {
    const struct mem *mem;
    struct reason *list; /* most time first; their times sum to total_ns */
    size_t count, cap;
    int64_t total_ns; /* the lengths of all turns */
    uint64_t turn_count;
};

/* Whether the agent's turns count. */
typedef bool reasons_agent_fn(const void *ctx, agent_no agent);

/* Finds the reasons. False: out of memory; release them all the same. */
bool reasons_make(struct reasons *reasons, const struct swarm *swarm, int64_t local_ns,
                  reasons_agent_fn *counts, const void *ctx);
void reasons_release(struct reasons *reasons);

#endif
