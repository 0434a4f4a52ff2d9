/* Walks back from the turn's end: from a call to the one that it waited for last, until the turn's
   start. The walk enters the run of a sub-agent at the end of the call that waited for it, and
   leaves it at the start of the call that started it. */
#include "core/analysis/critical_path.h"

#include "core/model/request_phase.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    const struct call_graph *graph;
    struct critical_path *path;
    bool *on_path; /* by run */
    bool failed;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- pieces, from the last to the first ---- */

static void put_piece(struct walk *walk, const struct path_piece *piece)
{
    struct critical_path *path = walk->path;
    struct path_piece *last = path->piece_count > 0 ? &path->pieces[path->piece_count - 1] : NULL;
    if (piece->start_ns >= piece->end_ns) {
        return;
    }
    path->part_ns[piece->part] += piece->end_ns - piece->start_ns;
    if (last != NULL && last->span == piece->span && last->part == piece->part &&
        last->agent == piece->agent) {
        last->start_ns = piece->start_ns;
        return;
    }
    if (!mem_reserve(path->mem, &path->pieces, &path->piece_cap, path->piece_count + 1,
                     sizeof *path->pieces)) {
        walk->failed = true;
        return;
    }
    path->pieces[path->piece_count++] = *piece;
}

static void put_path_call(struct walk *walk, span_no span, int64_t start_ns, int64_t end_ns)
{
    struct critical_path *path = walk->path;
    if (!mem_reserve(path->mem, &path->calls, &path->call_cap, path->call_count + 1,
                     sizeof *path->calls)) {
        walk->failed = true;
        return;
    }
    path->calls[path->call_count++] = (struct path_call){span, start_ns, end_ns};
}

/* The time [from, to) of a call, or of its run's overhead, without the waits inside it. */
static void put_time(struct walk *walk, const struct path_piece *of, uint32_t first_wait)
{
    const struct call_graph *graph = walk->graph;
    struct path_piece piece = *of;
    for (uint32_t i = first_wait; i != NO_CALL; i = graph->calls[i].next_wait) {
        const struct graph_call *wait = &graph->calls[i];
        int64_t from = wait->start_ns > of->start_ns ? wait->start_ns : of->start_ns;
        int64_t to = least(wait->end_ns, piece.end_ns);
        if (from >= to) {
            continue;
        }
        piece.start_ns = to;
        put_piece(walk, &piece);
        struct path_piece waits = {from, to, wait->span, of->agent, PART_WAIT};
        put_piece(walk, &waits);
        put_path_call(walk, wait->span, from, to);
        piece.end_ns = from;
    }
    piece.start_ns = of->start_ns;
    put_piece(walk, &piece);
}

static void turn_pieces(struct critical_path *path, size_t first)
{
    for (size_t low = first, high = path->piece_count; low + 1 < high; low++, high--) {
        struct path_piece kept = path->pieces[low];
        path->pieces[low] = path->pieces[high - 1];
        path->pieces[high - 1] = kept;
    }
}

/* Phases come in order of time, pieces the other way round: they are turned. */
static void put_request(struct walk *walk, const struct path_piece *of)
{
    const struct swarm *swarm = walk->graph->swarm;
    const struct span *span = swarm_span(swarm, of->span);
    size_t first = walk->path->piece_count;
    struct path_piece piece = *of;
    for (int64_t at = of->start_ns, until = 0; at < of->end_ns; at = until) {
        uint8_t part = (uint8_t)path_part_of(query_known_phase_at(swarm, span, at, &until));
        until = least(until, of->end_ns);
        if (part != piece.part) {
            piece.end_ns = at;
            put_piece(walk, &piece);
            piece.start_ns = at;
            piece.part = part;
        }
    }
    piece.end_ns = of->end_ns;
    put_piece(walk, &piece);
    turn_pieces(walk->path, first);
}

static void put_call(struct walk *walk, const struct graph_call *call, agent_no agent,
                     int64_t start_ns, int64_t end_ns)
{
    struct path_piece piece = {start_ns, end_ns, call->span, agent,
                               (uint8_t)path_part_of((enum span_kind)call->kind)};
    put_path_call(walk, call->span, start_ns, end_ns);
    if (call->kind == SPAN_REQUEST) {
        put_request(walk, &piece);
    } else {
        put_time(walk, &piece, call->first_wait);
    }
}

/* ---- the walk ---- */

/* The dependency that ended last before `at_ns`; NO_CALL: none. `call`: whose they are. */
static uint32_t last_of(const struct call_graph *graph, uint32_t first, uint32_t count,
                        uint32_t call, int64_t at_ns)
{
    uint32_t last = NO_CALL;
    int64_t last_ns = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t dependency = graph->dependencies[first + i];
        int64_t had_ns = call_graph_had(graph, dependency, call, at_ns);
        if (last == NO_CALL || had_ns > last_ns || (had_ns == last_ns && dependency > last)) {
            last = dependency;
            last_ns = had_ns;
        }
    }
    return last;
}

/* A later call that waits for a launched run has waited only if the run outlasted its start. */
static bool waited(const struct call_graph *graph, uint32_t number)
{
    const struct graph_call *call = &graph->calls[number];
    return call->waits_for != NO_RUN &&
           (call->waits_for == call->starts ||
            call_graph_run_last(graph, call->waits_for) > call->start_ns);
}

/* A call of a sub-agent may begin before the call that started it, by the clocks of their
   sources. */
static int64_t within(const struct graph_run *run, int64_t at_ns)
{
    return at_ns > run->start_ns ? at_ns : run->start_ns;
}

/* Returns the part of the time before a call of the run. The results that a request sends make it
   follow at once; one that sends none carries what a person wrote, whenever that was. Within an
   interaction a person has written, so that this is the client's own time. */
static uint8_t part_before(const struct call_graph *graph, uint32_t run, uint32_t number)
{
    const struct graph_call *call = number == NO_CALL ? NULL : &graph->calls[number];
    bool idle = graph->whole && run == 0 && call != NULL && call->kind == SPAN_REQUEST &&
                call->dependency_count > 0;
    for (uint32_t i = 0; idle && i < call->dependency_count; i++) {
        uint32_t dependency = graph->dependencies[call->first_dependency + i];
        idle = graph->calls[dependency].kind == SPAN_REQUEST;
    }
    return idle ? PART_IDLE : PART_OVERHEAD;
}

/* Walks from `end_ns` to the start of the run, which it covers. */
static void walk_run(struct walk *walk, uint32_t number, int64_t end_ns)
{
    const struct call_graph *graph = walk->graph;
    const struct graph_run *run = &graph->runs[number];
    uint32_t at = last_of(graph, run->first_dependency, run->dependency_count, NO_CALL, end_ns);
    uint32_t after = NO_CALL;
    struct path_piece idle = {
        .end_ns = end_ns, .span = NO_SPAN, .agent = run->agent, .part = PART_OVERHEAD};
    while (at != NO_CALL && !walk->failed) {
        uint32_t here = at;
        const struct graph_call *call = &graph->calls[here];
        int64_t from = least(call->end_ns, idle.end_ns);
        idle.start_ns = from;
        idle.part = part_before(graph, number, after);
        put_piece(walk, &idle);
        idle.end_ns = within(run, least(from, call->start_ns));
        if (waited(graph, here)) {
            put_path_call(walk, call->span, call->start_ns, from);
            walk->on_path[call->waits_for] = true;
            walk_run(walk, call->waits_for, from);
            here = graph->runs[call->waits_for].started_by;
            call = &graph->calls[here];
            idle.end_ns = within(run, least(from, call->start_ns));
        } else if (from > idle.end_ns) {
            put_call(walk, call, run->agent, idle.end_ns, from);
        }
        at = last_of(graph, call->first_dependency, call->dependency_count, here, idle.end_ns);
        after = here;
    }
    idle.part = PART_OVERHEAD;
    const uint32_t by = run->started_by;
    idle.start_ns = run->start_ns;
    put_time(walk, &idle, by == NO_CALL ? NO_CALL : graph->calls[by].first_wait);
}

/* ---- the path ---- */

static int by_span(const void *a, const void *b)
{
    const struct path_call *x = a, *y = b;
    return (x->span > y->span) - (x->span < y->span);
}

/* Sorts the calls and joins those of one span. */
static void settle_calls(struct critical_path *path)
{
    if (path->call_count == 0) {
        return;
    }
    qsort(path->calls, path->call_count, sizeof *path->calls, by_span);
    size_t kept = 0;
    for (size_t i = 1; i < path->call_count; i++) {
        struct path_call *last = &path->calls[kept], *call = &path->calls[i];
        if (call->span != last->span) {
            path->calls[++kept] = *call;
            continue;
        }
        last->start_ns = least(last->start_ns, call->start_ns);
        last->end_ns = call->end_ns > last->end_ns ? call->end_ns : last->end_ns;
    }
    path->call_count = kept + 1;
}

static bool put_agent(struct critical_path *path, agent_no agent)
{
    if (!mem_reserve(path->mem, &path->agents, &path->agent_cap, path->agent_count + 1,
                     sizeof *path->agents)) {
        return false;
    }
    path->agents[path->agent_count++] = agent;
    return true;
}

/* Returns whether the run's agent still works for a turn that runs. */
static bool works(const struct call_graph *graph, const struct graph_run *run)
{
    bool open = graph->open && graph->calls[run->started_by].open;
    for (uint32_t i = 0; graph->open && !open && i < run->call_count; i++) {
        open = graph->calls[run->first_call + i].open;
    }
    return open;
}

enum { SEEN_OFF = 1, SEEN_WORKS = 2, SEEN_ON = 4 };

static size_t put_agents(struct critical_path *path, const uint8_t *seen, size_t count,
                         uint8_t least_seen, bool *good)
{
    size_t before = path->agent_count;
    for (size_t i = 0; *good && i < count; i++) {
        *good = seen[i] < least_seen || seen[i] >= 2 * least_seen || put_agent(path, (agent_no)i);
    }
    return path->agent_count - before;
}

/* False: out of memory. */
static bool list_agents(const struct walk *walk)
{
    const struct call_graph *graph = walk->graph;
    struct critical_path *path = walk->path;
    size_t count = swarm_agent_count(graph->swarm);
    uint8_t *seen = mem_zalloc(path->mem, count, 1);
    bool good = seen != NULL;
    for (size_t i = 1; good && i < graph->run_count; i++) {
        const struct graph_run *run = &graph->runs[i];
        seen[run->agent] |= walk->on_path[i] ? SEEN_ON : works(graph, run) ? SEEN_WORKS : SEEN_OFF;
    }
    if (good) {
        seen[graph->runs[0].agent] = 0;
    }
    path->off_path_count = put_agents(path, seen, count, SEEN_OFF, &good);
    path->running_count = put_agents(path, seen, count, SEEN_WORKS, &good);
    put_agents(path, seen, count, SEEN_ON, &good);
    mem_free(path->mem, seen, seen == NULL ? 0 : count);
    return good;
}

bool critical_path_find(const struct call_graph *graph, struct critical_path *out)
{
    *out = (struct critical_path){.mem = graph->mem};
    struct walk walk = {.graph = graph, .path = out};
    walk.on_path = mem_zalloc(graph->mem, graph->run_count, sizeof *walk.on_path);
    if (walk.on_path == NULL) {
        return false;
    }
    walk_run(&walk, 0, graph->runs[0].end_ns);
    turn_pieces(out, 0);
    settle_calls(out);
    bool good = !walk.failed && list_agents(&walk);
    mem_free(graph->mem, walk.on_path, graph->run_count * sizeof *walk.on_path);
    return good;
}

void critical_path_release(struct critical_path *path)
{
    mem_free(path->mem, path->pieces, path->piece_cap * sizeof *path->pieces);
    mem_free(path->mem, path->calls, path->call_cap * sizeof *path->calls);
    mem_free(path->mem, path->agents, path->agent_cap * sizeof *path->agents);
}

const struct path_call *critical_path_of_span(const struct critical_path *path, span_no span)
{
    struct path_call key = {.span = span};
    return path->call_count == 0
               ? NULL
               : bsearch(&key, path->calls, path->call_count, sizeof *path->calls, by_span);
}

int64_t critical_path_request_ns(const struct critical_path *path)
{
    int64_t sum = 0;
    for (int part = PART_SETUP; part <= PART_REQUEST; part++) {
        sum += path->part_ns[part];
    }
    return sum;
}

size_t critical_path_longest(const struct critical_path *path, const struct path_piece **steps,
                             size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < path->piece_count; i++) {
        const struct path_piece *piece = &path->pieces[i];
        int64_t ns = piece->end_ns - piece->start_ns;
        size_t at = count;
        while (at > 0 && steps[at - 1]->end_ns - steps[at - 1]->start_ns < ns) {
            at--;
        }
        if (at == max) {
            continue;
        }
        count += count < max;
        memmove(&steps[at + 1], &steps[at], (count - at - 1) * sizeof *steps);
        steps[at] = piece;
    }
    return count;
}
