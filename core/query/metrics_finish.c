/* Finishes an accumulator: sums stay, each histogram becomes a summary, tools are sorted by name.
 */
#include "core/query/metrics_finish.h"

#include "core/model/request_phase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With fewer samples a percentile is the maximum by another name. */
enum { P90_SAMPLES = 5, P99_SAMPLES = 20 };

/* Up to here the binomial distribution is summed, beyond it is normal. */
enum { EXACT_RANKS = 100 };
#define NORMAL_975 1.959964

double metrics_percentile(struct histogram *histogram, int percent)
{
    uint64_t least = percent >= 99 ? P99_SAMPLES : percent >= 90 ? P90_SAMPLES : 1;
    return histogram->count < least ? (double)NAN : histogram_percentile(histogram, percent);
}

void metrics_weigh_request(const struct swarm *swarm, const struct span *span, int64_t from_ns,
                           int64_t to_ns, double phase_ms[SPAN_KINDS])
{
    while (from_ns < to_ns) {
        int64_t until = to_ns;
        enum span_kind kind = query_known_phase_at(swarm, span, from_ns, &until);
        until = until < to_ns ? until : to_ns;
        phase_ms[kind] += (double)(until - from_ns) / 1e6;
        from_ns = until;
    }
}

/* Returns the rank, from 1, of the lower end of the median's 95 % interval; 0: no interval. The
   number of samples below the median is binomial, with a half. */
static uint64_t interval_rank(uint64_t count)
{
    if (count > EXACT_RANKS) {
        return (uint64_t)floor((double)count / 2 - NORMAL_975 * sqrt((double)count) / 2);
    }
    double probability = ldexp(1, -(int)count), below = 0;
    uint64_t rank = 0;
    while ((below += probability) <= 0.025) {
        probability *= (double)(count - rank) / (double)(rank + 1);
        rank++;
    }
    return rank;
}

static void add_interval(struct histogram *histogram, struct summary *out)
{
    uint64_t rank = interval_rank(histogram->count);
    out->p50_low = out->p50_high = (double)NAN;
    if (rank > 0) {
        double step = 100 / (double)histogram->count; /* its middle, so that no rounding matters */
        out->p50_low = histogram_percentile(histogram, ((double)rank - 0.5) * step);
        out->p50_high =
            histogram_percentile(histogram, ((double)(histogram->count - rank + 1) - 0.5) * step);
    }
}

struct summary metrics_summarize(struct histogram *histogram)
{
    struct summary summary = {
        .count = histogram->count,
        .sum = histogram_sum(histogram),
        .min = histogram->min,
        .max = histogram->max,
        .mean = histogram->count > 0 ? histogram_sum(histogram) / (double)histogram->count
                                     : (double)NAN,
        .p50 = metrics_percentile(histogram, 50),
        .p90 = metrics_percentile(histogram, 90),
        .p95 = metrics_percentile(histogram, 95),
        .p99 = metrics_percentile(histogram, 99),
    };
    add_interval(histogram, &summary);
    return summary;
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
            .refused = tool->refused,
            .interrupted = tool->interrupted,
            .duration_ms = metrics_summarize(&tool->duration_ms),
        };
        out->tool_errors += tool->errors;
    }
    qsort(out->tools, out->tool_count, sizeof *out->tools, by_name);
    return true;
}

/* Returns how many requests may have a cost: those with tokens, and those that did not fail. */
static uint64_t may_cost(const struct metrics_acc *acc)
{
    uint64_t prompts = acc->token_counts[TOKENS_PROMPT], good = acc->requests - acc->failed;
    return prompts > good ? prompts : good;
}

bool metrics_finish(struct metrics_acc *acc, const struct intern *names, struct metrics *out)
{
    double prompt = metrics_acc_tokens(acc, TOKENS_PROMPT);
    double cached = metrics_acc_tokens(acc, TOKENS_CACHE_READ);
    double cost = metrics_acc_tokens(acc, TOKENS_COST);
    *out = (struct metrics){
        .requests = acc->requests,
        .failed = acc->failed,
        .refused = acc->refused,
        .interrupted = acc->interrupted,
        .retries = acc->retries,
        .open_requests = acc->open_requests,
        .prompt_tokens = prompt,
        .output_tokens = metrics_acc_tokens(acc, TOKENS_OUTPUT),
        .cache_read_tokens = cached,
        .cache_creation_tokens = metrics_acc_tokens(acc, TOKENS_CACHE_CREATION),
        .cache_hit_rate_pct = prompt > 0 ? 100 * cached / prompt : (double)NAN,
        .context_tokens = (double)NAN,
        .context_window = (double)NAN,
        .context_growth = (double)NAN,
        .compactions = metrics_acc_tokens(acc, TOKENS_COMPACTIONS),
        .cost_usd = (double)NAN,
        .cost_requests = acc->token_counts[TOKENS_COST],
        .cost_requests_of = may_cost(acc),
        .cost_estimate_usd = cost / 1e9,
        .cache_cost_share_pct =
            cost > 0 ? 100 * metrics_acc_tokens(acc, TOKENS_CACHE_COST) / cost : (double)NAN,
        .ttft_ms = metrics_summarize(&acc->quantities[OF_TTFT]),
        .ttlt_ms = metrics_summarize(&acc->quantities[OF_TTLT]),
        .itps = metrics_summarize(&acc->quantities[OF_ITPS]),
        .otps = metrics_summarize(&acc->quantities[OF_OTPS]),
        .setup_ms = metrics_summarize(&acc->quantities[OF_SETUP]),
        .request_ms = metrics_summarize(&acc->quantities[OF_REQUEST]),
        .user_wait_ms = metrics_acc_time(acc, SPAN_USER),
        .api_ms = metrics_acc_time(acc, SPAN_REQUEST),
        .tool_ms = metrics_acc_time(acc, SPAN_TOOL),
        .agent_wait_ms = metrics_acc_time(acc, SPAN_AGENT_CALL),
        .busy_ms = (double)NAN,
        .idle_ms = (double)NAN,
        .parallel = (double)NAN,
    };
    for (size_t kind = 0; kind < SPAN_KINDS; kind++) {
        out->phase_ms[kind] = time_sum_ms(acc->phase_times[kind]);
    }
    return finish_tools(acc, names, out);
}
