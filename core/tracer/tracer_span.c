/* Open spans of the tracer: a table by span id and a list in the order of starts. A begin
   event's args are kept as raw JSON, and an end's are merged over them as bytes. Another list has
   those of all sessions: under a cap, the one open longest is closed as evicted when there are too
   many (swarm_most_open). */
#include "core/base/hash.h"
#include "core/base/json_read.h"
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

/* ---- the table ---- */

static uint64_t hash_of(struct slice id)
{
    uint64_t hash = hash_bytes(HASH_SEED, id.bytes, id.len);
    return hash ^ hash >> 32;
}

/* An id may be empty, and then has no bytes. */
static bool has_id(const struct pending *pending, struct slice id, uint64_t hash)
{
    return pending->hash == hash && pending->span_id_len == id.len &&
           (id.len == 0 || memcmp(pending->span_id, id.bytes, id.len) == 0);
}

struct pending *pending_find(const struct registry_session *session, struct slice span_id)
{
    if (session->table_cap == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(span_id);
    struct pending *pending = session->table[hash & (session->table_cap - 1)];
    while (pending != NULL && !has_id(pending, span_id, hash)) {
        pending = pending->chain;
    }
    return pending;
}

static bool grow_table(struct tracer *tracer, struct registry_session *session)
{
    size_t cap = session->table_cap == 0 ? 16 : session->table_cap * 2;
    struct pending **table = mem_zalloc(tracer->mem, cap, sizeof(struct pending *));
    if (table == NULL) {
        return false;
    }
    for (size_t i = 0; i < session->table_cap; i++) {
        for (struct pending *pending = session->table[i], *next; pending != NULL; pending = next) {
            next = pending->chain;
            pending->chain = table[pending->hash & (cap - 1)];
            table[pending->hash & (cap - 1)] = pending;
        }
    }
    mem_free(tracer->mem, session->table, session->table_cap * sizeof(struct pending *));
    session->table = table;
    session->table_cap = cap;
    return true;
}

static void free_pending(struct tracer *tracer, struct pending *pending)
{
    strbuf_release(&pending->args);
    mem_free(tracer->mem, pending->span_id, pending->span_id_len);
    mem_free(tracer->mem, pending->attempts, pending->attempt_cap * sizeof *pending->attempts);
    mem_free(tracer->mem, pending, sizeof *pending);
}

static struct pending *new_pending(struct tracer *tracer, struct slice span_id)
{
    struct pending *pending = mem_zalloc(tracer->mem, 1, sizeof *pending);
    if (pending == NULL) {
        return NULL;
    }
    strbuf_init(&pending->args, tracer->mem, 0);
    pending->first_token_ms = (double)NAN;
    pending->hash = hash_of(span_id);
    pending->span_id_len = span_id.len;
    if (span_id.len > 0) {
        pending->span_id = mem_alloc(tracer->mem, span_id.len);
        if (pending->span_id == NULL) {
            pending->span_id_len = 0;
            free_pending(tracer, pending);
            return NULL;
        }
        memcpy(pending->span_id, span_id.bytes, span_id.len);
    }
    return pending;
}

static bool link_pending(struct tracer *tracer, struct registry_session *session,
                         struct pending *pending)
{
    if (session->table_count == session->table_cap && !grow_table(tracer, session)) {
        return false;
    }
    struct pending **head = &session->table[pending->hash & (session->table_cap - 1)];
    pending->chain = *head;
    *head = pending;
    session->table_count++;
    pending->prev = session->last;
    if (session->last != NULL) {
        session->last->next = pending;
    } else {
        session->first = pending;
    }
    session->last = pending;
    pending->session = session->number;
    swarm_hold_track(tracer->swarm, pending->begun.track);
    pending->older = tracer->newest;
    *(tracer->newest != NULL ? &tracer->newest->newer : &tracer->oldest) = pending;
    tracer->newest = pending;
    tracer->pending_count++;
    return true;
}

void pending_unlink(struct tracer *tracer, struct registry_session *session,
                    struct pending *pending)
{
    swarm_let_go_track(tracer->swarm, pending->begun.track);
    if (pending->prev != NULL) {
        pending->prev->next = pending->next;
    } else if (session->first == pending) {
        session->first = pending->next;
    }
    if (pending->next != NULL) {
        pending->next->prev = pending->prev;
    } else if (session->last == pending) {
        session->last = pending->prev;
    }
    pending->prev = pending->next = NULL;
}

void pending_remove(struct tracer *tracer, struct registry_session *session,
                    struct pending *pending)
{
    struct pending **at = &session->table[pending->hash & (session->table_cap - 1)];
    while (*at != pending) {
        at = &(*at)->chain;
    }
    *at = pending->chain;
    session->table_count--;
    *(pending->older != NULL ? &pending->older->newer : &tracer->oldest) = pending->newer;
    *(pending->newer != NULL ? &pending->newer->older : &tracer->newest) = pending->older;
    tracer->pending_count--;
    if (!pending->swept) {
        pending_unlink(tracer, session, pending);
        request_progress_drop(tracer->swarm, pending->begin_no);
    }
    free_pending(tracer, pending);
}

void pending_forget_swept(struct tracer *tracer, struct registry_session *session)
{
    for (size_t i = 0; i < session->table_cap; i++) {
        for (struct pending *pending = session->table[i], *next; pending != NULL; pending = next) {
            next = pending->chain;
            if (pending->swept) {
                swept_open_end(tracer->swarm, pending->begin_no, INT64_MIN);
                pending_remove(tracer, session, pending);
            }
        }
    }
}

/* ---- ends ---- */

/* The tracer's own sink: the store. */
struct store_sink {
    struct event_sink sink; /* first: it is what the printer knows */
    struct tracer *tracer;
};

static bool put_in_store(struct event_sink *sink, const struct trace_event *event)
{
    return tracer_push(((struct store_sink *)(void *)sink)->tracer, event, NULL);
}

bool pending_end(struct tracer *tracer, struct pending *pending, enum call_kind kind,
                 enum ending ending, double now_us, const struct call_values *values)
{
    struct store_sink sink = {{put_in_store}, tracer};
    pending->begun.args = (struct slice){pending->args.data, pending->args.len};
    return print_end(tracer->swarm, kind, ending, &pending->begun, now_us, values, &sink.sink);
}

bool pending_close(struct tracer *tracer, struct pending *pending, double now_us,
                   enum ending ending)
{
    return pending_end(tracer, pending, CALL_SPAN, ending, now_us, &no_call_values);
}

struct pending *pending_find_open(struct tracer *tracer, const struct op_context *context,
                                  struct slice span_id, struct registry_session **session,
                                  enum tracer_result *result)
{
    *session = tracer_enter(tracer, context);
    if (*session == NULL) {
        *result = TRACER_NO_MEMORY;
        return NULL;
    }
    struct pending *pending = pending_find(*session, span_id);
    *result = TRACER_NOT_OPEN;
    if (pending != NULL && pending->swept) {
        swept_open_end(tracer->swarm, pending->begin_no, record_ns(context->t_ms));
        pending_remove(tracer, *session, pending);
        *result = TRACER_OK;
        return NULL;
    }
    return pending;
}

static enum tracer_result finish(struct tracer *tracer, const struct op_context *context,
                                 struct slice span_id, enum call_kind kind,
                                 const struct call_values *values)
{
    struct registry_session *session;
    enum tracer_result result;
    struct pending *pending = pending_find_open(tracer, context, span_id, &session, &result);
    if (pending != NULL) {
        bool good = pending_end(tracer, pending, kind, ENDING_DONE,
                                tracer_ts(session, context->t_ms), values);
        pending_remove(tracer, session, pending);
        result = good ? TRACER_OK : TRACER_NO_MEMORY;
    }
    return result;
}

enum tracer_result tracer_end_tool(struct tracer *tracer, const struct op_context *context,
                                   const struct end_tool_op *op)
{
    struct call_values values = no_call_values;
    values.success = op->success;
    values.error = op->error;
    values.result_tokens = op->result_tokens;
    return finish(tracer, context, op->span_id, CALL_TOOL, &values);
}

enum tracer_result tracer_end_user_input(struct tracer *tracer, const struct op_context *context,
                                         struct slice span_id, struct slice decision,
                                         struct slice source)
{
    struct call_values values = no_call_values;
    values.decision = decision;
    values.decision_source = source;
    return finish(tracer, context, span_id, CALL_WAIT, &values);
}

enum tracer_result tracer_end_interaction(struct tracer *tracer, const struct op_context *context,
                                          struct slice span_id)
{
    return finish(tracer, context, span_id, CALL_INTERACTION, &no_call_values);
}

/* ---- starts ---- */

/* A start for a span that is open: the open one is closed first. */
static bool close_former(struct tracer *tracer, struct registry_session *session,
                         struct slice span_id)
{
    struct pending *former = pending_find(session, span_id);
    if (former == NULL) {
        return true;
    }
    bool good = true;
    if (former->swept) {
        swept_open_end(tracer->swarm, former->begin_no, record_ns(session->clock_ms));
    } else {
        good =
            pending_close(tracer, former, tracer_ts(session, session->clock_ms), ENDING_INCOMPLETE);
    }
    pending_remove(tracer, session, former);
    return good;
}

/* False: out of memory. */
static bool forget_oldest(struct tracer *tracer)
{
    struct pending *pending = tracer->oldest;
    struct registry_session *session = &tracer->sessions[pending->session];
    bool good = true;
    if (pending->swept) {
        swept_open_end(tracer->swarm, pending->begin_no, INT64_MIN);
    } else {
        good =
            pending_close(tracer, pending, tracer_ts(session, session->clock_ms), ENDING_EVICTED);
    }
    pending_remove(tracer, session, pending);
    swarm_note_forgotten(tracer->swarm, FORGOTTEN_OPEN_SPANS);
    return good;
}

static bool name_pending(struct tracer *tracer, const struct registry_session *session,
                         struct registered *agent, enum call_kind kind,
                         const struct call_values *values, struct pending *pending)
{
    struct begun_span *begun = &pending->begun;
    print_begin_args(kind, values, &pending->args);
    begun->track = tracer_track(tracer, session, agent);
    return !pending->args.failed && begun->track != NO_TRACK &&
           span_call_name(swarm_names(tracer->swarm), tracer->mem, kind, values->name, &begun->name,
                          &begun->cat);
}

static enum tracer_result begin(struct tracer *tracer, const struct op_context *context,
                                struct slice span_id, enum call_kind kind,
                                const struct call_values *values)
{
    struct registry_session *session = tracer_enter(tracer, context);
    if (session == NULL || !close_former(tracer, session, span_id) ||
        (tracer->pending_count >= swarm_most_open(tracer->swarm) && !forget_oldest(tracer))) {
        return TRACER_NO_MEMORY;
    }
    struct registered *agent = tracer_agent(tracer, session, context->agent_id);
    struct pending *pending = agent == NULL ? NULL : new_pending(tracer, span_id);
    if (pending == NULL) {
        return TRACER_NO_MEMORY;
    }
    pending->begun.start_us = tracer_ts(session, context->t_ms);
    if (!name_pending(tracer, session, agent, kind, values, pending) ||
        !link_pending(tracer, session, pending)) {
        free_pending(tracer, pending);
        return TRACER_NO_MEMORY;
    }
    tracer_sweep_later(session, pending);
    struct trace_event event = {
        .ph = 'B',
        .name = pending->begun.name,
        .cat = pending->begun.cat,
        .track = pending->begun.track,
        .ts_us = pending->begun.start_us,
        .args = {pending->args.data, pending->args.len},
    };
    return tracer_push(tracer, &event, &pending->begin_no) ? TRACER_OK : TRACER_NO_MEMORY;
}

enum tracer_result tracer_start_llm_request(struct tracer *tracer, const struct op_context *context,
                                            const struct start_llm_request_op *op)
{
    struct call_values values = no_call_values;
    values.model = op->model;
    values.prompt_tokens = op->prompt_tokens;
    values.message_id = op->message_id;
    values.is_speculative = op->is_speculative;
    values.query_source = op->query_source;
    return begin(tracer, context, op->span_id, CALL_REQUEST, &values);
}

enum tracer_result tracer_start_tool(struct tracer *tracer, const struct op_context *context,
                                     struct slice span_id, struct slice tool_name,
                                     struct slice args_json)
{
    struct call_values values = no_call_values;
    values.name = tool_name;
    values.args_json = args_json;
    return begin(tracer, context, span_id, CALL_TOOL, &values);
}

enum tracer_result tracer_start_user_input(struct tracer *tracer, const struct op_context *context,
                                           struct slice span_id, struct slice what)
{
    struct call_values values = no_call_values;
    values.context = what;
    return begin(tracer, context, span_id, CALL_WAIT, &values);
}

enum tracer_result tracer_start_interaction(struct tracer *tracer, const struct op_context *context,
                                            struct slice span_id, double user_prompt_length)
{
    struct call_values values = no_call_values;
    values.prompt_length = user_prompt_length;
    return begin(tracer, context, span_id, CALL_INTERACTION, &values);
}

/* ---- instants and counters ---- */

static enum tracer_result push_point(struct tracer *tracer, const struct op_context *context,
                                     char ph, struct slice name, struct slice cat,
                                     struct slice args)
{
    struct registry_session *session = tracer_enter(tracer, context);
    struct registered *agent =
        session == NULL ? NULL : tracer_agent(tracer, session, context->agent_id);
    if (agent == NULL) {
        return TRACER_NO_MEMORY;
    }
    struct trace_event event = {
        .ph = ph,
        .name = intern_put(swarm_names(tracer->swarm), name.bytes, name.len),
        .cat = intern_put(swarm_names(tracer->swarm), cat.bytes, cat.len),
        .track = tracer_track(tracer, session, agent),
        .ts_us = tracer_ts(session, context->t_ms),
        .args = args,
    };
    return event.name != INTERN_FAILED && event.cat != INTERN_FAILED && event.track != NO_TRACK &&
                   tracer_push(tracer, &event, NULL)
               ? TRACER_OK
               : TRACER_NO_MEMORY;
}

enum tracer_result tracer_instant(struct tracer *tracer, const struct op_context *context,
                                  struct slice name, struct slice cat, struct slice args_json)
{
    return push_point(tracer, context, 'i', name, cat, args_json);
}

enum tracer_result tracer_counter(struct tracer *tracer, const struct op_context *context,
                                  struct slice name, struct slice values_json)
{
    struct slice cat = {"counter", strlen("counter")};
    return push_point(tracer, context, 'C', name, cat, values_json);
}
