/* A request is set up (with the attempts that failed inside), waits for its first token, and
   samples. Only what is known is a phase: set-up where it took time, the first token where its
   time is known, sampling where some time is left after it. */
#include "core/model/request.h"

#include <math.h>
#include <stdio.h>

/* Math.round(x): half goes up, exactly. */
static double js_round(double x)
{
    double below = floor(x);
    return x - below >= 0.5 ? below + 1 : below;
}

void request_shape_rates(struct request_shape *shape)
{
    double sampling_ms = shape->ttlt_ms - shape->ttft_ms;
    shape->itps = shape->otps = shape->cache_hit_rate_pct = (double)NAN;
    if (shape->ttft_ms > 0 && !isnan(shape->prompt_tokens)) {
        shape->itps = js_round(shape->prompt_tokens / (shape->ttft_ms / 1000) * 100) / 100;
    }
    if (sampling_ms > 0 && !isnan(shape->output_tokens)) {
        double tokens =
            shape->output_tokens + (shape->thought_tokens > 0 ? shape->thought_tokens : 0);
        shape->otps = js_round(tokens / (sampling_ms / 1000) * 100) / 100;
    }
    if (!isnan(shape->cache_read_tokens) && shape->prompt_tokens > 0) {
        shape->cache_hit_rate_pct =
            js_round(shape->cache_read_tokens / shape->prompt_tokens * 10000) / 100;
    }
}

static double setup_us(const struct request_shape *shape)
{
    return shape->setup_ms > 0 ? shape->setup_ms * 1000 : 0;
}

/* Each failed attempt runs from its start to the next attempt's start. */
static void retry_phase(const struct request_shape *shape, size_t i, struct request_phase *out)
{
    double base = shape->attempts[0];
    *out = (struct request_phase){
        .kind = SPAN_RETRY,
        .attempt = (unsigned)i + 1,
        .from_us = shape->start_us + (shape->attempts[i] - base) * 1000,
        .to_us = shape->start_us + (shape->attempts[i + 1] - base) * 1000,
    };
}

bool request_shape_phase(const struct request_shape *shape, size_t index, struct request_phase *out)
{
    double setup = setup_us(shape), first = shape->start_us + setup;
    size_t retries = shape->attempt_count > 1 ? shape->attempt_count - 1 : 0;
    size_t before = setup > 0 ? 1 + retries : 0;
    if (index < before) {
        if (index > 0) {
            retry_phase(shape, index - 1, out);
        } else {
            *out = (struct request_phase){SPAN_SETUP, 0, shape->start_us, first};
        }
        return true;
    }
    double sampled = first + shape->ttft_ms * 1000;
    double sampling_ms = shape->ttlt_ms - shape->ttft_ms - setup / 1000;
    if (isnan(shape->ttft_ms) || index > before + 1) {
        return false;
    }
    if (index == before) {
        *out = (struct request_phase){SPAN_FIRST_TOKEN, 0, first, sampled};
        return true;
    }
    *out = (struct request_phase){SPAN_SAMPLING, 0, sampled, sampled + sampling_ms * 1000};
    return sampling_ms > 0;
}

const char *request_phase_name(const struct request_phase *phase, char room[PHASE_NAME_MAX])
{
    switch (phase->kind) {
    case SPAN_SETUP: return "Request Setup";
    case SPAN_FIRST_TOKEN: return "First Token";
    case SPAN_SAMPLING: return "Sampling";
    case SPAN_RETRY:
    case SPAN_OTHER:
    case SPAN_INTERACTION:
    case SPAN_REQUEST:
    case SPAN_TOOL:
    case SPAN_AGENT_CALL:
    case SPAN_USER:
    case SPAN_KINDS: break;
    }
    snprintf(room, PHASE_NAME_MAX, "Attempt %u (retry)", phase->attempt);
    return room;
}

const char *request_phase_cat(enum span_kind kind)
{
    return kind == SPAN_SETUP         ? "api,setup"
           : kind == SPAN_RETRY       ? "api,retry"
           : kind == SPAN_FIRST_TOKEN ? "api,ttft"
                                      : "api,sampling";
}
