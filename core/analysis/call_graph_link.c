/* Finds what each call waited for, by the order of an agent's calls, which its client keeps:

   - A request sends the results of the calls that the requests before it asked for. A tool that
     still runs when the next request begins runs in the background: that request does not have its
     result.
   - A tool waits for the request that asked for it: the one that its record names, else the
     agent's last one. It may start while that request still streams.
   - A tool that starts after its request's end, when others of the same request have ended, was
     queued: a client that runs some tools one at a time starts it when those are done. */
#include "core/analysis/call_graph_private.h"

#include "core/model/record.h"

#include <string.h>

enum {
    BESIDE_MAX = 64, /* requests and tools that outlast a request and may still be waited for */
    NEAR_MAX = 1000, /* calls among which the one that a wait holds up is looked for */
    PARENTS_MAX = 8
};

struct linker {
    struct call_graph *graph;
    const struct graph_run *run;
    uint32_t request; /* the last one of the conversation; NO_CALL: none yet */
    /* Calls that no request has sent yet, in order of starts. */
    uint32_t *pending;
    size_t pending_count;
    /* Those that the last request asked for, a heap by end: the next that may let a tool start. */
    uint32_t *queue;
    size_t queue_count;
    uint32_t stage_first, stage_count; /* dependencies of the tools that started last */
};

/* ---- lists ---- */

static bool put_dependency(struct call_graph *graph, uint32_t call)
{
    if (!mem_reserve(graph->mem, &graph->dependencies, &graph->dependency_cap,
                     graph->dependency_count + 1, sizeof *graph->dependencies)) {
        return false;
    }
    graph->dependencies[graph->dependency_count++] = call;
    return true;
}

static int64_t end_of(const struct linker *linker, uint32_t call)
{
    return linker->graph->calls[call].end_ns;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t kept = *a;
    *a = *b;
    *b = kept;
}

/* The queue has room for all calls of the run. */
static void push_queue(struct linker *linker, uint32_t call)
{
    size_t at = linker->queue_count++;
    linker->queue[at] = call;
    for (size_t up = (at - 1) / 2;
         at > 0 && end_of(linker, linker->queue[at]) < end_of(linker, linker->queue[up]);
         at = up, up = (at - 1) / 2) {
        swap(&linker->queue[at], &linker->queue[up]);
    }
}

static uint32_t pop_queue(struct linker *linker)
{
    uint32_t call = linker->queue[0];
    linker->queue[0] = linker->queue[--linker->queue_count];
    for (size_t at = 0, down = 1; down < linker->queue_count; at = down, down = 2 * at + 1) {
        if (down + 1 < linker->queue_count &&
            end_of(linker, linker->queue[down + 1]) < end_of(linker, linker->queue[down])) {
            down++;
        }
        if (end_of(linker, linker->queue[at]) <= end_of(linker, linker->queue[down])) {
            break;
        }
        swap(&linker->queue[at], &linker->queue[down]);
    }
    return call;
}

/* ---- requests ---- */

/* Takes the pending calls that had ended at `at_ns` as dependencies. Others stay
   pending if a later request may still send them: requests, and with `all` tools too. */
static bool take_ended(struct linker *linker, int64_t at_ns, bool all)
{
    struct call_graph *graph = linker->graph;
    size_t kept = 0;
    for (size_t i = 0; i < linker->pending_count; i++) {
        uint32_t call = linker->pending[i];
        if (graph->calls[call].end_ns <= at_ns + GRAPH_CLOCKS_NS) {
            if (!put_dependency(graph, call)) {
                return false;
            }
        } else if ((all || graph->calls[call].kind == SPAN_REQUEST) && kept < BESIDE_MAX) {
            linker->pending[kept++] = call;
        }
    }
    linker->pending_count = kept;
    return true;
}

static bool link_request(struct linker *linker, uint32_t number)
{
    struct call_graph *graph = linker->graph;
    struct graph_call *call = &graph->calls[number];
    call->first_dependency = (uint32_t)graph->dependency_count;
    if (!take_ended(linker, call->start_ns, call->other)) {
        return false;
    }
    call->dependency_count = (uint32_t)graph->dependency_count - call->first_dependency;
    if (call->dependency_count == 0 && linker->pending_count > 0) {
        /* It runs beside another request, and waited for the same. */
        const struct graph_call *beside = &graph->calls[linker->pending[0]];
        call->first_dependency = beside->first_dependency;
        call->dependency_count = beside->dependency_count;
    }
    linker->pending[linker->pending_count++] = number;
    if (!call->other) {
        linker->request = number;
        linker->queue_count = 0;
        linker->stage_count = 0;
    }
    return true;
}

/* ---- tools ---- */

/* Returns the request that the call's record names as its parent; NO_CALL: none. */
static uint32_t named_request(const struct linker *linker, uint32_t number)
{
    const struct call_graph *graph = linker->graph;
    const struct swarm *swarm = graph->swarm;
    const struct record *record =
        swarm_span_record(swarm, swarm_span(swarm, graph->calls[number].span));
    for (int i = 0; i < PARENTS_MAX && record != NULL && record->parent != NO_RECORD; i++) {
        record = swarm_record((struct swarm *)(uintptr_t)swarm, record->parent);
        if (record->kind != CALL_REQUEST || record->span == NO_SPAN) {
            continue;
        }
        for (uint32_t k = number; k-- > linker->run->first_call && number - k < NEAR_MAX;) {
            if (graph->calls[k].span == record->span) {
                return k;
            }
        }
    }
    return NO_CALL;
}

/* Takes the calls that ended after the request and before `at_ns` as dependencies. */
static bool take_queued(struct linker *linker, int64_t request_end_ns, int64_t at_ns)
{
    while (linker->queue_count > 0 && end_of(linker, linker->queue[0]) <= at_ns) {
        uint32_t call = pop_queue(linker);
        if (end_of(linker, call) > request_end_ns && !put_dependency(linker->graph, call)) {
            return false;
        }
    }
    return true;
}

static bool link_queued(struct linker *linker, struct graph_call *call)
{
    struct call_graph *graph = linker->graph;
    bool asked = linker->request != NO_CALL;
    size_t first = graph->dependency_count;
    if (!take_queued(linker, asked ? end_of(linker, linker->request) : INT64_MIN, call->start_ns)) {
        return false;
    }
    if (graph->dependency_count > first || linker->stage_count == 0) {
        if (asked && !put_dependency(graph, linker->request)) {
            return false;
        }
        linker->stage_first = (uint32_t)first;
        linker->stage_count = (uint32_t)(graph->dependency_count - first);
    }
    call->first_dependency = linker->stage_first;
    call->dependency_count = linker->stage_count;
    return true;
}

static bool link_tool(struct linker *linker, uint32_t number)
{
    struct call_graph *graph = linker->graph;
    struct graph_call *call = &graph->calls[number];
    uint32_t named = named_request(linker, number);
    bool last = named == NO_CALL || named == linker->request;
    call->request = last ? linker->request : named;
    bool streams = call->request != NO_CALL && graph->calls[call->request].end_ns > call->start_ns;
    if (!last || streams) {
        call->first_dependency = (uint32_t)graph->dependency_count;
        call->dependency_count = 1;
        if (!put_dependency(graph, call->request)) {
            return false;
        }
    } else if (!link_queued(linker, call)) {
        return false;
    }
    /* A tool of an earlier request runs in the background from the beginning. */
    if (last) {
        linker->pending[linker->pending_count++] = number;
        push_queue(linker, number);
    }
    return true;
}

/* ---- waits for people ---- */

/* Returns whether the wait's record names the tool as its parent, or its id is made of the tool's.
 */
static bool is_of(const struct swarm *swarm, span_no wait_no, span_no tool_no)
{
    static const char prefix[] = "wait:";
    const size_t len = sizeof prefix - 1;
    const struct record *wait = swarm_span_record(swarm, swarm_span(swarm, wait_no));
    const struct record *tool = swarm_span_record(swarm, swarm_span(swarm, tool_no));
    if (wait == NULL || tool == NULL) {
        return false;
    }
    const struct record *parent =
        wait->parent == NO_RECORD ? NULL : swarm_record(swarm, wait->parent);
    if (parent != NULL && parent->kind == CALL_TOOL) {
        return parent == tool;
    }
    return wait->id.len == tool->id.len + len && memcmp(wait->id.bytes, prefix, len) == 0 &&
           memcmp(wait->id.bytes + len, tool->id.bytes, tool->id.len) == 0;
}

static bool encloses(const struct graph_call *tool, const struct graph_call *wait)
{
    return (tool->kind == SPAN_TOOL || tool->kind == SPAN_AGENT_CALL) &&
           tool->start_ns <= wait->start_ns + GRAPH_CLOCKS_NS &&
           tool->end_ns + GRAPH_CLOCKS_NS >= wait->end_ns;
}

/* Returns the tool that the wait holds up: the one that its record names, else of those that
   enclose it the one whose start is nearest to its own. NO_CALL: none. */
static uint32_t held_by(const struct linker *linker, uint32_t number)
{
    const struct call_graph *graph = linker->graph;
    const struct graph_call *wait = &graph->calls[number];
    uint32_t first = linker->run->first_call, end = first + linker->run->call_count;
    uint32_t found = NO_CALL;
    int64_t nearest = INT64_MAX;
    first = number - first > NEAR_MAX ? number - NEAR_MAX : first;
    end = end - number > NEAR_MAX ? number + NEAR_MAX : end;
    for (uint32_t i = first; i < end; i++) {
        const struct graph_call *call = &graph->calls[i];
        int64_t apart = call->start_ns > wait->start_ns ? call->start_ns - wait->start_ns
                                                        : wait->start_ns - call->start_ns;
        if (!encloses(call, wait)) {
            continue;
        }
        if (is_of(graph->swarm, wait->span, call->span)) {
            return i;
        }
        if (apart < nearest) {
            found = i;
            nearest = apart;
        }
    }
    return found;
}

static bool link_wait(struct linker *linker, uint32_t number)
{
    struct graph_call *wait = &linker->graph->calls[number];
    wait->inside = held_by(linker, number);
    if (wait->inside == NO_CALL) {
        return link_tool(linker, number);
    }
    struct graph_call *tool = &linker->graph->calls[wait->inside];
    wait->next_wait = tool->first_wait;
    tool->first_wait = number;
    return true;
}

/* ---- the run ---- */

static bool link_end(struct linker *linker, struct graph_run *run)
{
    struct call_graph *graph = linker->graph;
    run->first_dependency = (uint32_t)graph->dependency_count;
    if (!take_ended(linker, run->end_ns, false)) {
        return false;
    }
    /* A turn that ended before its last request: that was all it waited for. */
    for (size_t i = 0;
         graph->dependency_count == run->first_dependency && i < linker->pending_count; i++) {
        if (!put_dependency(graph, linker->pending[i])) {
            return false;
        }
    }
    run->dependency_count = (uint32_t)graph->dependency_count - run->first_dependency;
    return true;
}

static bool link_all(struct linker *linker, struct graph_run *run)
{
    for (uint32_t i = run->first_call; i < run->first_call + run->call_count; i++) {
        const struct graph_call *call = &linker->graph->calls[i];
        bool good = true;
        if (call->kind == SPAN_REQUEST) {
            good = call->side || link_request(linker, i);
        } else if (call->kind == SPAN_USER) {
            good = link_wait(linker, i);
        } else {
            good = link_tool(linker, i);
        }
        if (!good) {
            return false;
        }
    }
    return link_end(linker, run);
}

bool call_graph_link(struct call_graph *graph, uint32_t number)
{
    struct graph_run *run = &graph->runs[number];
    size_t room = run->call_count + 1;
    struct linker linker = {.graph = graph, .run = run, .request = NO_CALL};
    linker.pending = mem_zalloc(graph->mem, room, sizeof *linker.pending);
    linker.queue = mem_zalloc(graph->mem, room, sizeof *linker.queue);
    bool good = linker.pending != NULL && linker.queue != NULL && link_all(&linker, run);
    mem_free(graph->mem, linker.pending,
             linker.pending == NULL ? 0 : room * sizeof *linker.pending);
    mem_free(graph->mem, linker.queue, linker.queue == NULL ? 0 : room * sizeof *linker.queue);
    return good;
}
