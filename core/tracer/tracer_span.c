/* Open spans of the tracer: a table by span id and a list in the order of starts. A begin event's args are kept as raw
   JSON, and an end's are merged over them as bytes. */
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

/* ---- the table ---- */

static uint64_t hash_of(struct slice id)
{
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < id.len; i++) {
        hash = (hash ^ (unsigned char)id.bytes[i]) * 1099511628211ULL;
    }
    return hash ^ hash >> 32;
}

struct pending *pending_find(const struct trace_session *session, struct slice span_id)
{
    if (session->table_cap == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(span_id);
    struct pending *pending = session->table[hash & (session->table_cap - 1)];
    while (pending != NULL && !(pending->hash == hash && pending->span_id_len == span_id.len &&
                                memcmp(pending->span_id, span_id.bytes, span_id.len) == 0)) {
        pending = pending->chain;
    }
    return pending;
}

static bool grow_table(struct tracer *tracer, struct trace_session *session)
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

static bool link_pending(struct tracer *tracer, struct trace_session *session,
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
    return true;
}

void pending_unlink(struct trace_session *session, struct pending *pending)
{
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

void pending_remove(struct tracer *tracer, struct trace_session *session, struct pending *pending)
{
    struct pending **at = &session->table[pending->hash & (session->table_cap - 1)];
    while (*at != pending) {
        at = &(*at)->chain;
    }
    *at = pending->chain;
    session->table_count--;
    if (!pending->swept) {
        pending_unlink(session, pending);
        swarm_live_request_drop(tracer->swarm, pending->begin_no);
    }
    free_pending(tracer, pending);
}

/* ---- ends ---- */

static bool push_end(struct tracer *tracer, const struct pending *pending, double now_us,
                     const struct strbuf *args)
{
    struct trace_event event = {
        .ph = 'E',
        .name = pending->name,
        .cat = pending->cat,
        .track = pending->track,
        .ts_us = now_us,
        .args = {args->data, args->len},
    };
    return !args->failed && tracer_push(tracer, &event, NULL);
}

static bool push_merged_end(struct tracer *tracer, const struct pending *pending, double now_us,
                            struct arg_list *list)
{
    struct strbuf args;
    strbuf_init(&args, tracer->mem, 0);
    arg_merge(list, &args, pending->args.data, pending->args.len);
    bool good = push_end(tracer, pending, now_us, &args);
    strbuf_release(&args);
    return good;
}

bool pending_end_with_flag(struct tracer *tracer, const struct pending *pending, double now_us,
                           const char *flag)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_bool(&list, flag, true);
    arg_number(&list, "duration_ms", (now_us - pending->start_us) / 1000);
    bool good = push_merged_end(tracer, pending, now_us, &list);
    arg_list_release(&list);
    return good;
}

/* The open span that the operation ends. NULL: *result says why the operation is over. */
static struct pending *find_open(struct tracer *tracer, const struct op_context *context,
                                 struct slice span_id, struct trace_session **session,
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
        swarm_end_swept(tracer->swarm, pending->begin_no, tracer_ns(context->t_ms));
        pending_remove(tracer, *session, pending);
        *result = TRACER_OK;
        return NULL;
    }
    return pending;
}

/* Ends the span with the list's args and its duration. */
static enum tracer_result finish(struct tracer *tracer, const struct op_context *context,
                                 struct slice span_id, struct arg_list *list)
{
    struct trace_session *session;
    enum tracer_result result;
    struct pending *pending = find_open(tracer, context, span_id, &session, &result);
    if (pending != NULL) {
        double now_us = tracer_ts(session, context->t_ms);
        arg_number(list, "duration_ms", (now_us - pending->start_us) / 1000);
        bool good = push_merged_end(tracer, pending, now_us, list);
        pending_remove(tracer, session, pending);
        result = good ? TRACER_OK : TRACER_NO_MEMORY;
    }
    arg_list_release(list);
    return result;
}

enum tracer_result tracer_end_tool(struct tracer *tracer, const struct op_context *context,
                                   const struct end_tool_op *op)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_bool(&list, "success", op->success != NO);
    arg_text(&list, "error", op->error);
    arg_number(&list, "result_tokens", op->result_tokens);
    return finish(tracer, context, op->span_id, &list);
}

enum tracer_result tracer_end_user_input(struct tracer *tracer, const struct op_context *context,
                                         struct slice span_id, struct slice decision,
                                         struct slice source)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_text(&list, "decision", decision);
    arg_text(&list, "source", source);
    return finish(tracer, context, span_id, &list);
}

enum tracer_result tracer_end_interaction(struct tracer *tracer, const struct op_context *context,
                                          struct slice span_id)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    return finish(tracer, context, span_id, &list);
}

enum tracer_result tracer_end_llm_request(struct tracer *tracer, const struct op_context *context,
                                          const struct end_llm_request_op *op)
{
    struct trace_session *session;
    enum tracer_result result;
    struct pending *pending = find_open(tracer, context, op->span_id, &session, &result);
    if (pending != NULL) {
        bool good =
            llm_request_end(tracer, session, pending, tracer_ts(session, context->t_ms), op, NULL);
        pending_remove(tracer, session, pending);
        result = good ? TRACER_OK : TRACER_NO_MEMORY;
    }
    return result;
}

/* ---- starts ---- */

/* A start for a span that is open: the open one is closed first. */
static bool close_former(struct tracer *tracer, struct trace_session *session, struct slice span_id)
{
    struct pending *former = pending_find(session, span_id);
    if (former == NULL) {
        return true;
    }
    bool good = true;
    if (former->swept) {
        swarm_end_swept(tracer->swarm, former->begin_no, tracer_ns(session->clock_ms));
    } else {
        good = pending_end_with_flag(tracer, former, tracer_ts(session, session->clock_ms),
                                     "incomplete");
    }
    pending_remove(tracer, session, former);
    return good;
}

/* Opens a span with the name, category and args (a raw object, taken from `args`). */
static enum tracer_result begin(struct tracer *tracer, const struct op_context *context,
                                struct slice span_id, struct slice name, const char *cat,
                                struct strbuf *args)
{
    struct trace_session *session = tracer_enter(tracer, context);
    if (session == NULL || !close_former(tracer, session, span_id)) {
        strbuf_release(args);
        return TRACER_NO_MEMORY;
    }
    const struct registered *agent = tracer_agent(tracer, session, context->agent_id);
    struct pending *pending = new_pending(tracer, span_id);
    if (pending == NULL) {
        strbuf_release(args);
        return TRACER_NO_MEMORY;
    }
    pending->args = *args;
    pending->start_us = tracer_ts(session, context->t_ms);
    pending->name = intern_put(swarm_names(tracer->swarm), name.bytes, name.len);
    pending->cat = intern_put(swarm_names(tracer->swarm), cat, strlen(cat));
    pending->track = agent == NULL ? NO_TRACK : tracer_track(tracer, session, agent);
    struct trace_event event = {
        .ph = 'B',
        .name = pending->name,
        .cat = pending->cat,
        .track = pending->track,
        .ts_us = pending->start_us,
        .args = {args->data, args->len},
    };
    if (args->failed || pending->name == INTERN_FAILED || pending->cat == INTERN_FAILED ||
        pending->track == NO_TRACK || !link_pending(tracer, session, pending)) {
        free_pending(tracer, pending);
        return TRACER_NO_MEMORY;
    }
    return tracer_push(tracer, &event, &pending->begin_no) ? TRACER_OK : TRACER_NO_MEMORY;
}

static enum tracer_result begin_with_list(struct tracer *tracer, const struct op_context *context,
                                          struct slice span_id, const char *name, const char *cat,
                                          struct arg_list *list)
{
    struct strbuf args;
    strbuf_init(&args, tracer->mem, 0);
    arg_merge(list, &args, NULL, 0);
    arg_list_release(list);
    return begin(tracer, context, span_id, (struct slice){name, strlen(name)}, cat, &args);
}

enum tracer_result tracer_start_llm_request(struct tracer *tracer, const struct op_context *context,
                                            const struct start_llm_request_op *op)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_text(&list, "model", op->model);
    arg_number(&list, "prompt_tokens", op->prompt_tokens);
    arg_text(&list, "message_id", op->message_id);
    arg_bool(&list, "is_speculative", op->is_speculative == YES);
    arg_text(&list, "query_source", op->query_source);
    return begin_with_list(tracer, context, op->span_id, "API Call", "api", &list);
}

void tracer_put_tool_args(struct tracer *tracer, struct slice tool_name, struct slice args_json,
                          struct strbuf *out)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    struct json_value given = {args_json.len > 0 ? JSON_TYPE_OBJECT : JSON_TYPE_NONE,
                               args_json.bytes, args_json.len};
    struct strbuf head;
    strbuf_init(&head, tracer->mem, 0);
    /* {tool_name, ...args}: what the sender's args say of tool_name wins. */
    if (json_get(given, "tool_name").type == JSON_TYPE_NONE) {
        arg_text(&list, "tool_name", tool_name);
    }
    arg_merge(&list, &head, NULL, 0);
    if (head.failed) {
        out->failed = true;
    } else if (given.type == JSON_TYPE_NONE) {
        strbuf_add(out, head.data, head.len);
    } else {
        strbuf_add(out, head.data, head.len - 1);
        struct json_walk walk = json_walk(given);
        bool empty = walk.at == walk.end;
        strbuf_adds(out, head.len > 2 && !empty ? "," : "");
        strbuf_add(out, given.raw + 1, given.len - 1);
    }
    arg_list_release(&list);
    strbuf_release(&head);
}

enum tracer_result tracer_start_tool(struct tracer *tracer, const struct op_context *context,
                                     struct slice span_id, struct slice tool_name,
                                     struct slice args_json)
{
    struct strbuf name, args;
    strbuf_init(&name, tracer->mem, 0);
    strbuf_init(&args, tracer->mem, 0);
    strbuf_adds(&name, "Tool: ");
    strbuf_add(&name, tool_name.bytes, tool_name.len);
    tracer_put_tool_args(tracer, tool_name, args_json, &args);
    enum tracer_result result = TRACER_NO_MEMORY;
    if (args.failed || name.failed) {
        strbuf_release(&args);
    } else {
        result =
            begin(tracer, context, span_id, (struct slice){name.data, name.len}, "tool", &args);
    }
    strbuf_release(&name);
    return result;
}

enum tracer_result tracer_start_user_input(struct tracer *tracer, const struct op_context *context,
                                           struct slice span_id, struct slice what)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_text(&list, "context", what);
    return begin_with_list(tracer, context, span_id, "Waiting for User Input", "user_input", &list);
}

enum tracer_result tracer_start_interaction(struct tracer *tracer, const struct op_context *context,
                                            struct slice span_id, double user_prompt_length)
{
    struct arg_list list;
    arg_list_init(&list, tracer->mem);
    arg_number(&list, "user_prompt_length", user_prompt_length);
    return begin_with_list(tracer, context, span_id, "Interaction", "interaction", &list);
}

/* ---- instants and counters ---- */

static enum tracer_result push_point(struct tracer *tracer, const struct op_context *context,
                                     char ph, struct slice name, struct slice cat,
                                     struct slice args)
{
    struct trace_session *session = tracer_enter(tracer, context);
    const struct registered *agent =
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
