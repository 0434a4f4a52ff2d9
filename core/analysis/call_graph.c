/* Gathers the calls of a turn, run by run: those of its agent, then those of each sub-agent that
   one of them started, and so on. A run takes the calls of its agent that begin in its time and
   that no run before it has, so a trace that nests agents in each other ends. */
#include "core/analysis/call_graph_private.h"

#include "core/base/sorted.h"

#include <stdlib.h>

enum { DEPTH_MAX = 200, LOOK_BACK = 64 };

/* The notes on an agent while the graph is built. */
struct agent_note {
    int64_t taken_ns;     /* the runs so far have its calls that begin before this */
    uint32_t launched;    /* a run that its caller has not waited for yet; NO_RUN */
    uint32_t launched_by; /* the caller's run */
};

struct builder {
    struct call_graph *graph;
    const struct call_children *children;
    struct agent_note *notes; /* by agent */
    size_t agent_count;
    struct strbuf text;
};

/* ---- calls ---- */

struct lane_starts {
    const struct swarm *swarm;
    const struct lane *lane;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct lane_starts *starts = ctx;
    const struct span *span = swarm_span(starts->swarm, spans_at(&starts->lane->spans, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

static size_t first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns)
{
    struct lane_starts starts = {swarm, lane};
    return sorted_first(lane->spans.count, at_ns, start_at, &starts);
}

/* Returns the place of the lane's first span that runs at the time or begins after it. In a lane
   whose spans overlap only the last ones are looked at. */
static size_t first_that_runs(const struct call_graph *graph, const struct lane *lane,
                              int64_t from_ns)
{
    size_t at = first_from(graph->swarm, lane, from_ns), first = at;
    for (size_t back = 1; back <= first && (back == 1 || lane->overlaps) && back <= LOOK_BACK;
         back++) {
        const struct span *span = swarm_span(graph->swarm, spans_at(&lane->spans, first - back));
        if (span != NULL &&
            past_span_end_ns(graph->past, graph->swarm, span, graph->local_ns) > from_ns) {
            at = first - back;
        }
    }
    return at;
}

static bool is_call(const struct span *span)
{
    return span != NULL && (span->kind == SPAN_REQUEST || span->kind == SPAN_TOOL ||
                            span->kind == SPAN_AGENT_CALL || span->kind == SPAN_USER);
}

static int64_t end_of(const struct call_graph *graph, const struct span *span)
{
    int64_t end_ns = past_span_end_ns(graph->past, graph->swarm, span, graph->local_ns);
    return end_ns < graph->to_ns ? end_ns : graph->to_ns;
}

/* Whether a span had begun at the moment that is asked about. */
static bool existed(const struct call_graph *graph, const struct span *span)
{
    struct span room;
    return past_span(graph->past, graph->swarm, span, &room) != NULL;
}

static bool put_call(struct call_graph *graph, const struct graph_run *run, span_no no,
                     const struct span *span)
{
    int64_t end_ns = end_of(graph, span);
    int64_t start_ns = span->start_ns > run->start_ns ? span->start_ns : run->start_ns;
    struct span room;
    const struct span *then = past_span(graph->past, graph->swarm, span, &room);
    if (span->start_ns < run->start_ns && end_ns <= run->start_ns) {
        return true;
    }
    if (!mem_reserve(graph->mem, &graph->calls, &graph->call_cap, graph->call_count + 1,
                     sizeof *graph->calls)) {
        return false;
    }
    graph->calls[graph->call_count++] =
        (struct graph_call){.start_ns = start_ns,
                            .end_ns = end_ns > start_ns ? end_ns : start_ns,
                            .span = no,
                            .request = NO_CALL,
                            .inside = NO_CALL,
                            .first_wait = NO_CALL,
                            .next_wait = NO_CALL,
                            .starts = NO_RUN,
                            .waits_for = NO_RUN,
                            .kind = span->kind,
                            .open = then == NULL || (then->flags & (SPAN_OPEN | SPAN_STALE)) != 0};
    return true;
}

/* By start; a call before those that it encloses. A request has asked for nothing yet as it
   begins, so it comes after the tools that begin then. */
static int by_start(const void *a, const void *b)
{
    const struct graph_call *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    if (x->kind != y->kind) {
        bool before = y->kind == SPAN_REQUEST || (x->kind != SPAN_REQUEST && x->kind < y->kind);
        return before ? -1 : 1;
    }
    if (x->end_ns != y->end_ns) {
        return x->end_ns > y->end_ns ? -1 : 1;
    }
    return (x->span > y->span) - (x->span < y->span);
}

/* False: out of memory. */
static bool gather(struct builder *builder, uint32_t number)
{
    struct call_graph *graph = builder->graph;
    struct graph_run *run = &graph->runs[number];
    struct agent_note *note = &builder->notes[run->agent];
    const struct agent *agent = swarm_agent(graph->swarm, run->agent);
    run->first_call = (uint32_t)graph->call_count;
    for (size_t i = 0; i < agent->lane_count; i++) {
        const struct lane *lane = &agent->lanes[i];
        for (size_t k = first_that_runs(graph, lane, run->start_ns - GRAPH_CLOCKS_NS);
             k < lane->spans.count; k++) {
            span_no no = spans_at(&lane->spans, k);
            const struct span *span = swarm_span(graph->swarm, no);
            if (span != NULL && span->start_ns >= run->end_ns) {
                break;
            }
            if (span != NULL && !existed(graph, span)) {
                continue;
            }
            if (span != NULL && span->start_ns >= note->taken_ns && is_call(span) &&
                !put_call(graph, run, no, span)) {
                return false;
            }
        }
    }
    note->taken_ns = run->end_ns > note->taken_ns ? run->end_ns : note->taken_ns;
    run->call_count = (uint32_t)(graph->call_count - run->first_call);
    if (run->call_count > 1) {
        qsort(graph->calls + run->first_call, run->call_count, sizeof *graph->calls, by_start);
    }
    return true;
}

/* ---- runs ---- */

static bool put_run(struct call_graph *graph, const struct graph_run *run)
{
    if (!mem_reserve(graph->mem, &graph->runs, &graph->run_cap, graph->run_count + 1,
                     sizeof *graph->runs)) {
        return false;
    }
    graph->runs[graph->run_count++] = *run;
    return true;
}

/* The calls of an agent around a time. */
struct around {
    const struct call_graph *graph;
    const struct agent *agent;
    int64_t at_ns;
};

/* Returns the start of the agent's last request that began before the time; INT64_MIN: none. */
static int64_t last_request(const struct around *around)
{
    const struct swarm *swarm = around->graph->swarm;
    int64_t last_ns = INT64_MIN;
    for (size_t i = 0; i < around->agent->lane_count; i++) {
        const struct lane *lane = &around->agent->lanes[i];
        size_t at = first_from(swarm, lane, around->at_ns);
        for (size_t back = 0; back < LOOK_BACK && back < at; back++) {
            const struct span *span = swarm_span(swarm, spans_at(&lane->spans, at - 1 - back));
            if (span != NULL && span->kind == SPAN_REQUEST) {
                last_ns = span->start_ns > last_ns ? span->start_ns : last_ns;
                break;
            }
        }
    }
    return last_ns;
}

/* Returns whether the agent works at the time: one of its calls is under way, by any clock, and no
   tool in the background, which a request after it has not waited for. */
static bool works_at(const struct around *around)
{
    const struct swarm *swarm = around->graph->swarm;
    int64_t request_ns = last_request(around);
    for (size_t i = 0; i < around->agent->lane_count; i++) {
        const struct lane *lane = &around->agent->lanes[i];
        size_t at = first_from(swarm, lane, around->at_ns);
        for (size_t back = 0; back < LOOK_BACK && back < at; back++) {
            const struct span *span = swarm_span(swarm, spans_at(&lane->spans, at - 1 - back));
            if (is_call(span) && (span->kind == SPAN_REQUEST || span->start_ns >= request_ns) &&
                end_of(around->graph, span) > around->at_ns + GRAPH_CLOCKS_NS) {
                return true;
            }
        }
    }
    return false;
}

/* Returns whether the agent begins to work only after the call's end. */
static bool begins_after(const struct around *around, const struct graph_call *call)
{
    bool before = false, after = false;
    for (size_t i = 0; i < around->agent->lane_count; i++) {
        const struct lane *lane = &around->agent->lanes[i];
        size_t first = first_from(around->graph->swarm, lane, call->start_ns - GRAPH_CLOCKS_NS);
        size_t next = first_from(around->graph->swarm, lane, around->at_ns);
        const struct span *span =
            next < lane->spans.count
                ? swarm_span(around->graph->swarm, spans_at(&lane->spans, next))
                : NULL;
        before |= first < next;
        after |= next < lane->spans.count && (span == NULL || existed(around->graph, span));
    }
    return after && !before;
}

/* A call that ends while its sub-agent works has only launched it; a later call of the same
   sub-agent, which ends when that rests, waits for the launched run. False: out of memory. */
static bool start_run(struct builder *builder, uint32_t caller, uint32_t number, agent_no agent)
{
    struct call_graph *graph = builder->graph;
    struct graph_call *call = &graph->calls[number];
    struct agent_note *note = &builder->notes[agent];
    bool joins = note->launched != NO_RUN && note->launched_by == caller;
    struct around around = {graph, swarm_agent(graph->swarm, agent), call->end_ns};
    bool waits = call->open || !(works_at(&around) || (!joins && begins_after(&around, call)));
    int64_t end_ns =
        call->end_ns < graph->runs[caller].end_ns ? call->end_ns : graph->runs[caller].end_ns;
    if (joins) {
        if (waits) {
            call->waits_for = note->launched;
            graph->runs[note->launched].end_ns = end_ns;
            note->launched = NO_RUN;
        }
        return true;
    }
    call->starts = (uint32_t)graph->run_count;
    call->waits_for = waits ? call->starts : NO_RUN;
    note->launched = waits ? NO_RUN : call->starts;
    note->launched_by = caller;
    struct graph_run run = {.agent = agent,
                            .depth = graph->runs[caller].depth + 1,
                            .started_by = number,
                            .start_ns = call->start_ns,
                            .end_ns = end_ns > call->start_ns ? end_ns : call->start_ns};
    return put_run(graph, &run);
}

/* False: out of memory. */
static bool start_runs(struct builder *builder, uint32_t number)
{
    struct call_graph *graph = builder->graph;
    struct graph_run run = graph->runs[number];
    if (run.depth >= DEPTH_MAX) {
        return true;
    }
    bool parent = builder->children->first[run.agent] != NO_AGENT;
    for (uint32_t i = run.first_call; i < run.first_call + run.call_count; i++) {
        const struct graph_call *call = &graph->calls[i];
        if (call->kind != SPAN_AGENT_CALL && (call->kind != SPAN_TOOL || !parent)) {
            continue;
        }
        agent_no agent =
            call_children_of(builder->children, call->span, graph->local_ns, &builder->text);
        if (agent != NO_AGENT && agent != run.agent && agent < builder->agent_count &&
            !start_run(builder, number, i, agent)) {
            return false;
        }
    }
    return !builder->text.failed;
}

/* ---- the graph ---- */

static bool build(struct builder *builder, const struct turn *turn)
{
    struct call_graph *graph = builder->graph;
    struct graph_run first = {.agent = turn->agent,
                              .started_by = NO_CALL,
                              .start_ns = turn->start_ns,
                              .end_ns = turn->end_ns};
    if (builder->notes == NULL || !put_run(graph, &first)) {
        return false;
    }
    for (size_t i = 0; i < builder->agent_count; i++) {
        builder->notes[i] = (struct agent_note){.taken_ns = INT64_MIN, .launched = NO_RUN};
    }
    for (uint32_t i = 0; i < graph->run_count; i++) {
        if (!gather(builder, i) || !start_runs(builder, i) || !call_graph_find_sides(graph, i) ||
            !call_graph_link(graph, i)) {
            return false;
        }
    }
    return true;
}

bool call_graph_build(struct call_graph *graph, const struct swarm *swarm,
                      const struct call_children *children, const struct turn *turn,
                      int64_t local_ns)
{
    const struct mem *mem = swarm_mem(swarm);
    *graph = (struct call_graph){.mem = mem,
                                 .swarm = swarm,
                                 .past = turn->past,
                                 .local_ns = local_ns,
                                 .open = turn->open,
                                 .whole = turn->span == NO_SPAN};
    int64_t from_ns;
    swarm_kept_range(swarm, swarm_agent(swarm, turn->agent)->session, &from_ns, &graph->to_ns);
    struct builder builder = {
        .graph = graph, .children = children, .agent_count = children->agent_count};
    builder.notes = mem_zalloc(mem, builder.agent_count, sizeof *builder.notes);
    strbuf_init(&builder.text, mem, 0);
    bool good = build(&builder, turn);
    strbuf_release(&builder.text);
    mem_free(mem, builder.notes,
             builder.notes == NULL ? 0 : builder.agent_count * sizeof *builder.notes);
    return good;
}

void call_graph_release(struct call_graph *graph)
{
    mem_free(graph->mem, graph->calls, graph->call_cap * sizeof *graph->calls);
    mem_free(graph->mem, graph->runs, graph->run_cap * sizeof *graph->runs);
    mem_free(graph->mem, graph->dependencies, graph->dependency_cap * sizeof *graph->dependencies);
}

int64_t call_graph_had(const struct call_graph *graph, uint32_t dependency, uint32_t call,
                       int64_t at_ns)
{
    const struct graph_call *before = &graph->calls[dependency];
    bool streams = call != NO_CALL && before->kind == SPAN_REQUEST &&
                   graph->calls[call].request == dependency && before->end_ns > at_ns;
    return streams ? at_ns : before->end_ns;
}

int64_t call_graph_run_last(const struct call_graph *graph, uint32_t number)
{
    const struct graph_run *run = &graph->runs[number];
    int64_t last_ns = run->start_ns;
    for (uint32_t i = 0; i < run->dependency_count; i++) {
        int64_t end_ns = graph->calls[graph->dependencies[run->first_dependency + i]].end_ns;
        last_ns = end_ns > last_ns ? end_ns : last_ns;
    }
    return last_ns;
}
