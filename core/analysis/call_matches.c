/* Four passes, from calls that describe an agent fully to those that only have its time. In each
   pass the agents are sorted by what must be described, then by their beginnings, so a call finds
   its first agent by bisection, and taken ones are skipped at once. */
#include "core/analysis/call_matches.h"

#include "core/analysis/call_children.h"

#include <stdlib.h>

enum { WANT_DESCRIPTION = 1, WANT_NAME = 2 };

struct matcher {
    struct match_agent *agents;
    size_t count;
    struct u64map *out;
};

static int by_call_start(const void *a, const void *b)
{
    const struct match_call *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    return (x->span > y->span) - (x->span < y->span);
}

static int by_key_and_time(const void *a, const void *b)
{
    const struct match_agent *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->began_ns != y->began_ns) {
        return x->began_ns < y->began_ns ? -1 : 1;
    }
    return (x->agent > y->agent) - (x->agent < y->agent);
}

/* Returns the key of the texts that a pass compares. */
static uint64_t key_for(int wants, intern_id description, intern_id name)
{
    return (uint64_t)((wants & WANT_DESCRIPTION) != 0 ? description : 0) << 32 |
           ((wants & WANT_NAME) != 0 ? name : 0);
}

/* Returns the place of the first free agent from `at` on; makes the way to it shorter. */
static size_t free_from(struct matcher *matcher, size_t at)
{
    struct match_agent *agents = matcher->agents;
    while (at < matcher->count && agents[at].taken) {
        size_t next = agents[at].next;
        if (next < matcher->count && agents[next].taken) {
            agents[at].next = agents[next].next;
        }
        at = next;
    }
    return at;
}

/* Returns the first free agent that has the key and begins while the call runs; NULL: none. */
static struct match_agent *find(struct matcher *matcher, const struct match_call *call,
                                uint64_t key)
{
    struct match_agent want = {.key = key, .began_ns = call->start_ns - CALL_CHILDREN_CLOCKS_NS};
    size_t low = 0, high = matcher->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_key_and_time(&matcher->agents[middle], &want) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low = free_from(matcher, low);
    if (low == matcher->count || matcher->agents[low].key != key ||
        matcher->agents[low].began_ns > call->end_ns) {
        return NULL;
    }
    return &matcher->agents[low];
}

/* Returns the agent for the call in a pass; NULL: none. */
static struct match_agent *agent_for(struct matcher *matcher, const struct match_call *call,
                                     int wants)
{
    struct match_agent *found = NULL;
    if ((wants & WANT_DESCRIPTION) != 0 && call->description == INTERN_NONE) {
        return NULL;
    }
    for (int i = 0; i < ((wants & WANT_NAME) != 0 ? 2 : 1); i++) {
        struct match_agent *agent = NULL;
        if ((wants & WANT_NAME) == 0 || call->names[i] != INTERN_NONE) {
            agent = find(matcher, call, key_for(wants, call->description, call->names[i]));
        }
        if (agent != NULL && (found == NULL || agent->began_ns < found->began_ns)) {
            found = agent;
        }
    }
    return found;
}

static void sort_agents(struct matcher *matcher, const struct swarm *swarm, int wants)
{
    for (size_t i = 0; i < matcher->count; i++) {
        const struct agent *agent = swarm_agent(swarm, matcher->agents[i].agent);
        matcher->agents[i].key = key_for(wants, agent->description, agent->name);
    }
    qsort(matcher->agents, matcher->count, sizeof *matcher->agents, by_key_and_time);
    for (size_t i = 0; i < matcher->count; i++) {
        matcher->agents[i].next = i + 1;
    }
}

bool call_matches_find(struct match_call *calls, size_t call_count, struct match_agent *agents,
                       size_t agent_count, const struct swarm *swarm, struct u64map *out)
{
    static const int passes[] = {WANT_DESCRIPTION | WANT_NAME, WANT_DESCRIPTION, WANT_NAME, 0};
    struct matcher matcher = {agents, agent_count, out};
    if (call_count == 0 || agent_count == 0) {
        return true;
    }
    qsort(calls, call_count, sizeof *calls, by_call_start);
    for (size_t pass = 0; pass < sizeof passes / sizeof *passes; pass++) {
        sort_agents(&matcher, swarm, passes[pass]);
        for (size_t i = 0; i < call_count; i++) {
            struct match_agent *agent =
                calls[i].done ? NULL : agent_for(&matcher, &calls[i], passes[pass]);
            if (agent == NULL) {
                continue;
            }
            agent->taken = calls[i].done = true;
            if (!u64map_put(out, calls[i].span, agent->agent)) {
                return false;
            }
        }
    }
    return true;
}
