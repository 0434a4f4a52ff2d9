/* A client may send requests beside those of its agent's conversation, for a title or a summary.
   Their source (query_source) differs. One that overlaps a request of the conversation is a side
   request: nobody waits for it. */
#include "core/analysis/call_graph_private.h"

#include "core/model/record.h"

#include "core/base/json_read.h"

#include <string.h>

/* Sources beyond these count as unknown. */
enum { SOURCES_MAX = 32, ARGS_MAX_BYTES = 65536, UNKNOWN = SOURCES_MAX };

struct sources {
    struct strbuf names[SOURCES_MAX];
    size_t requests[SOURCES_MAX];
    size_t count;
};

/* Sets out to the source of a request. Returns false if it is unknown. */
static bool source_of(const struct swarm *swarm, span_no no, struct strbuf *out)
{
    const struct span *span = swarm_span(swarm, no);
    const struct record *record = swarm_span_record(swarm, span);
    strbuf_clear(out);
    if (record != NULL) {
        struct slice source = facts_text(&record->facts, FIELD_QUERY_SOURCE);
        strbuf_add(out, source.bytes == NULL ? "" : source.bytes, source.len);
        return source.len > 0;
    }
    struct slice args = swarm_span_args(swarm, span);
    if (args.bytes == NULL || args.len > ARGS_MAX_BYTES) {
        return false;
    }
    struct json_value source = json_get(json_value_of(args.bytes, args.len), "query_source");
    if (source.type == JSON_TYPE_STRING) {
        json_get_string(source, out);
    }
    return out->len > 0;
}

static uint8_t number_of(struct sources *sources, const struct mem *mem, const struct strbuf *name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->names[i].len == name->len &&
            memcmp(sources->names[i].data, name->data, name->len) == 0) {
            return (uint8_t)i;
        }
    }
    if (sources->count == SOURCES_MAX) {
        return UNKNOWN;
    }
    strbuf_init(&sources->names[sources->count], mem, 0);
    strbuf_add(&sources->names[sources->count], name->data, name->len);
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

/* Sets numbers[] of the run's calls and counts the requests of each source. False: out of
   memory. */
static bool read_sources(const struct call_graph *graph, const struct graph_run *run,
                         struct sources *sources, uint8_t *numbers)
{
    struct strbuf text;
    strbuf_init(&text, graph->mem, 0);
    for (uint32_t i = 0; i < run->call_count; i++) {
        const struct graph_call *call = &graph->calls[run->first_call + i];
        numbers[i] = UNKNOWN;
        if (call->kind == SPAN_REQUEST && source_of(graph->swarm, call->span, &text)) {
            numbers[i] = number_of(sources, graph->mem, &text);
        }
        if (numbers[i] != UNKNOWN) {
            sources->requests[numbers[i]]++;
        }
    }
    bool good = !text.failed;
    for (size_t i = 0; i < sources->count; i++) {
        good = good && !sources->names[i].failed;
    }
    strbuf_release(&text);
    return good;
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
    bool good = numbers != NULL && read_sources(graph, run, &sources, numbers);
    uint8_t most = 0;
    for (size_t i = 1; i < sources.count; i++) {
        most = sources.requests[i] > sources.requests[most] ? (uint8_t)i : most;
    }
    if (good && sources.count > 1) {
        mark(graph, run, numbers, most);
    }
    for (size_t i = 0; i < sources.count; i++) {
        strbuf_release(&sources.names[i]);
    }
    mem_free(graph->mem, numbers, numbers == NULL ? 0 : run->call_count);
    return good;
}
