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
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_init(&tally->quantities[i], mem);
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

/* Times were nanoseconds before they were ms. */
static int64_t to_ns(double ms)
{
    double ns = ms * 1e6;
    return (int64_t)(ns + (ns < 0 ? -0.5 : 0.5));
}

static bool count_sample(struct histogram *histogram, double value, int by)
{
    return by > 0 ? histogram_add(histogram, value) : histogram_remove(histogram, value);
}

void figures_tally_count_time(struct figures_tally *tally, enum span_kind kind, double ms, int by)
{
    tally->kind_ns[kind] += by * to_ns(ms);
    tally->kind_counts[kind] += (uint64_t)(int64_t)by;
}

void figures_tally_add_phase(struct figures_tally *tally, enum span_kind kind, double ms)
{
    tally->phase_ns[kind] += to_ns(ms);
}

double figures_tally_tokens(const struct figures_tally *tally, enum tally_token which)
{
    return tally->token_counts[which] == 0 ? (double)NAN : tally->tokens[which];
}

double figures_tally_time(const struct figures_tally *tally, enum span_kind kind)
{
    return tally->kind_counts[kind] == 0 ? (double)NAN : (double)tally->kind_ns[kind] / 1e6;
}

bool figures_tally_count_request(struct figures_tally *tally, const struct request_sample *sample,
                                 int by)
{
    bool good = true;
    figures_tally_count_time(tally, SPAN_REQUEST, sample->ms, by);
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        tally->phase_ns[i] += by * to_ns(sample->phase_ms[i]);
    }
    tally->retries += (uint64_t)by * sample->retries;
    tally->requests += (uint64_t)(int64_t)by;
    tally->failed += sample->failed ? (uint64_t)(int64_t)by : 0;
    for (size_t i = 0; i < TOKENS; i++) {
        if (!isnan(sample->tokens[i])) {
            tally->tokens[i] += by * sample->tokens[i];
            tally->token_counts[i] += (uint64_t)(int64_t)by;
        }
    }
    for (size_t i = 0; i < QUANTITIES && good; i++) {
        good = count_sample(&tally->quantities[i], sample->quantities[i], by);
    }
    return good;
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

bool figures_tally_count_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                              bool error, double ms, int by)
{
    struct tool_tally *tool = find_tool(tally, name);
    if (tool == NULL) {
        return false;
    }
    figures_tally_count_time(tally, kind, ms, by);
    tool->errors += error ? (uint64_t)(int64_t)by : 0;
    return count_sample(&tool->duration_ms, ms, by);
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
        tally->tokens[i] += from->tokens[i];
        tally->token_counts[i] += from->token_counts[i];
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        tally->phase_ns[i] += from->phase_ns[i];
        tally->kind_ns[i] += from->kind_ns[i];
        tally->kind_counts[i] += from->kind_counts[i];
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_merge(&tally->quantities[i], &from->quantities[i])) {
            return false;
        }
    }
    return merge_tools(tally, from);
}
