/* Which request the answer in a line belongs to. New clients write a reference to it. Without one
   the ids of the API and of the message decide, which some gateways repeat or leave out, and the
   lines between two answers. A copied line has another uuid, but the time of its original. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <stdio.h>

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

/* Returns whether a line without a reference belongs to the answer of the line before it. Some
   gateways give every answer the same id, or none: then a prompt between them separates two
   answers, and so does a tool's result where the prompts' sizes differ. Old clients ran tools after
   the whole answer, so a result separates two answers that the API gave no id of its own. */
static bool continues_answer(const struct claude_transcript *t, intern_id id, bool has_api_id,
                             struct json_value message)
{
    const struct claude_answer *answer = &t->answer;
    struct json_value usage = json_get(message, "usage");
    if (answer->request == CLAUDE_NO_REQUEST || answer->id != id || answer->over) {
        return false;
    }
    if (answer->results && !t->has_requests && !has_api_id) {
        return false;
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
