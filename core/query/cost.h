/* The cost of agents, in US dollars. A source states the cost of a whole session; prices.h
   estimates that of an agent's requests. */
#ifndef CORE_QUERY_COST_H
#define CORE_QUERY_COST_H

#include "core/query/metrics.h"

/* Sets the costs that sources state, with each session's main agent, and cost_rest_usd of the
   totals; the estimates of agents are set. Takes what the predicate selects (NULL: all). False: out
   of memory. */
bool cost_gather(const struct swarm *swarm, const struct span_predicate *predicate,
                 struct swarm_metrics *out);
/* Returns the stated cost and the estimate of what none is stated for; NAN: unknown. Sets *estimate
   to whether a part is one. */
double cost_total(const struct metrics *metrics, bool *estimate);

/* NAN: unknown. */
struct session_cost {
    double stated_usd;
    double estimate_usd; /* of the session's agents */
};
/* Adds up the costs of each session's agents. Returns new, swarm_session_count of them by
   session_no; release it with mem_free. NULL: out of memory, or no sessions. */
struct session_cost *cost_by_session(const struct swarm *swarm,
                                     const struct swarm_metrics *metrics);
/* Is cost_total of a session. */
double cost_of_session(const struct session_cost *cost, bool *estimate);

#endif
