/* Requests. An answer is written when it is complete, a line a block, each with the usage of the whole; a tool's result may stand between two of
   them. So what is known of a call is gathered and said once, when the lines at hand are through. */
#include "ingest/claude/claude_private.h"

#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

static bool is_true(struct json_value value)
{
    return value.type == JSON_TYPE_TRUE;
}

static struct witness_request_fact nothing(void)
{
    const double none = (double)NAN;
    return (struct witness_request_fact){
        .start_ms = none,
        .end_ms = none,
        .ttft_ms = none,
        .prompt_tokens = none,
        .output_tokens = none,
        .cache_read_tokens = none,
        .cache_creation_tokens = none,
        .retry_attempt = none,
        .retry_in_ms = none,
        .retry_said_ms = none,
    };
}

static void say(struct claude_transcript *t, const struct claude_call *call,
                struct witness_request_fact *fact)
{
    struct witness_place place = claude_transcript_place(t);
    fact->start_ms = call->start_ms;
    fact->model = claude_transcript_text(t, call->model);
    fact->query_source = claude_transcript_text(t, call->source);
    claude_transcript_said(t, witness_request(claude_transcript_witness(t), &place,
                                              claude_transcript_text(t, call->id), fact));
}

/* ---- attempts ---- */

void claude_take_attempt(struct claude_transcript *t, const struct claude_line *line)
{
    const struct json_value *field = line->field;
    struct claude_attempt attempt = {
        .id = claude_transcript_put(t, claude_name(field[CLAUDE_ID])),
        .source = claude_transcript_put(t, claude_name(field[CLAUDE_QUERY_SOURCE])),
        .digest = claude_transcript_put(t, claude_name(field[CLAUDE_DIGEST])),
        .model = claude_transcript_put(t, claude_name(json_get(field[CLAUDE_PARAMS], "model"))),
        .at_ms = line->at_ms,
    };
    bool again;
    t->has_requests = true;
    if (attempt.id == INTERN_NONE || isnan(attempt.at_ms))
        return;
    if (t->prompt.id != INTERN_NONE) /* what had no answer by then never gets one */
        claude_end_requests(t, t->prompt.start_ms, "interrupted");
    claude_transcript_begin_turn(t);
    uint32_t number = claude_calls_attempt(&t->calls, &attempt, &again);
    claude_transcript_said(t, number != CLAUDE_NO_CALL);
    if (number == CLAUDE_NO_CALL || again)
        return;
    struct witness_request_fact fact = nothing();
    fact.attempt_ms = &attempt.at_ms;
    fact.attempt_count = 1;
    say(t, &t->calls.calls[number], &fact);
}

/* "529 Overloaded": what the client says of an attempt that failed, and when it tries again. */
void claude_take_retry(struct claude_transcript *t, const struct claude_line *line)
{
    uint32_t open = claude_calls_open(&t->calls);
    struct json_value error = line->field[CLAUDE_ERROR];
    struct witness_request_fact fact = nothing();
    if (open == CLAUDE_NO_CALL)
        return;
    strbuf_clear(&t->scratch);
    claude_text(json_get(error, "formatted"), CLAUDE_ID_BYTES, true, &t->scratch);
    if (t->scratch.len == 0)
        claude_text(json_get(error, "message"), CLAUDE_ID_BYTES, true, &t->scratch);
    if (t->scratch.len == 0)
        strbuf_adds(&t->scratch, "error");
    fact.error = (struct slice){t->scratch.data, t->scratch.len};
    fact.retry_attempt = claude_number(line->field[CLAUDE_RETRY_ATTEMPT]);
    fact.retry_in_ms = claude_number(line->field[CLAUDE_RETRY_IN]);
    fact.retry_said_ms = line->at_ms;
    if (t->scratch.failed)
        t->failed = true;
    else if (!isnan(fact.retry_attempt))
        say(t, &t->calls.calls[open], &fact);
}

/* ---- answers ---- */

/* The first block says how long it took, where it is one that is measured: what was before it is the time to the first token. */
static double first_token(const struct claude_transcript *t, const struct claude_line *line,
                          intern_id ref)
{
    double index = claude_number(line->field[CLAUDE_BLOCK_INDEX]);
    double took = claude_number(line->field[CLAUDE_THINKING_MS]);
    if (isnan(took))
        took = claude_number(line->field[CLAUDE_TOOL_INPUT_MS]);
    double ttft = line->at_ms - took - claude_calls_began(&t->calls, ref);
    return index < 1 && ttft >= 0 ? ttft : (double)NAN;
}

static double greater(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static double sum_of(double a, double b, double c)
{
    return (isnan(a) ? 0 : a) + (isnan(b) ? 0 : b) + (isnan(c) ? 0 : c);
}

static void take_usage(struct claude_call *call, struct json_value usage)
{
    double input = claude_number(json_get(usage, "input_tokens"));
    double read = claude_number(json_get(usage, "cache_read_input_tokens"));
    double creation = claude_number(json_get(usage, "cache_creation_input_tokens"));
    if (usage.type != JSON_TYPE_OBJECT)
        return;
    call->read = greater(call->read, read);
    call->creation = greater(call->creation, creation);
    if (!isnan(input))
        call->prompt = greater(call->prompt, sum_of(input, read, creation));
    call->output = greater(call->output, claude_number(json_get(usage, "output_tokens")));
}

/* Clients that write no line when a request begins: what it followed from has the time, to a tenth of a second. */
static void guess_start(struct claude_transcript *t, struct claude_call *call)
{
    if (!t->has_requests && isnan(call->start_ms))
        call->start_ms = call->last_ms = t->before_ms;
}

static void fail(struct claude_transcript *t, const struct claude_line *line)
{
    uint32_t open = claude_calls_open(&t->calls);
    double status = claude_number(line->field[CLAUDE_API_STATUS]);
    if (open != CLAUDE_NO_CALL) {
        strbuf_clear(&t->scratch);
        if (status < 1000)
            strbuf_addf(&t->scratch, "%.0f ", status);
        struct slice kind = claude_name(line->field[CLAUDE_API_TYPE]);
        kind = kind.bytes != NULL ? kind : claude_name(line->field[CLAUDE_ERROR]);
        kind = kind.bytes != NULL ? kind : (struct slice){"error", 5};
        strbuf_add(&t->scratch, kind.bytes, kind.len);
        if (t->scratch.failed)
            t->failed = true;
        else
            claude_end_requests(t, line->at_ms, t->scratch.data);
    }
    claude_transcript_end_turn(t, line->at_ms);
}

/* An answer without an attempt is known by its own ids. */
static intern_id ref_of(struct claude_transcript *t, const struct claude_line *line,
                        struct json_value message)
{
    struct slice ref = claude_name(line->field[CLAUDE_REQUEST_REF]);
    if (ref.bytes == NULL)
        ref = claude_name(line->field[CLAUDE_REQUEST_ID]);
    if (ref.bytes == NULL)
        ref = claude_name(json_get(message, "id"));
    return claude_transcript_put(t, ref);
}

static void take_blocks(struct claude_transcript *t, const struct claude_line *line,
                        struct json_value message)
{
    struct json_value block;
    for (struct json_walk walk = json_walk(json_get(message, "content"));
         json_next_item(&walk, &block);)
        if (json_string_is(json_get(block, "type"), "tool_use"))
            claude_take_tool(t, block, line->at_ms);
}

static void take_message(struct claude_transcript *t, const struct claude_line *line,
                         struct json_value message)
{
    intern_id ref = ref_of(t, line, message);
    uint32_t number = ref == INTERN_NONE ? CLAUDE_NO_CALL : claude_calls_of(&t->calls, ref);
    claude_transcript_said(t, ref == INTERN_NONE || number != CLAUDE_NO_CALL);
    if (number == CLAUDE_NO_CALL)
        return;
    struct claude_call *call = &t->calls.calls[number];
    guess_start(t, call);
    take_usage(call, json_get(message, "usage"));
    intern_id model = claude_transcript_put(t, claude_name(json_get(message, "model")));
    intern_id id = claude_transcript_put(t, claude_name(json_get(message, "id")));
    call->model = model != INTERN_NONE ? model : call->model;
    call->message_id = id != INTERN_NONE ? id : call->message_id;
    call->end_ms = greater(call->end_ms, line->at_ms);
    double ttft = first_token(t, line, ref);
    call->ttft_ms = isnan(ttft) ? call->ttft_ms : ttft;
    call->open = false;
    call->changed = true;
    t->first_changed = number < t->first_changed ? number : t->first_changed;
}

void claude_take_answer(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value message = line->field[CLAUDE_MESSAGE];
    struct json_value stop = json_get(message, "stop_reason");
    if (isnan(line->at_ms))
        return;
    if (is_true(line->field[CLAUDE_IS_API_ERROR])) {
        fail(t, line);
        return;
    }
    if (json_string_is(json_get(message, "model"), "<synthetic>"))
        return; /* of the client's own making: no request stands behind it */
    if (!t->has_requests)
        claude_transcript_begin_turn(t);
    take_message(t, line, message);
    take_blocks(t, line, message);
    if (stop.type == JSON_TYPE_STRING && !json_string_is(stop, "tool_use") &&
        !json_string_is(stop, "pause_turn"))
        claude_transcript_end_turn(t, line->at_ms);
}

static void say_answer(struct claude_transcript *t, struct claude_call *call)
{
    struct witness_request_fact fact = nothing();
    fact.message_id = claude_transcript_text(t, call->message_id);
    fact.end_ms = call->end_ms;
    fact.ttft_ms = call->ttft_ms;
    fact.prompt_tokens = call->prompt;
    fact.output_tokens = call->output;
    fact.cache_read_tokens = call->read;
    fact.cache_creation_tokens = call->creation;
    fact.success = YES;
    call->changed = false;
    say(t, call, &fact);
}

void claude_flush_answers(struct claude_transcript *t)
{
    for (size_t i = t->first_changed; i < t->calls.count; i++)
        if (t->calls.calls[i].changed && !isnan(t->calls.calls[i].end_ms))
            say_answer(t, &t->calls.calls[i]);
    t->first_changed = t->calls.count;
}

void claude_end_requests(struct claude_transcript *t, double at_ms, const char *error)
{
    struct witness_request_fact fact = nothing();
    uint32_t open;
    fact.end_ms = at_ms;
    fact.error = (struct slice){error, strlen(error)};
    fact.success = NO;
    while ((open = claude_calls_open(&t->calls)) != CLAUDE_NO_CALL) {
        struct claude_call *call = &t->calls.calls[open];
        if (!(call->last_ms <= at_ms))
            return;
        call->open = false;
        say(t, call, &fact);
    }
}
