/* Tools. The line of a call is written at once, so it is the start. The item of a completed command
   has its exit code and is nearer to the end than the output, which the model is given later; where
   there is no item, the output's text has the code. */
#include "ingest/codex/codex_thread.h"

#include "core/base/hash.h"

#include "ingest/client_value.h"
#include "ingest/client_wait.h"
#include "ingest/exit_code.h"
#include "ingest/hook_client.h"
#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPEN_TOOLS = 1000, OUTPUT_BYTES = 32 << 10, HEAD_BYTES = 200 };

#define WAIT_MS 500.0 /* a command starts within less unless a person is asked */

/* ---- open tools ---- */

/* Returns the number of the id under which the model has a call; INTERN_NONE: it has no id. */
static intern_id put_call(struct codex_thread *thread, struct json_value id)
{
    char room[CLIENT_ID_BYTES], shown[CLIENT_ID_BYTES];
    struct slice own = client_id(tree_file_mem(thread->file), id, room);
    struct slice agent = {thread->file->agent_id, strlen(thread->file->agent_id)};
    return codex_put_text(thread, tree_file_call_id(thread->file, agent, own, shown));
}

static struct codex_tool *find(struct codex_thread *thread, intern_id id)
{
    for (size_t i = 0; i < thread->tool_count; i++) {
        if (thread->tools[i].id == id) {
            return &thread->tools[i];
        }
    }
    return NULL;
}

static void forget(struct codex_thread *thread, const struct codex_tool *tool)
{
    size_t at = (size_t)(tool - thread->tools);
    thread->tool_count--;
    memmove(thread->tools + at, thread->tools + at + 1,
            (thread->tool_count - at) * sizeof *thread->tools);
}

static void keep(struct codex_thread *thread, struct codex_tool tool)
{
    if (thread->tool_count == OPEN_TOOLS) { /* the oldest of so many never gets an output */
        forget(thread, thread->tools);
    }
    if (!mem_reserve(tree_file_mem(thread->file), &thread->tools, &thread->tool_cap,
                     thread->tool_count + 1, sizeof *thread->tools)) {
        thread->file->tree->dir.failed = true;
        return;
    }
    thread->tools[thread->tool_count++] = tool;
}

/* ---- calls ---- */

/* Returns whether a command wants to leave the sandbox. */
static bool leaves_sandbox(struct json_value input)
{
    return json_string_is(json_get(input, "sandbox_permissions"), "require_escalated") ||
           json_get(input, "with_escalated_permissions").type == JSON_TYPE_TRUE;
}

/* Appends the input of a call as the model keeps it: `arguments` is JSON in a string, `input` the
   text of a tool without a schema, `action` an object. Sets *hash to that of the rest. Returns
   whether a person may be asked. */
static bool put_args(struct codex_thread *thread, struct json_value payload, struct strbuf *out,
                     double *hash)
{
    bool asks = false, whole = tree_file_content(thread->file);
    struct json_value arguments = json_get(payload, "arguments"), input;
    struct strbuf text;
    strbuf_init(&text, out->mem, 0);
    json_get_string(arguments, &text);
    if (arguments.type == JSON_TYPE_STRING && !text.failed && text.len > 0 &&
        json_check(text.data, text.len, JSON_DEPTH_LIMIT, &input, NULL) &&
        input.type == JSON_TYPE_OBJECT) {
        tool_args(input, whole, out);
        *hash = tool_args_hash(input, whole);
        asks = thread->file->asks && leaves_sandbox(input);
    } else {
        input = json_get(payload, "input");
        input = input.type == JSON_TYPE_STRING ? input : json_get(payload, "action");
        tool_args(input, whole, out);
        *hash = tool_args_hash(input, whole);
    }
    out->failed |= text.failed;
    strbuf_release(&text);
    return asks;
}

/* Appends the tool's name; one of an MCP server is spelt as others spell it. */
static void put_name(struct json_value payload, struct strbuf *out)
{
    struct slice type = client_plain_text(json_get(payload, "type"));
    json_text_cut(json_get(payload, "name"), CLIENT_ID_BYTES, true, out);
    if (out->len == 0 && type.len > 5) { /* local_shell_call, web_search_call */
        strbuf_add(out, type.bytes, type.len - 5);
    }
}

/* A number of the input: copies of a call share it, while some providers count ids from one in each
   conversation. */
static double mark_of(struct json_value arguments)
{
    return (uint32_t)hash_bytes(HASH_SEED, arguments.raw, arguments.len);
}

/* Returns whether the call is of the history that a fork repeats. */
static bool is_copy(struct codex_thread *thread, struct json_value id, double mark)
{
    char room[CLIENT_ID_BYTES];
    struct slice own = client_id(tree_file_mem(thread->file), id, room);
    bool first = own.len > 0 && tree_file_claim(thread->file, own, mark);
    return !first && !(thread->own_turn && thread->turn != INTERN_NONE);
}

void codex_tools_take_call(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    intern_id id = put_call(thread, json_get(payload, "call_id"));
    struct strbuf args;
    bool whole = id == INTERN_NONE; /* a search by the server: the line is all that there is */
    struct json_value own = json_get(payload, whole ? "id" : "call_id");
    id = whole ? put_call(thread, own) : id;
    if (id == INTERN_NONE || find(thread, id) != NULL ||
        is_copy(thread, own, mark_of(json_get(payload, "arguments")))) {
        return;
    }
    strbuf_init(&args, tree_file_mem(thread->file), 0);
    double hash;
    bool asks = put_args(thread, payload, &args, &hash);
    strbuf_clear(&thread->file->scratch);
    put_name(payload, &thread->file->scratch);
    struct update update = tree_file_call(thread->file, CALL_TOOL, codex_text(thread, id));
    update_text(&update, FIELD_NAME,
                (struct slice){thread->file->scratch.data, thread->file->scratch.len});
    update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    update_number(&update, FIELD_INPUT_HASH, hash);
    update_number(&update, FIELD_START_MS, at_ms);
    if (whole) {
        update_number(&update, FIELD_END_MS, at_ms);
        update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
    } else {
        tree_file_mark_asking(thread->file, update.values[FIELD_NAME].text, &update);
        keep(thread, (struct codex_tool){.id = id, .asks = asks, .start_ms = at_ms});
    }
    thread->file->scratch.failed |= args.failed;
    tree_file_send(thread->file, &update);
    strbuf_release(&args);
}

/* ---- ends ---- */

static void send_end(struct codex_thread *thread, intern_id id, double at_ms, bool failed,
                     struct slice error)
{
    struct update update = tree_file_call(thread->file, CALL_TOOL, codex_text(thread, id));
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, failed ? TRI_FALSE : TRI_TRUE);
    update_text(&update, FIELD_ERROR, error);
    tree_file_send(thread->file, &update);
}

static void send_exit(struct codex_thread *thread, intern_id id, double at_ms, bool failed,
                      double code)
{
    char text[40];
    bool has_code = code > 0 && code < 1e9;
    int len = snprintf(text, sizeof text, has_code ? "Exit code %.0f" : "error", code);
    struct slice error = {failed ? text : NULL, failed ? (size_t)len : 0};
    send_end(thread, id, at_ms, failed, error);
}

/* ---- persons ---- */

/* A person was asked before a command ran, or did not: that shows only afterwards. */
static void send_wait(struct codex_thread *thread, intern_id id, double start_ms, double end_ms,
                      enum precedence precedence, const char *decision)
{
    static const char what[] = "Permission: exec_command";
    char room[CLIENT_WAIT_ID_BYTES];
    struct update update =
        tree_file_call(thread->file, CALL_WAIT, client_wait_id(codex_text(thread, id), room));
    update.precedence = precedence;
    update_number(&update, FIELD_START_MS, start_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    update_text(&update, FIELD_CONTEXT, (struct slice){what, sizeof what - 1});
    update_text(&update, FIELD_DECISION, (struct slice){decision, strlen(decision)});
    update_text(&update, FIELD_DECISION_SOURCE, (struct slice){"user", 4});
    tree_file_send(thread->file, &update);
}

static void send_stopped(struct codex_thread *thread, intern_id id, double at_ms,
                         enum precedence precedence, enum outcome outcome)
{
    struct update update = tree_file_call(thread->file, CALL_TOOL, codex_text(thread, id));
    update.precedence = precedence;
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, outcome);
    tree_file_send(thread->file, &update);
}

/* Returns whether a person may have been asked about the call, as far as files show it, or was,
   by a hook. Sets *least_ms to how long that took at least. */
static bool was_asked(const struct codex_thread *thread, const struct codex_tool *tool,
                      double *least_ms)
{
    struct slice session = {thread->file->session_id, strlen(thread->file->session_id)};
    bool sure = !isnan(
        hook_asked_ms(tree_file_ctx(thread->file), "codex", session, codex_text(thread, tool->id)));
    *least_ms = sure ? 0 : WAIT_MS;
    return sure || tool->asks;
}

/* An aborted call that a person may have been asked about was refused, unless an item still shows
   that it ran. */
static void abort_asking(struct codex_thread *thread, const struct codex_tool *tool, double at_ms)
{
    thread->aborted[thread->aborted_next++ % CODEX_ABORTED] = tool->id;
    send_stopped(thread, tool->id, at_ms, PRECEDENCE_INFERRED, OUTCOME_REFUSED);
    send_wait(thread, tool->id, tool->start_ms, at_ms, PRECEDENCE_INFERRED, "reject");
}

/* Returns the time in ms of {"secs":…,"nanos":…}; NAN: unknown. */
static double duration_of(struct json_value duration)
{
    return client_number(json_get(duration, "secs")) * 1000 +
           client_number(json_get(duration, "nanos")) / 1e6;
}

/* An item's start is that of its call: before a person was asked. */
static void take_wait(struct codex_thread *thread, struct json_value payload,
                      struct json_value item, intern_id id, double least_ms)
{
    double start_ms = client_time(json_get(payload, "started_at_ms"));
    double end_ms =
        client_time(json_get(payload, "completed_at_ms")) - duration_of(json_get(item, "duration"));
    if (end_ms - start_ms >= least_ms) {
        send_wait(thread, id, start_ms, end_ms, PRECEDENCE_FILES, "accept");
    }
}

/* Takes the item of a call that was aborted before. Returns false if it is of no such call. */
static bool take_aborted(struct codex_thread *thread, struct json_value payload,
                         struct json_value item, intern_id id)
{
    for (size_t i = 0; i < CODEX_ABORTED; i++) {
        if (thread->aborted[i] == id) {
            thread->aborted[i] = INTERN_NONE;
            double end_ms = client_time(json_get(payload, "completed_at_ms"));
            send_stopped(thread, id, end_ms, PRECEDENCE_FILES, OUTCOME_INTERRUPTED);
            take_wait(thread, payload, item, id, 0); /* it replaces what was inferred */
            return true;
        }
    }
    return false;
}

/* ---- items ---- */

/* The agents that a call started or waits for. */
static void take_receivers(struct codex_thread *thread, struct json_value item, intern_id id)
{
    struct json_value agent, agents = json_get(item, "receiver_agents");
    struct update update;
    size_t count = 0;
    for (struct json_walk walk = json_walk(agents); json_next_item(&walk, &agent); count++) {
        struct json_value thread_id = json_get(agent, "thread_id");
        if (json_string_is(json_get(item, "tool"), "spawn_agent")) {
            strbuf_clear(&thread->file->scratch);
            json_text_cut(json_get(item, "prompt"), CLIENT_ID_BYTES, true, &thread->file->scratch);
            update = tree_file_update(thread->file, UPDATE_AGENT);
            update.agent_id = client_plain_text(thread_id);
            update_text(&update, FIELD_NAME, client_plain_text(json_get(agent, "agent_nickname")));
            update_text(&update, FIELD_DESCRIPTION,
                        (struct slice){thread->file->scratch.data, thread->file->scratch.len});
            update_text(&update, FIELD_PARENT_AGENT_ID, codex_text(thread, thread->thread));
            if (update.agent_id.len > 0) {
                tree_file_send(thread->file, &update);
            }
        }
        if (count == 0) {
            update = tree_file_call(thread->file, CALL_TOOL, codex_text(thread, id));
            update_text(&update, FIELD_CHILD_AGENT_ID, client_plain_text(thread_id));
            tree_file_send(thread->file, &update);
        }
    }
}

/* A tool of a server has no line of its call: the item is all that there is. */
static void take_unknown_item(struct codex_thread *thread, struct json_value payload,
                              struct json_value item, intern_id id)
{
    struct slice server = client_plain_text(json_get(item, "server"));
    struct slice tool = client_plain_text(json_get(item, "tool"));
    struct update update = tree_file_call(thread->file, CALL_TOOL, codex_text(thread, id));
    strbuf_clear(&thread->file->scratch);
    if (server.len > 0) {
        strbuf_adds(&thread->file->scratch, "mcp__");
        strbuf_add(&thread->file->scratch, server.bytes, server.len);
        strbuf_adds(&thread->file->scratch, "__");
    }
    tool = tool.len > 0 ? tool : client_plain_text(json_get(item, "type"));
    strbuf_add(&thread->file->scratch, tool.bytes, tool.len);
    update_text(&update, FIELD_NAME,
                (struct slice){thread->file->scratch.data, thread->file->scratch.len});
    update_number(&update, FIELD_START_MS, client_time(json_get(payload, "started_at_ms")));
    tree_file_send(thread->file, &update);
}

void codex_tools_take_item(struct codex_thread *thread, struct json_value payload,
                           struct json_value item, double at_ms)
{
    intern_id id = put_call(thread, json_get(item, "id"));
    struct codex_tool *tool = id == INTERN_NONE ? NULL : find(thread, id);
    double end_ms = client_time(json_get(payload, "completed_at_ms"));
    double code = client_number(json_get(item, "exit_code"));
    struct json_value status = json_get(item, "status");
    bool known_tool = json_string_is(json_get(item, "type"), "McpToolCall");
    if (tool == NULL && id != INTERN_NONE && take_aborted(thread, payload, item, id)) {
        return;
    }
    if (tool == NULL &&
        (id == INTERN_NONE || !known_tool || is_copy(thread, json_get(item, "id"), 0))) {
        return;
    }
    if (tool == NULL) {
        take_unknown_item(thread, payload, item, id);
    } else {
        double least_ms;
        tool->ended = true;
        if (was_asked(thread, tool, &least_ms)) {
            take_wait(thread, payload, item, id, least_ms);
        }
    }
    take_receivers(thread, item, id);
    send_exit(thread, id, isnan(end_ms) ? at_ms : end_ms,
              code > 0 || json_string_is(status, "failed") || json_string_is(status, "declined"),
              code);
}

void codex_tools_take_end(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    intern_id id = put_call(thread, json_get(payload, "call_id"));
    struct codex_tool *tool = id == INTERN_NONE ? NULL : find(thread, id);
    double code = client_number(json_get(payload, "exit_code"));
    if (tool != NULL) {
        tool->ended = true;
        send_exit(thread, id, at_ms,
                  code > 0 || json_get(payload, "success").type == JSON_TYPE_FALSE, code);
    }
}

/* ---- outputs ---- */

/* Sets scratch to the text that the model is given. */
static void take_text(struct codex_thread *thread, struct json_value output)
{
    struct json_value part;
    strbuf_clear(&thread->file->scratch);
    json_text_cut(output, OUTPUT_BYTES, false, &thread->file->scratch);
    json_text_cut(json_get(output, "content"), OUTPUT_BYTES, false, &thread->file->scratch);
    for (struct json_walk walk = json_walk(output);
         output.type == JSON_TYPE_ARRAY && json_next_item(&walk, &part);) {
        json_text_cut(json_get(part, "text"), OUTPUT_BYTES, false, &thread->file->scratch);
    }
}

/* The client's own text is at the beginning: after it comes what a command printed. */
static bool contains(const struct strbuf *text, const char *what)
{
    size_t len = text->len < HEAD_BYTES ? text->len : HEAD_BYTES;
    return len > 0 && memmem(text->data, len, what, strlen(what)) != NULL;
}

/* The outcome of a call that a person did not let run, or stopped; these texts are the client's
   own. */
static enum outcome outcome_of(const struct strbuf *text)
{
    if (contains(text, "rejected by user") || contains(text, "denied by user")) {
        return OUTCOME_REFUSED;
    }
    return contains(text, "aborted by user") ? OUTCOME_INTERRUPTED : OUTCOME_NONE;
}

static void send_output(struct codex_thread *thread, const struct codex_tool *tool,
                        struct json_value output, double at_ms)
{
    intern_id id = tool->id;
    enum outcome outcome = outcome_of(&thread->file->scratch);
    double code =
        exit_code_of((struct slice){thread->file->scratch.data, thread->file->scratch.len});
    bool failed =
        outcome != OUTCOME_NONE || code > 0 || json_get(output, "success").type == JSON_TYPE_FALSE;
    if (outcome == OUTCOME_NONE) {
        send_exit(thread, id, at_ms, failed, code);
        return;
    }
    double least_ms;
    bool asked = was_asked(thread, tool, &least_ms);
    if (asked && outcome == OUTCOME_INTERRUPTED) {
        abort_asking(thread, tool, at_ms);
        return;
    }
    send_stopped(thread, id, at_ms, PRECEDENCE_FILES, outcome);
    if (asked) {
        send_wait(thread, id, tool->start_ms, at_ms, PRECEDENCE_FILES, "reject");
    }
}

void codex_tools_take_output(struct codex_thread *thread, struct json_value payload, double at_ms)
{
    intern_id id = put_call(thread, json_get(payload, "call_id"));
    struct codex_tool *tool = id == INTERN_NONE ? NULL : find(thread, id);
    struct json_value output = json_get(payload, "output");
    if (tool == NULL) {
        return;
    }
    take_text(thread, output);
    enum outcome outcome = tool->ended ? OUTCOME_NONE : outcome_of(&thread->file->scratch);
    if (!tool->ended) {
        send_output(thread, tool, output, at_ms);
    }
    forget(thread, tool);
    /* The model is given all outputs of one answer at once, unless a person stopped the turn. */
    if (thread->tool_count == 0 && thread->turn != INTERN_NONE && outcome != OUTCOME_INTERRUPTED) {
        codex_request_begin(thread, at_ms);
    }
}

void codex_tools_stop(struct codex_thread *thread, double at_ms, enum outcome outcome)
{
    while (thread->tool_count > 0) {
        struct codex_tool *tool = &thread->tools[thread->tool_count - 1];
        if (!tool->ended && outcome != OUTCOME_NONE) {
            struct update update =
                tree_file_call(thread->file, CALL_TOOL, codex_text(thread, tool->id));
            update_number(&update, FIELD_END_MS, at_ms);
            update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
            update_number(&update, FIELD_OUTCOME, outcome);
            tree_file_send(thread->file, &update);
        }
        thread->tool_count--;
    }
}
