/* The order of lines shows what runs: a prompt or the last result of an answer's tools has the
   model work, an answer ends that. Starts that follow so are inferred; the reports have exact
   ones. */
#include "ingest/qwen/qwen_chat.h"

#include "ingest/client_name.h"
#include "ingest/tool_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool qwen_chat_begin(struct tree_file *file)
{
    struct qwen_chat *chat = file->reader;
    chat->file = file;
    chat->last_ms = chat->asked_ms = (double)NAN;
    strbuf_init(&chat->scratch, transcript_tree_mem(file), 0);
    return true;
}

void qwen_chat_end(struct tree_file *file)
{
    struct qwen_chat *chat = file->reader;
    strbuf_release(&chat->scratch);
}

struct update qwen_update(const struct qwen_chat *chat, enum update_op op)
{
    struct update update = transcript_tree_update(chat->file, op);
    update.session_id = text_of(chat->session);
    if (chat->agent[0] != '\0') {
        update.agent_id = text_of(chat->agent);
    }
    return update;
}

struct update qwen_call(const struct qwen_chat *chat, enum call_kind kind, struct slice id)
{
    struct update update = qwen_update(chat, UPDATE_CALL);
    update.kind = kind;
    update.id = id;
    return update;
}

void qwen_send(struct qwen_chat *chat, const struct update *update)
{
    chat->file->tree->dir.failed |= chat->scratch.failed;
    transcript_tree_send(chat->file, update);
}

struct slice qwen_usage_id(struct slice agent, double input, double output, char *room, size_t size)
{
    int len = snprintf(room, size, "usage:%.*s:%.0f:%.0f", (int)agent.len,
                       agent.bytes == NULL ? "" : agent.bytes, input, output);
    return (struct slice){room, (size_t)len < size ? (size_t)len : size - 1};
}

/* ---- who ---- */

static void announce_session(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    const char *spec = chat->file->tree->dir.source.spec;
    struct json_value branch = json_get(line, "gitBranch");
    struct update update = qwen_update(chat, UPDATE_SESSION);
    struct strbuf cwd;
    strbuf_init(&cwd, transcript_tree_mem(chat->file), 0);
    json_text_cut(json_get(line, "cwd"), PATH_BYTES, true, &cwd);
    struct slice path = {cwd.data, cwd.len};
    strbuf_clear(&chat->scratch);
    client_put_directory(path, &chat->scratch);
    if (client_is_branch(branch)) {
        client_put_branch(branch, &chat->scratch);
        update_text(&update, FIELD_BRANCH, client_plain_text(branch));
    }
    update.by = text_of(spec);
    update_text(&update, FIELD_CLIENT, text_of("qwen"));
    update_text(&update, FIELD_NAME, (struct slice){chat->scratch.data, chat->scratch.len});
    update_text(&update, FIELD_CWD, path);
    update_number(&update, FIELD_START_MS, at_ms);
    chat->scratch.failed |= cwd.failed;
    qwen_send(chat, &update);
    strbuf_release(&cwd);
}

static void announce_agent(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct update update = qwen_update(chat, UPDATE_AGENT);
    update_text(&update, FIELD_TYPE, client_plain_text(json_get(line, "agentName")));
    update_number(&update, FIELD_START_MS, at_ms);
    qwen_send(chat, &update);
}

static bool announce(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    const struct mem *mem = transcript_tree_mem(chat->file);
    if (chat->announced) {
        return true;
    }
    client_text_copy(mem, json_get(line, "sessionId"), chat->session, sizeof chat->session);
    client_text_copy(mem, json_get(line, "agentId"), chat->agent, sizeof chat->agent);
    if (chat->session[0] == '\0') {
        transcript_tree_reject(chat->file, line, "it has no sessionId");
        return false;
    }
    chat->announced = true;
    if (chat->agent[0] == '\0') {
        announce_session(chat, line, at_ms);
    } else {
        announce_agent(chat, line, at_ms);
    }
    return true;
}

/* ---- requests ---- */

static struct slice request_id(const struct qwen_chat *chat, char *room, size_t size)
{
    int len = snprintf(room, size, "%s:%u", chat->agent[0] != '\0' ? chat->agent : chat->session,
                       chat->requests);
    return (struct slice){room, (size_t)len < size ? (size_t)len : size - 1};
}

/* The model works from now on. */
static void ask(struct qwen_chat *chat, double at_ms)
{
    char room[QWEN_USAGE_ID_BYTES];
    if (!isnan(chat->asked_ms)) {
        return;
    }
    chat->asked_ms = at_ms;
    chat->requests++;
    struct update update = qwen_call(chat, CALL_REQUEST, request_id(chat, room, sizeof room));
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_START_MS, at_ms);
    qwen_send(chat, &update);
}

void qwen_chat_answered(struct qwen_chat *chat, double at_ms, double input, double output)
{
    char room[QWEN_USAGE_ID_BYTES], usage[QWEN_USAGE_ID_BYTES];
    if (isnan(chat->asked_ms)) {
        return;
    }
    struct update update = qwen_call(chat, CALL_REQUEST, request_id(chat, room, sizeof room));
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_END_MS, at_ms);
    if (qwen_has_usage(input, output)) {
        update_text(&update, FIELD_ALIAS,
                    qwen_usage_id(text_of(chat->agent), input, output, usage, sizeof usage));
    }
    chat->asked_ms = (double)NAN;
    qwen_send(chat, &update);
}

/* The request that no answer has ended was stopped, at the last line before. */
static void stop(struct qwen_chat *chat)
{
    char room[QWEN_USAGE_ID_BYTES];
    if (isnan(chat->asked_ms)) {
        return;
    }
    struct update update = qwen_call(chat, CALL_REQUEST, request_id(chat, room, sizeof room));
    update_number(&update, FIELD_END_MS, fmax(chat->last_ms, chat->asked_ms));
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    chat->asked_ms = (double)NAN;
    qwen_send(chat, &update);
}

/* ---- interactions ---- */

static void end_interaction(struct qwen_chat *chat, double at_ms)
{
    if (chat->prompt[0] != '\0') {
        struct update update = qwen_call(chat, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_END_MS, at_ms);
        qwen_send(chat, &update);
    }
}

/* Returns the bytes of a message's text. */
static double length_of(struct qwen_chat *chat, struct json_value message)
{
    struct json_value part, parts = json_get(message, "parts");
    double length = 0;
    for (struct json_walk walk = json_walk(parts); json_next_item(&walk, &part);) {
        strbuf_clear(&chat->scratch);
        json_get_string(json_get(part, "text"), &chat->scratch);
        length += (double)chat->scratch.len;
    }
    return length;
}

/* A line of the user: a prompt of a person, or what the client reports to the model (a background
   agent has ended), which belongs to the turn before it. */
static void take_user(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct json_value subtype = json_get(line, "subtype");
    if (chat->agent[0] == '\0' && subtype.type != JSON_TYPE_STRING) {
        end_interaction(chat, chat->last_ms);
        client_text_copy(transcript_tree_mem(chat->file), json_get(line, "uuid"), chat->prompt,
                         sizeof chat->prompt);
        struct update update = qwen_call(chat, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_START_MS, at_ms);
        update_number(&update, FIELD_PROMPT_LENGTH, length_of(chat, json_get(line, "message")));
        if (chat->prompt[0] != '\0') {
            qwen_send(chat, &update);
        }
    }
    chat->calls = 0;
    if (subtype.type != JSON_TYPE_STRING) {
        stop(chat); /* a prompt comes after whatever was asked before it */
    }
    ask(chat, at_ms);
}

/* ---- answers and results ---- */

static void take_call(struct qwen_chat *chat, struct json_value call, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    const struct mem *mem = transcript_tree_mem(chat->file);
    struct update update = qwen_call(chat, CALL_TOOL, client_id(mem, json_get(call, "id"), room));
    if (update.id.bytes == NULL) {
        return;
    }
    struct strbuf args;
    strbuf_init(&args, mem, 0);
    tool_args(json_get(call, "args"), transcript_tree_content(chat->file), &args);
    /* Tools of one answer may wait for each other: the report has the exact start. */
    struct update start = update;
    start.precedence = PRECEDENCE_INFERRED;
    update_number(&start, FIELD_START_MS, at_ms);
    update_text(&update, FIELD_NAME, client_plain_text(json_get(call, "name")));
    update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    chat->scratch.failed |= args.failed;
    chat->calls++;
    qwen_send(chat, &start);
    qwen_send(chat, &update);
    strbuf_release(&args);
}

static void take_assistant(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct json_value usage = json_get(line, "usageMetadata"), part;
    struct json_value parts = json_get(json_get(line, "message"), "parts");
    unsigned calls = chat->calls;
    qwen_chat_answered(chat, at_ms, client_number(json_get(usage, "promptTokenCount")),
                       client_number(json_get(usage, "candidatesTokenCount")));
    for (struct json_walk walk = json_walk(parts); json_next_item(&walk, &part);) {
        struct json_value call = json_get(part, "functionCall");
        if (call.type == JSON_TYPE_OBJECT) {
            take_call(chat, call, at_ms);
        }
    }
    if (chat->calls == calls) {
        end_interaction(chat, at_ms);
    }
}

/* A result of an answer's last tool has the model work again. The report of the tool is exact where
   there is one: a sub-agent's file has the end alone. */
static void take_result(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    struct json_value result = json_get(line, "toolCallResult");
    struct slice id = client_id(transcript_tree_mem(chat->file), json_get(result, "callId"), room);
    if (id.bytes != NULL) {
        struct update update = qwen_call(chat, CALL_TOOL, id);
        update.precedence = PRECEDENCE_INFERRED;
        update_number(&update, FIELD_END_MS, at_ms);
        qwen_send(chat, &update);
    }
    chat->calls -= chat->calls > 0;
    if (chat->calls == 0) {
        ask(chat, at_ms);
    }
}

/* A compaction is a mark on the row. */
static void take_compaction(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char id[64];
    int len = snprintf(id, sizeof id, "compact-%.3f", at_ms);
    struct update update = qwen_call(chat, CALL_SPAN, (struct slice){id, (size_t)len});
    (void)line;
    update_text(&update, FIELD_NAME, text_of("compact"));
    update_number(&update, FIELD_START_MS, at_ms);
    update_number(&update, FIELD_END_MS, at_ms);
    qwen_send(chat, &update);
}

static void take_report(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    (void)at_ms;
    qwen_event_take(chat, json_get(json_get(line, "systemPayload"), "uiEvent"));
}

static void take_title(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char title[CLIENT_ID_BYTES];
    struct update update = qwen_update(chat, UPDATE_SESSION);
    client_text_copy(transcript_tree_mem(chat->file),
                     json_get(json_get(line, "systemPayload"), "customTitle"), title, sizeof title);
    update.t_ms = at_ms;
    update_text(&update, FIELD_TITLE, text_of(title));
    if (title[0] != '\0') {
        qwen_send(chat, &update);
    }
}

/* Returns whether the line is no copy of another chat's. */
static bool is_own(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct slice uuid = client_plain_text(json_get(line, "uuid"));
    return uuid.bytes == NULL || transcript_tree_claim(chat->file, text_of(chat->session),
                                                       text_of(chat->agent), uuid, at_ms);
}

static void ignore(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    (void)chat, (void)line, (void)at_ms;
}

static const struct line_row {
    const char *type, *subtype; /* subtype NULL: any */
    void (*take)(struct qwen_chat *chat, struct json_value line, double at_ms);
} line_rows[] = {
    {"user", NULL, take_user},
    {"assistant", NULL, take_assistant},
    {"tool_result", NULL, take_result},
    {"system", "ui_telemetry", take_report},
    {"system", "chat_compression", take_compaction},
    {"system", "custom_title", take_title},
    {"system", NULL, ignore},
};

void qwen_chat_take(struct tree_file *file, struct json_value line)
{
    struct qwen_chat *chat = file->reader;
    struct json_value type = json_get(line, "type"), subtype = json_get(line, "subtype");
    double at_ms = client_time(json_get(line, "timestamp"));
    const struct line_row *row = line_rows, *end = line_rows + sizeof line_rows / sizeof *line_rows;
    while (row < end && (!json_string_is(type, row->type) ||
                         (row->subtype != NULL && !json_string_is(subtype, row->subtype)))) {
        row++;
    }
    if (row == end) {
        transcript_tree_unknown(file, client_plain_text(type));
    } else if (isnan(at_ms)) {
        transcript_tree_reject(file, line, "it has no timestamp");
    } else if (announce(chat, line, at_ms) && is_own(chat, line, at_ms)) {
        row->take(chat, line, at_ms);
        chat->last_ms = at_ms > chat->last_ms || isnan(chat->last_ms) ? at_ms : chat->last_ms;
    }
}
