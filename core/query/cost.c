#include "core/query/cost.h"

#include "core/query/metrics_finish.h"

#include <math.h>

static double stated_of(const struct swarm *swarm, const struct span_predicate *predicate,
                        session_no session)
{
    const struct past *past = span_predicate_past(predicate);
    return past == NULL ? swarm_session(swarm, session)->cost_usd
                        : past->cost_usd(past->ctx, session);
}

/* Adds the stated costs, and notes the sessions that have one. */
static void gather_stated(const struct swarm *swarm, const struct span_predicate *predicate,
                          struct swarm_metrics *out, bool *stated)
{
    for (agent_no i = 0; i < out->agent_count; i++) {
        const struct agent *agent = swarm_agent(swarm, i);
        bool main_agent = (agent->flags & (AGENT_MAIN | AGENT_DEAD)) == AGENT_MAIN;
        if (!main_agent || swarm_session(swarm, agent->session) == NULL ||
            !span_predicate_holds_agent(predicate, i)) {
            continue;
        }
        double usd = stated_of(swarm, predicate, agent->session);
        if (usd > 0) {
            out->agents[i].cost_usd = usd;
            out->totals.cost_usd = metrics_add(out->totals.cost_usd, usd);
            stated[agent->session] = true;
        }
    }
}

/* Adds the estimates of sessions without a stated cost. */
static void gather_estimates(const struct swarm *swarm, struct swarm_metrics *out,
                             const bool *stated, size_t sessions)
{
    out->totals.cost_requests = 0;
    for (agent_no i = 0; i < out->agent_count; i++) {
        struct metrics *own = &out->agents[i];
        session_no session = swarm_agent(swarm, i)->session;
        bool covered = session < sessions && stated[session];
        if (covered) {
            own->cost_requests = own->cost_requests_of;
        } else if (own->cost_estimate_usd > 0) {
            out->totals.cost_rest_usd += own->cost_estimate_usd;
        }
        out->totals.cost_requests += own->cost_requests;
    }
}

bool cost_gather(const struct swarm *swarm, const struct span_predicate *predicate,
                 struct swarm_metrics *out)
{
    size_t sessions = swarm_session_count(swarm);
    bool *stated = sessions == 0 ? NULL : mem_zalloc(out->mem, sessions, sizeof *stated);
    if (stated == NULL) {
        return sessions == 0;
    }
    gather_stated(swarm, predicate, out, stated);
    gather_estimates(swarm, out, stated, sessions);
    mem_free(out->mem, stated, sessions * sizeof *stated);
    return true;
}

double cost_total(const struct metrics *metrics, bool *estimate)
{
    bool stated = !isnan(metrics->cost_usd);
    *estimate = !isnan(metrics->cost_estimate_usd) && (!stated || metrics->cost_rest_usd > 0);
    return stated ? metrics->cost_usd + metrics->cost_rest_usd : metrics->cost_estimate_usd;
}

struct session_cost *cost_by_session(const struct swarm *swarm, const struct swarm_metrics *metrics)
{
    size_t count = swarm_session_count(swarm);
    struct session_cost *costs = count == 0 ? NULL : mem_zalloc(metrics->mem, count, sizeof *costs);
    for (size_t i = 0; costs != NULL && i < count; i++) {
        costs[i] = (struct session_cost){.stated_usd = NAN, .estimate_usd = NAN};
    }
    for (agent_no i = 0; costs != NULL && i < metrics->agent_count; i++) {
        session_no session = swarm_agent(swarm, i)->session;
        if (session < count) {
            const struct metrics *own = &metrics->agents[i];
            struct session_cost *cost = &costs[session];
            cost->stated_usd = metrics_add(cost->stated_usd, own->cost_usd);
            cost->estimate_usd = metrics_add(cost->estimate_usd, own->cost_estimate_usd);
        }
    }
    return costs;
}

double cost_of_session(const struct session_cost *cost, bool *estimate)
{
    const struct metrics metrics = {.cost_usd = cost->stated_usd,
                                    .cost_estimate_usd = cost->estimate_usd};
    return cost_total(&metrics, estimate);
}
