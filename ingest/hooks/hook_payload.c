/* Payloads come from outside: a member of a wrong type counts as absent, and an event that the
   dialect does not have is ignored. A hook's only time is its arrival. Some calls have no hook for
   their end; the agent's next event shows that they are over (hook_end_calls).

   A hook may be sent twice (as a command and over HTTP), at slightly different times. The second
   creates nothing new. */
#include "ingest/hooks/hook_private.h"

#include "core/base/time_ns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    ID_BYTES = 200,      /* a longer id is rejected */
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

/* Returns the text of the first of the members that exists. */
static struct slice text_of_any(struct hook_event *e, struct json_value object,
                                const char *const *keys)
{
    struct slice text = {.bytes = NULL};
    for (; text.bytes == NULL && *keys != NULL; keys++) {
        text = hook_text_of(e, json_get(object, *keys));
    }
    return text;
}

struct slice hook_turn(struct hook_event *e)
{
    return text_of_any(e, e->payload, e->dialect->turn);
}

struct slice hook_call_id(struct hook_event *e, struct json_value object)
{
    struct slice id = text_of_any(e, object, e->dialect->call), shown;
    if (id.bytes == NULL) {
        return id;
    }
    id = client_id_short(id, e->id_room);
    if (!e->dialect->shares_ids) {
        return id;
    }
    shown = call_owners_id(&e->ingest->owners, e->session_id, e->agent_id, id, e->shown_room);
    return shown.bytes == NULL ? id : shown;
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

/* Returns what the dialect must report for the update to be sent; 0: nothing. */
static unsigned needed(const struct update *update)
{
    if (update->op == UPDATE_AGENT) {
        return HOOK_REPORTS_AGENTS;
    }
    return update->op != UPDATE_CALL          ? 0
           : update->kind == CALL_TOOL        ? HOOK_REPORTS_TOOLS
           : update->kind == CALL_INTERACTION ? HOOK_REPORTS_TURNS
                                              : 0;
}

bool hook_send_sure(const struct hook_event *e, const struct update *update)
{
    bool reported = (needed(update) & ~e->dialect->reports) == 0;
    return !reported || ingest_ctx_client_update(e->ingest, update);
}

bool hook_send(const struct hook_event *e, const struct update *update)
{
    bool wait = update->op == UPDATE_CALL && update->kind == CALL_WAIT;
    if (wait || update->precedence <= e->dialect->precedence) {
        return hook_send_sure(e, update);
    }
    struct update less = *update;
    less.precedence = e->dialect->precedence;
    return hook_send_sure(e, &less);
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

/* ---- payloads ---- */

static struct hooks *hooks_of(const struct hook_client *client, struct ingest_ctx *ingest)
{
    void **state = hook_state(ingest, client);
    if (*state != NULL) {
        return *state;
    }
    struct hooks *hooks = mem_zalloc(ingest->mem, 1, sizeof *hooks);
    if (hooks == NULL) {
        return NULL;
    }
    hooks->mem = ingest->mem;
    hooks->client = client;
    hook_open_calls_init(&hooks->open_calls, ingest->mem);
    strbuf_init(&hooks->text, ingest->mem, 0);
    strbuf_init(&hooks->args, ingest->mem, 0);
    strbuf_init(&hooks->scratch, ingest->mem, 0);
    *state = hooks;
    return hooks;
}

void hook_payload_free(void *state)
{
    struct hooks *hooks = state;
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

static struct hook_session *find_session(struct hooks *hooks, uint64_t session)
{
    for (size_t i = hooks->session_count; i-- > 0;) {
        if (hooks->sessions[i].session == session) {
            return &hooks->sessions[i];
        }
    }
    return NULL;
}

/* Reads the event's session and agent. Returns NULL, or why they are rejected. */
static const char *read_place(struct hook_event *e)
{
    struct slice session = text_of_any(e, e->payload, e->dialect->session);
    struct slice agent = hook_text(e, "agent_id");
    if (session.bytes == NULL || session.len > ID_BYTES) {
        return "hook: session_id is missing or too long";
    }
    if (agent.len > ID_BYTES) {
        return "hook: agent_id is too long";
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

static bool apply(struct hook_event *e, const struct hook_event_row *row)
{
    if (e->session == NULL && !row->opens_none && !hook_open_session(e)) {
        return false;
    }
    struct update update = hook_update(e, UPDATE_AGENT, PRECEDENCE_HOOKS);
    update_text(&update, FIELD_TYPE, hook_text(e, "agent_type"));
    if (e->agent != 0 && update_has(&update, FIELD_TYPE) && !hook_send(e, &update)) {
        return false;
    }
    return row->take(e) &&
           (row->opens_none || hook_take_sender(e->ingest, e->session_id, e->arrival));
}

static bool is_unused(const struct hook_client *client, struct json_value name)
{
    const char *const *unused = client->dialect->unused;
    while (*unused != NULL && !json_string_is(name, *unused)) {
        unused++;
    }
    return *unused != NULL;
}

/* Names the first event of a newer version in the log. */
static void report_new(const struct hook_client *client, struct ingest_ctx *ingest,
                       struct json_value name)
{
    struct hooks *hooks = hooks_of(client, ingest);
    if (hooks == NULL || hooks->reported_new || is_unused(client, name)) {
        return;
    }
    hooks->reported_new = true;
    struct strbuf text;
    strbuf_init(&text, ingest->mem, 0);
    strbuf_addf(&text, "%s: hooks of unknown events are ignored, such as '", client->name);
    ingest_ctx_quote(&text, name.raw + 1, name.len - 2);
    strbuf_addc(&text, '\'');
    if (!text.failed) {
        ingest_ctx_log(ingest, LOG_LEVEL_INFO, text.data);
    }
    strbuf_release(&text);
}

/* Returns the value that has the event's name. */
static struct json_value event_name(const struct hook_dialect *dialect, struct json_value payload)
{
    struct json_value name = {.type = JSON_TYPE_NONE};
    for (const char *const *key = dialect->event; *key != NULL; key++) {
        name = name.type == JSON_TYPE_STRING ? name : json_get(payload, *key);
    }
    return name;
}

static const struct hook_event_row *row_of(const struct hook_dialect *dialect,
                                           struct json_value name)
{
    const struct hook_event_row *row = dialect->rows;
    while (row->name != NULL && !json_string_is(name, row->name)) {
        row++;
    }
    return row->name == NULL ? NULL : row;
}

const char *hook_payload_take(const struct hook_client *client, struct ingest_ctx *ingest,
                              struct json_value payload, const struct hook_arrival *arrival)
{
    static const char no_memory[] = "hook: out of memory";
    if (payload.type != JSON_TYPE_OBJECT) {
        return "hook: not an object";
    }
    struct json_value name = event_name(client->dialect, payload);
    const struct hook_event_row *row = row_of(client->dialect, name);
    if (row == NULL && name.type == JSON_TYPE_STRING) {
        report_new(client, ingest, name);
        return NULL;
    }
    if (row == NULL) {
        return "hook: hook_event_name is missing";
    }
    struct hook_event e = {.hooks = hooks_of(client, ingest),
                           .dialect = client->dialect,
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

double hook_payload_asked_ms(const struct hook_client *client, struct ingest_ctx *ingest,
                             struct slice session_id, struct slice call_id)
{
    struct hooks *hooks = *hook_state(ingest, client);
    const struct hook_open_call *call =
        hooks == NULL ? NULL
                      : hook_open_calls_find(&hooks->open_calls, hook_hash(session_id), call_id);
    return call == NULL ? (double)NAN : call->asked_ms;
}

struct hook_event hook_event_of(const struct hook_client *client, struct hooks *hooks,
                                struct ingest_ctx *ingest, struct slice session_id, double at_ms)
{
    return (struct hook_event){.hooks = hooks,
                               .dialect = client->dialect,
                               .ingest = ingest,
                               .correlator = ingest->correlator,
                               .session_id = session_id,
                               .session_hash = hook_hash(session_id),
                               .local_ns = ingest_ctx_now(ingest),
                               .t_ms = at_ms};
}

bool hook_payload_note_answer(const struct hook_client *client, struct ingest_ctx *ingest,
                              const struct hook_answer *answer)
{
    struct hooks *hooks = *hook_state(ingest, client);
    if (hooks == NULL) {
        return true;
    }
    struct hook_event e = hook_event_of(client, hooks, ingest, answer->session_id, answer->at_ms);
    struct hook_open_call *call =
        hook_open_calls_find(&hooks->open_calls, e.session_hash, answer->call_id);
    if (call == NULL || !(call->wait_ms <= answer->at_ms)) {
        return true;
    }
    e.agent_id = hook_label_slice(&call->owner);
    return hook_end_wait(&e, PRECEDENCE_TELEMETRY, call, answer->at_ms, answer->decision);
}

bool hook_payload_note_tool_end(const struct hook_client *client, struct ingest_ctx *ingest,
                                const struct hook_tool_end *end)
{
    struct hooks *hooks = *hook_state(ingest, client);
    if (hooks == NULL || !(end->at_ms > 0)) {
        return true;
    }
    struct hook_event e = hook_event_of(client, hooks, ingest, end->session_id, end->at_ms);
    struct hook_subject about = hook_subject_of(&e, end->name, end->input);
    struct hook_open_call *call =
        hook_open_calls_match(&hooks->open_calls, e.session_hash, 0, &about);
    if (call == NULL || !(call->wait_ms <= end->at_ms)) {
        return true;
    }
    call->ended = true;
    return hook_end_wait(&e, PRECEDENCE_FILES, call, end->at_ms, (struct slice){.bytes = NULL});
}
