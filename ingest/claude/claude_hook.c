/* A table at the end has one function for each event. Payloads come from outside: a member of a
   wrong type counts as absent, and an event that is not in the table is ignored. A hook's only time
   is its arrival. Some calls have no hook for their end; the agent's next event shows that they are
   over (hook_end_calls).

   A hook may be sent twice (as a command and over HTTP), at slightly different times. The second
   creates nothing new. */
#include "ingest/claude/claude_hook_private.h"

#include "ingest/claude/claude_args.h"

#include "core/base/time_ns.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSIONS_MAX = 1024,
    ID_BYTES = 200,  /* a longer id is rejected */
    NAME_BYTES = 80, /* of sessions */
    PATH_BYTES = 4096,
    KEPT_BYTES = 1 << 20 /* a larger buffer is freed */
};

/* ---- shared ---- */

struct slice hook_text_of(struct hook_event *e, struct json_value value)
{
    struct strbuf *text = &e->hooks->text;
    struct slice none = {.bytes = NULL};
    /* Decoding never makes a text longer, and earlier texts must not move. */
    if (value.type != JSON_TYPE_STRING || value.len <= 2 || text->cap - text->len <= value.len) {
        return none;
    }
    size_t at = text->len;
    json_get_string(value, text);
    if (text->failed) {
        return none;
    }
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
    return ingest_ctx_client_update(e->ingest, update);
}

void hook_log(const struct hook_event *e, enum log_level level, const char *what,
              struct slice detail)
{
    char text[200];
    detail = hook_cut(detail, 120);
    int len = snprintf(text, sizeof text, "%s: %.*s", what, (int)detail.len,
                       detail.bytes == NULL ? "" : detail.bytes);
    session_no session = correlator_session(e->correlator, e->session_id);
    struct log_entry entry = {.at_ns = time_ns_from_ms(e->t_ms),
                              .level = level,
                              .session = session,
                              .serial = swarm_session_serial(e->ingest->swarm, session),
                              .text = text,
                              .len = len < (int)sizeof text ? (size_t)len : sizeof text - 1};
    event_log_add(e->ingest->log, &entry);
}

static const char hook_source[] = "Claude Code hooks";

/* ---- sessions ---- */

static struct hook_session *find_session(struct claude_hooks *hooks, uint64_t session)
{
    for (size_t i = hooks->session_count; i-- > 0;) {
        if (hooks->sessions[i].session == session) {
            return &hooks->sessions[i];
        }
    }
    return NULL;
}

/* Names the session after its directory, as inferred: a transcript knows the branch too. */
static bool name_session(struct hook_event *e)
{
    struct slice dir = hook_text(e, "cwd");
    size_t at = dir.len;
    while (at > 0 && dir.bytes[at - 1] != '/' && dir.bytes[at - 1] != '\\') {
        at--;
    }
    struct update update = hook_update(e, UPDATE_SESSION, PRECEDENCE_INFERRED);
    update.by = (struct slice){hook_source, sizeof hook_source - 1};
    if (at < dir.len) {
        struct slice name = {dir.bytes + at, dir.len - at};
        update_text(&update, FIELD_NAME, hook_cut(name, NAME_BYTES));
    }
    update_text(&update, FIELD_CLIENT, (struct slice){"claude", 6});
    update_text(&update, FIELD_CWD, hook_cut(dir, PATH_BYTES));
    return hook_send(e, &update);
}

/* Opens the session with its first hook. */
static bool open_session(struct hook_event *e)
{
    struct claude_hooks *hooks = e->hooks;
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

static bool session_start(struct hook_event *e)
{
    /* A resumed session began earlier. */
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
    hook_log(e, LOG_LEVEL_INFO, "session ended", hook_text(e, "reason"));
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
static bool user_prompt_submit(struct hook_event *e)
{
    struct hook_session *session = e->session;
    struct slice prompt_id = hook_text(e, "prompt_id"), prompt = hook_text(e, "prompt");
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
        claude_args_prompt(prompt, &e->hooks->args);
        update_text(&update, FIELD_ARGS, (struct slice){e->hooks->args.data, e->hooks->args.len});
    }
    return hook_send(e, &update);
}

static bool stop(struct hook_event *e)
{
    struct slice prompt_id = hook_text(e, "prompt_id");
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

static bool stop_failure(struct hook_event *e)
{
    hook_log(e, LOG_LEVEL_WARNING, "interaction failed", hook_text(e, "error"));
    return stop(e);
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

/* Events of known versions that change nothing here. */
static const char *const unused_events[] = {
    "ConfigChange",         "CwdChanged",     "DirectoryAdded",  "FileChanged", "MessageDisplay",
    "InstructionsLoaded",   "PostCompact",    "PostModelSwitch", "PreCompact",  "PreModelSwitch",
    "PreSkillShellCommand", "Setup",          "TaskCompleted",   "TaskCreated", "TeammateIdle",
    "UserPromptExpansion",  "WorktreeCreate", "WorktreeRemove",
};

static const struct event_row *row_of(struct json_value name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (json_string_is(name, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ---- payloads ---- */

static struct claude_hooks *hooks_of(struct ingest_ctx *ingest)
{
    void **state = hook_state(ingest, &claude_hook_client);
    if (*state != NULL) {
        return *state;
    }
    struct claude_hooks *hooks = mem_zalloc(ingest->mem, 1, sizeof *hooks);
    if (hooks == NULL) {
        return NULL;
    }
    hooks->mem = ingest->mem;
    hook_open_calls_init(&hooks->open_calls, ingest->mem);
    strbuf_init(&hooks->text, ingest->mem, 0);
    strbuf_init(&hooks->args, ingest->mem, 0);
    strbuf_init(&hooks->scratch, ingest->mem, 0);
    *state = hooks;
    return hooks;
}

static void free_hooks(void *state)
{
    struct claude_hooks *hooks = state;
    if (hooks == NULL) {
        return;
    }
    const struct mem *mem = hooks->mem;
    hook_open_calls_release(&hooks->open_calls);
    mem_free(mem, hooks->sessions, hooks->session_cap * sizeof *hooks->sessions);
    strbuf_release(&hooks->text);
    strbuf_release(&hooks->args);
    strbuf_release(&hooks->scratch);
    mem_free(mem, hooks, sizeof *hooks);
}

/* Reads the event's session and agent. Returns NULL, or why they are rejected. */
static const char *read_place(struct hook_event *e)
{
    struct slice session = hook_text(e, "session_id"), agent = hook_text(e, "agent_id");
    if (session.bytes == NULL || session.len > ID_BYTES) {
        return "claude_hook: session_id is missing or too long";
    }
    if (agent.len > ID_BYTES) {
        return "claude_hook: agent_id is too long";
    }
    if (agent.len == session.len && memcmp(agent.bytes, session.bytes, agent.len) == 0) {
        agent = (struct slice){.bytes = NULL};
    }
    e->session_id = session;
    e->agent_id = agent;
    e->session_hash = hook_hash(session);
    e->agent = hook_hash(agent);
    e->session = find_session(e->hooks, e->session_hash);
    return NULL;
}

static bool apply(struct hook_event *e, const struct event_row *row)
{
    /* An end alone opens no session. */
    if (e->session == NULL && row->take != session_end && !open_session(e)) {
        return false;
    }
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_HOOKS);
    update_text(&update, FIELD_TYPE, hook_text(e, "agent_type"));
    if (e->agent != 0 && update_has(&update, FIELD_TYPE) && !hook_send(e, &update)) {
        return false;
    }
    return row->take(e) &&
           (row->take == session_end || hook_take_sender(e->ingest, e->session_id, e->arrival));
}

/* Names the first event of a newer version in the log. */
static void report_new(struct ingest_ctx *ingest, struct json_value name)
{
    struct claude_hooks *hooks = hooks_of(ingest);
    bool known = hooks == NULL || hooks->reported_new;
    for (size_t i = 0; !known && i < sizeof unused_events / sizeof *unused_events; i++) {
        known = json_string_is(name, unused_events[i]);
    }
    if (known) {
        return;
    }
    hooks->reported_new = true;
    struct strbuf text;
    strbuf_init(&text, ingest->mem, 0);
    strbuf_adds(&text, "claude: hooks of unknown events are ignored, such as '");
    ingest_ctx_quote(&text, name.raw + 1, name.len - 2);
    strbuf_addc(&text, '\'');
    if (!text.failed) {
        ingest_ctx_log(ingest, LOG_LEVEL_INFO, text.data);
    }
    strbuf_release(&text);
}

const char *claude_hook_take(struct ingest_ctx *ingest, struct json_value payload,
                             const struct hook_arrival *arrival)
{
    static const char no_memory[] = "claude_hook: out of memory";
    if (payload.type != JSON_TYPE_OBJECT) {
        return "claude_hook: not an object";
    }
    const struct event_row *row = row_of(json_get(payload, "hook_event_name"));
    if (row == NULL && json_get(payload, "hook_event_name").type == JSON_TYPE_STRING) {
        report_new(ingest, json_get(payload, "hook_event_name"));
        return NULL;
    }
    if (row == NULL) {
        return "claude_hook: hook_event_name is missing";
    }
    struct hook_event e = {.hooks = hooks_of(ingest),
                           .ingest = ingest,
                           .correlator = ingest->correlator,
                           .payload = payload,
                           .local_ns = arrival->local_ns,
                           .t_ms = arrival->t_ms,
                           .arrival = arrival};
    if (e.hooks == NULL) {
        return no_memory;
    }
    struct strbuf *text = &e.hooks->text;
    strbuf_clear(text);
    /* A member may be decoded twice. */
    if (strbuf_room(text, 2 * payload.len) == NULL) {
        return no_memory;
    }
    e.wrong = read_place(&e);
    bool good = e.wrong != NULL || apply(&e, row);
    if (text->cap > KEPT_BYTES) {
        strbuf_release(text);
    }
    ingest->changed = true;
    return good ? e.wrong : no_memory;
}

const struct hook_client claude_hook_client = {
    .name = "claude",
    .take = claude_hook_take,
    .free_state = free_hooks,
};
