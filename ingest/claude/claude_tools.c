/* Tools, from the block that calls one to the line with its result. A short list has the open ones:
   a wait for a person holds up one of them, and a transcript is busy while it has any.

   An answer may ask for several tools. The client runs them side by side, except those that change
   files and commands that may: such a tool starts when the ones before it have ended, and those
   after it wait for it. A tool that has to wait is kept in the list and not sent until it starts.

   A call in the background has its result at once; it stays open until the client reports the end
   of its task (claude_tasks.c). */
#include "ingest/claude/claude_private.h"

#include "ingest/claude/claude_args.h"
#include "ingest/claude/claude_shell.h"
#include "ingest/tool_error.h"

#include "core/base/json_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPEN_TOOLS = 1000, RESULT_BYTES = 32 << 10 };

static bool is_agent(struct slice name)
{
    return (name.len == 5 && memcmp(name.bytes, "Agent", 5) == 0) ||
           (name.len == 4 && memcmp(name.bytes, "Task", 4) == 0);
}

/* The tools that never run beside another one. */
static bool is_alone(struct claude_transcript *t, struct slice name, struct json_value input)
{
    static const char *const names[] = {"Write", "Edit", "MultiEdit", "NotebookEdit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name.len == strlen(names[i]) && memcmp(name.bytes, names[i], name.len) == 0) {
            return true;
        }
    }
    struct json_value command = json_get(input, "command");
    if (name.len != 4 || memcmp(name.bytes, "Bash", 4) != 0 || command.type != JSON_TYPE_STRING) {
        return false;
    }
    strbuf_clear(&t->scratch);
    json_get_string(command, &t->scratch);
    return !claude_shell_only_reads((struct slice){t->scratch.data, t->scratch.len});
}

/* Returns whether an open tool of the same answer has to end before the one at `at` starts. */
static bool has_to_wait(const struct claude_transcript *t, const struct claude_tool *tool,
                        size_t at)
{
    for (size_t i = 0; i < at; i++) {
        const struct claude_tool *before = &t->tools[i];
        if (before->request == tool->request && tool->request != CLAUDE_NO_REQUEST &&
            !before->background && (before->is_alone || tool->is_alone)) {
            return true;
        }
    }
    return false;
}

static void free_args(struct claude_transcript *t, struct claude_tool *tool)
{
    mem_free(t->mem, tool->args, tool->args_len);
}

/* Returns the tool's index among the open ones, their count if it is not one. */
static size_t place_of(const struct claude_transcript *t, intern_id id)
{
    size_t at = 0;
    while (at < t->tool_count && t->tools[at].id != id) {
        at++;
    }
    return at;
}

void claude_tools_take_away(struct claude_transcript *t, size_t at)
{
    free_args(t, &t->tools[at]);
    t->tool_count--;
    memmove(t->tools + at, t->tools + at + 1, (t->tool_count - at) * sizeof *t->tools);
}

void claude_tools_release(struct claude_transcript *t)
{
    for (size_t i = 0; i < t->tool_count; i++) {
        free_args(t, &t->tools[i]);
    }
    mem_free(t->mem, t->tools, t->tool_cap * sizeof *t->tools);
    mem_free(t->mem, t->uses, t->use_cap * sizeof *t->uses);
    mem_free(t->mem, t->killed, t->killed_cap * sizeof *t->killed);
    mem_free(t->mem, t->started, t->started_cap * sizeof *t->started);
    u64map_release(&t->use_by_id);
}

/* Keeps the input, since input and result make one object. */
static void keep_args(struct claude_transcript *t, struct claude_tool *tool, struct slice args)
{
    tool->args = args.len > 0 ? mem_alloc(t->mem, args.len) : NULL;
    if (tool->args == NULL) {
        t->failed |= args.len > 0;
        return;
    }
    memcpy(tool->args, args.bytes, args.len);
    tool->args_len = args.len;
}

/* Returns the tool as it is kept; NULL: out of memory, which sets `failed`. */
static struct claude_tool *keep_open(struct claude_transcript *t, const struct claude_tool *tool)
{
    /* The oldest of so many never gets a result. */
    if (t->tool_count == OPEN_TOOLS) {
        claude_tools_take_away(t, 0);
    }
    if (!mem_reserve(t->mem, &t->tools, &t->tool_cap, t->tool_count + 1, sizeof *t->tools)) {
        t->failed = true;
        return NULL;
    }
    t->tools[t->tool_count] = *tool;
    return &t->tools[t->tool_count++];
}

/* ---- calls ---- */

static void send_call(struct claude_transcript *t, const struct claude_tool *tool,
                      struct slice args, double start_ms)
{
    struct update update =
        claude_transcript_call(t, CALL_TOOL, claude_transcript_text(t, tool->id));
    update_text(&update, FIELD_NAME, claude_transcript_text(t, tool->name));
    update_text(&update, FIELD_ARGS, args);
    update_number(&update, FIELD_INPUT_HASH, tool->input_hash);
    update_number(&update, FIELD_START_MS, start_ms);
    claude_transcript_send(t, &update);
    if (tool->is_question) {
        claude_waits_begin(t, tool->id, start_ms, (struct slice){"Question", 8});
    }
}

/* Sends the kept call, which has started. */
static void send_queued(struct claude_transcript *t, struct claude_tool *tool, double start_ms)
{
    tool->queued = false;
    send_call(t, tool, (struct slice){tool->args, tool->args_len}, start_ms);
    if (!t->options.content) {
        free_args(t, tool);
        tool->args = NULL;
        tool->args_len = 0;
    }
}

static void take_open_call(struct claude_transcript *t, const struct claude_tool *tool,
                           struct slice args)
{
    size_t at = place_of(t, tool->id);
    bool known = at < t->tool_count;
    struct claude_tool *kept = known ? &t->tools[at] : keep_open(t, tool);
    if (kept == NULL || (known && kept->queued)) {
        return;
    }
    kept->queued = !known && has_to_wait(t, kept, t->tool_count - 1);
    if (!known && (kept->queued || t->options.content)) {
        keep_args(t, kept, args);
    }
    if (!kept->queued) {
        send_call(t, tool, args, tool->start_ms);
    }
}

/* Appends a tool's name, with its server's for one of the API's connectors, as the client spells
   those of its own. */
static void put_name(struct claude_transcript *t, struct json_value block, struct strbuf *out)
{
    struct json_value server = json_get(block, "server_name");
    if (server.type == JSON_TYPE_STRING && server.len > 2) {
        strbuf_adds(out, "mcp__");
        json_text_cut(server, CLIENT_ID_BYTES, true, out);
        strbuf_adds(out, "__");
    }
    json_text_cut(json_get(block, "name"), CLIENT_ID_BYTES, true, out);
    if (out->len == 0) {
        strbuf_adds(out, "tool");
    }
    t->failed |= out->failed;
}

static intern_id text_of(struct claude_transcript *t, struct json_value value)
{
    char text[CLIENT_ID_BYTES];
    client_text_copy(t->mem, value, text, sizeof text);
    return claude_transcript_put(t, (struct slice){text, strlen(text)});
}

static struct claude_tool tool_of(struct claude_transcript *t, struct json_value block,
                                  const struct claude_tool_use *use)
{
    struct json_value input = json_get(block, "input");
    struct strbuf text;
    strbuf_init(&text, t->mem, 0);
    put_name(t, block, &text);
    struct slice name = {text.data, text.len};
    struct claude_tool tool = {.id = use->key,
                               .name = claude_transcript_put(t, name),
                               .request = use->request,
                               .start_ms = use->start_ms,
                               .is_agent = is_agent(name),
                               .is_alone = is_alone(t, name, input),
                               .is_question = client_is_question(name),
                               .input_hash = tool_args_hash(input, t->options.content)};
    tool.by_server = !json_string_is(json_get(block, "type"), "tool_use");
    if (tool.is_agent) {
        tool.type = text_of(t, json_get(input, "subagent_type"));
        tool.description = text_of(t, json_get(input, "description"));
        tool.prompt = claude_sidechains_prompt(json_get(input, "prompt"));
    }
    strbuf_release(&text);
    return tool;
}

static void take_call(struct claude_transcript *t, struct json_value block,
                      const struct claude_tool_use *use)
{
    struct claude_tool tool = tool_of(t, block, use);
    struct strbuf args;
    strbuf_init(&args, t->mem, 0);
    tool_args(json_get(block, "input"), t->options.content, &args);
    struct slice args_json = {args.data, args.len};
    t->failed |= args.failed;
    if (!t->failed && isnan(use->end_ms)) {
        take_open_call(t, &tool, args_json);
    } else if (!t->failed) {
        send_call(t, &tool, args_json, tool.start_ms);
    }
    strbuf_release(&args);
}

void claude_tools_take_call(struct claude_transcript *t, struct json_value block, double at_ms,
                            uint32_t request)
{
    intern_id id = claude_transcript_put_id(t, json_get(block, "id"));
    if (id == INTERN_NONE && !t->failed && json_get(block, "name").type == JSON_TYPE_STRING) {
        char text[64];
        int len = snprintf(text, sizeof text, "tool-%.3f", at_ms);
        id = claude_transcript_put(t, (struct slice){text, (size_t)len});
    }
    struct claude_tool_use *use =
        id == INTERN_NONE ? NULL : claude_tool_use_of_call(t, id, at_ms, request);
    if (use == NULL) {
        return;
    }
    use->request = request;
    use->start_ms = use->start_ms <= at_ms ? use->start_ms : at_ms;
    take_call(t, block, use);
}

/* Sends the tools that a result lets start. */
static void start_queued(struct claude_transcript *t, double at_ms)
{
    for (size_t i = 0; i < t->tool_count; i++) {
        if (t->tools[i].queued && !has_to_wait(t, &t->tools[i], i)) {
            send_queued(t, &t->tools[i], at_ms);
        }
    }
}

/* {…input, "result": …} */
static void put_result(struct claude_transcript *t, const struct claude_tool *tool,
                       struct json_value content, struct strbuf *out)
{
    struct strbuf text, raw;
    strbuf_init(&text, t->mem, 0);
    strbuf_init(&raw, t->mem, 0);
    claude_args_content(content, RESULT_BYTES, false, &text);
    json_put_string(&raw, text.data != NULL ? text.data : "", text.len);
    struct json_arg set = {"result", raw.data, raw.len};
    json_merge_args(out, tool->args, tool->args_len, &set, 1);
    out->failed |= text.failed || raw.failed;
    strbuf_release(&text);
    strbuf_release(&raw);
}

static void put_error(struct claude_transcript *t, const struct claude_line *line,
                      struct json_value content)
{
    struct strbuf message;
    strbuf_init(&message, t->mem, 0);
    strbuf_clear(&t->scratch);
    claude_args_error(line->field[CLAUDE_TOOL_RESULT], content, &message);
    json_text_cut(json_get(content, "error_code"), CLIENT_ID_BYTES, true, &t->scratch);
    struct slice text = {message.data != NULL ? message.data : "", message.len};
    if (t->options.content && message.len > 0) {
        strbuf_add(&t->scratch, text.bytes, text.len);
    } else if (t->scratch.len == 0) {
        tool_error_class(text, &t->scratch);
    }
    t->scratch.failed |= message.failed;
    strbuf_release(&message);
}

static void send_result(struct claude_transcript *t, const struct claude_line *line,
                        struct json_value block, struct claude_tool_use *use,
                        const struct claude_tool *tool)
{
    struct slice id = claude_transcript_text(t, use->key);
    struct json_value content = json_get(block, "content");
    bool failed = json_get(block, "is_error").type == JSON_TYPE_TRUE ||
                  claude_line_ends_with(json_get(content, "type"), "_error");
    struct update update = claude_transcript_call(t, CALL_TOOL, id);
    struct strbuf args;
    strbuf_init(&args, t->mem, 0);
    update_number(&update, FIELD_END_MS, line->at_ms);
    update_bool(&update, FIELD_SUCCESS, failed ? TRI_FALSE : TRI_TRUE);
    if (failed) {
        put_error(t, line, content);
        update_text(&update, FIELD_ERROR, (struct slice){t->scratch.data, t->scratch.len});
        t->failed |= t->scratch.failed;
    }
    enum outcome outcome = failed ? claude_stops_outcome(t, line, use->key, content) : OUTCOME_NONE;
    if (outcome != OUTCOME_NONE) {
        use->stopped_ms = line->at_ms;
        update_number(&update, FIELD_OUTCOME, outcome);
    }
    if (tool != NULL && tool->args != NULL) {
        put_result(t, tool, content, &args);
        update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
        t->failed |= args.failed;
    }
    claude_transcript_send(t, &update);
    strbuf_release(&args);
}

void claude_tools_take_result(struct claude_transcript *t, const struct claude_line *line,
                              struct json_value block)
{
    intern_id id = claude_transcript_put_id(t, json_get(block, "tool_use_id"));
    if (id == INTERN_NONE) {
        return;
    }
    struct claude_tool_use *use = claude_tool_use_of_result(t, id, line->at_ms);
    if (use == NULL) {
        return;
    }
    intern_id task =
        claude_transcript_put_id(t, json_get(line->field[CLAUDE_TOOL_RESULT], "backgroundTaskId"));
    size_t at = place_of(t, use->key);
    bool open = at < t->tool_count;
    use->end_ms = line->at_ms;
    if (open && t->tools[at].queued) {
        send_queued(t, &t->tools[at], t->tools[at].start_ms);
    }
    if (open && t->tools[at].is_question && !claude_stops_is_rejected(line)) {
        claude_waits_end(t, use->key, line->at_ms, PRECEDENCE_FILES);
    } else if ((open && t->tools[at].asked) || claude_stops_is_rejected(line)) {
        claude_waits_take_decision(t, line, claude_transcript_text(t, use->key));
    }
    if (task != INTERN_NONE) {
        if (open) {
            t->tools[at].background = true;
            t->tools[at].task = task;
            start_queued(t, line->at_ms);
        }
        return;
    }
    send_result(t, line, block, use, open ? &t->tools[at] : NULL);
    if (open) {
        claude_tasks_take_agent(t, line, &t->tools[at]);
        claude_tools_take_away(t, at);
        start_queued(t, line->at_ms);
    }
}
