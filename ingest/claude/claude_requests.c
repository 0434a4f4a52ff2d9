/* Requests. The client writes an answer once it is complete: one line for each block, each with the
   usage of the whole answer, and tools' results may come between them. So the blocks are collected
   and one update is sent after the lines of a read.

   Older clients write lines while the answer comes, whose usage and model may change until the last
   one. As updates keep the greatest of two numbers, these are sent once the answer is settled: it
   has a reason to stop, or something follows it. */
#include "ingest/claude/claude_private.h"

#include "ingest/claude/claude_args.h"

#include <math.h>
#include <string.h>

static bool is_true(struct json_value value)
{
    return value.type == JSON_TYPE_TRUE;
}

static struct update request_update(struct claude_transcript *t,
                                    const struct claude_request *request)
{
    struct slice id = claude_transcript_text(t, request->id);
    struct update update = claude_transcript_call(t, CALL_REQUEST, id);
    if (!request->inferred) {
        update_number(&update, FIELD_START_MS, request->start_ms);
    }
    update_text(&update, FIELD_QUERY_SOURCE, claude_transcript_text(t, request->source));
    return update;
}

/* Sends what any better source may correct: the model that was asked for, a start that no line
   reported. */
static void send_inferred(struct claude_transcript *t, const struct claude_request *request)
{
    struct slice id = claude_transcript_text(t, request->id);
    struct update update = claude_transcript_call(t, CALL_REQUEST, id);
    update.precedence = PRECEDENCE_INFERRED;
    update_text(&update, FIELD_MODEL, claude_transcript_text(t, request->asked));
    if (request->inferred) {
        update_number(&update, FIELD_START_MS, request->start_ms);
    }
    if (update.present != 0) {
        claude_transcript_send(t, &update);
    }
}

/* ---- attempts ---- */

void claude_requests_take_attempt(struct claude_transcript *t, const struct claude_line *line)
{
    const struct json_value *field = line->field;
    struct claude_attempt attempt = {
        .id = claude_transcript_put_id(t, field[CLAUDE_ID]),
        .source = claude_transcript_put(t, client_plain_text(field[CLAUDE_QUERY_SOURCE])),
        .digest = claude_transcript_put(t, client_plain_text(field[CLAUDE_DIGEST])),
        .model =
            claude_transcript_put(t, client_plain_text(json_get(field[CLAUDE_PARAMS], "model"))),
        .at_ms = line->at_ms,
    };
    bool again;
    t->has_requests = true;
    if (attempt.id == INTERN_NONE) {
        return;
    }
    if (t->prompt.id != INTERN_NONE) { /* an open request gets no answer after a new prompt */
        claude_requests_end(t, t->prompt.start_ms, NULL);
    }
    claude_transcript_begin_interaction(t);
    uint32_t number = claude_request_table_add_attempt(&t->requests, &attempt, &again);
    t->failed |= number == CLAUDE_NO_REQUEST;
    if (number == CLAUDE_NO_REQUEST || again) {
        return;
    }
    struct update update = request_update(t, &t->requests.items[number]);
    update_times(&update, FIELD_ATTEMPTS, &attempt.at_ms, 1);
    claude_transcript_send(t, &update);
    send_inferred(t, &t->requests.items[number]);
}

/* Takes an api_error line: why an attempt failed ("529 Overloaded") and when the next one begins.
   */
void claude_requests_take_retry(struct claude_transcript *t, const struct claude_line *line)
{
    uint32_t open = claude_request_table_open(&t->requests);
    struct json_value error = line->field[CLAUDE_ERROR];
    struct retry *retry;
    if (open == CLAUDE_NO_REQUEST) {
        return;
    }
    strbuf_clear(&t->scratch);
    json_text_cut(json_get(error, "formatted"), CLIENT_ID_BYTES, true, &t->scratch);
    if (t->scratch.len == 0) {
        json_text_cut(json_get(error, "message"), CLIENT_ID_BYTES, true, &t->scratch);
    }
    if (t->scratch.len == 0) {
        strbuf_adds(&t->scratch, "error");
    }
    struct update update = request_update(t, &t->requests.items[open]);
    retry = &update.values[FIELD_RETRY].retry;
    retry->error = (struct slice){t->scratch.data, t->scratch.len};
    retry->attempt = client_number(line->field[CLAUDE_RETRY_ATTEMPT]);
    retry->max_attempts = client_number(line->field[CLAUDE_RETRY_MAX]);
    retry->in_ms = client_number(line->field[CLAUDE_RETRY_IN]);
    retry->at_ms = line->at_ms;
    t->failed |= t->scratch.failed;
    if (!isnan(retry->attempt)) {
        update.present |= (uint64_t)1 << FIELD_RETRY;
        claude_transcript_send(t, &update);
    }
}

/* ---- answers ---- */

/* Returns the time to first token; NAN: unknown. Only thinking and tool blocks record how long they
   took, so the first token's time is known only if such a block is the first. */
static double first_token(const struct claude_transcript *t, const struct claude_line *line,
                          intern_id ref)
{
    double index = client_number(line->field[CLAUDE_BLOCK_INDEX]);
    double took = client_number(line->field[CLAUDE_THINKING_MS]);
    if (isnan(took)) {
        took = client_number(line->field[CLAUDE_TOOL_INPUT_MS]);
    }
    double ttft = line->at_ms - took - claude_request_table_attempt_ms(&t->requests, ref);
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

static void take_usage(struct claude_request *request, struct json_value usage)
{
    double input = client_number(json_get(usage, "input_tokens"));
    double read = client_number(json_get(usage, "cache_read_input_tokens"));
    double creation = client_number(json_get(usage, "cache_creation_input_tokens"));
    if (usage.type != JSON_TYPE_OBJECT) {
        return;
    }
    request->read = greater(request->read, read);
    request->creation = greater(request->creation, creation);
    if (!isnan(input)) {
        request->prompt = greater(request->prompt, sum_of(input, read, creation));
    }
    /* A partial answer has the usage of its begin: one token, whatever came after it. */
    double output = client_number(json_get(usage, "output_tokens"));
    if (!request->partial || output > 1) {
        request->output = greater(request->output, output);
    }
}

/* The line before an answer has the time of its request, to a tenth of a second. */
static void infer_start(struct claude_transcript *t, struct claude_request *request, double at_ms)
{
    if (isnan(request->start_ms)) {
        request->inferred = true;
        request->start_ms = request->last_ms = t->before_ms <= at_ms ? t->before_ms : at_ms;
        send_inferred(t, request);
    }
}

/* Returns whether the line has anything that a model sends. */
static bool is_answer(const struct claude_line *line, struct json_value message)
{
    return line->field[CLAUDE_REQUEST_REF].type == JSON_TYPE_STRING ||
           line->field[CLAUDE_REQUEST_ID].type == JSON_TYPE_STRING ||
           json_get(message, "id").type == JSON_TYPE_STRING ||
           json_get(message, "model").type == JSON_TYPE_STRING ||
           json_get(message, "usage").type == JSON_TYPE_OBJECT;
}

/* ---- failures ---- */

/* Sets scratch to "529 overloaded_error", or to what the line has of that. */
static void put_failure(struct claude_transcript *t, const struct claude_line *line)
{
    double status = client_number(line->field[CLAUDE_API_STATUS]);
    struct slice kind = client_plain_text(line->field[CLAUDE_API_TYPE]);
    kind = kind.bytes != NULL ? kind : client_plain_text(line->field[CLAUDE_ERROR]);
    strbuf_clear(&t->scratch);
    if (status < 1000) {
        strbuf_addf(&t->scratch, "%.0f ", status);
    }
    if (kind.bytes != NULL) {
        strbuf_add(&t->scratch, kind.bytes, kind.len);
        return;
    }
    struct json_value none = {.type = JSON_TYPE_NONE};
    claude_args_error(none, json_get(line->field[CLAUDE_MESSAGE], "content"), &t->scratch);
    if (t->scratch.len == 0) {
        strbuf_adds(&t->scratch, "error");
    }
}

/* Notes the API's id of an answer, or of the attempt that failed for good: telemetry calls the
   request by it. Some gateways give every answer the same: then it is the first one's. */
static void note_api_id(struct claude_transcript *t, uint32_t number,
                        const struct claude_line *line)
{
    struct claude_request *request = &t->requests.items[number];
    intern_id id = claude_transcript_put_id(t, line->field[CLAUDE_REQUEST_ID]);
    if (id == INTERN_NONE || request->api_id != INTERN_NONE ||
        claude_request_table_find(&t->requests, id) != CLAUDE_NO_REQUEST) {
        return;
    }
    request->api_id = id;
    t->failed |= !claude_request_table_alias(&t->requests, number, id);
}

/* A call failed for good. Old clients wrote no line as it began. */
static void fail(struct claude_transcript *t, const struct claude_line *line)
{
    uint32_t open = claude_request_table_open(&t->requests);
    if (open == CLAUDE_NO_REQUEST && !t->has_requests) {
        intern_id uuid = claude_transcript_put_id(t, line->field[CLAUDE_UUID]);
        bool again = claude_request_table_find(&t->requests, uuid) != CLAUDE_NO_REQUEST;
        open = uuid == INTERN_NONE || again ? CLAUDE_NO_REQUEST
                                            : claude_request_table_add(&t->requests, uuid);
        t->failed |= open == CLAUDE_NO_REQUEST && uuid != INTERN_NONE && !again;
        if (open != CLAUDE_NO_REQUEST) {
            claude_transcript_begin_interaction(t);
            infer_start(t, &t->requests.items[open], line->at_ms);
            t->requests.items[open].open = true;
        }
    }
    if (open != CLAUDE_NO_REQUEST) {
        note_api_id(t, open, line);
        put_failure(t, line);
        if (t->scratch.failed) {
            t->failed = true;
        } else {
            claude_requests_end(t, line->at_ms, t->scratch.data);
        }
    }
    claude_transcript_end_interaction(t, line->at_ms);
}

/* ---- the answer ---- */

static void take_blocks(struct claude_transcript *t, const struct claude_line *line,
                        struct json_value message, uint32_t request)
{
    struct json_value block;
    for (struct json_walk walk = json_walk(json_get(message, "content"));
         json_next_item(&walk, &block);) {
        struct json_value type = json_get(block, "type");
        if (claude_line_ends_with(type, "tool_use")) {
            claude_tools_take_call(t, block, line->at_ms, request);
        } else if (claude_line_ends_with(type, "_tool_result")) {
            claude_tools_take_result(t, line, block);
        }
    }
}

/* Another message answers the same request where the API fell back in mid-stream: what the first
   one counted is void. Returns false for a line of the message that was replaced. */
static bool take_message_id(struct claude_request *request, intern_id id)
{
    if (id == INTERN_NONE || id == request->message_id) {
        return true;
    }
    if (id == request->replaced) {
        return false;
    }
    if (request->message_id != INTERN_NONE) {
        const double none = (double)NAN;
        request->replaced = request->message_id;
        request->prompt = request->output = request->read = request->creation = none;
        request->settled = false;
    }
    request->message_id = id;
    return true;
}

static uint32_t take_message(struct claude_transcript *t, const struct claude_line *line,
                             struct json_value message)
{
    intern_id ref;
    uint32_t number = is_answer(line, message) ? claude_answers_request(t, line, message, &ref)
                                               : CLAUDE_NO_REQUEST;
    if (number == CLAUDE_NO_REQUEST) {
        return number;
    }
    if (ref != INTERN_NONE) {
        note_api_id(t, number, line);
    }
    struct claude_request *request = &t->requests.items[number];
    intern_id model = claude_transcript_put(t, client_plain_text(json_get(message, "model")));
    infer_start(t, request, line->at_ms);
    if (take_message_id(request, claude_transcript_put_id(t, json_get(message, "id")))) {
        request->partial = json_get(message, "stop_reason").type != JSON_TYPE_STRING;
        take_usage(request, json_get(message, "usage"));
        request->model = model != INTERN_NONE ? model : request->model;
        request->settled |= json_get(message, "stop_reason").type == JSON_TYPE_STRING;
    }
    request->end_ms = greater(request->end_ms, line->at_ms);
    double ttft = first_token(t, line, ref);
    request->ttft_ms = isnan(ttft) ? request->ttft_ms : ttft;
    request->open = false;
    request->changed = true;
    t->first_changed = number < t->first_changed ? number : t->first_changed;
    if (!request->settled && t->unsettled != number) {
        claude_requests_settle(t); /* of the answer before */
        t->unsettled = number;
    }
    return number;
}

void claude_requests_take_answer(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value message = line->field[CLAUDE_MESSAGE];
    struct json_value stop = json_get(message, "stop_reason");
    if (is_true(line->field[CLAUDE_IS_API_ERROR])) {
        fail(t, line);
        return;
    }
    if (json_string_is(json_get(message, "model"), "<synthetic>")) {
        return; /* made by the client, without a request */
    }
    if (!t->has_requests) {
        claude_transcript_begin_interaction(t);
    }
    take_blocks(t, line, message, take_message(t, line, message));
    if (stop.type == JSON_TYPE_STRING && !json_string_is(stop, "tool_use") &&
        !json_string_is(stop, "pause_turn")) {
        claude_transcript_end_interaction(t, line->at_ms);
    }
}

static void set_interrupted(struct update *update)
{
    static const char error[] = "interrupted";
    update_text(update, FIELD_ERROR, (struct slice){error, sizeof error - 1});
    update_number(update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
}

static void send_answer(struct claude_transcript *t, struct claude_request *request)
{
    struct update update = request_update(t, request);
    update_text(&update, FIELD_ALIAS, claude_transcript_text(t, request->api_id));
    update_number(&update, FIELD_END_MS, request->end_ms);
    update_number(&update, FIELD_TTFT_MS, request->ttft_ms);
    update_bool(&update, FIELD_SUCCESS, request->interrupted ? TRI_FALSE : TRI_TRUE);
    if (request->interrupted) {
        set_interrupted(&update);
    }
    if (request->settled) {
        update_text(&update, FIELD_MODEL, claude_transcript_text(t, request->model));
        update_text(&update, FIELD_MESSAGE_ID, claude_transcript_text(t, request->message_id));
        update_number(&update, FIELD_PROMPT_TOKENS, request->prompt);
        update_number(&update, FIELD_OUTPUT_TOKENS, request->output);
        update_number(&update, FIELD_CACHE_READ_TOKENS, request->read);
        update_number(&update, FIELD_CACHE_CREATION_TOKENS, request->creation);
    }
    request->changed = false;
    claude_transcript_send(t, &update);
}

void claude_requests_settle(struct claude_transcript *t)
{
    if (t->unsettled < t->requests.count && !t->requests.items[t->unsettled].settled) {
        t->requests.items[t->unsettled].settled = true;
        t->requests.items[t->unsettled].changed = true;
        t->first_changed = t->unsettled < t->first_changed ? t->unsettled : t->first_changed;
    }
    t->unsettled = CLAUDE_NO_REQUEST;
}

void claude_requests_flush(struct claude_transcript *t)
{
    for (size_t i = t->first_changed; i < t->requests.count; i++) {
        if (t->requests.items[i].changed && !isnan(t->requests.items[i].end_ms)) {
            send_answer(t, &t->requests.items[i]);
        }
    }
    t->first_changed = t->requests.count;
}

void claude_requests_end(struct claude_transcript *t, double at_ms, const char *error)
{
    uint32_t open;
    while ((open = claude_request_table_open(&t->requests)) != CLAUDE_NO_REQUEST) {
        struct claude_request *request = &t->requests.items[open];
        if (!(request->last_ms <= at_ms)) {
            return;
        }
        request->open = false;
        struct update update = request_update(t, request);
        update_text(&update, FIELD_ALIAS, claude_transcript_text(t, request->api_id));
        update_number(&update, FIELD_END_MS, at_ms);
        update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
        if (error == NULL) {
            set_interrupted(&update);
        } else {
            update_text(&update, FIELD_ERROR, (struct slice){error, strlen(error)});
        }
        claude_transcript_send(t, &update);
    }
}

void claude_requests_cut(struct claude_transcript *t)
{
    size_t count = t->requests.count;
    struct claude_request *last = count == 0 ? NULL : &t->requests.items[count - 1];
    /* A prompt that no request has followed yet: the last answer was over before it. */
    bool over = t->prompt.id != INTERN_NONE;
    if (last != NULL && last->partial && !over && !isnan(last->end_ms)) {
        last->interrupted = last->changed = true;
        t->first_changed = count - 1 < t->first_changed ? count - 1 : t->first_changed;
    }
}
