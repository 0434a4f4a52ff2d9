/* The order of lines shows what runs: a prompt or the last result of an answer's tools has the
   model work, an answer ends that. Starts that follow so are inferred; the reports have exact
   ones. */
#include "ingest/qwen/qwen_chat.h"

#include "ingest/message_part.h"
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
    chat->asked_ms = (double)NAN;
    return true;
}

bool qwen_chat_is_busy(const struct tree_file *file)
{
    const struct qwen_chat *chat = file->reader;
    return !isnan(chat->asked_ms) || chat->reported || chat->calls > 0;
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
    struct strbuf cwd;
    strbuf_init(&cwd, tree_file_mem(chat->file), 0);
    json_text_cut(json_get(line, "cwd"), PATH_BYTES, true, &cwd);
    struct tree_session_facts facts = {.client = "qwen",
                                       .cwd = {cwd.data, cwd.len},
                                       .branch = json_get(line, "gitBranch"),
                                       .start_ms = at_ms};
    chat->file->scratch.failed |= cwd.failed;
    tree_file_announce(chat->file, &facts);
    strbuf_release(&cwd);
}

static void announce_agent(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct update update = tree_file_update(chat->file, UPDATE_AGENT);
    update_text(&update, FIELD_TYPE, client_plain_text(json_get(line, "agentName")));
    update_number(&update, FIELD_START_MS, at_ms);
    tree_file_send(chat->file, &update);
}

static bool announce(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char session[CLIENT_ID_BYTES + 1], agent[CLIENT_ID_BYTES + 1];
    struct tree_file *file = chat->file;
    if (tree_file_is_known(file)) {
        return true;
    }
    client_text_copy(tree_file_mem(file), json_get(line, "sessionId"), session, sizeof session);
    client_text_copy(tree_file_mem(file), json_get(line, "agentId"), agent, sizeof agent);
    tree_file_set_ids(file, text_of(session), text_of(agent));
    if (!tree_file_is_known(file)) {
        tree_file_reject(file, line, "it has no sessionId");
        return false;
    }
    if (file->agent_id[0] == '\0') {
        file->asks = true; /* until it shows that it does not */
        announce_session(chat, line, at_ms);
    } else {
        announce_agent(chat, line, at_ms);
    }
    return true;
}

/* ---- requests ---- */

static struct slice request_id(const struct qwen_chat *chat, char *room, size_t size)
{
    int len =
        snprintf(room, size, "%s:%u",
                 chat->file->agent_id[0] != '\0' ? chat->file->agent_id : chat->file->session_id,
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
    struct update update =
        tree_file_call(chat->file, CALL_REQUEST, request_id(chat, room, sizeof room));
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_START_MS, at_ms);
    tree_file_send(chat->file, &update);
}

void qwen_chat_answered(struct qwen_chat *chat, double at_ms, struct slice report)
{
    char room[QWEN_USAGE_ID_BYTES];
    if (isnan(chat->asked_ms)) {
        return;
    }
    struct update update =
        tree_file_call(chat->file, CALL_REQUEST, request_id(chat, room, sizeof room));
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_END_MS, at_ms);
    update_text(&update, FIELD_ALIAS, report);
    chat->asked_ms = (double)NAN;
    tree_file_send(chat->file, &update);
}

/* The request that no answer has ended was stopped, at the last line before. */
static void stop(struct qwen_chat *chat)
{
    char room[QWEN_USAGE_ID_BYTES];
    if (isnan(chat->asked_ms)) {
        return;
    }
    struct update update =
        tree_file_call(chat->file, CALL_REQUEST, request_id(chat, room, sizeof room));
    update_number(&update, FIELD_END_MS, fmax(chat->file->last_ms, chat->asked_ms));
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    chat->asked_ms = (double)NAN;
    tree_file_send(chat->file, &update);
}

/* ---- interactions ---- */

static void end_interaction(struct qwen_chat *chat, double at_ms)
{
    if (chat->prompt[0] != '\0') {
        struct update update = tree_file_call(chat->file, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_END_MS, at_ms);
        tree_file_send(chat->file, &update);
    }
}

/* Returns the bytes of a message's text. */
static double length_of(struct qwen_chat *chat, struct json_value message)
{
    struct json_value part, parts = json_get(message, "parts");
    double length = 0;
    for (struct json_walk walk = json_walk(parts); json_next_item(&walk, &part);) {
        strbuf_clear(&chat->file->scratch);
        json_get_string(json_get(part, "text"), &chat->file->scratch);
        length += (double)chat->file->scratch.len;
    }
    return length;
}

/* A line of the user: a prompt of a person, or what the client reports to the model (a background
   agent has ended), which belongs to the turn before it. */
static void take_user(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct json_value subtype = json_get(line, "subtype");
    if (chat->file->agent_id[0] == '\0' && subtype.type != JSON_TYPE_STRING) {
        end_interaction(chat, chat->file->last_ms);
        client_text_copy(tree_file_mem(chat->file), json_get(line, "uuid"), chat->prompt,
                         sizeof chat->prompt);
        struct update update = tree_file_call(chat->file, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_START_MS, at_ms);
        update_number(&update, FIELD_PROMPT_LENGTH, length_of(chat, json_get(line, "message")));
        if (chat->prompt[0] != '\0') {
            tree_file_send(chat->file, &update);
        }
    }
    if (subtype.type != JSON_TYPE_STRING) {
        chat->calls = 0;
        chat->reported = false;
        stop(chat); /* a prompt comes after whatever was asked before it */
    }
    if (chat->calls == 0) { /* else the model has it with the results */
        ask(chat, at_ms);
    }
}

/* ---- answers and results ---- */

/* Returns the id under which the model has a call of the file's agent. */
static struct slice tool_id(struct qwen_chat *chat, struct json_value id,
                            char room[CLIENT_ID_BYTES])
{
    char own[CLIENT_ID_BYTES];
    return tree_file_call_id(chat->file, text_of(chat->file->agent_id),
                             client_id(tree_file_mem(chat->file), id, own), room);
}

/* Returns whether a person may be asked before a tool of the agent runs: as in its session, unless
   its description excludes that. */
static bool agent_asks(const struct tree_file *file)
{
    const struct client_sessions *sessions = &file->tree->sessions;
    return client_sessions_asks(sessions, file->session, text_of("")) &&
           client_sessions_asks(sessions, file->session, text_of(file->agent_id));
}

static void take_call(struct qwen_chat *chat, struct json_value call, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    const struct mem *mem = tree_file_mem(chat->file);
    struct update update =
        tree_file_call(chat->file, CALL_TOOL, tool_id(chat, json_get(call, "id"), room));
    if (update.id.bytes == NULL) {
        return;
    }
    struct strbuf args;
    strbuf_init(&args, mem, 0);
    struct json_value input = json_get(call, "args");
    tool_args(input, tree_file_content(chat->file), &args);
    /* Tools of one answer may wait for each other: the report has the exact start. */
    struct update start = update;
    start.precedence = PRECEDENCE_INFERRED;
    update_number(&start, FIELD_START_MS, at_ms);
    update_text(&update, FIELD_NAME, client_plain_text(json_get(call, "name")));
    update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    update_number(&update, FIELD_INPUT_HASH, tool_args_hash(input, tree_file_content(chat->file)));
    chat->file->scratch.failed |= args.failed;
    chat->cancelled |= chat->calls == 0;
    chat->calls++;
    if (chat->file->agent_id[0] != '\0') {
        chat->file->asks = agent_asks(chat->file);
    }
    tree_file_mark_asking(chat->file, update.values[FIELD_NAME].text, &update);
    tree_file_send(chat->file, &start);
    tree_file_send(chat->file, &update);
    strbuf_release(&args);
}

static void take_assistant(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct json_value usage = json_get(line, "usageMetadata"), part;
    struct json_value parts = json_get(json_get(line, "message"), "parts");
    double input = client_number(json_get(usage, "promptTokenCount"));
    double output = client_number(json_get(usage, "candidatesTokenCount"));
    char room[QWEN_USAGE_ID_BYTES];
    struct slice report = {NULL, 0};
    unsigned calls = chat->calls;
    if (qwen_has_usage(input, output)) {
        report = qwen_usage_id(text_of(chat->file->agent_id), input, output, room, sizeof room);
    }
    chat->reported = false;
    qwen_chat_answered(chat, at_ms, report);
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

/* A result of an answer's last tool has the model work again, unless a person has refused or
   cancelled all of them: the turn ends so. The report of the tool is exact where
   there is one: a sub-agent's file has the end alone. */
static void take_result(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    struct json_value result = json_get(line, "toolCallResult");
    struct slice id = tool_id(chat, json_get(result, "callId"), room);
    if (id.bytes != NULL) {
        struct update update = tree_file_call(chat->file, CALL_TOOL, id);
        update.precedence = PRECEDENCE_INFERRED;
        update_number(&update, FIELD_END_MS, at_ms);
        tree_file_send(chat->file, &update);
    }
    chat->calls -= chat->calls > 0;
    chat->cancelled &= json_string_is(json_get(result, "status"), "cancelled");
    if (chat->calls == 0 && chat->cancelled) {
        chat->cancelled = false;
        end_interaction(chat, at_ms);
    } else if (chat->calls == 0) {
        ask(chat, at_ms);
    }
}

/* A compaction is a mark on the row. */
static void take_compaction(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char id[64];
    int len = snprintf(id, sizeof id, "compact-%.3f", at_ms);
    struct update update = tree_file_call(chat->file, CALL_SPAN, (struct slice){id, (size_t)len});
    (void)line;
    update_text(&update, FIELD_NAME, text_of("compact"));
    update_number(&update, FIELD_START_MS, at_ms);
    update_number(&update, FIELD_END_MS, at_ms);
    tree_file_send(chat->file, &update);
}

static void take_report(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    (void)at_ms;
    qwen_event_take(chat, json_get(json_get(line, "systemPayload"), "uiEvent"));
}

static void take_title(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    char title[CLIENT_ID_BYTES];
    struct update update = tree_file_update(chat->file, UPDATE_SESSION);
    client_text_copy(tree_file_mem(chat->file),
                     json_get(json_get(line, "systemPayload"), "customTitle"), title, sizeof title);
    update.t_ms = at_ms;
    update_text(&update, FIELD_TITLE, text_of(title));
    if (title[0] != '\0') {
        tree_file_send(chat->file, &update);
    }
}

/* Returns whether the line is no copy of another chat's. */
static bool is_own(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    struct slice uuid = client_plain_text(json_get(line, "uuid"));
    return uuid.bytes == NULL || tree_file_claim(chat->file, uuid, at_ms);
}

static void ignore(struct qwen_chat *chat, struct json_value line, double at_ms)
{
    (void)chat, (void)line, (void)at_ms;
}

static const struct line_row {
    const char *type, *subtype; /* subtype "": none; NULL: any other, which is counted */
    void (*take)(struct qwen_chat *chat, struct json_value line, double at_ms);
} line_rows[] = {
    {"user", "", take_user},
    {"user", "notification", take_user},
    {"user", "cron", take_user},
    {"user", "mid_turn_user_message", take_user},
    {"user", "goal_runtime", take_user},
    {"user", "realtime_message", take_user},
    {"user", NULL, take_user},
    {"assistant", "", take_assistant},
    {"assistant", "realtime_message", take_assistant},
    {"assistant", NULL, take_assistant},
    {"tool_result", "", take_result},
    {"tool_result", NULL, take_result},
    {"system", "ui_telemetry", take_report},
    {"system", "chat_compression", take_compaction},
    {"system", "custom_title", take_title},
    {"system", "agent_bootstrap", ignore},
    {"system", "agent_launch_prompt", ignore},
    {"system", "at_command", ignore},
    {"system", "attribution_snapshot", ignore},
    {"system", "background_task_completed", ignore},
    {"system", "branch_checkpoint", ignore},
    {"system", "file_history_snapshot", ignore},
    {"system", "goal_state", ignore},
    {"system", "goal_turn_end", ignore},
    {"system", "omni_recall", ignore},
    {"system", "parent_session", ignore},
    {"system", "rewind", ignore},
    {"system", "session_artifact_event", ignore},
    {"system", "session_artifact_snapshot", ignore},
    {"system", "session_model", ignore},
    {"system", "session_source", ignore},
    {"system", "session_sources_snapshot", ignore},
    {"system", "slash_command", ignore},
    {"system", "turn_result", ignore},
    {"system", "user_text_elements", ignore},
    {"system", NULL, ignore},
};

static bool row_fits(const struct line_row *row, struct json_value type, struct json_value subtype)
{
    if (!json_string_is(type, row->type)) {
        return false;
    }
    return row->subtype == NULL || (*row->subtype == '\0' ? subtype.type != JSON_TYPE_STRING
                                                          : json_string_is(subtype, row->subtype));
}

void qwen_chat_take(struct tree_file *file, struct json_value line)
{
    struct qwen_chat *chat = file->reader;
    struct json_value type = json_get(line, "type"), subtype = json_get(line, "subtype");
    double at_ms = client_time(json_get(line, "timestamp"));
    const struct line_row *row = line_rows, *end = line_rows + sizeof line_rows / sizeof *line_rows;
    while (row < end && !row_fits(row, type, subtype)) {
        row++;
    }
    if (row == end) {
        tree_file_unknown(file, client_plain_text(type));
    } else if (isnan(at_ms)) {
        tree_file_reject(file, line, "it has no timestamp");
    } else if (announce(chat, line, at_ms) && is_own(chat, line, at_ms)) {
        if (row->subtype == NULL) {
            tree_file_unknown(file, client_plain_text(subtype));
        }
        message_parts_note(file, json_get(json_get(line, "message"), "parts"));
        row->take(chat, line, at_ms);
        tree_file_note(file, at_ms);
    }
}
