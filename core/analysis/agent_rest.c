#include "core/analysis/agent_rest.h"

enum { BELOW_MAX = 256 };

static bool had_call(const struct agent *agent)
{
    return agent->first_ns <= agent->last_ns;
}

/* Returns whether nobody sees what the agent does. */
static bool is_unseen(const struct swarm *swarm, const struct agent *agent)
{
    const struct session *session = swarm_session(swarm, agent->session);
    return session == NULL || ((session->flags & SESSION_NOT_LIVE) != 0 &&
                               (session->flags & (SESSION_ENDED | SESSION_FINISHED)) == 0);
}

/* Sets *out to the agent's state if it rests. */
static bool rests(const struct swarm *swarm, agent_no number, int64_t local_ns,
                  enum agent_state *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    *out = query_status(swarm, number, local_ns).state;
    return query_rests(*out) && *out != STATE_UNKNOWN && !is_unseen(swarm, agent);
}

/* Returns the agent after `at` of those below `top`, parents first; NO_AGENT: that was the last. */
static agent_no next_below(const struct call_children *children, agent_no top, agent_no at)
{
    if (children->first[at] != NO_AGENT) {
        return children->first[at];
    }
    while (at != top && at != NO_AGENT && children->next[at] == NO_AGENT) {
        at = children->parent[at];
    }
    return at == top || at == NO_AGENT ? NO_AGENT : children->next[at];
}

static agent_no never_began(const struct call_children *children, agent_no caller)
{
    agent_no child = caller < children->agent_count ? children->first[caller] : NO_AGENT;
    for (int i = 0; child != NO_AGENT; i++, child = children->next[child]) {
        const struct agent *agent = swarm_agent(children->swarm, child);
        if (i == BELOW_MAX) {
            return NO_AGENT;
        }
        if (!had_call(agent) && (agent->flags & (AGENT_UNREGISTERED | AGENT_DEAD)) == 0) {
            return child;
        }
    }
    return NO_AGENT;
}

struct agent_rest agent_rest_of(const struct call_children *children, const struct span *call,
                                agent_no child, int64_t local_ns)
{
    const struct swarm *swarm = children->swarm;
    const struct agent_rest works = {STATES, false, INT64_MIN};
    struct agent_rest rest = works;
    agent_no top = child != NO_AGENT ? child : never_began(children, call->agent), at = top;
    for (int i = 0; at != NO_AGENT; i++, at = next_below(children, top, at)) {
        enum agent_state state;
        if (i > BELOW_MAX || at >= children->agent_count || !rests(swarm, at, local_ns, &state)) {
            return works;
        }
        const struct agent *agent = swarm_agent(swarm, at);
        rest.state = at == top ? state : rest.state;
        rest.began |= at == top && had_call(agent);
        rest.since_ns = agent->idle_since_ns > rest.since_ns ? agent->idle_since_ns : rest.since_ns;
    }
    return rest;
}
