/* Three steps: the open calls are listed by agent, each Agent call gets the agent that it started,
   and each agent's chain is followed to its end, without recursion: chains have any length. A chain
   that is followed once is not followed again. A call that leads back to an agent on the way loses
   its agent, so that no chain has a circle. */
#include "core/analysis/held_up.h"

#include "core/analysis/background.h"
#include "core/analysis/call_children.h"
#include "core/model/request_phase.h"
#include "core/query/usual_durations.h"

#include <math.h>
#include <string.h>

struct held_up_call {
    span_no span;
    agent_no agent, child;   /* child NO_AGENT: it started none, or an unknown one */
    uint32_t next;           /* of the same agent, one past the index; 0: none */
    uint8_t kind;            /* enum span_kind */
    int64_t age_ns, held_ns; /* held_ns: so long it has held up */
    struct agent_rest rest;  /* of its sub-agent */
    struct held_up_retry retry;
    double p95_ms, beyond_ms; /* beyond_ms: negative while within its usual time */
};

#define USUAL_MIN_MS     10000
#define USUAL_UNKNOWN_MS 30000

/* ---- the calls ---- */

/* How far the call is beyond its usual time. */
static double beyond_of(const struct held_up_call *call)
{
    if (call->kind == SPAN_AGENT_CALL) {
        return call->rest.state == STATES ? (double)-INFINITY
                                          : (double)call->held_ns / 1e6 - USUAL_UNKNOWN_MS;
    }
    double usual_ms = isnan(call->p95_ms) ? USUAL_UNKNOWN_MS : call->p95_ms;
    if (call->kind == SPAN_USER || usual_ms < USUAL_MIN_MS) {
        usual_ms = USUAL_MIN_MS;
    }
    return (double)call->held_ns / 1e6 - usual_ms;
}

static bool holds(const struct swarm *swarm, const struct span *span)
{
    const struct agent *agent = span == NULL ? NULL : swarm_agent(swarm, span->agent);
    return agent != NULL && query_is_agent(agent) &&
           (agent->flags & (AGENT_GROUP | AGENT_DEAD | AGENT_GONE | AGENT_UNKNOWN)) == 0 &&
           (span->kind == SPAN_REQUEST || span->kind == SPAN_TOOL ||
            span->kind == SPAN_AGENT_CALL || span->kind == SPAN_USER);
}

/* Returns the agent's link; NULL: nothing of it is open. */
static struct held_up_link *link_of(const struct held_up *held, agent_no agent)
{
    uint32_t place = held->index != NULL && agent < held->agent_count ? held->index[agent] : 0;
    return place == 0 ? NULL : &held->links[place - 1];
}

/* The same, made at the agent's first call. NULL: out of memory. */
static struct held_up_link *make_link(struct held_up *held, agent_no agent)
{
    if (held->index[agent] == 0) {
        if (!mem_reserve(held->mem, &held->links, &held->link_cap, held->link_count + 1,
                         sizeof *held->links)) {
            return NULL;
        }
        held->links[held->link_count++] = (struct held_up_link){.agent = agent, .waiter = NO_AGENT};
        held->index[agent] = (uint32_t)held->link_count;
    }
    return link_of(held, agent);
}

static struct held_up_retry retry_of(const struct swarm *swarm, const struct span *span,
                                     int64_t now_ns)
{
    const struct request_progress *live =
        span->kind == SPAN_REQUEST ? query_live(swarm, span) : NULL;
    if (live == NULL || !query_is_retrying(live, now_ns)) {
        return (struct held_up_retry){.error = INTERN_NONE};
    }
    int64_t at_ns = live->retry_at_ns > now_ns ? live->retry_at_ns : now_ns;
    return (struct held_up_retry){live->attempt, at_ns - now_ns, live->error};
}

/* Returns the begin of the call, or the last token that has come of a request that samples. */
static int64_t held_since(const struct swarm *swarm, const struct span *span)
{
    const struct request_progress *live =
        span->kind == SPAN_REQUEST ? query_live(swarm, span) : NULL;
    int64_t since_ns = live == NULL ? INT64_MIN : query_sampling_since(live);
    if (since_ns == INT64_MIN) {
        return span->start_ns;
    }
    bool later = live->output_tokens > 0 && live->progress_ns > since_ns;
    return later ? live->progress_ns : since_ns;
}

static bool add_call(const struct swarm *swarm, const struct swarm_metrics *metrics,
                     int64_t local_ns, span_no number, struct held_up *held)
{
    const struct span *span = swarm_span(swarm, number);
    if (!holds(swarm, span) || call_is_in_background(swarm, span)) {
        return true;
    }
    struct held_up_link *link = make_link(held, span->agent);
    if (link == NULL || !mem_reserve(held->mem, &held->calls, &held->call_cap, held->call_count + 1,
                                     sizeof *held->calls)) {
        return false;
    }
    struct held_up_call *call = &held->calls[held->call_count++];
    int64_t end_ns = swarm_span_end_ns(swarm, span, local_ns);
    *call = (struct held_up_call){
        .span = number,
        .agent = span->agent,
        .child = NO_AGENT,
        .next = link->first,
        .kind = span->kind,
        .age_ns = end_ns - span->start_ns,
        .rest = {STATES, false, INT64_MIN},
        .p95_ms = usual_durations_p95_ms(swarm, metrics, span),
    };
    call->retry = retry_of(swarm, span, end_ns);
    call->held_ns = span->kind == SPAN_AGENT_CALL ? 0 : end_ns - held_since(swarm, span);
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

/* Notes whether the sub-agent that the call waits for rests. */
static void find_rest(const struct swarm *swarm, const struct call_children *children,
                      int64_t local_ns, struct held_up_call *call)
{
    const struct span *span = swarm_span(swarm, call->span);
    if (call->kind != SPAN_AGENT_CALL) {
        return;
    }
    call->rest = agent_rest_of(children, span, call->child, local_ns);
    if (call->rest.state != STATES) {
        int64_t end_ns = span->start_ns + call->age_ns;
        int64_t since_ns = call->rest.since_ns;
        call->held_ns = since_ns > span->start_ns ? end_ns - since_ns : call->age_ns;
        call->beyond_ms = beyond_of(call);
    }
}

/* Sets the agents that the calls started. */
static bool find_children(const struct swarm *swarm, int64_t local_ns,
                          struct call_children_kept *kept, struct held_up *held)
{
    struct call_children_kept own = {.swarm = NULL};
    const struct call_children *children = NULL;
    struct strbuf text;
    bool ok = true;
    strbuf_init(&text, held->mem, 0);
    for (size_t i = 0; ok && i < held->call_count; i++) {
        struct held_up_call *call = &held->calls[i];
        if (!may_start_agent(call)) {
            continue;
        }
        if (children == NULL) {
            children = call_children_keep(kept != NULL ? kept : &own, swarm, local_ns);
        }
        ok = children != NULL;
        if (ok) {
            call->child = call_children_of(children, call->span, local_ns, &text);
            ok = !text.failed;
        }
        if (ok) {
            find_rest(swarm, children, local_ns, call);
        }
    }
    strbuf_release(&text);
    call_children_kept_release(&own);
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

static void enter(struct held_up *held, agent_no agent, agent_no from)
{
    struct held_up_link *link = link_of(held, agent);
    link->entered = true;
    link->from = from;
    link->at = link->first;
}

/* Notes that the agent's call, of that place, has a chain which ends with `end`. */
static void take_chain(struct held_up *held, struct held_up_link *link, uint32_t at, uint32_t end)
{
    if (link->call == 0 || outranks(&held->calls[end - 1], &held->calls[link->end - 1])) {
        agent_no child = held->calls[at - 1].child;
        link->call = at;
        link->end = end;
        link->length = child == NO_AGENT ? 1 : link_of(held, child)->length + 1;
    }
}

/* Follows the chains of the agent and of all that they lead to. */
static void follow(struct held_up *held, agent_no agent)
{
    enter(held, agent, NO_AGENT);
    while (agent != NO_AGENT) {
        struct held_up_link *link = link_of(held, agent);
        if (link->at == 0) {
            link->done = true;
            agent = link->from;
            continue;
        }
        struct held_up_call *call = &held->calls[link->at - 1];
        struct held_up_link *child = call->child == NO_AGENT ? NULL : link_of(held, call->child);
        if (child != NULL && !child->entered) {
            enter(held, call->child, agent);
            agent = call->child;
            continue;
        }
        if (child == NULL || !child->done || child->call == 0) {
            call->child = NO_AGENT; /* it leads back, or to an agent with nothing open */
            child = NULL;
        }
        take_chain(held, link, link->at, child == NULL ? link->at : child->end);
        link->at = call->next;
    }
}

/* In the order of agents, on which it depends where a circle is cut and who waits. */
static void follow_all(struct held_up *held)
{
    for (size_t i = 0; i < held->agent_count; i++) {
        if (held->index[i] != 0 && !link_of(held, (agent_no)i)->entered) {
            follow(held, (agent_no)i);
        }
    }
    for (size_t i = 0; i < held->agent_count; i++) {
        const struct held_up_link *link = link_of(held, (agent_no)i);
        agent_no child =
            link == NULL || link->call == 0 ? NO_AGENT : held->calls[link->call - 1].child;
        if (child != NO_AGENT && link_of(held, child)->waiter == NO_AGENT) {
            link_of(held, child)->waiter = (agent_no)i;
        }
    }
}

bool held_up_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  struct call_children_kept *kept, const struct mem *mem, struct held_up *out)
{
    *out = (struct held_up){.mem = mem, .agent_count = swarm_agent_count(swarm)};
    if (!mem_zalloc_items(mem, &out->index, out->agent_count, sizeof *out->index)) {
        return false;
    }
    if (!list_calls(swarm, metrics, local_ns, out) || !find_children(swarm, local_ns, kept, out)) {
        return false;
    }
    follow_all(out);
    return true;
}

bool held_up_copy(const struct held_up *from, const struct mem *mem, struct held_up *out)
{
    size_t agents = from->index == NULL ? 0 : from->agent_count;
    *out = (struct held_up){.mem = mem, .agent_count = agents};
    if (!mem_copy_items(mem, &out->index, from->index, agents, sizeof *out->index) ||
        !mem_copy_items(mem, &out->links, from->links, from->link_count, sizeof *out->links)) {
        return false;
    }
    out->link_count = out->link_cap = from->link_count;
    if (!mem_copy_items(mem, &out->calls, from->calls, from->call_count, sizeof *out->calls)) {
        return false;
    }
    out->call_count = out->call_cap = from->call_count;
    return true;
}

void held_up_release(struct held_up *held)
{
    mem_free(held->mem, held->index,
             held->index == NULL ? 0 : held->agent_count * sizeof *held->index);
    mem_free(held->mem, held->links, held->link_cap * sizeof *held->links);
    mem_free(held->mem, held->calls, held->call_cap * sizeof *held->calls);
    *held = (struct held_up){.mem = held->mem};
}

/* ---- reading ---- */

void held_up_chain(const struct held_up *held, agent_no agent, struct held_up_chain *out)
{
    const struct held_up_link *link = link_of(held, agent);
    *out = (struct held_up_chain){.p95_ms = (double)NAN, .rest = {STATES, false, INT64_MIN}};
    if (link == NULL || link->call == 0) {
        return;
    }
    const struct held_up_call *end = &held->calls[link->end - 1];
    out->length = link->length;
    out->age_ns = end->age_ns;
    out->p95_ms = end->p95_ms;
    out->held_ns = end->held_ns;
    out->rest = end->rest;
    out->retry = end->retry;
    out->beyond = end->beyond_ms > 0;
    while (out->count + 1 < HELD_UP_STEPS && out->count + 1 < out->length) {
        const struct held_up_call *call = &held->calls[link->call - 1];
        out->steps[out->count++] = (struct held_up_step){call->agent, call->span};
        link = link_of(held, call->child);
    }
    out->steps[out->count++] = (struct held_up_step){end->agent, end->span};
}

agent_no held_up_waiter(const struct held_up *held, agent_no agent)
{
    const struct held_up_link *link = link_of(held, agent);
    return link == NULL ? NO_AGENT : link->waiter;
}

agent_no held_up_begin(const struct held_up *held, agent_no agent)
{
    for (agent_no waiter = agent; waiter != NO_AGENT; waiter = held_up_waiter(held, agent)) {
        agent = waiter;
    }
    return agent;
}

/* Returns whether the chain comes before the other: its end is beyond its usual time, has held up
   for longer, or of one end, it is longer. */
static bool is_longer(const struct held_up *held, const struct held_up_link *link,
                      const struct held_up_link *other)
{
    const struct held_up_call *end = &held->calls[link->end - 1];
    const struct held_up_call *others = &held->calls[other->end - 1];
    if ((end->beyond_ms > 0) != (others->beyond_ms > 0)) {
        return end->beyond_ms > 0;
    }
    return end->held_ns != others->held_ns
               ? end->held_ns > others->held_ns
               : link->end == other->end && link->length > other->length;
}

agent_no held_up_longest(const struct held_up *held, held_up_matches *matches, void *ctx)
{
    const struct held_up_link *longest = NULL;
    for (size_t i = 0; held->link_count > 0 && i < held->agent_count; i++) {
        const struct held_up_link *link = link_of(held, (agent_no)i);
        if (link != NULL && link->call != 0 && (matches == NULL || matches(ctx, (agent_no)i)) &&
            (longest == NULL || is_longer(held, link, longest))) {
            longest = link;
        }
    }
    return longest == NULL ? NO_AGENT : longest->agent;
}

int64_t held_up_rest_ns(const struct held_up *held, agent_no agent, span_no call)
{
    const struct held_up_link *link = link_of(held, agent);
    for (uint32_t at = link == NULL ? 0 : link->first; at != 0; at = held->calls[at - 1].next) {
        if (held->calls[at - 1].span == call) {
            return held->calls[at - 1].rest.state == STATES ? -1 : held->calls[at - 1].held_ns;
        }
    }
    return -1;
}
