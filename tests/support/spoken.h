/* A witness that only remembers what it was told, joined as core/correlate/witness.h says. It stands in the place of the real one, so it is no part of the
   library of support: the one file of a test that includes this has it. */
#ifndef TESTS_SPOKEN_H
#define TESTS_SPOKEN_H

#include "core/correlate/witness.h"
#include "tests/support/model.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of it, borrowed: an object of "sessions" (by id), "agents" (by SESSION/AGENT, AGENT "" for the main one), "tools", "requests", "waits", "turns" (by id; each with its
   "of", SESSION/AGENT), of what was said. Times are ms after MODEL_START_MS. */
static inline json_t *spoken(const struct witness *witness);
/* Returns new (free): one of these as text, sorted, without white space, `"` as `'`. */
static inline char *spoken_text(const struct witness *witness, const char *kind);
/* How often it was told something. */
static inline unsigned spoken_count(const struct witness *witness);

/* Kept as JSON: what was said last, by the rules of witness.h for equal ranks (smaller start, greater end, greater number, longer text). */
struct witness {
    json_t *all;
    unsigned count;
};

struct witness *witness_new(struct swarm *swarm, struct tracer *tracer)
{
    (void)swarm, (void)tracer;
    struct witness *witness = calloc(1, sizeof *witness);
    witness->all = json_pack("{s:{},s:{},s:{},s:{},s:{},s:{}}", "sessions", "agents", "tools",
                             "requests", "waits", "turns");
    return witness;
}

void witness_free(struct witness *witness)
{
    if (witness != NULL)
        json_decref(witness->all);
    free(witness);
}

static inline json_t *spoken(const struct witness *witness)
{
    return witness->all;
}

static inline unsigned spoken_count(const struct witness *witness)
{
    return witness->count;
}

static inline char *spoken_text(const struct witness *witness, const char *kind)
{
    char *text = json_dumps(json_object_get(witness->all, kind),
                            JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(13));
    for (char *at = text; at != NULL && *at != '\0'; at++)
        *at = *at == '"' ? '\'' : *at;
    return text;
}

/* ---- fields ---- */

static void spoken_put_number(json_t *of, const char *key, double value)
{
    json_object_set_new(of, key,
                        value == floor(value) ? json_integer((json_int_t)value) : json_real(value));
}

static void spoken_greatest(json_t *of, const char *key, double value)
{
    json_t *was = json_object_get(of, key);
    if (!isnan(value) && (was == NULL || json_number_value(was) < value))
        spoken_put_number(of, key, value);
}

static void spoken_start(json_t *of, double ms)
{
    json_t *was = json_object_get(of, "start");
    ms -= MODEL_START_MS;
    if (!isnan(ms) && (was == NULL || json_number_value(was) > ms))
        spoken_put_number(of, "start", ms);
}

static void spoken_end(json_t *of, double ms)
{
    spoken_greatest(of, "end", ms - MODEL_START_MS);
}

static void spoken_longest(json_t *of, const char *key, struct slice text)
{
    json_t *was = json_object_get(of, key);
    if (text.bytes != NULL && (was == NULL || json_string_length(was) < text.len))
        json_object_set_new(of, key, json_stringn(text.bytes, text.len));
}

static void spoken_word(json_t *of, const char *key, enum tristate value)
{
    if (value != UNSAID)
        json_object_set_new(of, key, json_boolean(value == YES));
}

static json_t *spoken_entry(struct witness *witness, const char *kind, const char *key, size_t len)
{
    json_t *table = json_object_get(witness->all, kind);
    char name[500];
    snprintf(name, sizeof name, "%.*s", (int)len, key);
    json_t *found = json_object_get(table, name);
    witness->count++;
    if (found == NULL)
        json_object_set_new(table, name, found = json_object());
    return found;
}

static void spoken_name_of(const struct witness_place *place, char out[500])
{
    snprintf(out, 500, "%.*s/%.*s", (int)place->session_id.len, place->session_id.bytes,
             (int)place->agent_id.len, place->agent_id.bytes != NULL ? place->agent_id.bytes : "");
}

static json_t *spoken_of_place(struct witness *witness, const char *kind,
                               const struct witness_place *place, struct slice id)
{
    char name[500];
    spoken_name_of(place, name);
    spoken_entry(witness, "agents", name, strlen(name));
    json_t *found = spoken_entry(witness, kind, id.bytes, id.len);
    json_object_set_new(found, "of", json_string(name));
    return found;
}

/* ---- facts ---- */

bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact)
{
    json_t *of = spoken_entry(witness, "sessions", place->session_id.bytes, place->session_id.len);
    spoken_longest(of, "name", fact->name);
    spoken_start(of, fact->start_ms);
    return true;
}

bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone)
{
    json_t *of = spoken_entry(witness, "sessions", place->session_id.bytes, place->session_id.len);
    spoken_end(of, at_ms);
    spoken_word(of, "gone", gone ? YES : NO);
    return true;
}

session_no witness_session_number(const struct witness *witness, struct slice session_id)
{
    char name[500];
    snprintf(name, sizeof name, "%.*s", (int)session_id.len, session_id.bytes);
    return json_object_get(json_object_get(witness->all, "sessions"), name) != NULL ? 0
                                                                                    : NO_SESSION;
}

bool witness_agent(struct witness *witness, const struct witness_place *place,
                   const struct witness_agent_fact *fact)
{
    char name[500];
    spoken_name_of(place, name);
    json_t *of = spoken_entry(witness, "agents", name, strlen(name));
    spoken_longest(of, "type", fact->type);
    spoken_longest(of, "description", fact->description);
    spoken_longest(of, "parent", fact->parent_id);
    spoken_start(of, fact->start_ms);
    spoken_end(of, fact->end_ms);
    return true;
}

bool witness_tool(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_tool_fact *fact)
{
    json_t *of = spoken_of_place(witness, "tools", place, id);
    spoken_longest(of, "name", fact->name);
    spoken_longest(of, "args", fact->args_json);
    spoken_longest(of, "error", fact->error);
    spoken_start(of, fact->start_ms);
    spoken_end(of, fact->end_ms);
    spoken_word(of, "success", fact->success);
    return true;
}

static void spoken_attempts(json_t *of, const struct witness_request_fact *fact)
{
    json_t *list = json_object_get(of, "attempts");
    if (list == NULL)
        json_object_set_new(of, "attempts", list = json_array());
    for (size_t i = 0; i < fact->attempt_count; i++) {
        json_int_t at = (json_int_t)(fact->attempt_ms[i] - MODEL_START_MS);
        size_t k = 0;
        while (k < json_array_size(list) && json_integer_value(json_array_get(list, k)) < at)
            k++;
        if (json_integer_value(json_array_get(list, k)) != at || k == json_array_size(list))
            json_array_insert_new(list, k, json_integer(at));
    }
}

bool witness_request(struct witness *witness, const struct witness_place *place, struct slice id,
                     const struct witness_request_fact *fact)
{
    json_t *of = spoken_of_place(witness, "requests", place, id);
    spoken_longest(of, "model", fact->model);
    spoken_longest(of, "source", fact->query_source);
    spoken_longest(of, "message", fact->message_id);
    spoken_longest(of, isnan(fact->retry_attempt) ? "error" : "retry", fact->error);
    spoken_start(of, fact->start_ms);
    spoken_end(of, fact->end_ms);
    spoken_attempts(of, fact);
    spoken_greatest(of, "ttft", fact->ttft_ms);
    spoken_greatest(of, "prompt", fact->prompt_tokens);
    spoken_greatest(of, "output", fact->output_tokens);
    spoken_greatest(of, "read", fact->cache_read_tokens);
    spoken_greatest(of, "creation", fact->cache_creation_tokens);
    spoken_greatest(of, "attempt", fact->retry_attempt);
    spoken_greatest(of, "retry_in", fact->retry_in_ms);
    spoken_word(of, "success", fact->success);
    return true;
}

bool witness_wait(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_wait_fact *fact)
{
    json_t *of = spoken_of_place(witness, "waits", place, id);
    spoken_longest(of, "what", fact->what);
    spoken_longest(of, "decision", fact->decision);
    spoken_longest(of, "source", fact->source);
    spoken_start(of, fact->start_ms);
    spoken_end(of, fact->end_ms);
    return true;
}

bool witness_turn(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_turn_fact *fact)
{
    json_t *of = spoken_of_place(witness, "turns", place, id);
    spoken_start(of, fact->start_ms);
    spoken_end(of, fact->end_ms);
    spoken_greatest(of, "length", fact->prompt_length);
    return true;
}

bool witness_settle(struct witness *witness)
{
    (void)witness;
    return true;
}

#endif
