/* A request to a model. All its times are drawn at its start: set-up, failed attempts and pauses,
   first token, sampling at the model's rate. Then its lines are put into the heap. */
#include "tui/cmd/demo_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_MS 600

void request_plan(struct story *story, double at_ms, const struct actor *a, struct request *r)
{
    double sent = at_ms + story_spread(story, 45, 0.5), ttft;
    unsigned failed = story_chance(story, 0.10) ? 1 + story_pick(story, MAX_ATTEMPTS - 1) : 0;
    memset(r, 0, sizeof *r);
    r->span = ++story->spans;
    r->begin = at_ms;
    r->attempts[r->attempt_count++] = sent;
    for (unsigned i = 0; i < failed; i++) {
        sent += story_between(story, 150, 500) + 500 * (1 << i) * (0.8 + 0.4 * story_random(story));
        sent = round(sent);
        r->attempts[r->attempt_count++] = sent;
    }
    ttft = story_spread(story, 24000 / a->role->tokens_per_s + 300, 0.4);
    if (story_chance(story, 0.05)) {
        ttft *= 5;
    }
    r->last = a->rounds <= 1 || story_winds_down(story, at_ms);
    r->fails = !r->last && story_chance(story, 0.02);
    r->output_tokens = story_spread(story, r->last ? 240 : 95, 0.6);
    r->first_token = sent + ttft;
    r->end = r->first_token + round(1000 * r->output_tokens /
                                    (a->role->tokens_per_s * (0.8 + 0.4 * story_random(story))));
    if (r->fails) {
        r->end = r->first_token;
    }
}

static void put_attempts(struct story *story, uint32_t actor, const struct request *r)
{
    static const char *const errors[] = {"529 overloaded", "429 rate limited", "connection reset"};
    const char *error = errors[story_pick(story, 3)];
    for (size_t i = 1; i < r->attempt_count; i++) {
        double at_ms = r->attempts[i - 1] + 120;
        line_begin(story, at_ms, "attempt", actor);
        line_span(story, r->span);
        line_number(story, "attempt", (double)i + 1);
        line_text(story, "error", error);
        story->fact.error = error;
        line_number(story, "retry_in_ms", r->attempts[i] - at_ms);
        line_end(story, at_ms);
    }
}

static void put_tokens(struct story *story, uint32_t actor, const struct request *r)
{
    double span_ms = r->end - r->first_token;
    line_begin(story, r->first_token, "first_token", actor);
    line_span(story, r->span);
    line_end(story, r->first_token);
    for (double at_ms = r->first_token + PROGRESS_MS; at_ms < r->end; at_ms += PROGRESS_MS) {
        line_begin(story, at_ms, "progress", actor);
        line_span(story, r->span);
        line_number(story, "output_tokens",
                    round(r->output_tokens * (at_ms - r->first_token) / span_ms));
        line_end(story, at_ms);
    }
}

static void put_attempt_times(struct story *story, const struct request *r)
{
    struct strbuf list;
    strbuf_init(&list, story->mem, 0);
    for (size_t i = 0; i < r->attempt_count; i++) {
        strbuf_addf(&list, "%s%.0f", i ? "," : "[", story->options.start_ms + r->attempts[i]);
    }
    strbuf_addc(&list, ']');
    story->failed |= list.failed;
    line_raw(story, "attempt_start_times", list.failed ? "[]" : list.data);
    strbuf_release(&list);
}

static void put_end(struct story *story, uint32_t actor, const struct request *r)
{
    struct actor *a = &story->actors[actor];
    double sent = r->attempts[r->attempt_count - 1];
    line_begin(story, r->end, "end_llm_request", actor);
    line_span(story, r->span);
    line_bool(story, "success", !r->fails);
    if (r->fails) {
        line_text(story, "error", "overloaded_error: 529");
    } else {
        line_number(story, "ttft_ms", r->first_token - sent);
        line_number(story, "ttlt_ms", r->end - r->begin);
        line_number(story, "prompt_tokens", a->prompt_tokens);
        line_number(story, "output_tokens", r->output_tokens);
        line_number(story, "cache_read_tokens", a->cached_tokens);
        line_number(story, "cache_creation_tokens", a->prompt_tokens - a->cached_tokens - 4);
    }
    line_number(story, "request_setup_ms", sent - r->begin);
    put_attempt_times(story, r);
    line_end(story, r->end);
}

void request_put(struct story *story, uint32_t actor, const struct request *r)
{
    const struct actor *a = &story->actors[actor];
    char source[64];
    snprintf(source, sizeof source, "%s%s", a->depth ? "agent:" : "repl_main_thread",
             a->depth ? a->role->name : "");
    line_begin(story, r->begin, "start_llm_request", actor);
    line_span(story, r->span);
    line_text(story, "model", a->role->model);
    line_number(story, "prompt_tokens", a->prompt_tokens);
    line_text(story, "query_source", source);
    line_end(story, r->begin);
    put_attempts(story, actor, r);
    if (!r->fails) {
        put_tokens(story, actor, r);
    }
    put_end(story, actor, r);
}
