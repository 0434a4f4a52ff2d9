#include "tui/cmd/report_figures.h"

#include "core/query/cost.h"
#include "core/query/time_parts.h"

#include <math.h>
#include <string.h>

void report_figures_put_spread(struct json_writer *w, json_t *object, const struct summary *s,
                               bool with_p90)
{
    json_writer_put_number(w, object, "min", s->min);
    json_writer_put_number(w, object, "mean", s->mean);
    json_writer_put_number(w, object, "p50", s->p50);
    json_writer_put_number(w, object, "p50_low", s->p50_low);
    json_writer_put_number(w, object, "p50_high", s->p50_high);
    if (with_p90) {
        json_writer_put_number(w, object, "p90", s->p90);
    }
    json_writer_put_number(w, object, "p95", s->p95);
    json_writer_put_number(w, object, "p99", s->p99);
    json_writer_put_number(w, object, "max", s->max);
}

static void put_summary(struct json_writer *w, json_t *object, const char *name,
                        const struct summary *s)
{
    if (s->count == 0) {
        return;
    }
    json_t *summary = json_object();
    json_writer_put_count(w, summary, "count", s->count);
    report_figures_put_spread(w, summary, s, true);
    json_writer_put(w, object, name, summary);
}

void report_figures_put_stopped(struct json_writer *w, json_t *object, uint64_t refused,
                                uint64_t interrupted)
{
    json_writer_put_count(w, object, "refused", refused);
    json_writer_put_count(w, object, "interrupted", interrupted);
}

static json_t *make_tool(struct json_writer *w, const struct tool_metrics *metrics)
{
    json_t *tool = json_object();
    json_writer_put_count(w, tool, "count", metrics->duration_ms.count);
    json_writer_put_count(w, tool, "errors", metrics->errors);
    json_writer_put_count(w, tool, "open", metrics->open);
    report_figures_put_stopped(w, tool, metrics->refused, metrics->interrupted);
    if (metrics->duration_ms.count > 0) {
        json_writer_put_number(w, tool, "total_ms", metrics->duration_ms.sum);
        report_figures_put_spread(w, tool, &metrics->duration_ms, false);
    }
    return tool;
}

static void put_tools(struct json_writer *w, json_t *object, const struct metrics *f)
{
    if (f->tool_count == 0) {
        return;
    }
    json_t *tools = json_object();
    for (size_t i = 0; i < f->tool_count; i++) {
        struct slice name = {f->tools[i].name, strlen(f->tools[i].name)};
        json_writer_put_member(w, tools, name, make_tool(w, &f->tools[i]));
    }
    json_writer_put(w, object, "tools", tools);
}

static void put_phases(struct json_writer *w, json_t *object, const struct metrics *f)
{
    json_t *phases = NULL;
    for (size_t i = 0; i < TIME_PARTS; i++) {
        double ms = time_part_ms(f, i);
        if (ms > 0 && phases == NULL) {
            phases = json_object();
        }
        if (ms > 0) {
            json_writer_put_number(w, phases, time_parts[i].key, ms);
        }
    }
    if (phases != NULL) {
        json_writer_put(w, object, "phases", phases);
    }
}

void report_figures_put_cost(struct json_writer *w, json_t *object, const struct metrics *f)
{
    bool estimate;
    json_writer_put_number(w, object, "cost_total_usd", cost_total(f, &estimate));
    if (estimate) {
        json_writer_put(w, object, "cost_total_estimated", json_true());
    }
    if (f->cost_requests > 0) {
        json_t *covers = json_object();
        json_writer_put_count(w, covers, "requests", f->cost_requests);
        json_writer_put_count(w, covers, "of", f->cost_requests_of);
        json_writer_put(w, object, "cost_covers", covers);
    }
}

void report_figures_put(struct json_writer *w, json_t *object, const struct metrics *f)
{
    if (f->requests + f->open_requests > 0) {
        json_writer_put_count(w, object, "requests", f->requests);
        json_writer_put_count(w, object, "failed", f->failed);
        json_writer_put_count(w, object, "retries", f->retries);
        json_writer_put_count(w, object, "open_requests", f->open_requests);
    }
    if (f->requests + f->open_requests + f->tool_count > 0) {
        report_figures_put_stopped(w, object, f->refused, f->interrupted);
    }
    json_writer_put_number(w, object, "prompt_tokens", f->prompt_tokens);
    json_writer_put_number(w, object, "output_tokens", f->output_tokens);
    json_writer_put_number(w, object, "cache_read_tokens", f->cache_read_tokens);
    json_writer_put_number(w, object, "cache_creation_tokens", f->cache_creation_tokens);
    json_writer_put_number(w, object, "cache_hit_rate_pct", f->cache_hit_rate_pct);
    put_summary(w, object, "ttft_ms", &f->ttft_ms);
    put_summary(w, object, "ttlt_ms", &f->ttlt_ms);
    put_summary(w, object, "itps", &f->itps);
    put_summary(w, object, "otps", &f->otps);
    put_summary(w, object, "setup_ms", &f->setup_ms);
    put_tools(w, object, f);
    json_writer_put_number(w, object, "user_wait_ms", f->user_wait_ms);
    json_writer_put_number(w, object, "api_ms", f->api_ms);
    json_writer_put_number(w, object, "tool_ms", f->tool_ms);
    json_writer_put_number(w, object, "agent_wait_ms", f->agent_wait_ms);
    json_writer_put_number(w, object, "busy_ms", f->busy_ms);
    json_writer_put_number(w, object, "idle_ms", f->idle_ms);
    json_writer_put_number(w, object, "effective_parallelism", f->parallel);
    put_phases(w, object, f);
    json_writer_put_number(w, object, "context_tokens", f->context_tokens);
    json_writer_put_number(w, object, "context_window", f->context_window);
    if (f->window_assumed && !isnan(f->context_window)) {
        json_writer_put(w, object, "context_window_assumed", json_true());
    }
    json_writer_put_number(w, object, "context_growth_per_turn", f->context_growth);
    json_writer_put_number(w, object, "compactions", f->compactions);
    json_writer_put_number(w, object, "cost_usd", f->cost_usd);
    json_writer_put_number(w, object, "cost_estimate_usd", f->cost_estimate_usd);
    report_figures_put_cost(w, object, f);
    json_writer_put_number(w, object, "cache_cost_share_pct", f->cache_cost_share_pct);
}
