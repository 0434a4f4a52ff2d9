/* Counting into one set of metrics: plain sums, a histogram for each quantity, and a list of
   tools. */
#include "core/model/metrics_acc.h"

#include <math.h>
#include <string.h>

double metrics_add(double sum, double value)
{
    if (isnan(value)) {
        return sum;
    }
    return isnan(sum) ? value : sum + value;
}

void metrics_acc_init(struct metrics_acc *acc, const struct mem *mem)
{
    memset(acc, 0, sizeof *acc);
    acc->mem = mem;
    u64map_init(&acc->tool_by_name, mem);
    for (size_t i = 0; i < TOKENS; i++) {
        acc->tokens[i] = (double)NAN;
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_init(&acc->quantities[i], mem);
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        acc->kind_ms[i] = (double)NAN;
    }
}

void metrics_acc_release(struct metrics_acc *acc)
{
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_release(&acc->quantities[i]);
    }
    for (size_t i = 0; i < acc->tool_count; i++) {
        histogram_release(&acc->tools[i].duration_ms);
    }
    mem_free(acc->mem, acc->tools, acc->tool_cap * sizeof *acc->tools);
    u64map_release(&acc->tool_by_name);
    metrics_acc_init(acc, acc->mem);
}

void metrics_acc_add_time(struct metrics_acc *acc, enum span_kind kind, double ms)
{
    acc->kind_ms[kind] = metrics_add(acc->kind_ms[kind], ms);
}

bool metrics_acc_add_request(struct metrics_acc *acc, const struct request_sample *sample)
{
    metrics_acc_add_time(acc, SPAN_REQUEST, sample->ms);
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        acc->phase_ms[i] += sample->phase_ms[i];
    }
    acc->retries += sample->retries;
    acc->requests++;
    acc->failed += sample->failed;
    for (size_t i = 0; i < TOKENS; i++) {
        acc->tokens[i] = metrics_add(acc->tokens[i], sample->tokens[i]);
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_add(&acc->quantities[i], sample->quantities[i])) {
            return false;
        }
    }
    return true;
}

/* NULL: out of memory. */
static struct tool_acc *find_tool(struct metrics_acc *acc, intern_id name)
{
    uint32_t place = u64map_get(&acc->tool_by_name, name);
    if (place != U64MAP_NONE) {
        return &acc->tools[place];
    }
    if (!mem_reserve(acc->mem, &acc->tools, &acc->tool_cap, acc->tool_count + 1,
                     sizeof *acc->tools) ||
        !u64map_put(&acc->tool_by_name, name, (uint32_t)acc->tool_count)) {
        return NULL;
    }
    struct tool_acc *tool = &acc->tools[acc->tool_count++];
    *tool = (struct tool_acc){.name = name};
    histogram_init(&tool->duration_ms, acc->mem);
    return tool;
}

bool metrics_acc_add_tool(struct metrics_acc *acc, intern_id name, enum span_kind kind, bool error,
                          double ms)
{
    struct tool_acc *tool = find_tool(acc, name);
    if (tool == NULL) {
        return false;
    }
    metrics_acc_add_time(acc, kind, ms);
    tool->errors += error;
    return histogram_add(&tool->duration_ms, ms);
}

bool metrics_acc_open_tool(struct metrics_acc *acc, intern_id name, int by)
{
    struct tool_acc *tool = find_tool(acc, name);
    if (tool != NULL) {
        tool->open += (uint64_t)(int64_t)by;
    }
    return tool != NULL;
}

static bool merge_tools(struct metrics_acc *acc, const struct metrics_acc *from)
{
    for (size_t i = 0; i < from->tool_count; i++) {
        struct tool_acc *tool = find_tool(acc, from->tools[i].name);
        if (tool == NULL || !histogram_merge(&tool->duration_ms, &from->tools[i].duration_ms)) {
            return false;
        }
        tool->errors += from->tools[i].errors;
        tool->open += from->tools[i].open;
    }
    return true;
}

bool metrics_acc_merge(struct metrics_acc *acc, const struct metrics_acc *from)
{
    acc->requests += from->requests;
    acc->failed += from->failed;
    acc->retries += from->retries;
    acc->open_requests += from->open_requests;
    for (size_t i = 0; i < TOKENS; i++) {
        acc->tokens[i] = metrics_add(acc->tokens[i], from->tokens[i]);
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        acc->phase_ms[i] += from->phase_ms[i];
        acc->kind_ms[i] = metrics_add(acc->kind_ms[i], from->kind_ms[i]);
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_merge(&acc->quantities[i], &from->quantities[i])) {
            return false;
        }
    }
    return merge_tools(acc, from);
}
