/* The end of an API Call: derived metrics, and the sub-spans that the seed appends before the end event
   (endLLMRequestPerfettoSpan), in its order and under its conditions. */
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Math.round(x): half goes up, exactly. */
static double js_round(double x)
{
    double below = floor(x);
    return x - below >= 0.5 ? below + 1 : below;
}

struct request_end {
    struct tracer *tracer;
    const struct pending *pending;
    double end_us;
    double setup_us; /* 0: none */
    double ttft_ms, ttlt_ms, prompt_tokens;
    double itps, otps, cache_hit_rate_pct; /* NAN: undefined */
    const double *attempts;
    size_t attempt_count;
    const struct end_llm_request_op *op;
    struct event_sink *sink; /* NULL: events are appended */
};

static bool put_event(const struct request_end *end, const struct trace_event *event)
{
    return end->sink != NULL ? end->sink->put(end->sink, event)
                             : tracer_push(end->tracer, event, NULL);
}

static bool push(const struct request_end *end, char ph, const char *name, const char *cat,
                 double ts_us, struct arg_list *list)
{
    struct intern *names = swarm_names(end->tracer->swarm);
    struct strbuf args;
    strbuf_init(&args, end->tracer->mem, 0);
    if (list != NULL) {
        arg_merge(list, &args, NULL, 0);
    }
    struct trace_event event = {
        .ph = ph,
        .name = intern_put(names, name, strlen(name)),
        .cat = intern_put(names, cat, strlen(cat)),
        .track = end->pending->track,
        .ts_us = ts_us,
        .args = {args.data, args.len},
    };
    bool good = !args.failed && event.name != INTERN_FAILED && event.cat != INTERN_FAILED &&
                put_event(end, &event);
    strbuf_release(&args);
    return good;
}

/* B with args, E without. */
static bool push_pair(const struct request_end *end, const char *name, const char *cat,
                      double from_us, double to_us, struct arg_list *list)
{
    bool good = push(end, 'B', name, cat, from_us, list) && push(end, 'E', name, cat, to_us, NULL);
    arg_list_release(list);
    return good;
}

/* Each failed attempt runs from its start to the next attempt's start. */
static bool push_attempts(const struct request_end *end)
{
    for (size_t i = 0; i + 1 < end->attempt_count; i++) {
        double base = end->attempts[0], start = end->pending->start_us;
        char name[48];
        snprintf(name, sizeof name, "Attempt %zu (retry)", i + 1);
        struct arg_list list;
        arg_list_init(&list, end->tracer->mem);
        arg_number(&list, "attempt", (double)(i + 1));
        if (!push_pair(end, name, "api,retry", start + (end->attempts[i] - base) * 1000,
                       start + (end->attempts[i + 1] - base) * 1000, &list)) {
            return false;
        }
    }
    return true;
}

static bool push_setup(const struct request_end *end)
{
    static const char name[] = "Request Setup", cat[] = "api,setup";
    if (!(end->setup_us > 0)) {
        return true;
    }
    struct arg_list list;
    arg_list_init(&list, end->tracer->mem);
    arg_number(&list, "request_setup_ms", end->op->request_setup_ms);
    arg_number(&list, "attempt_count", end->attempts == NULL ? 1 : (double)end->attempt_count);
    bool good = push(end, 'B', name, cat, end->pending->start_us, &list) && push_attempts(end) &&
                push(end, 'E', name, cat, end->pending->start_us + end->setup_us, NULL);
    arg_list_release(&list);
    return good;
}

static bool push_sampling(const struct request_end *end)
{
    if (isnan(end->ttft_ms)) {
        return true;
    }
    double from = end->pending->start_us + end->setup_us, to = from + end->ttft_ms * 1000;
    struct arg_list list;
    arg_list_init(&list, end->tracer->mem);
    arg_number(&list, "ttft_ms", end->ttft_ms);
    arg_number(&list, "prompt_tokens", end->prompt_tokens);
    arg_number(&list, "itps", end->itps);
    arg_number(&list, "cache_hit_rate_pct", end->cache_hit_rate_pct);
    if (!push_pair(end, "First Token", "api,ttft", from, to, &list)) {
        return false;
    }
    double sampling_ms = end->ttlt_ms - end->ttft_ms - end->setup_us / 1000;
    if (!(sampling_ms > 0)) {
        return true;
    }
    arg_list_init(&list, end->tracer->mem);
    arg_number(&list, "sampling_ms", sampling_ms);
    arg_number(&list, "output_tokens", end->op->output_tokens);
    arg_number(&list, "otps", end->otps);
    return push_pair(end, "Sampling", "api,sampling", to, to + sampling_ms * 1000, &list);
}

static bool push_end(const struct request_end *end)
{
    const struct end_llm_request_op *op = end->op;
    struct arg_list list;
    struct strbuf args;
    arg_list_init(&list, end->tracer->mem);
    strbuf_init(&args, end->tracer->mem, 0);
    arg_number(&list, "ttft_ms", end->ttft_ms);
    arg_number(&list, "ttlt_ms", end->ttlt_ms);
    if (!isnan(op->prompt_tokens)) { /* else what the begin said stays */
        arg_number(&list, "prompt_tokens", op->prompt_tokens);
    }
    arg_number(&list, "output_tokens", op->output_tokens);
    arg_number(&list, "cache_read_tokens", op->cache_read_tokens);
    arg_number(&list, "cache_creation_tokens", op->cache_creation_tokens);
    if (op->message_id.bytes != NULL) {
        arg_text(&list, "message_id", op->message_id);
    }
    arg_bool(&list, "success", op->success != NO);
    arg_text(&list, "error", op->error);
    arg_number(&list, "duration_ms", (end->end_us - end->pending->start_us) / 1000);
    arg_number(&list, "request_setup_ms", op->request_setup_ms);
    arg_number(&list, "itps", end->itps);
    arg_number(&list, "otps", end->otps);
    arg_number(&list, "cache_hit_rate_pct", end->cache_hit_rate_pct);
    arg_merge(&list, &args, end->pending->args.data, end->pending->args.len);
    struct trace_event event = {
        .ph = 'E',
        .name = end->pending->name,
        .cat = end->pending->cat,
        .track = end->pending->track,
        .ts_us = end->end_us,
        .args = {args.data, args.len},
    };
    bool good = !args.failed && put_event(end, &event);
    arg_list_release(&list);
    strbuf_release(&args);
    return good;
}

static void derive_metrics(struct request_end *end)
{
    const struct end_llm_request_op *op = end->op;
    double sampling_ms = end->ttlt_ms - end->ttft_ms;
    end->itps = end->otps = end->cache_hit_rate_pct = (double)NAN;
    if (end->ttft_ms > 0 && !isnan(end->prompt_tokens)) {
        end->itps = js_round(end->prompt_tokens / (end->ttft_ms / 1000) * 100) / 100;
    }
    if (sampling_ms > 0 && !isnan(op->output_tokens)) {
        end->otps = js_round(op->output_tokens / (sampling_ms / 1000) * 100) / 100;
    }
    if (!isnan(op->cache_read_tokens) && end->prompt_tokens > 0) {
        end->cache_hit_rate_pct =
            js_round(op->cache_read_tokens / end->prompt_tokens * 10000) / 100;
    }
}

/* The attempts that `attempt` operations told of, the first one being the start unless it was told of too. False: out of memory. */
static bool own_attempts(struct request_end *end, double start_ms, double **own, size_t *cap)
{
    const struct pending *pending = end->pending;
    size_t extra = pending->first_attempt_said ? 0 : 1;
    if (end->attempts != NULL || pending->attempt_count == 0) {
        return true;
    }
    if (!mem_reserve(end->tracer->mem, own, cap, pending->attempt_count + extra, sizeof **own)) {
        return false;
    }
    (*own)[0] = start_ms;
    memcpy(*own + extra, pending->attempts, pending->attempt_count * sizeof **own);
    end->attempts = *own;
    end->attempt_count = pending->attempt_count + extra;
    return true;
}

bool llm_request_end(struct tracer *tracer, const struct trace_session *session,
                     const struct pending *pending, double end_us,
                     const struct end_llm_request_op *op, struct event_sink *sink)
{
    struct json_value begin_args = {JSON_TYPE_OBJECT, pending->args.data, pending->args.len};
    struct request_end end = {
        .tracer = tracer,
        .pending = pending,
        .end_us = end_us,
        .setup_us = op->request_setup_ms > 0 ? op->request_setup_ms * 1000 : 0,
        .ttft_ms = op->ttft_ms,
        .ttlt_ms = op->ttlt_ms,
        .prompt_tokens = isnan(op->prompt_tokens)
                             ? json_get_number(json_get(begin_args, "prompt_tokens"))
                             : op->prompt_tokens,
        .attempts = op->attempt_start_times,
        .attempt_count = op->attempt_count,
        .op = op,
        .sink = sink,
    };
    double start_ms = session->start_ms + pending->start_us / 1000;
    if (isnan(end.ttft_ms) && !isnan(pending->first_token_ms)) {
        end.ttft_ms = pending->first_token_ms - start_ms - end.setup_us / 1000;
    }
    double *own = NULL;
    size_t own_cap = 0;
    derive_metrics(&end);
    bool good = own_attempts(&end, start_ms, &own, &own_cap) && push_setup(&end) &&
                push_sampling(&end) && push_end(&end);
    mem_free(tracer->mem, own, own_cap * sizeof *own);
    return good;
}
