/* A table of events at the end, a function a row. Payloads are others' (any size, any type): a member that is not what it should be is not there,
   an event that is not in the table means nothing here. A hook has no time but its arrival, and no end of anything but the
   hook that says so; where none comes the next thing that the agent does shows that it must be over (hook_end_calls).

   A hook that is sent twice (as a command and over HTTP) says the same twice, at slightly different times, and
   makes nothing new. */
#include "ingest/claude/claude_hook_private.h"

#include "core/base/time_ns.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSIONS_MAX = 1024,
    ID_BYTES = 200,      /* longer is no id */
    NAME_BYTES = 80,     /* of sessions */
    KEPT_BYTES = 1 << 20 /* buffers beyond that are given back */
};

/* ---- what both files use ---- */

struct slice hook_text_of(struct hook_event *e, struct json_value value)
{
    struct strbuf *text = &e->hooks->text;
    struct slice none = {.bytes = NULL};
    /* Decoded, a text is never longer than in the payload; what was decoded before must not move. */
    if (value.type != JSON_TYPE_STRING || value.len <= 2 || text->cap - text->len <= value.len)
        return none;
    size_t at = text->len;
    json_get_string(value, text);
    if (text->failed)
        return none;
    return (struct slice){.bytes = text->data + at, .len = text->len - at};
}

struct slice hook_text(struct hook_event *e, const char *key)
{
    return hook_text_of(e, json_get(e->payload, key));
}

double hook_ms(const struct hook_event *e, const char *key)
{
    struct json_value value = json_get(e->payload, key);
    double ms = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : NAN;
    return ms >= 0 && e->t_ms - ms >= -INGEST_TIME_MAX_MS ? ms : NAN;
}

struct update hook_update(const struct hook_event *e, enum update_op op, enum precedence precedence)
{
    return (struct update){
        .op = op,
        .precedence = precedence,
        .t_ms = e->t_ms,
        .local_ns = e->local_ns,
        .session_id = e->session_id,
        .agent_id = op == UPDATE_SESSION ? (struct slice){NULL, 0} : e->agent_id,
    };
}

struct update hook_call_update(const struct hook_event *e, enum call_kind kind, struct slice id,
                               enum precedence precedence)
{
    struct update update = hook_update(e, UPDATE_CALL, precedence);
    update.kind = kind;
    update.id = id;
    return update;
}

bool hook_send(const struct hook_event *e, const struct update *update)
{
    return correlator_update(e->correlator, update);
}

void hook_say(const struct hook_event *e, enum notice_level level, const char *what,
              struct slice detail)
{
    char text[200];
    detail = hook_cut(detail, 120);
    int len = snprintf(text, sizeof text, "%s: %.*s", what, (int)detail.len,
                       detail.bytes == NULL ? "" : detail.bytes);
    struct notice notice = {.at_ns = time_ns_from_ms(e->t_ms),
                            .level = level,
                            .session = correlator_session(e->correlator, e->session_id),
                            .text = text,
                            .len = len < (int)sizeof text ? (size_t)len : sizeof text - 1};
    notice_log_add(e->ingest->log, &notice);
}

static const char hook_source[] = "Claude Code hooks";

/* ---- sessions ---- */

static struct hook_session *find_session(struct claude_hooks *hooks, uint64_t session)
{
    for (size_t i = hooks->session_count; i-- > 0;)
        if (hooks->sessions[i].session == session)
            return &hooks->sessions[i];
    return NULL;
}

/* What the directory is called, until its files say more: they know the branch, so theirs is to hold. */
static bool name_session(struct hook_event *e)
{
    struct slice dir = hook_text(e, "cwd");
    size_t at = dir.len;
    while (at > 0 && dir.bytes[at - 1] != '/' && dir.bytes[at - 1] != '\\')
        at--;
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_INFERRED);
    update.by = (struct slice){hook_source, sizeof hook_source - 1};
    if (at < dir.len) {
        struct slice name = {dir.bytes + at, dir.len - at};
        update_text(&update, FIELD_NAME, hook_cut(name, NAME_BYTES));
    }
    return hook_send(e, &update);
}

/* The first that hooks say of it. */
static bool open_session(struct hook_event *e)
{
    struct claude_hooks *hooks = e->hooks;
    if (hooks->session_count == SESSIONS_MAX)
        memmove(hooks->sessions, hooks->sessions + 1,
                --hooks->session_count * sizeof *hooks->sessions);
    if (!mem_reserve(hooks->mem, &hooks->sessions, &hooks->session_cap, hooks->session_count + 1,
                     sizeof *hooks->sessions) ||
        !name_session(e))
        return false;
    e->session = &hooks->sessions[hooks->session_count++];
    *e->session = (struct hook_session){.session = e->session_hash, .turn_ms = NAN};
    return true;
}

static bool session_start(struct hook_event *e)
{
    /* A session that is taken up again began before. */
    struct slice source = hook_text(e, "source");
    bool older = source.bytes != NULL && (memmem(source.bytes, source.len, "resume", 6) != NULL ||
                                          memmem(source.bytes, source.len, "compact", 7) != NULL);
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_HOOKS);
    update_number(&update, FIELD_START_MS, older ? NAN : e->t_ms);
    return hook_send(e, &update);
}

static bool session_end(struct hook_event *e)
{
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_HOOKS);
    update_number(&update, FIELD_END_MS, e->t_ms);
    update_number(&update, FIELD_OUTCOME, OUTCOME_ENDED);
    hook_say(e, NOTICE_INFO, "session ended", hook_text(e, "reason"));
    /* What else is open nobody has ended: it is closed with the session, incomplete. */
    bool good = hook_end_idle(e) && hook_send(e, &update);
    hook_calls_forget(&e->hooks->calls, e->session_hash);
    if (e->session != NULL) {
        size_t at = (size_t)(e->session - e->hooks->sessions);
        size_t behind = --e->hooks->session_count - at;
        memmove(e->session, e->session + 1, behind * sizeof *e->session);
    }
    return good;
}

/* ---- turns ---- */

bool hook_end_turn(struct hook_event *e, enum precedence precedence, double at_ms)
{
    if (e->session->turn.len == 0)
        return true;
    struct hook_word turn = e->session->turn;
    struct update update =
        hook_call_update(e, CALL_INTERACTION, hook_word_slice(&turn), precedence);
    update_number(&update, FIELD_END_MS, at_ms < e->session->turn_ms ? e->session->turn_ms : at_ms);
    e->session->turn.len = 0;
    return hook_send(e, &update);
}

/* A new turn shows that the one before is over: one that a person broke off, or whose call they refused, has no Stop. */
static bool user_prompt_submit(struct hook_event *e)
{
    struct hook_session *session = e->session;
    struct slice prompt_id = hook_text(e, "prompt_id"), prompt = hook_text(e, "prompt");
    struct hook_word turn;
    hook_word_set(&turn, prompt_id);
    if (turn.len == 0)
        turn.len = (size_t)snprintf(turn.bytes, sizeof turn.bytes, "turn:%llu",
                                    (unsigned long long)++e->hooks->made);
    bool again =
        session->turn.len == turn.len && memcmp(session->turn.bytes, turn.bytes, turn.len) == 0;
    if (!hook_end_idle(e) || (!again && (!hook_end_calls(e, e->t_ms, false) ||
                                         !hook_end_turn(e, PRECEDENCE_INFERRED, e->t_ms))))
        return false;
    if (!again)
        session->turn_ms = e->t_ms;
    session->turn = turn;
    struct update update =
        hook_call_update(e, CALL_INTERACTION, hook_word_slice(&turn), PRECEDENCE_HOOKS);
    update_number(&update, FIELD_START_MS, e->t_ms);
    if (prompt.bytes != NULL)
        update_number(&update, FIELD_PROMPT_LENGTH,
                      (double)utf8_utf16_len(prompt.bytes, prompt.len));
    return hook_send(e, &update);
}

static bool stop(struct hook_event *e)
{
    struct slice prompt_id = hook_text(e, "prompt_id");
    struct update update = hook_call_update(e, CALL_INTERACTION, prompt_id, PRECEDENCE_HOOKS);
    if (!hook_end_idle(e) || !hook_end_calls(e, e->t_ms, false))
        return false;
    if (e->session->turn.len > 0)
        return hook_end_turn(e, PRECEDENCE_HOOKS, e->t_ms);
    /* No hook reported its begin. Another source may know it. */
    update_number(&update, FIELD_END_MS, e->t_ms);
    return prompt_id.bytes == NULL || hook_send(e, &update);
}

static bool stop_failure(struct hook_event *e)
{
    hook_say(e, NOTICE_WARNING, "the turn failed", hook_text(e, "error"));
    return stop(e);
}

/* ---- agents ---- */

/* Whose it is, hooks do not say before it ends. While one Agent call alone of that type is without its agent it must be that one's. */
static bool guess_parent(struct hook_event *e, struct slice type)
{
    uint64_t hash = hook_hash(type);
    struct hook_call *call =
        hash == 0 ? NULL : hook_calls_unlinked(&e->hooks->calls, e->session_hash, hash);
    if (call == NULL)
        return true;
    call->linked = true;
    /* Its parent is the main agent anyway, as long as no source knows better. */
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_INFERRED);
    update_text(&update, FIELD_PARENT_AGENT_ID, hook_word_slice(&call->owner));
    update_text(&update, FIELD_DESCRIPTION, hook_word_slice(&call->about));
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
    return hook_send(e, &update) && (isnan(start_ms) || guess_parent(e, type));
}

static bool subagent_start(struct hook_event *e)
{
    return subagent(e, e->t_ms, NAN);
}

static bool subagent_stop(struct hook_event *e)
{
    return (e->agent == 0 || hook_end_calls(e, e->t_ms, false)) && subagent(e, NAN, e->t_ms);
}

/* ---- the table ---- */

static const struct event_row {
    const char *name;
    bool (*take)(struct hook_event *e); /* false: out of memory */
} rows[] = {
    {"PreToolUse", hook_pre_tool_use},
    {"PostToolUse", hook_post_tool_use},
    {"PostToolUseFailure", hook_post_tool_use_failure},
    {"PostToolBatch", hook_post_tool_batch},
    {"PermissionRequest", hook_permission_request},
    {"PermissionDenied", hook_permission_denied},
    {"Notification", hook_notification},
    {"Elicitation", hook_elicitation},
    {"ElicitationResult", hook_elicitation_result},
    {"UserPromptSubmit", user_prompt_submit},
    {"Stop", stop},
    {"StopFailure", stop_failure},
    {"SubagentStart", subagent_start},
    {"SubagentStop", subagent_stop},
    {"SessionStart", session_start},
    {"SessionEnd", session_end},
};

static const struct event_row *row_of(struct json_value name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (json_string_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* ---- taking ---- */

static struct claude_hooks *hooks_of(struct ingest_ctx *ingest)
{
    void **state = hook_state(ingest, &claude_hook_client);
    if (*state != NULL)
        return *state;
    struct claude_hooks *hooks = mem_zalloc(ingest->mem, 1, sizeof *hooks);
    if (hooks == NULL)
        return NULL;
    hooks->mem = ingest->mem;
    hook_calls_init(&hooks->calls, ingest->mem);
    strbuf_init(&hooks->text, ingest->mem, 0);
    strbuf_init(&hooks->args, ingest->mem, 0);
    strbuf_init(&hooks->scratch, ingest->mem, 0);
    *state = hooks;
    return hooks;
}

static void free_hooks(void *state)
{
    struct claude_hooks *hooks = state;
    if (hooks == NULL)
        return;
    const struct mem *mem = hooks->mem;
    hook_calls_release(&hooks->calls);
    mem_free(mem, hooks->sessions, hooks->session_cap * sizeof *hooks->sessions);
    strbuf_release(&hooks->text);
    strbuf_release(&hooks->args);
    strbuf_release(&hooks->scratch);
    mem_free(mem, hooks, sizeof *hooks);
}

/* Whose event it is. NULL, or what is wrong. */
static const char *read_place(struct hook_event *e)
{
    struct slice session = hook_text(e, "session_id"), agent = hook_text(e, "agent_id");
    if (session.bytes == NULL || session.len > ID_BYTES)
        return "claude_hook: session_id is no id";
    if (agent.len > ID_BYTES)
        return "claude_hook: agent_id is no id";
    if (agent.len == session.len && memcmp(agent.bytes, session.bytes, agent.len) == 0)
        agent = (struct slice){.bytes = NULL};
    e->session_id = session;
    e->agent_id = agent;
    e->session_hash = hook_hash(session);
    e->agent = hook_hash(agent);
    e->session = find_session(e->hooks, e->session_hash);
    return NULL;
}

static bool apply(struct hook_event *e, const struct event_row *row)
{
    /* One that ends is not opened for it. */
    if (e->session == NULL && row->take != session_end && !open_session(e))
        return false;
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_HOOKS);
    update_text(&update, FIELD_TYPE, hook_text(e, "agent_type"));
    if (e->agent != 0 && update_has(&update, FIELD_TYPE) && !hook_send(e, &update))
        return false;
    return row->take(e);
}

const char *claude_hook_take(struct ingest_ctx *ingest, struct json_value payload, double t_ms,
                             int64_t local_ns)
{
    static const char no_memory[] = "claude_hook: out of memory";
    if (ingest->correlator == NULL)
        return "claude_hook: not taken here";
    if (payload.type != JSON_TYPE_OBJECT)
        return "claude_hook: not an object";
    const struct event_row *row = row_of(json_get(payload, "hook_event_name"));
    if (row == NULL)
        return json_get(payload, "hook_event_name").type == JSON_TYPE_STRING
                   ? NULL
                   : "claude_hook: hook_event_name is missing";
    struct hook_event e = {.hooks = hooks_of(ingest),
                           .ingest = ingest,
                           .correlator = ingest->correlator,
                           .payload = payload,
                           .local_ns = local_ns,
                           .t_ms = t_ms};
    if (e.hooks == NULL)
        return no_memory;
    struct strbuf *text = &e.hooks->text;
    strbuf_clear(text);
    /* A member may be decoded twice. */
    if (strbuf_room(text, 2 * payload.len) == NULL)
        return no_memory;
    e.wrong = read_place(&e);
    bool good = e.wrong != NULL || apply(&e, row);
    if (text->cap > KEPT_BYTES)
        strbuf_release(text);
    ingest->changed = true;
    return good ? e.wrong : no_memory;
}

const struct hook_client claude_hook_client = {
    .name = "claude",
    .take = claude_hook_take,
    .free_state = free_hooks,
};
