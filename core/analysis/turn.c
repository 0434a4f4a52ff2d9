#include "core/analysis/turn.h"

#include "core/base/sorted.h"

#include <stdlib.h>

static bool is_open(const struct span *span)
{
    return (span->flags & (SPAN_OPEN | SPAN_STALE)) != 0;
}

static bool is_call(const struct span *span)
{
    return span->kind == SPAN_REQUEST || span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL ||
           span->kind == SPAN_USER;
}

/* Returns when the agent's next interaction starts; INT64_MAX: this is its last. */
static int64_t next_start(const struct past *past, const struct swarm *swarm, agent_no agent,
                          size_t place)
{
    const struct block_list *envelopes = &swarm_agent(swarm, agent)->envelopes;
    struct span room;
    const struct span *next =
        place + 1 < envelopes->count ? swarm_span(swarm, spans_at(envelopes, place + 1)) : NULL;
    next = past_span(past, swarm, next, &room);
    return next == NULL ? INT64_MAX : next->start_ns;
}

static void clip(const struct swarm *swarm, struct turn *turn)
{
    int64_t from_ns, to_ns;
    swarm_kept_range(swarm, swarm_agent(swarm, turn->agent)->session, &from_ns, &to_ns);
    turn->cut = turn->start_ns < from_ns || turn->end_ns > to_ns;
    turn->start_ns = turn->start_ns > from_ns ? turn->start_ns : from_ns;
    turn->end_ns = turn->end_ns < to_ns ? turn->end_ns : to_ns;
    turn->end_ns = turn->end_ns > turn->start_ns ? turn->end_ns : turn->start_ns;
}

/* An open interaction lost its end if another one came after it: it ends where that starts. */
static struct turn turn_of(const struct past *past, const struct swarm *swarm, agent_no agent,
                           size_t place, int64_t local_ns)
{
    span_no no = spans_at(&swarm_agent(swarm, agent)->envelopes, place);
    struct span room;
    const struct span *span = past_span(past, swarm, swarm_span(swarm, no), &room);
    if (span == NULL) {
        return (struct turn){.agent = agent, .span = NO_SPAN};
    }
    int64_t end_ns = past_span_end_ns(past, swarm, span, local_ns);
    int64_t next_ns = is_open(span) ? next_start(past, swarm, agent, place) : INT64_MAX;
    end_ns = end_ns < next_ns ? end_ns : next_ns;
    struct turn turn = {.agent = agent,
                        .span = no,
                        .number = swarm_agent(swarm, agent)->earlier_turns + place + 1,
                        .place = place,
                        .start_ns = span->start_ns,
                        .end_ns = end_ns,
                        .open = is_open(span) && next_ns == INT64_MAX,
                        .past = past};
    clip(swarm, &turn);
    return turn;
}

/* The turn of an agent without interactions. False: it has no calls. */
static bool whole(const struct past *past, const struct swarm *swarm, agent_no no, int64_t local_ns,
                  struct turn *out)
{
    const struct agent *agent = swarm_agent(swarm, no);
    *out = (struct turn){.agent = no,
                         .span = NO_SPAN,
                         .number = 1,
                         .start_ns = INT64_MAX,
                         .end_ns = INT64_MIN,
                         .past = past};
    for (size_t i = 0; i < agent->lane_count; i++) {
        for (size_t k = 0; k < agent->lanes[i].spans.count; k++) {
            struct span room;
            const struct span *span = swarm_span(swarm, spans_at(&agent->lanes[i].spans, k));
            span = past_span(past, swarm, span, &room);
            if (span == NULL || !is_call(span)) {
                continue;
            }
            int64_t end_ns = past_span_end_ns(past, swarm, span, local_ns);
            out->start_ns = span->start_ns < out->start_ns ? span->start_ns : out->start_ns;
            out->end_ns = end_ns > out->end_ns ? end_ns : out->end_ns;
            out->open |= is_open(span);
        }
    }
    bool found = out->start_ns <= out->end_ns;
    clip(swarm, out);
    return found;
}

struct envelopes {
    const struct swarm *swarm;
    const struct block_list *list;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct envelopes *envelopes = ctx;
    const struct span *span = swarm_span(envelopes->swarm, spans_at(envelopes->list, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

bool turn_at(const struct swarm *swarm, const struct past *past, agent_no no, int64_t at_ns,
             int64_t local_ns, struct turn *out)
{
    const struct agent *agent = swarm_agent(swarm, no);
    struct envelopes envelopes = {swarm, &agent->envelopes};
    if (agent->envelopes.count == 0) {
        return whole(past, swarm, no, local_ns, out);
    }
    if (past != NULL) {
        int64_t now_ns = past_session_now(past, swarm, agent->session, local_ns);
        at_ns = at_ns < now_ns ? at_ns : now_ns;
    }
    size_t after = at_ns == INT64_MAX
                       ? agent->envelopes.count
                       : sorted_first(agent->envelopes.count, at_ns + 1, start_at, &envelopes);
    *out = turn_of(past, swarm, no, after > 0 ? after - 1 : 0, local_ns);
    return out->span != NO_SPAN;
}

/* ---- all of them ---- */

struct turn_list {
    const struct mem *mem;
    struct turn *turns;
    size_t count, cap;
};

static bool put(struct turn_list *list, const struct turn *turn)
{
    if (!mem_reserve(list->mem, &list->turns, &list->cap, list->count + 1, sizeof *list->turns)) {
        return false;
    }
    list->turns[list->count++] = *turn;
    return true;
}

static bool put_agent(struct turn_list *list, const struct swarm *swarm, agent_no no, bool called,
                      int64_t local_ns)
{
    const struct agent *agent = swarm_agent(swarm, no);
    struct turn turn;
    for (size_t i = 0; i < agent->envelopes.count; i++) {
        turn = turn_of(NULL, swarm, no, i, local_ns);
        turn.called = called;
        if (turn.span != NO_SPAN && !put(list, &turn)) {
            return false;
        }
    }
    return agent->envelopes.count > 0 || called || !whole(NULL, swarm, no, local_ns, &turn) ||
           put(list, &turn);
}

static int by_length(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    int64_t x_ns = x->end_ns - x->start_ns, y_ns = y->end_ns - y->start_ns;
    if (x_ns != y_ns) {
        return x_ns > y_ns ? -1 : 1;
    }
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    return (x->agent > y->agent) - (x->agent < y->agent);
}

/* The row of a group, whose agents' parent is unknown, calls nobody. */
static bool has_caller(const struct swarm *swarm, const struct call_children *children,
                       agent_no agent)
{
    agent_no parent = children->parent[agent];
    return parent != NO_AGENT && (swarm_agent(swarm, parent)->flags & AGENT_GROUP) == 0;
}

/* A client that a tool of another one started has interactions of its own, whether that tool waited
   for them or not. */
static bool is_nested_main(const struct swarm *swarm, const struct call_children *children,
                           agent_no no)
{
    const struct agent *agent = swarm_agent(swarm, no);
    return (agent->flags & AGENT_MAIN) != 0 &&
           swarm_agent(swarm, children->parent[no])->session != agent->session;
}

struct turn *turns_list(const struct swarm *swarm, const struct call_children *children,
                        int64_t local_ns, size_t *count)
{
    struct turn_list list = {.mem = swarm_mem(swarm)};
    bool good = true;
    for (size_t i = 0; good && i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        bool called = has_caller(swarm, children, (agent_no)i);
        if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) == 0 && query_is_agent(agent) &&
            (!called || is_nested_main(swarm, children, (agent_no)i))) {
            good = put_agent(&list, swarm, (agent_no)i, called, local_ns);
        }
    }
    struct turn *turns =
        good && list.count > 0 ? mem_zalloc(list.mem, list.count, sizeof *turns) : NULL;
    *count = good ? list.count : 1;
    for (size_t i = 0; turns != NULL && i < list.count; i++) {
        turns[i] = list.turns[i];
    }
    if (turns != NULL) {
        qsort(turns, list.count, sizeof *turns, by_length);
    }
    mem_free(list.mem, list.turns, list.cap * sizeof *list.turns);
    return turns;
}
