/* The tree of agents and their states, kept between the frames of a display, so that only changes
   are worked out. This is the one place that knows when it is out of date:

   - the tree, while swarm_structure stays the same;
   - a state, while no change of the agent's work is noted (swarm_changed_row), the flags of its
     session stay, and its session's present is before the time that query_status_until gave.

   All of it equals the results of query_tree, query_status and query_extent. */
#ifndef CORE_AGENTS_KEPT_H
#define CORE_AGENTS_KEPT_H

#include "core/query/query.h"

/* Zeroed: nothing is kept yet. */
struct agents_kept {
    const struct mem *mem;     /* of all that it owns */
    const struct swarm *swarm; /* NULL: nothing is kept */
    uint64_t structure, changes;
    uint64_t trees, states; /* made so far, for tests */
    struct tree_row *rows;  /* as query_tree has them */
    size_t row_count;
    struct kept_agent *agents; /* by agent_no */
    struct agent_status *statuses;
    uint16_t *flags; /* enum agent_flag of each agent, close together */
    size_t agent_count;
    struct kept_session *sessions; /* by session_no */
    size_t session_count;
    int64_t first_ns, last_ns; /* of all agents' work */
};

/* Brings it up to date. In time it depends on what has changed, beside a look at each session and
   one comparison an agent. Returns false if out of memory: nothing is kept then. */
bool agents_keep(struct agents_kept *kept, const struct swarm *swarm, int64_t local_ns,
                 const struct mem *mem);
/* Needs no swarm: that may have gone. */
void agents_kept_release(struct agents_kept *kept);
/* As query_extent, of the time of the last agents_keep. */
bool agents_kept_extent(const struct agents_kept *kept, int64_t local_ns, int64_t *from_ns,
                        int64_t *to_ns);

#endif
