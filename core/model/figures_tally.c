/* Counting into one set of figures: plain sums, a histogram for each quantity, and a list of tools. */
#include "core/model/figures_tally.h"

#include <math.h>
#include <stdlib.h>
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

/* ---- the result ---- */

static struct summary summarise(struct histogram *histogram)
{
    return (struct summary){
        .count = histogram->count,
        .sum = histogram->sum,
        .min = histogram->min,
        .max = histogram->max,
        .mean = histogram->count > 0 ? histogram->sum / (double)histogram->count : (double)NAN,
        .p50 = histogram_percentile(histogram, 50),
        .p90 = histogram_percentile(histogram, 90),
        .p95 = histogram_percentile(histogram, 95),
        .p99 = histogram_percentile(histogram, 99),
    };
}

static int by_name(const void *a, const void *b)
{
    const struct tool_figures *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool finish_tools(struct figures_tally *tally, const struct intern *names,
                         struct figures *out)
{
    if (tally->tool_count == 0) {
        return true;
    }
    out->tools = mem_zalloc(tally->mem, tally->tool_count, sizeof *out->tools);
    if (out->tools == NULL) {
        return false;
    }
    out->tool_count = tally->tool_count;
    for (size_t i = 0; i < tally->tool_count; i++) {
        struct tool_tally *tool = &tally->tools[i];
        out->tools[i] = (struct tool_figures){
            .name = intern_text(names, tool->name, NULL),
            .errors = tool->errors,
            .open = tool->open,
            .duration_ms = summarise(&tool->duration_ms),
        };
        out->tool_errors += tool->errors;
    }
    qsort(out->tools, out->tool_count, sizeof *out->tools, by_name);
    return true;
}

bool figures_tally_finish(struct figures_tally *tally, const struct intern *names,
                          struct figures *out)
{
    double prompt = tally->tokens[TOKENS_PROMPT], cached = tally->tokens[TOKENS_CACHE_READ];
    *out = (struct figures){
        .requests = tally->requests,
        .failed = tally->failed,
        .retries = tally->retries,
        .open_requests = tally->open_requests,
        .prompt_tokens = prompt,
        .output_tokens = tally->tokens[TOKENS_OUTPUT],
        .cache_read_tokens = cached,
        .cache_creation_tokens = tally->tokens[TOKENS_CACHE_CREATION],
        .cache_hit_rate_pct = prompt > 0 ? 100 * cached / prompt : (double)NAN,
        .ttft_ms = summarise(&tally->quantities[OF_TTFT]),
        .ttlt_ms = summarise(&tally->quantities[OF_TTLT]),
        .itps = summarise(&tally->quantities[OF_ITPS]),
        .otps = summarise(&tally->quantities[OF_OTPS]),
        .setup_ms = summarise(&tally->quantities[OF_SETUP]),
        .request_ms = summarise(&tally->quantities[OF_REQUEST]),
        .user_wait_ms = tally->kind_ms[SPAN_USER],
        .api_ms = tally->kind_ms[SPAN_REQUEST],
        .tool_ms = figures_add(tally->kind_ms[SPAN_TOOL], tally->kind_ms[SPAN_AGENT_CALL]),
        .agent_wait_ms = tally->kind_ms[SPAN_AGENT_CALL],
        .busy_ms = (double)NAN,
        .idle_ms = (double)NAN,
        .parallel = (double)NAN,
    };
    memcpy(out->phase_ms, tally->phase_ms, sizeof out->phase_ms);
    return finish_tools(tally, names, out);
}
