/* Counting into one set of figures: plain sums, a histogram for each quantity, and a list of tools that
   an array finds by name: the figures' names are few, so their ids are small. */
#include "core/figures_private.h"

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
    mem_free(tally->mem, tally->tool_by_name, tally->names_cap * sizeof *tally->tool_by_name);
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
    if (sample->open) {
        tally->open_requests++;
        return true;
    }
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

static bool reserve_name(struct figures_tally *tally, intern_id name)
{
    size_t had = tally->names_cap;
    if (!mem_reserve(tally->mem, &tally->tool_by_name, &tally->names_cap, (size_t)name + 1,
                     sizeof *tally->tool_by_name)) {
        return false;
    }
    memset(tally->tool_by_name + had, 0, (tally->names_cap - had) * sizeof *tally->tool_by_name);
    return true;
}

/* NULL: out of memory. */
static struct tool_tally *find_tool(struct figures_tally *tally, intern_id name)
{
    if (name >= tally->names_cap && !reserve_name(tally, name)) {
        return NULL;
    }
    uint32_t place = tally->tool_by_name[name];
    if (place > 0) {
        return &tally->tools[place - 1];
    }
    if (!mem_reserve(tally->mem, &tally->tools, &tally->tool_cap, tally->tool_count + 1,
                     sizeof *tally->tools)) {
        return NULL;
    }
    struct tool_tally *tool = &tally->tools[tally->tool_count++];
    tally->tool_by_name[name] = (uint32_t)tally->tool_count;
    *tool = (struct tool_tally){.name = name};
    histogram_init(&tool->duration_ms, tally->mem);
    return tool;
}

bool figures_tally_add_tool(struct figures_tally *tally, intern_id name, enum span_kind kind,
                            uint8_t flags, double ms)
{
    struct tool_tally *tool = find_tool(tally, name);
    if (tool == NULL) {
        return false;
    }
    figures_tally_add_time(tally, kind, ms);
    if ((flags & SPAN_OPEN) != 0) {
        tool->open++;
        return true;
    }
    tool->errors += (flags & SPAN_ERROR) != 0;
    return histogram_add(&tool->duration_ms, ms);
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
