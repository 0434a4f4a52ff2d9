/* Tools. Most clients use Claude Code's names: PreToolUse opens a call and PostToolUse ends it. A
   wait lies inside its call:

     PreToolUse           CLI continues   [allowed]   runs for duration_ms   ends        PostToolUse
     |<-- hooks' own time -->|               |<----------------------------->|<-- hooks' time -->|

   duration_ms is exact, while arrivals are late by the time that a process needs to start. So a
   call without a wait lasts duration_ms from its PreToolUse. A call that a person allowed ran, and
   its wait ended, duration_ms before its PostToolUse.

   A refused or interrupted call has no further hook, nor has its interaction. The agent's next
   event shows that the call is over (hook_end_calls); a transcript has the exact time. */
#include "ingest/hooks/hook_private.h"
#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The longest time for hooks themselves; a longer gap is an unreported wait. */
#define HOOKS_TAKE_MS 500
/* A person who stops a turn so soon after a question has refused it. */
#define ANSWER_MS 30000

enum { ERROR_BYTES = 200 };

struct slice hook_literal(const char *text)
{
    return (struct slice){.bytes = text, .len = strlen(text)};
}

/* Returns the greater; `a` if `b` is NAN. */
double hook_later(double a, double b)
{
    return b > a ? b : a;
}

/* ---- which call ---- */

/* The command or path that a call is about, as it is spelt. */
static uint64_t subject_of(struct hook_event *e, struct json_value input)
{
    static const char *const keys[] = {"command", "file_path", "filePath", NULL};
    struct json_value value = {.type = JSON_TYPE_NONE};
    for (const char *const *key = keys; *key != NULL && value.type == JSON_TYPE_NONE; key++) {
        value = json_get(input, *key);
    }
    return hook_hash_json(value, &e->hooks->scratch);
}

struct hook_subject hook_subject_of(struct hook_event *e, struct slice name,
                                    struct json_value input)
{
    return (struct hook_subject){.name = hook_hash(name),
                                 .input = hook_hash_json(input, &e->hooks->scratch),
                                 .subject = subject_of(e, input)};
}

struct hook_about hook_read_about(struct hook_event *e)
{
    struct hook_about about = {.id = hook_call_id(e, e->payload),
                               .name = hook_text(e, "tool_name"),
                               .input = json_get(e->payload, "tool_input")};
    about.hashes = hook_subject_of(e, about.name, about.input);
    return about;
}

/* NULL: unknown. */
struct hook_open_call *hook_find_call(struct hook_event *e, const struct hook_about *about)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    if (about->id.bytes != NULL) {
        return hook_open_calls_find(calls, e->session_hash, about->id);
    }
    return hook_open_calls_match(calls, e->session_hash, e->agent, &about->hashes);
}

/* Adds an open call. NULL: out of memory. */
struct hook_open_call *hook_add_call(struct hook_event *e, enum hook_call_kind kind,
                                     struct slice id)
{
    bool forgotten = false;
    struct hook_open_call *call =
        hook_open_calls_add(&e->hooks->open_calls, e->session_hash, id, &forgotten);
    if (forgotten && !e->hooks->reported_full) {
        e->hooks->reported_full = true;
        hook_log(e, LOG_LEVEL_WARNING, "hooks",
                 hook_literal("too many open calls, the oldest was dropped"));
    }
    if (call == NULL) {
        return NULL;
    }
    call->kind = kind;
    call->agent = e->agent;
    hook_label_set(&call->owner, e->agent_id);
    return call;
}

/* ---- tools ---- */

static void put_args(struct hook_event *e, const struct hook_about *about, struct update *update)
{
    struct strbuf *args = &e->hooks->args;
    strbuf_clear(args);
    /* By the same function as transcripts, so both sources give one call the same args. */
    if (e->dialect->args) {
        tool_args(about->input, e->ingest->content, args);
        update_number(update, FIELD_INPUT_HASH, tool_args_hash(about->input, e->ingest->content));
    }
    if (args->len > 2 && !args->failed) {
        update_text(update, FIELD_ARGS, (struct slice){.bytes = args->data, .len = args->len});
    }
    update_text(update, FIELD_NAME, hook_cut(about->name, HOOK_LABEL_BYTES));
}

void hook_note_subject(struct hook_open_call *call, const struct hook_about *about)
{
    call->name = about->hashes.name;
    call->input = about->hashes.input;
    call->subject = about->hashes.subject;
}

static bool open_tool(struct hook_event *e, const struct hook_about *about)
{
    struct update update = hook_call_update(e, CALL_TOOL, about->id, PRECEDENCE_HOOKS);
    if (about->id.bytes == NULL || about->name.bytes == NULL) {
        e->wrong = "PreToolUse: tool_use_id or tool_name is missing";
        return true;
    }
    struct hook_open_call *call =
        hook_open_calls_find(&e->hooks->open_calls, e->session_hash, about->id);
    if (call == NULL) {
        call = hook_add_call(e, HOOK_TOOL, about->id);
        if (call == NULL) {
            return false;
        }
        call->start_ms = e->t_ms;
        hook_note_subject(call, about);
        call->sub_agent = hook_hash(hook_text_of(e, json_get(about->input, "subagent_type")));
        hook_label_set(&call->command, hook_text_of(e, json_get(about->input, "command")));
        hook_label_set(&call->about, hook_text_of(e, json_get(about->input, "description")));
        call->background = json_get(about->input, "run_in_background").type == JSON_TYPE_TRUE;
    }
    put_args(e, about, &update);
    update_number(&update, FIELD_START_MS, e->t_ms);
    return hook_send(e, &update) && hook_adopt_wait(e, call) && hook_end_idle(e);
}

bool hook_pre_tool_use(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    return open_tool(e, &about);
}

/* The client runs the hook once a person has allowed the call, or none had to. */
bool hook_pre_tool_use_allowed(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    if (!open_tool(e, &about) || e->wrong != NULL) {
        return e->wrong != NULL;
    }
    struct update update = hook_call_update(e, CALL_TOOL, about.id, PRECEDENCE_HOOKS);
    update_bool(&update, FIELD_MAY_ASK, TRI_FALSE);
    struct hook_open_call *call = hook_find_call(e, &about);
    return hook_send_sure(e, &update) &&
           (call == NULL ||
            hook_end_wait(e, PRECEDENCE_HOOKS, call, e->t_ms, hook_literal("accept")));
}

/* An Agent call reports its agent's id when it ends, or when the agent moves to the background. */
static bool link_agent(struct hook_event *e, const struct hook_about *about)
{
    struct json_value response = json_get(e->payload, "tool_response");
    struct slice agent = hook_text_of(e, json_get(response, "agentId"));
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_HOOKS);
    if (agent.bytes == NULL || agent.len > HOOK_LABEL_BYTES) {
        return true;
    }
    update.agent_id = agent;
    update_text(&update, FIELD_PARENT_AGENT_ID, e->agent == 0 ? e->session_id : e->agent_id);
    update_text(&update, FIELD_TYPE, hook_text_of(e, json_get(about->input, "subagent_type")));
    update_text(&update, FIELD_DESCRIPTION,
                hook_cut(hook_text_of(e, json_get(about->input, "description")), HOOK_LABEL_BYTES));
    return hook_send(e, &update);
}

/* Sets the times of a call that has ended, by the diagram above. Returns when it began to run. */
static double set_times(const struct hook_event *e, const struct hook_open_call *call,
                        struct update *update)
{
    double duration = hook_ms(e, "duration_ms");
    update_number(update, FIELD_END_MS, e->t_ms);
    if (isnan(duration)) {
        return e->t_ms;
    }
    double began = e->t_ms - duration;
    if (call == NULL || isnan(call->start_ms)) {
        update_number(update, FIELD_START_MS, began);
    } else if (!call->held && began >= call->start_ms && began - call->start_ms <= HOOKS_TAKE_MS) {
        update_number(update, FIELD_END_MS, call->start_ms + duration);
    }
    return began;
}

/* Returns the error's class, or with --content its first line: the tool's output follows it. */
static struct slice error_of(struct hook_event *e)
{
    struct slice error = hook_text(e, "error");
    const char *end = error.bytes == NULL ? NULL : memchr(error.bytes, '\n', error.len);
    if (end != NULL) {
        error.len = (size_t)(end - error.bytes);
    }
    if (error.len == 0) {
        return json_get(e->payload, "is_interrupt").type == JSON_TYPE_TRUE
                   ? hook_literal("interrupted")
                   : hook_literal("failed");
    }
    if (e->ingest->content) {
        return hook_cut(error, ERROR_BYTES);
    }
    struct strbuf *class = &e->hooks->scratch;
    strbuf_clear(class);
    tool_error_class(error, class);
    return (struct slice){class->data, class->len};
}

/* Returns the ended call, or the entry of its PermissionRequest; NULL: unknown. */
static struct hook_open_call *find_ended(struct hook_event *e, const struct hook_about *about)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    struct hook_open_call *call = hook_open_calls_find(calls, e->session_hash, about->id);
    if (call != NULL) {
        return call;
    }
    call = hook_open_calls_match(calls, e->session_hash, e->agent, &about->hashes);
    return call != NULL && call->kind == HOOK_PERMISSION ? call : NULL;
}

static bool end_child(struct hook_event *e, const struct hook_open_call *call, double at_ms);

static bool end_tool(struct hook_event *e, enum tristate success)
{
    struct hook_about about = hook_read_about(e);
    struct update update = hook_call_update(e, CALL_TOOL, about.id, PRECEDENCE_HOOKS);
    if (about.id.bytes == NULL) {
        e->wrong = "PostToolUse: tool_use_id is missing";
        return true;
    }
    struct hook_open_call *call = find_ended(e, &about);
    double began = set_times(e, call, &update);
    update_bool(&update, FIELD_SUCCESS, success);
    if (success == TRI_FALSE) {
        update_text(&update, FIELD_ERROR, error_of(e));
        if (json_get(e->payload, "is_interrupt").type == JSON_TYPE_TRUE) {
            update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
        }
    }
    /* An answer is no decision about the tool, and it ends the tool. */
    bool asks = client_is_question(about.name);
    /* Without a duration the wait may have ended long before. */
    enum precedence sure =
        isnan(hook_ms(e, "duration_ms")) ? e->dialect->precedence : PRECEDENCE_HOOKS;
    bool good =
        call == NULL || hook_end_wait(e, sure, call, asks ? e->t_ms : began,
                                      asks ? (struct slice){NULL, 0} : hook_literal("accept"));
    if (call != NULL) {
        call->ended = call->linked = true;
    }
    put_args(e, &about, &update);
    good = good && hook_send(e, &update) && link_agent(e, &about);
    bool stopped = success == TRI_FALSE && call != NULL;
    return good && (!stopped || end_child(e, call, e->t_ms));
}

bool hook_post_tool_use(struct hook_event *e)
{
    return end_tool(e, TRI_TRUE);
}

bool hook_post_tool_use_failure(struct hook_event *e)
{
    return end_tool(e, TRI_FALSE);
}

/* ---- calls without a hook for their end ---- */

/* Ends a call without an end of its own. A call with an open wait was refused, but nobody knows of
   one that a notification alone has reported. */
static bool give_up(struct hook_event *e, enum precedence precedence, struct hook_open_call *call,
                    double at_ms, enum outcome outcome)
{
    struct hook_label id = call->id;
    struct update update = hook_call_update(e, CALL_TOOL, hook_label_slice(&id), precedence);
    bool refused = !isnan(call->wait_ms);
    update_number(&update, FIELD_END_MS,
                  hook_later(at_ms, refused ? call->wait_ms : call->start_ms));
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, refused ? OUTCOME_REFUSED : outcome);
    if (refused) {
        update_text(&update, FIELD_ERROR, hook_literal("rejected"));
    }
    call->ended = true;
    bool known = call->kind == HOOK_TOOL || call->name != 0;
    struct slice decision = known ? hook_literal("reject") : (struct slice){.bytes = NULL};
    return hook_end_wait(e, precedence, call, at_ms, decision) &&
           (call->kind != HOOK_TOOL || hook_send(e, &update));
}

/* The client, or the turn, ended while the call was open. */
static bool stop_call(struct hook_event *e, struct hook_open_call *call)
{
    struct hook_label id = call->id;
    struct update update =
        hook_call_update(e, CALL_TOOL, hook_label_slice(&id), PRECEDENCE_INFERRED);
    update_number(&update, FIELD_END_MS, hook_later(e->t_ms, call->start_ms));
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    call->ended = true;
    return hook_end_wait(e, PRECEDENCE_INFERRED, call, e->t_ms, (struct slice){.bytes = NULL}) &&
           (call->kind != HOOK_TOOL || hook_send(e, &update));
}

/* No hook reports that a person allowed a call: one that was asked about long ago may run. The
   client's files show whether it ran. */
bool hook_interrupt_calls(struct hook_event *e)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    bool good = true;
    for (size_t i = 0; i < calls->count && good; i++) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->session != e->session_hash || call->agent != e->agent ||
            call->kind != HOOK_TOOL || isnan(call->wait_ms)) {
            continue;
        }
        if (e->t_ms - call->wait_ms > ANSWER_MS) {
            good = stop_call(e, call);
            continue;
        }
        struct hook_label id = call->id;
        struct update update =
            hook_call_update(e, CALL_TOOL, hook_label_slice(&id), PRECEDENCE_INFERRED);
        update_number(&update, FIELD_OUTCOME, OUTCOME_REFUSED);
        good = hook_send(e, &update);
    }
    return good;
}

/* A person who leaves at the prompt had answered before: no question was open any more. */
bool hook_end_calls_with_session(struct hook_event *e)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    bool stopped = json_string_is(json_get(e->payload, "reason"), "other"), good = true;
    for (size_t i = 0; i < calls->count && good; i++) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->session != e->session_hash || call->kind == HOOK_IDLE) {
            continue;
        }
        bool refused = !stopped && !isnan(call->wait_ms);
        good = refused ? give_up(e, PRECEDENCE_INFERRED, call, e->t_ms, OUTCOME_REFUSED)
                       : stop_call(e, call);
    }
    return good;
}

/* Ends the open calls of an agent, and of the agents that they started: calls are in order of their
   begins, so these come after those. */
static bool end_calls_of(struct hook_event *e, uint64_t agent, double at_ms, bool waiting)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    bool good = true;
    for (size_t i = 0; i < calls->count && good; i++) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->session != e->session_hash || call->agent != agent ||
            call->kind == HOOK_IDLE || (waiting && isnan(call->wait_ms))) {
            continue;
        }
        good = give_up(e, PRECEDENCE_INFERRED, call, at_ms, OUTCOME_INTERRUPTED) &&
               end_child(e, call, at_ms);
    }
    return good;
}

static bool end_child(struct hook_event *e, const struct hook_open_call *call, double at_ms)
{
    struct hook_label child = call->child;
    if (child.len == 0 || call->background) {
        return true;
    }
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_INFERRED);
    update.agent_id = hook_label_slice(&child);
    update_number(&update, FIELD_END_MS, at_ms);
    return end_calls_of(e, hook_hash(update.agent_id), at_ms, false) && hook_send(e, &update);
}

bool hook_end_calls(struct hook_event *e, double at_ms, bool waiting)
{
    return end_calls_of(e, e->agent, at_ms, waiting);
}

bool hook_end_idle(struct hook_event *e)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    for (size_t i = 0; i < calls->count; i++) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->kind != HOOK_IDLE || call->session != e->session_hash ||
            call->agent != e->agent) {
            continue;
        }
        call->ended = true;
        return hook_end_wait(e, PRECEDENCE_HOOKS, call, e->t_ms, (struct slice){.bytes = NULL});
    }
    return true;
}

bool hook_permission_denied(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    struct hook_open_call *call = hook_find_call(e, &about);
    return call == NULL || call->ended ||
           give_up(e, PRECEDENCE_HOOKS, call, e->t_ms, OUTCOME_REFUSED);
}

/* Returns the call, or the wait of one that is known by its permission request alone; NULL:
   unknown. */
static struct hook_open_call *find_in_batch(struct hook_event *e, struct json_value item)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    struct slice id = hook_call_id(e, item);
    struct hook_open_call *call =
        id.bytes == NULL ? NULL : hook_open_calls_find(calls, e->session_hash, id);
    if (call != NULL) {
        return call;
    }
    struct hook_subject about = hook_subject_of(e, hook_text_of(e, json_get(item, "tool_name")),
                                                json_get(item, "tool_input"));
    call = hook_open_calls_match(calls, e->session_hash, e->agent, &about);
    return call != NULL && call->kind == HOOK_PERMISSION ? call : NULL;
}

/* A call failed after its begin, or by a rule before that. */
static bool ran(const struct hook_open_call *call, struct json_value status)
{
    return json_string_is(status, "success") ||
           (json_string_is(status, "error") && call->kind == HOOK_TOOL && isnan(call->wait_ms));
}

/* Comes after the last of parallel calls: the open ones never ran, since a hook or rule refused
   them. A call with a status may have run: the hook of its end is late. */
bool hook_post_tool_batch(struct hook_event *e)
{
    struct json_value list = json_get(e->payload, "tool_calls");
    struct json_walk walk = json_walk(list);
    struct json_value item;
    bool good = true;
    while (good && list.type == JSON_TYPE_ARRAY && json_next_item(&walk, &item)) {
        struct hook_open_call *call = find_in_batch(e, item);
        if (call != NULL && !call->ended && !ran(call, json_get(item, "status"))) {
            good = give_up(e, PRECEDENCE_INFERRED, call, e->t_ms, OUTCOME_REFUSED);
        }
    }
    return good;
}
