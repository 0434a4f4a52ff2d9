/* Sessions, their interactions and agents. A session opens with its first hook, whichever that is:
   swarmtop may have been started later. */
#include "ingest/hooks/hook_private.h"

#include "core/base/utf8.h"
#include "ingest/tool_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSIONS_MAX = 1024,
    NAME_BYTES = 80, /* of sessions */
    PATH_BYTES = 4096
};

/* ---- sessions ---- */

/* Names the session after its directory, as inferred: a transcript knows the branch too. */
static bool name_session(struct hook_event *e)
{
    struct slice dir = hook_text(e, "cwd");
    size_t at = dir.len;
    while (at > 0 && dir.bytes[at - 1] != '/' && dir.bytes[at - 1] != '\\') {
        at--;
    }
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_INFERRED);
    update.by = hook_literal(e->dialect->by);
    if (at < dir.len) {
        struct slice name = {dir.bytes + at, dir.len - at};
        update_text(&update, FIELD_NAME, hook_cut(name, NAME_BYTES));
    }
    update_text(&update, FIELD_CLIENT, hook_literal(e->hooks->client->name));
    update_text(&update, FIELD_CWD, hook_cut(dir, PATH_BYTES));
    return hook_send(e, &update);
}

bool hook_open_session(struct hook_event *e)
{
    struct hooks *hooks = e->hooks;
    if (hooks->session_count == SESSIONS_MAX) {
        memmove(hooks->sessions, hooks->sessions + 1,
                --hooks->session_count * sizeof *hooks->sessions);
    }
    if (!mem_reserve(hooks->mem, &hooks->sessions, &hooks->session_cap, hooks->session_count + 1,
                     sizeof *hooks->sessions) ||
        !name_session(e)) {
        return false;
    }
    e->session = &hooks->sessions[hooks->session_count++];
    *e->session = (struct hook_session){.session = e->session_hash, .interaction_ms = NAN};
    return true;
}

bool hook_session_start(struct hook_event *e)
{
    /* A resumed session began earlier. */
    struct slice source = hook_text(e, "source");
    bool older = source.bytes != NULL && (memmem(source.bytes, source.len, "resume", 6) != NULL ||
                                          memmem(source.bytes, source.len, "compact", 7) != NULL);
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_HOOKS);
    update_number(&update, FIELD_START_MS, older ? NAN : e->t_ms);
    return hook_send(e, &update);
}

/* Returns whether a hook has ended it before: this one was sent twice. */
static bool is_ended(const struct hook_event *e)
{
    session_no number = correlator_session(e->correlator, e->session_id);
    const struct session *session =
        number == NO_SESSION ? NULL : swarm_session(e->ingest->swarm, number);
    return e->session == NULL && session != NULL && (session->flags & SESSION_ENDED) != 0;
}

bool hook_session_end(struct hook_event *e)
{
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_HOOKS);
    update_number(&update, FIELD_END_MS, e->t_ms);
    update_number(&update, FIELD_OUTCOME, OUTCOME_ENDED);
    if (!is_ended(e)) {
        hook_log(e, LOG_LEVEL_INFO, "session ended", hook_text(e, "reason"));
    }
    bool good = hook_end_idle(e) && hook_end_calls_with_session(e) && hook_send(e, &update);
    hook_open_calls_drop_session(&e->hooks->open_calls, e->session_hash);
    client_processes_end(e->ingest, e->session_id);
    if (e->session != NULL) {
        size_t at = (size_t)(e->session - e->hooks->sessions);
        size_t after = --e->hooks->session_count - at;
        memmove(e->session, e->session + 1, after * sizeof *e->session);
    }
    return good;
}

/* ---- interactions ---- */

bool hook_end_interaction(struct hook_event *e, enum precedence precedence, double at_ms)
{
    if (e->session->interaction.len == 0) {
        return true;
    }
    struct hook_label id = e->session->interaction;
    struct update update = hook_call_update(e, CALL_INTERACTION, hook_label_slice(&id), precedence);
    update_number(&update, FIELD_END_MS,
                  at_ms < e->session->interaction_ms ? e->session->interaction_ms : at_ms);
    e->session->interaction.len = 0;
    return hook_send(e, &update);
}

/* A new prompt ends the previous interaction, which has no Stop if a person interrupted it or
   refused its call. */
bool hook_user_prompt_submit(struct hook_event *e)
{
    struct hook_session *session = e->session;
    if (e->agent != 0) { /* the prompt of a sub-agent, by the call that starts it */
        return hook_end_calls(e, e->t_ms, false);
    }
    struct slice prompt_id = hook_turn(e), prompt = hook_text(e, "prompt");
    struct hook_label id;
    hook_label_set(&id, prompt_id);
    if (id.len == 0) {
        id.len = (size_t)snprintf(id.bytes, sizeof id.bytes, "prompt:%llu",
                                  (unsigned long long)++e->hooks->made);
    }
    bool again = session->interaction.len == id.len &&
                 memcmp(session->interaction.bytes, id.bytes, id.len) == 0;
    if (!hook_end_idle(e) || (!again && (!hook_end_calls(e, e->t_ms, false) ||
                                         !hook_end_interaction(e, PRECEDENCE_INFERRED, e->t_ms)))) {
        return false;
    }
    if (!again) {
        session->interaction_ms = e->t_ms;
    }
    session->interaction = id;
    struct update update =
        hook_call_update(e, CALL_INTERACTION, hook_label_slice(&id), PRECEDENCE_HOOKS);
    update_number(&update, FIELD_START_MS, e->t_ms);
    if (prompt.bytes != NULL) {
        update_number(&update, FIELD_PROMPT_LENGTH,
                      (double)utf8_utf16_len(prompt.bytes, prompt.len));
    }
    strbuf_clear(&e->hooks->args);
    if (e->ingest->content && prompt.bytes != NULL) {
        tool_args_prompt(prompt, &e->hooks->args);
        update_text(&update, FIELD_ARGS, (struct slice){e->hooks->args.data, e->hooks->args.len});
    }
    return hook_send(e, &update);
}

bool hook_stop(struct hook_event *e)
{
    struct slice prompt_id = hook_turn(e);
    struct update update = hook_call_update(e, CALL_INTERACTION, prompt_id, PRECEDENCE_HOOKS);
    if (!hook_end_idle(e) || !hook_end_calls(e, e->t_ms, false)) {
        return false;
    }
    if (e->session->interaction.len > 0) {
        return hook_end_interaction(e, PRECEDENCE_HOOKS, e->t_ms);
    }
    /* No hook reported its begin. Another source may know it. */
    update_number(&update, FIELD_END_MS, e->t_ms);
    return prompt_id.bytes == NULL || hook_send(e, &update);
}

bool hook_stop_failure(struct hook_event *e)
{
    hook_log(e, LOG_LEVEL_WARNING, "interaction failed", hook_text(e, "error"));
    return hook_stop(e);
}

/* A person has stopped the turn: no more hooks come of what was open in it. */
bool hook_interrupt(struct hook_event *e)
{
    return hook_end_idle(e) && hook_interrupt_calls(e) && hook_end_calls(e, e->t_ms, false) &&
           hook_end_interaction(e, PRECEDENCE_INFERRED, e->t_ms);
}

/* The turn has got the results of its tools: none of them waits any more. */
bool hook_turn_continues(struct hook_event *e)
{
    return hook_end_calls(e, e->t_ms, false);
}

/* Is sent after the turns of all conversations, some of which the client keeps to itself: what
   nothing else reports is not shown. */
bool hook_turn_complete(struct hook_event *e)
{
    if (e->session != NULL) {
        return hook_stop(e);
    }
    struct slice turn = hook_turn(e);
    struct update update = hook_call_update(e, CALL_INTERACTION, turn, PRECEDENCE_INFERRED);
    update_number(&update, FIELD_END_MS, e->t_ms);
    return turn.bytes == NULL || correlator_session(e->correlator, e->session_id) == NO_SESSION ||
           hook_send(e, &update);
}

/* ---- agents ---- */

/* Hooks report an agent's parent at its end only. While a single Agent call of that type has no
   agent yet, its caller must be the parent. */
static bool infer_parent(struct hook_event *e, struct slice type)
{
    uint64_t hash = hook_hash(type);
    struct hook_open_call *call =
        hash == 0 ? NULL : hook_open_calls_unlinked(&e->hooks->open_calls, e->session_hash, hash);
    if (call == NULL) {
        return true;
    }
    call->linked = true;
    hook_label_set(&call->child, e->agent_id);
    /* Without any update of it the parent would be the main agent. */
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_INFERRED);
    update_text(&update, FIELD_PARENT_AGENT_ID, hook_label_slice(&call->owner));
    update_text(&update, FIELD_DESCRIPTION, hook_label_slice(&call->about));
    return hook_send(e, &update);
}

static bool subagent(struct hook_event *e, double start_ms, double end_ms)
{
    struct slice type = hook_text(e, "agent_type");
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_HOOKS);
    if (e->agent == 0) {
        e->wrong = "agent_id is missing";
        return true;
    }
    update_text(&update, FIELD_TYPE, type);
    update_number(&update, FIELD_START_MS, start_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    return hook_send(e, &update) && (isnan(start_ms) || infer_parent(e, type));
}

bool hook_subagent_start(struct hook_event *e)
{
    return subagent(e, e->t_ms, NAN);
}

bool hook_subagent_stop(struct hook_event *e)
{
    return (e->agent == 0 || hook_end_calls(e, e->t_ms, false)) && subagent(e, NAN, e->t_ms);
}
