/* Which request the answer in a line belongs to. New clients write a reference to it. Without one
   the ids of the API and of the message decide, which some gateways repeat or leave out, and the
   lines between two answers. A copied line has another uuid, but the time of its original. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double prompt_tokens(struct json_value usage)
{
    static const char *const keys[] = {"input_tokens", "cache_read_input_tokens",
                                       "cache_creation_input_tokens"};
    double sum = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        double tokens = client_number(json_get(usage, keys[i]));
        sum += isnan(tokens) ? 0 : tokens;
    }
    return sum;
}

/* Returns whether the id is one that a cloud's API makes for each answer. */
static bool is_clouds(const struct claude_transcript *t, intern_id id)
{
    static const char *const prefixes[] = {"msg_bdrk_", "msg_vrtx_"};
    struct slice text = claude_transcript_text(t, id);
    bool found = false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = strlen(prefixes[i]);
        found |= text.len > len && memcmp(text.bytes, prefixes[i], len) == 0;
    }
    return found;
}

/* Returns whether a tool's result since the last line has ended the answer. Clients may run tools
   while the answer streams: the lines before its last one then have no reason why it stopped, and
   all have the same prompt. An answer without an id, of a gateway that has repeated one or counts
   no tokens, shows nothing of that: its tools ran after it. */
static bool is_cut_by_result(const struct claude_transcript *t, intern_id id,
                             struct json_value message)
{
    const struct claude_request *request = &t->requests.items[t->answer.request];
    struct json_value usage = json_get(message, "usage");
    double tokens = prompt_tokens(usage);
    return id == INTERN_NONE || t->repeats_ids || (!request->partial && !is_clouds(t, id)) ||
           usage.type != JSON_TYPE_OBJECT || !(tokens > 0) || tokens < request->prompt ||
           tokens > request->prompt;
}

/* Returns whether a line without a reference belongs to the answer of the line before it. Some
   gateways give every answer the same id, or none: then a prompt between them separates two
   answers, and so does a tool's result where the prompts' sizes differ. */
static bool continues_answer(const struct claude_transcript *t, intern_id id, bool has_api_id,
                             struct json_value message)
{
    const struct claude_answer *answer = &t->answer;
    struct json_value usage = json_get(message, "usage");
    if (answer->request == CLAUDE_NO_REQUEST || answer->id != id || answer->over) {
        return false;
    }
    if (answer->results && !t->has_requests && !has_api_id) {
        return !is_cut_by_result(t, id, message);
    }
    double known = t->requests.items[answer->request].prompt;
    return !answer->results || usage.type != JSON_TYPE_OBJECT || isnan(known) ||
           !(known < prompt_tokens(usage) || known > prompt_tokens(usage));
}

/* Returns the request of which the line is a copy that has another uuid but the time of the
   original; CLAUDE_NO_REQUEST: none is known. Answers of gateways that repeat an id are later. */
static uint32_t find_copied(const struct claude_transcript *t, intern_id id, double at_ms)
{
    uint32_t number =
        id == INTERN_NONE ? CLAUDE_NO_REQUEST : claude_request_table_find(&t->requests, id);
    bool copied = number != CLAUDE_NO_REQUEST && t->requests.items[number].end_ms >= at_ms;
    return copied ? number : CLAUDE_NO_REQUEST;
}

/* Returns the request of a line without a reference to it. */
static uint32_t find_unreferenced(struct claude_transcript *t, const struct claude_line *line,
                                  struct json_value message)
{
    intern_id uuid = claude_transcript_put_id(t, line->field[CLAUDE_UUID]);
    intern_id id = claude_transcript_put_id(t, line->field[CLAUDE_REQUEST_ID]);
    bool has_api_id = id != INTERN_NONE;
    if (!has_api_id) {
        id = claude_transcript_put_id(t, json_get(message, "id"));
    }
    uint32_t known = claude_request_table_find(&t->requests, uuid);
    if (uuid != INTERN_NONE && known != CLAUDE_NO_REQUEST) {
        return known; /* the line is repeated */
    }
    uint32_t copied = find_copied(t, id, line->at_ms);
    if (copied != CLAUDE_NO_REQUEST) {
        return copied;
    }
    uint32_t request = t->answer.request;
    if (!continues_answer(t, id, has_api_id, message)) {
        char text[64];
        t->repeats_ids |= t->answer.over && id != INTERN_NONE && t->answer.id == id;
        bool used =
            id == INTERN_NONE || claude_request_table_find(&t->requests, id) != CLAUDE_NO_REQUEST;
        intern_id key = !used ? id : uuid;
        if (key == INTERN_NONE) {
            int len = snprintf(text, sizeof text, "answer-%.3f", line->at_ms);
            key = claude_transcript_put(t, (struct slice){text, (size_t)len});
        }
        request = claude_request_table_of_answer(&t->requests, key);
        t->answer = (struct claude_answer){.id = id, .request = request};
    }
    if (uuid != INTERN_NONE && request != CLAUDE_NO_REQUEST &&
        !claude_request_table_alias(&t->requests, request, uuid)) {
        t->failed = true;
    }
    return request;
}

uint32_t claude_answers_request(struct claude_transcript *t, const struct claude_line *line,
                                struct json_value message, intern_id *ref)
{
    *ref = claude_transcript_put_id(t, line->field[CLAUDE_REQUEST_REF]);
    uint32_t number = *ref != INTERN_NONE ? claude_request_table_of_answer(&t->requests, *ref)
                                          : find_unreferenced(t, line, message);
    t->failed |= number == CLAUDE_NO_REQUEST;
    return number;
}
