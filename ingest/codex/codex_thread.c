/* A line is dispatched by its type and its payload's, with one table. The file is written as things
   happen, so what is open follows from the order of lines: a turn opens a request, outputs of all
   tools that were called open the next one. */
#include "ingest/codex/codex_thread.h"

#include "ingest/client_value.h"
#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { THREAD_ID_BYTES = 36, PATH_BYTES = 4096 };

struct slice codex_text(const struct codex_thread *thread, intern_id id)
{
    struct slice text = {NULL, 0};
    if (id != INTERN_NONE) {
        text.bytes = intern_text(thread->texts, id, &text.len);
    }
    return text;
}

intern_id codex_put_text(struct codex_thread *thread, struct slice text)
{
    intern_id id = text.len == 0 ? INTERN_NONE : intern_put(thread->texts, text.bytes, text.len);
    if (id == INTERN_FAILED) {
        thread->file->tree->dir.failed = true;
        return INTERN_NONE;
    }
    return id;
}

intern_id codex_put(struct codex_thread *thread, struct json_value id)
{
    char room[CLIENT_ID_BYTES];
    return codex_put_text(thread, client_id(tree_file_mem(thread->file), id, room));
}

/* ---- the thread ---- */

/* rollout-TIME-THREAD.jsonl: a file whose first line is lost is still known. */
static intern_id thread_of_path(struct codex_thread *thread)
{
    const char *slash = strrchr(thread->file->file.path, '/');
    const char *name = slash == NULL ? thread->file->file.path : slash + 1;
    size_t len = strlen(name), end = len > 6 ? len - 6 : len;
    size_t from = end > THREAD_ID_BYTES ? end - THREAD_ID_BYTES : 0;
    return codex_put_text(thread, (struct slice){name + from, end - from});
}

bool codex_thread_begin(struct tree_file *file)
{
    struct codex_thread *thread = file->reader;
    thread->file = file;
    thread->texts = intern_new(tree_file_mem(file));
    thread->meta_ms = thread->window = thread->turn_ms = (double)NAN;
    thread->request.first_ms = thread->request.usage_total = (double)NAN;
    return thread->texts != NULL;
}

void codex_thread_end(struct tree_file *file)
{
    struct codex_thread *thread = file->reader;
    mem_free(tree_file_mem(file), thread->tools, thread->tool_cap * sizeof *thread->tools);
    intern_free(thread->texts);
}

static struct json_value spawned_by(struct json_value payload)
{
    return json_get(json_get(json_get(payload, "source"), "subagent"), "thread_spawn");
}

static void announce_root(struct codex_thread *thread, struct json_value payload)
{
    struct strbuf cwd;
    strbuf_init(&cwd, tree_file_mem(thread->file), 0);
    json_text_cut(json_get(payload, "cwd"), PATH_BYTES, true, &cwd);
    struct tree_session_facts facts = {.client = "codex",
                                       .cwd = {cwd.data, cwd.len},
                                       .branch = json_get(json_get(payload, "git"), "branch"),
                                       .start_ms = thread->meta_ms};
    thread->file->scratch.failed |= cwd.failed;
    tree_file_announce(thread->file, &facts);
    strbuf_release(&cwd);
}

static void announce_agent(struct codex_thread *thread, struct json_value payload)
{
    struct json_value spawn = spawned_by(payload);
    struct json_value name = json_get(payload, "agent_nickname");
    struct json_value role = json_get(payload, "agent_role");
    struct update update = tree_file_update(thread->file, UPDATE_AGENT);
    name = name.type == JSON_TYPE_STRING ? name : json_get(spawn, "agent_nickname");
    role = role.type == JSON_TYPE_STRING ? role : json_get(spawn, "agent_role");
    update_text(&update, FIELD_NAME, client_plain_text(name));
    update_text(&update, FIELD_TYPE, client_plain_text(role));
    update_text(&update, FIELD_PARENT_AGENT_ID, codex_text(thread, thread->parent));
    update_text(&update, FIELD_ALIAS, update.agent_id); /* telemetry has a session for it */
    update_number(&update, FIELD_START_MS, thread->meta_ms);
    tree_file_send(thread->file, &update);
}

/* A fork repeats the session_meta of the thread that it continues: the first one counts. */
static void take_meta(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    struct json_value parent = json_get(payload, "parent_thread_id");
    if (tree_file_is_known(thread->file)) {
        return;
    }
    parent = parent.type == JSON_TYPE_STRING ? parent
                                             : json_get(spawned_by(payload), "parent_thread_id");
    thread->thread = codex_put(thread, json_get(payload, "id"));
    thread->thread = thread->thread == INTERN_NONE ? thread_of_path(thread) : thread->thread;
    thread->parent = codex_put(thread, parent);
    thread->session = codex_put(thread, json_get(payload, "session_id"));
    if (thread->session == INTERN_NONE) {
        thread->session = thread->parent != INTERN_NONE ? thread->parent : thread->thread;
    }
    thread->meta_ms = client_time(json_get(payload, "timestamp"));
    thread->meta_ms = isnan(thread->meta_ms) ? at_ms : thread->meta_ms;
    bool root = codex_thread_is_root(thread);
    tree_file_set_ids(thread->file, codex_text(thread, thread->session),
                      codex_text(thread, root ? INTERN_NONE : thread->thread));
    if (root) {
        announce_root(thread, payload);
    } else {
        announce_agent(thread, payload);
    }
}

/* Lines without a session_meta before them: the beginning of the file is lost. */
static void announce_unknown(struct codex_thread *thread, double at_ms)
{
    if (!tree_file_is_known(thread->file)) {
        take_meta(thread, (struct json_value){.type = JSON_TYPE_NONE}, at_ms);
    }
}

/* ---- turns ---- */

static void send_turn(struct codex_thread *thread, double end_ms, enum outcome outcome)
{
    struct update update =
        tree_file_call(thread->file, CALL_INTERACTION, codex_text(thread, thread->turn));
    update_number(&update, FIELD_START_MS, thread->turn_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    if (outcome != OUTCOME_NONE) {
        update_number(&update, FIELD_OUTCOME, outcome);
    }
    tree_file_send(thread->file, &update);
}

static void end_turn(struct codex_thread *thread, double at_ms, enum outcome outcome)
{
    if (thread->turn == INTERN_NONE) {
        return;
    }
    send_turn(thread, at_ms, outcome);
    thread->turn = INTERN_NONE;
    if (!codex_thread_is_root(thread)) {
        struct update update = tree_file_update(thread->file, UPDATE_AGENT);
        update_number(&update, FIELD_END_MS, at_ms);
        tree_file_send(thread->file, &update);
    }
}

void codex_thread_stop(struct codex_thread *thread, double at_ms, enum outcome outcome)
{
    codex_tools_stop(thread, at_ms, outcome);
    codex_request_fail(thread, at_ms, outcome, (struct slice){NULL, 0});
    end_turn(thread, at_ms, outcome);
}

static void take_turn(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    /* A turn that was cut off, by the death of its process, lasted until its last line. */
    codex_thread_stop(thread, isnan(thread->file->last_ms) ? at_ms : thread->file->last_ms,
                      OUTCOME_INTERRUPTED);
    double window = client_number(json_get(payload, "model_context_window"));
    thread->window = isnan(window) ? thread->window : window;
    thread->turn = codex_put(thread, json_get(payload, "turn_id"));
    if (thread->turn == INTERN_NONE) {
        char id[64];
        int len = snprintf(id, sizeof id, "turn-%.3f", at_ms);
        thread->turn = codex_put_text(thread, (struct slice){id, (size_t)len});
    }
    thread->turn_ms = at_ms;
    thread->turn_request.number = 0;
    thread->own_turn = tree_file_claim(thread->file, codex_text(thread, thread->turn), 0);
    if (thread->own_turn) {
        send_turn(thread, (double)NAN, OUTCOME_NONE);
    } else {
        thread->turn = INTERN_NONE;
    }
}

/* Older versions have no task_started: a message of the user begins a turn, and ends the one
   before. */
static void take_message_turn(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    if (thread->turn != INTERN_NONE) {
        codex_tools_stop(thread, thread->file->last_ms, OUTCOME_INTERRUPTED);
        codex_request_fail(thread, thread->file->last_ms, OUTCOME_INTERRUPTED,
                           (struct slice){NULL, 0});
        end_turn(thread, thread->file->last_ms, OUTCOME_NONE);
    }
    take_turn(thread, payload, at_ms);
    thread->own_turn = false; /* its id is made of a time, which a copy may have changed */
}

static void take_task(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    thread->has_turns = true;
    take_turn(thread, payload, at_ms);
}

static void take_turn_end(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    codex_request_take_turn(thread, payload);
    codex_request_end(thread, at_ms); /* of a provider that reports no usage */
    codex_thread_stop(thread, at_ms, OUTCOME_NONE);
}

static void take_abort(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    (void)payload;
    codex_thread_stop(thread, at_ms, OUTCOME_INTERRUPTED);
}

static void take_prompt(struct codex_thread *thread, struct json_value item, double at_ms)
{
    struct json_value text = json_get(item, "content"), part;
    double length = 0;
    for (struct json_walk walk = json_walk(text); json_next_item(&walk, &part);) {
        strbuf_clear(&thread->file->scratch);
        json_get_string(json_get(part, "text"), &thread->file->scratch);
        length += (double)thread->file->scratch.len;
    }
    if (thread->turn != INTERN_NONE && length > 0) {
        struct update update =
            tree_file_call(thread->file, CALL_INTERACTION, codex_text(thread, thread->turn));
        update_number(&update, FIELD_PROMPT_LENGTH, length);
        tree_file_send(thread->file, &update);
    }
    if (thread->turn != INTERN_NONE) {
        codex_request_begin(thread, at_ms);
    }
}

/* ---- events ---- */

static void take_item(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    struct json_value item = json_get(payload, "item"), type = json_get(item, "type");
    double started_ms = client_time(json_get(payload, "started_at_ms"));
    if (json_string_is(type, "UserMessage")) {
        take_prompt(thread, item, at_ms);
    } else if (json_string_is(type, "AgentMessage") || json_string_is(type, "Reasoning")) {
        codex_request_first_token(thread, started_ms);
    } else {
        codex_note_type(thread, CODEX_ITEM, type);
        codex_tools_take_item(thread, payload, item, at_ms);
    }
}

static void take_message(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    if (thread->turn == INTERN_NONE || !thread->has_turns) {
        take_message_turn(thread, payload, at_ms);
    }
    if (thread->turn != INTERN_NONE) {
        codex_request_begin(thread, at_ms);
    }
}

static void take_error(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    char text[CLIENT_ID_BYTES];
    client_text_copy(tree_file_mem(thread->file), json_get(payload, "message"), text, sizeof text);
    struct slice error = {text, strlen(text)};
    strbuf_clear(&thread->file->scratch);
    if (!tree_file_content(thread->file)) {
        tool_error_class(error, &thread->file->scratch);
        error = (struct slice){thread->file->scratch.data, thread->file->scratch.len};
    }
    codex_request_fail(thread, at_ms, OUTCOME_NONE, error);
}

/* A compaction is a mark on the row. */
static void take_compaction(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    char id[64]; /* a time is short (client_time) */
    int len = snprintf(id, sizeof id, "compact-%.3f", at_ms);
    struct update update = tree_file_call(thread->file, CALL_SPAN, (struct slice){id, (size_t)len});
    (void)payload;
    update_text(&update, FIELD_NAME, (struct slice){"compact", 7});
    update_number(&update, FIELD_START_MS, at_ms);
    update_number(&update, FIELD_END_MS, at_ms);
    tree_file_send(thread->file, &update);
}

static void take_context(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    intern_id model = codex_put(thread, json_get(payload, "model"));
    struct json_value policy = json_get(payload, "approval_policy");
    struct json_value reviewer = json_get(payload, "approvals_reviewer");
    (void)at_ms;
    if (policy.type != JSON_TYPE_NONE) { /* a string, or an object of finer rules */
        thread->file->asks =
            !json_string_is(policy, "never") &&
            (reviewer.type != JSON_TYPE_STRING || json_string_is(reviewer, "user"));
    }
    thread->model = model == INTERN_NONE ? thread->model : model;
}

static void take_settings(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    take_context(thread, json_get(payload, "thread_settings"), at_ms);
}

static void take_other_response(struct codex_thread *thread, struct json_value payload,
                                double at_ms)
{
    (void)at_ms;
    codex_note_type(thread, CODEX_RESPONSE, json_get(payload, "type"));
}

static void take_other_event(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    (void)at_ms;
    codex_note_type(thread, CODEX_EVENT, json_get(payload, "type"));
}

/* By the line's type, and the payload's; the first row that fits. A type that begins with '*' is
   the end of one. */
static const struct line_row {
    const char *type, *payload_type; /* NULL: any */
    void (*take)(struct codex_thread *thread, struct json_value payload, double at_ms);
} line_rows[] = {
    {"session_meta", NULL, take_meta},
    {"turn_context", NULL, take_context},
    {"token_usage_record", NULL, codex_request_take_usage},
    {"compacted", NULL, take_compaction},
    {"response_item", "*_call", codex_tools_take_call},
    {"response_item", "*_output", codex_tools_take_output},
    {"response_item", NULL, take_other_response}, /* messages and thoughts */
    {"event_msg", "task_started", take_task},
    {"event_msg", "turn_started", take_task},
    {"event_msg", "task_complete", take_turn_end},
    {"event_msg", "turn_complete", take_turn_end},
    {"event_msg", "turn_aborted", take_abort},
    {"event_msg", "item_completed", take_item},
    {"event_msg", "user_message", take_message},
    {"event_msg", "token_count", codex_request_take_count},
    {"event_msg", "thread_settings_applied", take_settings},
    {"event_msg", "error", take_error},
    {"event_msg", "*_end", codex_tools_take_end},
    {"event_msg", NULL, take_other_event},
};

static bool type_fits(struct json_value type, const char *wanted)
{
    if (wanted == NULL || wanted[0] != '*') {
        return wanted == NULL || json_string_is(type, wanted);
    }
    struct slice text = client_plain_text(type);
    size_t len = strlen(wanted + 1);
    return text.len >= len && memcmp(text.bytes + text.len - len, wanted + 1, len) == 0;
}

void codex_thread_take(struct tree_file *file, struct json_value line)
{
    struct codex_thread *thread = file->reader;
    struct json_value type = json_get(line, "type"), payload = json_get(line, "payload");
    struct json_value payload_type = json_get(payload, "type");
    double at_ms = client_time(json_get(line, "timestamp"));
    const struct line_row *end = line_rows + sizeof line_rows / sizeof *line_rows;
    const struct line_row *row = line_rows;
    while (row < end &&
           !(type_fits(type, row->type) && type_fits(payload_type, row->payload_type))) {
        row++;
    }
    if (row == end) {
        codex_note_type(thread, CODEX_LINE, type);
        if (!isnan(at_ms) && tree_file_is_known(file)) {
            tree_file_note(file, at_ms);
        }
        return;
    }
    if (isnan(at_ms)) {
        tree_file_reject(file, line, "it has no timestamp");
        return;
    }
    if (row->take != take_meta) {
        announce_unknown(thread, at_ms);
    }
    row->take(thread, payload, at_ms);
    tree_file_note(file, at_ms);
}
