/* Waits for a person: a permission that a call needs, a prompt, input for an MCP server. A wait has
   the id of the call that it holds up, or one of its own while that call is unknown. */
#include "ingest/hooks/hook_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct hook_subject unknown = {.name = 0};

/* Returns the open wait of that kind and subject. NULL: none. */
static struct hook_open_call *find_wait(struct hook_event *e, enum hook_call_kind kind,
                                        const struct hook_subject *about)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (!call->ended && call->kind == kind && call->session == e->session_hash &&
            call->agent == e->agent && call->name == about->name && call->input == about->input &&
            call->subject == about->subject) {
            return call;
        }
    }
    return NULL;
}

/* Its id has its time: the same may be asked again later, even after this program has been started
   again. */
struct hook_open_call *hook_add_wait(struct hook_event *e, enum hook_call_kind kind,
                                     const char *what, const struct hook_subject *about)
{
    struct hook_open_call *call = find_wait(e, kind, about);
    if (call != NULL) {
        return call;
    }
    const struct {
        uint64_t agent;
        struct hook_subject about;
        double t_ms;
    } key = {e->agent, *about, e->t_ms};
    char id[64];
    int len =
        snprintf(id, sizeof id, "%s:%llx", what,
                 (unsigned long long)hook_hash((struct slice){(const char *)&key, sizeof key}));
    call = hook_add_call(e, kind, (struct slice){.bytes = id, .len = (size_t)len});
    if (call != NULL) {
        call->name = about->name;
        call->input = about->input;
        call->subject = about->subject;
    }
    return call;
}

bool hook_begin_wait(struct hook_event *e, struct hook_open_call *call, double at_ms,
                     struct slice what)
{
    char room[CLIENT_WAIT_ID_BYTES];
    struct slice id = client_wait_id(hook_label_slice(&call->id), room);
    struct update update = hook_call_update(e, CALL_WAIT, id, PRECEDENCE_HOOKS);
    update_text(&update, FIELD_CONTEXT, what);
    update_number(&update, FIELD_START_MS, at_ms);
    if (isnan(call->wait_ms) || at_ms < call->wait_ms) {
        call->wait_ms = at_ms;
    }
    call->asked_ms = isnan(call->asked_ms) ? at_ms : call->asked_ms;
    call->held = true;
    return hook_send(e, &update);
}

bool hook_end_wait(struct hook_event *e, enum precedence precedence, struct hook_open_call *call,
                   double at_ms, struct slice decision)
{
    char room[CLIENT_WAIT_ID_BYTES];
    struct slice id = client_wait_id(hook_label_slice(&call->id), room);
    struct update update = hook_call_update(e, CALL_WAIT, id, precedence);
    if (isnan(call->wait_ms)) {
        return true;
    }
    update_number(&update, FIELD_END_MS, hook_later(at_ms, call->wait_ms));
    update_text(&update, FIELD_DECISION, decision);
    update_text(&update, FIELD_DECISION_SOURCE, hook_literal("user"));
    call->wait_ms = NAN;
    return hook_send(e, &update);
}

struct slice hook_permission_text(struct hook_event *e, struct slice tool)
{
    struct strbuf *text = &e->hooks->scratch;
    if (tool.len == 0) {
        return hook_literal("Permission");
    }
    if (client_is_question(tool)) {
        return hook_literal("Question"); /* the tool itself asks, nobody decides on it */
    }
    strbuf_clear(text);
    strbuf_adds(text, "Permission: ");
    strbuf_add(text, tool.bytes, hook_cut(tool, HOOK_LABEL_BYTES).len);
    return text->failed ? hook_literal("Permission")
                        : (struct slice){.bytes = text->data, .len = text->len};
}

bool hook_permission_request(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    struct hook_open_call *call = hook_find_call(e, &about);
    if (call == NULL) {
        call = hook_add_wait(e, HOOK_PERMISSION, "permission", &about.hashes);
        if (call == NULL) {
            return false;
        }
        hook_label_set(&call->command, hook_text_of(e, json_get(about.input, "command")));
    }
    return call->ended || hook_begin_wait(e, call, e->t_ms, hook_permission_text(e, about.name));
}

/* Comes some seconds after a PermissionRequest, so it matters only if that has no hook. */
static bool permission_prompt(struct hook_event *e)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    for (size_t i = 0; i < calls->count; i++) {
        if (calls->items[i].session == e->session_hash && !isnan(calls->items[i].wait_ms)) {
            return true;
        }
    }
    struct hook_open_call *call = hook_open_calls_newest(calls, e->session_hash, e->agent);
    if (call == NULL) {
        call = hook_add_wait(e, HOOK_PERMISSION, "permission", &unknown);
    }
    if (call == NULL) {
        return false;
    }
    double since = e->t_ms - e->dialect->permission_ms;
    return hook_begin_wait(e, call,
                           isnan(call->start_ms) ? e->t_ms : hook_later(since, call->start_ms),
                           hook_literal("Permission"));
}

/* Nothing has run for so long: a call that still waits was refused, and the interaction is over.
   */
static bool idle_prompt(struct hook_event *e)
{
    double since = e->t_ms - e->dialect->idle_ms;
    if (!hook_end_calls(e, since, true) || !hook_end_interaction(e, PRECEDENCE_INFERRED, since)) {
        return false;
    }
    struct hook_open_call *call = hook_add_wait(e, HOOK_IDLE, "idle", &unknown);
    return call != NULL && hook_begin_wait(e, call, e->t_ms, hook_literal("Prompt"));
}

bool hook_notification(struct hook_event *e)
{
    struct json_value type = json_get(e->payload, "notification_type");
    if (json_string_is(type, "permission_prompt")) {
        return permission_prompt(e);
    }
    if (json_string_is(type, "idle_prompt")) {
        return idle_prompt(e);
    }
    return true;
}

/* An MCP server asks for input. */
bool hook_elicitation(struct hook_event *e)
{
    struct hook_open_call *call = hook_add_wait(e, HOOK_ELICITATION, "elicitation", &unknown);
    return call != NULL && hook_begin_wait(e, call, e->t_ms, hook_literal("Elicitation"));
}

bool hook_elicitation_result(struct hook_event *e)
{
    struct slice action = hook_text(e, "action");
    struct hook_open_calls *calls = &e->hooks->open_calls;
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (call->session != e->session_hash || call->kind != HOOK_ELICITATION || call->ended) {
            continue;
        }
        call->ended = true;
        return hook_end_wait(e, PRECEDENCE_HOOKS, call, e->t_ms, action);
    }
    return true;
}

/* Returns the wait of a permission request that overtook the call. NULL: none. */
static struct hook_open_call *find_adopted(struct hook_event *e, const struct hook_open_call *call)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    struct hook_open_call *found = NULL;
    for (size_t i = 0; i < calls->count; i++) {
        struct hook_open_call *wait = &calls->items[i];
        if (wait->ended || wait->kind != HOOK_PERMISSION || wait->session != call->session ||
            wait->agent != call->agent || wait->name != call->name || isnan(wait->wait_ms)) {
            continue;
        }
        if (wait->input == call->input) {
            return wait;
        }
        if (found == NULL && call->subject != 0 && wait->subject == call->subject) {
            found = wait;
        }
    }
    return found;
}

/* Takes over the wait of a permission request that overtook its call: both are sent within a
   moment, by two processes. */
bool hook_adopt_wait(struct hook_event *e, struct hook_open_call *call)
{
    char room[CLIENT_WAIT_ID_BYTES], other_room[CLIENT_WAIT_ID_BYTES];
    struct hook_open_call *wait = find_adopted(e, call);
    if (wait == NULL) {
        return true;
    }
    wait->ended = true;
    call->wait_ms = call->asked_ms = wait->wait_ms;
    call->held = true;
    struct update update = hook_call_update(
        e, CALL_WAIT, client_wait_id(hook_label_slice(&call->id), room), PRECEDENCE_HOOKS);
    update_text(&update, FIELD_ALIAS, client_wait_id(hook_label_slice(&wait->id), other_room));
    update_number(&update, FIELD_START_MS, call->wait_ms);
    return hook_send(e, &update);
}
