/* A client may send requests beside those of its agent's conversation, for a title or a summary.
   Their source (query_source) differs. One that overlaps a request of the conversation is a side
   request: nobody waits for it. */
#include "core/analysis/call_graph_private.h"

#include "core/analysis/request_source.h"

#include <string.h>

/* Sources beyond these count as unknown. */
enum { SOURCES_MAX = 32, UNKNOWN = SOURCES_MAX };

struct sources {
    struct slice names[SOURCES_MAX];
    size_t requests[SOURCES_MAX];
    size_t count;
};

static uint8_t number_of(struct sources *sources, struct slice name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->names[i].len == name.len &&
            memcmp(sources->names[i].bytes, name.bytes, name.len) == 0) {
            return (uint8_t)i;
        }
    }
    if (sources->count == SOURCES_MAX) {
        return UNKNOWN;
    }
    sources->names[sources->count] = name;
    return (uint8_t)sources->count++;
}

/* Returns whether a request begins while another call of the run is under way. */
static bool overlaps(const struct call_graph *graph, const struct graph_run *run)
{
    int64_t last_ns = INT64_MIN;
    for (uint32_t i = 0; i < run->call_count; i++) {
        const struct graph_call *call = &graph->calls[run->first_call + i];
        if (call->kind == SPAN_REQUEST && call->start_ns < last_ns) {
            return true;
        }
        last_ns = call->end_ns > last_ns ? call->end_ns : last_ns;
    }
    return false;
}

/* Sets numbers[] of the run's calls and counts the requests of each source. */
static void read_sources(const struct call_graph *graph, const struct graph_run *run,
                         struct sources *sources, uint8_t *numbers)
{
    for (uint32_t i = 0; i < run->call_count; i++) {
        const struct graph_call *call = &graph->calls[run->first_call + i];
        struct slice source = {NULL, 0};
        if (call->kind == SPAN_REQUEST) {
            source = request_source(graph->swarm, swarm_span(graph->swarm, call->span));
        }
        numbers[i] = source.len > 0 ? number_of(sources, source) : UNKNOWN;
        if (numbers[i] != UNKNOWN) {
            sources->requests[numbers[i]]++;
        }
    }
}

/* Marks each request of another source than `main_source`, in this order of time, that a request
   of the conversation before it overlaps; then the same backwards. */
static void mark(struct call_graph *graph, const struct graph_run *run, const uint8_t *numbers,
                 uint8_t main_source)
{
    struct graph_call *calls = graph->calls + run->first_call;
    int64_t last_ns = INT64_MIN, next_ns = INT64_MAX;
    for (uint32_t i = 0; i < run->call_count; i++) {
        calls[i].other = numbers[i] != UNKNOWN && numbers[i] != main_source;
        calls[i].side = calls[i].other && calls[i].start_ns + GRAPH_CLOCKS_NS < last_ns;
        if (calls[i].kind == SPAN_REQUEST && !calls[i].other && calls[i].end_ns > last_ns) {
            last_ns = calls[i].end_ns;
        }
    }
    for (uint32_t i = run->call_count; i-- > 0;) {
        calls[i].side |= calls[i].other && calls[i].end_ns - GRAPH_CLOCKS_NS > next_ns;
        if (calls[i].kind == SPAN_REQUEST && !calls[i].other) {
            next_ns = calls[i].start_ns;
        }
    }
}

bool call_graph_find_sides(struct call_graph *graph, uint32_t number)
{
    const struct graph_run *run = &graph->runs[number];
    if (!overlaps(graph, run)) {
        return true;
    }
    struct sources sources = {.count = 0};
    uint8_t *numbers = mem_alloc(graph->mem, run->call_count);
    if (numbers == NULL) {
        return false;
    }
    read_sources(graph, run, &sources, numbers);
    uint8_t most = 0;
    for (size_t i = 1; i < sources.count; i++) {
        most = sources.requests[i] > sources.requests[most] ? (uint8_t)i : most;
    }
    if (sources.count > 1) {
        mark(graph, run, numbers, most);
    }
    mem_free(graph->mem, numbers, run->call_count);
    return true;
}
