/* Figures are what a acc comes to: sums as they are, a summary for each histogram, tools by name.
 */
#include "core/query/metrics_finish.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct summary summarise(struct histogram *histogram)
{
    return (struct summary){
        .count = histogram->count,
        .sum = histogram_sum(histogram),
        .min = histogram->min,
        .max = histogram->max,
        .mean = histogram->count > 0 ? histogram_sum(histogram) / (double)histogram->count
                                     : (double)NAN,
        .p50 = histogram_percentile(histogram, 50),
        .p90 = histogram_percentile(histogram, 90),
        .p95 = histogram_percentile(histogram, 95),
        .p99 = histogram_percentile(histogram, 99),
    };
}

static int by_name(const void *a, const void *b)
{
    const struct tool_metrics *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Corrections may have taken back all that a tool did. */
static bool is_idle(const struct tool_acc *tool)
{
    return tool->open == 0 && tool->errors == 0 && tool->duration_ms.count == 0;
}

static size_t count_tools(const struct metrics_acc *acc)
{
    size_t count = 0;
    for (size_t i = 0; i < acc->tool_count; i++) {
        count += !is_idle(&acc->tools[i]);
    }
    return count;
}

static bool finish_tools(struct metrics_acc *acc, const struct intern *names, struct metrics *out)
{
    size_t count = count_tools(acc);
    if (count == 0) {
        return true;
    }
    out->tools = mem_zalloc(acc->mem, count, sizeof *out->tools);
    if (out->tools == NULL) {
        return false;
    }
    for (size_t i = 0; i < acc->tool_count; i++) {
        struct tool_acc *tool = &acc->tools[i];
        if (is_idle(tool)) {
            continue;
        }
        out->tools[out->tool_count++] = (struct tool_metrics){
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

bool metrics_finish(struct metrics_acc *acc, const struct intern *names, struct metrics *out)
{
    double prompt = metrics_acc_tokens(acc, TOKENS_PROMPT);
    double cached = metrics_acc_tokens(acc, TOKENS_CACHE_READ);
    *out = (struct metrics){
        .requests = acc->requests,
        .failed = acc->failed,
        .retries = acc->retries,
        .open_requests = acc->open_requests,
        .prompt_tokens = prompt,
        .output_tokens = metrics_acc_tokens(acc, TOKENS_OUTPUT),
        .cache_read_tokens = cached,
        .cache_creation_tokens = metrics_acc_tokens(acc, TOKENS_CACHE_CREATION),
        .cache_hit_rate_pct = prompt > 0 ? 100 * cached / prompt : (double)NAN,
        .ttft_ms = summarise(&acc->quantities[OF_TTFT]),
        .ttlt_ms = summarise(&acc->quantities[OF_TTLT]),
        .itps = summarise(&acc->quantities[OF_ITPS]),
        .otps = summarise(&acc->quantities[OF_OTPS]),
        .setup_ms = summarise(&acc->quantities[OF_SETUP]),
        .request_ms = summarise(&acc->quantities[OF_REQUEST]),
        .user_wait_ms = metrics_acc_time(acc, SPAN_USER),
        .api_ms = metrics_acc_time(acc, SPAN_REQUEST),
        .tool_ms =
            metrics_add(metrics_acc_time(acc, SPAN_TOOL), metrics_acc_time(acc, SPAN_AGENT_CALL)),
        .agent_wait_ms = metrics_acc_time(acc, SPAN_AGENT_CALL),
        .busy_ms = (double)NAN,
        .idle_ms = (double)NAN,
        .parallel = (double)NAN,
    };
    for (size_t kind = 0; kind < SPAN_KINDS; kind++) {
        out->phase_ms[kind] = (double)acc->phase_ns[kind] / 1e6;
    }
    return finish_tools(acc, names, out);
}
