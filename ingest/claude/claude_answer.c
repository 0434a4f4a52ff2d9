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

static struct update request_update(struct claude_transcript *t, const struct claude_call *call)
{
    struct slice id = claude_transcript_text(t, call->id);
    struct update update = claude_transcript_call(t, CALL_REQUEST, id);
    update_number(&update, FIELD_START_MS, call->start_ms);
    update_text(&update, FIELD_MODEL, claude_transcript_text(t, call->model));
    update_text(&update, FIELD_QUERY_SOURCE, claude_transcript_text(t, call->source));
    return update;
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
    t->failed |= number == CLAUDE_NO_CALL;
    if (number == CLAUDE_NO_CALL || again)
        return;
    struct update update = request_update(t, &t->calls.calls[number]);
    update_times(&update, FIELD_ATTEMPTS, &attempt.at_ms, 1);
    claude_transcript_send(t, &update);
}

/* "529 Overloaded": what the client says of an attempt that failed, and when it tries again. */
void claude_take_retry(struct claude_transcript *t, const struct claude_line *line)
{
    uint32_t open = claude_calls_open(&t->calls);
    struct json_value error = line->field[CLAUDE_ERROR];
    struct retry *retry;
    if (open == CLAUDE_NO_CALL)
        return;
    strbuf_clear(&t->scratch);
    claude_text(json_get(error, "formatted"), CLAUDE_ID_BYTES, true, &t->scratch);
    if (t->scratch.len == 0)
        claude_text(json_get(error, "message"), CLAUDE_ID_BYTES, true, &t->scratch);
    if (t->scratch.len == 0)
        strbuf_adds(&t->scratch, "error");
    struct update update = request_update(t, &t->calls.calls[open]);
    retry = &update.values[FIELD_RETRY].retry;
    retry->error = (struct slice){t->scratch.data, t->scratch.len};
    retry->attempt = claude_number(line->field[CLAUDE_RETRY_ATTEMPT]);
    retry->in_ms = claude_number(line->field[CLAUDE_RETRY_IN]);
    retry->at_ms = line->at_ms;
    t->failed |= t->scratch.failed;
    if (!isnan(retry->attempt)) {
        update.present |= (uint64_t)1 << FIELD_RETRY;
        claude_transcript_send(t, &update);
    }
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
    t->failed |= ref != INTERN_NONE && number == CLAUDE_NO_CALL;
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

static void send_answer(struct claude_transcript *t, struct claude_call *call)
{
    struct update update = request_update(t, call);
    update_text(&update, FIELD_MESSAGE_ID, claude_transcript_text(t, call->message_id));
    update_number(&update, FIELD_END_MS, call->end_ms);
    update_number(&update, FIELD_TTFT_MS, call->ttft_ms);
    update_number(&update, FIELD_PROMPT_TOKENS, call->prompt);
    update_number(&update, FIELD_OUTPUT_TOKENS, call->output);
    update_number(&update, FIELD_CACHE_READ_TOKENS, call->read);
    update_number(&update, FIELD_CACHE_CREATION_TOKENS, call->creation);
    update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
    call->changed = false;
    claude_transcript_send(t, &update);
}

void claude_flush_answers(struct claude_transcript *t)
{
    for (size_t i = t->first_changed; i < t->calls.count; i++)
        if (t->calls.calls[i].changed && !isnan(t->calls.calls[i].end_ms))
            send_answer(t, &t->calls.calls[i]);
    t->first_changed = t->calls.count;
}

void claude_end_requests(struct claude_transcript *t, double at_ms, const char *error)
{
    uint32_t open;
    while ((open = claude_calls_open(&t->calls)) != CLAUDE_NO_CALL) {
        struct claude_call *call = &t->calls.calls[open];
        if (!(call->last_ms <= at_ms))
            return;
        call->open = false;
        struct update update = request_update(t, call);
        update_number(&update, FIELD_END_MS, at_ms);
        update_text(&update, FIELD_ERROR, (struct slice){error, strlen(error)});
        update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
        claude_transcript_send(t, &update);
    }
}
