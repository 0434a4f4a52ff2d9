/* Three steps: the open calls are listed by agent, each Agent call gets the agent that it started,
   and each agent's chain is followed to its end. A chain that is followed once is not followed
   again, and one that leads back to an agent on the way ends there. */
#include "core/analysis/held_up.h"

#include "core/analysis/call_children.h"
#include "core/query/usual_durations.h"

#include <math.h>
#include <string.h>

struct held_up_call {
    span_no span;
    agent_no agent, child; /* child NO_AGENT: it started none, or an unknown one */
    uint32_t next;         /* of the same agent, one past the index; 0: none */
    uint8_t kind;          /* enum span_kind */
    int64_t age_ns;
    double p95_ms, beyond_ms; /* beyond_ms: negative while within its usual time */
};

#define USUAL_MIN_MS     10000
#define USUAL_UNKNOWN_MS 30000

/* ---- the calls ---- */

/* How far the call is beyond its usual time. */
static double beyond_of(const struct held_up_call *call)
{
    if (call->kind == SPAN_AGENT_CALL) {
        return -INFINITY;
    }
    double usual_ms = isnan(call->p95_ms) ? USUAL_UNKNOWN_MS : call->p95_ms;
    if (call->kind == SPAN_USER || usual_ms < USUAL_MIN_MS) {
        usual_ms = USUAL_MIN_MS;
    }
    return (double)call->age_ns / 1e6 - usual_ms;
}

static bool holds(const struct swarm *swarm, const struct span *span)
{
    const struct agent *agent = span == NULL ? NULL : swarm_agent(swarm, span->agent);
    return agent != NULL && query_is_agent(agent) &&
           (agent->flags & (AGENT_GROUP | AGENT_DEAD | AGENT_GONE | AGENT_UNKNOWN)) == 0 &&
           (span->kind == SPAN_REQUEST || span->kind == SPAN_TOOL ||
            span->kind == SPAN_AGENT_CALL || span->kind == SPAN_USER);
}

static bool add_call(const struct swarm *swarm, const struct swarm_metrics *metrics,
                     int64_t local_ns, span_no number, struct held_up *held)
{
    const struct span *span = swarm_span(swarm, number);
    if (!holds(swarm, span)) {
        return true;
    }
    if (!mem_reserve(held->mem, &held->calls, &held->call_cap, held->call_count + 1,
                     sizeof *held->calls)) {
        return false;
    }
    struct held_up_link *link = &held->agents[span->agent];
    struct held_up_call *call = &held->calls[held->call_count++];
    *call = (struct held_up_call){
        .span = number,
        .agent = span->agent,
        .child = NO_AGENT,
        .next = link->first,
        .kind = span->kind,
        .age_ns = swarm_span_end_ns(swarm, span, local_ns) - span->start_ns,
        .p95_ms = usual_durations_p95_ms(swarm, metrics, span),
    };
    call->beyond_ms = beyond_of(call);
    link->first = (uint32_t)held->call_count;
    return true;
}

static bool list_calls(const struct swarm *swarm, const struct swarm_metrics *metrics,
                       int64_t local_ns, struct held_up *held)
{
    bool ok = true;
    for (span_no no = swarm_first_in_flight(swarm); ok && no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        ok = add_call(swarm, metrics, local_ns, no, held);
    }
    return ok;
}

static bool may_start_agent(const struct held_up_call *call)
{
    return call->kind == SPAN_AGENT_CALL || call->kind == SPAN_TOOL;
}

/* Sets the agents that the calls started. */
static bool find_children(const struct swarm *swarm, int64_t local_ns, struct held_up *held)
{
    bool any = false;
    for (size_t i = 0; i < held->call_count; i++) {
        any |= may_start_agent(&held->calls[i]);
    }
    if (!any) {
        return true;
    }
    struct call_children children;
    struct strbuf text;
    strbuf_init(&text, held->mem, 0);
    bool ok = call_children_init(&children, swarm);
    for (size_t i = 0; ok && i < held->call_count; i++) {
        struct held_up_call *call = &held->calls[i];
        if (may_start_agent(call)) {
            call->child = call_children_of(&children, call->span, local_ns, &text);
            ok = !text.failed;
        }
    }
    strbuf_release(&text);
    call_children_release(&children);
    return ok;
}

/* ---- the chains ---- */

/* Returns whether a chain that ends with `a` holds its agent up rather than one that ends with
   `b`. */
static bool outranks(const struct held_up_call *a, const struct held_up_call *b)
{
    if ((a->kind == SPAN_USER) != (b->kind == SPAN_USER)) {
        return a->kind == SPAN_USER;
    }
    if (a->beyond_ms != b->beyond_ms) {
        return a->beyond_ms > b->beyond_ms;
    }
    return a->age_ns != b->age_ns ? a->age_ns > b->age_ns : a->span < b->span;
}

/* Follows the agent's chain, `depth` steps from its beginning. Returns the place of the call at its
   end, one past the index; 0: nothing is open, or the agent is on the way here. */
static uint32_t follow(struct held_up *held, agent_no agent, int depth)
{
    struct held_up_link *link = &held->agents[agent];
    if (link->done || link->entered || depth == HELD_UP_STEPS) {
        return link->done ? link->end : 0;
    }
    link->entered = true;
    for (uint32_t at = link->first; at != 0; at = held->calls[at - 1].next) {
        agent_no child = held->calls[at - 1].child;
        uint32_t end = child == NO_AGENT ? 0 : follow(held, child, depth + 1);
        end = end == 0 ? at : end;
        if (link->call == 0 || outranks(&held->calls[end - 1], &held->calls[link->end - 1])) {
            link->call = at;
            link->end = end;
        }
    }
    link->done = true;
    return link->end;
}

static void follow_all(struct held_up *held)
{
    for (size_t i = 0; i < held->agent_count; i++) {
        follow(held, (agent_no)i, 0);
    }
    for (size_t i = 0; i < held->agent_count; i++) {
        const struct held_up_link *link = &held->agents[i];
        agent_no child = link->call == 0 ? NO_AGENT : held->calls[link->call - 1].child;
        if (child != NO_AGENT && held->agents[child].waiter == NO_AGENT) {
            held->agents[child].waiter = (agent_no)i;
        }
    }
}

bool held_up_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  const struct mem *mem, struct held_up *out)
{
    *out = (struct held_up){.mem = mem, .agent_count = swarm_agent_count(swarm)};
    if (out->agent_count == 0) {
        return true;
    }
    out->agents = mem_zalloc(mem, out->agent_count, sizeof *out->agents);
    if (out->agents == NULL) {
        return false;
    }
    for (size_t i = 0; i < out->agent_count; i++) {
        out->agents[i].waiter = NO_AGENT;
    }
    if (!list_calls(swarm, metrics, local_ns, out) || !find_children(swarm, local_ns, out)) {
        return false;
    }
    follow_all(out);
    return true;
}

bool held_up_copy(const struct held_up *from, const struct mem *mem, struct held_up *out)
{
    size_t agents = from->agents == NULL ? 0 : from->agent_count;
    *out = (struct held_up){.mem = mem, .agent_count = agents};
    if (agents > 0) {
        out->agents = mem_zalloc(mem, agents, sizeof *out->agents);
    }
    if ((agents > 0 && out->agents == NULL) ||
        !mem_reserve(mem, &out->calls, &out->call_cap, from->call_count, sizeof *out->calls)) {
        return false;
    }
    out->call_count = from->call_count;
    if (agents > 0) {
        memcpy(out->agents, from->agents, agents * sizeof *out->agents);
    }
    if (from->call_count > 0) {
        memcpy(out->calls, from->calls, from->call_count * sizeof *out->calls);
    }
    return true;
}

void held_up_release(struct held_up *held)
{
    mem_free(held->mem, held->agents,
             held->agents == NULL ? 0 : held->agent_count * sizeof *held->agents);
    mem_free(held->mem, held->calls, held->call_cap * sizeof *held->calls);
    *held = (struct held_up){.mem = held->mem};
}

/* ---- reading ---- */

static const struct held_up_link *link_of(const struct held_up *held, agent_no agent)
{
    return held->agents != NULL && agent < held->agent_count ? &held->agents[agent] : NULL;
}

void held_up_chain(const struct held_up *held, agent_no agent, struct held_up_chain *out)
{
    const struct held_up_link *link = link_of(held, agent);
    const struct held_up_call *call = NULL;
    *out = (struct held_up_chain){.p95_ms = (double)NAN};
    while (link != NULL && link->call != 0 && out->count < HELD_UP_STEPS) {
        /* The call that leads back into the chain is its end. */
        for (size_t i = 0; i < out->count; i++) {
            if (out->steps[i].agent == agent) {
                link = NULL;
            }
        }
        if (link == NULL) {
            break;
        }
        call = &held->calls[link->call - 1];
        out->steps[out->count++] = (struct held_up_step){agent, call->span};
        agent = call->child;
        link = link_of(held, agent);
    }
    if (call != NULL) {
        out->age_ns = call->age_ns;
        out->p95_ms = call->p95_ms;
        out->beyond = call->beyond_ms > 0;
    }
}

agent_no held_up_begin(const struct held_up *held, agent_no agent)
{
    const struct held_up_link *link = link_of(held, agent);
    for (size_t i = 1; i < HELD_UP_STEPS && link != NULL && link->waiter != NO_AGENT; i++) {
        agent = link->waiter;
        link = link_of(held, agent);
    }
    return agent;
}

agent_no held_up_longest(const struct held_up *held)
{
    const struct held_up_call *longest = NULL;
    agent_no found = NO_AGENT;
    for (size_t i = 0; held->agents != NULL && i < held->agent_count; i++) {
        const struct held_up_link *link = &held->agents[i];
        const struct held_up_call *end = link->end == 0 ? NULL : &held->calls[link->end - 1];
        if (end != NULL && end->beyond_ms > 0 &&
            (longest == NULL || end->age_ns > longest->age_ns)) {
            longest = end;
            found = end->agent;
        }
    }
    return found == NO_AGENT ? NO_AGENT : held_up_begin(held, found);
}
