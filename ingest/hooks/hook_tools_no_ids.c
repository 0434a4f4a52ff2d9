/* Tools of a client whose hooks have no ids of calls: they only show what a person is asked for. A
   call is found by its tool and input, a question by the command or path that it is about. Without
   ids, a hook that was sent twice is known by its time: the second comes within a moment. */
#include "ingest/hooks/hook_private.h"

#include <math.h>
#include <stdio.h>

/* The second of a hook sent twice comes so soon. */
#define REPEAT_MS 1000

/* Returns the call of that tool and input that began, or ended, a moment ago: the hook was sent
   twice. NULL: none. */
static struct hook_open_call *find_repeated(struct hook_event *e, const struct hook_about *about,
                                            bool ended)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended == ended && call->session == e->session_hash &&
            call->name == about->hashes.name && call->input == about->hashes.input &&
            e->t_ms - (ended ? call->end_ms : call->start_ms) <= REPEAT_MS) {
            return call;
        }
    }
    return NULL;
}

bool hook_before_tool(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    char id[40];
    if (find_repeated(e, &about, false) != NULL) {
        return true;
    }
    int len = snprintf(id, sizeof id, "tool:%llu", (unsigned long long)++e->hooks->made);
    struct hook_open_call *call = hook_add_call(e, HOOK_TOOL, (struct slice){id, (size_t)len});
    if (call == NULL) {
        return false;
    }
    call->start_ms = e->t_ms;
    hook_note_subject(call, &about);
    hook_label_set(&call->about, about.name);
    hook_label_set(&call->command, hook_text_of(e, json_get(about.input, "command")));
    return true;
}

bool hook_after_tool(struct hook_event *e)
{
    struct hook_about about = hook_read_about(e);
    struct hook_open_call *call = hook_find_call(e, &about);
    if (call == NULL ||
        (call->input != about.hashes.input && find_repeated(e, &about, true) != NULL)) {
        return true;
    }
    call->ended = true;
    call->end_ms = e->t_ms;
    return hook_end_wait(e, PRECEDENCE_INFERRED, call, e->t_ms, hook_literal("accept"));
}

/* Returns the newest open call about that; else the newest that does not wait, if one is open. One
   that has just begun to wait for the same is that of a hook sent twice. */
static struct hook_open_call *find_subject(struct hook_event *e, uint64_t subject)
{
    struct hook_open_calls *calls = &e->hooks->open_calls;
    struct hook_open_call *newest = NULL, *repeated = NULL;
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        bool waits = !isnan(call->wait_ms);
        if (call->ended || call->session != e->session_hash ||
            (waits && !(e->t_ms - call->wait_ms <= REPEAT_MS))) {
            continue;
        }
        if (subject != 0 && call->subject == subject) {
            return call;
        }
        newest = newest == NULL && !waits ? call : newest;
        repeated = repeated == NULL && waits && call->kind == HOOK_TOOL ? call : repeated;
    }
    return newest != NULL ? newest : repeated;
}

bool hook_tool_permission(struct hook_event *e)
{
    struct slice none = {.bytes = NULL};
    struct hook_subject details = hook_subject_of(e, none, json_get(e->payload, "details"));
    struct hook_subject about = {.subject = details.subject};
    struct hook_open_call *call = find_subject(e, about.subject);
    if (call == NULL) {
        call = hook_add_wait(e, HOOK_PERMISSION, "permission", &about);
        if (call != NULL) {
            struct json_value command = json_get(json_get(e->payload, "details"), "command");
            hook_label_set(&call->command, hook_text_of(e, command));
        }
    }
    return call != NULL && hook_begin_wait(e, call, e->t_ms,
                                           hook_permission_text(e, hook_label_slice(&call->about)));
}
