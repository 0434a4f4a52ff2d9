/* Requests. The file has the end of each, with its usage, but not its start: it is not before the
   turn's prompt or the last output of a tool, and a source that knows better corrects it. So a
   request is open from there on, and the id that it is given at its end is another one's alias.

   Older versions count tokens instead: whenever the thread's sum has grown, a request has ended. */
#include "ingest/codex/codex_thread.h"

#include "ingest/client_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REQUEST_ID_BYTES = CLIENT_ID_BYTES + 32 };

static struct update request_update(struct codex_thread *thread, unsigned number,
                                    char room[REQUEST_ID_BYTES])
{
    /* A thread may have several files, a turn has one. */
    intern_id turn = thread->request.turn == INTERN_NONE ? thread->thread : thread->request.turn;
    struct slice id = codex_text(thread, turn);
    int len = snprintf(room, REQUEST_ID_BYTES, "%.*s:%u", (int)id.len, id.bytes, number);
    return tree_file_call(thread->file, CALL_REQUEST, (struct slice){room, (size_t)len});
}

static void send_start(struct codex_thread *thread)
{
    char room[REQUEST_ID_BYTES];
    struct update update = request_update(thread, thread->request.number, room);
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_START_MS, thread->request.start_ms);
    update_text(&update, FIELD_MODEL, codex_text(thread, thread->model));
    tree_file_send(thread->file, &update);
}

void codex_request_begin(struct codex_thread *thread, double at_ms)
{
    struct codex_request *request = &thread->request;
    if (request->open) {
        return;
    }
    request->number++;
    request->turn = thread->turn;
    request->open = true;
    request->start_ms = at_ms;
    request->first_ms = (double)NAN;
    if (thread->turn_request.number == 0) {
        thread->turn_request = *request;
    }
    send_start(thread);
}

void codex_request_first_token(struct codex_thread *thread, double at_ms)
{
    struct codex_request *request = &thread->request;
    if (request->open && isnan(request->first_ms) && at_ms >= request->start_ms) {
        char room[REQUEST_ID_BYTES];
        struct update update = request_update(thread, thread->request.number, room);
        request->first_ms = at_ms;
        update_number(&update, FIELD_TTFT_MS, at_ms - request->start_ms);
        tree_file_send(thread->file, &update);
        if (thread->turn_request.number == request->number) {
            thread->turn_request.first_ms = at_ms;
        }
    }
}

/* Sends the end of the open request, with its usage. */
static void send_end(struct codex_thread *thread, struct json_value usage, struct slice response,
                     double at_ms)
{
    char room[REQUEST_ID_BYTES];
    struct codex_request *request = &thread->request;
    if (!request->open) { /* its begin was not noticed */
        codex_request_begin(thread, isnan(thread->file->last_ms) ? at_ms : thread->file->last_ms);
    }
    struct update update = request_update(thread, thread->request.number, room);
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
    update_text(&update, FIELD_MODEL, codex_text(thread, thread->model));
    update_text(&update, FIELD_MESSAGE_ID, response);
    update_number(&update, FIELD_PROMPT_TOKENS, client_number(json_get(usage, "input_tokens")));
    update_number(&update, FIELD_OUTPUT_TOKENS, client_number(json_get(usage, "output_tokens")));
    update_number(&update, FIELD_CACHE_READ_TOKENS,
                  client_number(json_get(usage, "cached_input_tokens")));
    update_number(&update, FIELD_CACHE_CREATION_TOKENS,
                  client_number(json_get(usage, "cache_write_input_tokens")));
    update_number(&update, FIELD_CONTEXT_WINDOW, thread->window);
    request->open = false;
    tree_file_send(thread->file, &update);
}

void codex_request_take_usage(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    const struct mem *mem = tree_file_mem(thread->file);
    struct json_value usage = json_get(payload, "usage");
    struct slice response = client_id(mem, json_get(payload, "response_id"), room);
    thread->request.has_records = true;
    if (response.bytes == NULL ||
        tree_file_claim(thread->file, response, client_number(json_get(usage, "total_tokens")))) {
        send_end(thread, usage, response, at_ms);
    } else {
        thread->request.open = false;
    }
}

void codex_request_take_count(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    struct json_value info = json_get(payload, "info");
    double total = client_number(json_get(json_get(info, "total_token_usage"), "total_tokens"));
    double window = client_number(json_get(info, "model_context_window"));
    bool grown = !isnan(total) && !(total <= thread->request.usage_total);
    thread->window = isnan(window) ? thread->window : window;
    thread->request.usage_total = grown ? total : thread->request.usage_total;
    if (grown && !thread->request.has_records && thread->turn != INTERN_NONE) {
        struct slice none = {NULL, 0};
        send_end(thread, json_get(info, "last_token_usage"), none, at_ms);
    }
}

void codex_request_take_turn(struct codex_thread *thread, struct json_value payload)
{
    const struct codex_request *first = &thread->turn_request;
    double ttft_ms = client_number(json_get(payload, "time_to_first_token_ms"));
    double wait_ms = thread->turn_ms + ttft_ms - first->start_ms;
    if (thread->turn != INTERN_NONE && first->number > 0 && isnan(first->first_ms) &&
        wait_ms >= 0) {
        char room[REQUEST_ID_BYTES];
        struct update update = request_update(thread, first->number, room);
        update_number(&update, FIELD_TTFT_MS, wait_ms);
        tree_file_send(thread->file, &update);
    }
}

void codex_request_end(struct codex_thread *thread, double at_ms)
{
    if (thread->request.open) {
        send_end(thread, (struct json_value){.type = JSON_TYPE_NONE}, (struct slice){NULL, 0},
                 at_ms);
    }
}

void codex_request_fail(struct codex_thread *thread, double at_ms, enum outcome outcome,
                        struct slice error)
{
    char room[REQUEST_ID_BYTES];
    if (!thread->request.open) {
        return;
    }
    struct update update = request_update(thread, thread->request.number, room);
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_text(&update, FIELD_ERROR, error);
    if (outcome != OUTCOME_NONE) {
        update_number(&update, FIELD_OUTCOME, outcome);
    }
    thread->request.open = false;
    tree_file_send(thread->file, &update);
}
