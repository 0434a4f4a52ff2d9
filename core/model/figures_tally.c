/* Counting into one set of figures: plain sums, a histogram for each quantity, and a list of tools. */
#include "core/model/figures_tally.h"

#include <math.h>
#include <string.h>

double figures_add(double sum, double value)
{
    if (isnan(value)) {
        return sum;
    }
    return isnan(sum) ? value : sum + value;
}

void figures_tally_init(struct figures_tally *tally, const struct mem *mem)
{
    memset(tally, 0, sizeof *tally);
    tally->mem = mem;
    u64map_init(&tally->tool_by_name, mem);
    for (size_t i = 0; i < TOKENS; i++) {
        tally->tokens[i] = (double)NAN;
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_init(&tally->quantities[i], mem);
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        tally->kind_ms[i] = (double)NAN;
    }
}

void figures_tally_release(struct figures_tally *tally)
{
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_release(&tally->quantities[i]);
    }
    for (size_t i = 0; i < tally->tool_count; i++) {
        histogram_release(&tally->tools[i].duration_ms);
    }
    mem_free(tally->mem, tally->tools, tally->tool_cap * sizeof *tally->tools);
    u64map_release(&tally->tool_by_name);
    figures_tally_init(tally, tally->mem);
}

void figures_tally_add_time(struct figures_tally *tally, enum span_kind kind, double ms)
{
    tally->kind_ms[kind] = figures_add(tally->kind_ms[kind], ms);
}

bool figures_tally_add_request(struct figures_tally *tally, const struct request_sample *sample)
{
    figures_tally_add_time(tally, SPAN_REQUEST, sample->ms);
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        tally->phase_ms[i] += sample->phase_ms[i];
    }
    tally->retries += sample->retries;
    tally->requests++;
    tally->failed += sample->failed;
    for (size_t i = 0; i < TOKENS; i++) {
        tally->tokens[i] = figures_add(tally->tokens[i], sample->tokens[i]);
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_add(&tally->quantities[i], sample->quantities[i])) {
            return false;
        }
    }
    return true;
}

/* NULL: out of memory. */
static struct tool_tally *find_tool(struct figures_tally *tally, intern_id name)
{
    uint32_t place = u64map_get(&tally->tool_by_name, name);
    if (place != U64MAP_NONE) {
        return &tally->tools[place];
    }
    if (!mem_reserve(tally->mem, &tally->tools, &tally->tool_cap, tally->tool_count + 1,
                     sizeof *tally->tools) ||
        !u64map_put(&tally->tool_by_name, name, (uint32_t)tally->tool_count)) {
        return NULL;
    }
    struct tool_tally *tool = &tally->tools[tally->tool_count++];
    *tool = (struct tool_tally){.name = name};
    histogram_init(&tool->duration_ms, tally->mem);
    return tool;
}

bool figures_tally_add_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                            bool error, double ms)
{
    struct tool_tally *tool = find_tool(tally, name);
    if (tool == NULL) {
        return false;
    }
    figures_tally_add_time(tally, kind, ms);
    tool->errors += error;
    return histogram_add(&tool->duration_ms, ms);
}

bool figures_tally_open_tool(struct figures_tally *tally, intern_id name, int by)
{
    struct tool_tally *tool = find_tool(tally, name);
    if (tool != NULL) {
        tool->open += (uint64_t)(int64_t)by;
    }
    return tool != NULL;
}

static bool merge_tools(struct figures_tally *tally, const struct figures_tally *from)
{
    for (size_t i = 0; i < from->tool_count; i++) {
        struct tool_tally *tool = find_tool(tally, from->tools[i].name);
        if (tool == NULL || !histogram_merge(&tool->duration_ms, &from->tools[i].duration_ms)) {
            return false;
        }
        tool->errors += from->tools[i].errors;
        tool->open += from->tools[i].open;
    }
    return true;
}

bool figures_tally_merge(struct figures_tally *tally, const struct figures_tally *from)
{
    tally->requests += from->requests;
    tally->failed += from->failed;
    tally->retries += from->retries;
    tally->open_requests += from->open_requests;
    for (size_t i = 0; i < TOKENS; i++) {
        tally->tokens[i] = figures_add(tally->tokens[i], from->tokens[i]);
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        tally->phase_ms[i] += from->phase_ms[i];
        tally->kind_ms[i] = figures_add(tally->kind_ms[i], from->kind_ms[i]);
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_merge(&tally->quantities[i], &from->quantities[i])) {
            return false;
        }
    }
    return merge_tools(tally, from);
}
