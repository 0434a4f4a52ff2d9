/* One set of metrics is plain sums, a histogram for each quantity, and a list of tools. Sums are
   integers where spans can be subtracted again. */
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
    for (size_t i = 0; i < QUANTITIES; i++) {
        histogram_init(&acc->quantities[i], mem);
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

/* Times were nanoseconds before they were ms. */
static int64_t to_ns(double ms)
{
    const double limit = 9.2e18;
    double ns = isnan(ms) ? 0 : ms * 1e6;
    return (int64_t)(ns < -limit ? -limit : ns > limit ? limit : ns + (ns < 0 ? -0.5 : 0.5));
}

static bool count_sample(struct histogram *histogram, double value, int by)
{
    return by > 0 ? histogram_add(histogram, value) : histogram_remove(histogram, value);
}

void metrics_acc_count_time(struct metrics_acc *acc, enum span_kind kind, double ms, int by)
{
    time_sum_add(&acc->kind_times[kind], by * to_ns(ms));
    acc->kind_counts[kind] += (uint64_t)(int64_t)by;
}

void metrics_acc_count_outcome(struct metrics_acc *acc, enum outcome outcome, int by)
{
    acc->refused += outcome == OUTCOME_REFUSED ? (uint64_t)(int64_t)by : 0;
    acc->interrupted += outcome == OUTCOME_INTERRUPTED ? (uint64_t)(int64_t)by : 0;
}

void metrics_acc_add_phase(struct metrics_acc *acc, enum span_kind kind, double ms)
{
    time_sum_add(&acc->phase_times[kind], to_ns(ms));
}

double metrics_acc_tokens(const struct metrics_acc *acc, enum acc_token which)
{
    return acc->token_counts[which] == 0 ? (double)NAN : acc->tokens[which];
}

double metrics_acc_time(const struct metrics_acc *acc, enum span_kind kind)
{
    return acc->kind_counts[kind] == 0 ? (double)NAN : time_sum_ms(acc->kind_times[kind]);
}

void metrics_acc_count_tokens(struct metrics_acc *acc, const double tokens[TOKENS], int by)
{
    for (size_t i = 0; i < TOKENS; i++) {
        if (!isnan(tokens[i])) {
            acc->tokens[i] += by * tokens[i];
            acc->token_counts[i] += (uint64_t)(int64_t)by;
        }
    }
}

bool metrics_acc_count_request(struct metrics_acc *acc, const struct request_sample *sample, int by)
{
    bool good = true;
    metrics_acc_count_time(acc, SPAN_REQUEST, sample->ms, by);
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        time_sum_add(&acc->phase_times[i], by * to_ns(sample->phase_ms[i]));
    }
    acc->retries += (uint64_t)by * sample->retries;
    acc->requests += (uint64_t)(int64_t)by;
    acc->failed += sample->failed ? (uint64_t)(int64_t)by : 0;
    metrics_acc_count_tokens(acc, sample->tokens, by);
    for (size_t i = 0; i < QUANTITIES && good; i++) {
        good = count_sample(&acc->quantities[i], sample->quantities[i], by);
    }
    return good;
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

bool metrics_acc_count_tool(struct metrics_acc *acc, const struct tool_sample *sample, int by)
{
    struct tool_acc *tool = find_tool(acc, sample->name);
    if (tool == NULL) {
        return false;
    }
    uint64_t one = (uint64_t)(int64_t)by;
    metrics_acc_count_time(acc, sample->kind, sample->ms, by);
    metrics_acc_count_outcome(acc, sample->outcome, by);
    tool->errors += sample->error ? one : 0;
    tool->refused += sample->outcome == OUTCOME_REFUSED ? one : 0;
    tool->interrupted += sample->outcome == OUTCOME_INTERRUPTED ? one : 0;
    return count_sample(&tool->duration_ms, sample->ms, by);
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
        tool->refused += from->tools[i].refused;
        tool->interrupted += from->tools[i].interrupted;
        tool->open += from->tools[i].open;
    }
    return true;
}

bool metrics_acc_merge(struct metrics_acc *acc, const struct metrics_acc *from)
{
    acc->requests += from->requests;
    acc->failed += from->failed;
    acc->refused += from->refused;
    acc->interrupted += from->interrupted;
    acc->retries += from->retries;
    acc->open_requests += from->open_requests;
    for (size_t i = 0; i < TOKENS; i++) {
        acc->tokens[i] += from->tokens[i];
        acc->token_counts[i] += from->token_counts[i];
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        time_sum_merge(&acc->phase_times[i], from->phase_times[i]);
        time_sum_merge(&acc->kind_times[i], from->kind_times[i]);
        acc->kind_counts[i] += from->kind_counts[i];
    }
    for (size_t i = 0; i < QUANTITIES; i++) {
        if (!histogram_merge(&acc->quantities[i], &from->quantities[i])) {
            return false;
        }
    }
    return merge_tools(acc, from);
}
