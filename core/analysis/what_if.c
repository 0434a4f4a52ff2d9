/* Runs the graph forward. A call starts when its dependencies have ended, plus the gap that was
   between them and it; a tool that started while its request streamed keeps its place in that
   request's remaining time. A call that waits for a run ends with it. */
#include "core/analysis/what_if.h"

#include "core/model/request_phase.h"

#include <stdlib.h>

struct forward {
    const struct call_graph *graph;
    struct what_if_kind kind;
    int64_t *starts, *ends; /* of the calls */
    int64_t *run_ends;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- lengths ---- */

/* Returns what remains of the time [from, to) of a request. */
static int64_t request_rest(const struct forward *forward, const struct graph_call *call,
                            int64_t from_ns, int64_t to_ns)
{
    const struct swarm *swarm = forward->graph->swarm;
    const struct span *span = swarm_span(swarm, call->span);
    int64_t rest = 0;
    if (forward->kind.part > PART_REQUEST) {
        return to_ns > from_ns ? to_ns - from_ns : 0;
    }
    for (int64_t at = from_ns, until = 0; at < to_ns; at = until) {
        enum path_part part = path_part_of(query_known_phase_at(swarm, span, at, &until));
        until = least(until, to_ns);
        rest += part == forward->kind.part ? 0 : until - at;
    }
    return rest;
}

/* Returns the time in [from, to) that waits of the list take. They do not overlap much: what two
   of them share counts once. */
static int64_t waits_in(const struct call_graph *graph, uint32_t first, int64_t from_ns,
                        int64_t to_ns)
{
    int64_t sum = 0;
    for (uint32_t i = first; i != NO_CALL; i = graph->calls[i].next_wait) {
        int64_t from = greatest(graph->calls[i].start_ns, from_ns);
        int64_t to = least(graph->calls[i].end_ns, to_ns);
        if (from < to) {
            sum += to - from;
            to_ns = from;
        }
    }
    return sum;
}

/* Returns what remains of the time [from, to) that is of no call: without the waits that hold up
   the call which started the run. */
static int64_t gap_rest(const struct forward *forward, uint32_t first_wait, int64_t from_ns,
                        int64_t to_ns)
{
    int64_t gap = to_ns - from_ns;
    return forward->kind.part == PART_WAIT
               ? gap - waits_in(forward->graph, first_wait, from_ns, to_ns)
               : gap;
}

static bool is_free(const struct forward *forward, const struct graph_call *call)
{
    const struct swarm *swarm = forward->graph->swarm;
    if (call->kind == SPAN_USER) {
        return forward->kind.part == PART_WAIT;
    }
    return forward->kind.part == PART_TOOL && call->kind != SPAN_REQUEST &&
           swarm_span(swarm, call->span)->name == forward->kind.name;
}

static int64_t call_rest(const struct forward *forward, const struct graph_call *call,
                         int64_t from_ns, int64_t to_ns)
{
    if (call->kind == SPAN_REQUEST) {
        return request_rest(forward, call, from_ns, to_ns);
    }
    if (is_free(forward, call)) {
        /* A tool that takes no time still waits for the person whom it asks. */
        return waits_in(forward->graph, call->first_wait, from_ns, to_ns);
    }
    return gap_rest(forward, call->first_wait, from_ns, to_ns);
}

/* ---- the run ---- */

/* When the dependencies were had, and when they are now. */
struct had {
    int64_t then_ns, now_ns;
};

/* Returns when the time `then_ns` in a call is now. The end of a call that waits for a run loses
   the time that came after it. */
static int64_t now_in(const struct forward *forward, uint32_t number, int64_t then_ns)
{
    const struct graph_call *call = &forward->graph->calls[number];
    int64_t start = forward->starts[number];
    if (then_ns >= call->end_ns) {
        return forward->ends[number];
    }
    if (call->waits_for != NO_RUN && !is_free(forward, call)) {
        return greatest(start, forward->ends[number] - (call->end_ns - then_ns));
    }
    return start + call_rest(forward, call, call->start_ns, greatest(then_ns, call->start_ns));
}

/* Calls beside each other share one list of dependencies. If all of these ended before the first
   such call began, the answer is the same for each: it is kept, or the work would be the product of
   both. */
struct shared_had {
    uint32_t first, count; /* the list; count 0: none yet */
    struct had had;
};

/* By the clocks of its sources a dependency may end after `at_ns`: then it was had at that time. */
static struct had had_all(const struct forward *forward, struct shared_had *shared, uint32_t first,
                          uint32_t count, uint32_t call, int64_t at_ns)
{
    const struct call_graph *graph = forward->graph;
    struct had had = {INT64_MIN, INT64_MIN};
    int64_t last_ns = INT64_MIN;
    if (shared->first == first && shared->count == count) {
        return shared->had;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t dependency = graph->dependencies[first + i];
        last_ns = greatest(last_ns, graph->calls[dependency].end_ns);
        int64_t then = least(call_graph_had(graph, dependency, call, at_ns), at_ns);
        int64_t now = now_in(forward, dependency, then);
        had.then_ns = greatest(had.then_ns, then);
        had.now_ns = greatest(had.now_ns, now);
    }
    if (last_ns <= at_ns) {
        *shared = (struct shared_had){first, count, had};
    }
    return had;
}

/* Returns when something that was at `at_ns` is now. */
static int64_t moved(const struct forward *forward, struct shared_had *shared,
                     const struct graph_run *run, uint32_t first, uint32_t count, uint32_t call,
                     int64_t at_ns)
{
    const struct call_graph *graph = forward->graph;
    if (count > 0) {
        struct had had = had_all(forward, shared, first, count, call, at_ns);
        return had.now_ns + (at_ns - had.then_ns);
    }
    if (run->started_by == NO_CALL) {
        return at_ns;
    }
    return forward->starts[run->started_by] +
           gap_rest(forward, graph->calls[run->started_by].first_wait, run->start_ns, at_ns);
}

static void run_forward(const struct forward *forward, uint32_t number);

static void end_call(const struct forward *forward, uint32_t number)
{
    const struct call_graph *graph = forward->graph;
    const struct graph_call *call = &graph->calls[number];
    int64_t start = forward->starts[number];
    uint32_t run = call->waits_for;
    if (call->starts != NO_RUN) {
        run_forward(forward, call->starts);
    }
    if (run == NO_RUN || is_free(forward, call)) {
        forward->ends[number] = start + call_rest(forward, call, call->start_ns, call->end_ns);
        return;
    }
    /* The rest of the call after the run: where a run is clipped, or the call only waits for it. */
    if (run == call->starts) {
        forward->ends[number] =
            forward->run_ends[run] + greatest(0, call->end_ns - graph->runs[run].end_ns);
        return;
    }
    int64_t last = greatest(call_graph_run_last(graph, run), call->start_ns);
    int64_t tail = graph->runs[run].end_ns - call_graph_run_last(graph, run);
    int64_t done = forward->run_ends[run] - tail;
    forward->ends[number] = greatest(done, start) + (call->end_ns - last);
}

static void run_forward(const struct forward *forward, uint32_t number)
{
    const struct call_graph *graph = forward->graph;
    const struct graph_run *run = &graph->runs[number];
    struct shared_had shared = {.count = 0};
    for (uint32_t i = run->first_call; i < run->first_call + run->call_count; i++) {
        const struct graph_call *call = &graph->calls[i];
        forward->starts[i] = moved(forward, &shared, run, call->first_dependency,
                                   call->dependency_count, i, call->start_ns);
        end_call(forward, i);
    }
    forward->run_ends[number] = moved(forward, &shared, run, run->first_dependency,
                                      run->dependency_count, NO_CALL, run->end_ns);
}

static bool forward_init(struct forward *forward, const struct call_graph *graph)
{
    size_t calls = graph->call_count + 1;
    *forward = (struct forward){.graph = graph};
    forward->starts = mem_zalloc(graph->mem, calls, sizeof *forward->starts);
    forward->ends = mem_zalloc(graph->mem, calls, sizeof *forward->ends);
    forward->run_ends = mem_zalloc(graph->mem, graph->run_count, sizeof *forward->run_ends);
    return forward->starts != NULL && forward->ends != NULL && forward->run_ends != NULL;
}

static void free_times(const struct forward *forward, int64_t *times, size_t count)
{
    mem_free(forward->graph->mem, times, times == NULL ? 0 : count * sizeof *times);
}

static void forward_release(const struct forward *forward)
{
    free_times(forward, forward->starts, forward->graph->call_count + 1);
    free_times(forward, forward->ends, forward->graph->call_count + 1);
    free_times(forward, forward->run_ends, forward->graph->run_count);
}

static int64_t length_with(struct forward *forward, struct what_if_kind kind)
{
    forward->kind = kind;
    run_forward(forward, 0);
    return forward->run_ends[0] - forward->graph->runs[0].start_ns;
}

bool what_if_length(const struct call_graph *graph, struct what_if_kind kind, int64_t *out_ns)
{
    struct forward forward;
    bool good = forward_init(&forward, graph);
    *out_ns = good ? length_with(&forward, kind) : 0;
    forward_release(&forward);
    return good;
}

/* ---- the list ---- */

static int by_saving(const void *a, const void *b)
{
    const struct what_if *x = a, *y = b;
    if (x->saves_ns != y->saves_ns) {
        return x->saves_ns > y->saves_ns ? -1 : 1;
    }
    if (x->kind.part != y->kind.part) {
        return x->kind.part < y->kind.part ? -1 : 1;
    }
    return (x->kind.name > y->kind.name) - (x->kind.name < y->kind.name);
}

/* The kinds on the path with their times; a list of all names of tools would be quadratic, so they
   are sorted and summed. */
static struct what_if *kinds_of(const struct call_graph *graph, const struct critical_path *path,
                                size_t *count)
{
    struct what_if *kinds = mem_zalloc(graph->mem, path->call_count + PATH_PARTS, sizeof *kinds);
    *count = 0;
    for (int part = 0; kinds != NULL && part < PATH_PARTS; part++) {
        if (part != PART_TOOL && part < PART_OVERHEAD && path->part_ns[part] > 0) {
            kinds[(*count)++] = (struct what_if){{(uint8_t)part, INTERN_NONE}, path->part_ns[part]};
        }
    }
    for (size_t i = 0; kinds != NULL && i < path->call_count; i++) {
        const struct path_call *call = &path->calls[i];
        const struct span *span = swarm_span(graph->swarm, call->span);
        if (span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL) {
            kinds[(*count)++] =
                (struct what_if){{PART_TOOL, span->name}, call->end_ns - call->start_ns};
        }
    }
    return kinds;
}

static int by_kind(const void *a, const void *b)
{
    const struct what_if *x = a, *y = b;
    if (x->kind.part != y->kind.part) {
        return x->kind.part < y->kind.part ? -1 : 1;
    }
    return (x->kind.name > y->kind.name) - (x->kind.name < y->kind.name);
}

/* Joins what is of one kind; returns how many remain, longest first. */
static size_t join_kinds(struct what_if *kinds, size_t count)
{
    size_t kept = 0;
    if (count == 0) {
        return 0;
    }
    qsort(kinds, count, sizeof *kinds, by_kind);
    for (size_t i = 1; i < count; i++) {
        if (by_kind(&kinds[kept], &kinds[i]) == 0) {
            kinds[kept].saves_ns += kinds[i].saves_ns;
        } else {
            kinds[++kept] = kinds[i];
        }
    }
    qsort(kinds, kept + 1, sizeof *kinds, by_saving);
    return kept + 1;
}

bool what_if_list(const struct call_graph *graph, const struct critical_path *path,
                  struct what_if out[WHAT_IF_MAX], size_t *count)
{
    struct forward forward;
    size_t listed, room = path->call_count + PATH_PARTS;
    struct what_if *kinds = kinds_of(graph, path, &listed);
    bool good = forward_init(&forward, graph) && kinds != NULL;
    int64_t length = graph->runs[0].end_ns - graph->runs[0].start_ns;
    listed = good ? join_kinds(kinds, listed) : 0;
    *count = 0;
    for (size_t i = 0; i < listed && i < WHAT_IF_MAX; i++) {
        int64_t saves = length - length_with(&forward, kinds[i].kind);
        if (saves > 0) {
            out[(*count)++] = (struct what_if){kinds[i].kind, saves};
        }
    }
    if (*count > 0) {
        qsort(out, *count, sizeof *out, by_saving);
    }
    forward_release(&forward);
    mem_free(graph->mem, kinds, kinds == NULL ? 0 : room * sizeof *kinds);
    return good;
}

void what_if_key(const struct swarm *swarm, struct what_if_kind kind, struct strbuf *out)
{
    if (kind.part != PART_TOOL) {
        strbuf_adds(out, path_parts[kind.part].key);
        return;
    }
    strbuf_adds(out, "tool ");
    strbuf_adds(out, span_short_name(swarm_text(swarm, kind.name)));
}
